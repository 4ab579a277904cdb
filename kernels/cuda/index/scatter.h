/* Rows put, or combined with what is there, where indices say; launches, each giving
 * cudaGetLastError's code. */
#ifndef TARN_KERNELS_CUDA_INDEX_SCATTER_H
#define TARN_KERNELS_CUDA_INDEX_SCATTER_H

#include <cuda_runtime_api.h>
#include <stdbool.h>
#include <stdint.h>

#include "kernels/fault.h"

enum { TARN_SCATTER_DEPTH = 12 };

typedef enum tarn_scatter_way {
  TARN_SCATTER_PUT, /* by the elements' size alone */
  TARN_SCATTER_ADD,
  TARN_SCATTER_SUB,
  TARN_SCATTER_MUL,
  TARN_SCATTER_DIV, /* integers towards zero */
  TARN_SCATTER_MIN, /* a NaN of the updates changes nothing */
  TARN_SCATTER_MAX,
  /* The same of UnsortedSegmentMin and Max: what is there stays where it is the less, or greater,
   * so that a NaN stays where it comes last. */
  TARN_SCATTER_LEAST,
  TARN_SCATTER_MOST
} tarn_scatter_way;

/* y[indices[i], :] = y[indices[i], :] way updates[i, :] for i = 0..n, in this order. An index has
 * `depth` numbers, below dim[d], whose places count stride[d] rows. */
typedef struct tarn_cuda_scatter {
  int64_t n, row;
  int depth;
  bool wide; /* indices of int64, else int32 */
  bool one;  /* updates are one element for all */
  tarn_scatter_way way;
  int64_t dim[TARN_SCATTER_DEPTH], stride[TARN_SCATTER_DEPTH];
  const void *indices, *updates;
  void *y;
  /* NULL: an index that is outside is left out. Else it is noted: in passing, or by
   * tarn__cuda_scatter_check, which comes first, and then nothing is done. */
  tarn_fault *fault;
  int64_t fault_step;
  bool in_passing;
  tarn_fault_kind outside, divisor; /* how it is noted; divisor: TARN_FAULT_NONE: 0 passes */
  bool padded;                      /* the least number is no index, and is left out */
  bool below_passes;                /* an index below 0 is meant to be left out */
  int rank;                         /* of the dims, of which the first `depth` are indexed */
} tarn_cuda_scatter;

#ifdef __cplusplus
extern "C" {
#endif
/* There are updates, and elements in each. */
int tarn__cuda_scatter(cudaStream_t stream, int dtype, const tarn_cuda_scatter *work);
int tarn__cuda_scatter_check(cudaStream_t stream, int dtype, const tarn_cuda_scatter *work);
/* y[i] = value for i = 0..n, of elements of `bytes`. */
int tarn__cuda_scatter_fill(cudaStream_t stream, int64_t n, int bytes, uint64_t value, void *y);
#ifdef __cplusplus
}
#endif
#endif
