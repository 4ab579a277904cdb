/* Crosses of columns of features, as crossed_column of feature columns writes them. */
#include "graph/op.h"
#include "kernels/params/sparse.h"

static tarn_status columns_parse(const tarn_attrs *attrs, void *params) {
  tarn_sparse_cross_params *p = params;
  const size_t values = tarn__attr_list(attrs, "sparse_types")->list.count;
  p->sparse = (int)tarn__attr_int(attrs, "N");
  p->dense = (int)tarn__attr_list(attrs, "dense_types")->list.count;
  if (values == (size_t)p->sparse) return TARN_OK;
  return tarn_fail(TARN_INVALID, "expected %d input values, got %zu", p->sparse, values);
}

static bool any_int(const tarn_attrs *attrs, const char *name) {
  const tarn_attr *types = tarn__attr_list(attrs, name);
  for (size_t i = 0; i < types->list.count; i++)
    if (types->list.type[i] == TARN_I64) return true;
  return false;
}

static tarn_status first_parse(const tarn_attrs *attrs, void *params) {
  tarn_sparse_cross_params *p = params;
  TARN_TRY(columns_parse(attrs, params));
  p->buckets = tarn__attr_int(attrs, "num_buckets");
  p->key = (uint64_t)tarn__attr_int(attrs, "hash_key");
  if (tarn__attr_type(attrs, "internal_type") == TARN_STRING &&
      (any_int(attrs, "sparse_types") || any_int(attrs, "dense_types")))
    return tarn_fail(TARN_DTYPE, "internal_type is string, and an input int64");
  return TARN_OK;
}

static tarn_status infer(tarn_infer *t) {
  const tarn_sparse_cross_params *p = t->params;
  const int n = p->sparse;
  for (int i = 0; i < n; i++) {
    TARN_TRY(tarn__infer_rank(t, i, 2));
    TARN_TRY(tarn__infer_vector(t, n + i));
    TARN_TRY(tarn__infer_vector(t, 2 * n + i));
    if (t->in[i].dim[1] != 2 || t->in[2 * n + i].dim[0] != 2)
      return tarn_fail(
          TARN_SHAPE,
          "column %d: expected a sparse tensor of 2 dims, got indices of %lld and a shape of %lld",
          i, (long long)t->in[i].dim[1], (long long)t->in[2 * n + i].dim[0]);
    if (t->in[i].dim[0] != t->in[n + i].dim[0])
      return tarn_fail(TARN_SHAPE, "column %d: %lld values for %lld indices", i,
                       (long long)t->in[n + i].dim[0], (long long)t->in[i].dim[0]);
  }
  for (int i = 3 * n; i < 3 * n + p->dense; i++) TARN_TRY(tarn__infer_rank(t, i, 2));
  t->out[2] = tarn__shape_vector(2);
  return TARN_OK;
}

static tarn_status joined_infer(tarn_infer *t) {
  TARN_TRY(infer(t));
  return tarn__infer_scalar(t, t->inputs - 1);
}

static tarn_status hashed_infer(tarn_infer *t) {
  const int salt = t->inputs - 1;
  TARN_TRY(infer(t));
  TARN_TRY(tarn__infer_scalar(t, salt - 2));
  TARN_TRY(tarn__infer_scalar(t, salt - 1));
  if (tarn__shape_elements(&t->in[salt]) == 2) return TARN_OK;
  return tarn_fail(TARN_SHAPE, "salt: expected 2 numbers, got %lld",
                   (long long)tarn__shape_elements(&t->in[salt]));
}

#define CROSS(which) .params_bytes = sizeof(tarn_sparse_cross_params), .parse = which
#define INPUTS \
  "indices: N * int64, values: sparse_types, shapes: N * int64, dense_inputs: dense_types"
#define OUTPUTS(type) "output_indices: int64, output_values: " type ", output_shape: int64"
#define ATTRS \
  "N: int >= 0; sparse_types: list({int64, string}) >= 0; dense_types: list({int64, string}) >= 0"
/* Two rows, of 2 and 1 entries, crossed with 2 dense features each. */
#define COLUMNS(T, D) \
  "indices=i64[3x2]{0,0,0,1,1,0} values=" T "[3] shapes=i64{2,2} dense_inputs=" D "[2x2] "

const tarn_op tarn_ops_sparse_cross[] = {
    {.name = "SparseCross",
     .inputs = INPUTS,
     .outputs = OUTPUTS("out_type"),
     CROSS(first_parse),
     .infer = infer,
     .attrs = ATTRS "; hashed_output: bool; num_buckets: int >= 0; hash_key: int; out_type: "
                    "{int64, string}; internal_type: {int64, string}",
     .formula = "every choice of one feature from each column of a row, joined by _X_ or hashed",
     .cases =
         {COLUMNS(
              "str",
              "str") "out_type=str internal_type=str hashed_output=false num_buckets=0 hash_key=1",
          COLUMNS(
              "i64",
              "str") "out_type=str internal_type=i64 hashed_output=false num_buckets=0 hash_key=1",
          COLUMNS("i64", "str") "out_type=i64 internal_type=i64 hashed_output=true num_buckets=100 "
                                "hash_key=956888297470",
          COLUMNS("str", "str") "out_type=i64 internal_type=str hashed_output=true num_buckets=0 "
                                "hash_key=-7"}},
    {.name = "SparseCrossV2",
     .inputs = INPUTS ", sep: string",
     .outputs = OUTPUTS("string"),
     CROSS(columns_parse),
     .infer = joined_infer,
     .attrs = ATTRS,
     .formula = "every choice of one feature from each column of a row, joined by sep",
     .cases = {COLUMNS("i64", "str") "sep=str('-')",
               "indices=i64[0x2] values=str[0] shapes=i64{3,4} sep=str('')"}},
    {.name = "SparseCrossHashed",
     .inputs = INPUTS ", num_buckets: int64, strong_hash: bool, salt: int64",
     .outputs = OUTPUTS("int64"),
     CROSS(columns_parse),
     .infer = hashed_infer,
     .attrs = ATTRS,
     .formula = "every choice of one feature from each column of a row, hashed",
     .cases = {COLUMNS("i64", "str") "num_buckets=i64(50) strong_hash=bool(true) salt=i64{137,173}",
               COLUMNS("str", "i64") "num_buckets=i64(0) strong_hash=bool(false) salt=i64{1,2}"}},
    {0},
};
