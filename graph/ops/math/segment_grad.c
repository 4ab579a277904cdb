/* Gradients of the sums, means and root means of listed rows (SparseSegmentSum and kin). Kernels:
 * kernels/cpu/segment/. */
#include "graph/op.h"

static tarn_status infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_rank_at_least(t, 0, 1));
  TARN_TRY(tarn__infer_vector(t, 1));
  TARN_TRY(tarn__infer_vector(t, 2));
  TARN_TRY(tarn__infer_same(t, 1, 2));
  TARN_TRY(tarn__infer_scalar(t, 3));
  /* The kernel keeps the size of each segment, and a tensor with a dim of 0 may have any number of rows. */
  if (t->in[0].dim[0] > INT64_MAX / (int64_t)sizeof(int64_t))
    return tarn_fail(TARN_LIMIT, "a gradient of %lld rows", (long long)t->in[0].dim[0]);
  if (!t->value[3]) return TARN_OK;
  int64_t rows = tarn__infer_int(t, 3, 0);
  if (rows < 0) return tarn_fail(TARN_INVALID, "output_dim0: expected 0 or more, got %lld", (long long)rows);
  t->out[0] = t->in[0];
  t->out[0].dim[0] = rows;
  return TARN_OK;
}

#define GRADIENT(NAME, FORMULA)                                                                                  \
  {.name = NAME, .inputs = "grad: T, indices: Tidx, segment_ids: Tsegmentids, output_dim0: int32",              \
   .outputs = "output: T", .infer = infer, .formula = FORMULA,                                                  \
   .attrs = "T: {bfloat16, half, float, double}; Tidx: {int32, int64} = int32; Tsegmentids: {int32, int64} = int32", \
   .cases = {"grad=T[3x5] indices=i32{0,4,4,1} segment_ids=i32{0,0,2,2} output_dim0=i32(6)",                     \
             "grad=T[2] indices=i64{1,1} segment_ids=i32{0,1} output_dim0=i32(2)",                              \
             "grad=T[1x7] indices=i32{} segment_ids=i32{} output_dim0=i32(3)",                                  \
             "grad=T[1x0] indices=i32{0} segment_ids=i32{0} output_dim0=i32(3)"}}

const tarn_op tarn_ops_segment_grad[] = {
  GRADIENT("SparseSegmentSumGrad", "output[r] = sum of grad[segment_ids[i]] with indices[i] = r"),
  GRADIENT("SparseSegmentMeanGrad",
           "output[r] = sum of grad[segment_ids[i]] over the size of its segment, with indices[i] = r"),
  GRADIENT("SparseSegmentSqrtNGrad",
           "output[r] = sum of grad[segment_ids[i]] over the root of the size of its segment, with indices[i] = r"),
  {0},
};
