/* Einsum by definition; gives cudaGetLastError's code. */
#ifndef TARN_KERNELS_CUDA_EINSUM_LOOPS_H
#define TARN_KERNELS_CUDA_EINSUM_LOOPS_H

#include <cuda_runtime_api.h>
#include <stdint.h>

enum { TARN_CUDA_EINSUM_AXES = 24 }; /* TARN_EINSUM_AXES */

/* Axes [0, kept) are the output's, of which there are n places; the others, `terms` places, are
 * summed over. step: of a, b and the output. */
typedef struct tarn_cuda_einsum {
  int axes, kept;
  int64_t n, terms;
  int64_t size[TARN_CUDA_EINSUM_AXES], step[3][TARN_CUDA_EINSUM_AXES];
  const void *a, *b; /* b: NULL for one input */
  void *y;
} tarn_cuda_einsum;

#ifdef __cplusplus
extern "C"
#endif
    int
    tarn__cuda_einsum(cudaStream_t stream, int dtype, const tarn_cuda_einsum *work);
#endif
