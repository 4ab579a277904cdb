/* Images under transforms: projective ones, and scaling and shifting by filters. */
#include "core/bytes.h"
#include "graph/op.h"
#include "kernels/params/image.h"

/* Of input i, [height, width], the result's dims beside input 0's images and channels; unknown
 * while it is. */
static tarn_status sized(tarn_infer *t, int i) {
  TARN_TRY(tarn__infer_rank(t, 0, 4));
  TARN_TRY(tarn__infer_vector(t, i));
  if (t->in[i].dim[0] != 2)
    return tarn_fail(TARN_SHAPE, "the size must be two numbers, it has %lld",
                     (long long)t->in[i].dim[0]);
  if (!t->value[i]) return TARN_OK;
  const int64_t h = tarn__infer_int(t, i, 0), w = tarn__infer_int(t, i, 1);
  if (h < 1 || w < 1)
    return tarn_fail(TARN_INVALID, "a size of %lld by %lld", (long long)h, (long long)w);
  return tarn__shape_make(4, (const int64_t[4]){t->in[0].dim[0], h, w, t->in[0].dim[3]},
                          &t->out[0]);
}

static tarn_status word_of(const tarn_attrs *attrs, const char *name, const char *const *words,
                           int count, int *found) {
  for (int i = 0; i < count; i++)
    if (tarn__attr_is(attrs, name, words[i])) {
      *found = i;
      return TARN_OK;
    }
  char text[64];
  const tarn_string got = tarn__attr_string(attrs, name);
  return tarn_fail(TARN_INVALID, "%s is '%s'", name,
                   tarn__printable(got.data, got.size, text, sizeof text));
}

static tarn_status warp_parse(const tarn_attrs *attrs, void *params) {
  static const char *const how[] = {"NEAREST", "BILINEAR"}, *const outside[] = {"CONSTANT",
                                                                                "REFLECT", "WRAP",
                                                                                "NEAREST"};
  tarn_warp_params *p = params;
  int bilinear = 0, mode = 0;
  TARN_TRY(word_of(attrs, "interpolation", how, 2, &bilinear));
  if (tarn__attr_find(attrs, "fill_mode")) TARN_TRY(word_of(attrs, "fill_mode", outside, 4, &mode));
  *p = (tarn_warp_params){bilinear == 1, mode};
  return TARN_OK;
}

static tarn_status warp_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_rank(t, 0, 4));
  TARN_TRY(tarn__infer_rank(t, 1, 2));
  const int64_t *transforms = t->in[1].dim;
  if (transforms[1] != 8 || (transforms[0] != 1 && transforms[0] != t->in[0].dim[0]))
    return tarn_fail(TARN_SHAPE, "expected transforms [1 or %lld, 8], got [%lld, %lld]",
                     (long long)t->in[0].dim[0], (long long)transforms[0],
                     (long long)transforms[1]);
  if (t->inputs > 3) TARN_TRY(tarn__infer_scalar(t, 3));
  if (t->inputs > 2) return sized(t, 2);
  t->out[0] = t->in[0];
  return TARN_OK;
}

static tarn_status scale_parse(const tarn_attrs *attrs, void *params) {
  static const char *const filters[] = {"lanczos1", "lanczos3", "lanczos5",  "gaussian",
                                        "box",      "triangle", "keyscubic", "mitchellcubic"};
  int filter = 0;
  TARN_TRY(word_of(attrs, "kernel_type", filters, 8, &filter));
  *(tarn_scale_params *)params = (tarn_scale_params){filter, tarn__attr_bool(attrs, "antialias")};
  return TARN_OK;
}

static tarn_status scales(const tarn_infer *t) {
  for (int i = 2; i < 4; i++) {
    TARN_TRY(tarn__infer_vector(t, i));
    if (t->in[i].dim[0] != 2)
      return tarn_fail(TARN_SHAPE, "scale and translation must be two numbers each");
  }
  return TARN_OK;
}

static tarn_status image(const tarn_infer *t, int i) {
  TARN_TRY(tarn__infer_rank(t, i, 4));
  for (int d = 1; d < 4; d++)
    if (t->in[i].dim[d] < 1 || t->in[i].dim[d] >= INT32_MAX)
      return tarn_fail(TARN_SHAPE, "expected images of at least one pixel and one channel");
  return TARN_OK;
}

static tarn_status scale_infer(tarn_infer *t) {
  TARN_TRY(image(t, 0));
  TARN_TRY(scales(t));
  return sized(t, 1);
}

static tarn_status scale_grad_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_rank(t, 0, 4));
  TARN_TRY(image(t, 1));
  TARN_TRY(scales(t));
  if (t->in[0].dim[0] != t->in[1].dim[0] || t->in[0].dim[3] != t->in[1].dim[3])
    return tarn_fail(TARN_SHAPE, "grads and original_image differ in batch or channels");
  t->out[0] = t->in[1];
  return TARN_OK;
}

#define WARP                                                                                      \
  .outputs = "transformed_images: dtype", .params_bytes = sizeof(tarn_warp_params),               \
  .parse = warp_parse, .infer = warp_infer,                                                       \
  .formula =                                                                                      \
      "pixel [y, x] is the input's at ((a x + b y + c) / s, (d x + e y + f) / s), s = g x + h y " \
      "+ 1"
#define IMAGES "dtype: {uint8, int32, int64, half, float, double}; interpolation: string"
#define SCALE(parse_infer) \
  .params_bytes = sizeof(tarn_scale_params), .parse = scale_parse, .infer = parse_infer
#define TO "transforms=f32[1x8]{0.7,0.2,-1,0.1,1.3,0.5,0.01,0.02} output_shape=i32{4,6} "

const tarn_op tarn_ops_warp[] = {
    /* tf.contrib.image's. */
    {.name = "ImageProjectiveTransform",
     .inputs = "images: dtype, transforms: float",
     .attrs = IMAGES " = 'NEAREST'",
     WARP,
     .cases = {"images=f32[2x5x7x3] transforms=f32[1x8]{0.7,0.2,-1,0.1,1.3,0.5,0.01,0.02} "
               "interpolation=BILINEAR",
               "images=u8[1x5x7x3] transforms=f32[1x8]{0.7,0.2,-1,0.1,1.3,0.5,0.01,0.02}"}},
    {.name = "ImageProjectiveTransformV2",
     .inputs = "images: dtype, transforms: float, output_shape: int32",
     .attrs = IMAGES "; fill_mode: string = 'CONSTANT'",
     WARP,
     .cases = {"images=f32[2x5x7x3] " TO "interpolation=BILINEAR",
               "images=u8[2x5x7x1] " TO "interpolation=NEAREST",
               "images=f16[1x5x7x3] " TO "interpolation=BILINEAR fill_mode=REFLECT",
               "images=f32[1x5x7x3] " TO "interpolation=NEAREST fill_mode=WRAP",
               "images=i64[0x5x7x3] " TO "interpolation=NEAREST fill_mode=NEAREST"}},
    {.name = "ImageProjectiveTransformV3",
     .inputs = "images: dtype, transforms: float, output_shape: int32, fill_value: float",
     .attrs = IMAGES "; fill_mode: string = 'CONSTANT'",
     WARP,
     .cases = {"images=f32[2x5x7x3] " TO "fill_value=f32(2.5) interpolation=BILINEAR",
               "images=i32[2x5x7x1] " TO "fill_value=f32(7) interpolation=NEAREST"}},
    {.name = "ScaleAndTranslate",
     .inputs = "images: T, size: int32, scale: float, translation: float",
     .outputs = "resized_images: float",
     .attrs = "T: {int8, uint8, int16, uint16, int32, int64, bfloat16, half, float, double}; "
              "kernel_type: string = 'lanczos3'; antialias: bool = true",
     SCALE(scale_infer),
     .formula =
         "pixel i of a dim is the input's near (i + 1/2 - translation) / scale, under a filter",
     .cases = {"images=T[2x5x7x3] size=i32{4,9} scale=f32{0.6,1.5} translation=f32{0.5,-1}",
               "images=T[1x9x7x1] size=i32{3,3} scale=f32{0.3,0.3} translation=f32{0,0} "
               "kernel_type=gaussian antialias=false",
               "images=T[1x1x1x2] size=i32{2,3} scale=f32{2,3} translation=f32{0,0} "
               "kernel_type=mitchellcubic"}},
    {.name = "ScaleAndTranslateGrad",
     .inputs = "grads: T, original_image: T, scale: float, translation: float",
     .outputs = "output: T",
     .attrs = "T: {float}; kernel_type: string = 'lanczos3'; antialias: bool = true",
     SCALE(scale_grad_infer),
     .formula = "each grad goes to the pixels that ScaleAndTranslate sums, by weight",
     .cases = {"grads=f32[2x4x9x3] original_image=f32[2x5x7x3] scale=f32{0.6,1.5} "
               "translation=f32{0.5,-1}",
               "grads=f32[1x2x3x2] original_image=f32[1x9x8x2] scale=f32{0.2,0.3} "
               "translation=f32{0,0} kernel_type=triangle"}},
    {0},
};
