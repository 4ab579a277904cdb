/* What StridedSlice's begin, end, strides and masks mean for a tensor of a known shape. Shared by
 * the shape rule and the kernels. */
#ifndef TARN_KERNELS_PARAMS_STRIDED_SLICE_H
#define TARN_KERNELS_PARAMS_STRIDED_SLICE_H

#include "core/tensor/tensor.h"
#include "kernels/params/array.h"

typedef struct tarn_strided_slice {
  int rank; /* of the sliced tensor */
  int64_t begin[TARN_MAX_RANK], stride[TARN_MAX_RANK], size[TARN_MAX_RANK];
  int at[TARN_MAX_RANK];       /* which dim of `out` each dim is; -1: none, it is shrunk */
  tarn_shape out; /* with new axes, without shrunk ones */
} tarn_strided_slice;

/* begin, end and strides: integer tensors, of any shape: it is checked. TARN_SHAPE,
 * TARN_INVALID. */
tarn_status tarn__strided_slice_make(const tarn_strided_slice_params *p, const tarn_shape *x,
                                     const tarn_tensor *begin, const tarn_tensor *end,
                                     const tarn_tensor *strides, tarn_strided_slice *slice);

/* A value written to the slice is broadcast to it, and may have ones in front. TARN_SHAPE when it
 * does not fit. */
tarn_status tarn__strided_slice_takes(const tarn_strided_slice *slice, const tarn_shape *value);

#endif
