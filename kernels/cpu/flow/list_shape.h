/* Element shapes as TensorList ops take them, and what a cell that is not set stands for. */
#ifndef TARN_KERNELS_CPU_FLOW_LIST_SHAPE_H
#define TARN_KERNELS_CPU_FLOW_LIST_SHAPE_H

#include "kernels/run.h"
#include "kernels/state/arrays/tensor_list.h"

/* The list behind input i. Borrowed. */
tarn_status tarn__list_of(const tarn_call *call, int i, const tarn_tensor_list **list);
/* A shape tensor of int32 or int64: the scalar -1 is an unknown rank, -1 in a vector an unknown
 * dim. */
tarn_status tarn__list_shape(const tarn_tensor *t, tarn_shape *shape);
/* The list's element shape merged with `wanted` and, with from_cells, with the shapes of all set
 * cells. */
tarn_status tarn__list_merged(const tarn_tensor_list *list, const tarn_shape *wanted,
                              bool from_cells, tarn_shape *shape);
/* Cell `index` into *out for the caller to clear: shared, or zeros of a shape that must then be
 * known. */
tarn_status tarn__list_read(const tarn_tensor_list *list, int64_t index, const tarn_shape *wanted,
                            tarn_tensor *out);

#endif
