/* Shapes as values, and whole copies. */
#include "kernels/cpu/array/elements.h"

static tarn_status shape(const tarn_call *call) {
  for (int i = 0; i < call->problem->outputs; i++) {
    const tarn_shape *s = &call->problem->in_shape[i];
    for (int d = 0; d < s->rank; d++) tarn__index_put(call->out[i], d, s->dim[d]);
  }
  return TARN_OK;
}

static tarn_status size(const tarn_call *call) {
  tarn__index_put(call->out[0], 0, tarn__shape_elements(&call->problem->in_shape[0]));
  return TARN_OK;
}

static tarn_status rank(const tarn_call *call) {
  tarn__index_put(call->out[0], 0, call->problem->in_shape[0].rank);
  return TARN_OK;
}

static tarn_status copy(const tarn_call *call) {
  return tarn__move(call->out[0], 0, call->in[0], 0, tarn__tensor_elements(call->in[0]));
}

const tarn_kernel tarn_kernels_array_shape_reference[] = {
  {.op = "Shape", .run = shape},
  {.op = "ShapeN", .run = shape},
  {.op = "Size", .run = size},
  {.op = "Rank", .run = rank},
  {.op = "DeepCopy", .run = copy},
  {.op = "Copy", .run = copy},
  {0},
};
