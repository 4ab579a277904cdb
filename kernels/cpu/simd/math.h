/* exp, log, tanh and kin on vectors of floats. NaN in, NaN out; signs of zero and infinities as C's
 * functions have them.
 *
 * Largest errors, measured against double over all floats of the range: see README.md. The
 * polynomials are those of Cephes (S. Moshier, expf.c and logf.c). */
#ifndef TARN_KERNELS_CPU_SIMD_MATH_H
#define TARN_KERNELS_CPU_SIMD_MATH_H

#include "kernels/cpu/simd/vec.h"

#include <math.h>

#define LN2_HIGH 0.693359375f        /* nine bits: n * LN2_HIGH is exact for the n that occur */
#define LN2_LOW -2.12194440e-4f

/* exp(r) - 1 for |r| <= ln2 / 2. */
static inline vf vf_expm1_small(vf r) {
  vf p = vf_set1(1.9875691500e-4f);
  p = vf_fma(p, r, vf_set1(1.3981999507e-3f));
  p = vf_fma(p, r, vf_set1(8.3334519073e-3f));
  p = vf_fma(p, r, vf_set1(4.1665795894e-2f));
  p = vf_fma(p, r, vf_set1(1.6666665459e-1f));
  p = vf_fma(p, r, vf_set1(5.0000001201e-1f));
  return vf_fma(vf_mul(p, r), r, r);
}

/* x = n ln2 + r. */
static inline vf vf_exp_split(vf x, vf *n) {
  *n = vf_round(vf_mul(x, vf_set1(1.44269504088896341f)));
  vf r = vf_fnma(*n, vf_set1(LN2_HIGH), x);
  return vf_fnma(*n, vf_set1(LN2_LOW), r);
}

static inline vf vf_exp(vf x) {
  /* Beyond these the result is 0 or infinity whatever x; a NaN passes as the second operand. */
  x = vf_min(vf_set1(89.0f), vf_max(vf_set1(-104.0f), x));
  vf n, r = vf_exp_split(x, &n);
  return vf_scale(vf_add(vf_expm1_small(r), vf_set1(1.0f)), n);
}

/* exp(x) - 1 without cancellation near 0. */
static inline vf vf_expm1(vf x) {
  x = vf_min(vf_set1(89.0f), vf_max(vf_set1(-30.0f), x));
  vf n, r = vf_exp_split(x, &n);
  vf p = vf_expm1_small(r);
  /* 2^n p + (2^n - 1); at n = 128 in halves, as 2^128 is no float. */
  vf half = vf_scale(vf_set1(0.5f), n);
  vf y = vf_fma(half, p, vf_sub(half, vf_set1(0.5f)));
  return vf_pick(vf_eq(n, vf_zero()), p, vf_add(y, y));
}

static inline vf vf_sigmoid(vf x) {
  return vf_div(vf_set1(1.0f), vf_add(vf_set1(1.0f), vf_exp(vf_neg(x))));
}

/* With e = exp(2|x|) - 1: e / (e + 2). */
static inline vf vf_tanh(vf x) {
  vf size = vf_abs(x);
  vf e = vf_expm1(vf_min(vf_set1(20.0f), vf_add(size, size)));
  vf y = vf_div(e, vf_add(e, vf_set1(2.0f)));
  vi sign = vi_and(vf_bits(x), vi_set1(INT32_MIN));
  return vi_float_bits(vi_or(vf_bits(y), sign));
}

/* Denormals count as 0 (-infinity), as they do everywhere in a run. */
static inline vf vf_log(vf x) {
  vi bits = vf_bits(x);
  /* m in [sqrt(1/2), sqrt(2)), x = m 2^e */
  vi shifted = vi_sub(bits, vi_set1(0x3f3504f3));
  vf e = vi_to_float(vi_sar(shifted, 23));
  vf m = vi_float_bits(vi_sub(bits, vi_shl(vi_sar(shifted, 23), 23)));
  vf f = vf_sub(m, vf_set1(1.0f)), z = vf_mul(f, f);
  vf p = vf_set1(7.0376836292e-2f);
  p = vf_fma(p, f, vf_set1(-1.1514610310e-1f));
  p = vf_fma(p, f, vf_set1(1.1676998740e-1f));
  p = vf_fma(p, f, vf_set1(-1.2420140846e-1f));
  p = vf_fma(p, f, vf_set1(1.4249322787e-1f));
  p = vf_fma(p, f, vf_set1(-1.6668057665e-1f));
  p = vf_fma(p, f, vf_set1(2.0000714765e-1f));
  p = vf_fma(p, f, vf_set1(-2.4999993993e-1f));
  p = vf_fma(p, f, vf_set1(3.3333331174e-1f));
  vf y = vf_mul(vf_mul(p, f), z);
  y = vf_fma(e, vf_set1(LN2_LOW), y);
  y = vf_fnma(z, vf_set1(0.5f), y);
  y = vf_fma(e, vf_set1(LN2_HIGH), vf_add(f, y));
  y = vf_pick(vf_lt(x, vf_set1(1.17549435e-38f)), vf_set1(-INFINITY), y);
  y = vf_pick(vf_lt(x, vf_zero()), vf_set1(NAN), y);
  y = vf_pick(vf_eq(x, vf_set1(INFINITY)), x, y);
  return vf_pick(vf_nan(x), x, y);
}

/* log(1 + x) for x >= 0 (softplus): the rounding of 1 + x is put right by the quotient. */
static inline vf vf_log1p_positive(vf x) {
  vf u = vf_add(x, vf_set1(1.0f)), d = vf_sub(u, vf_set1(1.0f));
  vf y = vf_mul(vf_log(u), vf_div(x, d));
  y = vf_pick(vf_eq(d, vf_zero()), x, y);
  return vf_pick(vf_eq(x, vf_set1(INFINITY)), x, y);
}

#undef LN2_HIGH
#undef LN2_LOW

#endif
