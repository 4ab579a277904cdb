/* Launches of batch normalization, each giving cudaGetLastError's code. There are elements. */
#ifndef TARN_KERNELS_CUDA_BATCH_NORM_NORM_H
#define TARN_KERNELS_CUDA_BATCH_NORM_NORM_H

#include <cuda_runtime_api.h>
#include <stdbool.h>
#include <stdint.h>

/* Element (n, c, s) is at (n*C + c)*S + s with channels first, else at (n*S + s)*C + c. Statistics
 * are f32. */
typedef struct tarn_cuda_norm {
  bool channels_first, training;
  int64_t N, C, S;
  float epsilon, factor;
  const void *x;
  const float *scale, *offset, *old_mean, *old_variance;
  void *y;
  float *mean, *variance, *saved_mean, *saved_variance;
} tarn_cuda_norm;

typedef struct tarn_cuda_norm_gradient {
  bool channels_first, training;
  int64_t N, C, S;
  float epsilon;
  const void *dy, *x;
  const float *scale, *mean, *variance;
  void *dx;
  float *dscale, *doffset;
  float *sums; /* [2, C], scratch: of dy, and of dy (x - mean) */
} tarn_cuda_norm_gradient;

/* Of training by cuDNN, which gives mean and unbiased variance: what TensorFlow makes of them. */
typedef struct tarn_cuda_norm_finish {
  int64_t C, count; /* count: elements a channel, above 1 */
  float factor;
  const float *batch_mean, *batch_unbiased, *old_mean, *old_variance;
  float *mean, *variance, *saved_variance; /* running, or with factor 1 the batch's; biased */
} tarn_cuda_norm_finish;

#ifdef __cplusplus
extern "C" {
#endif
int tarn__cuda_norm_finish(cudaStream_t stream, const tarn_cuda_norm_finish *work);
/* The statistics that come in are those that go out: of a run without training. */
int tarn__cuda_norm_keep(cudaStream_t stream, const tarn_cuda_norm *work);
/* 1 / sqrt(variance + epsilon). */
int tarn__cuda_norm_inverse(cudaStream_t stream, const float *variance, float epsilon,
                            float *inverse, int64_t C);
int tarn__cuda_norm(cudaStream_t stream, int dtype, const tarn_cuda_norm *work);
int tarn__cuda_norm_gradient(cudaStream_t stream, int dtype, const tarn_cuda_norm_gradient *work);
#ifdef __cplusplus
}
#endif
#endif
