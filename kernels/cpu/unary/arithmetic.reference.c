/* Signs, powers, roots and reciprocals. Integers wrap round. */
#include "kernels/cpu/unary/unary.h"

/* -1, 0 or 1; NaN stays. A complex number becomes one of magnitude 1, or 0. */
#define SIGN(x) (x > 0 ? 1 : x < 0 ? -1 : x == 0 ? 0 : x)
#define UNIT(x) (x == 0 ? 0 : x / fabs(x))

#define LIST(X)                                          \
  X(Abs, FLOAT, fabs(x))                                 \
  X(Abs, WRAP, x >> 63 ? 0 - x : x)                      \
  X(Neg, FIELD, -x)                                      \
  X(Neg, WRAP, 0 - x)                                    \
  X(Sign, FLOAT, SIGN(x))                                \
  X(Sign, SIGNED, (x > 0) - (x < 0))                        \
  X(Sign, COMPLEX, UNIT(x))                              \
  X(Square, RING, x * x)                                 \
  X(Sqrt, FIELD, sqrt(x))                                \
  X(Rsqrt, FIELD, 1 / sqrt(x))                           \
  X(Reciprocal, FIELD, 1 / x)                            \
  X(Inv, FIELD, 1 / x)

LIST(TARN_UNARY_DEFINE)

const tarn_kernel tarn_kernels_unary_arithmetic_reference[] = {LIST(TARN_UNARY_KERNEL) {0}};
