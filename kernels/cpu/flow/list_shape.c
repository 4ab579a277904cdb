#include "kernels/cpu/flow/list_shape.h"

#include "kernels/cpu/flow/pieces.h"

tarn_status tarn__list_of(const tarn_call *call, int i, const tarn_tensor_list **list) {
  void *object;
  TARN_TRY(tarn__call_object(call, i, &tarn__tensor_list_type, &object));
  *list = object;
  return TARN_OK;
}

tarn_status tarn__list_shape(const tarn_tensor *t, tarn_shape *shape) {
  if (t->shape.rank == 0) {
    if (tarn__tensor_int(t, 0) != -1)
      return tarn_fail(
          TARN_INVALID,
          "The only valid scalar shape tensor is the fully unknown shape specified as -1.");
    shape->rank = -1;
    return TARN_OK;
  }
  if (t->shape.rank != 1 || t->shape.dim[0] > TARN_MAX_RANK)
    return tarn_fail(TARN_INVALID, "an element shape must be a vector of at most %d dims",
                     TARN_MAX_RANK);
  shape->rank = (int)t->shape.dim[0];
  for (int i = 0; i < shape->rank; i++) {
    shape->dim[i] = tarn__tensor_int(t, i);
    if (shape->dim[i] < -1)
      return tarn_fail(TARN_INVALID, "dim %d of an element shape is %lld", i,
                       (long long)shape->dim[i]);
  }
  return TARN_OK;
}

tarn_status tarn__list_merged(const tarn_tensor_list *list, const tarn_shape *wanted,
                              bool from_cells, tarn_shape *shape) {
  TARN_TRY(tarn__shape_merge(&list->element_shape, wanted, shape));
  if (!from_cells || (shape->rank >= 0 && tarn__shape_known(shape))) return TARN_OK;
  for (int64_t i = 0; i < list->size; i++) {
    const tarn_tensor *cell = tarn__tensor_list_get(list, i);
    if (cell) TARN_TRY(tarn__shape_merge(shape, &cell->shape, shape));
  }
  return TARN_OK;
}

tarn_status tarn__list_read(const tarn_tensor_list *list, int64_t index, const tarn_shape *wanted,
                            tarn_tensor *out) {
  char text[TARN_SHAPE_TEXT];
  tarn_shape shape;
  const tarn_tensor *cell = tarn__tensor_list_get(list, index);
  if (cell) {
    tarn__tensor_share(cell, out);
    return TARN_OK;
  }
  TARN_TRY(tarn__list_merged(list, wanted, true, &shape));
  if (shape.rank < 0 || !tarn__shape_known(&shape))
    return tarn_fail(
        TARN_INVALID,
        "Trying to read an uninitialized tensor but element_shape is not fully defined: %s",
        tarn__shape_print(&shape, text));
  return tarn__tensor_new(list->allocator, list->dtype, &shape, out);
}
