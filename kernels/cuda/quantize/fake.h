/* Launches of fake quantization, each giving cudaGetLastError's code; there are elements. */
#ifndef TARN_KERNELS_CUDA_QUANTIZE_FAKE_H
#define TARN_KERNELS_CUDA_QUANTIZE_FAKE_H

#include <cuda_runtime_api.h>
#include <stdbool.h>
#include <stdint.h>

/* Element r*C + c of the n has range c: of mins and maxs, or, where they are NULL, [min, max].
 * first, last: the quantized values. */
typedef struct tarn_cuda_fake {
  int64_t n, C;
  float first, last, min, max;
  bool invert; /* the step is divided by as a product with its inverse */
  const float *mins, *maxs;
  const float *x;
} tarn_cuda_fake;

/* Blocks that sum a channel between them; room: 2 * C * parts numbers. */
static inline int64_t tarn__fake_parts(int64_t C) {
  return C >= 256 || C == 0 ? 1 : 256 / C;
}

#ifdef __cplusplus
extern "C" {
#endif
int tarn__cuda_fake(cudaStream_t stream, const tarn_cuda_fake *work, float *y);
/* dx = dy inside the range, else 0. */
int tarn__cuda_fake_gradient(cudaStream_t stream, const tarn_cuda_fake *work, const float *dy,
                             float *dx);
/* [C] each: the sums of dy below and above the range. n may be 0. */
int tarn__cuda_fake_sums(cudaStream_t stream, const tarn_cuda_fake *work, const float *dy,
                         float *room, float *dmin, float *dmax);
#ifdef __cplusplus
}
#endif
#endif
