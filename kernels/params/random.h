/* Attributes of random ops. */
#ifndef TARN_KERNELS_PARAMS_RANDOM_H
#define TARN_KERNELS_PARAMS_RANDOM_H

#include "core/tensor/tensor.h"

typedef struct tarn_random_params {
  int64_t seed, seed2;           /* both 0: not seeded */
} tarn_random_params;

/* RandomIndexShuffle: rounds of its cipher. */
enum { TARN_SHUFFLE_ROUNDS = 64 };
typedef struct tarn_shuffle_params {
  int rounds;
} tarn_shuffle_params;

#endif
