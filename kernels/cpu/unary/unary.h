/* y[i] = f(x[i]): tables of TensorFlow names and expressions become kernels.
 *
 * A file lists its functions once as X(NAME, ROWS, E): TensorFlow's name, a set of
 * kernels/cpu/dtype_rows.h, and an expression of `x` in the type that the rows compute with. Then
 *
 *   LIST(TARN_UNARY_DEFINE)                                 makes a loop for each dtype, and a run
 * function const tarn_kernel tarn_kernels_unary_...[] = {LIST(TARN_UNARY_KERNEL) {0}};
 *
 * One op may stand in several rows with dtypes apart. Loops are right when y lies exactly on x. */
#ifndef TARN_KERNELS_CPU_UNARY_UNARY_H
#define TARN_KERNELS_CPU_UNARY_UNARY_H

#include "kernels/cpu/dtype_rows.h"
#include "kernels/kernel.h"

typedef void (*tarn_unary_loop)(const void *x, void *y, int64_t n);

/* Runs a loop from input 0 into output 0, in chunks for the pool. */
tarn_status tarn__unary_run(const tarn_call *call, tarn_unary_loop loop);

/* Into elements of the input's dtype, and into elements of another type. */
#define TARN_UNARY_LOOP(NAME, E, DT, SUFFIX, S, A, GET, PUT) \
  TARN_SHORT_LOOP_OF(TARN_UNARY_LOOP, SUFFIX)(NAME, E, SUFFIX, S, A, GET, PUT)
#define TARN_UNARY_LOOP_PLAIN(NAME, E, SUFFIX, S, A, GET, PUT) \
  TARN_UNARY_LOOP_TO(NAME, E, SUFFIX, S, A, GET, S, PUT)
/* 16-bit floats, converted by blocks. */
#define TARN_UNARY_LOOP_BLOCKS(NAME, E, SUFFIX, S, A, GET, PUT)                 \
  static void loop_##NAME##_##SUFFIX(const void *from, void *to, int64_t all) { \
    float xs[LANE_BLOCK], ys[LANE_BLOCK];                                       \
    for (int64_t at = 0; at < all; at += LANE_BLOCK) {                          \
      const int64_t n = all - at < LANE_BLOCK ? all - at : LANE_BLOCK;          \
      LANE_FLOATS_OF_##SUFFIX(xs, (const S *)from + at, n);                     \
      TARN_EACH_LANE                                                            \
      for (int64_t i = 0; i < n; i++) {                                         \
        const float x = xs[i];                                                  \
        ys[i] = (float)(E);                                                     \
      }                                                                         \
      LANE_OF_FLOATS_##SUFFIX((S *)to + at, ys, n);                             \
    }                                                                           \
  }
#define TARN_UNARY_LOOP_TO(NAME, E, SUFFIX, S, A, GET, Y, PUT)                \
  static void loop_##NAME##_##SUFFIX(const void *from, void *to, int64_t n) { \
    const S *xs = from;                                                       \
    Y *ys = to;                                                               \
    TARN_EACH_LANE                                                            \
    for (int64_t i = 0; i < n; i++) {                                         \
      A x = GET(xs[i]);                                                       \
      ys[i] = PUT(E);                                                         \
    }                                                                         \
  }

#define TARN_UNARY_CASE(NAME, E, DT, SUFFIX, S, A, GET, PUT) \
  case DT: return tarn__unary_run(call, loop_##NAME##_##SUFFIX);

#define TARN_UNARY_DEFINE(NAME, ROWS, E) TARN_UNARY_DEFINE_WITH(TARN_UNARY_LOOP, NAME, ROWS, E)
#define TARN_UNARY_DEFINE_WITH(LOOP, NAME, ROWS, E)                                  \
  TARN_##ROWS##_ROWS(LOOP, NAME, E)                                                  \
  static tarn_status run_##NAME##_##ROWS(const tarn_call *call) {                    \
    switch ((int)call->in[0]->dtype) {                                               \
      TARN_##ROWS##_ROWS(TARN_UNARY_CASE, NAME, E)                                   \
      default: return tarn_fail(TARN_DTYPE, #NAME " of %s", tarn_dtype_name(call->in[0]->dtype)); \
    }                                                                                \
  }
#define TARN_UNARY_KERNEL(NAME, ROWS, E) \
  {.op = #NAME, .dtypes = TARN_##ROWS##_BITS, .run = run_##NAME##_##ROWS},

#endif
