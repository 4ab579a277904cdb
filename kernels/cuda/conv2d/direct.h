/* Convolutions by definition on a device, and the moves of filters and borders that cuDNN needs.
 * Launch functions give cudaGetLastError's code. */
#ifndef TARN_KERNELS_CUDA_CONV2D_DIRECT_H
#define TARN_KERNELS_CUDA_CONV2D_DIRECT_H

#include <cuda_runtime_api.h>
#include <stdbool.h>
#include <stdint.h>

enum { TARN_CONV_AXES = 3 }; /* depth, height, width; of two dimensions the depth is 1 */

/* The numbers of tarn_conv (kernels/params/conv2d.h), which a .cu file cannot include. */
typedef struct tarn_cuda_conv {
  bool channels_first;
  int64_t N, C, KC, OC, groups; /* KC = C / groups */
  int64_t in[TARN_CONV_AXES], out[TARN_CONV_AXES], window[TARN_CONV_AXES];
  int64_t stride[TARN_CONV_AXES], dilation[TARN_CONV_AXES], before[TARN_CONV_AXES];
} tarn_cuda_conv;

static inline int64_t tarn__conv_volume(const int64_t *size) {
  return size[0] * size[1] * size[2];
}

#ifdef __cplusplus
extern "C" {
#endif
/* y from x and w; dx from w and dy; dw from x and dy. Outputs have elements. */
int tarn__cuda_conv_forward(cudaStream_t stream, int dtype, const tarn_cuda_conv *g, const void *x,
                            const void *w, void *y);
int tarn__cuda_conv_input(cudaStream_t stream, int dtype, const tarn_cuda_conv *g, const void *w,
                          const void *dy, void *dx);
int tarn__cuda_conv_filter(cudaStream_t stream, int dtype, const tarn_cuda_conv *g, const void *x,
                           const void *dy, void *dw);
/* [rows, cols] to [cols, rows], of elements of `bytes`: 2, 4 or 8. */
int tarn__cuda_matrix_transpose(cudaStream_t stream, int bytes, const void *x, void *y,
                                int64_t rows, int64_t cols);
/* Channels-last x of size `in` into one with zeros around it; and back, without the border. */
typedef struct tarn_cuda_border {
  int64_t N, C, in[TARN_CONV_AXES], before[TARN_CONV_AXES], after[TARN_CONV_AXES];
} tarn_cuda_border;
int tarn__cuda_border_add(cudaStream_t stream, int bytes, const tarn_cuda_border *b, const void *x,
                          void *y);
int tarn__cuda_border_remove(cudaStream_t stream, int bytes, const tarn_cuda_border *b,
                             const void *y, void *x);
#ifdef __cplusplus
}
#endif
#endif
