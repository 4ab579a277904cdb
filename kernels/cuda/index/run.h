/* What several kernels launch: rows read and written by index, of tensors whose elements are on the
 * device. Shapes have been looked at. Indices are int32 or int64. */
#ifndef TARN_KERNELS_CUDA_INDEX_RUN_H
#define TARN_KERNELS_CUDA_INDEX_RUN_H

#include "kernels/cuda/index/scatter.h"
#include "kernels/kernel.h"

/* out[0] = in[0] gathered along an axis by in[1], behind so many dims of both that go together. */
tarn_status tarn__cuda_gather_run(const tarn_call *call, int axis, int batch);
/* The same by tuples. ignore: what is outside gives zeros and is no error. */
tarn_status tarn__cuda_gather_nd_run(const tarn_call *call, bool ignore);

/* Tuples of in[indices] into the first dims of y, or numbers into its first dim, for updates of
 * in[updates]: to be completed with a way. */
tarn_cuda_scatter tarn__cuda_scatter_tuples(const tarn_call *call, const tarn_tensor *y,
                                            int indices, int updates);
tarn_cuda_scatter tarn__cuda_scatter_rows(const tarn_call *call, const tarn_tensor *y, int indices,
                                          int updates);
/* first: y is looked through before, so that it stays as it is where something is wrong. */
tarn_status tarn__cuda_scatter_run(const tarn_call *call, tarn_dtype dtype, bool first,
                                   tarn_cuda_scatter *work);

/* NULL, or why not: input i is no index. */
static inline const char *tarn__cuda_refuse_index(const tarn_problem *p, int i) {
  return p->in_dtype[i] == TARN_I32 || p->in_dtype[i] == TARN_I64
             ? NULL
             : "indices that are not int32 or int64";
}

#endif
