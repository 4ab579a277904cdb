/* Sparse tensors: indices [n, rank], values [n] and a shape; and rows summed by lists of
 * indices. */
#include "graph/ops/array/last_segment.h"
#include "kernels/params/array.h"

static tarn_status matmul_parse(const tarn_attrs *attrs, void *params) {
  ((tarn_sparse_matmul_params *)params)->adjoint_a = tarn__attr_bool(attrs, "adjoint_a");
  ((tarn_sparse_matmul_params *)params)->adjoint_b = tarn__attr_bool(attrs, "adjoint_b");
  return TARN_OK;
}

static tarn_status matmul_infer(tarn_infer *t) {
  const tarn_sparse_matmul_params *p = t->params;
  TARN_TRY(tarn__infer_rank(t, 0, 2));
  TARN_TRY(tarn__infer_vector(t, 1));
  TARN_TRY(tarn__infer_vector(t, 2));
  TARN_TRY(tarn__infer_rank(t, 3, 2));
  if (t->in[0].dim[1] != 2 || t->in[2].dim[0] != 2 || t->in[0].dim[0] != t->in[1].dim[0])
    return tarn_fail(TARN_SHAPE,
                     "a must be a sparse matrix: indices [n,2], values [n] and a shape of 2");
  if (!t->value[2]) return TARN_OK;
  int64_t rows = tarn__infer_int(t, 2, p->adjoint_a), inner = tarn__infer_int(t, 2, !p->adjoint_a);
  if (inner != t->in[3].dim[p->adjoint_b])
    return tarn_fail(TARN_SHAPE, "inner dims %lld and %lld differ", (long long)inner,
                     (long long)t->in[3].dim[p->adjoint_b]);
  return tarn__shape_make(2, (const int64_t[2]){rows, t->in[3].dim[!p->adjoint_b]}, &t->out[0]);
}

/* Inputs 0 to 2 are a sparse tensor. */
static tarn_status sparse_tensor(const tarn_infer *t) {
  TARN_TRY(tarn__infer_rank(t, 0, 2));
  TARN_TRY(tarn__infer_vector(t, 1));
  TARN_TRY(tarn__infer_vector(t, 2));
  if (t->in[0].dim[0] != t->in[1].dim[0] || t->in[0].dim[1] != t->in[2].dim[0])
    return tarn_fail(TARN_SHAPE,
                     "expected indices [n,rank], values [n] and a shape of rank numbers");
  return TARN_OK;
}

static tarn_status reorder_infer(tarn_infer *t) {
  TARN_TRY(sparse_tensor(t));
  t->out[0] = t->in[0];
  t->out[1] = t->in[1];
  return TARN_OK;
}

static tarn_status reshape_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_rank(t, 0, 2));
  TARN_TRY(tarn__infer_vector(t, 1));
  TARN_TRY(tarn__infer_vector(t, 2));
  if (t->in[0].dim[1] != t->in[1].dim[0])
    return tarn_fail(TARN_SHAPE, "indices of %lld numbers for a shape of %lld",
                     (long long)t->in[0].dim[1], (long long)t->in[1].dim[0]);
  t->out[1] = t->in[2];
  return tarn__shape_make(2, (const int64_t[2]){t->in[0].dim[0], t->in[2].dim[0]}, &t->out[0]);
}

/* The dense tensor must broadcast to the sparse shape, whose numbers the kernel checks. */
static tarn_status dense_infer(tarn_infer *t) {
  TARN_TRY(sparse_tensor(t));
  if (t->in[3].rank > t->in[2].dim[0])
    return tarn_fail(TARN_SHAPE, "a dense tensor of rank %d does not broadcast to %lld dims",
                     t->in[3].rank, (long long)t->in[2].dim[0]);
  t->out[0] = t->in[1];
  return TARN_OK;
}

static tarn_status segment_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_rank_at_least(t, 0, 1));
  TARN_TRY(tarn__infer_vector(t, 1));
  TARN_TRY(tarn__infer_vector(t, 2));
  TARN_TRY(tarn__infer_same(t, 1, 2));
  return tarn__infer_last_segment(t, 2);
}

#define SEGMENT(TYPES)                                                                  \
  .inputs = "data: T, indices: Tidx, segment_ids: Tsegmentids", .outputs = "output: T", \
  .attrs = "T: " TYPES                                                                  \
           "; Tidx: {int32, int64} = int32; Tsegmentids: {int32, int64} = int32; "      \
           "sparse_gradient: bool = false",                                             \
  .infer = segment_infer,                                                               \
  .cases = {"data=T[5x3] indices=i32{4,0,0,1} segment_ids=i32{0,0,2,2}",                \
            "data=T[5] indices=i64{1} segment_ids=i64{0}",                              \
            "data=T[5x3] indices=i32{} segment_ids=i32{}"}

#define DENSE                                                                                     \
  .inputs = "sp_indices: int64, sp_values: T, sp_shape: int64, dense: T", .outputs = "output: T", \
  .attrs = "T: numbertype", .infer = dense_infer

const tarn_op tarn_ops_sparse[] = {
    {.name = "SparseTensorDenseMatMul",
     .inputs = "a_indices: Tindices, a_values: T, a_shape: int64, b: T",
     .outputs = "product: T",
     .attrs = "T: type; Tindices: {int32, int64} = int64; adjoint_a: bool = false; adjoint_b: bool "
              "= false",
     .params_bytes = sizeof(tarn_sparse_matmul_params),
     .parse = matmul_parse,
     .infer = matmul_infer,
     .formula = "product = a b, a sparse",
     .cases = {"a_indices=i64[5x2]:0..2 a_values=T[5] a_shape=i64{3,4} b=T[4x7]",
               "a_indices=i64[5x2]:0..2 a_values=T[5] a_shape=i64{4,3} b=T[7x4] adjoint_a=true "
               "adjoint_b=true",
               "a_indices=i64[0x2] a_values=T[0] a_shape=i64{3,4} b=T[4x7]"}},
    {.name = "SparseReorder",
     .inputs = "input_indices: int64, input_values: T, input_shape: int64",
     .outputs = "output_indices: int64, output_values: T",
     .attrs = "T: type",
     .infer = reorder_infer,
     .formula = "the same entries with their indices in row-major order",
     .cases = {"input_indices=i64[7x2]:0..3 input_values=T[7] input_shape=i64{4,4}",
               "input_indices=i64[0x2] input_values=T[0] input_shape=i64{4,4}"}},
    {.name = "SparseReshape",
     .inputs = "input_indices: int64, input_shape: int64, new_shape: int64",
     .outputs = "output_indices: int64, output_shape: int64",
     .infer = reshape_infer,
     .formula = "the same entries with the indices that they have in new_shape; one dim may be -1",
     .cases = {"input_indices=i64[5x2]:0..1 input_shape=i64{2,6} new_shape=i64{3,-1,2}"}},
    {.name = "SparseSegmentSum",
     SEGMENT("realnumbertype"),
     .formula = "output[s] = sum of data[indices[i]] with segment_ids[i] = s"},
    {.name = "SparseSegmentMean",
     SEGMENT("{bfloat16, half, float, double}"),
     .formula = "output[s] = mean of data[indices[i]] with segment_ids[i] = s, or 0"},
    {.name = "SparseSegmentSqrtN",
     SEGMENT("{bfloat16, half, float, double}"),
     .formula = "output[s] = sum of data[indices[i]] with segment_ids[i] = s, over the root of "
                "their number"},
    {.name = "SparseDenseCwiseMul",
     DENSE,
     .formula = "values[i] * dense[indices[i]], the dense tensor broadcast to the sparse shape"},
    {.name = "SparseDenseCwiseAdd",
     DENSE,
     .formula = "values[i] + dense[indices[i]], the dense tensor broadcast to the sparse shape"},
    {.name = "SparseDenseCwiseDiv",
     DENSE,
     .formula = "values[i] / dense[indices[i]], the dense tensor broadcast to the sparse shape"},
    {0},
};
