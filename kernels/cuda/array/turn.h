/* Launches of turns along axes and of a mirror's gradient, each giving cudaGetLastError's code;
 * outputs have elements. */
#ifndef TARN_KERNELS_CUDA_ARRAY_TURN_H
#define TARN_KERNELS_CUDA_ARRAY_TURN_H

#include <cuda_runtime_api.h>
#include <stdbool.h>
#include <stdint.h>

#include "kernels/fault.h"

enum { TARN_TURN_AXES = 12 };

/* y[.., i, ..] = x[.., lengths[b] - 1 - i, ..] along an axis as far as i is below the length, else
 * x[.., i, ..]; b is the index along another. */
typedef struct tarn_cuda_reverse_sequence {
  int64_t n; /* elements */
  int64_t dim, stride, batch, batch_stride;
  int bytes;
  bool wide; /* lengths of int64, else int32 */
  const void *lengths, *x;
  void *y;
  tarn_fault *fault;
  int64_t fault_step;
} tarn_cuda_reverse_sequence;

/* y[.., (i + shift) mod dim, ..] = x[.., i, ..] along each of the axes; shifts are in [0, dim). */
typedef struct tarn_cuda_roll {
  int64_t n;
  int axes, bytes;
  int64_t dim[TARN_TURN_AXES], stride[TARN_TURN_AXES], shift[TARN_TURN_AXES];
  const void *x;
  void *y;
} tarn_cuda_roll;

/* dx[i] = the sum of dy at all the places that i was copied to; dims are dx's, the fastest last. */
typedef struct tarn_cuda_mirror {
  int64_t n;
  int rank, edge; /* edge: 0 where the edge itself is repeated, else 1 */
  int64_t dim[TARN_TURN_AXES], before[TARN_TURN_AXES], after[TARN_TURN_AXES],
      stride[TARN_TURN_AXES]; /* of dy */
  const void *dy;
  void *dx;
} tarn_cuda_mirror;

#ifdef __cplusplus
extern "C" {
#endif
int tarn__cuda_reverse_sequence(cudaStream_t stream, const tarn_cuda_reverse_sequence *work);
int tarn__cuda_roll(cudaStream_t stream, const tarn_cuda_roll *work);
int tarn__cuda_mirror_gradient(cudaStream_t stream, int dtype, const tarn_cuda_mirror *work);
#ifdef __cplusplus
}
#endif
#endif
