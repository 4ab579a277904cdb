/* Rows joined by segment, and the gradients of sums of listed rows; launches, each giving
 * cudaGetLastError's code. Ids and indices are int32 or int64 (`wide`). */
#ifndef TARN_KERNELS_CUDA_SEGMENT_SEGMENT_H
#define TARN_KERNELS_CUDA_SEGMENT_SEGMENT_H

#include <cuda_runtime_api.h>
#include <stdbool.h>
#include <stdint.h>

#include "kernels/fault.h"

/* What a segment's sum is divided by: nothing, the number of its rows, the root of it. */
typedef enum tarn_segment_share {
  TARN_SEGMENT_WHOLE,
  TARN_SEGMENT_MEAN,
  TARN_SEGMENT_ROOT
} tarn_segment_share;

/* y[s, :] = x[at[i], :] joined by `way` (tarn_scatter_way) for i in this order with ids[i] = s,
 * of n rising ids; at[i] is i where indices are NULL. A segment without rows is `empty` (0 or 1).
 * Elements of 16 bits are rounded at each step, or, where the sum is of listed rows, once. */
typedef struct tarn_cuda_segments {
  int64_t n, row, segments, rows; /* elements of a row; rows of y and x */
  int way;
  tarn_segment_share share;
  bool wide_ids, wide_indices, empty;
  const void *x, *indices, *ids;
  void *y;
  tarn_fault *fault; /* NULL: nobody looks */
  int64_t fault_step;
} tarn_cuda_segments;

/* sums[at[i], :] += grad[ids[i], :] over the share of segment ids[i], for i = 0..n in this order.
 * sizes: an int64 a segment, zeros, for shares; sums: zeros, y itself or, of 16-bit floats, an f32
 * for each of its elements. */
typedef struct tarn_cuda_segment_gradient {
  int64_t n, row, segments, rows; /* rows of grad and y */
  tarn_segment_share share;
  bool wide_ids, wide_indices;
  const void *grad, *indices, *ids;
  void *sizes, *sums, *y;
  tarn_fault *fault;
  int64_t fault_step;
} tarn_cuda_segment_gradient;

#ifdef __cplusplus
extern "C" {
#endif
/* There are elements in y. */
int tarn__cuda_segments(cudaStream_t stream, int dtype, const tarn_cuda_segments *work);
/* There are rows of grad, ids, and elements in y. */
int tarn__cuda_segment_gradient(cudaStream_t stream, int dtype,
                                const tarn_cuda_segment_gradient *work);
#ifdef __cplusplus
}
#endif
#endif
