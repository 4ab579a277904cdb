/* Indices as the numbers they are. */
#ifndef TARN_KERNELS_CUDA_INDEX_NUMBER_CUH
#define TARN_KERNELS_CUDA_INDEX_NUMBER_CUH

#include "kernels/cuda/launch.h"

/* Number i of the indices, int64 (`wide`) or int32. */
__device__ inline int64_t index_number(const void *indices, bool wide, int64_t i) {
  return wide ? ((const int64_t *)indices)[i] : (int64_t)((const int32_t *)indices)[i];
}

#endif
