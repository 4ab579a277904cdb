/* Activations and clips of a vector, for gates. Include from avx2 and avx512 files only. */
#ifndef TARN_KERNELS_CPU_RECURRENT_GATES_H
#define TARN_KERNELS_CPU_RECURRENT_GATES_H

#include "kernels/cpu/simd/math.h"
#include "kernels/params/recurrent.h"

/* The same branch for all vectors of a layer, so it costs nothing. NaN stays NaN: min and max give
 * their second operand then. */
static inline vf vf_gate(tarn_recurrent_activation a, vf x) {
  const vf line = vf_fma(x, vf_set1(0.2f), vf_set1(0.5f));
  switch (a) {
    case TARN_RECURRENT_TANH: return vf_tanh(x);
    case TARN_RECURRENT_SIGMOID: return vf_sigmoid(x);
    case TARN_RECURRENT_HARD_SIGMOID: return vf_min(vf_set1(1.0f), vf_max(vf_zero(), line));
    case TARN_RECURRENT_RELU: return vf_max(vf_zero(), x);
    case TARN_RECURRENT_LINEAR: return x;
  }
  return x;
}

/* sr(x) s(y): of the usual sigmoid and tanh with one division instead of two,
 *   sigmoid(x) tanh(|y|) = e / ((1 + exp(-x)) (e + 2)), e = exp(2 |y|) - 1.
 * What underflows where the first factor is below 1e-30 becomes 0. */
static inline vf vf_gated(tarn_recurrent_activation sr, vf x, tarn_recurrent_activation s, vf y) {
  if (sr != TARN_RECURRENT_SIGMOID || s != TARN_RECURRENT_TANH)
    return vf_mul(vf_gate(sr, x), vf_gate(s, y));
  const vf size = vf_abs(y), below = vf_add(vf_set1(1.0f), vf_exp(vf_neg(x)));
  const vf e = vf_expm1(vf_min(vf_set1(20.0f), vf_add(size, size)));
  const vf z = vf_div(e, vf_mul(below, vf_add(e, vf_set1(2.0f))));
  return vi_float_bits(vi_or(vf_bits(z), vi_and(vf_bits(y), vi_set1(INT32_MIN))));
}

static inline vf vf_clip(vf x, float bound) {
  if (!(bound > 0)) return x;
  return vf_min(vf_set1(bound), vf_max(vf_set1(-bound), x));
}

#endif
