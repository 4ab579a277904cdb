/* What cuBLAS calls the types of a problem. */
#ifndef TARN_KERNELS_CUDA_MATMUL_TYPES_H
#define TARN_KERNELS_CUDA_MATMUL_TYPES_H

#include "kernels/cuda/cuda.h"

static inline cudaDataType_t tarn__blas_type(tarn_dtype dtype) {
  switch ((int)dtype) {
    case TARN_F16:
      return CUDA_R_16F;
    case TARN_BF16:
      return CUDA_R_16BF;
    case TARN_F64:
      return CUDA_R_64F;
    default:
      return CUDA_R_32F;
  }
}

/* What sums are in: f32 as f32 unless less is allowed, 16-bit floats in f32. */
static inline cublasComputeType_t tarn__blas_compute(const tarn_problem *p) {
  if (p->in_dtype[0] == TARN_F64) return CUBLAS_COMPUTE_64F;
  if (p->in_dtype[0] == TARN_F32 && p->precision >= TARN_PRECISION_TF32)
    return CUBLAS_COMPUTE_32F_FAST_TF32;
  return CUBLAS_COMPUTE_32F;
}

#endif
