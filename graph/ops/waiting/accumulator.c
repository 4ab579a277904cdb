/* Accumulators of gradients. Most names have a Ref(string) handle, those with Resource a resource;
 * both are the same object. */
#include "graph/op.h"
#include "kernels/params/waiting.h"

static tarn_status make_parse(const tarn_attrs *attrs, void *params) {
  tarn_accumulator_params *p = params;
  const tarn_string reduction = tarn__attr_string(attrs, "reduction_type");
  p->shared_name = tarn__attr_string(attrs, "shared_name");
  p->dtype = tarn__attr_type(attrs, "dtype");
  p->shape = *tarn__attr_shape(attrs, "shape");
  p->sum = reduction.size == 3;   /* the other is MEAN */
  if (p->dtype != TARN_F16 && p->dtype != TARN_F32 && p->dtype != TARN_F64)
    return tarn_fail(TARN_DTYPE, "gradients are half, float or double, not %s",
                     tarn_dtype_name(p->dtype));
  return TARN_OK;
}

static tarn_status sparse_parse(const tarn_attrs *attrs, void *params) {
  ((tarn_accumulator_params *)params)->sparse = true;
  return make_parse(attrs, params);
}

static tarn_status known_parse(const tarn_attrs *attrs, void *params) {
  *(bool *)params = tarn__attr_bool(attrs, "has_known_shape");
  return TARN_OK;
}

static tarn_status step_infer(tarn_infer *t) { return tarn__infer_scalar(t, 1); }
static tarn_status take_infer(tarn_infer *t) { return tarn__infer_scalar(t, 1); }

#define FLOATS "{half, float, double}"
#define ATTRS                                                                                   \
  "dtype: " FLOATS                                                                              \
  "; shape: shape; container: string = ''; shared_name: string = ''; reduction_type: {'MEAN', " \
  "'SUM'} = 'MEAN'"
#define MAKE(kind)                                                            \
  .flags = TARN_OP_STATEFUL, .params_bytes = sizeof(tarn_accumulator_params), \
  .parse = kind##_parse, .infer = tarn__infer_scalars
#define STATE .flags = TARN_OP_STATEFUL

#define ACCUMULATOR_OPS(R, HANDLE)                                                            \
  {.name = R "ConditionalAccumulator",                                                        \
   .outputs = "handle: " HANDLE,                                                              \
   .attrs = ATTRS,                                                                            \
   MAKE(make),                                                                                \
   .formula = "sums gradients until their mean is taken"},                                    \
      {.name = R "AccumulatorApplyGradient",                                                  \
       .inputs = "handle: " HANDLE ", local_step: int64, gradient: dtype",                    \
       .attrs = "dtype: " FLOATS,                                                             \
       STATE,                                                                                 \
       .infer = step_infer,                                                                   \
       .formula = "one more gradient, unless it is older than the accumulator's step"},       \
      {.name = R "AccumulatorNumAccumulated",                                                 \
       .inputs = "handle: " HANDLE,                                                           \
       .outputs = "num_accumulated: int32",                                                   \
       STATE,                                                                                 \
       .infer = tarn__infer_scalars,                                                          \
       .formula = "how many gradients there are"},                                            \
      {.name = R "AccumulatorSetGlobalStep",                                                  \
       .inputs = "handle: " HANDLE ", new_global_step: int64",                                \
       STATE,                                                                                 \
       .infer = step_infer,                                                                   \
       .formula = "gradients before this step are stale"},                                    \
  {                                                                                           \
    .name = R "AccumulatorTakeGradient", .inputs = "handle: " HANDLE ", num_required: int32", \
    .outputs = "average: dtype", .attrs = "dtype: " FLOATS, STATE, .infer = take_infer,       \
    .formula = "the mean or sum of the gradients; waits for num_required"                     \
  }

const tarn_op tarn_ops_accumulator[] = {
    ACCUMULATOR_OPS("", "Ref(string)"),
    ACCUMULATOR_OPS("Resource", "resource"),
    {.name = "SparseConditionalAccumulator",
     .outputs = "handle: Ref(string)",
     .attrs = ATTRS,
     MAKE(sparse),
     .formula = "sums gradients of rows until their mean is taken"},
    {.name = "SparseAccumulatorApplyGradient",
     .inputs = "handle: Ref(string), local_step: int64, gradient_indices: int64, gradient_values: "
               "dtype, gradient_shape: int64",
     .attrs = "dtype: " FLOATS "; has_known_shape: bool",
     STATE,
     .params_bytes = sizeof(bool),
     .parse = known_parse,
     .infer = step_infer,
     .formula = "one more gradient of rows"},
    {.name = "SparseAccumulatorTakeGradient",
     .inputs = "handle: Ref(string), num_required: int32",
     .outputs = "indices: int64, values: dtype, shape: int64",
     .attrs = "dtype: " FLOATS,
     STATE,
     .infer = take_infer,
     .formula = "the mean or sum of the gradients, row by row; waits for num_required"},
    {0},
};
