/* Exponentials, logarithms and what is made of them. */
#include "kernels/cpu/unary/unary.h"

/* (2 sinh(x/2)) exp(x/2) keeps the digits that exp(x) - 1 loses near 0; C has no complex expm1 and
 * log1p. */
#define EXPM1(x) (2 * sinh(x / 2) * exp(x / 2))

/* log|1 + z| from |1 + z|^2 - 1 = re (2 + re) + im^2, which does not cancel for small z. */
static inline double _Complex log1p_complex(double _Complex z) {
  double re = creal(z), im = cimag(z);
  if (fabs(re) > 0.5 || fabs(im) > 0.5) return clog(1 + z);
  return CMPLX(0.5 * log1p(re * (2 + re) + im * im), atan2(im, 1 + re));
}

#define LIST(X)                                     \
  X(Exp, FIELD, exp(x))                             \
  X(Expm1, FLOAT, expm1(x))                         \
  X(Expm1, COMPLEX, EXPM1(x))                       \
  X(Log, FIELD, log(x))                             \
  X(Log1p, FLOAT, log1p(x))                         \
  X(Log1p, COMPLEX, log1p_complex(x))               \
  X(Sigmoid, FIELD, 1 / (1 + exp(-x)))

LIST(TARN_UNARY_DEFINE)

const tarn_kernel tarn_kernels_unary_exponential_reference[] = {LIST(TARN_UNARY_KERNEL) {0}};
