/* Conveniences for shape functions, and the one place that calls them. */
#include "graph/op.h"

tarn_status tarn__infer(tarn_infer *t) {
  for (int i = 0; i < t->outputs; i++) t->out[i] = (tarn_shape){.rank = -1};
  if (t->op->infer) TARN_TRY(t->op->infer(t));
  else if (t->inputs > 0) TARN_TRY(tarn__infer_unary(t));
  /* A shape function that forgets an overflow must not reach the allocator: this is the last check
   * before it. */
  for (int i = 0; i < t->outputs; i++) {
    if (t->out[i].rank < 0) continue;
    int64_t elements;
    size_t bytes;
    tarn_shape checked;
    TARN_TRY_IN(tarn__shape_make(t->out[i].rank, t->out[i].dim, &checked),
                "shaping output %d of %s", i, t->op->name);
    tarn_dtype dtype = t->out_dtype ? t->out_dtype[i] : TARN_F32;
    if (dtype == TARN_NO_DTYPE) continue;
    TARN_TRY_IN(tarn__shape_bytes(&checked, tarn_dtype_bytes(dtype), &elements, &bytes),
                "shaping output %d of %s", i, t->op->name);
  }
  return TARN_OK;
}

tarn_status tarn__infer_rank(const tarn_infer *t, int i, int rank) {
  char text[TARN_SHAPE_TEXT];
  if (t->in[i].rank == rank) return TARN_OK;
  return tarn_fail(TARN_SHAPE, "input %d: expected rank %d, got %s", i, rank,
                   tarn__shape_print(&t->in[i], text));
}

tarn_status tarn__infer_rank_at_least(const tarn_infer *t, int i, int rank) {
  char text[TARN_SHAPE_TEXT];
  if (t->in[i].rank >= rank) return TARN_OK;
  return tarn_fail(TARN_SHAPE, "input %d: expected rank %d or more, got %s", i, rank,
                   tarn__shape_print(&t->in[i], text));
}

tarn_status tarn__infer_scalar(const tarn_infer *t, int i) {
  char text[TARN_SHAPE_TEXT];
  if (t->in[i].rank == 0) return TARN_OK;
  return tarn_fail(TARN_SHAPE, "input %d: expected a scalar, got %s", i,
                   tarn__shape_print(&t->in[i], text));
}

tarn_status tarn__infer_vector(const tarn_infer *t, int i) {
  char text[TARN_SHAPE_TEXT];
  if (t->in[i].rank == 1) return TARN_OK;
  return tarn_fail(TARN_SHAPE, "input %d: expected a vector, got %s", i,
                   tarn__shape_print(&t->in[i], text));
}

tarn_status tarn__infer_same(const tarn_infer *t, int i, int j) {
  char a[TARN_SHAPE_TEXT], b[TARN_SHAPE_TEXT];
  if (tarn__shape_equal(&t->in[i], &t->in[j])) return TARN_OK;
  return tarn_fail(TARN_SHAPE, "inputs %d and %d: expected one shape, got %s and %s", i, j,
                   tarn__shape_print(&t->in[i], a), tarn__shape_print(&t->in[j], b));
}

tarn_status tarn__infer_broadcast(tarn_infer *t, int i, int j, int o) {
  return tarn__shape_broadcast(&t->in[i], &t->in[j], &t->out[o]);
}

tarn_status tarn__infer_shape_value(const tarn_infer *t, int i, bool minus_one, tarn_shape *shape) {
  const tarn_tensor *value = t->value[i];
  char text[TARN_SHAPE_TEXT];
  if (value->dtype != TARN_I32 && value->dtype != TARN_I64)
    return tarn_fail(TARN_DTYPE, "input %d: expected a shape of int32 or int64, got %s", i,
                     tarn_dtype_name(value->dtype));
  if (value->shape.rank != 1)
    return tarn_fail(TARN_SHAPE, "input %d: expected a vector of dims, got %s", i,
                     tarn__shape_print(&value->shape, text));
  int64_t rank = value->shape.dim[0];
  if (rank > TARN_MAX_RANK)
    return tarn_fail(TARN_LIMIT, "input %d: expected at most %d dims, got %lld", i, TARN_MAX_RANK,
                     (long long)rank);
  tarn_shape made = {.rank = (int)rank};
  int64_t product = 1;
  for (int k = 0; k < rank; k++) {
    int64_t dim = tarn__tensor_int(value, k);
    if (dim < (minus_one ? -1 : 0))
      return tarn_fail(TARN_SHAPE, "input %d: dim %d of a shape is %lld", i, k, (long long)dim);
    made.dim[k] = dim;
    if (dim > 0 && tarn__mul_overflow(product, dim, &product))
      return tarn_fail(TARN_LIMIT, "input %d: a shape of more elements than there can be", i);
  }
  *shape = made;
  return TARN_OK;
}

tarn_status tarn__infer_unary(tarn_infer *t) {
  for (int o = 0; o < t->outputs; o++) {
    /* what makes a handle makes one; what passes handles on keeps their shape */
    bool maker = t->out_dtype && t->out_dtype[o] == TARN_RESOURCE && t->inputs &&
                 t->in_dtype[0] != TARN_RESOURCE;
    t->out[o] = maker || t->inputs == 0 ? tarn__shape_scalar() : t->in[0];
  }
  return TARN_OK;
}

tarn_status tarn__infer_binary(tarn_infer *t) { return tarn__infer_broadcast(t, 0, 1, 0); }

tarn_status tarn__infer_scalars(tarn_infer *t) {
  for (int o = 0; o < t->outputs; o++) t->out[o] = tarn__shape_scalar();
  return TARN_OK;
}

tarn_status tarn__infer_unknown(tarn_infer *t) {
  for (int o = 0; o < t->outputs; o++) t->out[o] = (tarn_shape){.rank = -1};
  return TARN_OK;
}
