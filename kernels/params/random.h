/* Attributes of random ops. */
#ifndef TARN_KERNELS_PARAMS_RANDOM_H
#define TARN_KERNELS_PARAMS_RANDOM_H

#include "core/tensor/tensor.h"

typedef struct tarn_random_params {
  int64_t seed, seed2;           /* both 0: not seeded */
} tarn_random_params;

#endif
