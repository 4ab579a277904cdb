/* Bessel functions, made in double. Exponentials that unscaled ones need are of the element's type,
 * as TensorFlow's: they overflow and vanish where those do. */
#include "kernels/cpu/special/special.h"
#include "kernels/cpu/unary/unary.h"

/* Of the second kind: TensorFlow has minus infinity up to 0. */
static double second(double (*y)(double), double x) {
  if (x <= 0) return -HUGE_VAL;
  return isinf(x) ? (double)NAN : y(x);
}

#define LIST(X)                                                                          \
  X(BesselI0e, FLOAT, tarn__bessel_i0e((double)x))                                       \
  X(BesselI1e, FLOAT, tarn__bessel_i1e((double)x))                                       \
  X(BesselI0, FLOAT, (double)exp(fabs(x)) * tarn__bessel_i0e((double)x))                 \
  X(BesselI1, FLOAT, (double)exp(fabs(x)) * tarn__bessel_i1e((double)x))                 \
  X(BesselK0e, FLOAT, tarn__bessel_k0e((double)x))                                       \
  X(BesselK1e, FLOAT, tarn__bessel_k1e((double)x))                                       \
  X(BesselK0, FLOAT,                                                                     \
    x > 0 ? (double)exp(-x) * tarn__bessel_k0e((double)x) : tarn__bessel_k0e((double)x)) \
  X(BesselK1, FLOAT,                                                                     \
    x > 0 ? (double)exp(-x) * tarn__bessel_k1e((double)x) : tarn__bessel_k1e((double)x)) \
  X(BesselJ0, FLOAT, isinf(x) ? (double)NAN : j0((double)x))                             \
  X(BesselJ1, FLOAT, isinf(x) ? (double)NAN : j1((double)x))                             \
  X(BesselY0, FLOAT, second(y0, (double)x))                                              \
  X(BesselY1, FLOAT, second(y1, (double)x))

LIST(TARN_UNARY_DEFINE)

const tarn_kernel tarn_kernels_unary_bessel_reference[] = {LIST(TARN_UNARY_KERNEL) {0}};
