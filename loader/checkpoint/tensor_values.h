/* The typed value fields of a TensorProto, as V1 checkpoints store elements. */
#ifndef TARN_LOADER_CHECKPOINT_TENSOR_VALUES_H
#define TARN_LOADER_CHECKPOINT_TENSOR_VALUES_H

#include "core/tensor/tensor.h"
#include "core/wire/wire.h"

/* The elements of `dtype` and `shape` (which a checkpoint keeps elsewhere) out of a TensorProto.
 * There must be exactly as many values as elements: the repetition of the last one that graph
 * constants allow has no place in a checkpoint, where TensorFlow refuses it too. Errors:
 * TARN_CORRUPT, TARN_UNSUPPORTED (a dtype without such a field), TARN_NO_MEMORY. Memory is taken
 * only once the values were counted. */
TARN_MUST_CHECK tarn_status tarn__tensor_values(const tarn_allocator *a, const tarn_wire *proto,
                                                tarn_dtype dtype, const tarn_shape *shape,
                                                tarn_tensor *out);
/* Appends the same fields. */
TARN_MUST_CHECK tarn_status tarn__tensor_values_add(tarn_bytes *b, const tarn_tensor *tensor);

#endif
