/* TensorArrays: indexed tensors that one run writes and reads, with arrays of gradients beside
 * them.
 *
 * Rules are TensorFlow's: an index is written once (gradient arrays add up instead) and, with
 * clear_after_read, read once; an index that was never written reads as zeros where the element
 * shape is fully known. The array belongs to whoever holds its handle; it owns its gradient arrays.
 * Thread-safe; the fields are set when it is made. */
#ifndef TARN_KERNELS_STATE_ARRAYS_TENSOR_ARRAY_H
#define TARN_KERNELS_STATE_ARRAYS_TENSOR_ARRAY_H

#include "core/tensor/tensor.h"

#include <pthread.h>

typedef struct tarn_tensor_array {
  tarn_object object;
  const tarn_allocator *allocator;
  pthread_mutex_t lock;
  tarn_dtype dtype;
  tarn_shape element_shape;      /* unknown in places */
  bool dynamic_size, clear_after_read, identical_shapes;
  bool sums;                     /* a gradient array: a second write adds */
  bool closed;
  struct tarn_array_cell **cell; /* NULL: nothing there yet */
  int64_t size, capacity;
  struct tarn_array_gradient *gradients;   /* by source name, a list */
} tarn_tensor_array;

extern const tarn_object_type tarn__tensor_array_type;

enum { TARN_ARRAY_MAX_SIZE = 1 << 24 };

/* What the op's attributes say: dtype, element_shape and the first three flags of `like` are taken.
 * TARN_INVALID for a negative size, TARN_LIMIT for one beyond TARN_ARRAY_MAX_SIZE. */
tarn_status tarn__tensor_array_create(const tarn_allocator *a, const tarn_tensor_array *like,
                                      int64_t size, tarn_tensor_array **array);
int64_t tarn__tensor_array_size(tarn_tensor_array *array);
/* Room for indices below `size`: grows a dynamic array, refuses (TARN_INVALID) on another. */
tarn_status tarn__tensor_array_grow(tarn_tensor_array *array, int64_t size);
/* Keeps value: its buffer is shared, borrowed memory copied. */
tarn_status tarn__tensor_array_write(tarn_tensor_array *array, int64_t index,
                                     const tarn_tensor *value);
/* Shares what is there into *out, which the caller clears. */
tarn_status tarn__tensor_array_read(tarn_tensor_array *array, int64_t index, tarn_tensor *out);
/* The gradient array of that name, made when there is none: same size, shapes as written so far,
 * with `prepend` before each (rank 0: none). One reference for the caller. The array stops
 * growing. */
tarn_status tarn__tensor_array_gradient(tarn_tensor_array *array, const tarn_string *source,
                                        const tarn_shape *prepend, tarn_tensor_array **gradient);
/* Drops every element; later uses fail. */
void tarn__tensor_array_close(tarn_tensor_array *array);

#endif
