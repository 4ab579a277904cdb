/* Functions of one and of two elements: TensorFlow's name, dtypes (each/element.cuh) and
 * expression, once.
 *
 * X(NAME, ROWS, E). `x`, or `a` and `b`, have the type that the rows compute with; `alpha` is
 * LeakyRelu's slope. Results are rounded once when they are stored. 16-bit floats compute in float.
 * NaN, signed zeros and halves are TensorFlow's: see kernels/cpu/unary, binary and activation,
 * whose reference kernels are the oracle. */
#ifndef TARN_KERNELS_CUDA_ELEMENTWISE_FUNCTIONS_H
#define TARN_KERNELS_CUDA_ELEMENTWISE_FUNCTIONS_H

/* Klambauer et al., "Self-Normalizing Neural Networks", 2017: scale, and scale times alpha. */
#define SELU_SCALE 1.0507009873554804934
#define SELU_SCALE_ALPHA 1.7580993408473768599

#define UNARY_ARITHMETIC_BUT_LEAKY(X)                                    \
  X(Abs, FLOAT, fabs(x))                                                 \
  X(Abs, SIGNED, x < 0 ? 0 - (uint64_t)x : (uint64_t)x)                  \
  X(Neg, FLOAT, -x)                                                      \
  X(Neg, WRAP, 0 - x)                                                    \
  X(Sign, FLOAT, x > 0 ? 1 : x < 0 ? -1 : x == 0 ? 0 : x)                \
  X(Sign, SIGNED, (x > 0) - (x < 0))                                     \
  X(Square, FLOAT, x * x)                                                \
  X(Square, WRAP, x * x)                                                 \
  X(Sqrt, FLOAT, sqrt(x))                                                \
  X(Rsqrt, FLOAT, 1 / sqrt(x))                                           \
  X(Reciprocal, FLOAT, 1 / x)                                            \
  X(Floor, FLOAT, floor(x))                                              \
  X(Ceil, FLOAT, ceil(x))                                                \
  X(Rint, FLOAT, rint(x))                                                \
  X(Invert, WRAP, ~x)                                                    \
  X(LogicalNot, BOOL, !x)                                                \
  X(Relu, ORDERED, x > 0 || x != x ? x : 0)                              \
  X(Relu6, ORDERED, x > 6 ? 6 : x > 0 || x != x ? x : 0)
#define UNARY_ARITHMETIC(X) UNARY_ARITHMETIC_BUT_LEAKY(X) X(LeakyRelu, FLOAT, x > 0 ? x : alpha * x)

#define UNARY_TESTS(X)              \
  X(IsNan, FLOAT, x != x)           \
  X(IsInf, FLOAT, fabs(x) == (float)INFINITY) \
  X(IsFinite, FLOAT, fabs(x) < (float)INFINITY)

#define UNARY_EXPONENTIAL(X)                                                   \
  X(Exp, FLOAT, exp(x))                                                        \
  X(Expm1, FLOAT, expm1(x))                                                    \
  X(Log, FLOAT, log(x))                                                        \
  X(Log1p, FLOAT, log1p(x))                                                    \
  X(Sigmoid, FLOAT, 1 / (1 + exp(-x)))                                         \
  X(Tanh, FLOAT, tanh(x))                                                      \
  X(Erf, FLOAT, erf(x))                                                        \
  X(Erfc, FLOAT, erfc(x))                                                      \
  X(Lgamma, FLOAT, lgamma(x))                                                  \
  X(Elu, FLOAT, x < 0 ? expm1(x) : x)                                          \
  X(Selu, FLOAT, x < 0 ? NUMBER(SELU_SCALE_ALPHA) * expm1(x) : NUMBER(SELU_SCALE) * x) \
  X(Softplus, FLOAT, x > 0 ? x + log1p(exp(-x)) : log1p(exp(x)))               \
  X(Softsign, FLOAT, x / (1 + fabs(x)))

#define UNARY_TRIGONOMETRIC(X)                                                       \
  X(Sin, FLOAT, sin(x)) X(Cos, FLOAT, cos(x)) X(Tan, FLOAT, tan(x))                  \
  X(Asin, FLOAT, asin(x)) X(Acos, FLOAT, acos(x)) X(Atan, FLOAT, atan(x))            \
  X(Sinh, FLOAT, sinh(x)) X(Cosh, FLOAT, cosh(x))                                    \
  X(Asinh, FLOAT, asinh(x)) X(Acosh, FLOAT, acosh(x)) X(Atanh, FLOAT, atanh(x))

#define BINARY_ARITHMETIC(X)                                                         \
  X(Add, FLOAT, a + b) X(Add, WRAP, a + b)                                           \
  X(Sub, FLOAT, a - b) X(Sub, WRAP, a - b)                                           \
  X(Mul, FLOAT, a * b) X(Mul, WRAP, a * b)                                           \
  X(MulNoNan, FLOAT, b == 0 ? 0 : a * b)                                             \
  X(SquaredDifference, WIDE_FLOAT, (a - b) * (a - b))                                \
  X(SquaredDifference, F16, rounded_f16(a - b) * rounded_f16(a - b))                 \
  X(SquaredDifference, BF16, rounded_bf16(a - b) * rounded_bf16(a - b))              \
  X(SquaredDifference, WRAP, (a - b) * (a - b))                                      \
  X(Maximum, FLOAT, a != a || a > b ? a : b) X(Maximum, INT, a > b ? a : b)          \
  X(Minimum, FLOAT, a != a || a < b ? a : b) X(Minimum, INT, a < b ? a : b)          \
  X(BitwiseAnd, WRAP, a & b) X(BitwiseOr, WRAP, a | b) X(BitwiseXor, WRAP, a ^ b)    \
  X(LeftShift, INT, (uint64_t)a << shift_by((int64_t)b, sizeof a))                   \
  X(RightShift, INT, (int64_t)a >> shift_by((int64_t)b, sizeof a))                   \
  X(LogicalAnd, BOOL, a && b) X(LogicalOr, BOOL, a || b)

/* Integers are not here: their division by zero is an error, which a device cannot tell. */
#define BINARY_DIVISION(X)                                                           \
  X(RealDiv, FLOAT, a / b)                                                           \
  X(DivNoNan, FLOAT, b == 0 ? 0 : a / b) X(Xdivy, FLOAT, a == 0 ? 0 : a / b)         \
  X(FloorDiv, WIDE_FLOAT, floor(a / b))                                              \
  X(FloorDiv, F16, floor(rounded_f16(a / b))) X(FloorDiv, BF16, floor(rounded_bf16(a / b))) \
  X(TruncateDiv, WIDE_FLOAT, trunc(a / b))                                           \
  X(TruncateDiv, F16, trunc(rounded_f16(a / b))) X(TruncateDiv, BF16, trunc(rounded_bf16(a / b))) \
  X(Mod, FLOAT, fmod(a, b))                                                          \
  X(FloorMod, FLOAT, floor_mod(a, b))                                                \
  X(Pow, FLOAT, pow(a, b))                                                           \
  X(Xlogy, FLOAT, a == 0 ? 0 : a * log(b)) X(Xlog1py, FLOAT, a == 0 ? 0 : a * log1p(b)) \
  X(Atan2, FLOAT, atan2(a, b)) X(NextAfter, WIDE_FLOAT, nextafter(a, b))

#define BINARY_COMPARISON(X) X(Equal, PLAIN, a == b) X(NotEqual, PLAIN, a != b) BINARY_ORDER(X)
#define BINARY_ORDER(X)                                                              \
  X(Less, ORDERED, a < b) X(LessEqual, ORDERED, a <= b)                              \
  X(Greater, ORDERED, a > b) X(GreaterEqual, ORDERED, a >= b)

/* Of a function's result y = a and dy = b; those of activations: of dy = a and what b is of x or
 * y. */
#define BINARY_GRADIENT_BUT_LEAKY(X)                                                           \
  X(SqrtGrad, FLOAT, b == 0 ? 0 : b * NUMBER(0.5) / a)                               \
  X(RsqrtGrad, FLOAT, b == 0 ? 0 : NUMBER(-0.5) * b * a * a * a)                     \
  X(ReciprocalGrad, FLOAT, b == 0 ? 0 : -b * a * a)                                  \
  X(TanhGrad, FLOAT, b * (1 - a * a)) X(SigmoidGrad, FLOAT, b * a * (1 - a))         \
  X(ReluGrad, FLOAT, a * NUMBER(b > 0)) X(ReluGrad, INT, b > 0 ? a : 0)              \
  X(Relu6Grad, FLOAT, a * NUMBER(b > 0 && b < 6))                                    \
  X(Relu6Grad, INT, b > 0 && b < 6 ? a : 0)                                          \
  X(EluGrad, FLOAT, b < 0 ? (b + 1) * a : a)                                         \
  X(SeluGrad, FLOAT, b < 0 ? (b + NUMBER(SELU_SCALE_ALPHA)) * a : NUMBER(SELU_SCALE) * a) \
  X(SoftplusGrad, FLOAT, a / (exp(-b) + 1))                                          \
  X(SoftsignGrad, FLOAT, a / ((1 + fabs(b)) * (1 + fabs(b))))
#define BINARY_GRADIENT(X) \
  BINARY_GRADIENT_BUT_LEAKY(X) X(LeakyReluGrad, FLOAT, b > 0 ? a : alpha * a)

/* Ops that are the same function: X(op, function, ROWS). */
#define UNARY_ALIASES(X) X(Inv, Reciprocal, FLOAT) X(Round, Rint, FLOAT)
/* The functions' numbers, by name and set: UNARY_Abs_FLOAT, BINARY_Add_WRAP. */
#define NUMBERED(NAME, ROWS, E) UNARY_##NAME##_##ROWS,
enum {
  UNARY_ARITHMETIC(NUMBERED) UNARY_TESTS(NUMBERED) UNARY_EXPONENTIAL(NUMBERED)
      UNARY_TRIGONOMETRIC(NUMBERED) UNARY_FUNCTIONS
};
#undef NUMBERED
#define NUMBERED(NAME, ROWS, E) BINARY_##NAME##_##ROWS,
enum {
  BINARY_ARITHMETIC(NUMBERED) BINARY_DIVISION(NUMBERED) BINARY_COMPARISON(NUMBERED)
      BINARY_GRADIENT(NUMBERED) BINARY_FUNCTIONS
};
#undef NUMBERED

#endif
