/* What cells of both kinds begin with. */
#ifndef TARN_KERNELS_CUDA_RECURRENT_GATES_CUH
#define TARN_KERNELS_CUDA_RECURRENT_GATES_CUH

#include "kernels/cuda/launch.h"
#include "kernels/cuda/recurrent/cells.h"

template <class A>
__device__ inline A clip(A x, A bound) {
  if (!(bound > 0)) return x;
  return x < -bound ? -bound : x > bound ? bound : x;
}

/* x w + h w + b of gate g, of `gates`. */
template <class A>
__device__ inline A sum_of(const tarn_cuda_step &s, int gates, int g, int64_t t, int64_t b,
                           int64_t k) {
  const int64_t at = s.column[g] * s.H + k;
  const A bias = s.bias ? ((const A *)s.bias)[at] : (A)0;
  return ((const A *)s.from_x)[(t * s.B + b) * gates * s.H + at] +
         ((const A *)s.from_h)[b * gates * s.H + at] + bias;
}

#endif
