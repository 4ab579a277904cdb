/* TensorArrays: each run makes its own, and it lives as long as its handle. Unpacking shares the
 * unpacked buffer. */
#include "kernels/state/arrays/tensor_array.h"

#include "kernels/cpu/flow/pieces.h"
#include "kernels/params/flow.h"
#include "kernels/run.h"

static tarn_status array_of(const tarn_call *call, tarn_tensor_array **array) {
  void *object;
  TARN_TRY(tarn__call_object(call, 0, &tarn__tensor_array_type, &object));
  *array = object;
  return TARN_OK;
}

static void flow(const tarn_call *call, int i) { *(float *)call->out[i]->data = 0; }

static tarn_status make(const tarn_call *call) {
  const tarn_tensor_array_params *p = call->problem->params;
  const tarn_tensor_array like = {.dtype = p->dtype,
                                  .element_shape = p->element_shape,
                                  .dynamic_size = p->dynamic_size,
                                  .clear_after_read = p->clear_after_read,
                                  .identical_shapes = p->identical_shapes};
  tarn_tensor_array *array;
  TARN_TRY(tarn__tensor_array_create(call->run->allocator, &like, tarn__tensor_int(call->in[0], 0),
                                     &array));
  flow(call, 1);
  return tarn__call_handle(call, 0, array);
}

static tarn_status gradient(const tarn_call *call) {
  const tarn_tensor_array_params *p = call->problem->params;
  tarn_tensor_array *array, *found;
  tarn_shape prepend = {.rank = 0};
  TARN_TRY(array_of(call, &array));
  if (call->problem->inputs > 2) {
    const tarn_tensor *dims = call->in[2];
    if (dims->shape.dim[0] > TARN_MAX_RANK)
      return tarn_fail(TARN_LIMIT, "%lld more dims", (long long)dims->shape.dim[0]);
    prepend.rank = (int)dims->shape.dim[0];
    for (int i = 0; i < prepend.rank; i++) {
      prepend.dim[i] = tarn__tensor_int(dims, i);
      if (prepend.dim[i] < 0)
        return tarn_fail(TARN_INVALID, "dim %d is %lld", i, (long long)prepend.dim[i]);
    }
  }
  TARN_TRY(tarn__tensor_array_gradient(array, &p->source, &prepend, &found));
  flow(call, 1);
  return tarn__call_handle(call, 0, found);
}

static tarn_status write(const tarn_call *call) {
  tarn_tensor_array *array;
  TARN_TRY(array_of(call, &array));
  TARN_TRY(tarn__tensor_array_write(array, tarn__tensor_int(call->in[1], 0), call->in[2]));
  flow(call, 0);
  return TARN_OK;
}

static tarn_status right_dtype(const tarn_call *call, const tarn_tensor_array *array) {
  if (array->dtype == call->problem->out_dtype[0]) return TARN_OK;
  return tarn_fail(TARN_DTYPE, "TensorArray dtype is %s but Op requested dtype %s.",
                   tarn_dtype_name(array->dtype), tarn_dtype_name(call->problem->out_dtype[0]));
}

static tarn_status read(const tarn_call *call) {
  tarn_tensor_array *array;
  tarn_tensor value;
  TARN_TRY(array_of(call, &array));
  TARN_TRY(right_dtype(call, array));
  TARN_TRY(tarn__tensor_array_read(array, tarn__tensor_int(call->in[1], 0), &value));
  tarn__tensor_clear(call->out[0]);
  *call->out[0] = value;
  return TARN_OK;
}

/* Nothing was asked for: the shape must follow from what is declared. */
static tarn_status gather_none(const tarn_call *call, const tarn_tensor_array *array,
                               const tarn_shape *declared) {
  char text[TARN_SHAPE_TEXT];
  tarn_shape shape, stacked;
  TARN_TRY(tarn__shape_merge(declared, &array->element_shape, &shape));
  if (shape.rank < 0 || !tarn__shape_known(&shape))
    return tarn_fail(TARN_INVALID,
                     "TensorArray has size zero, but element shape %s is not fully defined. "
                     "Currently only static "
                     "shapes are supported when packing zero-size TensorArrays.",
                     tarn__shape_print(&shape, text));
  TARN_TRY(tarn__piece_stacked(&shape, 0, &stacked));
  return tarn__call_allocate(call, 0, &stacked);
}

static tarn_status gather(const tarn_call *call) {
  const tarn_tensor_array_params *p = call->problem->params;
  const int64_t n = call->in[1]->shape.dim[0];
  char first[TARN_SHAPE_TEXT], here[TARN_SHAPE_TEXT];
  tarn_tensor_array *array;
  tarn_shape shape = {.rank = -1}, stacked;
  TARN_TRY(array_of(call, &array));
  TARN_TRY(right_dtype(call, array));
  if (n == 0) return gather_none(call, array, &p->element_shape);
  for (int64_t i = 0, each = 0; i < n; i++) {
    tarn_tensor value;
    TARN_TRY(tarn__tensor_array_read(array, tarn__tensor_int(call->in[1], i), &value));
    tarn_status status = TARN_OK;
    if (i == 0) {
      shape = value.shape;
      each = tarn__shape_elements(&shape);
      if (!tarn__shape_compatible(&p->element_shape, &shape))
        status =
            tarn_fail(TARN_INVALID,
                      "TensorArray was passed element_shape %s which does not match the Tensor at "
                      "index 0: %s",
                      tarn__shape_print(&p->element_shape, first), tarn__shape_print(&shape, here));
      if (status == TARN_OK) status = tarn__piece_stacked(&shape, n, &stacked);
      if (status == TARN_OK) status = tarn__call_allocate(call, 0, &stacked);
    } else if (!tarn__shape_equal(&value.shape, &shape)) {
      status = tarn_fail(
          TARN_INVALID,
          "TensorArray has inconsistent shapes. Index 0 has shape: %s but index %lld has shape: %s",
          tarn__shape_print(&shape, first), (long long)i, tarn__shape_print(&value.shape, here));
    }
    if (status == TARN_OK)
      status = tarn__tensor_copy_elements(call->out[0], i * each, &value, 0, each);
    tarn__tensor_clear(&value);
    TARN_TRY(status);
  }
  return TARN_OK;
}

static tarn_status scatter(const tarn_call *call) {
  const tarn_tensor *indices = call->in[1], *value = call->in[2];
  const int64_t n = indices->shape.dim[0];
  tarn_tensor_array *array;
  tarn_tensor whole;
  TARN_TRY(array_of(call, &array));
  int64_t most = -1;
  for (int64_t i = 0; i < n; i++)
    if (tarn__tensor_int(indices, i) > most) most = tarn__tensor_int(indices, i);
  if (most + 1 > tarn__tensor_array_size(array) && !array->dynamic_size)
    return tarn_fail(TARN_INVALID, "Max scatter index must be < array size (%lld vs. %lld)",
                     (long long)most, (long long)tarn__tensor_array_size(array));
  TARN_TRY(tarn__tensor_own(call->run->allocator, value, &whole));
  tarn_status status = TARN_OK;
  for (int64_t i = 0; i < n && status == TARN_OK; i++) {
    tarn_tensor piece;
    tarn__piece(&whole, i, 1, true, &piece);
    status = tarn__tensor_array_write(array, tarn__tensor_int(indices, i), &piece);
    tarn__tensor_clear(&piece);
  }
  tarn__tensor_clear(&whole);
  TARN_TRY(status);
  flow(call, 0);
  return TARN_OK;
}

static tarn_status split_check(const tarn_tensor *value, const tarn_tensor *lengths,
                               tarn_tensor_array *array) {
  const int64_t n = lengths->shape.dim[0], size = tarn__tensor_array_size(array);
  int64_t left = value->shape.dim[0];
  for (int64_t i = 0; i < n; i++) {
    const int64_t rows = tarn__tensor_int(lengths, i);
    if (rows < 0)
      return tarn_fail(TARN_INVALID, "Invalid value in lengths at %lld: %lld", (long long)i,
                       (long long)rows);
    if (rows > left)
      return tarn_fail(
          TARN_INVALID,
          "Expected sum of lengths to be equal to values.shape[0], but it is more than %lld",
          (long long)value->shape.dim[0]);
    left -= rows;
  }
  if (left)
    return tarn_fail(
        TARN_INVALID,
        "Expected sum of lengths to be equal to values.shape[0], but they are %lld vs. %lld",
        (long long)(value->shape.dim[0] - left), (long long)value->shape.dim[0]);
  if (n > size) return tarn__tensor_array_grow(array, n);
  if (n < size && !array->dynamic_size)
    return tarn_fail(TARN_INVALID,
                     "TensorArray's size is not equal to the size of lengths (%lld vs. %lld), and "
                     "the TensorArray is "
                     "not marked as dynamically resizeable",
                     (long long)size, (long long)n);
  return TARN_OK;
}

static tarn_status split(const tarn_call *call) {
  const tarn_tensor *value = call->in[1], *lengths = call->in[2];
  const int64_t n = lengths->shape.dim[0];
  tarn_tensor_array *array;
  tarn_tensor whole;
  TARN_TRY(array_of(call, &array));
  TARN_TRY(split_check(value, lengths, array));
  TARN_TRY(tarn__tensor_own(call->run->allocator, value, &whole));
  tarn_status status = TARN_OK;
  for (int64_t i = 0, at = 0; i < n && status == TARN_OK; i++) {
    tarn_tensor piece;
    tarn__piece(&whole, at, tarn__tensor_int(lengths, i), false, &piece);
    at += tarn__tensor_int(lengths, i);
    status = tarn__tensor_array_write(array, i, &piece);
    tarn__tensor_clear(&piece);
  }
  tarn__tensor_clear(&whole);
  TARN_TRY(status);
  flow(call, 0);
  return TARN_OK;
}

/* What n elements joined along their first dim have for a shape; lengths is output 1, allocated. */
static tarn_status concat_shape(const tarn_call *call, const tarn_tensor *value, int64_t n,
                                tarn_shape *shape) {
  const tarn_tensor_array_params *p = call->problem->params;
  char first[TARN_SHAPE_TEXT], here[TARN_SHAPE_TEXT];
  int64_t rows = 0, *lengths = call->out[1]->data;
  tarn_shape rest = p->element_shape;
  for (int64_t i = 0; i < n; i++) {
    if (value[i].shape.rank == 0)
      return tarn_fail(TARN_INVALID,
                       "Concat saw a scalar shape at index %lld but requires at least vectors. Did "
                       "you mean to call pack?",
                       (long long)i);
    const tarn_shape mine = tarn__piece_rest(&value[i].shape);
    if (!tarn__shape_compatible(&rest, &mine))
      return tarn_fail(TARN_INVALID,
                       "TensorArray has inconsistent shapes: %s except for the first dim, but "
                       "index %lld has shape: %s",
                       tarn__shape_print(&rest, first), (long long)i,
                       tarn__shape_print(&value[i].shape, here));
    rest = mine;
    lengths[i] = value[i].shape.dim[0];
    if (tarn__add_overflow(rows, lengths[i], &rows))
      return tarn_fail(TARN_LIMIT, "too many rows to join");
  }
  if (rest.rank < 0 || !tarn__shape_known(&rest))
    return tarn_fail(TARN_INVALID,
                     "TensorArray has size zero, but element_shape_except0 %s is not fully "
                     "defined. Currently only "
                     "static shapes are supported when concatenating zero-size TensorArrays.",
                     tarn__shape_print(&rest, first));
  return tarn__piece_stacked(&rest, rows, shape);
}

static tarn_status concat(const tarn_call *call) {
  tarn_tensor_array *array;
  TARN_TRY(array_of(call, &array));
  TARN_TRY(right_dtype(call, array));
  const int64_t n = tarn__tensor_array_size(array);
  const tarn_shape lengths = tarn__shape_vector(n);
  const size_t bytes = (size_t)(n + 1) * sizeof(tarn_tensor);
  TARN_TRY(tarn__call_allocate(call, 1, &lengths));
  tarn_tensor *value = tarn__alloc_zero(call->run->allocator, bytes);
  if (!value) return TARN_NO_MEMORY;
  tarn_status status = TARN_OK;
  tarn_shape shape;
  for (int64_t i = 0; i < n && status == TARN_OK; i++)
    status = tarn__tensor_array_read(array, i, &value[i]);
  if (status == TARN_OK) status = concat_shape(call, value, n, &shape);
  if (status == TARN_OK) status = tarn__call_allocate(call, 0, &shape);
  for (int64_t i = 0, at = 0; i < n && status == TARN_OK; i++) {
    const int64_t elements = tarn__tensor_elements(&value[i]);
    status = tarn__tensor_copy_elements(call->out[0], at, &value[i], 0, elements);
    at += elements;
  }
  for (int64_t i = 0; i < n; i++) tarn__tensor_clear(&value[i]);
  tarn__free(call->run->allocator, value, bytes);
  return status;
}

static tarn_status size(const tarn_call *call) {
  tarn_tensor_array *array;
  TARN_TRY(array_of(call, &array));
  *(int32_t *)call->out[0]->data = (int32_t)tarn__tensor_array_size(array);
  return TARN_OK;
}

static tarn_status close_array(const tarn_call *call) {
  tarn_tensor_array *array;
  TARN_TRY(array_of(call, &array));
  tarn__tensor_array_close(array);
  return TARN_OK;
}

const tarn_kernel tarn_kernels_flow_tensor_array_reference[] = {
  {.op = "TensorArrayV3", .run = make},
  {.op = "TensorArrayGradV3", .name = "array_gradient", .run = gradient},
  {.op = "TensorArrayGradWithShape", .name = "array_gradient", .run = gradient},
  {.op = "TensorArrayWriteV3", .name = "array_write", .run = write},
  {.op = "TensorArrayReadV3", .name = "array_read", .run = read},
  {.op = "TensorArrayGatherV3", .name = "array_gather", .run = gather},
  {.op = "TensorArrayScatterV3", .name = "array_scatter", .run = scatter},
  {.op = "TensorArrayConcatV3", .name = "array_concat", .run = concat},
  {.op = "TensorArraySplitV3", .name = "array_split", .run = split},
  {.op = "TensorArraySizeV3", .name = "array_size", .run = size},
  {.op = "TensorArrayCloseV3", .name = "array_close", .run = close_array},
  {0},
};
