/* A copy between two strided views of one shape, on the device: what
 * kernels/cpu/array/views/view_copy.h is on the host. */
#ifndef TARN_KERNELS_CUDA_ARRAY_COPY_H
#define TARN_KERNELS_CUDA_ARRAY_COPY_H

#include <cuda_runtime_api.h>
#include <stdbool.h>

#include "kernels/cuda/each/view.h"

/* step[0] is of `to`, step[1] of `from`, both in elements of `bytes` (1, 2, 4, 8 or 16). */
typedef struct tarn_cuda_copy {
  tarn_view_axes axes;
  int64_t step[2][TARN_VIEW_AXES];
  void *to;
  const void *from;
  int bytes;
  int across; /* tiled copies: the axis along which `from` has neighbours, where that is not axis 0;
                 else 0 */
} tarn_cuda_copy;

#ifdef __cplusplus
extern "C"
#endif
    /* There are elements. Gives cudaGetLastError's code. */
    int
    tarn__cuda_copy_strided(cudaStream_t stream, const tarn_cuda_copy *copy);

#ifndef __cplusplus
#include "kernels/cpu/array/views/row_pieces.h"
#include "kernels/cpu/array/views/view_copy.h"
#include "kernels/cuda/cuda.h"

/* Puts the copy into the call's queue. Offsets and strides are as in view_copy.h; both views lie
 * within their tensors and do not overlap. (copy.c) */
tarn_status tarn__cuda_view_copy(const tarn_call *call, const tarn_view_copy *copy,
                                 const tarn_tensor *to, const tarn_tensor *from);
/* Zeros in all of t. (copy.c) */
tarn_status tarn__cuda_clear(const tarn_call *call, const tarn_tensor *t);
/* Pieces of rows (row_pieces.h), a copy for each. */
static inline tarn_status tarn__cuda_copy_rows(const tarn_call *call, const tarn_row_piece *pieces,
                                               int count, int64_t rows) {
  for (int i = 0; i < count; i++) {
    const tarn_row_piece *p = &pieces[i];
    tarn_view_copy c = {.to_at = p->to_at, .from_at = p->from_at};
    tarn__view_add(&c, rows, p->to_row, p->from_row);
    tarn__view_add(&c, p->run, 1, 1);
    TARN_TRY(tarn__cuda_view_copy(call, &c, p->to, p->from));
  }
  return TARN_OK;
}
/* What the bodies of kernels/cpu/array/views are made with. */
#define COPY_VIEW(call, c, to, from) tarn__cuda_view_copy((call), (c), (to), (from))
#define COPY_ROWS(call, pieces, count, rows) tarn__cuda_copy_rows((call), (pieces), (count), (rows))
#define CLEAR_ALL(call, to) tarn__cuda_clear((call), (to))
#endif
#endif
