/* Repeating a tensor along its dims. */
#include "graph/op.h"

static tarn_status tile_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_vector(t, 1));
  if (t->in[1].dim[0] != t->in[0].rank)
    return tarn_fail(TARN_SHAPE, "%lld multiples for a tensor of rank %d",
                     (long long)t->in[1].dim[0], t->in[0].rank);
  if (!t->value[1]) return TARN_OK;
  int64_t dims[TARN_MAX_RANK];
  for (int d = 0; d < t->in[0].rank; d++) {
    int64_t m = tarn__infer_int(t, 1, d);
    if (m < 0) return tarn_fail(TARN_INVALID, "multiples[%d] is %lld", d, (long long)m);
    if (tarn__mul_overflow(m, t->in[0].dim[d], &dims[d]))
      return tarn_fail(TARN_LIMIT, "%lld times dim %d overflows", (long long)m, d);
  }
  return tarn__shape_make(t->in[0].rank, dims, &t->out[0]);
}

static tarn_status broadcast_to_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_vector(t, 1));
  if (!t->value[1]) return TARN_OK;
  const tarn_shape *x = &t->in[0];
  tarn_shape out;
  char a[TARN_SHAPE_TEXT], b[TARN_SHAPE_TEXT];
  TARN_TRY(tarn__infer_shape_value(t, 1, false, &out));
  bool fits = x->rank <= out.rank;
  for (int d = 0; fits && d < x->rank; d++)
    fits = x->dim[d] == 1 || x->dim[d] == out.dim[out.rank - x->rank + d];
  if (!fits)
    return tarn_fail(TARN_SHAPE, "%s does not broadcast to %s", tarn__shape_print(x, a),
                     tarn__shape_print(&out, b));
  t->out[0] = out;
  return TARN_OK;
}

static tarn_status broadcast_args_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_vector(t, 0));
  TARN_TRY(tarn__infer_vector(t, 1));
  t->out[0] =
      tarn__shape_vector(t->in[0].dim[0] > t->in[1].dim[0] ? t->in[0].dim[0] : t->in[1].dim[0]);
  return TARN_OK;
}

static tarn_status broadcast_gradient_args_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_vector(t, 0));
  return tarn__infer_vector(t, 1); /* the kernel finds how many dims there are to sum over */
}

const tarn_op tarn_ops_broadcast[] = {
    {.name = "Tile",
     .inputs = "input: T, multiples: Tmultiples",
     .outputs = "output: T",
     .attrs = "T: type; Tmultiples: {int32, int64} = int32",
     .infer = tile_infer,
     .formula = "output[i] = input[i mod dims]",
     .cases = {"input=T[2x3] multiples=i32{2,3}", "input=T[] multiples=i32{}",
               "input=T[5] multiples=i64{0}", "input=T[2x1x3] multiples=i32{1,4,1}",
               "input=T[100x1] multiples=i32{1,1000}"}},
    {.name = "BroadcastTo",
     .inputs = "input: T, shape: Tidx",
     .outputs = "output: T",
     .attrs = "T: type; Tidx: {int32, int64} = int32",
     .infer = broadcast_to_infer,
     .formula = "output[i] = input[i, 0 along dims of 1]",
     .cases = {"input=T[3x1] shape=i32{2,3,4}", "input=T[] shape=i64{5}",
               "input=T[1x2] shape=i32{0,2}", "input=T[3] shape=i32{3}"}},
    {.name = "BroadcastArgs",
     .inputs = "s0: T, s1: T",
     .outputs = "r0: T",
     .attrs = "T: {int32, int64} = int32",
     .infer = broadcast_args_infer,
     .formula = "the shape that shapes s0 and s1 broadcast to",
     .cases = {"s0=i32{2,1,3} s1=i32{4,1}", "s0=i64{} s1=i64{5}"}},
    {.name = "BroadcastGradientArgs",
     .inputs = "s0: T, s1: T",
     .outputs = "r0: T, r1: T",
     .attrs = "T: {int32, int64} = int32",
     .infer = broadcast_gradient_args_infer,
     .formula = "the dims to sum over, for the gradients of a broadcast of shapes s0 and s1",
     .cases = {"s0=i32{2,1,3} s1=i32{4,1}", "s0=i64{} s1=i64{5}", "s0=i32{2,3} s1=i32{2,3}"}},
    {0},
};
