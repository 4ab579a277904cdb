/* BiasAdd, BiasAddV1 and BiasAddGrad: parsed attributes and the numbers of a problem. */
#ifndef TARN_KERNELS_PARAMS_BIAS_H
#define TARN_KERNELS_PARAMS_BIAS_H

#include "kernels/kernel.h"

typedef struct tarn_bias_params {
  bool channels_first; /* NCHW: channels are dim 1; else the last dim. False for BiasAddV1. */
} tarn_bias_params;

/* Element (o, c, i) is at (o*C + c)*inner + i. */
typedef struct tarn_bias { int64_t outer, C, inner; } tarn_bias;

static inline tarn_bias tarn__bias_of(const tarn_bias_params *p, const tarn_shape *x) {
  int channel = p->channels_first ? 1 : x->rank - 1;
  tarn_bias g = {.outer = 1, .C = x->dim[channel], .inner = 1};
  for (int d = 0; d < channel; d++) g.outer *= x->dim[d];
  for (int d = channel + 1; d < x->rank; d++) g.inner *= x->dim[d];
  return g;
}

#endif
