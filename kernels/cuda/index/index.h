/* Launches that go by indices, each giving cudaGetLastError's code. Indices are int32 or int64
 * (`wide`). */
#ifndef TARN_KERNELS_CUDA_INDEX_INDEX_H
#define TARN_KERNELS_CUDA_INDEX_INDEX_H

#include <cuda_runtime_api.h>
#include <stdbool.h>
#include <stdint.h>

#include "kernels/fault.h"

/* Where an index outside is noted (kernels/fault.h); NULL: nowhere. It gives zeros, as in
 * TensorFlow's GPU kernels. */
typedef struct tarn_cuda_noted {
  tarn_fault *fault;
  int64_t step;
} tarn_cuda_noted;

/* y[b, o, i, :] = x[b, o, indices[b, i], :], of rows of `row` elements of `bytes`. */
typedef struct tarn_cuda_gather {
  int64_t batches, outer, dim, n, row;
  int bytes;
  bool wide;
  tarn_cuda_noted noted;
  const void *x, *indices;
  void *y;
} tarn_cuda_gather;

/* y[i, :] = x[indices[i, :], :]: `depth` numbers of an index, whose places count `stride` rows
 * each. */
enum { TARN_INDEX_DEPTH = 12 };
typedef struct tarn_cuda_gather_nd {
  int64_t n, row;
  int depth, bytes;
  int rank; /* of the dims, of which the first `depth` are indexed */
  int64_t dim[TARN_INDEX_DEPTH], stride[TARN_INDEX_DEPTH];
  bool wide;
  tarn_cuda_noted noted;
  const void *x, *indices;
  void *y;
} tarn_cuda_gather_nd;

/* y[o, k, i] = indices[o, i] == k ? on : off, of elements of `bytes`. */
typedef struct tarn_cuda_one_hot {
  int64_t outer, depth, inner;
  int bytes, index_bytes; /* of an index: 1 (unsigned), 4 or 8 */
  const void *indices, *on, *off;
  void *y;
} tarn_cuda_one_hot;

/* Which of `dim` elements along an axis is the greatest or least, the first of equal ones: y is
 * [outer, inner]. */
typedef struct tarn_cuda_arg {
  int64_t outer, dim, inner;
  bool least;
  int y_bytes; /* 2, 4 or 8 */
  const void *x;
  void *y;
} tarn_cuda_arg;

/* Running sums or products along an axis of [outer, dim, inner]. */
typedef struct tarn_cuda_scan {
  int64_t outer, dim, inner;
  bool product, exclusive, reverse;
  const void *x;
  void *y;
} tarn_cuda_scan;

#ifdef __cplusplus
extern "C" {
#endif
int tarn__cuda_gather(cudaStream_t stream, const tarn_cuda_gather *work);
int tarn__cuda_gather_nd(cudaStream_t stream, const tarn_cuda_gather_nd *work);
int tarn__cuda_one_hot(cudaStream_t stream, const tarn_cuda_one_hot *work);
int tarn__cuda_arg(cudaStream_t stream, int dtype, const tarn_cuda_arg *work);
int tarn__cuda_scan(cudaStream_t stream, int dtype, const tarn_cuda_scan *work);
#ifdef __cplusplus
}
#endif
#endif
