/* Random ops with seeds: their numbers are TensorFlow's, bit for bit, and go on from run to run. */
#include "graph/ops/random/random.h"
#include "kernels/params/random.h"

static tarn_status parse(const tarn_attrs *attrs, void *params) {
  tarn_random_params *p = params;
  p->seed = tarn__attr_int(attrs, "seed");
  p->seed2 = tarn__attr_int(attrs, "seed2");
  return TARN_OK;
}

static tarn_status shape_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_vector(t, 0));
  for (int i = 1; i < t->inputs; i++) TARN_TRY(tarn__infer_scalar(t, i));
  if (!t->value[0]) return TARN_OK;
  return tarn__infer_shape_value(t, 0, false, &t->out[0]);
}

tarn_status tarn__multinomial_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_rank(t, 0, 2));
  TARN_TRY(tarn__infer_scalar(t, 1));
  if (!t->value[1]) return TARN_OK;
  const int64_t samples = tarn__infer_int(t, 1, 0);
  if (samples < 0)
    return tarn_fail(TARN_INVALID, "num_samples should be nonnegative, got %lld",
                     (long long)samples);
  if (t->in[0].dim[1] == 0)
    return tarn_fail(TARN_INVALID, "num_classes should be positive, got 0");
  t->out[0] = (tarn_shape){.rank = 2, .dim = {t->in[0].dim[0], samples}};
  return TARN_OK;
}

/* [shape..., parameter...] */
static tarn_status sample_infer(tarn_infer *t) {
  tarn_shape samples;
  TARN_TRY(tarn__infer_vector(t, 0));
  if (!t->value[0]) return TARN_OK;
  TARN_TRY(tarn__infer_shape_value(t, 0, false, &samples));
  if (samples.rank + t->in[1].rank > TARN_MAX_RANK)
    return tarn_fail(TARN_LIMIT, "samples of rank %d", samples.rank + t->in[1].rank);
  int64_t dims[TARN_MAX_RANK];
  for (int d = 0; d < samples.rank; d++) dims[d] = samples.dim[d];
  for (int d = 0; d < t->in[1].rank; d++) dims[samples.rank + d] = t->in[1].dim[d];
  return tarn__shape_make(samples.rank + t->in[1].rank, dims, &t->out[0]);
}

static tarn_status bounded_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_vector(t, 0));
  if (t->in[0].dim[0] == 0) return tarn_fail(TARN_SHAPE, "Shape tensor must not be empty");
  for (int i = 1; i < 5; i++)
    if (t->in[i].rank > 1)
      return tarn_fail(TARN_SHAPE, "input %d should be a scalar or vector, got rank %d", i,
                       t->in[i].rank);
  if (!t->value[0]) return TARN_OK;
  TARN_TRY(tarn__infer_shape_value(t, 0, false, &t->out[0]));
  for (int i = 1; i < 5; i++)
    if (t->in[i].rank == 1 && t->in[i].dim[0] != 1 && t->in[i].dim[0] != t->out[0].dim[0])
      return tarn_fail(TARN_SHAPE, "input %d should have length 1 or shape[0], got %lld", i,
                       (long long)t->in[i].dim[0]);
  return TARN_OK;
}

#define RANDOM .flags = TARN_OP_STATEFUL, .params_bytes = sizeof(tarn_random_params), .parse = parse
#define SEEDS "seed: int = 0; seed2: int = 0; "
#define FLOAT_ATTRS SEEDS "dtype: {half, bfloat16, float, double}; T: {int32, int64}"

const tarn_op tarn_ops_random[] = {
    {.name = "RandomUniform",
     .inputs = "shape: T",
     .outputs = "output: dtype",
     .attrs = FLOAT_ATTRS,
     RANDOM,
     .infer = shape_infer,
     .formula = "uniform in [0, 1)",
     .cases = {"shape=i32{2,3} dtype=f32 seed=5", "shape=i32{50001} dtype=f32 seed=5 seed2=7",
               "shape=i64{7,3} dtype=f64 seed2=1", "shape=i32{9} dtype=f16 seed=3",
               "shape=i32{0,3} dtype=bf16 seed=2"}},
    {.name = "RandomStandardNormal",
     .inputs = "shape: T",
     .outputs = "output: dtype",
     .attrs = FLOAT_ATTRS,
     RANDOM,
     .infer = shape_infer,
     .formula = "normal with mean 0 and deviation 1",
     .cases = {"shape=i32{2,3} dtype=f32 seed=5", "shape=i32{50001} dtype=f32 seed=5 seed2=7",
               "shape=i64{7,3} dtype=f64 seed2=1"}},
    {.name = "TruncatedNormal",
     .inputs = "shape: T",
     .outputs = "output: dtype",
     .attrs = FLOAT_ATTRS,
     RANDOM,
     .infer = shape_infer,
     .formula = "normal with mean 0 and deviation 1, within (-2, 2)",
     .cases = {"shape=i32{2,3} dtype=f32 seed=5", "shape=i32{50001} dtype=f32 seed=5 seed2=7",
               "shape=i64{7,3} dtype=f64 seed2=1"}},
    {.name = "RandomUniformInt",
     .inputs = "shape: T, minval: Tout, maxval: Tout",
     .outputs = "output: Tout",
     .attrs = SEEDS "Tout: {int32, int64}; T: {int32, int64}",
     RANDOM,
     .infer = shape_infer,
     .formula = "whole numbers, uniform in [minval, maxval)",
     .cases = {"shape=i32{20} minval=i32(-3) maxval=i32(9) seed=1",
               "shape=i32{20001} minval=i64(0) maxval=i64(9) seed=1"}},
    {.name = "RandomShuffle",
     .inputs = "value: T",
     .outputs = "output: T",
     .attrs = SEEDS "T: type",
     RANDOM,
     .formula = "the rows of value in another order",
     .cases = {"value=f32[17] seed=3", "value=i32[9x4] seed=3", "value=f32[0x4] seed=3"}},
    {.name = "Multinomial",
     .inputs = "logits: T, num_samples: int32",
     .outputs = "output: output_dtype",
     .attrs = SEEDS "T: realnumbertype; output_dtype: {int32, int64} = DT_INT64",
     RANDOM,
     .infer = tarn__multinomial_infer,
     .formula = "class numbers, with probabilities softmax(logits)",
     .cases = {"logits=f32[3x7] num_samples=i32(11) seed=4",
               "logits=f64[1x1] num_samples=i32(3) seed=4"}},
    {.name = "RandomGamma",
     .inputs = "shape: S, alpha: T",
     .outputs = "output: T",
     .attrs = SEEDS "S: {int32, int64}; T: {half, float, double}",
     RANDOM,
     .infer = sample_infer,
     .formula = "gamma distributed with shape alpha and scale 1",
     .cases = {"shape=i32{7} alpha=T[3]:0.1..4 seed=3",
               "shape=i64{} alpha=T[2x2]:1..9 seed=3 seed2=4",
               "shape=i32{2,0} alpha=f32[3] seed=3"}},
    {.name = "RandomPoisson",
     .inputs = "shape: S, rate: dtype",
     .outputs = "output: dtype",
     .attrs = SEEDS "S: {int32, int64}; dtype: {half, float, double}",
     RANDOM,
     .infer = sample_infer,
     .formula = "Poisson distributed with mean rate",
     .cases = {"shape=i32{7} rate=f32[3]:1..30 seed=3"}},
    {.name = "RandomPoissonV2",
     .inputs = "shape: S, rate: R",
     .outputs = "output: dtype",
     .attrs = SEEDS "S: {int32, int64}; R: {half, float, double, int32, int64} = DT_DOUBLE; "
                    "dtype: {half, float, double, int32, int64} = DT_INT64",
     RANDOM,
     .infer = sample_infer,
     .formula = "Poisson distributed with mean rate",
     .cases = {"shape=i32{7} rate=f64[3]:1..30 seed=3",
               "shape=i64{2,3} rate=f32[]:11..12 dtype=f32 seed=3"}},
    {.name = "ParameterizedTruncatedNormal",
     .inputs = "shape: T, means: dtype, stdevs: dtype, minvals: dtype, maxvals: dtype",
     .outputs = "output: dtype",
     .attrs = SEEDS "dtype: {half, bfloat16, float, double}; T: {int32, int64}",
     RANDOM,
     .infer = bounded_infer,
     .formula = "normal within [minvals, maxvals], parameters for each row",
     .cases = {"shape=i32{3,40} means=f32{0,1,2} stdevs=f32{1} minvals=f32{-1,2,5} "
               "maxvals=f32{2,3,6} seed=3",
               "shape=i32{250} means=f64(0) stdevs=f64(1) minvals=f64(1) maxvals=f64(9) seed=3"}},
    {.name = "NonDeterministicInts",
     .inputs = "shape: shape_dtype",
     .outputs = "output: dtype",
     .attrs = "dtype: type = DT_INT64; shape_dtype: {int32, int64} = DT_INT64",
     .flags = TARN_OP_STATEFUL,
     .infer = shape_infer,
     .formula = "every bit at random, others at each run"},
    {0},
};
