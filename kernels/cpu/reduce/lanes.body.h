/* Reductions in vectors made by the compiler, for AVX2 and AVX-512: what folded.body.h does not
 * have. Rows are as in axes.reference.c, with one expression more: how two accumulators become one.
 *
 * A run of neighbours goes into accumulators side by side. At its end one half of them joins the
 * other, then takes what is left of the run if there is as much, and so on to the last one; a row
 * goes into an accumulator each. So the order of sums follows from the shape alone. Sums of
 * float64, and of float32 but for Sum and Mean, are in double, of 16-bit floats in float, of
 * integers modulo the width of the result. */
#include "kernels/cpu/dtype_rows.h"
#include "kernels/cpu/reduce/reduce.h"
#include "kernels/params/bias.h"

/* Accumulators side by side: two cache lines of wide ones. */
#define LANES_OF(ACC) (sizeof(ACC) == 8 ? 16 : 32)
#define UNROLLED _Pragma("GCC unroll 8")
/* Steps n accumulators, each by its VALUE (of k). */
#define EACH_PART(N, VALUE, A, ACC, STEP) \
  {                                       \
    TARN_EACH_LANE                        \
    for (int k = 0; k < (N); k++) {       \
      const A x = VALUE;                  \
      const ACC acc = parts[k];           \
      parts[k] = (ACC)(STEP);             \
    }                                     \
  }

/* The elements of a block, ready to use. */
#define BLOCK_PLAIN(S, XS, FROM, N) const S *XS = (const S *)(FROM);
#define BLOCK_BLOCKS(S, XS, FROM, N) \
  float XS[LANE_BLOCK];              \
  lane_floats_of_halves(XS, (const S *)(FROM), N);
#define VALUE_PLAIN(GET, x) GET(x)
#define VALUE_BLOCKS(GET, x) (x)

#define REDUCER(NAME, SUFFIX, S, A, GET, PUT, ACC, START, STEP, JOIN, RESULT)                    \
  static void start_##NAME##_##SUFFIX(void *to, int64_t n) {                                     \
    ACC *accs = to;                                                                              \
    for (int64_t i = 0; i < n; i++) accs[i] = START;                                             \
  }                                                                                              \
  static ACC all_##NAME##_##SUFFIX(ACC sum, const S *from, int64_t all) {                        \
    enum { L = LANES_OF(ACC) };                                                                  \
    ACC parts[L];                                                                                \
    const bool wide = all >= L;                                                                  \
    if (wide)                                                                                    \
      for (int k = 0; k < L; k++) parts[k] = START;                                              \
    for (int64_t at = 0; at < all; at += LANE_BLOCK) {                                           \
      const int64_t n = all - at < LANE_BLOCK ? all - at : LANE_BLOCK;                           \
      TARN_LOOP_OF(BLOCK, SUFFIX)(S, xs, from + at, n) int64_t i = 0;                            \
      if (wide) {                                                                                \
        for (; i + L <= n; i += L)                                                               \
          EACH_PART(L, TARN_LOOP_OF(VALUE, SUFFIX)(GET, xs[i + k]), A, ACC, STEP)                \
        if (at + n < all) continue;                                                              \
        UNROLLED                                                                                 \
        for (int h = L / 2; h > 0; h /= 2) {                                                     \
          EACH_PART(h, parts[k + h], ACC, ACC, JOIN)                                             \
          if (n - i < h) continue;                                                               \
          EACH_PART(h, TARN_LOOP_OF(VALUE, SUFFIX)(GET, xs[i + k]), A, ACC, STEP)                \
          i += h;                                                                                \
        }                                                                                        \
        const ACC x = parts[0], acc = sum;                                                       \
        return (ACC)(JOIN);                                                                      \
      }                                                                                          \
      for (; i < n; i++) {                                                                       \
        const A x = TARN_LOOP_OF(VALUE, SUFFIX)(GET, xs[i]);                                     \
        const ACC acc = sum;                                                                     \
        sum = (ACC)(STEP);                                                                       \
      }                                                                                          \
    }                                                                                            \
    return sum;                                                                                  \
  }                                                                                              \
  static void run_##NAME##_##SUFFIX(void *to, const void *from, int64_t n) {                     \
    ACC *acc = to;                                                                               \
    *acc = all_##NAME##_##SUFFIX(*acc, from, n);                                                 \
  }                                                                                              \
  static void row_##NAME##_##SUFFIX(void *to, const void *from, int64_t n) {                     \
    ACC *accs = to;                                                                              \
    TARN_LOOP_OF(BLOCK, SUFFIX)(S, xs, from, n) TARN_EACH_LANE for (int64_t i = 0; i < n; i++) { \
      const A x = TARN_LOOP_OF(VALUE, SUFFIX)(GET, xs[i]);                                       \
      const ACC acc = accs[i];                                                                   \
      accs[i] = (ACC)(STEP);                                                                     \
    }                                                                                            \
  }                                                                                              \
  static void runs_##NAME##_##SUFFIX(void *to, const void *from, int64_t n, int64_t run) {       \
    const S *xs = from;                                                                          \
    ACC *accs = to;                                                                              \
    for (int64_t i = 0; i < n; i++) accs[i] = all_##NAME##_##SUFFIX(accs[i], xs + i * run, run); \
  }                                                                                              \
  static void finish_##NAME##_##SUFFIX(const void *from, void *to, int64_t n, int64_t terms) {   \
    const ACC *accs = from;                                                                      \
    S *ys = to;                                                                                  \
    (void)terms;                                                                                 \
    for (int64_t i = 0; i < n; i++) {                                                            \
      const ACC acc = accs[i];                                                                   \
      ys[i] = PUT(RESULT);                                                                       \
    }                                                                                            \
  }                                                                                              \
  static const tarn_reducer reducer_##NAME##_##SUFFIX = {sizeof(ACC),                            \
                                                         start_##NAME##_##SUFFIX,                \
                                                         run_##NAME##_##SUFFIX,                  \
                                                         row_##NAME##_##SUFFIX,                  \
                                                         runs_##NAME##_##SUFFIX,                 \
                                                         finish_##NAME##_##SUFFIX,               \
                                                         NULL};
_Static_assert((int)LANE_BLOCK >= (int)TARN_REDUCE_BLOCK, "a row fits a block");

/* Accumulators of sums, by the suffix of the row; of means of integers, which need every digit. */
typedef double sum_f32, sum_f64;
typedef float sum_f16, sum_bf16;
typedef double product_f32, product_f64, product_f16, product_bf16;
typedef uint8_t sum_i8, sum_u8;
typedef uint16_t sum_i16, sum_u16;
typedef uint32_t sum_i32, sum_u32;
typedef uint64_t sum_i64, sum_u64, all_i8, all_i16, all_i32, all_i64, all_u8, all_u16, all_u32,
    all_u64;

/* The least and greatest value of a row, by its suffix. */
#define LOWEST_f64 (-HUGE_VAL)
#define LOWEST_f16 (-HUGE_VALF)
#define LOWEST_bf16 (-HUGE_VALF)
#define LOWEST_i16 INT16_MIN
#define LOWEST_i32 INT32_MIN
#define LOWEST_i64 INT64_MIN
#define LOWEST_u16 0
#define LOWEST_u32 0
#define LOWEST_u64 0
#define HIGHEST_f64 HUGE_VAL
#define HIGHEST_f16 HUGE_VALF
#define HIGHEST_bf16 HUGE_VALF
#define HIGHEST_i16 INT16_MAX
#define HIGHEST_i32 INT32_MAX
#define HIGHEST_i64 INT64_MAX
#define HIGHEST_u16 UINT16_MAX
#define HIGHEST_u32 UINT32_MAX
#define HIGHEST_u64 UINT64_MAX

#define OPEN(...) __VA_ARGS__
#define CALL(MACRO, ...) MACRO(__VA_ARGS__)
#define SUM_ROW(NAME, E, DT, SUFFIX, S, A, GET, PUT) \
  CALL(REDUCER, NAME, SUFFIX, S, A, GET, PUT, sum_##SUFFIX, OPEN E)
#define PRODUCT_ROW(NAME, E, DT, SUFFIX, S, A, GET, PUT) \
  CALL(REDUCER, NAME, SUFFIX, S, A, GET, PUT, product_##SUFFIX, OPEN E)
#define ALL_ROW(NAME, E, DT, SUFFIX, S, A, GET, PUT) \
  CALL(REDUCER, NAME, SUFFIX, S, A, GET, PUT, all_##SUFFIX, OPEN E)
#define EXTREME_ROW(NAME, E, DT, SUFFIX, S, A, GET, PUT) \
  CALL(EXTREME_ROW_, NAME, SUFFIX, S, A, GET, PUT, OPEN E)
#define EXTREME_ROW_(NAME, SUFFIX, S, A, GET, PUT, START, STEP) \
  REDUCER(NAME, SUFFIX, S, A, GET, PUT, A, START##_##SUFFIX, STEP, STEP, acc)

/* (start, step, join, result) */
#define SUMS(X)                                                                           \
  X(Sum, NOT_F32, (0, acc + x, acc + x, acc))                                             \
  X(Sum, MODULO, (0, acc + x, acc + x, acc))                                              \
  X(Prod, MODULO, (1, acc * x, acc * x, acc))                                             \
  X(Mean, NOT_F32, (0, acc + x, acc + x, (double)acc / (double)terms))                    \
  X(EuclideanNorm, FLOAT, (0, acc + SQUARE(acc, x), acc + x, sqrt(acc)))
#define SQUARE(acc, x) (sizeof acc == 8 ? (double)x * (double)x : (double)(x * x))
/* In double, which the intermediate products do not leave. */
#define PRODUCTS(X) X(Prod, FLOAT, (1, acc * x, acc * x, acc))
#define SHARE(sum, n) ((n) ? (sum) / (n) : 0)
#define MEANS(X)                                                                          \
  X(Mean, SIGNED, (0, acc + TARN_SIGN_EXTEND(x), acc + x, SHARE((int64_t)acc, terms)))    \
  X(Mean, UNSIGNED, (0, acc + x, acc + x, SHARE(acc, (uint64_t)terms)))
#define EXTREMES(X)                                       \
  X(Max, NOT_F32, (LOWEST, x > acc || x != x ? x : acc))    \
  X(Max, LONGER, (LOWEST, x > acc ? x : acc))             \
  X(Min, NOT_F32, (HIGHEST, x < acc || x != x ? x : acc))   \
  X(Min, LONGER, (HIGHEST, x < acc ? x : acc))
/* Integers of more than a byte: bytes, and truth, are in bytes.avx2.c. */
#define TARN_LONGER_ROWS(X, NAME, E)                               \
  X(NAME, E, TARN_I16, i16, int16_t, int16_t, TARN_AS_IS, )        \
  X(NAME, E, TARN_I32, i32, int32_t, int32_t, TARN_AS_IS, )        \
  X(NAME, E, TARN_I64, i64, int64_t, int64_t, TARN_AS_IS, )        \
  X(NAME, E, TARN_U16, u16, uint16_t, uint16_t, TARN_AS_IS, )      \
  X(NAME, E, TARN_U32, u32, uint32_t, uint32_t, TARN_AS_IS, )      \
  X(NAME, E, TARN_U64, u64, uint64_t, uint64_t, TARN_AS_IS, )
#define TARN_LONGER_BITS (TARN_INTS & ~(TARN_BIT(TARN_I8) | TARN_BIT(TARN_U8)))
#define CASE(NAME, E, DT, SUFFIX, S, A, GET, PUT) \
  case DT: return tarn__reduce(call, &reducer_##NAME##_##SUFFIX);
#define DEFINE(ROW, NAME, ROWS, E)                                                                \
  TARN_##ROWS##_ROWS(ROW, NAME, E)                                                                \
  static tarn_status reduce_##NAME##_##ROWS(const tarn_call *call) {                              \
    switch ((int)call->in[0]->dtype) {                                                            \
      TARN_##ROWS##_ROWS(CASE, NAME, E)                                                           \
      default: return tarn_fail(TARN_DTYPE, #NAME " of %s", tarn_dtype_name(call->in[0]->dtype)); \
    }                                                                                             \
  }
#define SUM_DEFINE(NAME, ROWS, E) DEFINE(SUM_ROW, NAME, ROWS, E)
#define PRODUCT_DEFINE(NAME, ROWS, E) DEFINE(PRODUCT_ROW, NAME, ROWS, E)
#define MEAN_DEFINE(NAME, ROWS, E) DEFINE(ALL_ROW, NAME, ROWS, E)
#define EXTREME_DEFINE(NAME, ROWS, E) DEFINE(EXTREME_ROW, NAME, ROWS, E)

SUMS(SUM_DEFINE)
PRODUCTS(PRODUCT_DEFINE)
MEANS(MEAN_DEFINE)
EXTREMES(EXTREME_DEFINE)

/* Rows of halves: vectors of sums stay in registers while the rows go by. */
static void rows_of_halves(void *sums, const void *x, int64_t n, int64_t rows, int64_t step) {
  lane_sum_halves(sums, x, n, rows, step);
}

/* The gradient of a bias: dy summed over all but the channels. */
static tarn_status run_bias(const tarn_call *call) {
  const tarn_bias g = tarn__bias_of(call->problem->params, &call->problem->in_shape[0]);
  const int32_t over[] = {0, 2};
  tarn_tensor dy = *call->in[0], axes = {.dtype = TARN_I32,
                                         .shape = {.rank = 1, .dim = {2}},
                                         .data = (void *)(uintptr_t)over};
  dy.shape = (tarn_shape){.rank = 3, .dim = {g.outer, g.C, g.inner}};
  const tarn_tensor *in[] = {&dy, &axes};
  tarn_call sum = *call;
  sum.in = in;
  if (dy.dtype == TARN_F16) {
    tarn_reducer by_rows = reducer_Sum_f16;
    by_rows.add_rows = rows_of_halves;
    return tarn__reduce(&sum, &by_rows);
  }
  return tarn__dtype_in(dy.dtype, TARN_INTS) ? reduce_Sum_MODULO(&sum) : reduce_Sum_NOT_F32(&sum);
}

#define KERNEL(NAME, ROWS, E) \
  {.op = #NAME, .dtypes = TARN_##ROWS##_BITS, .run = reduce_##NAME##_##ROWS},
#define BIAS {.op = "BiasAddGrad", .dtypes = TARN_NOT_F32_BITS | TARN_INTS, .run = run_bias},
#define ROWS BIAS SUMS(KERNEL) PRODUCTS(KERNEL) MEANS(KERNEL) EXTREMES(KERNEL)
