/* Between floats and quantized integers, with one range for a whole tensor (axis -1) or one per
 * slice along an axis.
 *
 *   MIN_COMBINED  q = (x - min) (q_max - q_min) / (max - min), signed types shifted down by half
 * their values MIN_FIRST     q = round(x / step) - round(min / step) + q_min,  step = (max - min) /
 * (q_max - q_min) SCALED        q = round(x scale),  scale the greatest that keeps both ends of the
 * range representable */
#include "graph/op.h"
#include "kernels/params/quantize.h"

static tarn_status parse_mode(const tarn_attrs *attrs, tarn_quantize_params *p) {
  p->mode = tarn__attr_is(attrs, "mode", "SCALED")      ? TARN_SCALED
            : tarn__attr_is(attrs, "mode", "MIN_FIRST") ? TARN_MIN_FIRST
                                                        : TARN_MIN_COMBINED;
  p->narrow_range = tarn__attr_bool(attrs, "narrow_range");
  p->axis = tarn__attr_int(attrs, "axis");
  if (p->mode == TARN_MIN_FIRST && p->axis != -1)
    return tarn_fail(TARN_INVALID,
                     "mode MIN_FIRST has one range for all: expected axis -1, got %lld",
                     (long long)p->axis);
  return TARN_OK;
}

static tarn_status parse_quantize(const tarn_attrs *attrs, void *params) {
  tarn_quantize_params *p = params;
  TARN_TRY(parse_mode(attrs, p));
  p->minimum_range = tarn__attr_float(attrs, "ensure_minimum_range");
  p->half_to_even = tarn__attr_is(attrs, "round_mode", "HALF_TO_EVEN");
  if (p->half_to_even && p->mode != TARN_SCALED)
    return tarn_fail(TARN_INVALID, "round_mode HALF_TO_EVEN goes with mode SCALED only");
  return TARN_OK;
}
static tarn_status parse_dequantize(const tarn_attrs *attrs, void *params) {
  return parse_mode(attrs, params);
}

static tarn_status parse_first(const tarn_attrs *attrs, void *params) {
  tarn_quantize_params *p = params;
  p->signed_input = tarn__attr_bool(attrs, "signed_input");
  p->range_given = tarn__attr_bool(attrs, "range_given");
  p->num_bits = tarn__attr_int(attrs, "num_bits");
  p->min = tarn__attr_float(attrs, "input_min");
  p->max = tarn__attr_float(attrs, "input_max");
  p->half_to_even = true;
  p->axis = -1;
  return TARN_OK;
}
static tarn_status parse_v3(const tarn_attrs *attrs, void *params) {
  tarn_quantize_params *p = params;
  p->signed_input = tarn__attr_bool(attrs, "signed_input");
  p->range_given = tarn__attr_bool(attrs, "range_given");
  p->narrow_range = tarn__attr_bool(attrs, "narrow_range");
  p->axis = tarn__attr_int(attrs, "axis");
  p->half_to_even = true;
  return TARN_OK;
}
static tarn_status parse_v2(const tarn_attrs *attrs, void *params) {
  tarn_quantize_params *p = params;
  TARN_TRY(parse_v3(attrs, params));
  p->num_bits = tarn__attr_int(attrs, "num_bits");
  p->half_to_even = tarn__attr_is(attrs, "round_mode", "HALF_TO_EVEN");
  return TARN_OK;
}

static tarn_status parse_grad(const tarn_attrs *attrs, void *params) {
  ((tarn_quantize_params *)params)->axis = tarn__attr_int(attrs, "axis");
  return TARN_OK;
}

/* Ranges are inputs `first` and the next: scalars, or vectors as long as the axis; *range is their
 * shape. */
static tarn_status ranges(const tarn_infer *t, int first, tarn_shape *range) {
  const tarn_quantize_params *p = t->params;
  const tarn_shape *x = &t->in[0];
  char text[TARN_SHAPE_TEXT];
  if (p->axis < -1 || p->axis >= x->rank)
    return tarn_fail(TARN_SHAPE, "axis %lld of %s", (long long)p->axis, tarn__shape_print(x, text));
  *range = p->axis < 0 ? tarn__shape_scalar() : tarn__shape_vector(x->dim[p->axis]);
  for (int i = first; i < first + 2; i++) {
    if (p->axis < 0) {
      TARN_TRY(tarn__infer_scalar(t, i));
      continue;
    }
    TARN_TRY(tarn__infer_vector(t, i));
    if (t->in[i].dim[0] != range->dim[0])
      return tarn_fail(TARN_SHAPE, "input %d: expected %lld elements, one a slice, got %lld", i,
                       (long long)range->dim[0], (long long)t->in[i].dim[0]);
  }
  return TARN_OK;
}

static tarn_status infer_quantize(tarn_infer *t) {
  tarn_shape range;
  TARN_TRY(ranges(t, 1, &range));
  t->out[0] = t->in[0];
  t->out[1] = t->out[2] = range;
  return TARN_OK;
}
static tarn_status infer_grad(tarn_infer *t) {
  tarn_shape range;
  TARN_TRY(tarn__infer_same(t, 0, 1));
  TARN_TRY(ranges(t, 2, &range));
  t->out[0] = t->in[0];
  t->out[1] = t->out[2] = range;
  return TARN_OK;
}
static tarn_status infer(tarn_infer *t) {
  tarn_shape range;
  TARN_TRY(ranges(t, 1, &range));
  if (t->inputs > 3) TARN_TRY(tarn__infer_scalar(t, 3));
  t->out[0] = t->in[0];
  return TARN_OK;
}

#define QUANTIZED "{qint8, quint8, qint32, qint16, quint16}"
#define MODES "mode: {'MIN_COMBINED', 'MIN_FIRST', 'SCALED'} = 'MIN_COMBINED';"
#define FLOAT_TYPES "T: {bfloat16, half, float, double}"
#define PARSED(parse_) .params_bytes = sizeof(tarn_quantize_params), .parse = parse_
#define FORMULA "y = round(x scale) / scale in num_bits, scale from the range"

const tarn_op tarn_ops_quantize[] = {
    {.name = "QuantizeV2",
     .inputs = "input: float, min_range: float, max_range: float",
     .outputs = "output: T, output_min: float, output_max: float",
     .attrs = "T: " QUANTIZED ";" MODES
              "round_mode: {'HALF_AWAY_FROM_ZERO', 'HALF_TO_EVEN'} = 'HALF_AWAY_FROM_ZERO';"
              "narrow_range: bool = false; axis: int = -1; ensure_minimum_range: float = 0.01",
     PARSED(parse_quantize),
     .infer = infer_quantize,
     .formula = "q = round((x - min) (q_max - q_min) / (max - min)) + q_min (MIN_COMBINED)",
     .cases = {"input=f32[3x5] min_range=f32(-1) max_range=f32(2) T=quint8",
               "input=f32[17] min_range=f32(-1) max_range=f32(2) T=qint8 mode=SCALED "
               "round_mode=HALF_TO_EVEN",
               "input=f32[17] min_range=f32(-1) max_range=f32(2) T=qint16 mode=MIN_FIRST",
               "input=f32[2x3] min_range=f32{-1,-2,0} max_range=f32{2,1,3} T=qint32 axis=1",
               "input=f32[0] min_range=f32(-1) max_range=f32(2) T=quint16"}},
    {.name = "Dequantize",
     .inputs = "input: T, min_range: float, max_range: float",
     .outputs = "output: dtype",
     .attrs = "T: " QUANTIZED ";" MODES "narrow_range: bool = false; axis: int = -1;"
              "dtype: {bfloat16, float} = float",
     PARSED(parse_dequantize),
     .infer = infer,
     .formula = "x = (q - q_min) (max - min) / (q_max - q_min) + min (MIN_COMBINED)",
     .cases =
         {"input=qu8[3x5] min_range=f32(-1) max_range=f32(2)",
          "input=qi8[17] min_range=f32(-1) max_range=f32(2) mode=SCALED",
          "input=qi16[17] min_range=f32(-1) max_range=f32(2) mode=MIN_FIRST",
          "input=qi32[2x3] min_range=f32{-1,-2,0} max_range=f32{2,1,3} axis=1 dtype=bfloat16"}},
    {.name = "QuantizeAndDequantize",
     .inputs = "input: T",
     .outputs = "output: T",
     .attrs = "signed_input: bool = true; num_bits: int = 8; range_given: bool = false; input_min: "
              "float = 0.0;"
              "input_max: float = 0.0; " FLOAT_TYPES,
     PARSED(parse_first),
     .infer = tarn__infer_unary,
     .formula = FORMULA,
     .cases = {"input=T[3x5]", "input=T[3x5] range_given=true input_min=-1.0 input_max=2.0"}},
    {.name = "QuantizeAndDequantizeV2",
     .inputs = "input: T, input_min: T, input_max: T",
     .outputs = "output: T",
     .attrs =
         "signed_input: bool = true; num_bits: int = 8; range_given: bool = false; " FLOAT_TYPES ";"
         "round_mode: {'HALF_TO_EVEN', 'HALF_UP'} = 'HALF_TO_EVEN'; narrow_range: bool = false; "
         "axis: int = -1",
     PARSED(parse_v2),
     .infer = infer,
     .formula = FORMULA,
     .cases = {"input=T[3x5] input_min=T(-1) input_max=T(2) range_given=true",
               "input=T[17] input_min=T(0) input_max=T(0) signed_input=false num_bits=4",
               "input=T[2x3] input_min=T{-1,-2} input_max=T{2,1} range_given=true "
               "round_mode=HALF_UP axis=0"}},
    {.name = "QuantizeAndDequantizeV3",
     .inputs = "input: T, input_min: T, input_max: T, num_bits: int32",
     .outputs = "output: T",
     .attrs = "signed_input: bool = true; range_given: bool = true; " FLOAT_TYPES ";"
              "narrow_range: bool = false; axis: int = -1",
     PARSED(parse_v3),
     .infer = infer,
     .formula = FORMULA,
     .cases = {"input=T[3x5] input_min=T(-1) input_max=T(2) num_bits=i32(8)"}},
    {.name = "QuantizeAndDequantizeV4",
     .inputs = "input: T, input_min: T, input_max: T",
     .outputs = "output: T",
     .attrs =
         "signed_input: bool = true; num_bits: int = 8; range_given: bool = false; " FLOAT_TYPES ";"
         "round_mode: {'HALF_TO_EVEN', 'HALF_UP'} = 'HALF_TO_EVEN'; narrow_range: bool = false; "
         "axis: int = -1",
     PARSED(parse_v2),
     .infer = infer,
     .formula = FORMULA,
     .cases = {"input=T[3x5] input_min=T(-1) input_max=T(2) range_given=true"}},
    {.name = "QuantizeAndDequantizeV4Grad",
     .inputs = "gradients: T, input: T, input_min: T, input_max: T",
     .outputs = "input_backprop: T, input_min_backprop: T, input_max_backprop: T",
     .attrs = FLOAT_TYPES "; axis: int = -1",
     PARSED(parse_grad),
     .infer = infer_grad,
     .formula = "dx = dy where input_min <= x <= input_max, else 0; nothing for the range",
     .cases = {"gradients=T[3x5] input=T[3x5] input_min=T(-1) input_max=T(0.5)",
               "gradients=T[2x3x4] input=T[2x3x4] input_min=T{-1,-2,0} input_max=T{1,0.5,0.25} "
               "axis=1"}},
    {0},
};
