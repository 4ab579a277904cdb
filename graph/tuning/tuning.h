/* Kernels that were measured to be the fastest for a problem, on one machine with one build.
 *
 * As text, a line each, fields separated by tabs:
 *
 *   tarn tuning 1
 *   machine <name of the CPU>, <instruction set>
 *   build <version> <hash of the table of kernels>
 *   choice <kernel> <microseconds> <estimated microseconds> <problem>
 *
 * A table is filled by one thread and read by many. */
#ifndef TARN_GRAPH_TUNING_TUNING_H
#define TARN_GRAPH_TUNING_TUNING_H

#include "core/bytes.h"
#include "core/map.h"
#include "graph/plan.h"
#include "kernels/device.h"

typedef struct tarn_tuning tarn_tuning;

/* Empty. */
TARN_MUST_CHECK tarn_status tarn__tuning_create(const tarn_allocator *a, tarn_tuning **tuning);
void tarn__tuning_destroy(tarn_tuning *tuning); /* NULL passes */
size_t tarn__tuning_count(const tarn_tuning *tuning);

/* Takes the choices of a text in. TARN_NOT_FOUND: of another machine or build; TARN_CORRUPT with
 * the line: no such text. The table is as before then. */
TARN_MUST_CHECK tarn_status tarn__tuning_parse(tarn_tuning *tuning, const char *text, size_t bytes);
TARN_MUST_CHECK tarn_status tarn__tuning_print(const tarn_tuning *tuning, tarn_bytes *text);
/* The name of a file for this machine and build: "tuning-0123456789abcdef.txt". */
const char *tarn__tuning_file_name(char *text, size_t bytes);

/* The problem of a step as text: op, threads (or the device's name, where it runs on one: NULL is
 * the CPU), precision, dtypes and shapes, which inputs are stable, attributes. *known false: it has
 * an attribute that cannot be told in a line. */
TARN_MUST_CHECK tarn_status tarn__tuning_key(const tarn_step *step, const tarn_problem *problem,
                                             int threads, const char *device, tarn_bytes *key,
                                             bool *known);
/* Replaces what was there. */
TARN_MUST_CHECK tarn_status tarn__tuning_set(tarn_tuning *tuning, const char *key,
                                             const char *kernel, double us, double estimated_us);
/* The kernel that was chosen for the problem, when it still takes it; false: none. Thread-safe. */
bool tarn__tuning_find(const tarn_tuning *tuning, const tarn_allocator *a, const tarn_step *step,
                       const tarn_problem *problem, int threads, tarn_kernel_ref *kernel);
/* The same of a back end's kernels. */
bool tarn__tuning_find_there(const tarn_tuning *tuning, const tarn_allocator *a,
                             const tarn_step *step, const tarn_problem *problem,
                             const tarn_backend *backend, tarn_kernel_ref *kernel);
bool tarn__tuning_has(const tarn_tuning *tuning, const char *key);

#endif
