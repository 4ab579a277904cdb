/* Attributes of random ops. */
#ifndef TARN_KERNELS_PARAMS_RANDOM_H
#define TARN_KERNELS_PARAMS_RANDOM_H

#include "core/tensor.h"

typedef struct tarn_random_params {
  int64_t seed, seed2;           /* both 0: not seeded */
} tarn_random_params;

typedef struct tarn_sampler_params {
  int64_t seed, seed2;
  int64_t num_true, num_sampled, range_max;
  bool unique;
  int64_t reserved_ids, shards, shard;     /* FixedUnigram */
  double distortion;
  size_t unigram_count;
  const float *unigrams;                   /* the node's */
} tarn_sampler_params;

#endif
