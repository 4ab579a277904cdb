/* Tensors put together along a dim, and taken apart. */
#include "graph/op.h"
#include "kernels/params/array.h"

static tarn_status axis_parse(const tarn_attrs *attrs, void *params) {
  ((tarn_axis_params *)params)->axis = tarn__attr_int(attrs, "axis");
  return TARN_OK;
}

/* One integer: a scalar, or (as TensorFlow's kernels allow) a tensor of one element. */
static tarn_status one_number(const tarn_infer *t, int i) {
  if (tarn__shape_elements(&t->in[i]) != 1)
    return tarn_fail(TARN_SHAPE, "the axis must be one number, it has %lld",
                     (long long)tarn__shape_elements(&t->in[i]));
  return TARN_OK;
}

/* Inputs first..first+n-1 along the axis in input `axis_at`. */
static tarn_status concat(tarn_infer *t, int first, int n, int axis_at) {
  TARN_TRY(one_number(t, axis_at));
  tarn_shape out = t->in[first];
  char a[TARN_SHAPE_TEXT], b[TARN_SHAPE_TEXT];
  if (!t->value[axis_at]) return TARN_OK;
  if (out.rank == 0) return tarn_fail(TARN_SHAPE, "scalars cannot be concatenated: use Pack");
  int axis;
  TARN_TRY(tarn__shape_axis(tarn__infer_int(t, axis_at, 0), out.rank, &axis));
  out.dim[axis] = 0;
  for (int i = first; i < first + n; i++) {
    const tarn_shape *s = &t->in[i];
    bool fits = s->rank == out.rank;
    for (int d = 0; fits && d < out.rank; d++) fits = d == axis || s->dim[d] == out.dim[d];
    if (!fits)
      return tarn_fail(
          TARN_SHAPE, "shapes %s and %s of values 0 and %d differ elsewhere than along axis %d",
          tarn__shape_print(&t->in[first], a), tarn__shape_print(s, b), i - first, axis);
    if (tarn__add_overflow(out.dim[axis], s->dim[axis], &out.dim[axis]))
      return tarn_fail(TARN_LIMIT, "the sum of dims %d overflows", axis);
  }
  return tarn__shape_make(out.rank, out.dim, &t->out[0]);
}

static tarn_status concat_infer(tarn_infer *t) { return concat(t, 1, t->inputs - 1, 0); }
static tarn_status concat_v2_infer(tarn_infer *t) {
  return concat(t, 0, t->inputs - 1, t->inputs - 1);
}

static tarn_status concat_offset_infer(tarn_infer *t) {
  TARN_TRY(one_number(t, 0));
  for (int i = 1; i < t->inputs; i++) {
    TARN_TRY(tarn__infer_vector(t, i));
    TARN_TRY(tarn__infer_same(t, 1, i));
    if (!t->value[i] || !t->value[0]) return TARN_OK;
  }
  int axis, rank = (int)(t->in[1].dim[0] < 1000 ? t->in[1].dim[0] : 1000);
  TARN_TRY(tarn__shape_axis(tarn__infer_int(t, 0, 0), rank, &axis));
  for (int i = 1; i < t->inputs; i++)
    for (int d = 0; d < rank; d++)
      if (d != axis && tarn__infer_int(t, i, d) != tarn__infer_int(t, 1, d))
        return tarn_fail(TARN_SHAPE, "shapes 0 and %d differ in dim %d: %lld and %lld", i - 1, d,
                         (long long)tarn__infer_int(t, 1, d), (long long)tarn__infer_int(t, i, d));
  for (int i = 0; i < t->outputs; i++) t->out[i] = t->in[i + 1];
  return TARN_OK;
}

static tarn_status parallel_concat_infer(tarn_infer *t) {
  tarn_shape want = *tarn__attr_shape(t->attrs, "shape");
  char a[TARN_SHAPE_TEXT], b[TARN_SHAPE_TEXT];
  for (int i = 0; i < t->inputs; i++) {
    TARN_TRY(tarn__infer_rank_at_least(t, i, 1));
    TARN_TRY(tarn__infer_same(t, 0, i));
    if (t->in[i].dim[0] != 1)
      return tarn_fail(TARN_SHAPE, "expected a first dim of 1, got %s",
                       tarn__shape_print(&t->in[i], a));
  }
  tarn_shape out = t->in[0];
  out.dim[0] = t->inputs;
  if (!tarn__shape_compatible(&want, &out))
    return tarn_fail(TARN_SHAPE, "attribute shape is %s, the values make %s",
                     tarn__shape_print(&want, a), tarn__shape_print(&out, b));
  return tarn__shape_make(out.rank, out.dim, &t->out[0]);
}

static tarn_status split_infer(tarn_infer *t) {
  TARN_TRY(one_number(t, 0));
  if (t->in[1].rank == 0) return tarn_fail(TARN_SHAPE, "a scalar cannot be split");
  if (!t->value[0]) return TARN_OK;
  int axis;
  TARN_TRY(tarn__shape_axis(tarn__infer_int(t, 0, 0), t->in[1].rank, &axis));
  if (t->in[1].dim[axis] % t->outputs)
    return tarn_fail(TARN_SHAPE, "dim %d of length %lld does not split into %d", axis,
                     (long long)t->in[1].dim[axis], t->outputs);
  for (int i = 0; i < t->outputs; i++) {
    t->out[i] = t->in[1];
    t->out[i].dim[axis] /= t->outputs;
  }
  return TARN_OK;
}

static int64_t split_size(const tarn_infer *t, int i) {
  return t->in_dtype[1] == TARN_I8 ? ((const int8_t *)t->value[1]->data)[i]
                                   : tarn__infer_int(t, 1, i);
}

static tarn_status split_v_infer(tarn_infer *t) {
  TARN_TRY(one_number(t, 2));
  TARN_TRY(tarn__infer_vector(t, 1));
  if (t->in[1].dim[0] != t->outputs)
    return tarn_fail(TARN_SHAPE, "%lld sizes for %d outputs", (long long)t->in[1].dim[0],
                     t->outputs);
  if (t->in[0].rank == 0) return tarn_fail(TARN_SHAPE, "a scalar cannot be split");
  if (!t->value[1] || !t->value[2]) return TARN_OK;
  int axis, open = -1;
  TARN_TRY(tarn__shape_axis(tarn__infer_int(t, 2, 0), t->in[0].rank, &axis));
  int64_t rest = t->in[0].dim[axis];
  for (int i = 0; i < t->outputs; i++) {
    int64_t size = split_size(t, i);
    if (size == -1 && open >= 0)
      return tarn_fail(TARN_INVALID, "sizes %d and %d are both -1", open, i);
    if (size < -1) return tarn_fail(TARN_INVALID, "size %d is %lld", i, (long long)size);
    if (size == -1) open = i;
    else if (size > rest)
      return tarn_fail(TARN_SHAPE, "the sizes exceed dim %d of length %lld", axis,
                       (long long)t->in[0].dim[axis]);
    else rest -= size;
  }
  if (open < 0 && rest)
    return tarn_fail(TARN_SHAPE, "the sizes leave %lld of dim %d of length %lld", (long long)rest,
                     axis, (long long)t->in[0].dim[axis]);
  for (int i = 0; i < t->outputs; i++) {
    t->out[i] = t->in[0];
    t->out[i].dim[axis] = i == open ? rest : split_size(t, i);
  }
  return TARN_OK;
}

static tarn_status pack_infer(tarn_infer *t) {
  const tarn_axis_params *p = t->params;
  int axis, rank = t->in[0].rank;
  int64_t dims[TARN_MAX_RANK];
  for (int i = 1; i < t->inputs; i++) TARN_TRY(tarn__infer_same(t, 0, i));
  if (rank + 1 > TARN_MAX_RANK)
    return tarn_fail(TARN_SHAPE, "rank %d is the largest possible", TARN_MAX_RANK);
  TARN_TRY(tarn__shape_axis(p->axis, rank + 1, &axis));
  for (int d = 0; d <= rank; d++)
    dims[d] = d == axis ? t->inputs : t->in[0].dim[d < axis ? d : d - 1];
  return tarn__shape_make(rank + 1, dims, &t->out[0]);
}

static tarn_status unpack_infer(tarn_infer *t) {
  const tarn_axis_params *p = t->params;
  int axis, rank = t->in[0].rank;
  TARN_TRY(tarn__infer_rank_at_least(t, 0, 1));
  TARN_TRY(tarn__shape_axis(p->axis, rank, &axis));
  if (t->in[0].dim[axis] != t->outputs)
    return tarn_fail(TARN_SHAPE, "dim %d of length %lld does not unpack into %d", axis,
                     (long long)t->in[0].dim[axis], t->outputs);
  tarn_shape out = {.rank = rank - 1};
  for (int d = 0; d < rank - 1; d++) out.dim[d] = t->in[0].dim[d < axis ? d : d + 1];
  for (int i = 0; i < t->outputs; i++) t->out[i] = out;
  return TARN_OK;
}

#define JOIN "output = the values one after the other along the axis"

const tarn_op tarn_ops_concat[] = {
    {.name = "Concat",
     .inputs = "concat_dim: int32, values: N * T",
     .outputs = "output: T",
     .attrs = "N: int >= 2; T: type",
     .infer = concat_infer,
     .formula = JOIN,
     .cases = {"concat_dim=i32(1) values=T[2x3] values=T[2x5]",
               "concat_dim=i32(0) values=T[0x3] values=T[2x3]"}},
    {.name = "ConcatV2",
     .inputs = "values: N * T, axis: Tidx",
     .outputs = "output: T",
     .attrs = "N: int >= 2; T: type; Tidx: {int32, int64} = int32",
     .infer = concat_v2_infer,
     .formula = JOIN,
     .cases = {"values=T[2x3] values=T[2x5] values=T[2x0] axis=i32(-1)",
               "values=T[1] values=T[7] axis=i64(0)", "values=T[3x2x5] values=T[3x4x5] axis=i32(1)",
               "values=T[0x3] values=T[0x3] axis=i32(0)",
               "values=T[64x56x64] values=T[64x56x192] axis=i32(2)"}},
    {.name = "ConcatOffset",
     .inputs = "concat_dim: int32, shape: N * shape_type",
     .outputs = "offset: N * shape_type",
     .attrs = "N: int >= 2; shape_type: {int32, int64} = int32",
     .infer = concat_offset_infer,
     .formula = "where each value of these shapes starts in their concatenation",
     .cases = {"concat_dim=i32(1) shape=i32{2,3,4} shape=i32{2,5,4} shape=i32{2,1,4}"}},
    {.name = "ParallelConcat",
     .inputs = "values: N * T",
     .outputs = "output: T",
     .attrs = "N: int >= 1; T: type; shape: shape",
     .infer = parallel_concat_infer,
     .formula = "output[i] = values_i[0]",
     .cases = {"values=T[1x3] values=T[1x3] shape=[2,3]"}},
    {.name = "Split",
     .inputs = "split_dim: int32, value: T",
     .outputs = "output: num_split * T",
     .attrs = "num_split: int >= 1; T: type",
     .infer = split_infer,
     .formula = "output_i = the i-th of num_split equal parts along the axis",
     .cases = {"split_dim=i32(1) value=T[3x6x5] num_split=3",
               "split_dim=i32(-1) value=T[2x4] num_split=4",
               "split_dim=i32(0) value=T[0x3] num_split=2",
               "split_dim=i32(1) value=T[128x2048] num_split=4"}},
    {.name = "SplitV",
     .inputs = "value: T, size_splits: Tlen, split_dim: int32",
     .outputs = "output: num_split * T",
     .attrs = "num_split: int >= 1; T: type; Tlen: {int8, int32, int64} = int64",
     .infer = split_v_infer,
     .formula = "output_i = the next size_splits[i] along the axis; one size may be -1",
     .cases = {"value=T[3x7] size_splits=i64{2,-1,1} split_dim=i32(1) num_split=3",
               "value=T[5x2] size_splits=i32{0,5} split_dim=i32(0) num_split=2"}},
    {.name = "Pack",
     .inputs = "values: N * T",
     .outputs = "output: T",
     .attrs = "N: int >= 1; T: type; axis: int = 0",
     .params_bytes = sizeof(tarn_axis_params),
     .parse = axis_parse,
     .infer = pack_infer,
     .formula = "output[.., i, ..] = values_i[.., ..]",
     .cases = {"values=T[3x5] values=T[3x5] axis=1", "values=T[] values=T[] values=T[]",
               "values=T[0] values=T[0]", "values=T[17] values=T[17] axis=-1"}},
    {.name = "Unpack",
     .inputs = "value: T",
     .outputs = "output: num * T",
     .attrs = "num: int >= 0; T: type; axis: int = 0",
     .params_bytes = sizeof(tarn_axis_params),
     .parse = axis_parse,
     .infer = unpack_infer,
     .formula = "output_i[.., ..] = value[.., i, ..]",
     .cases = {"value=T[3x5] num=3", "value=T[3x5] num=5 axis=-1", "value=T[2x0x3] num=2"}},
    {0},
};
