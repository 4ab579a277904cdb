/* How often each number occurs in the rows of a dense, sparse or ragged tensor; DenseBincount is in
 * graph/ops/array. */
#include "graph/op.h"
#include "graph/ops/sparse/entries.h"
#include "kernels/params/sparse.h"

static tarn_status bins_parse(const tarn_attrs *attrs, void *params) {
  ((tarn_count_params *)params)->binary = tarn__attr_bool(attrs, "binary_output");
  return TARN_OK;
}

static tarn_status count_parse(const tarn_attrs *attrs, void *params) {
  tarn_count_params *p = params;
  p->least = tarn__attr_int(attrs, "minlength");
  p->most = tarn__attr_int(attrs, "maxlength");
  return bins_parse(attrs, params);
}

static tarn_status weights_infer(const tarn_infer *t, int values) {
  const int weights = t->inputs - 1;
  if (tarn__shape_elements(&t->in[weights]) == 0) return TARN_OK;
  return tarn__infer_same(t, values, weights);
}

static tarn_status size_infer(const tarn_infer *t, int i) {
  TARN_TRY(tarn__infer_scalar(t, i));
  if (!t->value[i] || tarn__infer_int(t, i, 0) >= 0) return TARN_OK;
  return tarn_fail(TARN_INVALID, "size (%lld) must be non-negative",
                   (long long)tarn__infer_int(t, i, 0));
}

static tarn_status sparse_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_entries(t, 0, 1, 2));
  if (t->in[2].dim[0] < 1) return tarn_fail(TARN_SHAPE, "dense_shape is empty");
  return weights_infer(t, 1);
}

static tarn_status sparse_bins_infer(tarn_infer *t) {
  TARN_TRY(sparse_infer(t));
  TARN_TRY(size_infer(t, 3));
  if (!t->value[2] || !t->value[3]) return TARN_OK;
  const int64_t dims[] = {tarn__infer_int(t, 2, 0), tarn__infer_int(t, 3, 0)};
  if (dims[0] < 0) return tarn_fail(TARN_INVALID, "dense_shape[0] is %lld", (long long)dims[0]);
  const bool rows = t->in[2].dim[0] > 1;
  return tarn__shape_make(1 + rows, rows ? dims : dims + 1, &t->out[0]);
}

static tarn_status ragged_infer(const tarn_infer *t, int64_t least) {
  TARN_TRY(tarn__infer_vector(t, 0));
  TARN_TRY(tarn__infer_vector(t, 1));
  if (t->in[0].dim[0] < least)
    return tarn_fail(TARN_SHAPE, "expected at least %lld splits, got %lld", (long long)least,
                     (long long)t->in[0].dim[0]);
  return weights_infer(t, 1);
}

static tarn_status ragged_bins_infer(tarn_infer *t) {
  TARN_TRY(ragged_infer(t, 1));
  TARN_TRY(size_infer(t, 2));
  if (!t->value[2]) return TARN_OK;
  return tarn__shape_make(2, (const int64_t[]){t->in[0].dim[0] - 1, tarn__infer_int(t, 2, 0)},
                          &t->out[0]);
}

static tarn_status ragged_count_infer(tarn_infer *t) { return ragged_infer(t, 2); }

static tarn_status dense_count_infer(tarn_infer *t) {
  if (t->in[0].rank != 1 && t->in[0].rank != 2)
    return tarn_fail(TARN_SHAPE, "expected 1 or 2 dims, got %d", t->in[0].rank);
  return weights_infer(t, 0);
}

#define BINS                                                                              \
  .outputs = "output: T", .params_bytes = sizeof(tarn_count_params), .parse = bins_parse, \
  .attrs = "Tidx: {int32, int64}; T: {int32, int64, float, double}; binary_output: bool = false"
#define COUNT                                                                                    \
  .outputs = "output_indices: int64, output_values: output_type, output_dense_shape: int64",     \
  .params_bytes = sizeof(tarn_count_params), .parse = count_parse,                               \
  .attrs =                                                                                       \
      "T: {int32, int64}; minlength: int >= -1 = -1; maxlength: int >= -1 = -1; binary_output: " \
      "bool;"                                                                                    \
      "output_type: {int32, int64, float, double}"
#define SPARSE(T) "indices=i64[4x2]{0,0,0,1,0,2,2,0} values=" T "{1,4,1,0} dense_shape=i64{3,4} "
#define RAGGED(T) "splits=i64{0,3,3,4} values=" T "{1,4,1,0} "

const tarn_op tarn_ops_sparse_count[] = {
    {.name = "SparseBincount",
     .inputs = "indices: int64, values: Tidx, dense_shape: int64, size: Tidx, weights: T",
     BINS,
     .infer = sparse_bins_infer,
     .formula =
         "output[r, j] = sum of weights[i] (or 1) of the entries of row r with values[i] = j",
     .cases =
         {SPARSE("i64") "size=i64(5) weights=f32[4]",
          SPARSE("i32") "size=i32(3) weights=i32[0] binary_output=true",
          "indices=i64[2x1]{0,3} values=i32{1,1} dense_shape=i64{9} size=i32(2) weights=f64[2]"}},
    {.name = "RaggedBincount",
     .inputs = "splits: int64, values: Tidx, size: Tidx, weights: T",
     BINS,
     .infer = ragged_bins_infer,
     .formula = "output[r, j] = sum of weights[i] (or 1) of the values of row r with values[i] = j",
     .cases = {RAGGED("i64") "size=i64(5) weights=f32[4]",
               RAGGED("i32") "size=i32(3) weights=i32[0] binary_output=true"}},
    {.name = "DenseCountSparseOutput",
     .inputs = "values: T, weights: output_type",
     COUNT,
     .infer = dense_count_infer,
     .formula = "for each row and number in it, the sum of its weights (or how often it occurs)",
     .cases = {"values=i64[2x3]{1,4,1,0,0,2} weights=f32[2x3] binary_output=false",
               "values=i32{1,4,1} weights=i32[0] binary_output=true maxlength=3",
               "values=i32{} weights=i64[0] binary_output=false"}},
    {.name = "SparseCountSparseOutput",
     .inputs = "indices: int64, values: T, dense_shape: int64, weights: output_type",
     COUNT,
     .infer = sparse_infer,
     .formula = "for each row and number in it, the sum of its weights (or how often it occurs)",
     .cases = {SPARSE("i64") "weights=f64[4] binary_output=false minlength=7"}},
    {.name = "RaggedCountSparseOutput",
     .inputs = "splits: int64, values: T, weights: output_type",
     COUNT,
     .infer = ragged_count_infer,
     .formula = "for each row and number in it, the sum of its weights (or how often it occurs)",
     .cases = {RAGGED("i32") "weights=i64[4] binary_output=false"}},
    {0},
};
