/* Borders round tensors. */
#include "graph/op.h"
#include "kernels/params/array.h"

/* paddings is [rank, 2]; sets out to dims plus (sign 1) or minus (sign -1) both sides. */
static tarn_status padded(tarn_infer *t, int sign) {
  const tarn_shape *x = &t->in[0];
  int64_t dims[TARN_MAX_RANK];
  TARN_TRY(tarn__infer_rank(t, 1, 2));
  if (t->in[1].dim[1] != 2 || t->in[1].dim[0] != x->rank)
    return tarn_fail(TARN_SHAPE, "paddings must be [%d,2], they are [%lld,%lld]", x->rank,
                     (long long)t->in[1].dim[0], (long long)t->in[1].dim[1]);
  if (!t->value[1]) return TARN_OK;
  for (int d = 0; d < x->rank; d++) {
    int64_t before = tarn__infer_int(t, 1, 2 * d), after = tarn__infer_int(t, 1, 2 * d + 1), both;
    if (before < 0 || after < 0)
      return tarn_fail(TARN_INVALID, "paddings of dim %d are %lld and %lld", d, (long long)before,
                       (long long)after);
    if (tarn__add_overflow(before, after, &both) ||
        tarn__add_overflow(x->dim[d], sign * both, &dims[d]))
      return tarn_fail(TARN_LIMIT, "paddings of dim %d overflow", d);
    if (dims[d] < 0)
      return tarn_fail(TARN_SHAPE, "dim %d of length %lld has no room for paddings %lld and %lld",
                       d, (long long)x->dim[d], (long long)before, (long long)after);
  }
  return tarn__shape_make(x->rank, dims, &t->out[0]);
}

static tarn_status pad_infer(tarn_infer *t) {
  if (t->inputs == 3) TARN_TRY(tarn__infer_scalar(t, 2));
  return padded(t, 1);
}

static tarn_status mirror_parse(const tarn_attrs *attrs, void *params) {
  ((tarn_mirror_pad_params *)params)->symmetric = tarn__attr_is(attrs, "mode", "SYMMETRIC");
  return TARN_OK;
}

/* The border mirrors the inside, whose dims are `inside`. */
static tarn_status mirror_fits(const tarn_infer *t, const tarn_shape *inside) {
  const tarn_mirror_pad_params *p = t->params;
  for (int d = 0; d < inside->rank; d++)
    for (int k = 0; k < 2; k++)
      if (tarn__infer_int(t, 1, 2 * d + k) > inside->dim[d] - !p->symmetric)
        return tarn_fail(TARN_INVALID,
                         "a padding of %lld mirrors more than dim %d of length %lld has",
                         (long long)tarn__infer_int(t, 1, 2 * d + k), d, (long long)inside->dim[d]);
  return TARN_OK;
}

static tarn_status mirror_pad_infer(tarn_infer *t) {
  tarn_status status = padded(t, 1);
  if (status == TARN_OK && t->value[1]) status = mirror_fits(t, &t->in[0]);
  return status;
}

static tarn_status mirror_pad_grad_infer(tarn_infer *t) {
  tarn_status status = padded(t, -1);
  if (status == TARN_OK && t->value[1]) status = mirror_fits(t, &t->out[0]);
  return status;
}

#define MIRROR                                                                           \
  .inputs = "input: T, paddings: Tpaddings", .outputs = "output: T",                     \
  .attrs = "T: type; Tpaddings: {int32, int64} = int32; mode: {'REFLECT', 'SYMMETRIC'}", \
  .params_bytes = sizeof(tarn_mirror_pad_params), .parse = mirror_parse

const tarn_op tarn_ops_pad[] = {
    {.name = "Pad",
     .inputs = "input: T, paddings: Tpaddings",
     .outputs = "output: T",
     .attrs = "T: type; Tpaddings: {int32, int64} = int32",
     .infer = pad_infer,
     .formula = "output = input within a border of zeros",
     .cases = {"input=T[3x17] paddings=i32[2x2]:0..3", "input=T[] paddings=i32[0x2]",
               "input=T[0x3] paddings=i64[2x2]:1..2",
               "input=T[1x56x56x64] paddings=i32[4x2]:0..3"}},
    {.name = "PadV2",
     .inputs = "input: T, paddings: Tpaddings, constant_values: T",
     .outputs = "output: T",
     .attrs = "T: type; Tpaddings: {int32, int64} = int32",
     .infer = pad_infer,
     .formula = "output = input within a border of constant_values",
     .cases = {"input=T[3x17] paddings=i32[2x2]:0..3 constant_values=T[]",
               "input=T[0x3] paddings=i64[2x2]:1..2 constant_values=T[]"}},
    {.name = "MirrorPad",
     MIRROR,
     .infer = mirror_pad_infer,
     .formula = "output = input within a border that mirrors it (SYMMETRIC: the edge too)",
     .cases = {"input=T[3x5] paddings=i32[2x2]:0..2 mode=REFLECT",
               "input=T[3x5] paddings=i32[2x2]:0..3 mode=SYMMETRIC",
               "input=T[7] paddings=i64[1x2]:2..3 mode=REFLECT",
               "input=T[0x3] paddings=i32[2x2]:0..0 mode=SYMMETRIC"}},
    {.name = "MirrorPadGrad",
     MIRROR,
     .infer = mirror_pad_grad_infer,
     .formula = "output[i] = sum of input where MirrorPad reads element i",
     .cases = {"input=T[7x9] paddings=i32[2x2]:1..2 mode=REFLECT",
               "input=T[7x9] paddings=i32[2x2]:1..2 mode=SYMMETRIC"}},
    {0},
};
