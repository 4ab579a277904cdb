/* Parts of images: windows and boxes. */
#include "graph/op.h"
#include "kernels/params/image.h"

/* ksizes, strides and, for images, rates: of the dims between the first and the last. */
static tarn_status read_sizes(const tarn_attrs *attrs, const char *name, int dims, int64_t *to) {
  const tarn_attr *a = tarn__attr_list(attrs, name);
  bool fits = a->list.count == (size_t)dims + 2 && a->list.i[0] == 1 && a->list.i[dims + 1] == 1;
  for (int k = 0; k < dims && fits; k++) fits = a->list.i[1 + k] > 0;
  if (!fits) return tarn_fail(TARN_INVALID, "%s must be 1, %d positive numbers, and 1", name, dims);
  memcpy(to, a->list.i + 1, (size_t)dims * sizeof *to);
  return TARN_OK;
}

static tarn_status sizes_parse(const tarn_attrs *attrs, tarn_patches_params *p) {
  TARN_TRY(read_sizes(attrs, "ksizes", p->dims, p->size));
  TARN_TRY(read_sizes(attrs, "strides", p->dims, p->stride));
  p->same = tarn__attr_is(attrs, "padding", "SAME");
  return TARN_OK;
}

static tarn_status patches_parse(const tarn_attrs *attrs, void *params) {
  tarn_patches_params *p = params;
  p->dims = 2;
  TARN_TRY(read_sizes(attrs, "rates", p->dims, p->rate));
  return sizes_parse(attrs, p);
}

static tarn_status volume_parse(const tarn_attrs *attrs, void *params) {
  tarn_patches_params *p = params;
  p->dims = 3;
  for (int k = 0; k < 3; k++) p->rate[k] = 1;
  return sizes_parse(attrs, p);
}

static tarn_status patches_infer(tarn_infer *t) {
  const tarn_patches_params *p = t->params;
  const int K = p->dims;
  TARN_TRY(tarn__infer_rank(t, 0, K + 2));
  int64_t out[5] = {t->in[0].dim[0]}, reach;
  out[K + 1] = t->in[0].dim[K + 1];
  for (int k = 0; k < K; k++) {
    int64_t n = t->in[0].dim[1 + k];
    if (tarn__mul_overflow(p->size[k] - 1, p->rate[k], &reach) || reach == INT64_MAX)
      return tarn_fail(TARN_INVALID, "a window of %lld at rate %lld is too large",
                       (long long)p->size[k], (long long)p->rate[k]);
    if (p->same) out[1 + k] = n / p->stride[k] + (n % p->stride[k] != 0);
    else
      out[1 + k] = n > reach                             ? (n - reach - 1) / p->stride[k] + 1
                   : (n - reach - 1) / p->stride[k] < -1 ? -1
                                                         : 0;
    if (out[1 + k] < 0)
      return tarn_fail(TARN_SHAPE, "windows of %lld leave dim %d of %lld", (long long)reach + 1,
                       1 + k, (long long)n);
    if (tarn__mul_overflow(out[K + 1], p->size[k], &out[K + 1]))
      return tarn_fail(TARN_LIMIT, "the depth overflows");
  }
  return tarn__shape_make(K + 2, out, &t->out[0]);
}

static tarn_status crop_parse(const tarn_attrs *attrs, void *params) {
  ((tarn_crop_and_resize_params *)params)->nearest = tarn__attr_is(attrs, "method", "nearest");
  ((tarn_crop_and_resize_params *)params)->extrapolation =
      tarn__attr_float(attrs, "extrapolation_value");
  return TARN_OK;
}

static tarn_status grad_parse(const tarn_attrs *attrs, void *params) {
  ((tarn_crop_and_resize_params *)params)->nearest = tarn__attr_is(attrs, "method", "nearest");
  return TARN_OK;
}

static tarn_status crop_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_rank(t, 0, 4));
  TARN_TRY(tarn__infer_rank(t, 1, 2));
  TARN_TRY(tarn__infer_vector(t, 2));
  TARN_TRY(tarn__infer_vector(t, 3));
  if (t->in[1].dim[1] != 4 || t->in[1].dim[0] != t->in[2].dim[0] || t->in[3].dim[0] != 2)
    return tarn_fail(TARN_SHAPE,
                     "expected boxes [n,4], box_ind [n] and a crop_size of two numbers");
  if (t->in[0].dim[1] < 1 || t->in[0].dim[2] < 1)
    return tarn_fail(TARN_SHAPE, "the images have no pixels");
  if (!t->value[3]) return TARN_OK;
  int64_t h = tarn__infer_int(t, 3, 0), w = tarn__infer_int(t, 3, 1);
  if (h < 1 || w < 1)
    return tarn_fail(TARN_INVALID, "a crop_size of %lld by %lld", (long long)h, (long long)w);
  return tarn__shape_make(4, (const int64_t[4]){t->in[1].dim[0], h, w, t->in[0].dim[3]},
                          &t->out[0]);
}

/* boxes and box_ind at inputs i and i + 1, and the grads, input 0, fit them. */
static tarn_status grads_check(const tarn_infer *t, int i) {
  TARN_TRY(tarn__infer_rank(t, 0, 4));
  TARN_TRY(tarn__infer_rank(t, i, 2));
  TARN_TRY(tarn__infer_vector(t, i + 1));
  const int64_t *g = t->in[0].dim, boxes = t->in[i].dim[0];
  if (t->in[i].dim[1] != 4 || t->in[i + 1].dim[0] != boxes || g[0] != boxes)
    return tarn_fail(TARN_SHAPE, "expected grads of n crops, boxes [n,4] and box_ind [n]");
  if (g[1] < 1 || g[2] < 1) return tarn_fail(TARN_SHAPE, "the crops have no pixels");
  return TARN_OK;
}

static tarn_status grad_image_infer(tarn_infer *t) {
  TARN_TRY(grads_check(t, 1));
  TARN_TRY(tarn__infer_vector(t, 3));
  if (t->in[3].dim[0] != 4) return tarn_fail(TARN_SHAPE, "image_size must be four numbers");
  if (!t->value[3]) return TARN_OK;
  tarn_shape image;
  TARN_TRY(tarn__infer_shape_value(t, 3, false, &image));
  if (image.dim[1] < 1 || image.dim[2] < 1 || image.dim[3] != t->in[0].dim[3])
    return tarn_fail(TARN_INVALID,
                     "image_size is %lld by %lld with %lld channels, the grads have %lld",
                     (long long)image.dim[1], (long long)image.dim[2], (long long)image.dim[3],
                     (long long)t->in[0].dim[3]);
  t->out[0] = image;
  return TARN_OK;
}

static tarn_status grad_boxes_infer(tarn_infer *t) {
  TARN_TRY(grads_check(t, 2));
  TARN_TRY(tarn__infer_rank(t, 1, 4));
  const int64_t *image = t->in[1].dim;
  if (image[1] < 1 || image[2] < 1 || image[3] != t->in[0].dim[3])
    return tarn_fail(TARN_SHAPE, "the image has no pixels, or other channels than the grads");
  t->out[0] = t->in[2];
  return TARN_OK;
}

static tarn_status glimpse_parse(const tarn_attrs *attrs, tarn_glimpse_params *p) {
  const bool uniform = tarn__attr_bool(attrs, "uniform_noise"),
             named = tarn__attr_string(attrs, "noise").size > 0;
  p->normalized = tarn__attr_bool(attrs, "normalized");
  p->centered = tarn__attr_bool(attrs, "centered");
  p->noise = uniform || tarn__attr_is(attrs, "noise", "uniform") ? TARN_NOISE_UNIFORM
                                                                 : TARN_NOISE_GAUSSIAN;
  if (tarn__attr_is(attrs, "noise", "zero")) p->noise = TARN_NOISE_ZERO;
  if (named && p->noise == TARN_NOISE_GAUSSIAN && !tarn__attr_is(attrs, "noise", "gaussian"))
    return tarn_fail(TARN_INVALID, "noise must be 'uniform', 'gaussian' or 'zero'");
  if (named && uniform && !tarn__attr_is(attrs, "noise", "uniform"))
    return tarn_fail(TARN_INVALID, "uniform_noise, and another noise");
  return TARN_OK;
}
static tarn_status glimpse_parse_1(const tarn_attrs *attrs, void *params) {
  return glimpse_parse(attrs, params);
}
static tarn_status glimpse_parse_2(const tarn_attrs *attrs, void *params) {
  ((tarn_glimpse_params *)params)->second = true;
  return glimpse_parse(attrs, params);
}

static tarn_status glimpse_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_rank(t, 0, 4));
  TARN_TRY(tarn__infer_vector(t, 1));
  TARN_TRY(tarn__infer_rank(t, 2, 2));
  const int64_t *x = t->in[0].dim;
  if (t->in[1].dim[0] != 2 || t->in[2].dim[0] != x[0] || t->in[2].dim[1] != 2)
    return tarn_fail(TARN_SHAPE, "expected a size of two numbers, and offsets [%lld, 2]",
                     (long long)x[0]);
  if (!t->value[1]) return TARN_OK;
  const int64_t h = tarn__infer_int(t, 1, 0), w = tarn__infer_int(t, 1, 1);
  if (h < 0 || w < 0)
    return tarn_fail(TARN_INVALID, "a glimpse of %lld by %lld", (long long)h, (long long)w);
  TARN_TRY(tarn__shape_make(4, (const int64_t[4]){x[0], h, w, x[3]}, &t->out[0]));
  if (tarn__shape_elements(&t->out[0]) > 0 && (x[1] < 1 || x[2] < 1))
    return tarn_fail(TARN_SHAPE, "the images have no pixels");
  return TARN_OK;
}

#define GLIMPSE(parse_glimpse)                                                                     \
  .outputs = "glimpse: float", .params_bytes = sizeof(tarn_glimpse_params),                        \
  .parse = parse_glimpse, .infer = glimpse_infer, .flags = TARN_OP_NEVER_FOLD,                     \
  .attrs =                                                                                         \
      "centered: bool = true; normalized: bool = true; uniform_noise: bool = true; noise: string " \
      "= 'uniform'",                                                                               \
  .formula = "a window of each image at its offset, with noise where it leaves the image"

const tarn_op tarn_ops_patches[] = {
    {.name = "ExtractImagePatches",
     .inputs = "images: T",
     .outputs = "patches: T",
     .attrs = "ksizes: list(int) >= 4; strides: list(int) >= 4; rates: list(int) >= 4; "
              "T: {bfloat16, half, float, double, int8, int16, int32, int64, uint8, uint16, "
              "uint32, uint64, complex64, "
              "complex128, bool}; padding: {'SAME', 'VALID'}",
     .params_bytes = sizeof(tarn_patches_params),
     .parse = patches_parse,
     .infer = patches_infer,
     .formula = "patches[n, i, j, (r S + s) C + c] = images[n, i stride + r rate - pad, j stride + "
                "s rate - pad, c]",
     .cases =
         {"images=T[2x5x7x3] ksizes=[1,3,2,1] strides=[1,2,1,1] rates=[1,1,2,1] padding=SAME",
          "images=T[1x6x6x1] ksizes=[1,3,3,1] strides=[1,2,2,1] rates=[1,1,1,1] padding=VALID",
          "images=T[0x5x5x1] ksizes=[1,2,2,1] strides=[1,1,1,1] rates=[1,1,1,1] padding=SAME"}},
    {.name = "CropAndResize",
     .inputs = "image: T, boxes: float, box_ind: int32, crop_size: int32",
     .outputs = "crops: float",
     .attrs = "T: {uint8, uint16, int8, int16, int32, int64, half, float, double}; "
              "method: {'bilinear', 'nearest'} = 'bilinear'; extrapolation_value: float = 0",
     .params_bytes = sizeof(tarn_crop_and_resize_params),
     .parse = crop_parse,
     .infer = crop_infer,
     .formula = "each box of an image, in parts of its height and width, resized to crop_size",
     .cases = {"image=T[2x5x7x3] boxes=f32[4x4]:0..1 box_ind=i32{0,1,1,0} crop_size=i32{3,4}",
               "image=T[1x5x7x1] boxes=f32[2x4]:-1..2 box_ind=i32{0,0} crop_size=i32{1,3} "
               "method=nearest",
               "image=T[1x5x7x1] boxes=f32[0x4] box_ind=i32{} crop_size=i32{2,2}"}},
    {.name = "ExtractVolumePatches",
     .inputs = "input: T",
     .outputs = "patches: T",
     .attrs = "ksizes: list(int) >= 5; strides: list(int) >= 5; T: realnumbertype; padding: "
              "{'SAME', 'VALID'}",
     .params_bytes = sizeof(tarn_patches_params),
     .parse = volume_parse,
     .infer = patches_infer,
     .formula = "patches[n, h, i, j, ((q R + r) S + s) C + c] = input[n, h stride + q - pad, i "
                "stride + r - pad, ...]",
     .cases = {"input=T[2x3x5x4x2] ksizes=[1,2,3,2,1] strides=[1,1,2,2,1] padding=SAME",
               "input=T[1x4x4x4x1] ksizes=[1,3,2,2,1] strides=[1,1,2,1,1] padding=VALID",
               "input=T[0x4x4x4x1] ksizes=[1,1,1,1,1] strides=[1,1,1,1,1] padding=VALID"}},
    {.name = "CropAndResizeGradImage",
     .inputs = "grads: float, boxes: float, box_ind: int32, image_size: int32",
     .outputs = "output: T",
     .attrs = "T: {float, half, double}; method: {'bilinear', 'nearest'} = 'bilinear'",
     .params_bytes = sizeof(tarn_crop_and_resize_params),
     .parse = grad_parse,
     .infer = grad_image_infer,
     .formula = "each grad goes to the pixels that CropAndResize interpolates, by weight",
     .cases = {"grads=f32[4x3x4x3] boxes=f32[4x4]:0..1 box_ind=i32{0,1,1,0} "
               "image_size=i32{2,5,7,3} T=f32",
               "grads=f32[2x1x3x1] boxes=f32[2x4]:-1..2 box_ind=i32{0,0} image_size=i32{1,5,7,1} "
               "T=f64 method=nearest"}},
    {.name = "CropAndResizeGradBoxes",
     .inputs = "grads: float, image: T, boxes: float, box_ind: int32",
     .outputs = "output: float",
     .attrs = "T: {uint8, uint16, int8, int16, int32, int64, half, float, double}; method: "
              "{'bilinear'} = 'bilinear'",
     .infer = grad_boxes_infer,
     .formula = "how the crops change when the edges of their boxes move",
     .cases = {"grads=f32[4x3x4x3] image=T[2x5x7x3] boxes=f32[4x4]:0..1 box_ind=i32{0,1,1,0}",
               "grads=f32[2x1x3x1] image=T[1x5x7x1] boxes=f32[2x4]:-1..2 box_ind=i32{0,0}"}},
    {.name = "ExtractGlimpse",
     .inputs = "input: float, size: int32, offsets: float",
     GLIMPSE(glimpse_parse_1),
     .cases = {"input=f32[2x7x9x3] size=i32{3,4} offsets=f32[2x2]{0,0,0.2,-0.3} "
               "uniform_noise=false noise=zero",
               "input=f32[1x7x9x3] size=i32{9,4} offsets=f32[1x2]{4,-9} normalized=false "
               "uniform_noise=false noise=zero"}},
    {.name = "ExtractGlimpseV2",
     .inputs = "input: float, size: int32, offsets: float",
     GLIMPSE(glimpse_parse_2),
     .cases = {"input=f32[2x7x9x3] size=i32{3,4} offsets=f32[2x2]{0,0,0.2,-0.3} "
               "uniform_noise=false noise=zero",
               "input=f32[1x7x9x3] size=i32{9,4} offsets=f32[1x2]{1,-2} normalized=false "
               "uniform_noise=false noise=zero"}},
    {0},
};
