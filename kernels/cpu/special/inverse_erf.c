/* Inverses of erf and erfc: a closed-form start (S. Winitzki, "A handy approximation for the error
 * function and its inverse", 2008; good to 2e-3), then Halley's method on erf, or Newton's on ln
 * erfc. */
#include "kernels/cpu/special/special.h"

#include <math.h>

#define TWO_OVER_SQRT_PI 1.1283791670955126
#define SQRT_2 1.4142135623730951

#define FARTHEST 26.5
enum { STEPS = 12 }; /* three do, nearly everywhere */

/* From ln(1 - x^2). */
static double start(double log_rest) {
  const double a = 0.147, pi = 3.141592653589793;
  double t = 2 / (pi * a) + log_rest / 2;
  return sqrt(sqrt(t * t - log_rest / a) - t);
}

/* y with erfc(y) = q, for 0 < q <= 1: Newton's method on ln erfc, which is close to a parabola far
 * out, where erfc itself would need a better start. FARTHEST keeps the start where erfc does not
 * underflow. */
static double erfc_inverse(double q) {
  double y = fmin(start(log(q) + log1p(1 - q)), FARTHEST);
  for (int i = 0; i < STEPS; i++) {
    double value = erfc(y), slope = TWO_OVER_SQRT_PI * exp(-y * y);
    if (value == 0 || slope == 0) break;
    double ratio = (value - q) / q, off = fabs(ratio) < 0.5 ? log1p(ratio) : log(value) - log(q);
    double step = off * value / slope;
    y += step;
    if (fabs(step) < 1e-15 * fabs(y)) break;
  }
  return y;
}

/* y with erf(y) = x, for |x| <= 0.5, where erf has every digit. */
static double erf_inverse(double x) {
  if (x == 0) return x;
  double y = copysign(start(log1p(-x * x)), x);
  for (int i = 0; i < STEPS; i++) {
    double slope = TWO_OVER_SQRT_PI * exp(-y * y), off = erf(y) - x;
    double step = off / (slope + y * off);
    y -= step;
    if (fabs(step) < 1e-15 * fabs(y)) break;
  }
  return y;
}

double tarn__erfinv(double x) {
  if (isnan(x) || fabs(x) > 1) return (double)NAN;
  if (fabs(x) == 1) return copysign(HUGE_VAL, x);
  if (fabs(x) <= 0.5) return fabs(x) < 1e-150 ? x / TWO_OVER_SQRT_PI : erf_inverse(x);
  return copysign(erfc_inverse(1 - fabs(x)), x);
}

double tarn__ndtri(double p) {
  if (isnan(p) || p < 0 || p > 1) return (double)NAN;
  if (p == 0) return -HUGE_VAL;
  if (p == 1) return HUGE_VAL;
  if (p > 0.25 && p < 0.75) return SQRT_2 * erf_inverse(2 * (p - 0.5));
  return p < 0.5 ? -SQRT_2 * erfc_inverse(2 * p) : SQRT_2 * erfc_inverse(2 * (1 - p));
}
