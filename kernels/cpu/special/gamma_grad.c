/* The derivative of the incomplete gamma function P(a, x) by a: its series (DLMF 8.11.4) and, above
 * a + 1, its continued fraction (DLMF 8.9.2), carried on together with their derivatives. */
#include "kernels/cpu/special/special.h"

#include <math.h>
#include <stdbool.h>

enum { MOST_TERMS = 20000 };

/* A number and its derivative by a. */
typedef struct dual { double v, d; } dual;

/* P = x^a exp(-x) / gamma(a + 1) times this, whose first term is 1. */
static dual series(double a, double x) {
  dual sum = {1, 0}, term = {1, 0};
  for (int n = 1; n < MOST_TERMS; n++) {
    const double factor = x / (a + n);
    term.d = (term.d - term.v / (a + n)) * factor;
    term.v *= factor;
    sum.v += term.v;
    sum.d += term.d;
    if (term.v < 1e-17 * sum.v && fabs(term.d) <= 1e-17 * fabs(sum.d)) break;
  }
  return sum;
}

/* 1 - P = x^a exp(-x) / gamma(a) times this: by Lentz's method. */
static dual fraction(double a, double x) {
  dual b = {x + 1 - a, -1}, c = {1e300, 0}, d, f;
  d.v = 1 / b.v;
  d.d = -b.d * d.v * d.v;
  f = d;
  for (int n = 1; n < MOST_TERMS; n++) {
    const double top = -n * (n - a);   /* its derivative is n */
    b.v += 2;
    const dual below = {top * d.v + b.v, n * d.v + top * d.d + b.d};
    const dual next = {b.v + top / c.v, b.d + n / c.v - top * c.d / (c.v * c.v)};
    c = next;
    d.v = 1 / below.v;
    d.d = -below.d * d.v * d.v;
    const dual step = {c.v * d.v, c.d * d.v + c.v * d.d};
    f.d = f.d * step.v + f.v * step.d;
    f.v *= step.v;
    if (fabs(step.v - 1) < 1e-16 && fabs(f.v * step.d) < 1e-15 * fabs(f.d)) break;
  }
  return f;
}

static bool outside(double a, double x) { return isnan(a) || isnan(x) || x < 0 || a <= 0; }

double tarn__igamma_grad_a(double a, double x) {
  if (x == 0) return 0;
  if (outside(a, x)) return (double)NAN;
  if (isinf(a)) return 0;
  if (isinf(x)) return -0.0;
  const bool low = x <= a + 1;
  const dual s = low ? series(a, x) : fraction(a, x);
  const double by_a = log(x) - tarn__digamma(low ? a + 1 : a);
  const double weight = exp(a * log(x) - x - tarn__lgamma(low ? a + 1 : a));
  const double slope = weight * (s.v * by_a + s.d);
  return low ? slope : -slope;
}

/* - dP/da over dP/dx: how a sample moves with alpha when its probability stays. dP/dx = x^(a-1)
 * exp(-x) / gamma(a). */
double tarn__gamma_sample_grad(double a, double x) {
  if (x == 0) return 0;
  if (outside(a, x)) return (double)NAN;
  if (isinf(a)) return 0;
  if (isinf(x)) return -0.0;
  const bool low = x <= a + 1;
  const dual s = low ? series(a, x) : fraction(a, x);
  const double slope = s.v * (log(x) - tarn__digamma(low ? a + 1 : a)) + s.d;
  return low ? -x / a * slope : x * slope;
}
