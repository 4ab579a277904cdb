/* Shapes as values, and other shapes for the same elements. The views run no kernel. */
#include "graph/op.h"

/* An int32 output that has to hold `value`. */
static tarn_status fits(const tarn_infer *t, int o, int64_t value) {
  if (t->out_dtype[o] == TARN_I32 && value > INT32_MAX)
    return tarn_fail(TARN_SHAPE, "%lld does not fit out_type int32", (long long)value);
  return TARN_OK;
}

static tarn_status shape_infer(tarn_infer *t) {
  for (int i = 0; i < t->outputs; i++) {
    for (int d = 0; d < t->in[i].rank; d++) TARN_TRY(fits(t, i, t->in[i].dim[d]));
    t->out[i] = tarn__shape_vector(t->in[i].rank);
  }
  return TARN_OK;
}

static tarn_status size_infer(tarn_infer *t) {
  TARN_TRY(fits(t, 0, tarn__shape_elements(&t->in[0])));
  t->out[0] = tarn__shape_scalar();
  return TARN_OK;
}

static tarn_status reshape_infer(tarn_infer *t) {
  if (t->in[1].rank > 1) return tarn__infer_rank(t, 1, 1);
  if (!t->value[1]) return TARN_OK;
  int64_t rank = tarn__shape_elements(&t->in[1]), elements = tarn__shape_elements(&t->in[0]);
  if (rank > TARN_MAX_RANK)
    return tarn_fail(TARN_SHAPE, "shape has %lld dims, at most %d are possible", (long long)rank,
                     TARN_MAX_RANK);
  int64_t dims[TARN_MAX_RANK], known = 1, total = 1; /* the products leave zeros out */
  int unknown = -1;
  bool zero = false;
  for (int d = 0; d < (int)rank; d++) {
    dims[d] = tarn__infer_int(t, 1, d);
    if (dims[d] == -1 && unknown >= 0)
      return tarn_fail(TARN_SHAPE, "only one dim may be -1, both %d and %d are", unknown, d);
    if (dims[d] < -1) return tarn_fail(TARN_SHAPE, "dim %d is %lld", d, (long long)dims[d]);
    zero = zero || dims[d] == 0;
    if (dims[d] == -1) unknown = d;
    else if (dims[d] && tarn__mul_overflow(known, dims[d], &known))
      return tarn_fail(TARN_SHAPE, "the product of the dims overflows");
  }
  if (unknown >= 0) {
    /* [6,0] to [0,-1,2] gives 3: where both have zeros, the other dims decide. */
    for (int d = 0; d < t->in[0].rank; d++)
      if ((t->in[0].dim[d] || !zero) && tarn__mul_overflow(total, t->in[0].dim[d], &total))
        return tarn_fail(TARN_SHAPE, "the product of the dims overflows");
    dims[unknown] = total / known;
    if (elements && total % known)
      return tarn_fail(TARN_SHAPE, "%lld elements do not divide into dims of product %lld",
                       (long long)elements, (long long)known);
    known *= dims[unknown];
  }
  if ((zero ? 0 : known) != elements)
    return tarn_fail(TARN_SHAPE, "%lld elements cannot take a shape of %lld", (long long)elements,
                     (long long)(zero ? 0 : known));
  return tarn__shape_make((int)rank, dims, &t->out[0]);
}

static tarn_status quantised_reshape_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_scalar(t, 2));
  TARN_TRY(tarn__infer_scalar(t, 3));
  t->out[1] = t->out[2] = tarn__shape_scalar();
  return reshape_infer(t);
}

static tarn_status expand_dims_infer(tarn_infer *t) {
  if (tarn__shape_elements(&t->in[1]) != 1)
    return tarn_fail(TARN_SHAPE, "dim must be one number, it has %lld",
                     (long long)tarn__shape_elements(&t->in[1]));
  if (!t->value[1]) return TARN_OK;
  int axis, rank = t->in[0].rank;
  if (rank + 1 > TARN_MAX_RANK)
    return tarn_fail(TARN_SHAPE, "rank %d is the largest possible", TARN_MAX_RANK);
  TARN_TRY(tarn__shape_axis(tarn__infer_int(t, 1, 0), rank + 1, &axis));
  t->out[0] = (tarn_shape){.rank = rank + 1};
  for (int d = 0; d <= rank; d++)
    t->out[0].dim[d] = d == axis ? 1 : t->in[0].dim[d < axis ? d : d - 1];
  return TARN_OK;
}

static tarn_status squeeze_infer(tarn_infer *t) {
  const tarn_attr *dims = tarn__attr_list(t->attrs, "squeeze_dims");
  bool drop[TARN_MAX_RANK] = {false};
  for (size_t i = 0; i < dims->list.count; i++) {
    int axis;
    TARN_TRY(tarn__shape_axis(dims->list.i[i], t->in[0].rank, &axis));
    if (t->in[0].dim[axis] != 1)
      return tarn_fail(TARN_SHAPE, "cannot squeeze dim %d of length %lld", axis,
                       (long long)t->in[0].dim[axis]);
    drop[axis] = true;
  }
  tarn_shape out = {.rank = 0};
  for (int d = 0; d < t->in[0].rank; d++)
    if (dims->list.count ? !drop[d] : t->in[0].dim[d] != 1) out.dim[out.rank++] = t->in[0].dim[d];
  t->out[0] = out;
  return TARN_OK;
}

static tarn_status ensure_shape_infer(tarn_infer *t) {
  const tarn_shape *want = tarn__attr_shape(t->attrs, "shape");
  char found[TARN_SHAPE_TEXT], wanted[TARN_SHAPE_TEXT];
  if (!tarn__shape_compatible(want, &t->in[0]))
    return tarn_fail(TARN_SHAPE, "expected shape %s, got %s", tarn__shape_print(want, wanted),
                     tarn__shape_print(&t->in[0], found));
  t->out[0] = t->in[0];
  return TARN_OK;
}

static tarn_status bitcast_infer(tarn_infer *t) {
  int64_t from = (int64_t)tarn_dtype_bytes(t->in_dtype[0]),
          to = (int64_t)tarn_dtype_bytes(t->out_dtype[0]);
  tarn_shape s = t->in[0];
  if (from > to) {
    if (s.rank == TARN_MAX_RANK)
      return tarn_fail(TARN_SHAPE, "rank %d is the largest possible", s.rank);
    s.dim[s.rank++] = from / to;
  } else if (from < to) {
    if (s.rank < 1 || s.dim[s.rank - 1] != to / from)
      return tarn_fail(TARN_SHAPE, "expected a last dim of %lld to make one %s of it",
                       (long long)(to / from), tarn_dtype_name(t->out_dtype[0]));
    s.rank--;
  }
  return tarn__shape_make(s.rank, s.dim, &t->out[0]);
}

#define BITS                                                                                   \
  "{bfloat16, half, float, double, int64, int32, uint8, uint16, uint32, uint64, int8, int16, " \
  "complex64, "                                                                                \
  "complex128, qint8, quint8, qint16, quint16, qint32}"

const tarn_op tarn_ops_shape[] = {
    {.name = "Shape",
     .inputs = "input: T",
     .outputs = "output: out_type",
     .attrs = "T: type; out_type: {int32, int64} = int32",
     .infer = shape_infer,
     .flags = TARN_OP_FROM_SHAPES,
     .formula = "output[d] = dim d of input",
     .cases = {"input=T[2x3x5]", "input=T[]", "input=T[4x0] out_type=int64"}},
    {.name = "ShapeN",
     .inputs = "input: N * T",
     .outputs = "output: N * out_type",
     .attrs = "N: int >= 1; T: type; out_type: {int32, int64} = int32",
     .infer = shape_infer,
     .flags = TARN_OP_FROM_SHAPES,
     .formula = "output_n[d] = dim d of input_n",
     .cases = {"input=T[2x3] input=T[] input=T[0x7]", "input=T[5] out_type=int64"}},
    {.name = "Size",
     .inputs = "input: T",
     .outputs = "output: out_type",
     .attrs = "T: type; out_type: {int32, int64} = int32",
     .infer = size_infer,
     .flags = TARN_OP_FROM_SHAPES,
     .formula = "output = product of the dims",
     .cases = {"input=T[2x3x5]", "input=T[]", "input=T[4x0] out_type=int64"}},
    {.name = "Rank",
     .inputs = "input: T",
     .outputs = "output: int32",
     .attrs = "T: type",
     .infer = tarn__infer_scalars,
     .flags = TARN_OP_FROM_SHAPES,
     .formula = "output = number of dims",
     .cases = {"input=T[2x3x5]", "input=T[]"}},
    {.name = "Reshape",
     .inputs = "tensor: T, shape: Tshape",
     .outputs = "output: T",
     .attrs = "T: type; Tshape: {int32, int64} = int32",
     .infer = reshape_infer,
     .flags = TARN_OP_VIEW,
     .formula = "the same elements in row-major order; one dim may be -1",
     .cases = {"tensor=T[2x6] shape=i32{3,-1}", "tensor=T[1] shape=i64{}",
               "tensor=T[0x3] shape=i32{3,0}"}},
    {.name = "QuantizedReshape",
     .inputs = "tensor: T, shape: Tshape, input_min: float, input_max: float",
     .outputs = "output: T, output_min: float, output_max: float",
     .attrs = "T: type; Tshape: {int32, int64} = int32",
     .infer = quantised_reshape_infer,
     .formula = "Reshape; the range stays",
     .cases = {"tensor=qu8[2x6]:0..255 shape=i32{3,-1} input_min=f32(-1) input_max=f32(2)"}},
    {.name = "ExpandDims",
     .inputs = "input: T, dim: Tdim",
     .outputs = "output: T",
     .attrs = "T: type; Tdim: {int32, int64} = int32",
     .infer = expand_dims_infer,
     .flags = TARN_OP_VIEW,
     .formula = "the same elements with a dim of 1 before `dim`",
     .cases = {"input=T[2x3] dim=i32(-1)", "input=T[] dim=i64(0)", "input=T[0x3] dim=i32(1)"}},
    {.name = "Squeeze",
     .inputs = "input: T",
     .outputs = "output: T",
     .attrs = "T: type; squeeze_dims: list(int) >= 0 = []",
     .infer = squeeze_infer,
     .flags = TARN_OP_VIEW,
     .formula = "the same elements without the dims of 1 (all, or those listed)",
     .cases = {"input=T[1x3x1]", "input=T[1x3x1] squeeze_dims=[-1]",
               "input=T[1x0] squeeze_dims=[0]"}},
    {.name = "EnsureShape",
     .inputs = "input: T",
     .outputs = "output: T",
     .attrs = "shape: shape; T: type",
     .infer = ensure_shape_infer,
     .flags = TARN_OP_VIEW,
     .formula = "output = input, an error unless of this shape",
     .cases = {"input=T[2x3] shape=[2,-1]"}},
    {.name = "Bitcast",
     .inputs = "input: T",
     .outputs = "output: type",
     .attrs = "T: " BITS "; type: " BITS,
     .infer = bitcast_infer,
     .flags = TARN_OP_VIEW,
     .formula = "the same bytes as another type; a last dim makes up for the difference in size",
     .cases = {"input=f32[2x3] type=int32", "input=f64[3] type=uint8", "input=i16[5x2] type=float",
               "input=f32[0] type=half"}},
    {.name = "DeepCopy",
     .inputs = "x: T",
     .outputs = "y: T",
     .attrs = "T: type",
     .flags = TARN_OP_STATEFUL,
     .infer = tarn__infer_unary,
     .formula = "y = x in a buffer of its own",
     .cases = {"x=T[2x3]", "x=T[0]"}},
    {.name = "Copy",
     .inputs = "input: T",
     .outputs = "output: T",
     .attrs = "T: type; tensor_name: string = ''; debug_ops_spec: list(string) = []",
     .infer = tarn__infer_unary,
     .formula = "output = input in a buffer of its own",
     .cases = {"input=T[2x3]"}},
    {0},
};
