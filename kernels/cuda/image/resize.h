/* Launches of resizing, each giving cudaGetLastError's code. Images are NHWC; there are elements.
 */
#ifndef TARN_KERNELS_CUDA_IMAGE_RESIZE_H
#define TARN_KERNELS_CUDA_IMAGE_RESIZE_H

#include <cuda_runtime_api.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct tarn_cuda_resize {
  int64_t N, H, W, C, OH, OW;
  float scale_h, scale_w; /* input pixels per output pixel */
  bool align_corners, half_pixel_centers;
  int bytes; /* of an element: nearest */
  const void *x;
  void *y;
} tarn_cuda_resize;

#ifdef __cplusplus
extern "C" {
#endif
int tarn__cuda_resize_nearest(cudaStream_t stream, const tarn_cuda_resize *work);
int tarn__cuda_resize_bilinear(cudaStream_t stream, int dtype,
                               const tarn_cuda_resize *work); /* y is f32 */
/* x: the gradient, OH x OW; y: dx, H x W, of that dtype. That of bilinear resizing is f32. */
int tarn__cuda_resize_nearest_gradient(cudaStream_t stream, int dtype,
                                       const tarn_cuda_resize *work);
int tarn__cuda_resize_bilinear_gradient(cudaStream_t stream, int dtype,
                                        const tarn_cuda_resize *work);
#ifdef __cplusplus
}
#endif
#endif
