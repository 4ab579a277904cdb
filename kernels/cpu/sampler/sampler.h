/* The state of a candidate sampler: its generator and its weights. Thread-safe through `lock`,
 * which the caller holds. */
#ifndef TARN_KERNELS_CPU_SAMPLER_SAMPLER_H
#define TARN_KERNELS_CPU_SAMPLER_SAMPLER_H

#include "core/random.h"
#include "core/tensor/tensor.h"
#include "kernels/params/sampler.h"

#include <pthread.h>

typedef struct tarn_sampler {
  tarn_object object;
  pthread_mutex_t lock;
  const tarn_allocator *allocator;
  tarn_philox generator;
  int64_t range;
  /* learned: weights, and a Fenwick tree of their sums (tree[i] covers i & -i weights, counted from
   * 1) */
  int32_t *weight, *tree;
  int64_t total;
  /* fixed: Walker's alias method; row i is taken with probability accept[i], else its alias */
  float *fixed, *accept;
  int32_t *alias;
  float fixed_total;
} tarn_sampler;

extern const tarn_object_type tarn__sampler_type;

/* For tarn__resources_get: `argument` is the tarn_sampler_params. */
tarn_status tarn__sampler_create(const tarn_allocator *a, const void *argument, void **object);

/* Words of a Philox stream, one at a time. */
typedef struct tarn_words {
  tarn_philox generator;
  uint32_t block[4];
  int used;                        /* 4: the block is spent */
} tarn_words;

int64_t tarn__sampler_draw(const tarn_sampler *s, const tarn_sampler_params *p, tarn_words *words);
/* value is in [0, range). */
float tarn__sampler_probability(const tarn_sampler *s, const tarn_sampler_params *p, int64_t value);
/* The learned sampler saw `value` as a true class. */
void tarn__sampler_learn(tarn_sampler *s, int64_t value);

#endif
