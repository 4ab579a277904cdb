/* FusedBatchNorm (V1 to V3) and its gradients: parsed attributes and the numbers of a problem. */
#ifndef TARN_KERNELS_PARAMS_BATCH_NORM_H
#define TARN_KERNELS_PARAMS_BATCH_NORM_H

#include "kernels/kernel.h"

typedef struct tarn_batch_norm_params {
  float epsilon;
  float exponential_avg_factor;    /* 1 for the gradients */
  bool channels_first;
  bool training;
} tarn_batch_norm_params;

/* Element (n, c, s) is at (n*C + c)*S + s with channels first, else at (n*S + s)*C + c. */
typedef struct tarn_batch_norm { int64_t N, C, S; } tarn_batch_norm;

/* From the shape of x: [N, spatial..., C] or [N, C, spatial...]. */
static inline tarn_batch_norm tarn__batch_norm_of(const tarn_batch_norm_params *p,
                                                  const tarn_shape *x) {
  int channel = p->channels_first ? 1 : x->rank - 1;
  tarn_batch_norm g = {.N = x->dim[0], .C = x->dim[channel], .S = 1};
  for (int d = 1; d < x->rank; d++)
    if (d != channel) g.S *= x->dim[d];
  return g;
}

/* BatchNormWithGlobalNormalization. */
typedef struct tarn_global_norm_params {
  float epsilon;
  bool scale;                      /* times gamma after normalizing */
} tarn_global_norm_params;

#endif
