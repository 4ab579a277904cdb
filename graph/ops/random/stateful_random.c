/* Random ops whose stream is in a resource variable, as tf.random.Generator's: int64 [counter,
 * counter, key]. Only Philox. */
#include "graph/op.h"

/* Scalars but for the shape in input 2. */
static tarn_status sized(tarn_infer *t) {
  TARN_TRY(tarn__infer_scalar(t, 0));
  TARN_TRY(tarn__infer_scalar(t, 1));
  TARN_TRY(tarn__infer_vector(t, 2));
  return t->value[2] ? tarn__infer_shape_value(t, 2, false, &t->out[0]) : TARN_OK;
}
static tarn_status draw_infer(tarn_infer *t) {
  for (int i = 3; i < t->inputs; i++) TARN_TRY(tarn__infer_scalar(t, i));
  return sized(t);
}
static tarn_status binomial_infer(tarn_infer *t) {
  tarn_shape both;
  TARN_TRY(tarn__shape_broadcast(&t->in[3], &t->in[4], &both));
  TARN_TRY(sized(t));
  const tarn_shape *y = &t->out[0];
  bool ends = y->rank < 0 || y->rank >= both.rank;
  for (int d = 0; ends && y->rank >= 0 && d < both.rank; d++)
    ends = y->dim[y->rank - both.rank + d] == both.dim[d];
  return ends ? TARN_OK : tarn_fail(TARN_SHAPE, "Shape passed in must end with broadcasted shape");
}
static tarn_status skip_infer(tarn_infer *t) {
  for (int i = 0; i < t->inputs; i++) TARN_TRY(tarn__infer_scalar(t, i));
  if (t->outputs > 0) t->out[0] = tarn__shape_vector(3);
  return TARN_OK;
}

#define INPUTS "resource: resource, algorithm: int64, shape: shape_dtype"
#define SHAPE "; shape_dtype: type = DT_INT64"
#define NUMBERS "{half, float, double, int32, int64}"

const tarn_op tarn_ops_stateful_random[] = {
    {.name = "StatefulUniform",
     .inputs = INPUTS,
     .outputs = "output: dtype",
     .attrs = "dtype: type = DT_FLOAT" SHAPE,
     .flags = TARN_OP_STATEFUL,
     .infer = draw_infer,
     .formula = "uniform in [0, 1)"},
    {.name = "StatefulStandardNormalV2",
     .inputs = INPUTS,
     .outputs = "output: dtype",
     .attrs = "dtype: type = DT_FLOAT" SHAPE,
     .flags = TARN_OP_STATEFUL,
     .infer = draw_infer,
     .formula = "normal with mean 0 and deviation 1"},
    {.name = "StatefulTruncatedNormal",
     .inputs = INPUTS,
     .outputs = "output: dtype",
     .attrs = "dtype: type = DT_FLOAT" SHAPE,
     .flags = TARN_OP_STATEFUL,
     .infer = draw_infer,
     .formula = "normal with mean 0 and deviation 1, within (-2, 2)"},
    {.name = "StatefulUniformFullInt",
     .inputs = INPUTS,
     .outputs = "output: dtype",
     .attrs = "dtype: type = DT_UINT64" SHAPE,
     .flags = TARN_OP_STATEFUL,
     .infer = draw_infer,
     .formula = "every bit at random"},
    {.name = "StatefulUniformInt",
     .inputs = INPUTS ", minval: dtype, maxval: dtype",
     .outputs = "output: dtype",
     .attrs = "dtype: type = DT_INT64" SHAPE,
     .flags = TARN_OP_STATEFUL,
     .infer = draw_infer,
     .formula = "whole numbers, uniform in [minval, maxval)"},
    {.name = "StatefulRandomBinomial",
     .inputs = "resource: resource, algorithm: int64, shape: S, counts: T, probs: T",
     .outputs = "output: dtype",
     .attrs = "S: {int32, int64}; T: " NUMBERS " = DT_DOUBLE; dtype: " NUMBERS " = DT_INT64",
     .flags = TARN_OP_STATEFUL,
     .infer = binomial_infer,
     .formula = "binomially distributed: successes among counts"},
    {.name = "RngSkip",
     .inputs = "resource: resource, algorithm: int64, delta: int64",
     .flags = TARN_OP_STATEFUL,
     .infer = skip_infer,
     .formula = "moves the state on by delta samples"},
    {.name = "RngReadAndSkip",
     .inputs = "resource: resource, alg: int32, delta: uint64",
     .outputs = "value: int64",
     .flags = TARN_OP_STATEFUL,
     .infer = skip_infer,
     .formula = "the state before it moves on by delta samples"},
    {0},
};
