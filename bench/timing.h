/* How long a bound kernel takes. */
#ifndef TARN_BENCH_TIMING_H
#define TARN_BENCH_TIMING_H

#include "graph/case/case.h"

enum { TARN_BENCH_MOST_RUNS = 20000 };

typedef struct tarn_figures {
  double min_us, median_us, p90_us;
  double cold_us;                /* negative: not measured */
  long runs;
} tarn_figures;

/* Warms up, then runs until `seconds` are over: at least three times, unless a run takes more than
 * two seconds. Runs shorter than the clock can tell are timed in batches. times: room for
 * TARN_BENCH_MOST_RUNS. */
TARN_MUST_CHECK tarn_status tarn__bench_measure(tarn_case_binding *binding, double seconds,
                                                double *times, tarn_figures *figures);

/* The least of three runs, each after every cache was filled with something else, into
 * figures->cold_us. */
TARN_MUST_CHECK tarn_status tarn__bench_measure_cold(tarn_case_binding *binding,
                                                     tarn_figures *figures);

#endif
