/* Candidate samplers: classes drawn for sampled softmax and NCE, and how often each was to be
 * expected.
 *
 * With P(v) the probability of a draw: expected(v) = num_sampled P(v), or with `unique`, where t
 * draws were needed, 1 - (1 - P(v))^t. The generator goes on from run to run. */
#include "graph/op.h"
#include "kernels/params/sampler.h"

static tarn_status parse(const tarn_attrs *attrs, tarn_sampler_kind kind, void *params) {
  tarn_sampler_params *p = params;
  p->kind = kind;
  p->num_true = tarn__attr_int(attrs, "num_true");
  p->num_sampled = tarn__attr_int(attrs, "num_sampled");
  p->unique = tarn__attr_bool(attrs, "unique");
  p->range = kind == TARN_SAMPLE_ALL ? p->num_sampled : tarn__attr_int(attrs, "range_max");
  p->seed = tarn__attr_int(attrs, "seed");
  p->seed2 = tarn__attr_int(attrs, "seed2");
  if (p->num_sampled < 1 || p->num_sampled > INT32_MAX || p->num_true < 1 ||
      p->num_true > INT32_MAX || p->range < 1)
    return tarn_fail(TARN_INVALID,
                     "num_true %lld, num_sampled %lld, range_max %lld: expected positive numbers",
                     (long long)p->num_true, (long long)p->num_sampled, (long long)p->range);
  if (p->unique && p->num_sampled > p->range)
    return tarn_fail(TARN_INVALID, "%lld different samples of %lld classes",
                     (long long)p->num_sampled, (long long)p->range);
  if ((kind == TARN_SAMPLE_LEARNED || kind == TARN_SAMPLE_FIXED) && p->range >= INT32_MAX)
    return tarn_fail(TARN_INVALID, "range_max %lld: expected less than 2^31 - 1",
                     (long long)p->range);
  return TARN_OK;
}
static tarn_status parse_uniform(const tarn_attrs *attrs, void *p) {
  return parse(attrs, TARN_SAMPLE_UNIFORM, p);
}
static tarn_status parse_log(const tarn_attrs *attrs, void *p) {
  return parse(attrs, TARN_SAMPLE_LOG_UNIFORM, p);
}
static tarn_status parse_learned(const tarn_attrs *attrs, void *p) {
  return parse(attrs, TARN_SAMPLE_LEARNED, p);
}
static tarn_status parse_all(const tarn_attrs *attrs, void *p) {
  return parse(attrs, TARN_SAMPLE_ALL, p);
}

static tarn_status parse_fixed(const tarn_attrs *attrs, void *params) {
  tarn_sampler_params *p = params;
  TARN_TRY(parse(attrs, TARN_SAMPLE_FIXED, params));
  if (tarn__attr_string(attrs, "vocab_file").size > 0)
    return tarn_fail(TARN_UNSUPPORTED, "vocab_file: weights come from unigrams only");
  const tarn_attr *unigrams = tarn__attr_list(attrs, "unigrams");
  p->unigrams = unigrams->list.f;
  p->unigram_count = unigrams->list.count;
  p->distortion = tarn__attr_float(attrs, "distortion");
  p->reserved = tarn__attr_int(attrs, "num_reserved_ids");
  p->shards = tarn__attr_int(attrs, "num_shards");
  p->shard = tarn__attr_int(attrs, "shard");
  if (p->reserved < 0 || p->reserved > p->range || p->shards < 1 || p->shard < 0 ||
      p->shard >= p->shards)
    return tarn_fail(TARN_INVALID, "%lld reserved ids of %lld, shard %lld of %lld",
                     (long long)p->reserved, (long long)p->range, (long long)p->shard,
                     (long long)p->shards);
  return TARN_OK;
}

static tarn_status classes(const tarn_infer *t) {
  const tarn_sampler_params *p = t->params;
  TARN_TRY(tarn__infer_rank(t, 0, 2));
  if (t->in[0].dim[1] != p->num_true)
    return tarn_fail(TARN_SHAPE, "expected %lld true classes a row, got %lld",
                     (long long)p->num_true, (long long)t->in[0].dim[1]);
  return TARN_OK;
}
static tarn_status infer(tarn_infer *t) {
  const tarn_sampler_params *p = t->params;
  TARN_TRY(classes(t));
  t->out[0] = t->out[2] = tarn__shape_vector(p->num_sampled);
  t->out[1] = t->in[0];
  return TARN_OK;
}

static tarn_status parse_hits(const tarn_attrs *attrs, void *params) {
  tarn_sampler_params *p = params;
  p->num_true = tarn__attr_int(attrs, "num_true");
  if (p->num_true < 1)
    return tarn_fail(TARN_INVALID, "num_true: expected at least 1, got %lld",
                     (long long)p->num_true);
  return TARN_OK;
}
static tarn_status infer_hits(tarn_infer *t) {
  TARN_TRY(classes(t));
  return tarn__infer_vector(t, 1);   /* how many hits only the kernel knows */
}

#define SAMPLER(text, parse_, more, f)                                                          \
  {                                                                                             \
    .name = text, .inputs = "true_classes: int64",                                              \
    .outputs =                                                                                  \
        "sampled_candidates: int64, true_expected_count: float, sampled_expected_count: float", \
    .attrs = "num_true: int >= 1; num_sampled: int >= 1; unique: bool;" more                    \
             "seed: int = 0; seed2: int = 0",                                                   \
    .flags = TARN_OP_STATEFUL, .params_bytes = sizeof(tarn_sampler_params), .parse = parse_,    \
    .infer = infer, .formula = f                                                                \
  }
#define RANGE "range_max: int >= 1;"

const tarn_op tarn_ops_sampler[] = {
    SAMPLER("UniformCandidateSampler", parse_uniform, RANGE, "P(v) = 1 / range_max"),
    SAMPLER("LogUniformCandidateSampler", parse_log, RANGE,
            "P(v) = log((v + 2) / (v + 1)) / log(range_max + 1)"),
    SAMPLER("LearnedUnigramCandidateSampler", parse_learned, RANGE,
            "P(v) ~ 1 + how often v was a true class"),
    SAMPLER("ThreadUnsafeUnigramCandidateSampler", parse_learned, RANGE,
            "P(v) ~ 1 + how often v was a true class"),
    SAMPLER("FixedUnigramCandidateSampler", parse_fixed,
            RANGE "vocab_file: string = ''; distortion: float = 1.0; num_reserved_ids: int = 0;"
                  "num_shards: int = 1 >= 1; shard: int = 0 >= 0; unigrams: list(float) = [];",
            "P(v) ~ unigrams[v]^distortion"),
    SAMPLER("AllCandidateSampler", parse_all, "", "every class once"),
    {.name = "ComputeAccidentalHits",
     .inputs = "true_classes: int64, sampled_candidates: int64",
     .outputs = "indices: int32, ids: int64, weights: float",
     .attrs = "num_true: int; seed: int = 0; seed2: int = 0",
     .params_bytes = sizeof(tarn_sampler_params),
     .parse = parse_hits,
     .infer = infer_hits,
     .formula =
         "rows and places where a sampled candidate is a true class; the weight is the least float",
     .cases = {"true_classes=i64[3x2]:0..3 sampled_candidates=i64{1,7,2,1} num_true=2",
               "true_classes=i64[0x2] sampled_candidates=i64{1} num_true=2"}},
    {0},
};
