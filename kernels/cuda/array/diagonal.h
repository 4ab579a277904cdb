/* Launches on the diagonals of matrices, each giving cudaGetLastError's code; outputs have
 * elements. */
#ifndef TARN_KERNELS_CUDA_ARRAY_DIAGONAL_H
#define TARN_KERNELS_CUDA_ARRAY_DIAGONAL_H

#include <cuda_runtime_api.h>
#include <stdbool.h>
#include <stdint.h>

/* y = x within the band of `lower` diagonals below the main one and `upper` above, else zeros;
 * `all` elements of matrices of rows x cols. y may be x. */
typedef struct tarn_cuda_band {
  int64_t all, rows, cols, lower, upper;
  int bytes;
  const void *x;
  void *y;
} tarn_cuda_band;

/* Diagonals lower..upper of `batch` matrices, and their packed rows, the highest first, each
 * `longest` long (kernels/params/diagonals.h): to_left of those at or above the main one, or at or
 * below it, says at which end they begin. */
typedef struct tarn_cuda_diagonals {
  int64_t batch, rows, cols, lower, upper, longest;
  bool left_super, left_sub;
  int bytes;
  uint64_t padding[2]; /* the bits of what else is there */
  const void *under;   /* the matrix that else is there, or NULL */
  const void *from;
  void *to;
} tarn_cuda_diagonals;

#ifdef __cplusplus
extern "C" {
#endif
int tarn__cuda_band_part(cudaStream_t stream, const tarn_cuda_band *work);
int tarn__cuda_diagonals_unpack(cudaStream_t stream, const tarn_cuda_diagonals *work);
int tarn__cuda_diagonals_pack(cudaStream_t stream, const tarn_cuda_diagonals *work);
#ifdef __cplusplus
}
#endif
#endif
