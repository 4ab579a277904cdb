/* A sparse matrix times a dense one; gives cudaGetLastError's code. */
#ifndef TARN_KERNELS_CUDA_SPARSE_PRODUCT_H
#define TARN_KERNELS_CUDA_SPARSE_PRODUCT_H

#include <cuda_runtime_api.h>
#include <stdbool.h>
#include <stdint.h>

#include "kernels/fault.h"

/* y[i, j] += a[e] b[k, j] for e = 0..n in this order, (i, k) the indices of entry e; y has zeros.
 * b_row, b_col: steps of b, in elements. */
typedef struct tarn_cuda_sparse_product {
  int64_t n, rows, inner, cols, b_row, b_col;
  bool wide, adjoint_a; /* indices of int64, else int32; (k, i) instead */
  const void *indices, *a, *b;
  void *y;
  tarn_fault *fault;
  int64_t fault_step;
} tarn_cuda_sparse_product;

#ifdef __cplusplus
extern "C" {
#endif
/* There are entries, and elements in y. */
int tarn__cuda_sparse_product(cudaStream_t stream, int dtype, const tarn_cuda_sparse_product *work);
#ifdef __cplusplus
}
#endif
#endif
