/* Gradients of the sums, means and root means of listed rows (SparseSegmentSum and kin). Kernels:
 * kernels/cpu/segment/. */
#include "graph/op.h"

static tarn_status check(tarn_infer *t) {
  TARN_TRY(tarn__infer_rank_at_least(t, 0, 1));
  TARN_TRY(tarn__infer_vector(t, 1));
  TARN_TRY(tarn__infer_vector(t, 2));
  TARN_TRY(tarn__infer_same(t, 1, 2));
  TARN_TRY(tarn__infer_scalar(t, 3));
  /* The kernel keeps sizes of segments, entries and a row, and a tensor with a dim of 0 may have
   * any number of rows. */
  tarn_shape row = t->in[0];
  int64_t width;
  size_t bytes;
  row.dim[0] = 1;
  TARN_TRY(tarn__shape_bytes(&row, 64, &width, &bytes));
  if (t->in[0].dim[0] > INT64_MAX / 64 || t->in[1].dim[0] > INT64_MAX / 64)
    return tarn_fail(TARN_LIMIT, "a gradient of %lld rows", (long long)t->in[0].dim[0]);
  if (t->value[3] && tarn__infer_int(t, 3, 0) < 0)
    return tarn_fail(TARN_INVALID, "the output's rows: expected 0 or more, got %lld",
                     (long long)tarn__infer_int(t, 3, 0));
  return TARN_OK;
}

static tarn_status infer(tarn_infer *t) {
  TARN_TRY(check(t));
  if (!t->value[3]) return TARN_OK;
  t->out[0] = t->in[0];
  t->out[0].dim[0] = tarn__infer_int(t, 3, 0);
  return TARN_OK;
}

#define INPUTS "grad: T, indices: Tidx, segment_ids: Tsegmentids, "
#define DENSE .inputs = INPUTS "output_dim0: int32", .outputs = "output: T", .infer = infer
#define SPARSE                                 \
  .inputs = INPUTS "dense_output_dim0: int32", \
  .outputs = "output: T, sorted_unique_indices: Tidx", .infer = check
#define GRADIENT(NAME, FORM, ROWS, FORMULA)                                                       \
  {                                                                                               \
    .name = NAME, FORM, .formula = FORMULA,                                                       \
    .attrs =                                                                                      \
        "T: {bfloat16, half, float, double}; Tidx: {int32, int64} = int32; Tsegmentids: {int32, " \
        "int64} = int32",                                                                         \
    .cases = {                                                                                    \
      "grad=T[3x5] indices=i32{0,4,4,1} segment_ids=i32{0,0,2,2} " ROWS "=i32(6)",                \
      "grad=T[2] indices=i64{1,1} segment_ids=i32{0,1} " ROWS "=i32(2)",                          \
      "grad=T[1x7] indices=i32{} segment_ids=i32{} " ROWS "=i32(3)",                              \
      "grad=T[1x0] indices=i32{0} segment_ids=i32{0} " ROWS "=i32(3)"                             \
    }                                                                                             \
  }

#define SUM "output[r] = sum of grad[segment_ids[i]] with indices[i] = r"
#define MEAN \
  "output[r] = sum of grad[segment_ids[i]] over the size of its segment, with indices[i] = r"
#define ROOT                                                                                \
  "output[r] = sum of grad[segment_ids[i]] over the root of the size of its segment, with " \
  "indices[i] = r"
#define NAMED "; only the rows that are named, in order"

const tarn_op tarn_ops_segment_grad[] = {
  GRADIENT("SparseSegmentSumGrad", DENSE, "output_dim0", SUM),
  GRADIENT("SparseSegmentMeanGrad", DENSE, "output_dim0", MEAN),
  GRADIENT("SparseSegmentSqrtNGrad", DENSE, "output_dim0", ROOT),
  GRADIENT("SparseSegmentSumGradV2", SPARSE, "dense_output_dim0", SUM NAMED),
  GRADIENT("SparseSegmentMeanGradV2", SPARSE, "dense_output_dim0", MEAN NAMED),
  GRADIENT("SparseSegmentSqrtNGradV2", SPARSE, "dense_output_dim0", ROOT NAMED),
  {0},
};
