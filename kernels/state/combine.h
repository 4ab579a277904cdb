/* Arithmetic on runs of elements of one dtype: what writes to state with an operator (AssignAdd,
 * ScatterMul, gradients that meet in a TensorArray). Integers wrap; 16-bit floats compute in float
 * and round once. */
#ifndef TARN_KERNELS_STATE_COMBINE_H
#define TARN_KERNELS_STATE_COMBINE_H

#include "core/tensor/tensor.h"

typedef enum tarn_combine {
  TARN_COMBINE_PUT,   /* y = x: any dtype; strings and objects through tarn__tensor_copy_elements */
  TARN_COMBINE_ADD,
  TARN_COMBINE_SUB,
  TARN_COMBINE_MUL,
  TARN_COMBINE_DIV,   /* integers: towards zero; TARN_INVALID for a divisor of 0 */
  TARN_COMBINE_MIN,
  TARN_COMBINE_MAX
} tarn_combine;

/* n elements of x, from x_at on, onto y from y_at on. x_step 0: one element of x for all of y,
 * else 1. The ranges are the caller's duty. TARN_UNSUPPORTED where the dtype has no such
 * operator. */
tarn_status tarn__combine(tarn_combine how, tarn_tensor *y, int64_t y_at, const tarn_tensor *x,
                          int64_t x_at, int x_step, int64_t n);

#endif
