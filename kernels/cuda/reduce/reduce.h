/* Reductions of a device tensor over groups of axes. */
#ifndef TARN_KERNELS_CUDA_REDUCE_REDUCE_H
#define TARN_KERNELS_CUDA_REDUCE_REDUCE_H

#include <cuda_runtime_api.h>

#include "kernels/cuda/each/view.h"

enum {
  TARN_REDUCE_SUM,
  TARN_REDUCE_PROD,
  TARN_REDUCE_MEAN,
  TARN_REDUCE_NORM,
  TARN_REDUCE_MAX,
  TARN_REDUCE_MIN,
  TARN_REDUCE_ALL,
  TARN_REDUCE_ANY,
  TARN_REDUCE_HALF_SQUARES /* L2Loss */
};

typedef enum tarn_reduce_form {
  TARN_REDUCE_ROWS,   /* a block an output and part */
  TARN_REDUCE_SHORT,  /* `wide` threads an output; one part */
  TARN_REDUCE_COLUMNS /* a block for `wide` threads' outputs side by side and a part */
} tarn_reduce_form;

enum { TARN_REDUCE_THREADS = 256, TARN_REDUCE_LANES = 8 /* at most */ };

/* Output o sums the elements kept(o) + gone(t) of x for t = 0..terms, which `parts` blocks share
 * out; each leaves its part in `partial`, of accumulators, where there is more than one, and the
 * last joins them: [outputs, parts] of rows, [parts, outputs] of columns. */
typedef struct tarn_cuda_reduce {
  int code;
  tarn_reduce_form form;
  int wide;  /* a power of two up to 32 */
  int lanes; /* of 16 bytes, where a thread may take so many neighbours at once; else 1 */
  tarn_view_axes kept, gone; /* axis 0 the fastest */
  int64_t kept_step[1][TARN_VIEW_AXES], gone_step[1][TARN_VIEW_AXES];
  int64_t parts;
  unsigned *counters; /* zeros, one an output or group of columns; parts > 1 */
  const void *x;
  void *y, *partial;
} tarn_cuda_reduce;

#ifdef __cplusplus
extern "C"
#endif
    /* There are outputs; terms may be 0. Gives cudaGetLastError's code. */
    int
    tarn__cuda_reduce(cudaStream_t stream, int dtype, const tarn_cuda_reduce *work);

#endif
