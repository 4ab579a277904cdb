/* Lists of tensors in variants (TensorList*). A list never changes as long as anybody may look at
 * it: an op makes a new list, whose cells are shared with the old one and counted, so a copy costs
 * a pointer an element. Only where the plan hands a step the last sight of a list (its output
 * shares the input's buffer) is the list itself changed: a loop that writes one element a round
 * costs a round, not a list. */
#ifndef TARN_KERNELS_STATE_ARRAYS_TENSOR_LIST_H
#define TARN_KERNELS_STATE_ARRAYS_TENSOR_LIST_H

#include "core/tensor/tensor.h"

typedef struct tarn_list_cell tarn_list_cell;

typedef struct tarn_tensor_list {
  tarn_object object;
  const tarn_allocator *allocator;
  tarn_dtype dtype;
  tarn_shape element_shape;      /* unknown in places */
  int64_t max_elements;          /* -1: no bound */
  int64_t size, capacity;
  tarn_list_cell **cell;         /* NULL: not set, zeros once its shape is known */
} tarn_tensor_list;

extern const tarn_object_type tarn__tensor_list_type;

enum { TARN_LIST_MAX_SIZE = 1 << 24 };

/* `size` cells that are not set. TARN_INVALID for a negative size, TARN_LIMIT beyond
 * TARN_LIST_MAX_SIZE. */
tarn_status tarn__tensor_list_create(const tarn_allocator *a, tarn_dtype dtype,
                                     const tarn_shape *element_shape, int64_t max_elements,
                                     int64_t size, tarn_tensor_list **list);
/* A list of the first `size` cells of `from`, more of them not set, for the caller to change and
 * give out. */
tarn_status tarn__tensor_list_copy(const tarn_tensor_list *from, int64_t size,
                                   tarn_tensor_list **list);
/* Makes a list that nobody else sees longer by cells that are not set, with room to spare.
 * TARN_LIMIT, TARN_NO_MEMORY. */
tarn_status tarn__tensor_list_grow(tarn_tensor_list *list, int64_t size);
/* Drops the last cell of a list that nobody else sees; there is one. */
void tarn__tensor_list_drop_last(tarn_tensor_list *list);
/* Only for a list that nobody else sees. Keeps value: its buffer is shared, borrowed memory copied.
 * The dtype and the element shape must fit (TARN_INVALID); the index is the caller's duty. */
tarn_status tarn__tensor_list_set(tarn_tensor_list *list, int64_t index, const tarn_tensor *value);
/* NULL where the cell is not set. Borrowed. */
const tarn_tensor *tarn__tensor_list_get(const tarn_tensor_list *list, int64_t index);

#endif
