/* The numbers of a pooling problem, from its parameters or from inputs; for C files. */
#ifndef TARN_KERNELS_CUDA_POOL_NUMBERS_H
#define TARN_KERNELS_CUDA_POOL_NUMBERS_H

#include "kernels/cuda/cuda.h"
#include "kernels/cuda/pool/pool.h"
#include "kernels/params/pool.h"

/* x: the shape of what is pooled. */
static inline tarn_cuda_pool tarn__pool_numbers(const tarn_pooling_params *params,
                                                const tarn_shape *x) {
  const tarn_pooling p = tarn__pooling_of(params, x);
  tarn_cuda_pool g = {
      .channels_first = p.channels_first, .N = p.N, .C = p.C, .depth_window = p.depth_window};
  for (int a = 0; a < TARN_AXES; a++) {
    g.in[a] = p.axis[a].in;
    g.out[a] = p.axis[a].out;
    g.window[a] = p.axis[a].window;
    g.stride[a] = p.axis[a].stride;
    g.before[a] = p.axis[a].before;
  }
  return g;
}

/* The window and strides as inputs i and i + 1, the pooled one input 0. */
static inline tarn_cuda_pool tarn__pool_given(const tarn_call *call, int i) {
  tarn_pooling_params params = *(const tarn_pooling_params *)call->problem->params;
  tarn_window_params *w = &params.window;
  for (int axis = 0; axis < TARN_AXES; axis++) {
    const int dim = tarn__window_dim(w, axis);
    if (dim < 0) continue;
    w->window[axis] = tarn__tensor_int(call->in[i], dim);
    w->stride[axis] = tarn__tensor_int(call->in[i + 1], dim);
  }
  params.depth_window = tarn__tensor_int(call->in[i], tarn__window_channel_dim(w));
  return tarn__pool_numbers(&params, &call->problem->in_shape[0]);
}

#endif
