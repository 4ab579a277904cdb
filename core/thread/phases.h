/* Loops of many short phases on a pool, where each phase needs all of the one before: the steps of
 * a recurrent layer.
 *
 * A phase's chunks are divided among the threads the same way each time, so that what a thread
 * reads for its share stays in its own cache. A thread takes its share from the front in one
 * round of kinds and from the back in the next: what it read last it reads first again. Who has
 * done his share helps the others from the far end, so a thread that the system has put to sleep,
 * or that never came, holds up nobody unless it sleeps within a chunk; who is left alone walks all
 * of it to and fro, as one thread does.
 *
 * What passing from phase to phase costs is about 0.2 us for two threads on one chip. */
#ifndef TARN_CORE_THREAD_PHASES_H
#define TARN_CORE_THREAD_PHASES_H

#include "core/thread/threads.h"

enum { TARN_PHASE_KINDS = 2, TARN_PHASE_CHUNKS = 65535 };

typedef struct tarn_phases {
  int64_t phases;                   /* less than 2^31 */
  int kinds;                        /* 1 or 2: phase p has chunks[p % kinds] of them */
  int64_t chunks[TARN_PHASE_KINDS]; /* at most TARN_PHASE_CHUNKS each */
  /* One chunk. Phases before `phase` are done, and their writes seen; order within one is not
   * defined. worker as in threads.h. A failure ends the loop. */
  tarn_status (*body)(void *argument, int64_t phase, int64_t chunk, int worker);
  void *argument;
} tarn_phases;

/* Runs all phases in order and returns when they are done; pool NULL: on the calling thread. */
tarn_status tarn__pool_run_phases(tarn_pool *pool, const tarn_phases *p);

#endif
