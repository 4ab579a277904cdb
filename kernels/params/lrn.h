/* LRN and LRNGrad: parsed attributes. */
#ifndef TARN_KERNELS_PARAMS_LRN_H
#define TARN_KERNELS_PARAMS_LRN_H

#include <stdint.h>

typedef struct tarn_lrn_params {
  int64_t depth_radius;            /* from 0 */
  float bias, alpha, beta;
} tarn_lrn_params;

#endif
