/* Launches of pooling in two and three dimensions, each giving cudaGetLastError's code. Outputs
 * have elements. */
#ifndef TARN_KERNELS_CUDA_POOL_POOL_H
#define TARN_KERNELS_CUDA_POOL_POOL_H

#include <cuda_runtime_api.h>
#include <stdbool.h>
#include <stdint.h>

/* The numbers of tarn_pooling (kernels/params/pool.h): output o of an axis has inputs o*stride -
 * before on, `window` of them, as far as they are in [0, in). */
typedef struct tarn_cuda_pool {
  bool channels_first;
  int64_t N, C, depth_window; /* C: of x */
  int64_t in[3], out[3], window[3], stride[3], before[3];
} tarn_cuda_pool;

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
#ifdef __cplusplus
}
#endif
#endif
