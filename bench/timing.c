#include "bench/timing.h"

#include "core/thread/cpu.h"
#include "core/trace/trace.h"

#include <stdlib.h>

static const double slow_us = 2e6;    /* a kernel that takes longer is run twice and no more */

static int by_value(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static tarn_status batch_us(tarn_case_binding *binding, long batch, double *took) {
  const uint64_t start = tarn__now_ns();
  for (long i = 0; i < batch; i++) TARN_TRY(tarn__case_binding_run(binding));
  *took = (double)(tarn__now_ns() - start) / 1e3;
  return TARN_OK;
}

tarn_status tarn__bench_measure(tarn_case_binding *binding, double seconds, double *times,
                                tarn_figures *figures) {
  long batch = 1, n = 0;
  double took;
  for (;;) {                     /* warm up, and find how many fill 5 us */
    TARN_TRY(batch_us(binding, batch, &took));
    if (took >= 5 || batch >= 4096) break;
    batch *= 2;
  }
  const uint64_t begin = tarn__now_ns();
  const long least = took > slow_us ? 1 : 3;
  while (n < TARN_BENCH_MOST_RUNS &&
         (n < least || (double)(tarn__now_ns() - begin) / 1e3 < 1e6 * seconds)) {
    TARN_TRY(batch_us(binding, batch, &took));
    times[n++] = took / (double)batch;
  }
  qsort(times, (size_t)n, sizeof *times, by_value);
  *figures = (tarn_figures){.min_us = times[0],
                            .median_us = times[n / 2],
                            .p90_us = times[n * 9 / 10],
                            .cold_us = -1,
                            .runs = n * batch};
  return TARN_OK;
}

tarn_status tarn__bench_measure_cold(tarn_case_binding *binding, tarn_figures *figures) {
  size_t bytes = 2 * tarn__cpu()->l3_bytes;
  if (bytes < (size_t)64 << 20) bytes = (size_t)64 << 20;
  if (bytes > (size_t)128 << 20) bytes = (size_t)128 << 20;
  volatile unsigned char *other = malloc(bytes);
  double took;
  tarn_status status = TARN_OK;
  if (!other) return tarn_fail(TARN_NO_MEMORY, "no memory to fill the caches with");
  for (int attempt = 0; attempt < 3 && status == TARN_OK; attempt++) {
    for (size_t i = 0; i < bytes; i += 64) other[i] = (unsigned char)(i + (size_t)attempt);
    status = batch_us(binding, 1, &took);
    if (status == TARN_OK && (figures->cold_us < 0 || took < figures->cold_us))
      figures->cold_us = took;
  }
  free((void *)(uintptr_t)other);
  return status;
}
