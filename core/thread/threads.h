/* A pool of worker threads for data-parallel loops.
 *
 * Chunks are handed out one by one through one atomic word (generation, first and end of those
 * left), to every second thread from the end; the caller works too and waits for finished chunks,
 * not for threads, so a worker that the system has put to sleep costs nothing. Idle workers spin
 * some 30 us, 600 where a loop is still under way, then yield, then sleep on a condition variable.
 * Loops may be started from many threads at once: each is served in turn, and a caller whose loop
 * is not picked up by a worker runs all of its chunks itself. Nested loops run on the calling
 * thread.
 *
 * MXCSR: workers run with FTZ and DAZ set; callers set and restore their own around a run
 * (cpu.h). */
#ifndef TARN_CORE_THREAD_THREADS_H
#define TARN_CORE_THREAD_THREADS_H

#include "core/memory.h"

typedef struct tarn_pool tarn_pool;

/* threads counts the caller: 1 makes no worker. 0: tarn__cpu_count(). At most 256. TARN_LIMIT when
 * the system refuses a thread. */
tarn_status tarn__pool_create(const tarn_allocator *a, int threads, tarn_pool **pool);
void tarn__pool_destroy(tarn_pool *pool);
int tarn__pool_threads(const tarn_pool *pool);   /* 1 for NULL */

/* One chunk of a loop. worker is in [0, tarn__pool_threads): an index for per-thread scratch that
 * no two chunks of one loop running at the same time share (those of another caller's loop may:
 * scratch belongs to a run). A nested loop gets the index that its thread has in the outer one. A
 * failure stops the handing out of further chunks; code and text of the first failure reach the
 * caller. */
typedef tarn_status (*tarn_chunk)(void *argument, int64_t chunk, int worker);
/* Runs body for chunks 0..chunks-1 in any order and returns when all are done. pool NULL:
 * serially. */
tarn_status tarn__pool_run(tarn_pool *pool, int64_t chunks, tarn_chunk body, void *argument);

/* The chunk of a loop over `chunks` that the worker which holds `chunk` will probably be given
 * next, to fetch ahead what it reads; -1: none. */
int64_t tarn__pool_next(const tarn_pool *pool, int64_t chunk, int64_t chunks, int worker);

/* The CPUs this process may use: affinity mask and cgroup quota (v1 and v2, rounded up), at
 * least 1. */
int tarn__cpu_count(void);

#endif
