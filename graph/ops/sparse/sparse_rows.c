/* Sparse tensors by rows of their first dim, and sums of listed rows with their number given. */
#include "graph/ops/sparse/entries.h"

static tarn_status fill_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_entries(t, 0, 1, 2));
  TARN_TRY(tarn__infer_scalar(t, 3));
  if (t->in[2].dim[0] < 1) return tarn_fail(TARN_SHAPE, "Dense shape cannot be empty");
  t->out[3] = tarn__shape_vector(t->in[0].dim[0]);
  if (!t->value[2]) return TARN_OK;
  const int64_t rows = tarn__infer_int(t, 2, 0);
  if (rows < 0) return tarn_fail(TARN_INVALID, "dense_shape[0] is %lld", (long long)rows);
  t->out[2] = tarn__shape_vector(rows);
  return TARN_OK;
}

static tarn_status fill_ragged_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_vector(t, 0));
  TARN_TRY(tarn__infer_vector(t, 1));
  TARN_TRY(tarn__infer_same(t, 0, 1));
  TARN_TRY(tarn__infer_scalar(t, 2));
  TARN_TRY(tarn__infer_scalar(t, 3));
  t->out[3] = t->in[0];
  if (!t->value[2]) return TARN_OK;
  const int64_t rows = tarn__infer_int(t, 2, 0);
  if (rows < 0) return tarn_fail(TARN_INVALID, "nrows is %lld", (long long)rows);
  t->out[2] = tarn__shape_vector(rows);
  return TARN_OK;
}

static tarn_status fill_grad_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_vector(t, 0));
  TARN_TRY(tarn__infer_vector(t, 1));
  t->out[0] = t->in[0];
  t->out[1] = tarn__shape_scalar();
  return TARN_OK;
}

static tarn_status segment_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_rank_at_least(t, 0, 1));
  TARN_TRY(tarn__infer_vector(t, 1));
  TARN_TRY(tarn__infer_vector(t, 2));
  TARN_TRY(tarn__infer_same(t, 1, 2));
  TARN_TRY(tarn__infer_scalar(t, 3));
  if (!t->value[3]) return TARN_OK;
  tarn_shape out = t->in[0];
  out.dim[0] = tarn__infer_int(t, 3, 0);
  if (out.dim[0] < 0) return tarn_fail(TARN_INVALID, "num_segments is %lld", (long long)out.dim[0]);
  return tarn__shape_make(out.rank, out.dim, &t->out[0]);
}

#define SEGMENT(TYPES)                                                                       \
  .inputs = "data: T, indices: Tidx, segment_ids: Tsegmentids, num_segments: Tnumsegments",  \
  .outputs = "output: T",                                                                    \
  .attrs = "T: " TYPES                                                                       \
           "; Tidx: {int32, int64} = int32; Tnumsegments: {int32, int64} = int32; "          \
           "Tsegmentids: {int32, int64} = int32; sparse_gradient: bool = false",             \
  .infer = segment_infer,                                                                    \
  .cases = {"data=T[5x3] indices=i32{4,0,0,1} segment_ids=i32{0,0,2,2} num_segments=i32(4)", \
            "data=T[5] indices=i64{1} segment_ids=i64{0} num_segments=i64(1)",               \
            "data=T[5x3] indices=i32{} segment_ids=i32{} num_segments=i32(2)"}

const tarn_op tarn_ops_sparse_rows[] = {
    {.name = "SparseFillEmptyRows",
     .inputs = "indices: int64, values: T, dense_shape: int64, default_value: T",
     .outputs = "output_indices: int64, output_values: T, empty_row_indicator: bool, "
                "reverse_index_map: int64",
     .attrs = "T: type",
     .infer = fill_infer,
     .formula = "the entries by rows, and default_value at the start of each row that has none",
     .cases = {"indices=i64[3x2]{2,1,0,2,2,0} values=T[3] dense_shape=i64{4,7} default_value=T[]",
               "indices=i64[0x1] values=T[0] dense_shape=i64{3} default_value=T[]",
               "indices=i64[0x2] values=T[0] dense_shape=i64{0,3} default_value=T[]"}},
    {.name = "SparseFillEmptyRowsGrad",
     .inputs = "reverse_index_map: int64, grad_values: T",
     .outputs = "d_values: T, d_default_value: T",
     .attrs = "T: type",
     .infer = fill_grad_infer,
     .formula = "the gradient of each entry, and the sum of those of the rows that were filled",
     .cases = {"reverse_index_map=i64{2,0} grad_values=T[4]",
               "reverse_index_map=i64{} grad_values=T[3]"}},
    {.name = "RaggedFillEmptyRows",
     .inputs = "value_rowids: int64, values: T, nrows: int64, default_value: T",
     .outputs = "output_value_rowids: int64, output_values: T, empty_row_indicator: bool, "
                "reverse_index_map: int64",
     .attrs = "T: type",
     .infer = fill_ragged_infer,
     .formula = "the values by rows, and default_value in each row that has none",
     .cases = {"value_rowids=i64{2,0,2} values=T[3] nrows=i64(4) default_value=T[]",
               "value_rowids=i64{} values=T[0] nrows=i64(2) default_value=T[]",
               "value_rowids=i64{} values=T[0] nrows=i64(0) default_value=T[]"}},
    {.name = "RaggedFillEmptyRowsGrad",
     .inputs = "reverse_index_map: int64, grad_values: T",
     .outputs = "d_values: T, d_default_value: T",
     .attrs = "T: type",
     .infer = fill_grad_infer,
     .formula = "the gradient of each value, and the sum of those of the rows that were filled",
     .cases = {"reverse_index_map=i64{2,0} grad_values=T[4]"}},
    {.name = "SparseSegmentSumWithNumSegments",
     SEGMENT("realnumbertype"),
     .formula = "SparseSegmentSum with num_segments rows; 0 where a segment has nothing"},
    {.name = "SparseSegmentMeanWithNumSegments",
     SEGMENT("{bfloat16, half, float, double}"),
     .formula = "SparseSegmentMean with num_segments rows; 0 where a segment has nothing"},
    {.name = "SparseSegmentSqrtNWithNumSegments",
     SEGMENT("{bfloat16, half, float, double}"),
     .formula = "SparseSegmentSqrtN with num_segments rows; 0 where a segment has nothing"},
    {0},
};
