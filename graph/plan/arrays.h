/* What is known of the elements of TensorArrays and stacks while planning: their shape, when all
 * that is written has one, and what is on a stack, when all that is pushed are the same few
 * integers. */
#ifndef TARN_GRAPH_PLAN_ARRAYS_H
#define TARN_GRAPH_PLAN_ARRAYS_H

#include "graph/plan/builder.h"

/* Makers of handles that are followed: TensorArrayV3, TensorArrayGradV3, StackV2 and kin. */
bool tarn__plan_makes_array(const tarn_node *node);
/* A few integers; no dtype: not known. */
typedef struct tarn_array_value {
  tarn_dtype dtype;
  tarn_shape shape;
  int64_t element[TARN_MAX_RANK];
} tarn_array_value;

/* A step whose first input is the handle that `maker` made. in[i]: shapes seen (rank < 0: unknown);
 * value[i]: elements or NULL. Sets *shape to output 0's where it follows, *known to what output 0
 * is. */
tarn_status tarn__plan_array_step(tarn_builder *b, const tarn_node *maker, int block, int at,
                                  const tarn_step *step, const tarn_shape *in,
                                  const tarn_tensor *const *value, tarn_shape *shape,
                                  tarn_array_value *known);
/* A TensorArrayGradV3 of the array that `forward` made: all of one source are one array. Other
 * steps are left alone. */
tarn_status tarn__plan_array_gradient(tarn_builder *b, const tarn_step *step,
                                      const tarn_node *forward);
/* A TensorArrayV3 of a known size that stays so. */
tarn_status tarn__plan_array_size(tarn_builder *b, const tarn_node *maker, int64_t size);

#endif
