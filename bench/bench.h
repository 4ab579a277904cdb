/* The kernel bench: every kernel by itself on the cases of its op. `tarn bench --kernels` calls
 * it. */
#ifndef TARN_BENCH_BENCH_H
#define TARN_BENCH_BENCH_H

#include "graph/case/case.h"

typedef struct tarn_bench_options {
  const char *filter;            /* part of an op's or a kernel's name, in any case; "": all */
  const char *case_text;         /* NULL: the op's cases and those of shapes.c */
  int threads;                   /* 0: as many as the process may use */
  double seconds;                /* of measuring a kernel on a case */
  bool json, markdown;           /* instead of text */
  bool cold;                     /* also with nothing in any cache */
  const char *roofline;          /* an SVG file; NULL: none */
  bool device; /* the kernels of a device (kernels/device.h) instead of the CPU's */
  const char
      *precision; /* with device: "f32", "tf32"; "fp16" and "bf16": cases are of that dtype */
} tarn_bench_options;

/* Prints to standard output. TARN_UNSUPPORTED, in one line, where a device is asked for and there
 * is none; TARN_NOT_FOUND when no kernel has the filter in its name, TARN_INVALID when no op that
 * does takes the case. */
TARN_MUST_CHECK tarn_status tarn__bench_kernels(const tarn_bench_options *options);

/* Another way: reads lines "OP CASE" from a file ("-": standard input) and times, of each, the
 * kernel that selection takes; no input counts as constant, so nothing is packed beforehand. One
 * line a line, or one JSON object a line, printed at once, so that another program may ask and read
 * in turn: {"op", "case", "kernel", "us_min", "us_median", "runs"} or {"op", "case", "error"}. A
 * line that fails does not end the run. */
TARN_MUST_CHECK tarn_status tarn__bench_lines(const tarn_bench_options *options, const char *path);

/* Matrix products beside OpenBLAS's sgemm (products.c), those whose group has the filter in its
 * name ("square", "ResNet-50", "LSTM"). Prints to standard output. TARN_UNSUPPORTED in builds
 * without OpenBLAS. */
TARN_MUST_CHECK tarn_status tarn__bench_products(const tarn_bench_options *options);

/* ---- parts -------------------------------------------------------------------------------- */

/* What the kernels of this op are worth timing with besides its own cases: shapes of real networks
 * (shapes.c). */
typedef struct tarn_bench_shape {
  const char *op, *text;
} tarn_bench_shape;
extern const tarn_bench_shape tarn__bench_shapes[];   /* ended by an empty row */

#endif
