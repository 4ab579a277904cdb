/* Launches of pooling in two and three dimensions, each giving cudaGetLastError's code. Outputs
 * have elements. */
#ifndef TARN_KERNELS_CUDA_POOL_POOL_H
#define TARN_KERNELS_CUDA_POOL_POOL_H

#include <cuda_runtime_api.h>
#include <stdbool.h>
#include <stdint.h>

#include "kernels/fault.h"

/* The numbers of tarn_pooling (kernels/params/pool.h): output o of an axis has inputs o*stride -
 * before on, `window` of them, as far as they are in [0, in). */
typedef struct tarn_cuda_pool {
  bool channels_first;
  int64_t N, C, depth_window; /* C: of x */
  int64_t in[3], out[3], window[3], stride[3], before[3];
} tarn_cuda_pool;

/* Places of largest elements, int64 (`wide`) or int32: within the batch, or within their image. */
typedef struct tarn_cuda_pool_argmax {
  bool batch, wide;
  void *argmax;
  int *strays; /* of the gradient: 0, scratch */
  tarn_fault *fault;
  int64_t fault_step;
} tarn_cuda_pool_argmax;

#ifdef __cplusplus
extern "C" {
#endif
int tarn__cuda_pool_max(cudaStream_t stream, int dtype, const tarn_cuda_pool *g, const void *x,
                        void *y);
int tarn__cuda_pool_average(cudaStream_t stream, int dtype, const tarn_cuda_pool *g, const void *x,
                            void *y);
/* winners: an int64 for each element of y, scratch. depth_window is 1 for gradients. */
int tarn__cuda_pool_max_gradient(cudaStream_t stream, int dtype, const tarn_cuda_pool *g,
                                 const void *x, const void *dy, int64_t *winners, void *dx);
/* dy to every element within 1e-5 of y, as TensorFlow has it in three dimensions. */
int tarn__cuda_pool_ties_gradient(cudaStream_t stream, int dtype, const tarn_cuda_pool *g,
                                  const void *x, const void *y, const void *dy, void *dx);
int tarn__cuda_pool_average_gradient(cudaStream_t stream, int dtype, const tarn_cuda_pool *g,
                                     const void *dy, void *dx);
int tarn__cuda_pool_max_at(cudaStream_t stream, int dtype, const tarn_cuda_pool *g,
                           const tarn_cuda_pool_argmax *m, const void *x, void *y);
/* dx[argmax] += dy; dx has elements. */
int tarn__cuda_pool_argmax_gradient(cudaStream_t stream, int dtype, const tarn_cuda_pool *g,
                                    const tarn_cuda_pool_argmax *m, const void *dy, void *dx);
/* ddy: of ddx, at the first element under the window that equals y. */
int tarn__cuda_pool_second_gradient(cudaStream_t stream, int dtype, const tarn_cuda_pool *g,
                                    const void *x, const void *y, const void *ddx, void *ddy);
#ifdef __cplusplus
}
#endif
#endif
