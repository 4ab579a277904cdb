/* Adding one number per channel. */
#include "graph/op.h"
#include "kernels/params/bias.h"

static tarn_status parse(const tarn_attrs *attrs, void *params) {
  ((tarn_bias_params *)params)->channels_first = tarn__attr_is(attrs, "data_format", "NCHW");
  return TARN_OK;
}

static tarn_status infer(tarn_infer *t) {
  const tarn_bias_params *p = t->params;
  TARN_TRY(tarn__infer_rank_at_least(t, 0, 2));
  TARN_TRY(tarn__infer_vector(t, 1));
  int64_t channels = t->in[0].dim[p->channels_first ? 1 : t->in[0].rank - 1];
  if (t->in[1].dim[0] != channels)
    return tarn_fail(TARN_SHAPE, "expected a bias of %lld elements, one per channel, got %lld",
                     (long long)channels, (long long)t->in[1].dim[0]);
  t->out[0] = t->in[0];
  return TARN_OK;
}

static tarn_status infer_gradient(tarn_infer *t) {
  const tarn_bias_params *p = t->params;
  TARN_TRY(tarn__infer_rank_at_least(t, 0, 2));
  t->out[0] = tarn__shape_vector(t->in[0].dim[p->channels_first ? 1 : t->in[0].rank - 1]);
  return TARN_OK;
}

static tarn_status parse_v1(const tarn_attrs *attrs, void *params) {
  (void)attrs;
  ((tarn_bias_params *)params)->channels_first = false;
  return TARN_OK;
}

const tarn_op tarn_ops_bias[] = {
    {.name = "BiasAdd",
     .inputs = "value: T, bias: T",
     .outputs = "output: T",
     .attrs = "T: numbertype; data_format: {'NHWC', 'NCHW'} = 'NHWC'",
     .inplace = 1,
     .params_bytes = sizeof(tarn_bias_params),
     .parse = parse,
     .infer = infer,
     .formula = "y[n,...,c] = x[n,...,c] + b[c]",
     .cases = {"value=T[3x5] bias=T[5]", "value=T[1x1] bias=T[1]", "value=T[0x3] bias=T[3]",
               "value=T[2x0] bias=T[0]", "value=T[2x7x5x17] bias=T[17]",
               "value=T[2x7x5x3] bias=T[7] data_format=NCHW", "value=T[1x56x56x64] bias=T[64]"}},
    {.name = "BiasAddV1",
     .inputs = "value: T, bias: T",
     .outputs = "output: T",
     .attrs = "T: numbertype",
     .inplace = 1,
     .params_bytes = sizeof(tarn_bias_params),
     .parse = parse_v1,
     .infer = infer,
     .formula = "y[n,...,c] = x[n,...,c] + b[c]",
     .cases = {"value=T[3x5] bias=T[5]"}},
    {.name = "BiasAddGrad",
     .inputs = "out_backprop: T",
     .outputs = "output: T",
     .attrs = "T: numbertype; data_format: {'NHWC', 'NCHW'} = 'NHWC'",
     .params_bytes = sizeof(tarn_bias_params),
     .parse = parse,
     .infer = infer_gradient,
     .formula = "db[c] = sum of dy[n,...,c] over all but c",
     .cases = {"out_backprop=T[3x5]", "out_backprop=T[0x3]", "out_backprop=T[2x7x5x17]",
               "out_backprop=T[2x7x5x3] data_format=NCHW", "out_backprop=T[8x28x28x64]"}},
    {0},
};
