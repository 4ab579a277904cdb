/* A copy between two strided views of one shape: what slices, transposes, reversals, tiles, pads
 * and the space-to-batch family all come down to. */
#ifndef TARN_KERNELS_CPU_ARRAY_VIEWS_VIEW_COPY_H
#define TARN_KERNELS_CPU_ARRAY_VIEWS_VIEW_COPY_H

#include "kernels/cpu/array/elements.h"

#define TARN_VIEW_MAX (2 * TARN_MAX_RANK + 4)

/* to[to_at + sum i_d to_stride_d] = from[from_at + sum i_d from_stride_d] for every index i within
 * dim. Offsets and strides count elements; strides may be negative, and those of `from` zero
 * (repeats). */
typedef struct tarn_view_copy {
  int rank; /* 0: one element */
  int64_t dim[TARN_VIEW_MAX], to_stride[TARN_VIEW_MAX], from_stride[TARN_VIEW_MAX];
  int64_t to_at, from_at;
} tarn_view_copy;

static inline void tarn__view_add(tarn_view_copy *c, int64_t dim, int64_t to_stride,
                                  int64_t from_stride) {
  c->dim[c->rank] = dim;
  c->to_stride[c->rank] = to_stride;
  c->from_stride[c->rank++] = from_stride;
}

/* Both views must lie within their tensors, and not overlap. Plain dtypes are shared among the
 * pool's threads. */
tarn_status tarn__view_copy_run(const tarn_view_copy *copy, tarn_tensor *to,
                                const tarn_tensor *from, tarn_pool *pool);

#endif
