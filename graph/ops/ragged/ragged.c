/* Ragged tensors. What they hold decides the shapes, so only the kernels find them out. */
#include "kernels/params/ragged.h"

#include <string.h>

#include "graph/op.h"

static tarn_status range_infer(tarn_infer *t) {
  int64_t rows = -1;
  for (int i = 0; i < 3; i++) {
    if (t->in[i].rank == 0) continue;
    TARN_TRY(tarn__infer_vector(t, i));
    if (rows >= 0 && t->in[i].dim[0] != rows)
      return tarn_fail(TARN_SHAPE,
                       "starts, limits, and deltas must have the same shape: %lld and %lld",
                       (long long)rows, (long long)t->in[i].dim[0]);
    rows = t->in[i].dim[0];
  }
  t->out[0] = tarn__shape_vector(rows < 0 ? 2 : rows + 1);
  return TARN_OK;
}

static tarn_status splits_check(const tarn_infer *t, int count) {
  for (int i = 0; i < count; i++) {
    TARN_TRY(tarn__infer_vector(t, i));
    if (t->in[i].dim[0] < 1)
      return tarn_fail(TARN_SHAPE, "splits %d are empty: expected at least one number", i);
  }
  return tarn__infer_rank_at_least(t, count, 1);
}

static tarn_status gather_infer(tarn_infer *t) {
  const int levels = t->inputs - 2;
  TARN_TRY(splits_check(t, levels));
  TARN_TRY(tarn__infer_rank_at_least(t, levels + 1, 1));
  const int wanted = t->in[levels + 1].rank - 1 + levels;
  if (t->outputs - 1 == wanted) return TARN_OK;
  return tarn_fail(TARN_INVALID, "OUTPUT_RAGGED_RANK: expected %d, got %d", wanted, t->outputs - 1);
}

static tarn_status to_sparse_infer(tarn_infer *t) {
  const int levels = t->inputs - 1;
  TARN_TRY(splits_check(t, levels));
  if (levels + t->in[levels].rank > TARN_MAX_RANK)
    return tarn_fail(TARN_LIMIT, "a result of %d dims", levels + t->in[levels].rank);
  t->out[1] = tarn__shape_vector(tarn__shape_elements(&t->in[levels]));
  t->out[2] = tarn__shape_vector(levels + t->in[levels].rank);
  return tarn__shape_make(2, (const int64_t[2]){t->out[1].dim[0], t->out[2].dim[0]}, &t->out[0]);
}

static tarn_status to_tensor_parse(const tarn_attrs *attrs, void *params) {
  tarn_ragged_params *p = params;
  const tarn_attr *types = tarn__attr_list(attrs, "row_partition_types");
  const int64_t count = tarn__attr_int(attrs, "num_row_partition_tensors");
  if ((int64_t)types->list.count != count)
    return tarn_fail(TARN_INVALID, "row_partition_types: expected %lld, got %zu", (long long)count,
                     types->list.count);
  for (size_t i = 0; i < types->list.count; i++) {
    const tarn_string type = types->list.s[i];
    const bool size = type.size == 14 && !memcmp(type.data, "FIRST_DIM_SIZE", 14);
    const bool ids = type.size == 12 && !memcmp(type.data, "VALUE_ROWIDS", 12);
    const bool splits = type.size == 10 && !memcmp(type.data, "ROW_SPLITS", 10);
    if (i == 0 && size) {
      p->first_dim_size = p->row_ids = true;
      if (types->list.count < 2)
        return tarn_fail(TARN_INVALID, "row_partition_types: nothing follows FIRST_DIM_SIZE");
    } else if (p->row_ids ? !ids : !splits) {
      return tarn_fail(TARN_UNSUPPORTED, "row_partition_types[%zu] is '%.*s'", i,
                       type.size > 40 ? 40 : (int)type.size, type.size ? type.data : "");
    }
  }
  return TARN_OK;
}

static tarn_status to_tensor_infer(tarn_infer *t) {
  const tarn_ragged_params *p = t->params;
  if (t->in[0].rank > 1) return tarn__infer_vector(t, 0);
  TARN_TRY(tarn__infer_rank_at_least(t, 1, 1));
  for (int i = 3; i < t->inputs; i++) {
    if (i == 3 && p->first_dim_size) {
      TARN_TRY(tarn__infer_scalar(t, i));
      continue;
    }
    TARN_TRY(tarn__infer_vector(t, i));
    if (!p->row_ids && t->in[i].dim[0] < 1)
      return tarn_fail(TARN_SHAPE, "row splits are empty: expected at least one number");
  }
  const int levels = t->inputs - 3 - p->first_dim_size, rank = levels + t->in[1].rank;
  if (rank > TARN_MAX_RANK) return tarn_fail(TARN_LIMIT, "a result of %d dims", rank);
  if (t->in[0].rank == 1 && t->in[0].dim[0] != rank)
    return tarn_fail(TARN_SHAPE, "shape has %lld dims, the ragged tensor %d",
                     (long long)t->in[0].dim[0], rank);
  tarn_shape inner = {.rank = t->in[1].rank - 1};
  for (int d = 0; d < inner.rank; d++) inner.dim[d] = t->in[1].dim[d + 1];
  if (t->in[2].rank > inner.rank)
    return tarn_fail(TARN_SHAPE, "default_value has more dims than a value");
  tarn_shape both;
  TARN_TRY(tarn__shape_broadcast(&t->in[2], &inner, &both));
  if (!tarn__shape_equal(&both, &inner))
    return tarn_fail(TARN_SHAPE, "default_value does not broadcast to a value");
  return TARN_OK;
}

static tarn_status to_variant_parse(const tarn_attrs *attrs, void *params) {
  ((tarn_ragged_variant_params *)params)->batched = tarn__attr_bool(attrs, "batched_input");
  return TARN_OK;
}

static tarn_status to_variant_infer(tarn_infer *t) {
  const tarn_ragged_variant_params *p = t->params;
  const int levels = t->inputs - 1;
  TARN_TRY(p->batched || levels > 0 ? splits_check(t, levels) : TARN_OK);
  if (p->batched && levels == 0)
    return tarn_fail(TARN_INVALID, "ragged_rank=0 is not valid when batched_input=true");
  t->out[0] = p->batched ? tarn__shape_vector(t->in[0].dim[0] - 1) : tarn__shape_scalar();
  return TARN_OK;
}

static tarn_status from_variant_parse(const tarn_attrs *attrs, void *params) {
  ((tarn_ragged_variant_params *)params)->input_rank = tarn__attr_int(attrs, "input_ragged_rank");
  return TARN_OK;
}

static tarn_status from_variant_infer(tarn_infer *t) {
  const int64_t given = ((const tarn_ragged_variant_params *)t->params)->input_rank;
  const int64_t left = t->outputs - 1 - t->in[0].rank, inner = given == -1 ? left : given;
  if (left >= 0 && inner == left) return TARN_OK;
  return tarn_fail(TARN_INVALID,
                   "output_ragged_rank must be equal to input_ragged_rank + encoded_ragged.dims(): "
                   "%d, %lld and %d",
                   t->outputs - 1, (long long)given, t->in[0].rank);
}

static tarn_status variant_gradient_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_vector(t, 2)); /* row_splits may have any shape, where nothing is ragged */
  if (t->in[2].dim[0] >= 1 && t->in[2].dim[0] <= TARN_MAX_RANK) return TARN_OK;
  return tarn_fail(TARN_SHAPE, "dense_values_shape of %lld dims", (long long)t->in[2].dim[0]);
}

#define VARIANT(parse_) .params_bytes = sizeof(tarn_ragged_variant_params), .parse = parse_
#define SPLITS_TYPE "Tsplits: {int32, int64} = int64"

const tarn_op tarn_ops_ragged[] = {
    {.name = "RaggedRange",
     .inputs = "starts: T, limits: T, deltas: T",
     .outputs = "rt_nested_splits: Tsplits, rt_dense_values: T",
     .attrs = "T: {bfloat16, float, double, int32, int64} = int32; " SPLITS_TYPE,
     .infer = range_infer,
     .formula = "row i = Range(starts[i], limits[i], deltas[i])",
     .cases = {"starts=i32{2,5,8} limits=i32{3,5,12} deltas=i32(1)",
               "starts=f32{0,5,8} limits=f32{1,5,2} deltas=f32{0.25,1,-1}",
               "starts=i64(0) limits=i64(5) deltas=i64(2)"}},
    {.name = "RaggedGather",
     .inputs = "params_nested_splits: PARAMS_RAGGED_RANK * Tsplits, params_dense_values: Tvalues, "
               "indices: Tindices",
     .outputs = "output_nested_splits: OUTPUT_RAGGED_RANK * Tsplits, output_dense_values: Tvalues",
     .attrs = "Tvalues: type; Tindices: {int32, int64}; " SPLITS_TYPE
              "; PARAMS_RAGGED_RANK: int >= 1; OUTPUT_RAGGED_RANK: int >= 0",
     .infer = gather_infer,
     .formula = "the rows that indices name",
     .cases = {"params_nested_splits=i64{0,2,2,3} params_dense_values=f32[3] indices=i32{2,0,1,0} "
               "OUTPUT_RAGGED_RANK=1",
               "params_nested_splits=i64{0,1,3} params_nested_splits=i64{0,2,2,3} "
               "params_dense_values=f32[3x2] indices=i64[2x1]{1,0} "
               "OUTPUT_RAGGED_RANK=3"}},
    {.name = "RaggedTensorToSparse",
     .inputs = "rt_nested_splits: RAGGED_RANK * Tsplits, rt_dense_values: T",
     .outputs = "sparse_indices: int64, sparse_values: T, sparse_dense_shape: int64",
     .attrs = "RAGGED_RANK: int >= 1; T: type; " SPLITS_TYPE,
     .infer = to_sparse_infer,
     .formula = "every value with its coordinates; a dim is as long as its longest row",
     .cases =
         {"rt_nested_splits=i64{0,2,2,3} rt_dense_values=f32[3]",
          "rt_nested_splits=i32{0,1,3} rt_nested_splits=i32{0,2,2,3} rt_dense_values=f32[3x2]"}},
    {.name = "RaggedTensorToVariant",
     .inputs = "rt_nested_splits: RAGGED_RANK * Tsplits, rt_dense_values: Tvalues",
     .outputs = "encoded_ragged: variant",
     .attrs = "RAGGED_RANK: int >= 0; Tvalues: type; " SPLITS_TYPE "; batched_input: bool",
     VARIANT(to_variant_parse),
     .flags = TARN_OP_NEVER_FOLD,
     .infer = to_variant_infer,
     .formula = "the ragged tensor as one element, or (batched_input) each of its rows"},
    {.name = "RaggedTensorFromVariant",
     .inputs = "encoded_ragged: variant",
     .outputs = "output_nested_splits: output_ragged_rank * Tsplits, output_dense_values: Tvalues",
     .attrs =
         "input_ragged_rank: int >= -1; output_ragged_rank: int >= 0; Tvalues: type; " SPLITS_TYPE,
     VARIANT(from_variant_parse),
     .infer = from_variant_infer,
     .formula = "the ragged tensor of ragged tensors that encoded_ragged holds"},
    {.name = "RaggedTensorToVariantGradient",
     .inputs = "encoded_ragged_grad: variant, row_splits: Tsplits, dense_values_shape: int32",
     .outputs = "dense_values_grad: Tvalues",
     .attrs = "Tvalues: type; " SPLITS_TYPE,
     .infer = variant_gradient_infer,
     .formula = "the values of the elements, joined; zeros where one is empty"},
    {.name = "RaggedTensorToTensor",
     .inputs = "shape: Tshape, values: T, default_value: T, row_partition_tensors: "
               "num_row_partition_tensors * Tindex",
     .outputs = "result: T",
     .attrs = "T: type; Tindex: {int64, int32}; Tshape: {int64, int32}; num_row_partition_tensors: "
              "int >= 1; "
              "row_partition_types: list(string)",
     .params_bytes = sizeof(tarn_ragged_params),
     .parse = to_tensor_parse,
     .infer = to_tensor_infer,
     .formula = "rows cut or filled with default_value to the shape; -1: as long as the longest",
     .cases = {"shape=i64(-1) values=f32[5] default_value=f32[] row_partition_tensors=i64{0,2,2,5} "
               "row_partition_types=['ROW_SPLITS']",
               "shape=i64{2,4} values=f32[5] default_value=f32[] row_partition_tensors=i64(3) "
               "row_partition_tensors=i64{0,0,2,2,2} "
               "row_partition_types=['FIRST_DIM_SIZE','VALUE_ROWIDS']"}},
    {0},
};
