/* Several tensors into one, element by element or vector by vector. Kernels:
 * kernels/cpu/combine/. */
#include "graph/op.h"

static tarn_status sum_infer(tarn_infer *t) {
  t->out[0] = t->in[0];
  for (int i = 1; i < t->inputs; i++) TARN_TRY(tarn__infer_same(t, 0, i));
  return TARN_OK;
}

/* Limits are scalars or of the tensor's shape. */
static tarn_status clip_infer(tarn_infer *t) {
  t->out[0] = t->in[0];
  for (int i = 1; i <= 2; i++)
    if (t->in[i].rank != 0) TARN_TRY(tarn__infer_same(t, 0, i));
  return TARN_OK;
}

static tarn_status cross_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_same(t, 0, 1));
  TARN_TRY(tarn__infer_rank_at_least(t, 0, 1));
  int64_t last = t->in[0].dim[t->in[0].rank - 1];
  if (last != 3)
    return tarn_fail(TARN_SHAPE, "expected vectors of 3 along the last axis, got %lld",
                     (long long)last);
  t->out[0] = t->in[0];
  return TARN_OK;
}

/* Three tensors of one shape, or scalars. */
static tarn_status betainc_infer(tarn_infer *t) {
  int shaped = -1;
  for (int i = 0; i < 3; i++) {
    if (t->in[i].rank == 0) continue;
    if (shaped >= 0) TARN_TRY(tarn__infer_same(t, shaped, i));
    shaped = i;
  }
  t->out[0] = t->in[shaped < 0 ? 0 : shaped];
  return TARN_OK;
}

#define SUM_CASES                                                                                  \
  .cases = {"inputs=T[3x17]",                                                                      \
            "inputs=T[] inputs=T[]",                                                               \
            "inputs=T[0x3] inputs=T[0x3]",                                                         \
            "inputs=T[7] inputs=T[7] inputs=T[7] inputs=T[7] inputs=T[7] inputs=T[7] inputs=T[7] " \
            "inputs=T[7]",                                                                         \
            "inputs=T[5] inputs=T[5] inputs=T[5] inputs=T[5] inputs=T[5] inputs=T[5] inputs=T[5] " \
            "inputs=T[5] "                                                                         \
            "inputs=T[5] inputs=T[5] inputs=T[5]",                                                 \
            "inputs=f32[262144] inputs=f32[262144] inputs=f32[262144]"}

const tarn_op tarn_ops_combine[] = {
    {.name = "AddN",
     .inputs = "inputs: N * T",
     .outputs = "sum: T",
     .attrs = "N: int >= 1; T: {numbertype, variant}",
     .inplace = 1,
     .infer = sum_infer,
     .formula = "sum = inputs[0] + ... + inputs[N - 1]",
     SUM_CASES},
    {.name = "AccumulateNV2",
     .inputs = "inputs: N * T",
     .outputs = "sum: T",
     .attrs = "N: int >= 1; T: numbertype; shape: shape",
     .inplace = 1,
     .infer = sum_infer,
     .formula = "sum = inputs[0] + ... + inputs[N - 1]",
     .cases = {"inputs=T[3x17] inputs=T[3x17] inputs=T[3x17] shape=[3,17]"}},
    {.name = "ClipByValue",
     .inputs = "t: T, clip_value_min: T, clip_value_max: T",
     .outputs = "output: T",
     .attrs = "T: numbertype",
     .inplace = 1,
     .infer = clip_infer,
     .formula = "output = max(min(t, clip_value_max), clip_value_min)",
     .cases = {"t=T[3x17] clip_value_min=T[] clip_value_max=T[]",
               "t=T[7] clip_value_min=T[7] clip_value_max=T[7]",
               "t=T[] clip_value_min=T[] clip_value_max=T[]",
               "t=T[0] clip_value_min=T[] clip_value_max=T[0]",
               "t=f32[1048576] clip_value_min=f32(-1) clip_value_max=f32(1)"}},
    {.name = "Cross",
     .inputs = "a: T, b: T",
     .outputs = "product: T",
     .attrs = "T: realnumbertype",
     .infer = cross_infer,
     .formula = "product = a x b, along the last axis",
     .cases = {"a=T[3] b=T[3]", "a=T[2x5x3] b=T[2x5x3]", "a=T[0x3] b=T[0x3]"}},
    {.name = "Betainc",
     .inputs = "a: T, b: T, x: T",
     .outputs = "z: T",
     .attrs = "T: {float, double}",
     .infer = betainc_infer,
     .formula = "z = regularised incomplete beta function of x",
     .cases = {"a=T[3x5]:0.1..9 b=T[3x5]:0.1..9 x=T[3x5]:0..1",
               "a=T[]:0.1..9 b=T[7]:0.1..9 x=T[]:0..1", "a=T[] b=T[] x=T[]",
               "a=T[0] b=T[] x=T[0]"}},
    {0},
};
