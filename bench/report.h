/* What a bench found, in every form. */
#ifndef TARN_BENCH_REPORT_H
#define TARN_BENCH_REPORT_H

#include <stdio.h>

#include "bench/ceiling.h"
#include "bench/device/ceiling.h"

/* A kernel on a case. Strings are the reporter's or live for ever. */
typedef struct tarn_bench_row {
  char kernel[160];
  const char *op, *file;
  char *text; /* of the case */
  double min_us, median_us, p90_us;
  double cold_us; /* with nothing of it in any cache; negative: not measured */
  long runs;
  double flops, bytes;
  bool by_bytes;       /* memory bounds it, though it has flops */
  double ceiling;      /* GFLOP/s where flops bound it, else GB/s; 0: none */
  double predicted_us; /* what selection counts with; 0: no number */
  double error;        /* negative: nothing to compare with */
} tarn_bench_row;

typedef struct tarn_bench_report {
  tarn_ceiling ceiling;
  tarn_device_ceiling device; /* of a device's kernels; then `ceiling` is empty */
  tarn_bench_row *row;
  size_t rows, room;
} tarn_bench_report;

/* TARN_NO_MEMORY. The text is copied. */
TARN_MUST_CHECK tarn_status tarn__report_add(tarn_bench_report *r, const tarn_bench_row *row,
                                             const char *text);
void tarn__report_clear(tarn_bench_report *r);
/* How far estimates are from the least time, as a share of it, in the median of all rows. */
double tarn__report_estimates_off(const tarn_bench_report *r);

void tarn__report_head(FILE *to,
                       const tarn_bench_report *r); /* ceilings, then the columns' names */
void tarn__report_row(FILE *to, const tarn_bench_row *row);
void tarn__report_json(FILE *to, const tarn_bench_report *r);
void tarn__report_markdown(FILE *to, const tarn_bench_report *r);
/* A roofline: rates of arithmetic over operations a byte, both on logarithmic axes, under the
 * machine's ceilings. An SVG file, whole or not at all. */
TARN_MUST_CHECK tarn_status tarn__report_roofline(const char *path, const tarn_bench_report *r);

#endif
