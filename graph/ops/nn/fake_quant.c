/* Simulated quantization for training: values snap to the 2^num_bits steps of a range nudged so
 * that 0 is a step.
 *
 *   y = floor((clamp(x) - low) / step + 1/2) step + low;   dx = dy inside the range, and the dy
 * outside go to the range */
#include "graph/op.h"
#include "kernels/params/quantize.h"

static tarn_status parse(const tarn_attrs *attrs, void *params) {
  tarn_quantize_params *p = params;
  p->num_bits = tarn__attr_int(attrs, "num_bits");
  p->narrow_range = tarn__attr_bool(attrs, "narrow_range");
  if (p->num_bits < 2 || p->num_bits > 16)
    return tarn_fail(TARN_INVALID, "num_bits: expected 2 to 16, got %lld", (long long)p->num_bits);
  return TARN_OK;
}
static tarn_status parse_args(const tarn_attrs *attrs, void *params) {
  tarn_quantize_params *p = params;
  p->min = tarn__attr_float(attrs, "min");
  p->max = tarn__attr_float(attrs, "max");
  if (!(p->min < p->max))
    return tarn_fail(TARN_INVALID, "min %g is not below max %g", (double)p->min, (double)p->max);
  return parse(attrs, params);
}

/* Inputs i and i + 1: scalars, or as long as the last dim of x. */
static tarn_status ranges(const tarn_infer *t, int i, bool per_channel) {
  const tarn_shape *x = &t->in[0];
  if (per_channel) TARN_TRY(tarn__infer_rank_at_least(t, 0, 1));
  for (int k = i; k < i + 2; k++) {
    if (!per_channel) {
      TARN_TRY(tarn__infer_scalar(t, k));
      continue;
    }
    TARN_TRY(tarn__infer_vector(t, k));
    if (t->in[k].dim[0] != x->dim[x->rank - 1])
      return tarn_fail(TARN_SHAPE, "input %d: expected %lld elements, one a channel, got %lld", k,
                       (long long)x->dim[x->rank - 1], (long long)t->in[k].dim[0]);
  }
  return TARN_OK;
}
static tarn_status infer_vars(tarn_infer *t) {
  t->out[0] = t->in[0];
  return ranges(t, 1, false);
}
static tarn_status infer_channels(tarn_infer *t) {
  t->out[0] = t->in[0];
  return ranges(t, 1, true);
}

static tarn_status infer_gradient(tarn_infer *t) {
  t->out[0] = t->in[0];
  return tarn__infer_same(t, 0, 1);
}
static tarn_status infer_vars_gradient(tarn_infer *t) {
  t->out[1] = t->out[2] = tarn__shape_scalar();
  TARN_TRY(ranges(t, 2, false));
  return infer_gradient(t);
}
static tarn_status infer_channels_gradient(tarn_infer *t) {
  TARN_TRY(ranges(t, 2, true));
  t->out[1] = t->out[2] = t->in[2];
  return infer_gradient(t);
}

#define BITS "num_bits: int = 8; narrow_range: bool = false"
#define RANGE "min: float = -6.0; max: float = 6.0; "
#define PARSED(parse_) .params_bytes = sizeof(tarn_quantize_params), .parse = parse_
#define FORMULA "y = floor((clamp(x, low, high) - low) / step + 1/2) step + low"
#define GRADIENT_FORMULA \
  "dx = dy where low <= x <= high, else 0; dmin, dmax = sums of dy below low, above high"

const tarn_op tarn_ops_fake_quant[] = {
    {.name = "FakeQuantWithMinMaxArgs",
     .inputs = "inputs: float",
     .outputs = "outputs: float",
     .attrs = RANGE BITS,
     PARSED(parse_args),
     .infer = tarn__infer_unary,
     .formula = FORMULA,
     .cases = {"inputs=f32[3x17]", "inputs=f32[0]",
               "inputs=f32[] min=-3.0 max=4.0 num_bits=4 narrow_range=true"}},
    {.name = "FakeQuantWithMinMaxArgsGradient",
     .inputs = "gradients: float, inputs: float",
     .outputs = "backprops: float",
     .attrs = RANGE BITS,
     PARSED(parse_args),
     .infer = infer_gradient,
     .formula = "dx = dy where low <= x <= high, else 0",
     .cases = {"gradients=f32[3x17] inputs=f32[3x17] min=-1.0 max=1.0"}},
    {.name = "FakeQuantWithMinMaxVars",
     .inputs = "inputs: float, min: float, max: float",
     .outputs = "outputs: float",
     .attrs = BITS,
     PARSED(parse),
     .infer = infer_vars,
     .formula = FORMULA,
     .cases = {"inputs=f32[3x17] min=f32(-1) max=f32(2)", "inputs=f32[5] min=f32(0) max=f32(0)"}},
    {.name = "FakeQuantWithMinMaxVarsGradient",
     .inputs = "gradients: float, inputs: float, min: float, max: float",
     .outputs = "backprops_wrt_input: float, backprop_wrt_min: float, backprop_wrt_max: float",
     .attrs = BITS,
     PARSED(parse),
     .infer = infer_vars_gradient,
     .formula = GRADIENT_FORMULA,
     .cases = {"gradients=f32[3x17] inputs=f32[3x17] min=f32(-1) max=f32(1)"}},
    {.name = "FakeQuantWithMinMaxVarsPerChannel",
     .inputs = "inputs: float, min: float, max: float",
     .outputs = "outputs: float",
     .attrs = BITS,
     PARSED(parse),
     .infer = infer_channels,
     .formula = FORMULA ", a range per channel",
     .cases = {"inputs=f32[4x3] min=f32{-1,-2,0} max=f32{1,2,0}"}},
    {.name = "FakeQuantWithMinMaxVarsPerChannelGradient",
     .inputs = "gradients: float, inputs: float, min: float, max: float",
     .outputs = "backprops_wrt_input: float, backprop_wrt_min: float, backprop_wrt_max: float",
     .attrs = BITS,
     PARSED(parse),
     .infer = infer_channels_gradient,
     .formula = GRADIENT_FORMULA ", per channel",
     .cases = {"gradients=f32[4x3] inputs=f32[4x3] min=f32{-1,-2,0} max=f32{1,2,0}"}},
    {0},
};
