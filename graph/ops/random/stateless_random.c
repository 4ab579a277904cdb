/* Random ops whose numbers follow from a given seed of two parts, or (V2) from a key and a counter.
 * Only Philox. */
#include "graph/ops/random/random.h"
#include "kernels/params/random.h"

static tarn_status seed_check(const tarn_infer *t, int i) {
  TARN_TRY(tarn__infer_vector(t, i));
  if (!tarn__dtype_in(t->in_dtype[i], TARN_BIT(TARN_I32) | TARN_BIT(TARN_I64)))
    return tarn_fail(TARN_DTYPE, "a seed of %s: expected int32 or int64",
                     tarn_dtype_name(t->in_dtype[i]));
  if (t->in[i].dim[0] == 2) return TARN_OK;
  return tarn_fail(TARN_SHAPE, "seed must have shape [2], got [%lld]", (long long)t->in[i].dim[0]);
}

static tarn_status sized(tarn_infer *t) {
  TARN_TRY(tarn__infer_vector(t, 0));
  return t->value[0] ? tarn__infer_shape_value(t, 0, false, &t->out[0]) : TARN_OK;
}

static tarn_status seed_infer(tarn_infer *t) {
  TARN_TRY(seed_check(t, 1));
  for (int i = 2; i < t->inputs; i++) TARN_TRY(tarn__infer_scalar(t, i));
  return sized(t);
}

static tarn_status key_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_vector(t, 1));
  TARN_TRY(tarn__infer_vector(t, 2));
  for (int i = 3; i < t->inputs; i++) TARN_TRY(tarn__infer_scalar(t, i));
  if (t->in[1].dim[0] < 1 || t->in[2].dim[0] < 2)
    return tarn_fail(TARN_SHAPE,
                     "expected a key of 1 and a counter of 2 numbers, got %lld and %lld",
                     (long long)t->in[1].dim[0], (long long)t->in[2].dim[0]);
  return sized(t);
}

static tarn_status multinomial_infer(tarn_infer *t) {
  TARN_TRY(seed_check(t, 2));
  return tarn__multinomial_infer(t);
}

static tarn_status counter_infer(tarn_infer *t) {
  TARN_TRY(seed_check(t, 0));
  t->out[0] = tarn__shape_vector(1);
  t->out[1] = tarn__shape_vector(2);
  if (t->outputs > 2) t->out[2] = tarn__shape_scalar();
  return TARN_OK;
}

/* Parameters from input 2 on broadcast together; the shape ends in theirs. */
static tarn_status sample_infer(tarn_infer *t) {
  char wanted[TARN_SHAPE_TEXT], got[TARN_SHAPE_TEXT];
  tarn_shape both = t->in[2];
  TARN_TRY(seed_check(t, 1));
  for (int i = 3; i < t->inputs; i++) {
    const tarn_shape so_far = both;
    TARN_TRY(tarn__shape_broadcast(&so_far, &t->in[i], &both));
  }
  TARN_TRY(sized(t));
  const tarn_shape *y = &t->out[0];
  bool ends = y->rank < 0 || y->rank >= both.rank;
  for (int d = 0; ends && y->rank >= 0 && d < both.rank; d++)
    ends = y->dim[y->rank - both.rank + d] == both.dim[d];
  if (ends) return TARN_OK;
  return tarn_fail(TARN_SHAPE,
                   "Shape passed in must end with broadcasted shape: %s does not end with %s",
                   tarn__shape_print(y, got), tarn__shape_print(&both, wanted));
}

static tarn_status shuffle_parse(const tarn_attrs *attrs, void *params) {
  const int64_t rounds = tarn__attr_int(attrs, "rounds");
  ((tarn_shuffle_params *)params)->rounds = (int)rounds;
  if (rounds >= 4 && rounds <= TARN_SHUFFLE_ROUNDS && rounds % 2 == 0) return TARN_OK;
  return tarn_fail(TARN_INVALID, "rounds: expected an even number from 4 to %d, got %lld",
                   TARN_SHUFFLE_ROUNDS, (long long)rounds);
}

/* Each of index and max_index is one for all or one for each; so is the seed, of three numbers. */
static tarn_status shuffle_infer(tarn_infer *t) {
  const tarn_shape *seed = &t->in[1];
  const int vectors[3] = {t->in[0].rank, seed->rank - 1, t->in[2].rank};
  bool any = false;
  int64_t n = 0;
  if (seed->rank < 1 || seed->dim[seed->rank - 1] != 3)
    return tarn_fail(TARN_SHAPE, "seed: expected [3] or [n, 3]");
  for (int i = 0; i < 3; i++) {
    if (vectors[i] > 1) return tarn_fail(TARN_SHAPE, "input %d has rank %d", i, t->in[i].rank);
    const int64_t own = vectors[i] ? t->in[i].dim[0] : 1;
    any = any || vectors[i];
    if (own > n) n = own;
  }
  for (int i = 0; i < 3; i++)
    if (vectors[i] && t->in[i].dim[0] != n)
      return tarn_fail(TARN_SHAPE, "input %d is for %lld indices, another for %lld", i,
                       (long long)t->in[i].dim[0], (long long)n);
  t->out[0] = any ? tarn__shape_vector(n) : tarn__shape_scalar();
  return TARN_OK;
}

#define SEED "T: {int32, int64} = DT_INT32; Tseed: {int32, int64} = DT_INT64"
#define FLOATS "dtype: {half, bfloat16, float, double} = DT_FLOAT; "
#define NUMBERS "{half, float, double, int32, int64}"
#define KEYED "shape: Tshape, key: uint64, counter: uint64, alg: int32"
#define KEYED_ATTRS "Tshape: {int32, int64} = DT_INT32"

const tarn_op tarn_ops_stateless_random[] = {
    {.name = "StatelessRandomUniform",
     .inputs = "shape: T, seed: Tseed",
     .outputs = "output: dtype",
     .attrs = FLOATS SEED,
     .infer = seed_infer,
     .formula = "uniform in [0, 1)",
     .cases = {"shape=i32{3,5} seed=i32{1,2}", "shape=i32{7} seed=i64{3,4} dtype=f64"}},
    {.name = "StatelessRandomNormal",
     .inputs = "shape: T, seed: Tseed",
     .outputs = "output: dtype",
     .attrs = FLOATS SEED,
     .infer = seed_infer,
     .formula = "normal with mean 0 and deviation 1",
     .cases = {"shape=i32{3,5} seed=i32{1,2}"}},
    {.name = "StatelessTruncatedNormal",
     .inputs = "shape: T, seed: Tseed",
     .outputs = "output: dtype",
     .attrs = FLOATS SEED,
     .infer = seed_infer,
     .formula = "normal with mean 0 and deviation 1, within (-2, 2)",
     .cases = {"shape=i32{3,5} seed=i32{1,2}"}},
    {.name = "StatelessRandomUniformFullInt",
     .inputs = "shape: T, seed: Tseed",
     .outputs = "output: dtype",
     .attrs = "dtype: {int32, int64, uint32, uint64} = DT_UINT64; T: {int32, int64} = DT_INT32;"
              "Tseed: {int32, int64, uint32, uint64} = DT_INT64",
     .infer = seed_infer,
     .formula = "every bit at random",
     .cases = {"shape=i32{9} seed=i32{1,2} dtype=i32"}},
    {.name = "StatelessRandomUniformInt",
     .inputs = "shape: T, seed: Tseed, minval: dtype, maxval: dtype",
     .outputs = "output: dtype",
     .attrs = "dtype: {int32, int64}; T: {int32, int64}; Tseed: {int32, int64} = DT_INT64",
     .infer = seed_infer,
     .formula = "whole numbers, uniform in [minval, maxval)",
     .cases = {"shape=i32{9} seed=i32{1,2} minval=i32(-4) maxval=i32(11)"}},
    {.name = "StatelessMultinomial",
     .inputs = "logits: T, num_samples: int32, seed: Tseed",
     .outputs = "output: output_dtype",
     .attrs = "T: realnumbertype; Tseed: {int32, int64} = DT_INT64; output_dtype: {int32, int64} = "
              "DT_INT64",
     .infer = multinomial_infer,
     .formula = "class numbers, with probabilities softmax(logits)",
     .cases = {"logits=f32[3x7] num_samples=i32(11) seed=i32{1,2}"}},
    {.name = "StatelessRandomGetKeyCounter",
     .inputs = "seed: Tseed",
     .outputs = "key: uint64, counter: uint64",
     .attrs = "Tseed: {int32, int64} = DT_INT64",
     .infer = counter_infer,
     .formula = "the key and counter of a seed",
     .cases = {"seed=i64{1,2}"}},
    {.name = "StatelessRandomGetKeyCounterAlg",
     .inputs = "seed: Tseed",
     .outputs = "key: uint64, counter: uint64, alg: int32",
     .attrs = "Tseed: {int32, int64} = DT_INT64",
     .infer = counter_infer,
     .formula = "the key and counter of a seed, and 1 for Philox",
     .cases = {"seed=i64{1,2}"}},
    {.name = "StatelessRandomGetAlg",
     .outputs = "alg: int32",
     .infer = tarn__infer_scalars,
     .formula = "1: Philox"},
    {.name = "StatelessRandomUniformV2",
     .inputs = KEYED,
     .outputs = "output: dtype",
     .attrs = FLOATS KEYED_ATTRS,
     .infer = key_infer,
     .formula = "uniform in [0, 1)",
     .cases = {"shape=i32{5} key=u64{7} counter=u64{1,2} alg=i32(1)"}},
    {.name = "StatelessRandomNormalV2",
     .inputs = KEYED,
     .outputs = "output: dtype",
     .attrs = FLOATS KEYED_ATTRS,
     .infer = key_infer,
     .formula = "normal with mean 0 and deviation 1",
     .cases = {"shape=i32{5} key=u64{7} counter=u64{1,2} alg=i32(1)"}},
    {.name = "StatelessTruncatedNormalV2",
     .inputs = KEYED,
     .outputs = "output: dtype",
     .attrs = FLOATS KEYED_ATTRS,
     .infer = key_infer,
     .formula = "normal with mean 0 and deviation 1, within (-2, 2)",
     .cases = {"shape=i32{5} key=u64{7} counter=u64{1,2} alg=i32(1)"}},
    {.name = "StatelessRandomUniformFullIntV2",
     .inputs = KEYED,
     .outputs = "output: dtype",
     .attrs = "dtype: {int32, int64, uint32, uint64} = DT_UINT64; " KEYED_ATTRS,
     .infer = key_infer,
     .formula = "every bit at random",
     .cases = {"shape=i32{5} key=u64{7} counter=u64{1,2} alg=i32(1) dtype=i64"}},
    {.name = "StatelessRandomUniformIntV2",
     .inputs = KEYED ", minval: dtype, maxval: dtype",
     .outputs = "output: dtype",
     .attrs = "dtype: {int32, int64, uint32, uint64}; " KEYED_ATTRS,
     .infer = key_infer,
     .formula = "whole numbers, uniform in [minval, maxval)",
     .cases = {"shape=i32{5} key=u64{7} counter=u64{1,2} alg=i32(1) minval=i32(0) maxval=i32(9)"}},
    {.name = "StatelessRandomGammaV2",
     .inputs = "shape: T, seed: Tseed, alpha: dtype",
     .outputs = "output: dtype",
     .attrs = "dtype: {half, float, double}; T: {int32, int64}; Tseed: {int32, int64} = DT_INT64",
     .infer = sample_infer,
     .formula = "gamma distributed with shape alpha and scale 1",
     .cases = {"shape=i32{7,3} seed=i32{1,2} alpha=f32[3]:0.1..4",
               "shape=i32{600} seed=i64{1,2} alpha=f16[]:1..2 dtype=f16"}},
    {.name = "StatelessRandomPoisson",
     .inputs = "shape: T, seed: Tseed, lam: Rtype",
     .outputs = "output: dtype",
     .attrs = "Rtype: " NUMBERS "; dtype: " NUMBERS
              "; T: {int32, int64}; Tseed: {int32, int64} = DT_INT64",
     .infer = sample_infer,
     .formula = "Poisson distributed with mean lam",
     .cases = {"shape=i32{7,3} seed=i32{1,2} lam=f32[3]:1..30 dtype=i32"}},
    {.name = "StatelessRandomBinomial",
     .inputs = "shape: S, seed: Tseed, counts: T, probs: T",
     .outputs = "output: dtype",
     .attrs = "S: {int32, int64}; Tseed: {int32, int64} = DT_INT64; T: " NUMBERS
              " = DT_DOUBLE; dtype: " NUMBERS " = DT_INT64",
     .infer = sample_infer,
     .formula = "binomially distributed: successes among counts",
     .cases = {"shape=i32{7,3} seed=i32{1,2} counts=f32[3]:1..90 probs=f32[]:0..1",
               "shape=i32{2,2,3} seed=i32{1,2} counts=f64[2x1]:1..90 probs=f64[3]:0..1 dtype=f32"}},
    {.name = "StatelessParameterizedTruncatedNormal",
     .inputs =
         "shape: S, seed: Tseed, means: dtype, stddevs: dtype, minvals: dtype, maxvals: dtype",
     .outputs = "output: dtype",
     .attrs = "S: {int32, int64}; Tseed: {int32, int64} = DT_INT64; dtype: {half, float, double}",
     .infer = sample_infer,
     .formula = "normal within [minvals, maxvals]",
     .cases = {"shape=i32{40,3} seed=i32{1,2} means=f32{0,1,2} stddevs=f32(1) minvals=f32{-1,2,5} "
               "maxvals=f32{2,3,6}"}},
    {.name = "RandomIndexShuffle",
     .inputs = "index: dtype, seed: Tseed, max_index: dtype",
     .outputs = "output: dtype",
     .attrs = "rounds: int = 4; dtype: {int32, uint32, int64, uint64}; "
              "Tseed: {int32, uint32, int64, uint64}",
     .params_bytes = sizeof(tarn_shuffle_params),
     .parse = shuffle_parse,
     .infer = shuffle_infer,
     .formula = "where index goes in an order of [0, max_index] that the seed tells",
     .cases = {"index=i32{0,1,2,3} seed=i32{1,2,3} max_index=i32(3)",
               "index=i64(77) seed=i64{1,2,3} max_index=i64(100000) rounds=8",
               "index=i32(2) seed=i32[2x3]{1,2,3,4,5,6} max_index=i32{9,0}"}},
    {0},
};
