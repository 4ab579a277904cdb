/* y = f(a, b) with broadcasting in vectors made by the compiler, for AVX2 and AVX-512: what
 * kernels/cpu/elementwise does not have. Expressions hold no branch and no call
 * (kernels/cpu/simd/lanes*.h). The two 16-bit floats are computed in float or double, and rounded
 * once, or at each step where TensorFlow does. */
#include "kernels/cpu/binary/binary.h"
#include "kernels/cpu/simd/lanes_angle.h"

#define SQUARE(d) ((d) * (d))
#define WIDTH(x) (8 * sizeof x)
#define BY_ZERO "Integer division by zero"
/* A divisor of 0 is noted, and 1 divides instead. 32-bit integers divide as doubles, which hold
 * every quotient: rounded down or towards zero it is exact. The least integer by -1 wraps round. */
#define DIVISOR(b) (bad |= b == 0, b == 0 ? 1 : b)

/* The bits of a float count up away from zero: one more or one less is the neighbour, and zero's
 * are the least of either sign. */
#define NEXT_AFTER(NAME, FLOAT, BITS, OF_BITS, TO_BITS, SIGN_BIT)                  \
  static inline FLOAT NAME(FLOAT a, FLOAT b) {                                     \
    const BITS bits = OF_BITS(a);                                                  \
    const BITS moved = (a < b) == (a > 0) ? bits + 1 : bits - 1;                   \
    const BITS least = (OF_BITS(b) & (BITS)1 << SIGN_BIT) | 1;                     \
    const FLOAT y = TO_BITS(a == 0 ? least : moved);                               \
    return a != a || b != b ? a + b : a == b ? b : y;                              \
  }
NEXT_AFTER(next_after, double, uint64_t, lane_bits, lane_from_bits, 63)
NEXT_AFTER(next_after_f, float, uint32_t, lane_bits_f, lane_from_bits_f, 31)

/* Floats. Of the extremes, NaN of either side stays. */
#define FLOATS(X)                                                                  \
  X(Add, NOT_F32, a + b)                                                           \
  X(AddV2, NOT_F32, a + b)                                                         \
  X(Sub, NOT_F32, a - b)                                                           \
  X(Mul, NOT_F32, a * b)                                                           \
  X(MulNoNan, NOT_F32, b == 0 ? 0 : a * b)                                         \
  X(Div, NOT_F32, a / b)                                                           \
  X(RealDiv, NOT_F32, a / b)                                                       \
  X(DivNoNan, NOT_F32, b == 0 ? 0 : a / b)                                         \
  X(Xdivy, FLOAT, a == 0 ? 0 : a / b)                                              \
  X(SquaredDifference, F64, SQUARE(a - b))                                         \
  X(SquaredDifference, F16, SQUARE(tarn__f16_round(a - b)))                        \
  X(SquaredDifference, BF16, SQUARE(tarn__bf16_round(a - b)))                      \
  X(Maximum, NOT_F32, a != a || a > b ? a : b)                                     \
  X(Minimum, NOT_F32, a != a || a < b ? a : b)                                     \
  X(FloorDiv, WIDE_FLOAT, floor(a / b))                                            \
  X(FloorDiv, F16, floor(tarn__f16_round(a / b)))                                  \
  X(FloorDiv, BF16, floor(tarn__bf16_round(a / b)))                                \
  X(TruncateDiv, WIDE_FLOAT, trunc(a / b))                                         \
  X(TruncateDiv, F16, trunc(tarn__f16_round(a / b)))                               \
  X(TruncateDiv, BF16, trunc(tarn__bf16_round(a / b)))                             \
  X(Xlogy, FLOAT, a == 0 ? 0 : (double)a * lane_log((double)b))                    \
  X(Xlog1py, FLOAT, a == 0 ? 0 : (double)a * lane_log1p((double)b))                \
  X(Atan2, F64, lane_atan2(a, b))                                                  \
  X(Atan2, NOT_F64, lane_atan2f(a, b))                                             \
  X(NextAfter, F32, next_after_f(a, b))                                            \
  X(NextAfter, F64, next_after(a, b))                                              \
  X(SqrtGrad, FLOAT, b == 0 ? 0 : b * 0.5f / a)                                    \
  X(RsqrtGrad, FLOAT, b == 0 ? 0 : -0.5f * b * a * a * a)                          \
  X(ReciprocalGrad, FLOAT, b == 0 ? 0 : -b * a * a)                                \
  X(InvGrad, FLOAT, b == 0 ? 0 : -b * a * a)                                       \
  X(TanhGrad, NOT_F32, b * (1 - a * a))                                            \
  X(SigmoidGrad, NOT_F32, b * a * (1 - a))

/* Integers and truth. A shift by less than 0 is by 0, by more than the width by one less than
 * it. */
#define INTEGERS(X)                                                                \
  X(Add, MODULO, a + b)                                                            \
  X(AddV2, MODULO, a + b)                                                          \
  X(Sub, MODULO, a - b)                                                            \
  X(Mul, MODULO, a * b)                                                            \
  X(SquaredDifference, MODULO, SQUARE(a - b))                                      \
  X(Maximum, INT, a > b ? a : b)                                                   \
  X(Minimum, INT, a < b ? a : b)                                                   \
  X(BitwiseAnd, MODULO, a & b)                                                     \
  X(BitwiseOr, MODULO, a | b)                                                      \
  X(BitwiseXor, MODULO, a ^ b)                                                     \
  X(LeftShift, SIGNED, LEFT(a, CLAMPED(b, a)))                                     \
  X(LeftShift, UNSIGNED, LEFT(a, U_CLAMPED(b, a)))                                 \
  X(RightShift, SIGNED, RIGHT(a, CLAMPED(b, a)))                                   \
  X(RightShift, UNSIGNED, RIGHT(a, U_CLAMPED(b, a)))                               \
  X(LogicalAnd, TRUTH, a & b)                                                      \
  X(LogicalOr, TRUTH, a | b)
#define U_CLAMPED(b, a) (b > (unsigned)WIDTH(a) - 1 ? (unsigned)WIDTH(a) - 1 : (unsigned)b)
#define CLAMPED(b, a) (b < 0 ? 0 : b > (int)WIDTH(a) - 1 ? (int)WIDTH(a) - 1 : (int)b)
/* AVX2 shifts 32 and 64 bits, each by its own number. Compilers would shift narrower integers in
 * their own width, which they then can only do one by one; as products with powers of two, exact in
 * float, they become vectors. */
#define POWER(by) lane_from_bits_f((uint32_t)(127 + (int)(by)) << 23)
#define LEFT(a, by)                           \
  (sizeof a == 8   ? (uint64_t)a << (by)      \
   : sizeof a == 4 ? (uint32_t)a << ((by)&31) \
                   : (uint32_t)(int32_t)((float)a * POWER(by)))
#define RIGHT(a, by) \
  (sizeof a >= 4 ? a >> (by) : (__typeof__(a))floorf((float)a * POWER(-(int)(by))))

/* Quotients and remainders of integers. */
#define DIVISIONS(X)                                                                        \
  X(FloorDiv, I32, (int64_t)floor((double)a / (double)DIVISOR(b)))                          \
  X(Div, I32, (int64_t)((double)a / (double)DIVISOR(b)))                                    \
  X(TruncateDiv, I32, (int64_t)((double)a / (double)DIVISOR(b)))                            \
  X(FloorMod, I32, (double)a - floor((double)a / (double)DIVISOR(b)) * (double)b)           \
  X(FloorDiv, I64, floor_quotient(a, b, &bad))                                              \
  X(FloorMod, I64, floor_remainder(a, b, &bad))
#define TARN_I32_ROWS(X, NAME, E) X(NAME, E, TARN_I32, i32, int32_t, int32_t, TARN_AS_IS, (int32_t))
#define TARN_I32_BITS TARN_BIT(TARN_I32)
#define TARN_I64_ROWS(X, NAME, E) X(NAME, E, TARN_I64, i64, int64_t, int64_t, TARN_AS_IS, (int64_t))
#define TARN_I64_BITS TARN_BIT(TARN_I64)

/* One division instruction, with the quotient put right from its remainder. */
static inline int64_t floor_quotient(int64_t a, int64_t b, bool *bad) {
  if (b == 0) *bad = true;
  if (b == 0 || b == -1) return b == 0 ? 0 : (int64_t)(0 - (uint64_t)a);
  const int64_t q = a / b, r = a - q * b;
  return q - (r != 0 && (r ^ b) < 0);
}
static inline int64_t floor_remainder(int64_t a, int64_t b, bool *bad) {
  if (b == 0) *bad = true;
  if (b == 0 || b == -1) return 0;
  const int64_t r = a - a / b * b;
  return r != 0 && (r ^ b) < 0 ? r + b : r;
}
#define DIVISION_DEFINE(NAME, ROWS, E) \
  TARN_BINARY_DEFINE_WITH(TARN_BINARY_LOOP, BY_ZERO, NAME, ROWS, E)

#define COMPARISONS(X)                \
  X(Less, ORDERED, a < b)             \
  X(LessEqual, ORDERED, a <= b)       \
  X(Greater, ORDERED, a > b)          \
  X(GreaterEqual, ORDERED, a >= b)    \
  X(Equal, ORDERED, a == b)           \
  X(Equal, TRUTH, a == b)             \
  X(NotEqual, ORDERED, a != b)        \
  X(NotEqual, TRUTH, a != b)
#define COMPARE_LOOP(NAME, E, DT, SUFFIX, S, A, GET, PUT) \
  TARN_SHORT_LOOP_OF(COMPARE_LOOP, SUFFIX)(NAME, E, SUFFIX, S, A, GET)
#define COMPARE_LOOP_PLAIN(NAME, E, SUFFIX, S, A, GET) \
  TARN_BINARY_LOOP_TO(NAME, E, SUFFIX, S, A, GET, uint8_t, (uint8_t))
#define COMPARE_LOOP_BLOCKS(NAME, E, SUFFIX, S, A, GET) \
  TARN_BINARY_LOOP_BLOCKS_TO(NAME, E, SUFFIX, S, GET, COMPARED)
#define COMPARED(E, SUFFIX)             \
  uint8_t *ys = (uint8_t *)to + at;     \
  TARN_EACH_LANE                        \
  for (int64_t i = 0; i < n; i++) {     \
    const float a = as[i], b = bs[i];   \
    ys[i] = (uint8_t)(E);               \
  }
#define COMPARE_DEFINE(NAME, ROWS, E) TARN_BINARY_DEFINE_WITH(COMPARE_LOOP, NULL, NAME, ROWS, E)

FLOATS(TARN_BINARY_DEFINE)
INTEGERS(TARN_BINARY_DEFINE)
DIVISIONS(DIVISION_DEFINE)
COMPARISONS(COMPARE_DEFINE)

/* Shapes that do not fit are the reference's to judge. */
static const char *shapes_fit(const tarn_problem *p) {
  tarn_shape ignored;
  return tarn__shape_broadcast(&p->in_shape[0], &p->in_shape[1], &ignored) == TARN_OK
             ? NULL
             : "the shapes do not fit";
}
#define KERNEL(NAME, ROWS, E) \
  {.op = #NAME, .dtypes = TARN_##ROWS##_BITS, .supports = shapes_fit, .run = run_##NAME##_##ROWS},
#define ROWS                 \
  FLOATS(TARN_BINARY_KERNEL) \
  INTEGERS(TARN_BINARY_KERNEL) DIVISIONS(TARN_BINARY_KERNEL) COMPARISONS(KERNEL)
