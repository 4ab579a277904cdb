/* Candidate samplers: parsed attributes. */
#ifndef TARN_KERNELS_PARAMS_SAMPLER_H
#define TARN_KERNELS_PARAMS_SAMPLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum tarn_sampler_kind {
  TARN_SAMPLE_UNIFORM,
  TARN_SAMPLE_LOG_UNIFORM,   /* P(v) = log((v + 2) / (v + 1)) / log(range + 1) */
  TARN_SAMPLE_LEARNED,       /* as often as v was a true class before, plus 1 */
  TARN_SAMPLE_FIXED,         /* by `unigrams` */
  TARN_SAMPLE_ALL            /* every class once */
} tarn_sampler_kind;

typedef struct tarn_sampler_params {
  tarn_sampler_kind kind;
  int64_t num_true, num_sampled, range;
  bool unique;
  int64_t seed, seed2;
  /* TARN_SAMPLE_FIXED: weight^distortion of this shard's unigrams, after reserved ids of weight
   * 0 */
  const float *unigrams;     /* in the graph's attributes */
  size_t unigram_count;
  float distortion;
  int64_t reserved, shards, shard;
} tarn_sampler_params;

#endif
