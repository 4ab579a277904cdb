/* The largest, the smallest, the first k. */
#include "graph/op.h"
#include "kernels/params/array.h"

static tarn_status arg_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_scalar(t, 1));
  if (!t->value[1]) return TARN_OK;
  int64_t dim =
      t->in_dtype[1] == TARN_I16 ? *(const int16_t *)t->value[1]->data : tarn__infer_int(t, 1, 0);
  int axis, rank = t->in[0].rank;
  TARN_TRY(tarn__shape_axis(dim, rank, &axis));
  if (t->in[0].dim[axis] == 0)
    return tarn_fail(TARN_INVALID, "axis %d is empty: nothing to choose from", axis);
  tarn_shape out = {.rank = rank - 1};
  for (int d = 0; d < rank - 1; d++) out.dim[d] = t->in[0].dim[d < axis ? d : d + 1];
  t->out[0] = out;
  return TARN_OK;
}

static tarn_status top_k_parse(const tarn_attrs *attrs, void *params) {
  tarn_top_k_params *p = params;
  p->k = tarn__attr_find(attrs, "k") ? tarn__attr_int(attrs, "k") : -1;
  p->sorted = tarn__attr_bool(attrs, "sorted");
  return TARN_OK;
}

static tarn_status top_k(tarn_infer *t, int64_t k) {
  const tarn_shape *x = &t->in[0];
  if (k < 0) return tarn_fail(TARN_INVALID, "k is %lld", (long long)k);
  if (k > x->dim[x->rank - 1])
    return tarn_fail(TARN_INVALID, "k is %lld, the last dim has %lld", (long long)k,
                     (long long)x->dim[x->rank - 1]);
  t->out[0] = *x;
  t->out[0].dim[x->rank - 1] = k;
  t->out[1] = t->out[0];
  return TARN_OK;
}

static tarn_status top_k_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_rank_at_least(t, 0, 1));
  return top_k(t, ((const tarn_top_k_params *)t->params)->k);
}

static tarn_status top_k_v2_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_rank_at_least(t, 0, 1));
  TARN_TRY(tarn__infer_scalar(t, 1));
  if (!t->value[1]) return TARN_OK;
  return top_k(t, t->in_dtype[1] == TARN_I16 ? *(const int16_t *)t->value[1]->data
                                             : tarn__infer_int(t, 1, 0));
}

static tarn_status in_top_k_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_rank(t, 0, 2));
  TARN_TRY(tarn__infer_vector(t, 1));
  if (t->in[0].dim[0] != t->in[1].dim[0])
    return tarn_fail(TARN_SHAPE, "%lld targets for %lld rows of predictions",
                     (long long)t->in[1].dim[0], (long long)t->in[0].dim[0]);
  if (t->inputs == 3) TARN_TRY(tarn__infer_scalar(t, 2));
  t->out[0] = t->in[1];
  return TARN_OK;
}

static tarn_status in_top_k_parse(const tarn_attrs *attrs, void *params) {
  ((tarn_top_k_params *)params)->k = tarn__attr_int(attrs, "k");
  return TARN_OK;
}

static tarn_status nth_element_parse(const tarn_attrs *attrs, void *params) {
  ((tarn_nth_element_params *)params)->reverse = tarn__attr_bool(attrs, "reverse");
  return TARN_OK;
}

static tarn_status nth_element_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_rank_at_least(t, 0, 1));
  TARN_TRY(tarn__infer_scalar(t, 1));
  if (!t->value[1]) return TARN_OK;
  int64_t n = tarn__infer_int(t, 1, 0), dim = t->in[0].dim[t->in[0].rank - 1];
  if (n < 0 || n >= dim)
    return tarn_fail(TARN_INVALID, "n is %lld, the last dim has %lld", (long long)n,
                     (long long)dim);
  t->out[0] = t->in[0];
  t->out[0].rank--;
  return TARN_OK;
}

const tarn_op tarn_ops_order[] = {
    {.name = "ArgMax",
     .inputs = "input: T, dimension: Tidx",
     .outputs = "output: output_type",
     .attrs = "T: {realnumbertype, qint8, quint8, qint32, qint16, quint16, bool}; Tidx: {int16, "
              "int32, int64} = int32; "
              "output_type: {int16, uint16, int32, int64} = int64",
     .infer = arg_infer,
     .formula = "output[a, b] = the first j with input[a, j, b] = max_j input[a, j, b]",
     .cases = {"input=T[3x17] dimension=i32(1)", "input=T[3x5x7] dimension=i32(-2)",
               "input=T[0x3] dimension=i64(1)", "input=T[7] dimension=i32(0) output_type=int32",
               "input=T[64x1000] dimension=i32(1)"}},
    {.name = "ArgMin",
     .inputs = "input: T, dimension: Tidx",
     .outputs = "output: output_type",
     .attrs = "T: {realnumbertype, qint8, quint8, qint32, qint16, quint16, bool}; Tidx: {int32, "
              "int64} = int32; "
              "output_type: {int32, int64} = int64",
     .infer = arg_infer,
     .formula = "output[a, b] = the first j with input[a, j, b] = min_j input[a, j, b]",
     .cases = {"input=T[3x17] dimension=i32(1)", "input=T[3x5x7] dimension=i32(0)",
               "input=T[7] dimension=i32(0) output_type=int32"}},
    {.name = "TopK",
     .inputs = "input: T",
     .outputs = "values: T, indices: int32",
     .attrs = "k: int >= 0; sorted: bool = true; T: realnumbertype",
     .params_bytes = sizeof(tarn_top_k_params),
     .parse = top_k_parse,
     .infer = top_k_infer,
     .formula = "the k largest of each row and where they are",
     .cases = {"input=T[3x17] k=5", "input=T[4] k=4"}},
    {.name = "TopKV2",
     .inputs = "input: T, k: Tk",
     .outputs = "values: T, indices: index_type",
     .attrs = "sorted: bool = true; T: realnumbertype; Tk: {int16, int32, int64} = int32; "
              "index_type: {int16, int32, int64} = int32",
     .params_bytes = sizeof(tarn_top_k_params),
     .parse = top_k_parse,
     .infer = top_k_v2_infer,
     .formula = "the k largest of each row and where they are; of equals the first",
     .cases = {"input=T[3x17] k=i32(5)", "input=T[2x3x4] k=i32(4)", "input=T[5] k=i32(0)",
               "input=T[0x3] k=i32(2)", "input=T[4x101] k=i32(7) sorted=false",
               "input=T[8x1000] k=i32(5)", "input=f32{0,-0,1,0,-0,0} k=i32(4)",
               "input=f32[2x9000] k=i32(8500)"}},
    {.name = "InTopK",
     .inputs = "predictions: float, targets: T",
     .outputs = "precision: bool",
     .attrs = "k: int; T: {int32, int64} = int32",
     .params_bytes = sizeof(tarn_top_k_params),
     .parse = in_top_k_parse,
     .infer = in_top_k_infer,
     .formula = "fewer than k classes are above predictions[b, targets[b]]",
     .cases = {"predictions=f32[5x7] targets=i32[5]:0..6 k=2"}},
    {.name = "InTopKV2",
     .inputs = "predictions: float, targets: T, k: T",
     .outputs = "precision: bool",
     .attrs = "T: {int32, int64} = int32",
     .infer = in_top_k_infer,
     .formula = "fewer than k classes are above predictions[b, targets[b]]",
     .cases = {"predictions=f32[5x7] targets=i64[5]:0..6 k=i64(2)"}},
    {.name = "NthElement",
     .inputs = "input: T, n: int32",
     .outputs = "values: T",
     .attrs = "reverse: bool = false; T: realnumbertype",
     .params_bytes = sizeof(tarn_nth_element_params),
     .parse = nth_element_parse,
     .infer = nth_element_infer,
     .formula = "the element at place n of each row once sorted (reverse: from the largest)",
     .cases = {"input=T[3x17] n=i32(4)", "input=T[5] n=i32(0) reverse=true",
               "input=T[2x61] n=i32(29)", "input=T[2x61] n=i32(22) reverse=true",
               "input=T[3x40] n=i32(36)", "input=T[3x40] n=i32(38) reverse=true"}},
    {0},
};
