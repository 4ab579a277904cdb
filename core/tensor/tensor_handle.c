/* The public tensor handle: a tensor value on the heap with a count of its own. */
#include "core/tensor/tensor.h"

/* The allocator is kept beside the value, which has no room for it. */
typedef struct handle {
  tarn_tensor tensor; /* first: the public pointer is the handle's */
  const tarn_allocator *allocator;
} handle;

tarn_status tarn__tensor_handle(const tarn_allocator *a, tarn_tensor *value, tarn_tensor **tensor) {
  handle *h = tarn__alloc(a, sizeof *h);
  if (!h) return TARN_NO_MEMORY;
  tarn_tensor owned;
  tarn_status status = tarn__tensor_own(a, value, &owned);
  if (status != TARN_OK) {
    tarn__free(a, h, sizeof *h);
    return status;
  }
  tarn__tensor_clear(value);
  h->tensor = owned;
  h->allocator = a;
  atomic_init(&h->tensor.handles, 1);
  *tensor = &h->tensor;
  return TARN_OK;
}

tarn_status tarn_tensor_create(tarn_dtype dtype, int rank, const int64_t *dims,
                               tarn_tensor **tensor) {
  if (!tensor || (!dims && rank > 0))
    return tarn_fail(TARN_INVALID, "dims and tensor may not be NULL");
  const tarn_allocator *a = tarn__allocator_default();
  tarn_shape shape;
  tarn_tensor value;
  TARN_TRY(tarn__shape_make(rank, dims, &shape));
  TARN_TRY(tarn__tensor_new(a, dtype, &shape, &value));
  tarn_status status = tarn__tensor_handle(a, &value, tensor);
  if (status != TARN_OK) tarn__tensor_clear(&value);
  return status;
}

tarn_tensor *tarn_tensor_retain(tarn_tensor *tensor) {
  if (tensor) atomic_fetch_add_explicit(&tensor->handles, 1, memory_order_relaxed);
  return tensor;
}

void tarn_tensor_release(tarn_tensor *tensor) {
  if (!tensor || atomic_fetch_sub_explicit(&tensor->handles, 1, memory_order_acq_rel) != 1) return;
  handle *h = (handle *)tensor;
  tarn__tensor_clear(&h->tensor);
  tarn__free(h->allocator, h, sizeof *h);
}

tarn_dtype tarn_tensor_dtype(const tarn_tensor *tensor) {
  return tensor->dtype;
}

int tarn_tensor_rank(const tarn_tensor *tensor) {
  return tensor->shape.rank;
}

int64_t tarn_tensor_dim(const tarn_tensor *tensor, int axis) {
  return axis >= 0 && axis < tensor->shape.rank ? tensor->shape.dim[axis] : -1;
}

int64_t tarn_tensor_elements(const tarn_tensor *tensor) {
  return tarn__tensor_elements(tensor);
}

size_t tarn_tensor_bytes(const tarn_tensor *tensor) {
  return tarn__tensor_bytes(tensor);
}

void *tarn_tensor_data(tarn_tensor *tensor) {
  /* The caller may write through it. */
  tarn__tensor_touch(tensor);
  return tensor->data;
}

const void *tarn_tensor_data_const(const tarn_tensor *tensor) {
  return tensor->data;
}

tarn_status tarn_tensor_set_string(tarn_tensor *tensor, int64_t i, const char *data, size_t bytes) {
  if (!tensor || (!data && bytes))
    return tarn_fail(TARN_INVALID, "tensor and data may not be NULL");
  if (tensor->dtype != TARN_STRING)
    return tarn_fail(TARN_DTYPE, "expected a string tensor, got %s",
                     tarn_dtype_name(tensor->dtype));
  int64_t elements = tarn__tensor_elements(tensor);
  if (i < 0 || i >= elements)
    return tarn_fail(TARN_INVALID, "element %lld of %lld", (long long)i, (long long)elements);
  TARN_TRY(tarn__string_set(tensor, i, data, bytes));
  tarn__tensor_touch(tensor);
  return TARN_OK;
}
