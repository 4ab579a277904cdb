/* The gamma function's kin: its logarithm's derivatives, Hurwitz's zeta, incomplete gamma and
 * beta. */
#include "kernels/cpu/special/special.h"

#include <math.h>
#include <stdbool.h>

#define PI 3.141592653589793
#define TINY 1e-300       /* in place of a zero denominator in Lentz's method */
#define ENOUGH 1e-16      /* a term this small against the sum ends a series */
enum { MOST_TERMS = 20000 };

double tarn__lgamma(double x) {
  int sign;
  return lgamma_r(x, &sign); /* lgamma writes its sign to a global */
}

/* Reflection for x <= 0 (DLMF 5.5.4), recurrence up to 10 (5.5.2), then the asymptotic series
 * (5.11.2). */
double tarn__digamma(double x) {
  if (isnan(x)) return x;
  if (x == HUGE_VAL) return x;
  if (x <= 0) {
    if (x == floor(x)) return (double)NAN;
    return tarn__digamma(1 - x) - PI / tan(PI * (x - floor(x)));
  }
  double shift = 0;
  for (; x < 10; x += 1) shift += 1 / x;
  double z = 1 / (x * x);
  double series =
      z * (1.0 / 12 - z * (1.0 / 120 -
                           z * (1.0 / 252 -
                                z * (1.0 / 240 - z * (1.0 / 132 - z * (691.0 / 32760 - z / 12))))));
  return log(x) - 0.5 / x - series - shift;
}

/* Euler-Maclaurin (DLMF 25.11.5 with the remainder's Bernoulli terms). For q <= 0 only whole x make
 * sense. */
double tarn__zeta(double x, double q) {
  /* B_2k / (2k)! */
  static const double bernoulli[] = {1.0 / 12,          -1.0 / 720,
                                     1.0 / 30240,       -1.0 / 1209600,
                                     1.0 / 47900160,    -691.0 / 1307674368000,
                                     1.0 / 74724249600, -3617.0 / 10670622842880000};
  if (x == 1) return HUGE_VAL;
  if (isnan(x) || isnan(q)) return (double)NAN;
  if (x < 1) return (double)NAN;
  if (isinf(x)) return q < 1 ? HUGE_VAL : q > 1 ? 0 : 1;
  if (q <= 0) {
    if (q == floor(q)) return fmod(x, 2) == 0 ? HUGE_VAL : (double)NAN;
    if (x != floor(x) || q < -MOST_TERMS)
      return (double)NAN; /* a sum of so many terms is not tried */
  }
  if (q == HUGE_VAL) return 0;
  double sum = 0, a = q;
  for (int k = 0; k < 10 || a <= 10; k++, a += 1) {
    double term = pow(a, -x);
    sum += term;
    if (a > 0 && fabs(term) < ENOUGH * fabs(sum)) return sum;
  }
  /* What is left, from a on: a^(1-x) / (x-1) + a^-x / 2 + sum of B_2k/(2k)! x (x+1) ... (x+2k-2)
   * a^(-x-2k+1). */
  double power = pow(a, -x);
  sum += power * a / (x - 1) + power / 2;
  double factor = x;
  power /= a;
  for (int k = 0; k < (int)(sizeof bernoulli / sizeof *bernoulli); k++) {
    double term = bernoulli[k] * factor * power;
    sum += term;
    if (fabs(term) < ENOUGH * fabs(sum)) break;
    factor *= (x + 2 * k + 1) * (x + 2 * k + 2);
    power /= a * a;
  }
  return sum;
}

/* DLMF 25.11.12 */
double tarn__polygamma(double n, double x) {
  if (isnan(n) || n < 0 || n != floor(n)) return (double)NAN;
  if (n == 0) return tarn__digamma(x);
  double value = exp(tarn__lgamma(n + 1)) * tarn__zeta(n + 1, x);
  return fmod(n, 2) == 0 ? -value : value;
}

/* x^a exp(-x) / gamma(a). For large a the three terms would cancel; Stirling's series (DLMF 5.11.1)
 * takes them together: sqrt(a / 2 pi) exp(a (ln(1 + m) - m) - 1/12a + ...), with m = (x - a) /
 * a. */
static double gamma_weight(double a, double x) {
  if (a < 20) return exp(a * log(x) - x - tarn__lgamma(a));
  double m = (x - a) / a, z = 1 / (a * a);
  double rest = (1.0 / 12 - z * (1.0 / 360 - z * (1.0 / 1260 - z / 1680))) / a;
  return sqrt(a / (2 * PI)) * exp(a * (log1p(m) - m) - rest);
}

/* The lower function as a series (DLMF 8.11.4 divided by gamma(a)); good for x <= a + 1. */
static double lower_series(double a, double x) {
  double term = 1 / a, sum = term;
  for (int n = 1; n < MOST_TERMS && term > ENOUGH * sum; n++) {
    term *= x / (a + n);
    sum += term;
  }
  return sum * gamma_weight(a, x);
}

/* The upper function as a continued fraction (DLMF 8.9.2) by Lentz's method; good for x > a + 1. */
static double upper_fraction(double a, double x) {
  double b = x + 1 - a, c = 1 / TINY, d = 1 / b, f = d;
  for (int n = 1; n < MOST_TERMS; n++) {
    double numerator = -n * (n - a);
    b += 2;
    d = numerator * d + b;
    if (fabs(d) < TINY) d = TINY;
    c = b + numerator / c;
    if (fabs(c) < TINY) c = TINY;
    d = 1 / d;
    f *= c * d;
    if (fabs(c * d - 1) < ENOUGH) break;
  }
  return f * gamma_weight(a, x);
}

static bool outside(double a, double x) { return isnan(a) || isnan(x) || x < 0 || a <= 0; }

/* x = 0 comes before the domain of a, and an infinite a before an infinite x, as in TensorFlow. */
double tarn__igamma(double a, double x) {
  if (x == 0) return 0;
  if (outside(a, x)) return (double)NAN;
  if (isinf(a)) return 0;
  if (isinf(x)) return 1;
  return x <= a + 1 ? lower_series(a, x) : 1 - upper_fraction(a, x);
}

double tarn__igammac(double a, double x) {
  if (outside(a, x)) return (double)NAN;
  if (isinf(x)) return 0;
  if (x == 0 || isinf(a)) return 1;
  return x <= a + 1 ? 1 - lower_series(a, x) : upper_fraction(a, x);
}

/* The continued fraction of DLMF 8.17.22 by Lentz's method; converges fast for x < (a + 1) / (a + b
 * + 2). */
static double beta_fraction(double a, double b, double x) {
  double c = 1, d = 1 - (a + b) * x / (a + 1);
  if (fabs(d) < TINY) d = TINY;
  d = 1 / d;
  double f = d;
  for (int m = 1; m < MOST_TERMS; m++) {
    double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 + even * d;
    if (fabs(d) < TINY) d = TINY;
    c = 1 + even / c;
    if (fabs(c) < TINY) c = TINY;
    d = 1 / d;
    f *= c * d;
    double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 + odd * d;
    if (fabs(d) < TINY) d = TINY;
    c = 1 + odd / c;
    if (fabs(c) < TINY) c = TINY;
    d = 1 / d;
    f *= c * d;
    if (fabs(c * d - 1) < ENOUGH) break;
  }
  return f;
}

double tarn__betainc(double a, double b, double x) {
  if (isnan(a) || isnan(b) || isnan(x) || a <= 0 || b <= 0 || x < 0 || x > 1) return (double)NAN;
  if (x == 0 || x == 1) return x;
  double weight =
      exp(tarn__lgamma(a + b) - tarn__lgamma(a) - tarn__lgamma(b) + a * log(x) + b * log1p(-x));
  if (x < (a + 1) / (a + b + 2)) return weight * beta_fraction(a, b, x) / a;
  return 1 - weight * beta_fraction(b, a, 1 - x) / b; /* symmetry, DLMF 8.17.4 */
}
