/* _LayerNorm: parsed attributes. */
#ifndef TARN_KERNELS_PARAMS_LAYER_NORM_H
#define TARN_KERNELS_PARAMS_LAYER_NORM_H

typedef struct tarn_layer_norm_params {
  float epsilon;
} tarn_layer_norm_params;

#endif
