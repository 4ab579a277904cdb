/* Sums, products, means, norms, extremes and truth over axes: rows of (TensorFlow's name, dtypes,
 * start, step, result).
 *
 * Sums and products are kept in double, or double complex, or modulo 2^64, so that only the result
 * is rounded; means of integers divide that sum and round towards zero. No terms give the neutral
 * element; their mean is NaN, of integers and complex numbers 0. */
#include "kernels/cpu/dtype_rows.h"
#include "kernels/cpu/reduce/reduce.h"

/* Accumulators of sums, by the suffix of the row. */
typedef double wide_f32, wide_f64, wide_f16, wide_bf16;
typedef double _Complex wide_c64, wide_c128;
typedef uint64_t wide_i8, wide_i16, wide_i32, wide_i64, wide_u8, wide_u16, wide_u32, wide_u64;

#define LOWEST_f32 (-HUGE_VALF)
#define LOWEST_f64 (-HUGE_VAL)
#define LOWEST_f16 (-HUGE_VALF)
#define LOWEST_bf16 (-HUGE_VALF)
#define LOWEST_i8 INT8_MIN
#define LOWEST_i16 INT16_MIN
#define LOWEST_i32 INT32_MIN
#define LOWEST_i64 INT64_MIN
#define LOWEST_u8 0
#define LOWEST_u16 0
#define LOWEST_u32 0
#define LOWEST_u64 0
#define HIGHEST_f32 HUGE_VALF
#define HIGHEST_f64 HUGE_VAL
#define HIGHEST_f16 HUGE_VALF
#define HIGHEST_bf16 HUGE_VALF
#define HIGHEST_i8 INT8_MAX
#define HIGHEST_i16 INT16_MAX
#define HIGHEST_i32 INT32_MAX
#define HIGHEST_i64 INT64_MAX
#define HIGHEST_u8 UINT8_MAX
#define HIGHEST_u16 UINT16_MAX
#define HIGHEST_u32 UINT32_MAX
#define HIGHEST_u64 UINT64_MAX

/* STEP is the new accumulator from `acc` and element `x`; RESULT the output from `acc` and the
 * count `terms`. */
#define REDUCER(NAME, SUFFIX, S, A, GET, PUT, ACC, START, STEP, RESULT)                        \
  static void start_##NAME##_##SUFFIX(void *to, int64_t n) {                                   \
    ACC *accs = to;                                                                            \
    for (int64_t i = 0; i < n; i++) accs[i] = START;                                           \
  }                                                                                            \
  static void run_##NAME##_##SUFFIX(void *to, const void *from, int64_t n) {                   \
    const S *xs = from;                                                                        \
    ACC acc = *(ACC *)to;                                                                      \
    for (int64_t i = 0; i < n; i++) {                                                          \
      const A x = GET(xs[i]);                                                                  \
      acc = (ACC)(STEP);                                                                       \
    }                                                                                          \
    *(ACC *)to = acc;                                                                          \
  }                                                                                            \
  static void row_##NAME##_##SUFFIX(void *to, const void *from, int64_t n) {                   \
    const S *xs = from;                                                                        \
    ACC *accs = to;                                                                            \
    for (int64_t i = 0; i < n; i++) {                                                          \
      const A x = GET(xs[i]);                                                                  \
      const ACC acc = accs[i];                                                                 \
      accs[i] = (ACC)(STEP);                                                                   \
    }                                                                                          \
  }                                                                                            \
  static void finish_##NAME##_##SUFFIX(const void *from, void *to, int64_t n, int64_t terms) { \
    const ACC *accs = from;                                                                    \
    S *ys = to;                                                                                \
    (void)terms;                                                                               \
    for (int64_t i = 0; i < n; i++) {                                                          \
      const ACC acc = accs[i];                                                                 \
      ys[i] = PUT(RESULT);                                                                     \
    }                                                                                          \
  }                                                                                            \
  static const tarn_reducer reducer_##NAME##_##SUFFIX = {sizeof(ACC),                          \
                                                         start_##NAME##_##SUFFIX,              \
                                                         run_##NAME##_##SUFFIX,                \
                                                         row_##NAME##_##SUFFIX,                \
                                                         NULL,                                 \
                                                         finish_##NAME##_##SUFFIX,             \
                                                         NULL};

/* E is (START, STEP, RESULT) of a sum; of an extreme, (LOWEST or HIGHEST, STEP). */
#define OPEN(...) __VA_ARGS__
#define SUM_ROW(NAME, E, DT, SUFFIX, S, A, GET, PUT) \
  SUM_ROW_(NAME, SUFFIX, S, A, GET, PUT, wide_##SUFFIX, OPEN E)
#define SUM_ROW_(...) REDUCER(__VA_ARGS__)
#define EXTREME_ROW(NAME, E, DT, SUFFIX, S, A, GET, PUT) \
  EXTREME_ROW_(NAME, SUFFIX, S, A, GET, PUT, OPEN E)
#define EXTREME_ROW_(...) EXTREME_ROW__(__VA_ARGS__)
#define EXTREME_ROW__(NAME, SUFFIX, S, A, GET, PUT, START, STEP) \
  REDUCER(NAME, SUFFIX, S, A, GET, PUT, A, START##_##SUFFIX, STEP, acc)
#define NARROW_ROW(NAME, E, DT, SUFFIX, S, A, GET, PUT) \
  SUM_ROW_(NAME, SUFFIX, S, A, GET, PUT, S, OPEN E)
#define TRUTH_ROW(NAME, E, DT, SUFFIX, S, A, GET, PUT) \
  SUM_ROW_(NAME, SUFFIX, S, A, GET, PUT, bool, OPEN E)

/* |x|^2 of a complex number as one, and 0 / 0 of integers. */
#define SQUARE(x) ((x) * conj(x))
#define SHARE(sum, n) ((n) ? (sum) / (n) : 0)

#define SUMS(X)                                                               \
  X(Sum, RING, (0, acc + x, acc))                                             \
  X(Prod, RING, (1, acc * x, acc))                                            \
  X(Mean, FLOAT, (0, acc + x, acc / (double)terms))                           \
  X(Mean, COMPLEX, (0, acc + x, terms ? acc / (double)terms : 0))             \
  X(Mean, SIGNED, (0, acc + TARN_SIGN_EXTEND(x), SHARE((int64_t)acc, terms))) \
  X(Mean, UNSIGNED, (0, acc + x, SHARE(acc, (uint64_t)terms)))                \
  X(EuclideanNorm, FLOAT, (0, acc + (double)x * (double)x, sqrt(acc)))        \
  X(EuclideanNorm, COMPLEX, (0, acc + SQUARE((double _Complex)x), sqrt(acc)))

/* Sums that wrap round in the dtype itself; a negative one has no root. */
#define NARROW(X) \
  X(EuclideanNorm, WRAP, (0, TARN_SIGN_EXTEND(acc) + x * x, acc > 0 ? sqrt((double)acc) : 0))

/* NaN stays: it is never smaller or larger, so it is asked for. */
#define EXTREMES(X)                                              \
  X(Max, FLOAT, (LOWEST, x > acc || x != x ? x : acc))           \
  X(Max, INT, (LOWEST, x > acc ? x : acc))                       \
  X(Min, FLOAT, (HIGHEST, x < acc || x != x ? x : acc))          \
  X(Min, INT, (HIGHEST, x < acc ? x : acc))

#define TRUTHS(X)                           \
  X(All, BOOL, (true, acc && x, acc))       \
  X(Any, BOOL, (false, acc || x, acc))

#define CASE(NAME, E, DT, SUFFIX, S, A, GET, PUT) \
  case DT: return tarn__reduce(call, &reducer_##NAME##_##SUFFIX);
#define DEFINE(ROW, NAME, ROWS, E)                                                             \
  TARN_##ROWS##_ROWS(ROW, NAME,                                                                \
                     E) static tarn_status reduce_##NAME##_##ROWS(const tarn_call *call) {     \
    switch ((int)call->in[0]->dtype) {                                                         \
      TARN_##ROWS##_ROWS(CASE, NAME, E) default                                                \
          : return tarn_fail(TARN_DTYPE, #NAME " of %s", tarn_dtype_name(call->in[0]->dtype)); \
    }                                                                                          \
  }
#define SUM_DEFINE(NAME, ROWS, E) DEFINE(SUM_ROW, NAME, ROWS, E)
#define EXTREME_DEFINE(NAME, ROWS, E) DEFINE(EXTREME_ROW, NAME, ROWS, E)
#define NARROW_DEFINE(NAME, ROWS, E) DEFINE(NARROW_ROW, NAME, ROWS, E)
#define TRUTH_DEFINE(NAME, ROWS, E) DEFINE(TRUTH_ROW, NAME, ROWS, E)
#define KERNEL(NAME, ROWS, E) \
  {.op = #NAME, .dtypes = TARN_##ROWS##_BITS, .run = reduce_##NAME##_##ROWS},

SUMS(SUM_DEFINE)
NARROW(NARROW_DEFINE)
EXTREMES(EXTREME_DEFINE)
TRUTHS(TRUTH_DEFINE)

const tarn_kernel tarn_kernels_reduce_axes_reference[] = {SUMS(KERNEL) NARROW(KERNEL)
                                                              EXTREMES(KERNEL) TRUTHS(KERNEL){0}};
