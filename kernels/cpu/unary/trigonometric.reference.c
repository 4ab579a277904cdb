/* Trigonometric and hyperbolic functions and their inverses. */
#include "kernels/cpu/unary/unary.h"

#define LIST(X)             \
  X(Sin, FIELD, sin(x))     \
  X(Cos, FIELD, cos(x))     \
  X(Tan, FIELD, tan(x))     \
  X(Asin, FIELD, asin(x))   \
  X(Acos, FIELD, acos(x))   \
  X(Atan, FIELD, atan(x))   \
  X(Sinh, FIELD, sinh(x))   \
  X(Cosh, FIELD, cosh(x))   \
  X(Tanh, FIELD, tanh(x))   \
  X(Asinh, FIELD, asinh(x)) \
  X(Acosh, FIELD, acosh(x)) \
  X(Atanh, FIELD, atanh(x))

LIST(TARN_UNARY_DEFINE)

const tarn_kernel tarn_kernels_unary_trigonometric_reference[] = {LIST(TARN_UNARY_KERNEL) {0}};
