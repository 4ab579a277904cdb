/* Values put at index tuples. */
#include "graph/op.h"
#include "kernels/params/array.h"

static tarn_status scatter_parse(const tarn_attrs *attrs, void *params) {
  tarn_bad_indices_params *p = params;
  p->ignore = tarn__attr_is(attrs, "bad_indices_policy", "IGNORE");
  if (tarn__attr_string(attrs, "bad_indices_policy").size && !p->ignore &&
      !tarn__attr_is(attrs, "bad_indices_policy", "DEFAULT") &&
      !tarn__attr_is(attrs, "bad_indices_policy", "ERROR"))
    return tarn_fail(TARN_INVALID, "bad_indices_policy must be '', 'DEFAULT', 'ERROR' or 'IGNORE'");
  return TARN_OK;
}

/* updates is indices' dims but the last, then the dims of `shape` that the tuples do not name. A
 * vector of indices is none. */
static tarn_status updates_fit(const tarn_shape *shape, const tarn_shape *indices,
                               const tarn_shape *updates) {
  char a[TARN_SHAPE_TEXT], b[TARN_SHAPE_TEXT], c[TARN_SHAPE_TEXT];
  bool fits = indices->rank >= (tarn__shape_elements(shape) == 0 ? 1 : 2) &&
              indices->dim[indices->rank - 1] <= shape->rank;
  int lead = indices->rank - 1, depth = fits ? (int)indices->dim[lead] : 0;
  fits = fits && (depth > 0 || tarn__shape_elements(shape) == 0) &&
         updates->rank == lead + shape->rank - depth;
  for (int d = 0; fits && d < updates->rank; d++)
    fits = updates->dim[d] == (d < lead ? indices->dim[d] : shape->dim[depth + d - lead]);
  if (!fits)
    return tarn_fail(TARN_SHAPE, "indices %s and updates %s do not fit a tensor of %s",
                     tarn__shape_print(indices, a), tarn__shape_print(updates, b),
                     tarn__shape_print(shape, c));
  bool some = tarn__shape_elements(indices) > 0;
  if (some != (tarn__shape_elements(updates) > 0) || (some && tarn__shape_elements(shape) == 0))
    return tarn_fail(
        TARN_SHAPE, "indices %s and updates %s for a tensor of %s: only some of them are empty",
        tarn__shape_print(indices, a), tarn__shape_print(updates, b), tarn__shape_print(shape, c));
  return TARN_OK;
}

static tarn_status scatter_nd_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_vector(t, 2));
  TARN_TRY(tarn__infer_rank_at_least(t, 0, 1));
  TARN_TRY(tarn__infer_rank_at_least(t, 1, 1));
  if (!t->value[2]) return TARN_OK;
  tarn_shape shape;
  if (t->in_dtype[2] == TARN_I16) {
    int64_t dims[TARN_MAX_RANK];
    if (t->in[2].dim[0] > TARN_MAX_RANK)
      return tarn_fail(TARN_SHAPE, "at most %d dims are possible", TARN_MAX_RANK);
    for (int d = 0; d < t->in[2].dim[0]; d++) dims[d] = ((const int16_t *)t->value[2]->data)[d];
    TARN_TRY(tarn__shape_make((int)t->in[2].dim[0], dims, &shape));
  } else {
    TARN_TRY(tarn__infer_shape_value(t, 2, false, &shape));
    TARN_TRY(tarn__shape_make(shape.rank, shape.dim, &shape));
  }
  TARN_TRY(updates_fit(&shape, &t->in[0], &t->in[1]));
  t->out[0] = shape;
  return TARN_OK;
}

static tarn_status scatter_into_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_rank_at_least(t, 1, 1));
  TARN_TRY(tarn__infer_rank_at_least(t, 2, 1));
  TARN_TRY(updates_fit(&t->in[0], &t->in[1], &t->in[2]));
  t->out[0] = t->in[0];
  return TARN_OK;
}

static tarn_status sparse_to_dense_parse(const tarn_attrs *attrs, void *params) {
  ((tarn_sparse_to_dense_params *)params)->validate_indices =
      tarn__attr_bool(attrs, "validate_indices");
  return TARN_OK;
}

static tarn_status sparse_to_dense_infer(tarn_infer *t) {
  const tarn_shape *indices = &t->in[0], *values = &t->in[2];
  if (indices->rank > 2)
    return tarn_fail(TARN_SHAPE, "indices must be a scalar, a vector or a matrix");
  TARN_TRY(tarn__infer_vector(t, 1));
  TARN_TRY(tarn__infer_scalar(t, 3));
  int64_t n = indices->rank > 0 ? indices->dim[0] : 1,
          depth = indices->rank > 1 ? indices->dim[1] : 1;
  if (depth != t->in[1].dim[0])
    return tarn_fail(TARN_SHAPE, "indices of %lld numbers into a shape of %lld", (long long)depth,
                     (long long)t->in[1].dim[0]);
  if (values->rank > 1 || (values->rank == 1 && values->dim[0] != n))
    return tarn_fail(TARN_SHAPE, "expected one value or %lld, got %lld", (long long)n,
                     (long long)tarn__shape_elements(values));
  if (!t->value[1]) return TARN_OK;
  tarn_shape shape;
  TARN_TRY(tarn__infer_shape_value(t, 1, false, &shape));
  return tarn__shape_make(shape.rank, shape.dim, &t->out[0]);
}

#define SCATTER .params_bytes = sizeof(tarn_bad_indices_params), .parse = scatter_parse
#define INTO(TYPES)                                                                         \
  .inputs = "tensor: T, indices: Tindices, updates: T", .outputs = "output: T", SCATTER,    \
  .inplace = 1, .attrs = "T: type; Tindices: {" TYPES "}; bad_indices_policy: string = ''", \
  .infer = scatter_into_infer,                                                              \
  .cases = {"tensor=T[7x3] indices=i32[5x1]:0..6 updates=T[5x3]",                           \
            "tensor=T[4x5] indices=i64[6x2]:0..3 updates=T[6]",                             \
            "tensor=T[4] indices=i32[0x1] updates=T[0]"}

const tarn_op tarn_ops_scatter[] = {
    {.name = "ScatterNd",
     .inputs = "indices: Tindices, updates: T, shape: Tindices",
     .outputs = "output: T",
     SCATTER,
     .attrs = "T: type; Tindices: {int16, int32, int64}; bad_indices_policy: string = ''",
     .infer = scatter_nd_infer,
     .formula = "output = 0 of this shape, then output[indices[i..], ..] += updates[i.., ..]",
     .cases = {"indices=i32[5x1]:0..6 updates=T[5x3] shape=i32{7,3}",
               "indices=i64[6x2]:0..3 updates=T[6] shape=i64{4,5}",
               "indices=i32[0x1] updates=T[0x3] shape=i32{7,3}"}},
    {.name = "ScatterNdNonAliasingAdd",
     .inputs = "input: T, indices: Tindices, updates: T",
     .outputs = "output: T",
     .attrs = "T: {numbertype, bool}; Tindices: {int32, int64}; bad_indices_policy: string = ''",
     SCATTER,
     .inplace = 1,
     .infer = scatter_into_infer,
     .formula = "output = input, then output[indices[i..], ..] += updates[i.., ..]",
     .cases = {"input=T[7x3] indices=i32[5x1]:0..6 updates=T[5x3]"}},
    {.name = "TensorScatterUpdate",
     INTO("int16, int32, int64, uint16"),
     .formula = "output = tensor, then output[indices[i..], ..] = updates[i.., ..]"},
    {.name = "TensorScatterAdd",
     INTO("int32, int64"),
     .formula = "output = tensor, then output[indices[i..], ..] += updates[i.., ..]"},
    {.name = "TensorScatterSub",
     INTO("int32, int64"),
     .formula = "output = tensor, then output[indices[i..], ..] -= updates[i.., ..]"},
    {.name = "TensorScatterMin",
     INTO("int32, int64"),
     .formula = "output = tensor, then output[indices[i..], ..] = min(that, updates[i.., ..])"},
    {.name = "TensorScatterMax",
     INTO("int32, int64"),
     .formula = "output = tensor, then output[indices[i..], ..] = max(that, updates[i.., ..])"},
    {.name = "SparseToDense",
     .inputs =
         "sparse_indices: Tindices, output_shape: Tindices, sparse_values: T, default_value: T",
     .outputs = "dense: T",
     .attrs = "validate_indices: bool = true; T: type; Tindices: {int32, int64}",
     .params_bytes = sizeof(tarn_sparse_to_dense_params),
     .parse = sparse_to_dense_parse,
     .infer = sparse_to_dense_infer,
     .formula = "dense = default_value, then dense[sparse_indices[i]] = sparse_values[i]",
     .cases = {"sparse_indices=i32{1,3,4} output_shape=i32{6} sparse_values=T[3] default_value=T[]",
               "sparse_indices=i64(2) output_shape=i64{5} sparse_values=T[] default_value=T[]"}},
    {0},
};
