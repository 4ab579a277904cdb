/* y = f(a, b) with NumPy's broadcasting: tables of TensorFlow names and expressions become kernels,
 * as unary.h does.
 *
 * A file lists its functions once as X(NAME, ROWS, E): TensorFlow's name, a set of
 * kernels/cpu/dtype_rows.h, and an expression of `a` and `b`. An expression may set `bad` where the
 * op must fail (integer division by zero).
 *
 *   LIST(TARN_BINARY_DEFINE)
 *   const tarn_kernel tarn_kernels_binary_...[] = {LIST(TARN_BINARY_KERNEL) {0}};
 *
 * A loop does one run of elements with steps of 1 or 0 for each operand, so that equal shapes,
 * scalars and vectors along the last axis are one run or long ones. Loops are right when y lies
 * exactly on an operand of y's shape. */
#ifndef TARN_KERNELS_CPU_BINARY_BINARY_H
#define TARN_KERNELS_CPU_BINARY_BINARY_H

#include "kernels/cpu/dtype_rows.h"
#include "kernels/kernel.h"

/* false: a pair of elements that the function does not take. */
typedef bool (*tarn_binary_loop)(const void *a, int64_t a_step, const void *b, int64_t b_step,
                                 void *y, int64_t n);

/* Runs a loop over inputs 0 and 1 into output 0, in chunks for the pool. `refusal` is the message
 * when a loop gave false. */
tarn_status tarn__binary_run(const tarn_call *call, tarn_binary_loop loop, const char *refusal);

#define TARN_BINARY_LOOP(NAME, E, DT, SUFFIX, S, A, GET, PUT) \
  TARN_SHORT_LOOP_OF(TARN_BINARY_LOOP, SUFFIX)(NAME, E, SUFFIX, S, A, GET, PUT)
#define TARN_BINARY_LOOP_PLAIN(NAME, E, SUFFIX, S, A, GET, PUT) \
  TARN_BINARY_LOOP_TO(NAME, E, SUFFIX, S, A, GET, S, PUT)
/* 16-bit floats, converted by blocks. */
#define TARN_BINARY_LOOP_BLOCKS(NAME, E, SUFFIX, S, A, GET, PUT) \
  TARN_BINARY_LOOP_BLOCKS_TO(NAME, E, SUFFIX, S, GET, TARN_BINARY_ROUNDED)
#define TARN_BINARY_ROUNDED(E, SUFFIX)  \
  float ys[LANE_BLOCK];                 \
  TARN_EACH_LANE                        \
  for (int64_t i = 0; i < n; i++) {     \
    const float a = as[i], b = bs[i];   \
    ys[i] = (float)(E);                 \
  }                                     \
  LANE_OF_FLOATS_##SUFFIX((uint16_t *)to + at, ys, n);
/* EACH(E, SUFFIX): n elements of as and bs to element `at` of `to` and on. */
#define TARN_BINARY_LOOP_BLOCKS_TO(NAME, E, SUFFIX, S, GET, EACH)                            \
  static bool loop_##NAME##_##SUFFIX(const void *a_from, int64_t a_step, const void *b_from, \
                                     int64_t b_step, void *to, int64_t all) {                \
    float as[LANE_BLOCK], bs[LANE_BLOCK];                                                    \
    if (!a_step) lane_fill(as, GET(*(const S *)a_from));                                     \
    if (!b_step) lane_fill(bs, GET(*(const S *)b_from));                                     \
    for (int64_t at = 0; at < all; at += LANE_BLOCK) {                                       \
      const int64_t n = all - at < LANE_BLOCK ? all - at : LANE_BLOCK;                       \
      if (a_step) LANE_FLOATS_OF_##SUFFIX(as, (const S *)a_from + at, n);                    \
      if (b_step) LANE_FLOATS_OF_##SUFFIX(bs, (const S *)b_from + at, n);                    \
      EACH(E, SUFFIX)                                                                        \
    }                                                                                        \
    return true;                                                                             \
  }
#define TARN_BINARY_LOOP_TO(NAME, E, SUFFIX, S, A, GET, Y, PUT)                              \
  static bool loop_##NAME##_##SUFFIX(const void *a_from, int64_t a_step, const void *b_from, \
                                     int64_t b_step, void *to, int64_t n) {                  \
    const S *as = a_from, *bs = b_from;                                                      \
    Y *ys = to;                                                                              \
    bool bad = false;                                                                        \
    if (a_step && b_step) {                                                                  \
      TARN_EACH_LANE                                                                         \
      for (int64_t i = 0; i < n; i++) {                                                      \
        const A a = GET(as[i]), b = GET(bs[i]);                                              \
        ys[i] = PUT(E);                                                                      \
      }                                                                                      \
    } else if (a_step) {                                                                     \
      const A b = GET(*bs);                                                                  \
      TARN_EACH_LANE                                                                         \
      for (int64_t i = 0; i < n; i++) {                                                      \
        const A a = GET(as[i]);                                                              \
        ys[i] = PUT(E);                                                                      \
      }                                                                                      \
    } else {                                                                                 \
      const A a = GET(*as);                                                                  \
      TARN_EACH_LANE                                                                         \
      for (int64_t i = 0; i < n; i++) {                                                      \
        const A b = GET(bs[b_step * i]);                                                     \
        ys[i] = PUT(E);                                                                      \
      }                                                                                      \
    }                                                                                        \
    return !bad;                                                                             \
  }

#define TARN_BINARY_CASE(NAME, E, DT, SUFFIX, S, A, GET, PUT) \
  case DT: return tarn__binary_run(call, loop_##NAME##_##SUFFIX, refusal);

#define TARN_BINARY_DEFINE(NAME, ROWS, E) \
  TARN_BINARY_DEFINE_WITH(TARN_BINARY_LOOP, NULL, NAME, ROWS, E)
#define TARN_BINARY_DEFINE_WITH(LOOP, REFUSAL, NAME, ROWS, E)                        \
  TARN_##ROWS##_ROWS(LOOP, NAME, E)                                                  \
  static tarn_status run_##NAME##_##ROWS(const tarn_call *call) {                    \
    const char *const refusal = REFUSAL;                                             \
    switch ((int)call->in[0]->dtype) {                                               \
      TARN_##ROWS##_ROWS(TARN_BINARY_CASE, NAME, E)                                  \
      default: return tarn_fail(TARN_DTYPE, #NAME " of %s", tarn_dtype_name(call->in[0]->dtype)); \
    }                                                                                \
  }
#define TARN_BINARY_KERNEL(NAME, ROWS, E) \
  {.op = #NAME, .dtypes = TARN_##ROWS##_BITS, .run = run_##NAME##_##ROWS},

#endif
