/* Images [N, H, W, C] in another size. */
#include "graph/op.h"
#include "kernels/params/image.h"

static tarn_status resize_parse(const tarn_attrs *attrs, void *params) {
  tarn_resize_params *p = params;
  p->align_corners = tarn__attr_bool(attrs, "align_corners");
  p->half_pixel_centers =
      tarn__attr_find(attrs, "half_pixel_centers") && tarn__attr_bool(attrs, "half_pixel_centers");
  if (p->align_corners && p->half_pixel_centers)
    return tarn_fail(TARN_INVALID, "align_corners and half_pixel_centers exclude each other");
  return TARN_OK;
}

static tarn_status image(const tarn_infer *t, int i) {
  char text[TARN_SHAPE_TEXT];
  TARN_TRY(tarn__infer_rank(t, i, 4));
  for (int d = 1; d < 4; d++)
    if (t->in[i].dim[d] < 1 || t->in[i].dim[d] > INT32_MAX)
      return tarn_fail(TARN_SHAPE, "expected images of at least one pixel and one channel, got %s",
                       tarn__shape_print(&t->in[i], text));
  return TARN_OK;
}

/* Input 1 is [height, width] of the result. */
static tarn_status resize_infer(tarn_infer *t) {
  TARN_TRY(image(t, 0));
  TARN_TRY(tarn__infer_vector(t, 1));
  if (t->in[1].dim[0] != 2)
    return tarn_fail(TARN_SHAPE, "size must be two numbers, it has %lld",
                     (long long)t->in[1].dim[0]);
  if (!t->value[1]) return TARN_OK;
  int64_t h = tarn__infer_int(t, 1, 0), w = tarn__infer_int(t, 1, 1);
  if (h < 1 || w < 1)
    return tarn_fail(TARN_INVALID, "a size of %lld by %lld", (long long)h, (long long)w);
  return tarn__shape_make(4, (const int64_t[4]){t->in[0].dim[0], h, w, t->in[0].dim[3]},
                          &t->out[0]);
}

static tarn_status bilinear_grad_infer(tarn_infer *t) {
  TARN_TRY(image(t, 0));
  TARN_TRY(image(t, 1));
  if (t->in[0].dim[0] != t->in[1].dim[0] || t->in[0].dim[3] != t->in[1].dim[3])
    return tarn_fail(TARN_SHAPE, "grads and original_image differ in batch or channels");
  t->out[0] = t->in[1];
  return TARN_OK;
}

#define PARAMS .params_bytes = sizeof(tarn_resize_params), .parse = resize_parse
#define PIXELS "{int8, uint8, int16, uint16, int32, int64, bfloat16, half, float, double}"
#define WHERE "align_corners: bool = false; half_pixel_centers: bool = false"
#define TO(OUT)                                                                  \
  .inputs = "images: T, size: int32", .outputs = "resized_images: " OUT, PARAMS, \
  .infer = resize_infer
#define SIZES                                                          \
  .cases = {"images=T[2x5x7x3] size=i32{3,4}",                         \
            "images=T[1x3x4x2] size=i32{7,9} align_corners=true",      \
            "images=T[1x3x4x2] size=i32{7,9} half_pixel_centers=true", \
            "images=T[0x3x4x2] size=i32{2,2}",                         \
            "images=T[1x1x1x1] size=i32{3,1}",                         \
            "images=T[1x64x64x16] size=i32{128,128}"}

const tarn_op tarn_ops_resize[] = {
    {.name = "ResizeBilinear",
     TO("float"),
     .attrs = "T: " PIXELS "; " WHERE,
     SIZES,
     .formula = "each pixel interpolates the four round its place in the input"},
    {.name = "ResizeNearestNeighbor",
     TO("T"),
     .attrs = "T: " PIXELS "; " WHERE,
     SIZES,
     .formula = "each pixel is the one nearest to its place in the input"},
    {.name = "ResizeBicubic",
     TO("float"),
     .attrs = "T: " PIXELS "; " WHERE,
     SIZES,
     .formula =
         "each pixel interpolates the sixteen round its place in the input by cubic convolution"},
    {.name = "ResizeArea",
     TO("float"),
     .attrs = "T: " PIXELS "; align_corners: bool = false",
     .formula = "each pixel is the mean of the area that it covers in the input",
     .cases = {"images=T[2x5x7x3] size=i32{3,4}",
               "images=T[1x3x4x2] size=i32{7,9} align_corners=true",
               "images=T[1x64x64x16] size=i32{32,32}"}},
    {.name = "ResizeBilinearGrad",
     .inputs = "grads: float, original_image: T",
     .outputs = "output: T",
     PARAMS,
     .attrs = "T: {float, bfloat16, half, double}; " WHERE,
     .infer = bilinear_grad_infer,
     .formula = "each grad goes to the four pixels that ResizeBilinear interpolates, by weight",
     .cases = {"grads=f32[2x3x4x3] original_image=T[2x5x7x3]",
               "grads=f32[1x7x9x2] original_image=T[1x3x4x2] half_pixel_centers=true",
               "grads=f32[1x7x9x2] original_image=T[1x3x4x2] align_corners=true"}},
    {.name = "ResizeBicubicGrad",
     .inputs = "grads: float, original_image: T",
     .outputs = "output: T",
     PARAMS,
     .attrs = "T: {float, double}; " WHERE,
     .infer = bilinear_grad_infer,
     .formula = "each grad goes to the sixteen pixels that ResizeBicubic interpolates, by weight",
     .cases = {"grads=f32[2x3x4x3] original_image=T[2x5x7x3]",
               "grads=f32[1x7x9x2] original_image=T[1x3x4x2] half_pixel_centers=true",
               "grads=f32[1x7x9x2] original_image=T[1x3x4x2] align_corners=true"}},
    {.name = "ResizeNearestNeighborGrad",
     .inputs = "grads: T, size: int32",
     .outputs = "output: T",
     PARAMS,
     .attrs = "T: {uint8, int8, int32, half, float, double, bfloat16}; " WHERE,
     .infer = resize_infer,
     .formula = "each grad goes to the pixel that ResizeNearestNeighbor takes",
     .cases = {"grads=T[2x3x4x3] size=i32{5,7}",
               "grads=T[1x7x9x2] size=i32{3,4} half_pixel_centers=true"}},
    {0},
};
