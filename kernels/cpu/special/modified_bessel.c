/* Modified Bessel functions of the second kind: K_n(x) exp(x) is the integral over t > 0 of exp(-x
 * (cosh t - 1)) cosh n t (DLMF 10.32.9), by the trapezoidal rule, which converges exponentially for
 * it: the step is chosen against the width of the peak at 0, so that what is left is below
 * 1e-16. */
#include "kernels/cpu/special/special.h"

#include <math.h>

static double scaled(int order, double x) {
  if (isnan(x)) return x;
  if (x <= 0) return HUGE_VAL;
  if (isinf(x)) return 0;
  const double step = fmin(0.2, 0.6 / sqrt(x));
  double sum = 0.5;
  for (int k = 1;; k++) {
    const double t = k * step, half = sinh(t / 2),
                 growth = order ? t + log1p(exp(-2 * t)) - log(2) : 0;
    const double term = exp(growth - 2 * x * half * half);
    sum += term;
    if (term < sum * 1e-18) return sum * step;
  }
}

double tarn__bessel_k0e(double x) { return scaled(0, x); }
double tarn__bessel_k1e(double x) { return x > 0 && x < 1e-150 ? 1 / x : scaled(1, x); }
