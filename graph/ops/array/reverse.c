/* The same elements in another order along some dims. */
#include "graph/op.h"
#include "kernels/params/array.h"

static tarn_status reverse_v2_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_vector(t, 1));
  if (!t->value[1]) return TARN_OK;
  bool seen[TARN_MAX_RANK] = {false};
  for (int64_t i = 0; i < t->in[1].dim[0]; i++) {
    int axis;
    TARN_TRY(tarn__shape_axis(tarn__infer_int(t, 1, i), t->in[0].rank, &axis));
    if (seen[axis]) return tarn_fail(TARN_INVALID, "axis %d is named twice", axis);
    seen[axis] = true;
  }
  t->out[0] = t->in[0];
  return TARN_OK;
}

static tarn_status reverse_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_vector(t, 1));
  if (t->in[1].dim[0] != t->in[0].rank)
    return tarn_fail(TARN_SHAPE, "%lld dims for a tensor of rank %d", (long long)t->in[1].dim[0],
                     t->in[0].rank);
  if (t->in[0].rank > 0 && t->in[0].dim[0] == 0)
    return tarn_fail(TARN_SHAPE, "the first dim is 0; ReverseV2 takes such a tensor");
  t->out[0] = t->in[0];
  return TARN_OK;
}

static tarn_status reverse_sequence_parse(const tarn_attrs *attrs, void *params) {
  tarn_reverse_sequence_params *p = params;
  p->seq_dim = tarn__attr_int(attrs, "seq_dim");
  p->batch_dim = tarn__attr_int(attrs, "batch_dim");
  if (p->seq_dim == p->batch_dim)
    return tarn_fail(TARN_INVALID, "seq_dim and batch_dim are both %lld", (long long)p->seq_dim);
  return TARN_OK;
}

static tarn_status reverse_sequence_infer(tarn_infer *t) {
  const tarn_reverse_sequence_params *p = t->params;
  int rank = t->in[0].rank;
  TARN_TRY(tarn__infer_vector(t, 1));
  if (p->seq_dim < 0 || p->seq_dim >= rank || p->batch_dim < 0 || p->batch_dim >= rank)
    return tarn_fail(TARN_SHAPE, "seq_dim %lld and batch_dim %lld of a tensor of rank %d",
                     (long long)p->seq_dim, (long long)p->batch_dim, rank);
  if (t->in[1].dim[0] != t->in[0].dim[p->batch_dim])
    return tarn_fail(TARN_SHAPE, "%lld sequence lengths for a batch of %lld",
                     (long long)t->in[1].dim[0], (long long)t->in[0].dim[p->batch_dim]);
  t->out[0] = t->in[0];
  return TARN_OK;
}

static tarn_status roll_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_rank_at_least(t, 0, 1));
  if (t->in[1].rank > 1) return tarn__infer_vector(t, 1);
  TARN_TRY(tarn__infer_same(t, 1, 2));
  if (!t->value[2]) return TARN_OK;
  for (int64_t i = 0; i < tarn__shape_elements(&t->in[2]); i++) {
    int axis;
    TARN_TRY(tarn__shape_axis(tarn__infer_int(t, 2, i), t->in[0].rank, &axis));
  }
  t->out[0] = t->in[0];
  return TARN_OK;
}

const tarn_op tarn_ops_reverse[] = {
    {.name = "ReverseV2",
     .inputs = "tensor: T, axis: Tidx",
     .outputs = "output: T",
     .attrs = "Tidx: {int32, int64} = int32; T: {uint8, int8, uint16, int16, int32, uint32, int64, "
              "uint64, bool, "
              "bfloat16, half, float, double, complex64, complex128, string}",
     .infer = reverse_v2_infer,
     .formula = "output[.., i, ..] = tensor[.., dim - 1 - i, ..] along each axis",
     .cases = {"tensor=T[3x17] axis=i32{1}", "tensor=T[3x5x2] axis=i32{0,-1}",
               "tensor=T[] axis=i32{}", "tensor=T[0x3] axis=i64{0}",
               "tensor=T[300x400] axis=i32{0}"}},
    {.name = "Reverse",
     .inputs = "tensor: T, dims: bool",
     .outputs = "output: T",
     .attrs = "T: {uint8, int8, uint16, int16, uint32, int32, uint64, int64, bool, bfloat16, half, "
              "float, double, "
              "complex64, complex128, string}",
     .infer = reverse_infer,
     .formula = "output[.., i, ..] = tensor[.., dim - 1 - i, ..] along dims that are true",
     .cases = {"tensor=T[3x17] dims=bool[2]", "tensor=T[] dims=bool[0]"}},
    {.name = "ReverseSequence",
     .inputs = "input: T, seq_lengths: Tlen",
     .outputs = "output: T",
     .attrs = "seq_dim: int; batch_dim: int = 0; T: type; Tlen: {int32, int64} = int64",
     .params_bytes = sizeof(tarn_reverse_sequence_params),
     .parse = reverse_sequence_parse,
     .infer = reverse_sequence_infer,
     .formula =
         "the first seq_lengths[b] elements along seq_dim in reverse, the others as they are",
     .cases = {"input=T[3x5x2] seq_lengths=i64{0,3,5} seq_dim=1",
               "input=T[5x2] seq_lengths=i32{4,1} seq_dim=0 batch_dim=1",
               "input=T[0x3] seq_lengths=i64{} seq_dim=1"}},
    {.name = "Roll",
     .inputs = "input: T, shift: Tshift, axis: Taxis",
     .outputs = "output: T",
     .attrs = "T: type; Tshift: {int32, int64}; Taxis: {int32, int64}",
     .infer = roll_infer,
     .formula = "output[.., (i + shift) mod dim, ..] = input[.., i, ..] along each axis",
     .cases = {"input=T[3x7] shift=i32{2} axis=i32{1}",
               "input=T[3x7] shift=i64{-1,9} axis=i32{0,-1}", "input=T[5] shift=i32(3) axis=i32(0)",
               "input=T[0x3] shift=i32{1} axis=i32{0}"}},
    {0},
};
