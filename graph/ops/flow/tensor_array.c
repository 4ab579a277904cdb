/* TensorArrays (V3): indexed tensors within a run. `flow` is a scalar that only puts writes before
 * reads. Their element shapes are known to the array alone, so what is read from one has no shape
 * before it is read. */
#include "graph/op.h"
#include "kernels/params/flow.h"

static tarn_status array_parse(const tarn_attrs *attrs, void *params) {
  tarn_tensor_array_params *p = params;
  p->dtype = tarn__attr_type(attrs, "dtype");
  p->element_shape = *tarn__attr_shape(attrs, "element_shape");
  p->dynamic_size = tarn__attr_bool(attrs, "dynamic_size");
  p->clear_after_read = tarn__attr_bool(attrs, "clear_after_read");
  p->identical_shapes = tarn__attr_bool(attrs, "identical_element_shapes");
  return TARN_OK;
}

static tarn_status gradient_parse(const tarn_attrs *attrs, void *params) {
  ((tarn_tensor_array_params *)params)->source = tarn__attr_string(attrs, "source");
  return TARN_OK;
}

static tarn_status read_parse(const tarn_attrs *attrs, void *params) {
  ((tarn_tensor_array_params *)params)->dtype = tarn__attr_type(attrs, "dtype");
  return TARN_OK;
}

static tarn_status gather_parse(const tarn_attrs *attrs, void *params) {
  ((tarn_tensor_array_params *)params)->element_shape = *tarn__attr_shape(attrs, "element_shape");
  return read_parse(attrs, params);
}

static tarn_status concat_parse(const tarn_attrs *attrs, void *params) {
  ((tarn_tensor_array_params *)params)->element_shape =
      *tarn__attr_shape(attrs, "element_shape_except0");
  return read_parse(attrs, params);
}

static tarn_status array_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_scalar(t, 0));
  return tarn__infer_scalars(t);
}

static tarn_status prepend_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_vector(t, 2));
  return tarn__infer_scalars(t);
}

static tarn_status write_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_scalar(t, 1));
  return tarn__infer_scalars(t);
}

static tarn_status read_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_scalar(t, 1));
  return tarn__infer_unknown(t);
}

static tarn_status gather_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_vector(t, 1));
  return tarn__infer_unknown(t);
}

static tarn_status scatter_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_vector(t, 1));
  TARN_TRY(tarn__infer_rank_at_least(t, 2, 1));
  if (t->in[1].dim[0] != t->in[2].dim[0])
    return tarn_fail(TARN_SHAPE, "Expected len(indices) == values.shape[0], but saw: %lld vs. %lld",
                     (long long)t->in[1].dim[0], (long long)t->in[2].dim[0]);
  return tarn__infer_scalars(t);
}

static tarn_status split_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_rank_at_least(t, 1, 1));
  TARN_TRY(tarn__infer_vector(t, 2));
  return tarn__infer_scalars(t);
}

#define ARRAY(parser) \
  .flags = TARN_OP_STATEFUL, .params_bytes = sizeof(tarn_tensor_array_params), .parse = parser
#define STATE .flags = TARN_OP_STATEFUL

const tarn_op tarn_ops_tensor_array[] = {
    {.name = "TensorArrayV3",
     .inputs = "size: int32",
     .outputs = "handle: resource, flow: float",
     .attrs =
         "dtype: type; element_shape: shape = { unknown_rank: true }; dynamic_size: bool = false;"
         "clear_after_read: bool = true; identical_element_shapes: bool = false; "
         "tensor_array_name: string = ''",
     ARRAY(array_parse),
     .infer = array_infer,
     .formula = "an array of `size` tensors, nothing written yet"},
    {.name = "TensorArrayGradV3",
     .inputs = "handle: resource, flow_in: float",
     .outputs = "grad_handle: resource, flow_out: float",
     .attrs = "source: string",
     ARRAY(gradient_parse),
     .infer = tarn__infer_scalars,
     .formula = "the array of gradients called `source`, where writes add up"},
    {.name = "TensorArrayGradWithShape",
     .inputs = "handle: resource, flow_in: float, shape_to_prepend: int32",
     .outputs = "grad_handle: resource, flow_out: float",
     .attrs = "source: string",
     ARRAY(gradient_parse),
     .infer = prepend_infer,
     .formula = "TensorArrayGradV3 with more leading dims"},
    {.name = "TensorArrayWriteV3",
     .inputs = "handle: resource, index: int32, value: T, flow_in: float",
     .outputs = "flow_out: float",
     .attrs = "T: type",
     STATE,
     .infer = write_infer,
     .formula = "array[index] = value"},
    {.name = "TensorArrayReadV3",
     .inputs = "handle: resource, index: int32, flow_in: float",
     .outputs = "value: dtype",
     .attrs = "dtype: type",
     ARRAY(read_parse),
     .infer = read_infer,
     .formula = "array[index]"},
    {.name = "TensorArrayGatherV3",
     .inputs = "handle: resource, indices: int32, flow_in: float",
     .outputs = "value: dtype",
     .attrs = "dtype: type; element_shape: shape = { unknown_rank: true }",
     ARRAY(gather_parse),
     .infer = gather_infer,
     .formula = "value[i] = array[indices[i]]"},
    {.name = "TensorArrayScatterV3",
     .inputs = "handle: resource, indices: int32, value: T, flow_in: float",
     .outputs = "flow_out: float",
     .attrs = "T: type",
     STATE,
     .infer = scatter_infer,
     .formula = "array[indices[i]] = value[i]"},
    {.name = "TensorArrayConcatV3",
     .inputs = "handle: resource, flow_in: float",
     .outputs = "value: dtype, lengths: int64",
     .attrs = "dtype: type; element_shape_except0: shape = { unknown_rank: true }",
     ARRAY(concat_parse),
     .infer = tarn__infer_unknown,
     .formula = "all elements joined along their first dim"},
    {.name = "TensorArraySplitV3",
     .inputs = "handle: resource, value: T, lengths: int64, flow_in: float",
     .outputs = "flow_out: float",
     .attrs = "T: type",
     STATE,
     .infer = split_infer,
     .formula = "array[i] = the next lengths[i] rows of value"},
    {.name = "TensorArraySizeV3",
     .inputs = "handle: resource, flow_in: float",
     .outputs = "size: int32",
     STATE,
     .infer = tarn__infer_scalars,
     .formula = "how many elements the array has"},
    {.name = "TensorArrayCloseV3",
     .inputs = "handle: resource",
     STATE,
     .formula = "drops every element"},
    {0},
};
