/* A tensor as an element of a variant tensor: what serialised sparse tensors are in pipelines.
 * Never changes. */
#ifndef TARN_KERNELS_STATE_HELD_H
#define TARN_KERNELS_STATE_HELD_H

#include "core/tensor/tensor.h"

/* Element i of a variant tensor becomes a holder of `value`, shared where it owns its memory. */
tarn_status tarn__held_set(const tarn_allocator *a, tarn_tensor *variants, int64_t i,
                           const tarn_tensor *value);
/* Borrowed. TARN_INVALID when element i holds no tensor. */
tarn_status tarn__held_get(const tarn_tensor *variants, int64_t i, const tarn_tensor **value);

#endif
