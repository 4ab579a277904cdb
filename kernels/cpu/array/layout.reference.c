/* Axes and sizes in another order of dims. */
#include "kernels/cpu/array/elements.h"
#include "kernels/params/array.h"

static tarn_status dim_map(const tarn_call *call) {
  const tarn_layout_params *p = call->problem->params;
  int64_t n = tarn__tensor_elements(call->in[0]);
  for (int64_t i = 0; i < n; i++) {
    int64_t axis = tarn__index_at(call->in[0], i), to = 0;
    if (axis < 0) axis += p->rank;
    axis %= p->rank; /* axes that are none are not refused: TensorFlow's kernel wraps them, and has
                        the last for the rest */
    if (axis < 0) axis = p->rank - 1;
    while (p->order[to] != axis) to++;
    tarn__index_put(call->out[0], i, to);
  }
  return TARN_OK;
}

static tarn_status vec_permute(const tarn_call *call) {
  const tarn_layout_params *p = call->problem->params;
  const tarn_shape *s = &call->in[0]->shape;
  bool whole = s->dim[0] == p->rank;
  int64_t width = s->rank == 2 ? 2 : 1, to = 0;
  for (int i = 0; i < p->rank; i++) {
    if (!whole && !p->spatial[i]) continue;
    int64_t from = 0;
    for (int j = 0; j < p->rank; j++) from += p->order[j] < p->order[i] && (whole || p->spatial[j]);
    if (to == s->dim[0] || from >= s->dim[0])
      return tarn_fail(TARN_INVALID, "the formats have more spatial dims than N and C leave");
    TARN_TRY(tarn__move(call->out[0], to++ * width, call->in[0], from * width, width));
  }
  return to == s->dim[0]
             ? TARN_OK
             : tarn_fail(TARN_INVALID, "the formats have fewer spatial dims than x has");
}

const tarn_kernel tarn_kernels_array_layout_reference[] = {
  {.op = "DataFormatDimMap", .run = dim_map},
  {.op = "DataFormatVecPermute", .run = vec_permute},
  {0},
};
