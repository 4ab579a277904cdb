/* Activations and clips of a vector, for gates. Include from avx2 and avx512 files only. */
#ifndef TARN_KERNELS_CPU_RECURRENT_GATES_H
#define TARN_KERNELS_CPU_RECURRENT_GATES_H

#include "kernels/cpu/simd/math.h"
#include "kernels/params/recurrent.h"

/* n / d to about one unit in the last place. A division of AVX-512 holds up a multiplier for 16
 * cycles, a tenth of what a cell's gates take; an estimate of 14 bits, improved once, is ten times
 * shorter. 0 where d is too large to be improved, NaN where it is NaN. */
static inline vf vf_quotient(vf n, vf d) {
#if VF == 16
  const vm small = _mm512_cmp_ps_mask(d, vf_set1(1e38f), _CMP_NGE_UQ);
  const vf r = _mm512_rcp14_ps(d), off = vf_fnma(d, r, vf_set1(1.0f));
  return vf_mul(n, _mm512_maskz_fmadd_ps(small, r, off, r));
#else
  return vf_div(n, d);
#endif
}

static inline vf vf_logistic(vf x) {
  return vf_quotient(vf_set1(1.0f), vf_add(vf_set1(1.0f), vf_exp(vf_neg(x))));
}

/* Any activation; called, as layers that need it are rare. NaN stays NaN: min and max give their
 * second operand then. */
static __attribute__((noinline)) vf vf_activation(tarn_recurrent_activation a, vf x) {
  const vf line = vf_fma(x, vf_set1(0.2f), vf_set1(0.5f));
  switch (a) {
    case TARN_RECURRENT_TANH: return vf_tanh(x);
    case TARN_RECURRENT_SIGMOID: return vf_logistic(x);
    case TARN_RECURRENT_HARD_SIGMOID: return vf_min(vf_set1(1.0f), vf_max(vf_zero(), line));
    case TARN_RECURRENT_RELU: return vf_max(vf_zero(), x);
    case TARN_RECURRENT_LINEAR: return x;
  }
  return x;
}

/* sr(x) and s(x). The same branch for all vectors of a layer, so it costs nothing. */
static inline vf vf_gate(tarn_recurrent_activation sr, vf x) {
  return sr == TARN_RECURRENT_SIGMOID ? vf_logistic(x) : vf_activation(sr, x);
}
static inline vf vf_candidate(tarn_recurrent_activation s, vf x) {
  return s == TARN_RECURRENT_TANH ? vf_tanh(x) : vf_activation(s, x);
}

/* sr(x) s(y): of the usual sigmoid and tanh with one division instead of two,
 *   sigmoid(x) tanh(|y|) = e / ((1 + exp(-x)) (e + 2)), e = exp(2 |y|) - 1.
 * What underflows where the first factor is below 1e-30 becomes 0. */
static inline vf vf_gated(tarn_recurrent_activation sr, vf x, tarn_recurrent_activation s, vf y) {
  if (sr != TARN_RECURRENT_SIGMOID || s != TARN_RECURRENT_TANH)
    return vf_mul(vf_activation(sr, x), vf_activation(s, y));
  const vf size = vf_abs(y), below = vf_add(vf_set1(1.0f), vf_exp(vf_neg(x)));
  const vf e = vf_expm1(vf_min(vf_set1(20.0f), vf_add(size, size)));
  const vf z = vf_quotient(e, vf_mul(below, vf_add(e, vf_set1(2.0f))));
  return vi_float_bits(vi_or(vf_bits(z), vi_and(vf_bits(y), vi_set1(INT32_MIN))));
}

static inline vf vf_clip(vf x, float bound) {
  if (!(bound > 0)) return x;
  return vf_min(vf_set1(bound), vf_max(vf_set1(-bound), x));
}

#endif
