/* Candidate samplers (for sampled softmax and NCE), and ComputeAccidentalHits. */
#include "kernels/cpu/sampler/sampler.h"
#include "kernels/run.h"
#include "kernels/state/resources.h"

#include <float.h>
#include <math.h>

/* Slots of the set of values picked: twice as many as picks, a power of two. */
static int64_t slots(const tarn_sampler_params *p) {
  int64_t n = 2;
  while (n < 2 * p->num_sampled) n *= 2;
  return n;
}
static size_t scratch_bytes(const tarn_problem *p, int threads) {
  const tarn_sampler_params *params = p->params;
  (void)threads;
  return params->unique ? (size_t)slots(params) * sizeof(int64_t) : 0;
}

/* Adds a value (at least 0) to a set of empty slots of -1; false: it was there. */
static bool insert(int64_t *set, int64_t size, int64_t value) {
  int64_t at = (int64_t)((uint64_t)value * 0x9e3779b97f4a7c15u >> 20) & (size - 1);
  for (; set[at] >= 0; at = (at + 1) & (size - 1))
    if (set[at] == value) return false;
  set[at] = value;
  return true;
}

/* Fills `picked` and says how many draws it took. */
static tarn_status pick(const tarn_call *call, const tarn_sampler *s, tarn_words *words,
                        int64_t *picked, int64_t *tries) {
  const tarn_sampler_params *p = call->problem->params;
  int64_t *set = call->scratch;
  for (int64_t i = 0; p->unique && i < slots(p); i++) set[i] = -1;
  *tries = 0;
  for (int64_t i = 0; i < p->num_sampled;) {
    if (++*tries == INT32_MAX)
      return tarn_fail(TARN_FAILED, "no %lld different values in 2^31 draws",
                       (long long)p->num_sampled);
    if (*tries % 65536 == 0 && call->run) TARN_TRY(tarn__run_check(call->run));
    const int64_t value = p->kind == TARN_SAMPLE_ALL ? i : tarn__sampler_draw(s, p, words);
    if (!p->unique || insert(set, slots(p), value)) picked[i++] = value;
  }
  return TARN_OK;
}

/* How often a value of this probability is expected among the picks. */
static float expected(const tarn_sampler_params *p, float probability, int64_t tries) {
  if (p->kind == TARN_SAMPLE_ALL) return 1;
  if (tries == p->num_sampled) return probability * (float)p->num_sampled;
  return (float)-expm1((double)tries * log1p(-(double)probability));
}

static tarn_status sample(const tarn_call *call, tarn_sampler *s) {
  const tarn_sampler_params *p = call->problem->params;
  const int64_t *classes = call->in[0]->data, n = tarn__tensor_elements(call->in[0]);
  int64_t *picked = call->out[0]->data, tries;
  float *class_count = call->out[1]->data, *picked_count = call->out[2]->data;
  for (int64_t i = 0; i < n; i++)
    if (classes[i] < 0 || classes[i] >= s->range)
      return tarn_fail(TARN_INVALID, "true class %lld is outside of [0, %lld)",
                       (long long)classes[i], (long long)s->range);
  tarn_words words = {.generator = s->generator, .used = 4};
  tarn__philox_skip(&s->generator, (uint64_t)p->num_sampled *
                                       512); /* 2048 words a sample, as TensorFlow reserves */
  TARN_TRY(pick(call, s, &words, picked, &tries));
  for (int64_t i = 0; i < p->num_sampled; i++)
    picked_count[i] = expected(p, tarn__sampler_probability(s, p, picked[i]), tries);
  for (int64_t i = 0; i < n; i++)
    class_count[i] = expected(p, tarn__sampler_probability(s, p, classes[i]), tries);
  for (int64_t i = 0; i < n && p->kind == TARN_SAMPLE_LEARNED; i++)
    tarn__sampler_learn(s, classes[i]);
  return TARN_OK;
}

static tarn_status run(const tarn_call *call) {
  void *object;
  TARN_TRY(tarn__resources_get(call->run->resources, &tarn__sampler_type, call->problem->node,
                               tarn__sampler_create, call->problem->params, &object));
  tarn_sampler *s = object;
  const tarn_sampler_params *p = call->problem->params;
  tarn_status status;
  if (s->range == p->range) {
    pthread_mutex_lock(&s->lock);
    status = sample(call, s);
    pthread_mutex_unlock(&s->lock);
  } else {
    status = tarn_fail(TARN_INVALID, "another sampler of this name has a range of %lld",
                       (long long)s->range);
  }
  tarn__object_release(s);
  return status;
}

/* ---- ComputeAccidentalHits ----------------------------------------------------------------- */

/* Where a class was sampled: the last place, or -1. */
static int64_t place(const tarn_tensor *sampled, int64_t value) {
  const int64_t *values = sampled->data;
  for (int64_t i = sampled->shape.dim[0]; i-- > 0;)
    if (values[i] == value) return i;
  return -1;
}

static tarn_status run_hits(const tarn_call *call) {
  const tarn_sampler_params *p = call->problem->params;
  const int64_t *classes = call->in[0]->data, n = tarn__tensor_elements(call->in[0]);
  int64_t hits = 0;
  for (int64_t i = 0; i < n; i++) hits += place(call->in[1], classes[i]) >= 0;
  const tarn_shape shape = tarn__shape_vector(hits);
  for (int o = 0; o < 3; o++) TARN_TRY(tarn__call_allocate(call, o, &shape));
  int32_t *rows = call->out[0]->data;
  int64_t *ids = call->out[1]->data, hit = 0;
  float *weights = call->out[2]->data;
  for (int64_t i = 0; i < n; i++) {
    const int64_t at = place(call->in[1], classes[i]);
    if (at < 0) continue;
    rows[hit] = (int32_t)(i / p->num_true);
    ids[hit] = at;
    weights[hit++] = -FLT_MAX;
  }
  return TARN_OK;
}

#define ROW(text) {.op = text, .scratch_bytes = scratch_bytes, .run = run}
const tarn_kernel tarn_kernels_sampler_candidate_reference[] = {
    ROW("UniformCandidateSampler"),
    ROW("LogUniformCandidateSampler"),
    ROW("LearnedUnigramCandidateSampler"),
    ROW("ThreadUnsafeUnigramCandidateSampler"),
    ROW("FixedUnigramCandidateSampler"),
    ROW("AllCandidateSampler"),
    {.op = "ComputeAccidentalHits", .run = run_hits},
    {0},
};
