/* Tensors made from a few numbers: constants, ramps and one-hot rows. */
#include "graph/op.h"
#include "kernels/params/array.h"

#include <math.h>

static tarn_status fill_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_vector(t, 0));
  TARN_TRY(tarn__infer_scalar(t, 1));
  return t->value[0] ? tarn__infer_shape_value(t, 0, false, &t->out[0]) : TARN_OK;
}

static tarn_status empty_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_vector(t, 0));
  return t->value[0] ? tarn__infer_shape_value(t, 0, false, &t->out[0]) : TARN_OK;
}

static tarn_status lin_space_infer(tarn_infer *t) {
  for (int i = 0; i < 3; i++) TARN_TRY(tarn__infer_scalar(t, i));
  if (!t->value[2]) return TARN_OK;
  int64_t num = tarn__infer_int(t, 2, 0);
  if (num < 1) return tarn_fail(TARN_INVALID, "num must be positive, got %lld", (long long)num);
  return tarn__shape_make(1, &num, &t->out[0]);
}

/* One element of any real type as a double; int64 is exact where range_length needs it through
 * `whole`. */
static double number(const tarn_tensor *v, int64_t *whole) {
  *whole = 0;
  switch (v->dtype) {
    case TARN_F32: return (double)*(const float *)v->data;
    case TARN_F64: return *(const double *)v->data;
    case TARN_F16: return (double)tarn__f16_to_f32(*(const uint16_t *)v->data);
    case TARN_BF16: return (double)tarn__bf16_to_f32(*(const uint16_t *)v->data);
    case TARN_I64: *whole = *(const int64_t *)v->data; break;
    case TARN_I32: *whole = *(const int32_t *)v->data; break;
    case TARN_I16: *whole = *(const int16_t *)v->data; break;
    case TARN_I8: *whole = *(const int8_t *)v->data; break;
    case TARN_U64: *whole = (int64_t)*(const uint64_t *)v->data; break;
    case TARN_U32: *whole = *(const uint32_t *)v->data; break;
    case TARN_U16: *whole = *(const uint16_t *)v->data; break;
    default: *whole = *(const uint8_t *)v->data; break;
  }
  return (double)*whole;
}

/* To the nearest value of a float dtype: the number of steps is computed in the dtype of the
 * range. */
static double rounded(tarn_dtype dtype, double x) {
  switch ((int)dtype) {
    case TARN_F32: return (double)(float)x;
    case TARN_F16: return (double)tarn__f16_to_f32(tarn__f32_to_f16((float)x));
    case TARN_BF16: return (double)tarn__bf16_to_f32(tarn__f32_to_bf16((float)x));
    default: return x;
  }
}

static tarn_status range_infer(tarn_infer *t) {
  for (int i = 0; i < 3; i++) TARN_TRY(tarn__infer_scalar(t, i));
  if (!t->value[0] || !t->value[1] || !t->value[2]) return TARN_OK;
  int64_t start, limit, delta, n;
  double fs = number(t->value[0], &start), fl = number(t->value[1], &limit),
         fd = number(t->value[2], &delta);
  bool is_float = tarn__dtype_in(t->in_dtype[0], TARN_FLOATS),
       is_unsigned = t->in_dtype[0] == TARN_U64;
  if (fd == 0.0) return tarn_fail(TARN_INVALID, "delta is zero");
  if (is_float) {
    if (!isfinite(fs) || !isfinite(fl) || isnan(fd))
      return tarn_fail(TARN_INVALID, "range from %g to %g by %g is not finite", fs, fl, fd);
    if (fd > 0 ? fs > fl : fs < fl)
      return tarn_fail(TARN_INVALID, "range from %g to %g cannot be walked by %g", fs, fl, fd);
    double steps = ceil(fabs(rounded(t->in_dtype[0], rounded(t->in_dtype[0], fl - fs) / fd)));
    if (!(steps < 9007199254740992.0))
      return tarn_fail(TARN_LIMIT, "a range of %g elements", steps);
    n = (int64_t)steps;
  } else {
    bool up = is_unsigned || delta > 0;
    if (is_unsigned ? (uint64_t)start > (uint64_t)limit : up ? start > limit : start < limit)
      return tarn_fail(TARN_INVALID, "range from %lld to %lld cannot be walked by %lld",
                       (long long)start, (long long)limit, (long long)delta);
    /* The differences of int64 always fit uint64. */
    uint64_t span = up ? (uint64_t)limit - (uint64_t)start : (uint64_t)start - (uint64_t)limit;
    uint64_t step = up ? (uint64_t)delta : 0 - (uint64_t)delta;
    uint64_t steps = span / step + (span % step != 0);
    if (steps > INT64_MAX)
      return tarn_fail(TARN_LIMIT, "a range of %llu elements", (unsigned long long)steps);
    n = (int64_t)steps;
  }
  return tarn__shape_make(1, &n, &t->out[0]);
}

static tarn_status one_hot_parse(const tarn_attrs *attrs, void *params) {
  ((tarn_axis_params *)params)->axis = tarn__attr_int(attrs, "axis");
  return TARN_OK;
}

static tarn_status one_hot_infer(tarn_infer *t) {
  for (int i = 1; i < 4; i++) TARN_TRY(tarn__infer_scalar(t, i));
  int axis, rank = t->in[0].rank;
  if (rank + 1 > TARN_MAX_RANK)
    return tarn_fail(TARN_SHAPE, "rank %d is the largest possible", TARN_MAX_RANK);
  const tarn_axis_params *p = t->params;
  if (p->axis < -1)
    return tarn_fail(TARN_INVALID, "axis %lld: expected -1 or more", (long long)p->axis);
  TARN_TRY(tarn__shape_axis(p->axis, rank + 1, &axis));
  if (!t->value[1]) return TARN_OK;
  int64_t depth = tarn__infer_int(t, 1, 0), dims[TARN_MAX_RANK];
  if (depth < 0) return tarn_fail(TARN_INVALID, "depth is %lld", (long long)depth);
  for (int d = 0; d <= rank; d++) dims[d] = d == axis ? depth : t->in[0].dim[d < axis ? d : d - 1];
  return tarn__shape_make(rank + 1, dims, &t->out[0]);
}

#define ONES                                                                                   \
  "{bfloat16, half, float, double, int8, uint8, int16, uint16, int32, uint32, int64, uint64, " \
  "complex64, "                                                                                \
  "complex128, bool}"

const tarn_op tarn_ops_fill[] = {
    {.name = "Fill",
     .inputs = "dims: index_type, value: T",
     .outputs = "output: T",
     .attrs = "T: type; index_type: {int32, int64} = int32",
     .infer = fill_infer,
     .formula = "output[...] = value",
     .cases = {"dims=i32{3,17} value=T[]", "dims=i32{} value=T[]", "dims=i64{0,5} value=T[]",
               "dims=i32{1000,1000} value=T[]"}},
    {.name = "Empty",
     .inputs = "shape: int32",
     .outputs = "output: dtype",
     .attrs = "dtype: type; init: bool = false",
     .flags = TARN_OP_STATEFUL,
     .infer = empty_infer,
     .formula = "output of this shape, zeros",
     .cases = {"shape=i32{3,17} dtype=float init=true"}},
    {.name = "ZerosLike",
     .inputs = "x: T",
     .outputs = "y: T",
     .attrs = "T: type",
     .infer = tarn__infer_unary,
     .flags = TARN_OP_FROM_SHAPES,
     .formula = "y = 0",
     .cases = {"x=T[3x17]", "x=T[]", "x=T[0x2]"}},
    {.name = "OnesLike",
     .inputs = "x: T",
     .outputs = "y: T",
     .attrs = "T: " ONES,
     .infer = tarn__infer_unary,
     .flags = TARN_OP_FROM_SHAPES,
     .formula = "y = 1",
     .cases = {"x=T[3x17]", "x=T[]", "x=T[0x2]"}},
    {.name = "LinSpace",
     .inputs = "start: T, stop: T, num: Tidx",
     .outputs = "output: T",
     .attrs = "T: {bfloat16, half, float, double}; Tidx: {int32, int64} = int32",
     .infer = lin_space_infer,
     .formula = "output[i] = start + i (stop - start) / (num - 1)",
     .cases = {"start=T(-1) stop=T(2) num=i32(7)", "start=T(3) stop=T(5) num=i64(1)"}},
    {.name = "Range",
     .inputs = "start: Tidx, limit: Tidx, delta: Tidx",
     .outputs = "output: Tidx",
     .attrs = "Tidx: {bfloat16, half, float, double, int8, int16, int32, int64, uint16, uint32, "
              "uint64} = int32",
     .infer = range_infer,
     .formula = "output[i] = start + i delta, while on the near side of limit",
     .cases = {"start=i32(3) limit=i32(18) delta=i32(4)", "start=i32(5) limit=i32(5) delta=i32(1)",
               "start=i64(9) limit=i64(-2) delta=i64(-3)",
               "start=f32(0) limit=f32(1) delta=f32(0.1)"}},
    {.name = "OneHot",
     .inputs = "indices: TI, depth: int32, on_value: T, off_value: T",
     .outputs = "output: T",
     .attrs = "axis: int = -1; T: type; TI: {uint8, int8, int32, int64} = int64",
     .infer = one_hot_infer,
     .params_bytes = sizeof(tarn_axis_params),
     .parse = one_hot_parse,
     .formula = "output[.., j, ..] = on_value where indices[..] = j, else off_value",
     .cases = {"indices=i32{0,2,-1,5,1} depth=i32(4) on_value=T[] off_value=T[]",
               "indices=i64[3x2]:0..4 depth=i32(3) on_value=T[] off_value=T[] axis=0",
               "indices=i64[0] depth=i32(3) on_value=T[] off_value=T[]",
               "indices=i64[2] depth=i32(0) on_value=T[] off_value=T[]"}},
    {0},
};
