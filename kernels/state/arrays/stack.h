/* Stacks of tensors: what a V1 loop keeps of its forward steps for the backward ones.
 * Thread-safe. */
#ifndef TARN_KERNELS_STATE_ARRAYS_STACK_H
#define TARN_KERNELS_STATE_ARRAYS_STACK_H

#include "core/tensor/tensor.h"

typedef struct tarn_stack tarn_stack;

extern const tarn_object_type tarn__stack_type;

/* max_size < 0: no bound. */
tarn_status tarn__stack_create(const tarn_allocator *a, tarn_dtype dtype, int64_t max_size,
                               tarn_stack **stack);
/* Keeps value (shared, borrowed memory copied). TARN_INVALID when the stack is full, closed or of
 * another dtype. */
tarn_status tarn__stack_push(tarn_stack *stack, const tarn_tensor *value);
/* Gives the last value to the caller. TARN_INVALID when there is none. */
tarn_status tarn__stack_pop(tarn_stack *stack, tarn_tensor *out);
void tarn__stack_close(tarn_stack *stack);

#endif
