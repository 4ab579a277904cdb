/* The error function and its inverses of one number without branches, as lanes.h. The polynomials
 * are Chebyshev series of ours, summed in powers. */
#ifndef TARN_KERNELS_CPU_SIMD_LANES_ERROR_H
#define TARN_KERNELS_CPU_SIMD_LANES_ERROR_H

#include "kernels/cpu/simd/lanes.h"

#define LANE_TERMS(c) ((int)(sizeof(c) / sizeof *(c)))
static inline double lane_polynomial(const double *c, int terms, double x) {
  double y = c[terms - 1];
#pragma GCC unroll 32
  for (int i = terms - 2; i >= 0; i--) y = fma(y, x, c[i]);
  return y;
}

/* erf to the accuracy of a float: x times a series in x^2 / 8 - 1 on [-4, 4]; erf is 1 in float
 * beyond. */
static inline double lane_erf_of_float(double x) {
  static const double c[] = {
      3.53530995644114998e-01,  -1.76576233303980867e-01, 1.31675116723653618e-01,
      -1.07710442299996170e-01, 9.02090009164634721e-02,  -7.47278716552555178e-02,
      5.98867995441831544e-02,  -4.57650399735860872e-02, 3.30614691469805974e-02,
      -2.24740341824903565e-02, 1.43457370256611406e-02,  -8.60434436282500777e-03,
      4.86462751615975453e-03,  -2.58306091396178893e-03, 1.27232419626191733e-03,
      -6.04821823508543436e-04, 2.99180998130682454e-04,  -1.26527064235503991e-04,
      3.10743840355647092e-05,  -1.26206697468541331e-05, 1.32555242082359632e-05,
      -4.58922520779130633e-06};
  double v = x > 4 ? 4 : x;
  v = v < -4 ? -4 : v;
  return v * lane_polynomial(c, LANE_TERMS(c), fma(v * v, 0.125, -1));
}

/* erfc for x >= 0: exp(-x^2) / (1 + 2x) times a series in (x - k) / (x + k), k = 3.75 (M. Shepherd
 * and J. Laframboise, "Chebyshev approximation of (1 + 2x) exp(x^2) erfc x", 1981). */
static inline double lane_erfc_above(double x) {
  static const double c[] = {
      1.23751263083782748e+00,  -1.40240598585547022e-01, 3.58541548546368986e-03,
      8.22767384901510190e-02,  -1.08803930141707444e-01, 9.23043211601983077e-02,
      -5.86933985905477573e-02, 2.83622774215159419e-02,  -9.74657954761797701e-03,
      1.75562583241883723e-03,  2.93713594793955000e-04,  -2.90153979274756580e-04,
      5.16494078291435433e-05,  2.23839119855596777e-05,  -1.14450492895851389e-05,
      -9.72849466916643281e-07, 1.75344376597804021e-06,  -5.82629868477447056e-08,
      -2.61147509331901227e-07, 2.42899420774871787e-08,  4.09716892168827014e-08,
      -4.38940051790420433e-09, -6.54584800561929916e-09, 5.45759354511272336e-10,
      9.02318234909024338e-10,  -3.75387642548969766e-11, -7.34114087428524250e-11};
  const double v = x > 28 ? 28 : x, square = v * v, rest = fma(v, v, -square),
               e = lane_exp(-square);
  const double y = lane_polynomial(c, LANE_TERMS(c), (v - 3.75) / (v + 3.75)) / fma(2, v, 1);
  return (e - e * rest) * y;
}
/* erf for |x| < 1. */
static inline double lane_erf_near(double x) {
  static const double c[] = {
      1.12837916709551256e+00,  -3.76126389031837483e-01, 1.12837916709548819e-01,
      -2.68661706450773335e-02, 5.22397762482322298e-03,  -8.54832698112966555e-04,
      1.20553311222992658e-04,  -1.49255955195060431e-05, 1.64610044809620340e-06,
      -1.63503544619596547e-07, 1.46600519983948480e-08,  -1.13739022964309114e-09,
      5.95893074313494137e-11};
  return x * lane_polynomial(c, LANE_TERMS(c), x * x);
}
static inline double lane_erf(double x) {
  const double size = fabs(x), far = copysign(1 - lane_erfc_above(size), x);
  return size < 1 ? lane_erf_near(x) : far;
}
static inline double lane_erfc(double x) {
  const double above = lane_erfc_above(fabs(x)), near = 1 - lane_erf_near(x);
  return fabs(x) < 0.5 ? near : x < 0 ? 2 - above : above;
}

/* The normal quantile of 1/2 + q, where `tail` is the share beyond it on its side: M. Wichura,
 * "Algorithm AS 241: the percentage points of the normal distribution", 1988. far: tails below
 * 1e-11 come up. */
static inline double lane_quantile(double q, double tail, bool far) {
  static const double a[] = {3.3871328727963666080e0, 1.3314166789178437745e2,
                             1.9715909503065514427e3, 1.3731693765509461125e4,
                             4.5921953931549871457e4, 6.7265770927008700853e4,
                             3.3430575583588128105e4, 2.5090809287301226727e3};
  static const double b[] = {1.0,
                             4.2313330701600911252e1,
                             6.8718700749205790830e2,
                             5.3941960214247511077e3,
                             2.1213794301586595867e4,
                             3.9307895800092710610e4,
                             2.8729085735721942674e4,
                             5.2264952788528545610e3};
  static const double c[] = {1.42343711074968357734e0,  4.63033784615654529590e0,
                             5.76949722146069140550e0,  3.64784832476320460504e0,
                             1.27045825245236838258e0,  2.41780725177450611770e-1,
                             2.27238449892691845833e-2, 7.74545014278341407640e-4};
  static const double d[] = {1.0,
                             2.05319162663775882187e0,
                             1.67638483018380384940e0,
                             6.89767334985100004550e-1,
                             1.48103976427480074590e-1,
                             1.51986665636164571966e-2,
                             5.47593808499534494600e-4,
                             1.05075007164441684324e-9};
  static const double e[] = {6.65790464350110377720e0,  5.46378491116411436990e0,
                             1.78482653991729133580e0,  2.96560571828504891230e-1,
                             2.65321895265761230930e-2, 1.24266094738807843860e-3,
                             2.71155556874348757815e-5, 2.01033439929228813265e-7};
  static const double f[] = {1.0,
                             5.99832206555887937690e-1,
                             1.36929880922735805310e-1,
                             1.48753612908506148525e-2,
                             7.86869131145613259100e-4,
                             1.84631831751005468180e-5,
                             1.42151175831644588870e-7,
                             2.04426310338993978564e-15};
  const double s = 0.180625 - q * q, r = sqrt(-lane_log(tail)), r1 = r - 1.6, r2 = r - 5;
  const double middle = q * lane_polynomial(a, 8, s) / lane_polynomial(b, 8, s);
  const double side = lane_polynomial(c, 8, r1) / lane_polynomial(d, 8, r1);
  const double end = lane_polynomial(e, 8, r2) / lane_polynomial(f, 8, r2);
  const double out = tail == 0 ? (double)INFINITY : !far || r <= 5 ? side : end;
  return fabs(q) <= 0.425 ? middle : copysign(out, q);
}
static inline double lane_ndtri(double p) {
  const double y = lane_quantile(p - 0.5, p < 0.5 ? p : 1 - p, true);
  return p >= 0 && p <= 1 ? y : (double)NAN;
}
static inline double lane_erfinv(double x) {
  const double size = fabs(x),
               y = 0.70710678118654752440 * lane_quantile(0.5 * x, 0.5 - 0.5 * size, true);
  return size <= 1 ? y : (double)NAN;
}
/* Of a float: 1 - |x| is 0 or above 1e-8. */
static inline double lane_erfinv_of_float(double x) {
  const double size = fabs(x),
               y = 0.70710678118654752440 * lane_quantile(0.5 * x, 0.5 - 0.5 * size, false);
  return size <= 1 ? y : (double)NAN;
}

#endif
