/* What is known of the elements of TensorArrays and stacks while planning: their shape, when all
 * that is written has one. */
#ifndef TARN_GRAPH_PLAN_ARRAYS_H
#define TARN_GRAPH_PLAN_ARRAYS_H

#include "graph/plan/builder.h"

/* Makers of handles that are followed: TensorArrayV3, TensorArrayGradV3, StackV2 and kin. */
bool tarn__plan_makes_array(const tarn_node *node);
/* A step whose first input is the handle that `maker` made. in[i]: shapes seen (rank < 0: unknown);
 * value[i]: elements or NULL. Sets *shape to output 0's where it follows; *size to the value of a
 * size op, else -1. */
tarn_status tarn__plan_array_step(tarn_builder *b, const tarn_node *maker, int block, int at,
                                  const tarn_step *step, const tarn_shape *in, tarn_shape *shape,
                                  int64_t *size);
/* A TensorArrayV3 of a known size that stays so. */
tarn_status tarn__plan_array_size(tarn_builder *b, const tarn_node *maker, int64_t size);

#endif
