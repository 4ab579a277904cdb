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

static inline vf vf_clip(vf x, float bound) {
  if (!(bound > 0)) return x;
  return vf_min(vf_set1(bound), vf_max(vf_set1(-bound), x));
}

#endif
