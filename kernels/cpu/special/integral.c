/* Integrals without a closed form: Dawson's, the exponential one, Fresnel's, Spence's. */
#include "kernels/cpu/special/special.h"

#include <complex.h>
#include <math.h>

#define PI 3.14159265358979323846

/* Rybicki's sum (1989): F(x) = 1/sqrt(pi) times the sum over odd n of exp(-(x - n h)^2) / n, exact
 * to exp(-(pi / 2h)^2); the power series (DLMF 7.6.3) near 0, the asymptotic one (DLMF 7.12.1
 * turned) far away. */
double tarn__dawson(double x) {
  const double z = x * x, h = 0.2;
  if (isnan(x)) return x;
  if (fabs(x) < 0.2) {
    double sum = 0, term = x;
    for (int k = 1; fabs(term) > fabs(sum) * 1e-18 && term != 0; k++) {
      sum += term;
      term *= -2 * z / (2 * k + 1);
    }
    return sum;
  }
  if (fabs(x) > 50) return 0.5 / x * (1 + 0.5 / z * (1 + 1.5 / z * (1 + 2.5 / z * (1 + 3.5 / z))));
  const int middle = 2 * (int)floor(fabs(x) / h / 2) + 1;   /* odd */
  double sum = 0;
  for (int n = middle - 66; n <= middle + 66; n += 2)
    sum += exp(-(fabs(x) - n * h) * (fabs(x) - n * h)) / n;
  return copysign(sum / sqrt(PI), x);
}

/* Ei(x): its series (DLMF 6.6.2), whose terms are positive, and from 40 on the asymptotic one
 * (DLMF 6.12.2). */
double tarn__expint(double x) {
  if (isnan(x) || x < 0 || isinf(x)) return (double)NAN;
  if (x == 0) return -HUGE_VAL;
  double sum = 0, term = 1;
  if (x < 40) {
    for (int k = 1; term > sum * 1e-18; k++) {
      term *= x / k;
      sum += term / k;
    }
    return 0.57721566490153286061 + log(x) + sum;
  }
  for (int k = 1; k < 60 && term > 1e-17; k++) {
    sum += term;
    term *= k / x;
  }
  return exp(x) / x * sum;
}

/* C(x) + i S(x), x >= 0: the power series (DLMF 7.6.4, 7.6.6) to 1.5, then erfc's continued
 * fraction (DLMF 7.9.1, 7.5.8 turned) by Lentz's method. */
static double _Complex fresnel(double x) {
  if (x > 1e8) return CMPLX(0.5, 0.5);
  const double z = PI / 2 * x * x;
  if (x < 1.5) {
    double real = 0, imaginary = 0, term = x;
    for (int n = 0; term > 1e-18 * x; n++) {   /* x z^n / n! */
      *(n % 2 ? &imaginary : &real) += (n % 4 < 2 ? term : -term) / (2 * n + 1);
      term *= z / (n + 1);
    }
    return CMPLX(real, imaginary);
  }
  double _Complex b = CMPLX(1, -PI * x * x), c = 1e300, d = 1 / b, f = d;
  for (int n = 1; n < 2000; n += 2) {
    const double a = -(double)n * (n + 1);
    b += 4;
    d = 1 / (a * d + b);
    c = b + a / c;
    const double _Complex delta = c * d;
    f *= delta;
    if (fabs(creal(delta) - 1) + fabs(cimag(delta)) < 1e-16) break;
  }
  /* the angle pi x^2 / 2 modulo 2 pi, from the square of x with its rounding error */
  const double square = x * x, error = fma(x, x, -square), turn = fmod(square, 4) + error;
  f *= CMPLX(x, -x);
  return CMPLX(0.5, 0.5) * (1 - CMPLX(cos(PI / 2 * turn), sin(PI / 2 * turn)) * f);
}
double tarn__fresnel_cos(double x) { return isnan(x) ? x : copysign(creal(fresnel(fabs(x))), x); }
double tarn__fresnel_sin(double x) {
  if (isnan(x)) return x;
  if (fabs(x) < 1e-6) return PI / 6 * x * x * x;   /* the series stops before its first term */
  return copysign(cimag(fresnel(fabs(x))), x);
}

/* Li2(1 - x) (DLMF 25.12.1), by reflection (25.12.6) below 1/2 and inversion (25.12.4) above
 * 3/2. */
double tarn__spence(double x) {
  if (isnan(x) || x < 0 || isinf(x)) return (double)NAN;
  if (x == 0) return PI * PI / 6;
  if (x > 1.5) return -0.5 * log(x) * log(x) - tarn__spence(1 / x);
  const double z = x < 0.5 ? x : 1 - x;
  double sum = 0, power = z;
  for (int k = 1; fabs(power) > 1e-18 * fabs(sum) && power != 0; k++) {
    sum += power / ((double)k * k);
    power *= z;
  }
  return x < 0.5 ? PI * PI / 6 - log(x) * log1p(-x) - sum : sum;
}
