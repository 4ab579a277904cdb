/* Batch normalization over every axis but the channels, with m = N*S elements per channel.
 *
 *   inference:  y = (x - mean) / sqrt(variance + eps) * scale + offset with the statistics given
 *   training:   mu = mean of x, v = mean of (x - mu)^2, and the same with mu and v; batch_mean is
 * mu and batch_variance v m/(m-1), or with a = exponential_avg_factor < 1 the running (1 - a) old +
 * a new
 *
 * reserve_space_1 and 2 are the mean and variance used (the gradient's inputs); reserve_space_3 is
 * a zero. */
#include "graph/op.h"
#include "kernels/params/batch_norm.h"

static void layout(const tarn_attrs *attrs, tarn_batch_norm_params *p) {
  p->epsilon = tarn__attr_float(attrs, "epsilon");
  p->channels_first =
      tarn__attr_is(attrs, "data_format", "NCHW") || tarn__attr_is(attrs, "data_format", "NCDHW");
  p->training = tarn__attr_bool(attrs, "is_training");
}
static tarn_status parse(const tarn_attrs *attrs, void *params) {
  tarn_batch_norm_params *p = params;
  layout(attrs, p);
  p->exponential_avg_factor = tarn__attr_float(attrs, "exponential_avg_factor");
  return TARN_OK;
}
static tarn_status parse_gradient(const tarn_attrs *attrs, void *params) {
  tarn_batch_norm_params *p = params;
  layout(attrs, p);
  p->exponential_avg_factor = 1;
  return TARN_OK;
}

/* x is of rank 4 or 5; *channels is its number of channels. */
static tarn_status channels_of(const tarn_infer *t, int x, int64_t *channels) {
  const tarn_batch_norm_params *p = t->params;
  const tarn_shape *shape = &t->in[x];
  char text[TARN_SHAPE_TEXT];
  if (shape->rank != 4 && shape->rank != 5)
    return tarn_fail(TARN_SHAPE, "expected rank 4 or 5, got %s", tarn__shape_print(shape, text));
  *channels = shape->dim[p->channels_first ? 1 : shape->rank - 1];
  return TARN_OK;
}
static tarn_status per_channel(const tarn_infer *t, int i, int64_t channels) {
  TARN_TRY(tarn__infer_vector(t, i));
  if (t->in[i].dim[0] != channels)
    return tarn_fail(TARN_SHAPE, "input %d: expected %lld elements, one per channel, got %lld", i,
                     (long long)channels, (long long)t->in[i].dim[0]);
  return TARN_OK;
}

/* (x, scale, offset, mean, variance); training from scratch leaves mean and variance empty. */
static tarn_status infer(tarn_infer *t) {
  const tarn_batch_norm_params *p = t->params;
  int64_t channels = 0;
  TARN_TRY(channels_of(t, 0, &channels));
  TARN_TRY(per_channel(t, 1, channels));
  TARN_TRY(per_channel(t, 2, channels));
  for (int i = 3; i < 5; i++) {
    TARN_TRY(tarn__infer_vector(t, i));
    if (!p->training || p->exponential_avg_factor != 1) TARN_TRY(per_channel(t, i, channels));
  }
  t->out[0] = t->in[0];
  for (int o = 1; o < 5; o++) t->out[o] = tarn__shape_vector(channels);
  if (t->outputs > 5) t->out[5] = tarn__shape_scalar();
  return TARN_OK;
}

/* (dy, x, scale, reserve_space_1, reserve_space_2, ...). */
static tarn_status infer_gradient(tarn_infer *t) {
  int64_t channels = 0;
  TARN_TRY(channels_of(t, 1, &channels));
  TARN_TRY(tarn__infer_same(t, 0, 1));
  for (int i = 2; i < 5; i++) TARN_TRY(per_channel(t, i, channels));
  t->out[0] = t->in[1];
  t->out[1] = t->out[2] = tarn__shape_vector(channels);
  t->out[3] = t->out[4] = tarn__shape_vector(0);
  return TARN_OK;
}

#define FORWARD_ATTRS(types, formats)                                                              \
  types " epsilon: float = 0.0001; exponential_avg_factor: float = 1.0;"                           \
        "data_format: {" formats "} = 'NHWC'; is_training: bool = true"
#define GRADIENT_ATTRS(types, formats) \
  types " epsilon: float = 0.0001; data_format: {" formats "} = 'NHWC'; is_training: bool = true"
#define T_U "T: {half, bfloat16, float}; U: {float};"
#define FORMATS "'NHWC', 'NCHW'"
#define FORMATS_V3 "'NHWC', 'NCHW', 'NDHWC', 'NCDHW'"
#define PARSED(parse_) .params_bytes = sizeof(tarn_batch_norm_params), .parse = parse_
#define FORMULA "y = (x - mean) / sqrt(variance + eps) * scale + offset, per channel"
#define GRADIENT_FORMULA                                                                     \
  "doffset = sum dy; dscale = sum dy (x - mu) r; dx = scale r (dy - doffset/m - (x - mu) r " \
  "dscale/m), "                                                                              \
  "r = 1/sqrt(v + eps); not training: dx = scale r dy"

const tarn_op tarn_ops_batch_norm[] = {
    {.name = "FusedBatchNorm",
     .inputs = "x: T, scale: T, offset: T, mean: T, variance: T",
     .outputs = "y: T, batch_mean: T, batch_variance: T, reserve_space_1: T, reserve_space_2: T",
     .attrs = FORWARD_ATTRS("T: {float};", FORMATS),
     PARSED(parse),
     .infer = infer,
     .formula = FORMULA,
     .cases =
         {"x=f32[2x3x5x7] scale=f32[7] offset=f32[7] mean=f32[0] variance=f32[0]",
          "x=f32[2x3x5x7] scale=f32[7] offset=f32[7] mean=f32[7] variance=f32[7]:0.1..2 "
          "is_training=false",
          "x=f32[1x56x56x64] scale=f32[64] offset=f32[64] mean=f32[64] variance=f32[64]:0.1..2 "
          "is_training=false"}},
    {.name = "FusedBatchNormV2",
     .inputs = "x: T, scale: U, offset: U, mean: U, variance: U",
     .outputs = "y: T, batch_mean: U, batch_variance: U, reserve_space_1: U, reserve_space_2: U",
     .attrs = FORWARD_ATTRS(T_U, FORMATS),
     PARSED(parse),
     .infer = infer,
     .formula = FORMULA,
     .cases = {"x=T[2x3x5x7] scale=f32[7] offset=f32[7] mean=f32[0] variance=f32[0]",
               "x=T[2x3x5x7] scale=f32[7] offset=f32[7] mean=f32[7] variance=f32[7]:0.1..2 "
               "is_training=false"}},
    {.name = "FusedBatchNormV3",
     .inputs = "x: T, scale: U, offset: U, mean: U, variance: U",
     .outputs = "y: T, batch_mean: U, batch_variance: U, reserve_space_1: U, reserve_space_2: U, "
                "reserve_space_3: U",
     .attrs = FORWARD_ATTRS("T: {half, bfloat16, float}; U: {bfloat16, float};", FORMATS_V3),
     PARSED(parse),
     .infer = infer,
     .formula = FORMULA,
     .cases = {"x=T[2x3x5x7] scale=f32[7] offset=f32[7] mean=f32[0] variance=f32[0]",
               "x=T[2x3x5x7] scale=f32[7] offset=f32[7] mean=f32[7] variance=f32[7]:0.1..2 "
               "is_training=false",
               "x=T[2x3x5x7] scale=f32[3] offset=f32[3] mean=f32[3] variance=f32[3]:0.1..2 "
               "data_format=NCHW "
               "exponential_avg_factor=0.25",
               "x=T[2x3x5x8] scale=f32[8] offset=f32[8] mean=f32[0] variance=f32[0]",
               "x=T[2x3x5x8] scale=f32[8] offset=f32[8] mean=f32[8] variance=f32[8]:0.1..2 "
               "exponential_avg_factor=0.25",
               "x=T[1x1x1x1] scale=f32[1] offset=f32[1] mean=f32[0] variance=f32[0]",
               "x=T[0x3x5x7] scale=f32[7] offset=f32[7] mean=f32[0] variance=f32[0]",
               "x=T[1x56x56x64] scale=f32[64] offset=f32[64] mean=f32[64] variance=f32[64]:0.1..2 "
               "is_training=false"}},
    {.name = "FusedBatchNormGrad",
     .inputs = "y_backprop: T, x: T, scale: T, reserve_space_1: T, reserve_space_2: T",
     .outputs = "x_backprop: T, scale_backprop: T, offset_backprop: T, reserve_space_3: T, "
                "reserve_space_4: T",
     .attrs = GRADIENT_ATTRS("T: {float};", FORMATS),
     PARSED(parse_gradient),
     .infer = infer_gradient,
     .formula = GRADIENT_FORMULA,
     .cases = {"y_backprop=f32[2x3x5x7] x=f32[2x3x5x7] scale=f32[7] reserve_space_1=f32[7] "
               "reserve_space_2=f32[7]:0.1..2"}},
    {.name = "FusedBatchNormGradV2",
     .inputs = "y_backprop: T, x: T, scale: float, reserve_space_1: U, reserve_space_2: U",
     .outputs = "x_backprop: T, scale_backprop: U, offset_backprop: U, reserve_space_3: U, "
                "reserve_space_4: U",
     .attrs = GRADIENT_ATTRS(T_U, FORMATS),
     PARSED(parse_gradient),
     .infer = infer_gradient,
     .formula = GRADIENT_FORMULA,
     .cases = {"y_backprop=T[2x3x5x7] x=T[2x3x5x7] scale=f32[7] reserve_space_1=f32[7] "
               "reserve_space_2=f32[7]:0.1..2"}},
    {.name = "FusedBatchNormGradV3",
     .inputs = "y_backprop: T, x: T, scale: float, reserve_space_1: U, reserve_space_2: U, "
               "reserve_space_3: U",
     .outputs = "x_backprop: T, scale_backprop: U, offset_backprop: U, reserve_space_4: U, "
                "reserve_space_5: U",
     .attrs = GRADIENT_ATTRS(T_U, FORMATS_V3),
     PARSED(parse_gradient),
     .infer = infer_gradient,
     .formula = GRADIENT_FORMULA,
     .cases =
         {"y_backprop=T[2x3x5x7] x=T[2x3x5x7] scale=f32[7] reserve_space_1=f32[7] "
          "reserve_space_2=f32[7]:0.1..2 reserve_space_3=f32[]",
               "y_backprop=T[2x3x5x8] x=T[2x3x5x8] scale=f32[8] reserve_space_1=f32[8] "
               "reserve_space_2=f32[8]:0.1..2 reserve_space_3=f32[]",
          "y_backprop=T[2x3x5x7] x=T[2x3x5x7] scale=f32[3] reserve_space_1=f32[3] "
          "reserve_space_2=f32[3]:0.1..2 reserve_space_3=f32[] data_format=NCHW is_training=false",
          "y_backprop=T[0x3x5x7] x=T[0x3x5x7] scale=f32[7] reserve_space_1=f32[7] "
          "reserve_space_2=f32[7]:0.1..2 reserve_space_3=f32[]"}},
    {0},
};
