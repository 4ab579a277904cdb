/* TensorLists: V2 loops and their gradients keep tensors in variants. A list does not change; every
 * op gives a new one. */
#include "graph/op.h"
#include "kernels/params/flow.h"

static tarn_status join_infer(tarn_infer *t) {
  t->out[0] = t->in[0];
  return tarn__infer_same(t, 0, 1);
}

static tarn_status push_batch_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_rank_at_least(t, 1, 1));
  const int64_t lists = tarn__shape_elements(&t->in[0]);
  if (lists != t->in[1].dim[0])
    return tarn_fail(TARN_SHAPE, "%lld rows for %lld lists", (long long)t->in[1].dim[0],
                     (long long)lists);
  t->out[0] = t->in[0];
  return TARN_OK;
}

static tarn_status list_parse(const tarn_attrs *attrs, void *params) {
  tarn_list_params *p = params;
  p->dtype = tarn__attr_type(attrs, "element_dtype");
  p->num_elements =
      tarn__attr_find(attrs, "num_elements") ? tarn__attr_int(attrs, "num_elements") : -1;
  p->resize = tarn__attr_find(attrs, "resize_if_index_out_of_bounds") &&
              tarn__attr_bool(attrs, "resize_if_index_out_of_bounds");
  return TARN_OK;
}

/* A list first, and what is read from it. */
static tarn_status pop_infer(tarn_infer *t) {
  t->out[0] = tarn__shape_scalar();
  return TARN_OK;
}

static tarn_status from_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_rank_at_least(t, 0, 1));
  return tarn__infer_scalars(t);
}

static tarn_status index_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_scalar(t, 1));
  return tarn__infer_unknown(t);
}

static tarn_status set_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_scalar(t, 1));
  return tarn__infer_scalars(t);
}

static tarn_status made_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_scalar(t, 1));
  return tarn__infer_scalars(t);
}

static tarn_status gather_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_vector(t, 1));
  return tarn__infer_unknown(t);
}

static tarn_status scatter_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_rank_at_least(t, 0, 1));
  TARN_TRY(tarn__infer_vector(t, 1));
  if (t->in[1].dim[0] != t->in[0].dim[0])
    return tarn_fail(TARN_SHAPE, "%lld rows for %lld indices", (long long)t->in[0].dim[0],
                     (long long)t->in[1].dim[0]);
  return tarn__infer_scalars(t);
}

static tarn_status into_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_rank_at_least(t, 1, 1));
  TARN_TRY(tarn__infer_vector(t, 2));
  if (t->in[2].dim[0] != t->in[1].dim[0])
    return tarn_fail(TARN_SHAPE, "%lld rows for %lld indices", (long long)t->in[1].dim[0],
                     (long long)t->in[2].dim[0]);
  return tarn__infer_scalars(t);
}

static tarn_status split_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_rank_at_least(t, 0, 1));
  TARN_TRY(tarn__infer_vector(t, 2));
  return tarn__infer_scalars(t);
}

#define LIST .params_bytes = sizeof(tarn_list_params), .parse = list_parse
#define ELEMENT "element_dtype: type"
#define SHAPED "element_dtype: type; shape_type: {int32, int64}"

const tarn_op tarn_ops_tensor_list[] = {
    {.name = "EmptyTensorList",
     .inputs = "element_shape: shape_type, max_num_elements: int32",
     .outputs = "handle: variant",
     .attrs = SHAPED,
     LIST,
     .flags = TARN_OP_NEVER_FOLD,
     .infer = made_infer,
     .formula = "an empty list"},
    {.name = "TensorListReserve",
     .inputs = "element_shape: shape_type, num_elements: int32",
     .outputs = "handle: variant",
     .attrs = SHAPED,
     LIST,
     .flags = TARN_OP_NEVER_FOLD,
     .infer = made_infer,
     .formula = "a list of elements that are not set"},
    {.name = "TensorListFromTensor",
     .inputs = "tensor: element_dtype, element_shape: shape_type",
     .outputs = "output_handle: variant",
     .attrs = SHAPED,
     LIST,
     .flags = TARN_OP_NEVER_FOLD,
     .infer = from_infer,
     .formula = "list[i] = tensor[i]"},
    {.name = "TensorListStack",
     .inputs = "input_handle: variant, element_shape: int32",
     .outputs = "tensor: element_dtype",
     .attrs = ELEMENT "; num_elements: int = -1",
     LIST,
     .infer = tarn__infer_unknown,
     .formula = "tensor[i] = list[i]"},
    {.name = "TensorListPushBack",
     .inputs = "input_handle: variant, tensor: element_dtype",
     .outputs = "output_handle: variant",
     .attrs = ELEMENT,
     LIST,
     .infer = tarn__infer_scalars,
     .inplace = 1,
     .formula = "the list with one more element"},
    {.name = "TensorListPushBackBatch",
     .inputs = "input_handles: variant, tensor: element_dtype",
     .outputs = "output_handles: variant",
     .attrs = ELEMENT,
     LIST,
     .infer = push_batch_infer,
     .formula = "each list with one more element, its row of tensor"},
    {.name = "TensorListPopBack",
     .inputs = "input_handle: variant, element_shape: int32",
     .outputs = "output_handle: variant, tensor: element_dtype",
     .attrs = ELEMENT,
     LIST,
     .infer = pop_infer,
     .inplace = 1,
     .formula = "the list without its last element, and that element"},
    {.name = "TensorListLength",
     .inputs = "input_handle: variant",
     .outputs = "length: int32",
     .infer = tarn__infer_scalars,
     .formula = "how many elements the list has"},
    {.name = "TensorListElementShape",
     .inputs = "input_handle: variant",
     .outputs = "element_shape: shape_type",
     .attrs = "shape_type: {int32, int64}",
     .infer = tarn__infer_unknown,
     .formula = "the declared shape, -1 where unknown"},
    {.name = "TensorListGetItem",
     .inputs = "input_handle: variant, index: int32, element_shape: int32",
     .outputs = "item: element_dtype",
     .attrs = ELEMENT,
     LIST,
     .infer = index_infer,
     .formula = "list[index]"},
    {.name = "TensorListSetItem",
     .inputs = "input_handle: variant, index: int32, item: element_dtype",
     .outputs = "output_handle: variant",
     .attrs = ELEMENT "; resize_if_index_out_of_bounds: bool = false",
     LIST,
     .infer = set_infer,
     .inplace = 1,
     .formula = "the list with list[index] = item"},
    {.name = "TensorListResize",
     .inputs = "input_handle: variant, size: int32",
     .outputs = "output_handle: variant",
     .infer = made_infer,
     .formula = "the list cut or extended to `size`"},
    {.name = "TensorListGather",
     .inputs = "input_handle: variant, indices: int32, element_shape: int32",
     .outputs = "values: element_dtype",
     .attrs = ELEMENT,
     LIST,
     .infer = gather_infer,
     .formula = "values[i] = list[indices[i]]"},
    {.name = "TensorListScatter",
     .inputs = "tensor: element_dtype, indices: int32, element_shape: shape_type",
     .outputs = "output_handle: variant",
     .attrs = SHAPED,
     LIST,
     .flags = TARN_OP_NEVER_FOLD,
     .infer = scatter_infer,
     .formula = "list[indices[i]] = tensor[i]"},
    {.name = "TensorListScatterV2",
     .inputs =
         "tensor: element_dtype, indices: int32, element_shape: shape_type, num_elements: int32",
     .outputs = "output_handle: variant",
     .attrs = SHAPED,
     LIST,
     .flags = TARN_OP_NEVER_FOLD,
     .infer = scatter_infer,
     .formula = "list[indices[i]] = tensor[i]"},
    {.name = "TensorListScatterIntoExistingList",
     .inputs = "input_handle: variant, tensor: element_dtype, indices: int32",
     .outputs = "output_handle: variant",
     .attrs = ELEMENT,
     LIST,
     .infer = into_infer,
     .formula = "the list with list[indices[i]] = tensor[i]"},
    {.name = "TensorListConcat",
     .inputs = "input_handle: variant",
     .outputs = "tensor: element_dtype, lengths: int64",
     .attrs = ELEMENT "; element_shape: shape = { unknown_rank: true }",
     LIST,
     .infer = tarn__infer_unknown,
     .formula = "all elements joined along their first dim"},
    {.name = "TensorListConcatV2",
     .inputs = "input_handle: variant, element_shape: shape_type, leading_dims: int64",
     .outputs = "tensor: element_dtype, lengths: int64",
     .attrs = SHAPED,
     LIST,
     .infer = tarn__infer_unknown,
     .formula = "all elements joined along their first dim"},
    {.name = "TensorListSplit",
     .inputs = "tensor: element_dtype, element_shape: shape_type, lengths: int64",
     .outputs = "output_handle: variant",
     .attrs = SHAPED,
     LIST,
     .flags = TARN_OP_NEVER_FOLD,
     .infer = split_infer,
     .formula = "list[i] = the next lengths[i] rows of tensor"},
    {.name = "TensorListConcatLists",
     .inputs = "input_a: variant, input_b: variant",
     .outputs = "output: variant",
     .attrs = ELEMENT,
     LIST,
     .infer = join_infer,
     .formula = "the elements of a, then those of b"},
    {0},
};
