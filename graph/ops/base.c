/* Where values come from and pass through: placeholders, constants, identities, arguments of
 * functions. None of them has a kernel: feeds and constants are there already, and the others hand
 * their input on. */
#include "graph/op.h"

static tarn_status const_parse(const tarn_attrs *attrs, void *params) {
  (void)params;
  const tarn_tensor *value = tarn__attr_tensor(attrs, "value");
  tarn_dtype dtype = tarn__attr_type(attrs, "dtype");
  if (value->dtype == dtype) return TARN_OK;
  return tarn_fail(TARN_DTYPE, "attribute 'value' is %s, 'dtype' says %s",
                   tarn_dtype_name(value->dtype), tarn_dtype_name(dtype));
}

static tarn_status const_infer(tarn_infer *t) {
  t->out[0] = tarn__attr_tensor(t->attrs, "value")->shape;
  return TARN_OK;
}

static tarn_status each_infer(tarn_infer *t) {
  for (int i = 0; i < t->outputs && i < t->inputs; i++) t->out[i] = t->in[i];
  return TARN_OK;
}

/* The fed or defaulted value must be one that the declared shape allows. */
static tarn_status default_infer(tarn_infer *t) {
  const tarn_shape *declared = tarn__attr_shape(t->attrs, "shape");
  char want[TARN_SHAPE_TEXT], got[TARN_SHAPE_TEXT];
  if (!tarn__shape_compatible(declared, &t->in[0]))
    return tarn_fail(TARN_SHAPE, "expected %s, got %s", tarn__shape_print(declared, want),
                     tarn__shape_print(&t->in[0], got));
  t->out[0] = t->in[0];
  return TARN_OK;
}

const tarn_op tarn_ops_base[] = {
    {.name = "Placeholder",
     .outputs = "output: dtype",
     .flags = TARN_OP_CONTROL | TARN_OP_NEVER_FOLD,
     .attrs = "dtype: type; shape: shape = { unknown_rank: true }",
     .infer = tarn__infer_unknown,
     .formula = "the fed tensor"},
    {.name = "PlaceholderV2",
     .outputs = "output: dtype",
     .flags = TARN_OP_CONTROL | TARN_OP_NEVER_FOLD,
     .attrs = "dtype: type; shape: shape",
     .infer = tarn__infer_unknown,
     .formula = "the fed tensor"},
    {.name = "PlaceholderWithDefault",
     .inputs = "input: dtype",
     .outputs = "output: dtype",
     .attrs = "dtype: type; shape: shape",
     .flags = TARN_OP_VIEW | TARN_OP_NEVER_FOLD,
     .infer = default_infer,
     .formula = "the fed tensor, else the input"},
    {.name = "Const",
     .outputs = "output: dtype",
     .attrs = "value: tensor; dtype: type",
     .flags = TARN_OP_CONTROL,
     .parse = const_parse,
     .infer = const_infer,
     .formula = "value"},
    {.name = "HostConst",
     .outputs = "output: dtype",
     .attrs = "value: tensor; dtype: type",
     .flags = TARN_OP_CONTROL,
     .parse = const_parse,
     .infer = const_infer,
     .formula = "value, which TensorFlow keeps in the host's memory"},
    {.name = "NoOp", .flags = TARN_OP_CONTROL, .formula = "waits for its control inputs"},
    {.name = "ControlTrigger",
     .flags = TARN_OP_CONTROL,
     .formula = "waits for its control inputs, dead ones too"},
    {.name = "Identity",
     .inputs = "input: T",
     .outputs = "output: T",
     .attrs = "T: type",
     .flags = TARN_OP_VIEW,
     .formula = "y = x"},
    {.name = "IdentityN",
     .inputs = "input: T",
     .outputs = "output: T",
     .attrs = "T: list(type) >= 1",
     .flags = TARN_OP_CONTROL,
     .infer = each_infer,
     .formula = "y[i] = x[i]"},
    {.name = "StopGradient",
     .inputs = "input: T",
     .outputs = "output: T",
     .attrs = "T: type",
     .flags = TARN_OP_VIEW,
     .formula = "y = x, with no gradient"},
    {.name = "PreventGradient",
     .inputs = "input: T",
     .outputs = "output: T",
     .attrs = "T: type; message: string = ''",
     .flags = TARN_OP_VIEW,
     .formula = "y = x; asking for its gradient is an error"},
    {.name = "GuaranteeConst",
     .inputs = "input: T",
     .outputs = "output: T",
     .attrs = "T: type",
     .flags = TARN_OP_VIEW,
     .formula = "y = x, which the graph promises never to change"},
    {.name = "Snapshot",
     .inputs = "input: T",
     .outputs = "output: T",
     .attrs = "T: type",
     .flags = TARN_OP_VIEW,
     .formula = "y = x"},
    {.name = "_Arg",
     .outputs = "output: T",
     .attrs = "T: type; index: int >= 0",
     .flags = TARN_OP_CONTROL | TARN_OP_NEVER_FOLD,
     .infer = tarn__infer_unknown,
     .formula = "argument `index` of a function"},
    {.name = "_Retval",
     .inputs = "input: T",
     .attrs = "T: type; index: int >= 0",
     .flags = TARN_OP_CONTROL,
     .formula = "result `index` of a function"},
    {0},
};
