/* y[i] = f(x[i]) in vectors made by the compiler, for AVX2 and AVX-512: what
 * kernels/cpu/elementwise does not have, which is the other dtypes and the rarer functions.
 * Expressions hold no branch and no call (kernels/cpu/simd/lanes*.h). The two 16-bit floats are
 * computed in float or double, and rounded once. */
#include "kernels/cpu/simd/lanes_angle.h"
#include "kernels/cpu/simd/lanes_error.h"
#include "kernels/cpu/unary/unary.h"

/* As in the reference: NaN stays, and a sign of zero goes. */
#define SIGN(x) (x != x ? x : (float)((x > 0) - (x < 0)))
#define TOP(x) (sizeof x == 8 ? (uint64_t)x >> 63 : (uint64_t)x >> 31)

/* 16-bit floats by their bits. */
#define TARN_F16_BITS_ROWS(X, NAME, E) \
  X(NAME, E, TARN_F16, f16_bits, uint16_t, uint16_t, TARN_AS_IS, (uint16_t))
#define TARN_F16_BITS_BITS TARN_BIT(TARN_F16)
#define TARN_SHORT_LOOP_f16_bits(PREFIX) PREFIX##_PLAIN
#define TARN_BF16_BITS_ROWS(X, NAME, E) \
  X(NAME, E, TARN_BF16, bf16_bits, uint16_t, uint16_t, TARN_AS_IS, (uint16_t))
#define TARN_BF16_BITS_BITS TARN_BIT(TARN_BF16)
#define TARN_SHORT_LOOP_bf16_bits(PREFIX) PREFIX##_PLAIN

#define LIST(X)                                                 \
  X(Abs, F64, fabs(x))                                          \
  X(Abs, F16_BITS, x & 0x7fff)                                  \
  X(Abs, BF16_BITS, x & 0x7fff)                                 \
  X(Abs, MODULO, TOP(x) ? 0 - x : x)                            \
  X(Neg, F64, -x)                                               \
  X(Neg, F16_BITS, x ^ 0x8000)                                  \
  X(Neg, BF16_BITS, x ^ 0x8000)                                 \
  X(Neg, MODULO, 0 - x)                                         \
  X(Sign, FLOAT, SIGN(x))                                       \
  X(Sign, SIGNED, (x > 0) - (x < 0))                            \
  X(Square, NOT_F32, x * x)                                     \
  X(Square, MODULO, x * x)                                      \
  X(Sqrt, NOT_F32, sqrt(x))                                     \
  X(Rsqrt, NOT_F32, 1 / sqrt(x))                                \
  X(Reciprocal, NOT_F32, 1 / x)                                 \
  X(Inv, NOT_F32, 1 / x)                                        \
  X(Invert, MODULO, ~x)                                         \
  X(Floor, NOT_F32, floor(x))                                   \
  X(Ceil, NOT_F32, ceil(x))                                     \
  X(Rint, NOT_F32, rint(x))                                     \
  X(Round, NOT_F32, rint(x))                                    \
  X(Exp, F64, lane_exp(x))                                      \
  X(Exp, HALF, lane_expf(x))                                    \
  X(Expm1, F64, lane_expm1(x))                                  \
  X(Expm1, HALF, lane_expm1f(x))                                \
  X(Log, NOT_F32, lane_log((double)x))                          \
  X(Log1p, FLOAT, lane_log1p((double)x))                        \
  X(Sigmoid, F64, lane_sigmoid(x))                              \
  X(Sigmoid, HALF, 1 / (1 + lane_expf(-x)))                     \
  X(Tanh, F64, lane_tanh(x))                                    \
  X(Tanh, HALF, lane_tanhf(x))                                  \
  X(Atanh, FLOAT, lane_atanh((double)x))                        \
  X(Asin, NOT_F64, lane_asinf(x))                               \
  X(Acos, NOT_F64, lane_acosf(x))                               \
  X(Atan, F64, lane_atan(x))                                    \
  X(Atan, NOT_F64, lane_atanf(x))                               \
  X(Erf, F64, lane_erf(x))                                      \
  X(Erf, NOT_F64, lane_erf_of_float((double)x))                 \
  X(Erfc, FLOAT, lane_erfc((double)x))                          \
  X(Erfinv, F64, lane_erfinv(x))                                \
  X(Erfinv, NOT_F64, lane_erfinv_of_float((double)x))           \
  X(Ndtri, FLOAT, lane_ndtri((double)x))

#define TESTS(X)                                                \
  X(IsNan, WIDE_FLOAT, x != x)                                  \
  X(IsInf, WIDE_FLOAT, fabs(x) == (float)INFINITY)              \
  X(IsFinite, WIDE_FLOAT, fabs(x) < (float)INFINITY)            \
  X(IsNan, F16_BITS, (x & 0x7fff) > 0x7c00)                     \
  X(IsInf, F16_BITS, (x & 0x7fff) == 0x7c00)                    \
  X(IsFinite, F16_BITS, (x & 0x7fff) < 0x7c00)                  \
  X(IsNan, BF16_BITS, (x & 0x7fff) > 0x7f80)                    \
  X(IsInf, BF16_BITS, (x & 0x7fff) == 0x7f80)                   \
  X(IsFinite, BF16_BITS, (x & 0x7fff) < 0x7f80)                 \
  X(LogicalNot, TRUTH, x == 0)

#define TEST_LOOP(NAME, E, DT, SUFFIX, S, A, GET, PUT) \
  TARN_UNARY_LOOP_TO(NAME, E, SUFFIX, S, A, GET, uint8_t, (uint8_t))
#define TEST_DEFINE(NAME, ROWS, E) TARN_UNARY_DEFINE_WITH(TEST_LOOP, NAME, ROWS, E)

/* Pairs, fours and bytes of bits are summed in place, then the bytes by shifts. Only the bits of
 * the stored type count. */
static inline uint32_t population_32(uint32_t x) {
  x -= x >> 1 & 0x55555555u;
  x = (x & 0x33333333u) + (x >> 2 & 0x33333333u);
  x = (x + (x >> 4)) & 0x0f0f0f0fu;
  x += x >> 8;
  return (x + (x >> 16)) & 63u;
}
#define POPULATION(x)                                                                        \
  (sizeof x == 8 ? population_32((uint32_t)x) + population_32((uint32_t)((uint64_t)x >> 32)) \
                 : population_32((uint32_t)x))
#define POPULATION_LOOP(NAME, E, DT, SUFFIX, S, A, GET, PUT)                                     \
  TARN_UNARY_LOOP_TO(NAME, POPULATION((x & (A)(UINT64_MAX >> (64 - 8 * sizeof(S))))), SUFFIX, S, \
                     A, GET, uint8_t, (uint8_t))
#define POPULATION_DEFINE(NAME, ROWS, E) TARN_UNARY_DEFINE_WITH(POPULATION_LOOP, NAME, ROWS, E)

/* Sines: in float as far as its reduction goes; a block with a larger number goes through doubles,
 * and one with a number that is too large for those to C's library. */
enum { BLOCK = 256 };
#define SINE_LOOP(NAME, E, DT, SUFFIX, S, A, GET, PUT)                                    \
  static void loop_##NAME##_##SUFFIX(const void *from, void *to, int64_t all) {           \
    for (int64_t at = 0; at < all; at += BLOCK) {                                         \
      const int64_t n = all - at < BLOCK ? all - at : BLOCK;                              \
      const S *xs = (const S *)from + at;                                                 \
      S *ys = (S *)to + at;                                                               \
      unsigned far = 0, farther = 0;                                                      \
      _Pragma("omp simd reduction(|:far)") for (int64_t i = 0; i < n; i++) far |=         \
          (unsigned)!(fabsf(GET(xs[i])) <= LANE_MOST_RADIANS_F);                          \
      if (!far) {                                                                         \
        TARN_EACH_LANE                                                                    \
        for (int64_t i = 0; i < n; i++) ys[i] = PUT(NAME##_f(GET(xs[i])));                \
        continue;                                                                         \
      }                                                                                   \
      _Pragma("omp simd reduction(|:farther)") for (int64_t i = 0; i < n; i++) farther |= \
          (unsigned)!(fabsf(GET(xs[i])) <= (float)LANE_MOST_RADIANS);                     \
      if (farther) {                                                                      \
        for (int64_t i = 0; i < n; i++) ys[i] = PUT(NAME##_c((double)GET(xs[i])));        \
        continue;                                                                         \
      }                                                                                   \
      TARN_EACH_LANE                                                                      \
      for (int64_t i = 0; i < n; i++) ys[i] = PUT(NAME##_d((double)GET(xs[i])));          \
    }                                                                                     \
  }
#define SINE_DEFINE(NAME, ROWS, E) TARN_UNARY_DEFINE_WITH(SINE_LOOP, NAME, ROWS, E)
static inline double Sin_c(double x) { return sin(x); }
static inline double Cos_c(double x) { return cos(x); }
#define Sin_f lane_sinf
#define Sin_d lane_sin
#define Cos_f lane_cosf
#define Cos_d lane_cos
#define SINES(X)        \
  X(Sin, NOT_F64, )     \
  X(Cos, NOT_F64, )

LIST(TARN_UNARY_DEFINE)
TESTS(TEST_DEFINE)
SINES(SINE_DEFINE)
POPULATION_DEFINE(PopulationCount, MODULO, )

#define ROWS              \
  LIST(TARN_UNARY_KERNEL) \
  TESTS(TARN_UNARY_KERNEL) SINES(TARN_UNARY_KERNEL) TARN_UNARY_KERNEL(PopulationCount, MODULO, )
