/* Where the pixels of a resized image come from. Places are computed in f32 with every step rounded
 * (no fused multiply-add), as TensorFlow does: the rounding decides which pixel is nearest. */
#ifndef TARN_KERNELS_CUDA_IMAGE_PLACE_CUH
#define TARN_KERNELS_CUDA_IMAGE_PLACE_CUH

#include "kernels/cuda/image/resize.h"
#include "kernels/cuda/launch.h"

__device__ inline float product(float a, float b) {
  return __fmul_rn(a, b);
}

__device__ inline int64_t bound(int64_t k, int64_t n) {
  return k < 0 ? 0 : k > n - 1 ? n - 1 : k;
}

__device__ inline int64_t nearest(const tarn_cuda_resize &r, int64_t i, float scale, int64_t n) {
  const float at = product(r.half_pixel_centers ? (float)i + 0.5f : (float)i, scale);
  return bound((int64_t)(r.align_corners ? roundf(at) : floorf(at)), n);
}

/* Two neighbours and the weight of the upper one. */
struct lerp {
  int64_t lower, upper;
  float weight;
};
__device__ inline lerp lerp_of(const tarn_cuda_resize &r, int64_t i, float scale, int64_t n) {
  const float at =
      r.half_pixel_centers ? product((float)i + 0.5f, scale) - 0.5f : product((float)i, scale);
  const float below = floorf(at);
  return {bound((int64_t)below, n), bound((int64_t)ceilf(at), n), at - below};
}

#endif
