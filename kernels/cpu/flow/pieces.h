/* Tensors cut along their first dim without copying, and put together again: what TensorArrays and
 * lists unpack and pack. */
#ifndef TARN_KERNELS_CPU_FLOW_PIECES_H
#define TARN_KERNELS_CPU_FLOW_PIECES_H

#include "core/tensor/tensor.h"

/* Rows [at, at + rows) of `whole` (rank >= 1, owning its buffer) on its buffer; drop_dim: one row,
 * without the first dim. The range is the caller's duty. `piece` is the caller's to clear. */
void tarn__piece(const tarn_tensor *whole, int64_t at, int64_t rows, bool drop_dim,
                 tarn_tensor *piece);
/* out = [count, shape...]; TARN_LIMIT when the rank is too large. */
tarn_status tarn__piece_stacked(const tarn_shape *shape, int64_t count, tarn_shape *out);
/* The shape without its first dim; rank must be at least 1. */
tarn_shape tarn__piece_rest(const tarn_shape *shape);
/* Both, where each may be unknown in places: TARN_SHAPE when they contradict each other. */
tarn_status tarn__shape_merge(const tarn_shape *a, const tarn_shape *b, tarn_shape *out);

#endif
