#include "kernels/cpu/flow/pieces.h"

tarn_shape tarn__piece_rest(const tarn_shape *shape) {
  tarn_shape rest = {.rank = shape->rank - 1};
  for (int i = 0; i < rest.rank; i++) rest.dim[i] = shape->dim[i + 1];
  return rest;
}

void tarn__piece(const tarn_tensor *whole, int64_t at, int64_t rows, bool drop_dim,
                 tarn_tensor *piece) {
  const tarn_shape rest = tarn__piece_rest(&whole->shape);
  const size_t row = (size_t)tarn__shape_elements(&rest) * tarn_dtype_bytes(whole->dtype);
  tarn__tensor_share(whole, piece);
  piece->data = (char *)whole->data + (size_t)at * row;
  if (drop_dim) piece->shape = rest;
  else piece->shape.dim[0] = rows;
}

tarn_status tarn__piece_stacked(const tarn_shape *shape, int64_t count, tarn_shape *out) {
  int64_t dims[TARN_MAX_RANK];
  if (shape->rank >= TARN_MAX_RANK)
    return tarn_fail(TARN_LIMIT, "stacking tensors of rank %d", shape->rank);
  dims[0] = count;
  for (int i = 0; i < shape->rank; i++) dims[i + 1] = shape->dim[i];
  return tarn__shape_make(shape->rank + 1, dims, out);
}

tarn_status tarn__shape_merge(const tarn_shape *a, const tarn_shape *b, tarn_shape *out) {
  char one[TARN_SHAPE_TEXT], other[TARN_SHAPE_TEXT];
  if (a->rank < 0 || b->rank < 0) {
    *out = a->rank < 0 ? *b : *a;
    return TARN_OK;
  }
  bool fits = a->rank == b->rank;
  tarn_shape merged = *a;
  for (int i = 0; i < a->rank && fits; i++) {
    if (merged.dim[i] < 0) merged.dim[i] = b->dim[i];
    else fits = b->dim[i] < 0 || b->dim[i] == merged.dim[i];
  }
  if (!fits)
    return tarn_fail(TARN_SHAPE, "incompatible shapes: %s and %s", tarn__shape_print(a, one),
                     tarn__shape_print(b, other));
  *out = merged;
  return TARN_OK;
}
