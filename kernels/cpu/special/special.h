/* Special functions of doubles. All take any argument: outside of a function's domain the result is
 * NaN, at poles and limits what TensorFlow gives. Thread-safe. DLMF: NIST Digital Library of
 * Mathematical Functions. */
#ifndef TARN_KERNELS_CPU_SPECIAL_SPECIAL_H
#define TARN_KERNELS_CPU_SPECIAL_SPECIAL_H

/* y with erf(y) = x; infinite at -1 and 1. */
double tarn__erfinv(double x);
/* The quantile of the normal distribution: x with P(X <= x) = p. */
double tarn__ndtri(double p);
/* ln|gamma(x)|. */
double tarn__lgamma(double x);
/* d/dx ln gamma(x). */
double tarn__digamma(double x);
/* The n-th derivative of digamma; n must be a whole number >= 0. */
double tarn__polygamma(double n, double x);
/* Modified Bessel functions of the first kind, orders 0 and 1, times exp(-|x|). */
double tarn__bessel_i0e(double x);
double tarn__bessel_i1e(double x);
/* Those of the second kind, times exp(x); infinite for x <= 0. */
double tarn__bessel_k0e(double x);
double tarn__bessel_k1e(double x);
/* exp(-x^2) times the integral of exp(t^2) from 0 to x. */
double tarn__dawson(double x);
/* Ei(x), the principal value of the integral of exp(t)/t up to x; NaN for x < 0. */
double tarn__expint(double x);
/* The integrals of cos(pi t^2 / 2) and sin(pi t^2 / 2) from 0 to x. */
double tarn__fresnel_cos(double x);
double tarn__fresnel_sin(double x);
/* The integral of -ln(t) / (t - 1) from 1 to x. */
double tarn__spence(double x);
/* Hurwitz's zeta: the sum of (q + k)^-x over k >= 0. */
double tarn__zeta(double x, double q);
/* Regularised incomplete gamma functions, lower and upper. */
double tarn__igamma(double a, double x);
double tarn__igammac(double a, double x);
/* The derivative of tarn__igamma by a; and minus it over the derivative by x. */
double tarn__igamma_grad_a(double a, double x);
double tarn__gamma_sample_grad(double a, double x);
/* Regularised incomplete beta function. */
double tarn__betainc(double a, double b, double x);

#endif
