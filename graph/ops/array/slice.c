/* Parts of tensors, and writing into parts of tensors. */
#include "graph/op.h"
#include "kernels/params/strided_slice.h"

static tarn_status slice_infer(tarn_infer *t) {
  int rank = t->in[0].rank;
  for (int i = 1; i < 3; i++) {
    TARN_TRY(tarn__infer_vector(t, i));
    if (t->in[i].dim[0] != rank)
      return tarn_fail(TARN_SHAPE, "begin and size need %d elements, one has %lld", rank,
                       (long long)t->in[i].dim[0]);
  }
  if (!t->value[1] || !t->value[2]) return TARN_OK;
  tarn_shape out = {.rank = rank};
  for (int d = 0; d < rank; d++) {
    int64_t begin = tarn__infer_int(t, 1, d), size = tarn__infer_int(t, 2, d),
            dim = t->in[0].dim[d];
    if (begin < 0 || begin > dim || size < -1 || (size >= 0 && size > dim - begin))
      return tarn_fail(TARN_SHAPE, "slice [%lld, +%lld) leaves dim %d of length %lld",
                       (long long)begin, (long long)size, d, (long long)dim);
    out.dim[d] = size == -1 ? dim - begin : size;
  }
  t->out[0] = out;
  return TARN_OK;
}

static tarn_status strided_slice_parse(const tarn_attrs *attrs, void *params) {
  *(tarn_strided_slice_params *)params = (tarn_strided_slice_params){
    .begin_mask = tarn__attr_int(attrs, "begin_mask"),
    .end_mask = tarn__attr_int(attrs, "end_mask"),
    .ellipsis_mask = tarn__attr_int(attrs, "ellipsis_mask"),
    .new_axis_mask = tarn__attr_int(attrs, "new_axis_mask"),
    .shrink_axis_mask = tarn__attr_int(attrs, "shrink_axis_mask"),
  };
  return TARN_OK;
}

/* Inputs 1 to 3 are begin, end and strides in the whole family. */
static bool entries_known(const tarn_infer *t) { return t->value[1] && t->value[2] && t->value[3]; }

static tarn_status strided_slice_infer(tarn_infer *t) {
  if (!entries_known(t)) return TARN_OK;
  tarn_strided_slice s;
  TARN_TRY(
      tarn__strided_slice_make(t->params, &t->in[0], t->value[1], t->value[2], t->value[3], &s));
  t->out[0] = s.out;
  return TARN_OK;
}

/* The written part has the shape of input 4. */
static tarn_status part_fits(const tarn_infer *t, const tarn_shape *whole) {
  tarn_strided_slice s;
  char a[TARN_SHAPE_TEXT], b[TARN_SHAPE_TEXT];
  TARN_TRY(tarn__strided_slice_make(t->params, whole, t->value[1], t->value[2], t->value[3], &s));
  if (!tarn__shape_equal(&s.out, &t->in[4]))
    return tarn_fail(TARN_SHAPE, "the slice is %s, what is put there is %s",
                     tarn__shape_print(&s.out, a), tarn__shape_print(&t->in[4], b));
  return TARN_OK;
}

static tarn_status strided_slice_grad_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_vector(t, 0));
  if (!t->value[0] || !entries_known(t)) return TARN_OK;
  tarn_shape whole;
  TARN_TRY(tarn__infer_shape_value(t, 0, false, &whole));
  TARN_TRY(part_fits(t, &whole));
  t->out[0] = whole;
  return TARN_OK;
}

/* What is put there is broadcast. */
static tarn_status strided_slice_update_infer(tarn_infer *t) {
  if (!entries_known(t)) return TARN_OK;
  tarn_strided_slice s;
  TARN_TRY(
      tarn__strided_slice_make(t->params, &t->in[0], t->value[1], t->value[2], t->value[3], &s));
  TARN_TRY(tarn__strided_slice_takes(&s, &t->in[4]));
  t->out[0] = t->in[0];
  return TARN_OK;
}

#define MASKS                                                                                   \
  "begin_mask: int = 0; end_mask: int = 0; ellipsis_mask: int = 0; new_axis_mask: int = 0; "    \
  "shrink_axis_mask: int = 0"
#define STRIDED .params_bytes = sizeof(tarn_strided_slice_params), .parse = strided_slice_parse

const tarn_op tarn_ops_slice[] = {
    {.name = "Slice",
     .inputs = "input: T, begin: Index, size: Index",
     .outputs = "output: T",
     .attrs = "T: type; Index: {int32, int64}",
     .infer = slice_infer,
     .formula = "output[i] = input[begin + i], i within size; a size of -1 reaches the end",
     .cases = {"input=T[3x17] begin=i32{1,2} size=i32{2,-1}", "input=T[5] begin=i64{5} size=i64{0}",
               "input=T[] begin=i32{} size=i32{}",
               "input=T[4x6x5] begin=i32{0,1,2} size=i32{4,5,3}",
               "input=T[300x400] begin=i32{10,20} size=i32{280,380}"}},
    {.name = "StridedSlice",
     .inputs = "input: T, begin: Index, end: Index, strides: Index",
     .outputs = "output: T",
     .attrs = "T: type; Index: {int16, int32, int64}; " MASKS,
     STRIDED,
     .infer = strided_slice_infer,
     .formula = "output = input[begin:end:strides, ...] as in Python",
     .cases =
         {"input=T[5x7] begin=i32{1,6} end=i32{4,0} strides=i32{2,-3}",
          "input=T[5x7] begin=i32{-2} end=i32{0} strides=i32{1} shrink_axis_mask=1",
          "input=T[3x4x5] begin=i32{0,0,1} end=i32{0,0,3} strides=i32{1,1,1} ellipsis_mask=1 "
          "new_axis_mask=2",
          "input=T[3x4] begin=i64{0,3} end=i64{0,1} strides=i64{-1,-1} begin_mask=1 end_mask=1",
          "input=T[3] begin=i32{2} end=i32{1} strides=i32{1}",
          "input=T[] begin=i32{} end=i32{} strides=i32{}",
          "input=T[400x301] begin=i32{0,1} end=i32{400,301} strides=i32{1,2}"}},
    {.name = "StridedSliceGrad",
     .inputs = "shape: Index, begin: Index, end: Index, strides: Index, dy: T",
     .outputs = "output: T",
     .attrs = "T: type; Index: {int32, int64}; " MASKS,
     STRIDED,
     .infer = strided_slice_grad_infer,
     .formula = "output = 0 of this shape, then output[begin:end:strides] = dy",
     .cases = {"shape=i32{5,7} begin=i32{1,6} end=i32{4,0} strides=i32{2,-3} dy=T[2x2]",
               "shape=i32{5,7} begin=i32{2} end=i32{3} strides=i32{1} dy=T[7] shrink_axis_mask=1"}},
    {.name = "TensorStridedSliceUpdate",
     .inputs = "input: T, begin: Index, end: Index, strides: Index, value: T",
     .outputs = "output: T",
     .attrs = "T: type; Index: {int32, int64}; " MASKS,
     STRIDED,
     .infer = strided_slice_update_infer,
     .inplace = 1,
     .formula = "output = input, then output[begin:end:strides] = value",
     .cases = {"input=T[5x7] begin=i32{1,6} end=i32{4,0} strides=i32{2,-3} value=T[2x2]",
               "input=T[5x7] begin=i32{1,6} end=i32{4,0} strides=i32{2,-3} value=T[2x1]",
               "input=T[3x4x5] begin=i32{1} end=i32{2} strides=i32{1} shrink_axis_mask=1 "
               "value=T[1x1x5]"}},
    {.name = "StridedSliceAssign",
     .inputs = "ref: Ref(T), begin: Index, end: Index, strides: Index, value: T",
     .outputs = "output_ref: Ref(T)",
     .attrs = "T: type; Index: {int32, int64}; " MASKS,
     STRIDED,
     .infer = tarn__infer_scalars,
     .flags = TARN_OP_STATEFUL,
     .formula = "ref[begin:end:strides] = value"},
    {.name = "ResourceStridedSliceAssign",
     .inputs = "ref: resource, begin: Index, end: Index, strides: Index, value: T",
     .attrs = "T: type; Index: {int32, int64}; " MASKS,
     STRIDED,
     .infer = tarn__infer_scalars,
     .flags = TARN_OP_STATEFUL,
     .formula = "variable[begin:end:strides] = value"},
    {0},
};
