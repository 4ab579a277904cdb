/* Dims and shapes of images in another order of dims: what layout changes do to axes and sizes. */
#include "graph/op.h"
#include "kernels/params/array.h"

/* Both formats hold the same 4 or 5 letters. order[i]: where letter i of dst_format stands in
 * src_format. */
static tarn_status layout_parse(const tarn_attrs *attrs, void *params) {
  tarn_layout_params *p = params;
  tarn_string src = tarn__attr_string(attrs, "src_format"),
              dst = tarn__attr_string(attrs, "dst_format");
  if (src.size != dst.size || src.size < 4 || src.size > 5)
    return tarn_fail(TARN_INVALID,
                     "src_format and dst_format must have 4 or 5 letters, both as many");
  p->rank = (int)src.size;
  for (int i = 0; i < p->rank; i++) {
    p->order[i] = -1;
    for (int j = 0; j < p->rank; j++) {
      if (j < i && dst.data[j] == dst.data[i])
        return tarn_fail(TARN_INVALID, "dst_format has a letter twice");
      if (src.data[j] == dst.data[i]) p->order[i] = j;
    }
    if (p->order[i] < 0) return tarn_fail(TARN_INVALID, "src_format lacks a letter of dst_format");
    p->spatial[i] = dst.data[i] != 'N' && dst.data[i] != 'C';
  }
  return TARN_OK;
}

static tarn_status vec_permute_infer(tarn_infer *t) {
  const tarn_layout_params *p = t->params;
  const tarn_shape *x = &t->in[0];
  char text[TARN_SHAPE_TEXT];
  if (x->rank < 1 || x->rank > 2 || (x->dim[0] != p->rank && x->dim[0] != p->rank - 2) ||
      (x->rank == 2 && x->dim[1] != 2))
    return tarn_fail(TARN_SHAPE, "expected [n] or [n,2] with n %d or %d, got %s", p->rank,
                     p->rank - 2, tarn__shape_print(x, text));
  t->out[0] = *x;
  return TARN_OK;
}

#define LAYOUT                                                                     \
  .inputs = "x: T", .outputs = "y: T", .params_bytes = sizeof(tarn_layout_params), \
  .parse = layout_parse,                                                           \
  .attrs = "T: {int32, int64} = int32; src_format: string = 'NHWC'; dst_format: string = 'NCHW'"

const tarn_op tarn_ops_layout[] = {
    {.name = "DataFormatDimMap",
     LAYOUT,
     .infer = tarn__infer_unary,
     .formula = "y = the axis of dst_format that axis x of src_format becomes",
     .cases = {"x=i32{0,1,2,3,-1,-4}"}},
    {.name = "DataFormatVecPermute",
     LAYOUT,
     .infer = vec_permute_infer,
     .formula =
         "y[i] = x[the place in src_format of letter i of dst_format]; or only the spatial ones",
     .cases = {"x=i32{7,4,9,3}", "x=i64[2x2]", "x=i32{5,6}"}},
    {0},
};
