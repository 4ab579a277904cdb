/* Parts of images: windows and boxes. */
#include "graph/op.h"
#include "kernels/params/image.h"

static tarn_status patches_parse(const tarn_attrs *attrs, void *params) {
  static const char *const names[3] = {"ksizes", "strides", "rates"};
  tarn_patches_params *p = params;
  int64_t *const to[3] = {p->size, p->stride, p->rate};
  for (int k = 0; k < 3; k++) {
    const tarn_attr *a = tarn__attr_list(attrs, names[k]);
    if (a->list.count != 4 || a->list.i[0] != 1 || a->list.i[3] != 1 || a->list.i[1] < 1 || a->list.i[2] < 1)
      return tarn_fail(TARN_INVALID, "%s must be [1, height, width, 1], positive", names[k]);
    to[k][0] = a->list.i[1];
    to[k][1] = a->list.i[2];
  }
  p->same = tarn__attr_is(attrs, "padding", "SAME");
  return TARN_OK;
}

static tarn_status patches_infer(tarn_infer *t) {
  const tarn_patches_params *p = t->params;
  TARN_TRY(tarn__infer_rank(t, 0, 4));
  int64_t out[4] = {t->in[0].dim[0], 0, 0, t->in[0].dim[3]}, reach;
  for (int k = 0; k < 2; k++) {
    int64_t n = t->in[0].dim[1 + k];
    if (tarn__mul_overflow(p->size[k] - 1, p->rate[k], &reach) || reach == INT64_MAX)
      return tarn_fail(TARN_INVALID, "a window of %lld at rate %lld is too large", (long long)p->size[k],
                       (long long)p->rate[k]);
    if (p->same) out[1 + k] = n / p->stride[k] + (n % p->stride[k] != 0);
    else out[1 + k] = n > reach ? (n - reach - 1) / p->stride[k] + 1 : (n - reach - 1) / p->stride[k] < -1 ? -1 : 0;
    if (out[1 + k] < 0) return tarn_fail(TARN_SHAPE, "windows of %lld leave dim %d of %lld", (long long)reach + 1, 1 + k, (long long)n);
    if (tarn__mul_overflow(out[3], p->size[k], &out[3])) return tarn_fail(TARN_LIMIT, "the depth overflows");
  }
  return tarn__shape_make(4, out, &t->out[0]);
}

static tarn_status crop_parse(const tarn_attrs *attrs, void *params) {
  ((tarn_crop_and_resize_params *)params)->nearest = tarn__attr_is(attrs, "method", "nearest");
  ((tarn_crop_and_resize_params *)params)->extrapolation = tarn__attr_float(attrs, "extrapolation_value");
  return TARN_OK;
}

static tarn_status crop_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_rank(t, 0, 4));
  TARN_TRY(tarn__infer_rank(t, 1, 2));
  TARN_TRY(tarn__infer_vector(t, 2));
  TARN_TRY(tarn__infer_vector(t, 3));
  if (t->in[1].dim[1] != 4 || t->in[1].dim[0] != t->in[2].dim[0] || t->in[3].dim[0] != 2)
    return tarn_fail(TARN_SHAPE, "expected boxes [n,4], box_ind [n] and a crop_size of two numbers");
  if (t->in[0].dim[1] < 1 || t->in[0].dim[2] < 1) return tarn_fail(TARN_SHAPE, "the images have no pixels");
  if (!t->value[3]) return TARN_OK;
  int64_t h = tarn__infer_int(t, 3, 0), w = tarn__infer_int(t, 3, 1);
  if (h < 1 || w < 1) return tarn_fail(TARN_INVALID, "a crop_size of %lld by %lld", (long long)h, (long long)w);
  return tarn__shape_make(4, (const int64_t[4]){t->in[1].dim[0], h, w, t->in[0].dim[3]}, &t->out[0]);
}

const tarn_op tarn_ops_patches[] = {
  {.name = "ExtractImagePatches", .inputs = "images: T", .outputs = "patches: T",
   .attrs = "ksizes: list(int) >= 4; strides: list(int) >= 4; rates: list(int) >= 4; "
            "T: {bfloat16, half, float, double, int8, int16, int32, int64, uint8, uint16, uint32, uint64, complex64, "
            "complex128, bool}; padding: {'SAME', 'VALID'}",
   .params_bytes = sizeof(tarn_patches_params), .parse = patches_parse, .infer = patches_infer,
   .formula = "patches[n, i, j, (r S + s) C + c] = images[n, i stride + r rate - pad, j stride + s rate - pad, c]",
   .cases = {"images=T[2x5x7x3] ksizes=[1,3,2,1] strides=[1,2,1,1] rates=[1,1,2,1] padding=SAME",
             "images=T[1x6x6x1] ksizes=[1,3,3,1] strides=[1,2,2,1] rates=[1,1,1,1] padding=VALID",
             "images=T[0x5x5x1] ksizes=[1,2,2,1] strides=[1,1,1,1] rates=[1,1,1,1] padding=SAME"}},
  {.name = "CropAndResize", .inputs = "image: T, boxes: float, box_ind: int32, crop_size: int32",
   .outputs = "crops: float",
   .attrs = "T: {uint8, uint16, int8, int16, int32, int64, half, float, double}; "
            "method: {'bilinear', 'nearest'} = 'bilinear'; extrapolation_value: float = 0",
   .params_bytes = sizeof(tarn_crop_and_resize_params), .parse = crop_parse, .infer = crop_infer,
   .formula = "each box of an image, in parts of its height and width, resized to crop_size",
   .cases = {"image=T[2x5x7x3] boxes=f32[4x4]:0..1 box_ind=i32{0,1,1,0} crop_size=i32{3,4}",
             "image=T[1x5x7x1] boxes=f32[2x4]:-1..2 box_ind=i32{0,0} crop_size=i32{1,3} method=nearest",
             "image=T[1x5x7x1] boxes=f32[0x4] box_ind=i32{} crop_size=i32{2,2}"}},
  {0},
};
