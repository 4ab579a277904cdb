/* Where a resized pixel lies in the input, and reading pixels of any type as float. Places are
 * computed in float, as TensorFlow does: the rounding decides which pixel is nearest. */
#ifndef TARN_KERNELS_CPU_IMAGE_RESAMPLE_H
#define TARN_KERNELS_CPU_IMAGE_RESAMPLE_H

#include "core/tensor/tensor.h"
#include "kernels/params/image.h"

/* Input pixels per output pixel along a dim. */
static inline float tarn__resize_scale(const tarn_resize_params *p, int64_t in, int64_t out) {
  return p->align_corners && out > 1 ? (float)(in - 1) / (float)(out - 1) : (float)in / (float)out;
}

/* The place of output pixel i, in input pixels: of its corner, or of its centre. */
static inline float tarn__resize_place(const tarn_resize_params *p, int64_t i, float scale) {
  return p->half_pixel_centers ? ((float)i + 0.5f) * scale - 0.5f : (float)i * scale;
}

/* The nearest input pixel, of `n`. */
int64_t tarn__resize_nearest(const tarn_resize_params *p, int64_t i, float scale, int64_t n);

/* Two neighbours and the weight of the upper one. */
typedef struct tarn_lerp {
  int64_t lower, upper;
  float weight;
} tarn_lerp;
tarn_lerp tarn__resize_lerp(const tarn_resize_params *p, int64_t i, float scale, int64_t n);

/* i moved into [0, n). */
int64_t tarn__resize_bound(int64_t i, int64_t n);
/* How much of input pixel i lies within [begin, end), which is `scale` long. */
float tarn__resize_overlap(int64_t i, float begin, float end, float scale);

/* Four neighbours and their weights in cubic convolution (R. Keys, IEEE ASSP 29(6), 1981). With
 * half_pixel_centers the parameter is -1/2 and pixels outside have no weight; else it is -3/4 and
 * the edge repeats. */
typedef struct tarn_cubic {
  int64_t at[4];
  float weight[4];
} tarn_cubic;
tarn_cubic tarn__resize_cubic(const tarn_resize_params *p, int64_t i, float scale, int64_t n);

/* Element i of a real tensor. */
float tarn__pixel(const tarn_tensor *x, int64_t i);

#endif
