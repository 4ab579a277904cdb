/* Distributions of candidate samplers, with the bits of TensorFlow's: same words, same order, same
 * rejections. */
#include "kernels/cpu/sampler/sampler.h"

#include <math.h>

static void destroy(void *object) {
  tarn_sampler *s = object;
  const size_t n = (size_t)s->range;
  if (s->weight) tarn__free(s->allocator, s->weight, n * sizeof *s->weight);
  if (s->tree) tarn__free(s->allocator, s->tree, (n + 1) * sizeof *s->tree);
  if (s->fixed) tarn__free(s->allocator, s->fixed, n * sizeof *s->fixed);
  if (s->accept) tarn__free(s->allocator, s->accept, n * sizeof *s->accept);
  if (s->alias) tarn__free(s->allocator, s->alias, n * sizeof *s->alias);
  pthread_mutex_destroy(&s->lock);
  tarn__free(s->allocator, s, sizeof *s);
}
const tarn_object_type tarn__sampler_type = {"CandidateSampler", destroy};

/* ---- weights that learn -------------------------------------------------------------------- */

static void add(tarn_sampler *s, int64_t value, int32_t more) {
  s->weight[value] += more;
  s->total += more;
  for (int64_t i = value + 1; i <= s->range; i += i & -i) s->tree[i] += more;
}

static tarn_status learned(tarn_sampler *s) {
  const size_t n = (size_t)s->range;
  s->weight = tarn__alloc_zero(s->allocator, n * sizeof *s->weight);
  s->tree = tarn__alloc_zero(s->allocator, (n + 1) * sizeof *s->tree);
  if (!s->weight || !s->tree) return TARN_NO_MEMORY;
  for (int64_t i = 0; i < s->range; i++) add(s, i, 1);
  return TARN_OK;
}

/* The value whose weights, laid end to end, cover `position` in [0, total). */
static int64_t pick(const tarn_sampler *s, int64_t position) {
  int64_t at = 0, step = 1;
  while (step <= s->range / 2) step *= 2;
  for (; step > 0; step /= 2)
    if (at + step <= s->range && s->tree[at + step] <= position) {
      at += step;
      position -= s->tree[at];
    }
  return at;
}

void tarn__sampler_learn(tarn_sampler *s, int64_t value) {
  if (s->total < INT32_MAX) add(s, value, 1);
}

/* ---- fixed weights ------------------------------------------------------------------------- */

/* Walker's alias method: rows above the mean lend to rows below it, last in first out. */
static tarn_status alias_table(tarn_sampler *s) {
  const size_t n = (size_t)s->range;
  double sum = 0;
  s->accept = tarn__alloc(s->allocator, n * sizeof *s->accept);
  s->alias = tarn__alloc(s->allocator, n * sizeof *s->alias);
  double *share = tarn__alloc(s->allocator, n * sizeof *share);
  int32_t *stack =
      tarn__alloc(s->allocator, n * sizeof *stack); /* low from the front, high from the back */
  const bool ready = s->accept && s->alias && share && stack;
  if (ready) {
    size_t low = 0, high = n;
    for (size_t i = 0; i < n; i++) sum += (double)s->fixed[i];
    for (size_t i = 0; i < n; i++) {
      share[i] = (double)(s->fixed[i] * (float)n) / sum;
      s->alias[i] = (int32_t)i;
      if (share[i] < 1) stack[low++] = (int32_t)i;
      else stack[--high] = (int32_t)i;
    }
    while (low > 0 && high < n) {
      const int32_t l = stack[--low], h = stack[high++];
      s->alias[l] = h;
      share[h] -= 1 - share[l];
      if (share[h] < 1) stack[low++] = h;
      else stack[--high] = h;
    }
    for (size_t i = 0; i < n; i++) s->accept[i] = (float)share[i];
    /* what rounding left over is close to 1 */
    for (size_t i = 0; i < low; i++) s->accept[stack[i]] = 1, s->alias[stack[i]] = stack[i];
    for (size_t i = high; i < n; i++) s->accept[stack[i]] = 1, s->alias[stack[i]] = stack[i];
  }
  tarn__free(s->allocator, share, n * sizeof *share);
  tarn__free(s->allocator, stack, n * sizeof *stack);
  return ready ? TARN_OK : TARN_NO_MEMORY;
}

static tarn_status fixed(tarn_sampler *s, const tarn_sampler_params *p) {
  s->fixed = tarn__alloc_zero(s->allocator, (size_t)s->range * sizeof *s->fixed);
  if (!s->fixed) return TARN_NO_MEMORY;
  int64_t at = p->reserved;
  for (size_t i = 0; i < p->unigram_count; i++) {
    if ((p->reserved + (int64_t)i) % p->shards != p->shard) continue;
    const float weight = powf(p->unigrams[i], p->distortion);
    if (at >= s->range || !(weight >= 0)) {
      at = -1;
      break;
    }
    s->fixed[at++] = weight;
    s->fixed_total += weight;
  }
  if (at != s->range || !(s->fixed_total > 0) || isinf(s->fixed_total))
    return tarn_fail(TARN_INVALID,
                     "unigrams and reserved ids do not make %lld weights with a positive sum",
                     (long long)s->range);
  return alias_table(s);
}

tarn_status tarn__sampler_create(const tarn_allocator *a, const void *argument, void **object) {
  const tarn_sampler_params *p = argument;
  tarn_sampler *s = tarn__alloc_zero(a, sizeof *s);
  if (!s) return TARN_NO_MEMORY;
  tarn__object_init(&s->object, &tarn__sampler_type);
  pthread_mutex_init(&s->lock, NULL);
  s->allocator = a;
  s->range = p->range;
  const bool seeded = p->seed != 0 || p->seed2 != 0;
  tarn__philox_init(&s->generator, seeded ? (uint64_t)p->seed : tarn__random_seed(),
                    seeded ? (uint64_t)p->seed2 : tarn__random_seed());
  tarn_status status = TARN_OK;
  if (p->kind == TARN_SAMPLE_LEARNED) status = learned(s);
  if (p->kind == TARN_SAMPLE_FIXED) status = fixed(s, p);
  if (status != TARN_OK) {
    tarn__object_release(s);
    return status;
  }
  *object = s;
  return TARN_OK;
}

/* ---- drawing ------------------------------------------------------------------------------- */

static uint32_t next(tarn_words *w) {
  if (w->used == 4) {
    tarn__philox_next(&w->generator, w->block);
    w->used = 0;
  }
  return w->block[w->used++];
}

/* Even in [0, n), n at least 1: the lowest values are rejected where n does not divide the words'
 * range. */
static uint64_t even64(tarn_words *w, uint64_t n) {
  for (;;) {
    const uint64_t low = next(w), x = low | (uint64_t)next(w) << 32;
    if ((n & (n - 1)) == 0) return x & (n - 1);
    if (x >= UINT64_MAX % n + 1) return x % n;
  }
}
static uint32_t even32(tarn_words *w, uint32_t n) {
  for (;;) {
    const uint32_t x = next(w);
    if ((n & (n - 1)) == 0) return x & (n - 1);
    if (x >= UINT32_MAX % n + 1) return x % n;
  }
}

int64_t tarn__sampler_draw(const tarn_sampler *s, const tarn_sampler_params *p, tarn_words *words) {
  if (p->kind == TARN_SAMPLE_UNIFORM) return (int64_t)even64(words, (uint64_t)s->range);
  if (p->kind == TARN_SAMPLE_LEARNED) return pick(s, even32(words, (uint32_t)s->total));
  if (p->kind == TARN_SAMPLE_LOG_UNIFORM) {
    const uint32_t low = next(words), high = next(words);
    const double value = exp(tarn__uint64_to_double(low, high) * log1p((double)s->range));
    return value < 0x1p62 ? ((int64_t)value - 1) % s->range : 0;
  }
  const float r = tarn__uint32_to_float(next(words));
  const uint32_t row = even32(words, (uint32_t)s->range);
  return r < s->accept[row] ? (int64_t)row : s->alias[row];
}

float tarn__sampler_probability(const tarn_sampler *s, const tarn_sampler_params *p,
                                int64_t value) {
  switch (p->kind) {
    case TARN_SAMPLE_LEARNED: return (float)s->weight[value] / (float)s->total;
    case TARN_SAMPLE_FIXED: return s->fixed[value] / s->fixed_total;
    case TARN_SAMPLE_LOG_UNIFORM:
      return (float)(log(((double)value + 2) / ((double)value + 1)) / log1p((double)s->range));
    case TARN_SAMPLE_ALL: return 1;
    case TARN_SAMPLE_UNIFORM: break;
  }
  return 1.0f / (float)s->range;
}
