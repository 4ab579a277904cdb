/* Repeats, from views with strides of 0. */
#include "kernels/cpu/array/views/views.h"

static tarn_status tile(const tarn_call *call) {
  const tarn_tensor *x = call->in[0];
  tarn_tensor *y = call->out[0];
  int64_t xs[TARN_MAX_RANK], ys[TARN_MAX_RANK];
  tarn__view_sides(call, xs, ys);
  tarn_view_copy c = {.rank = 0};
  for (int d = 0; d < x->shape.rank; d++) {
    tarn__view_add(&c, tarn__index_at(call->in[1], d), ys[d] * x->shape.dim[d], 0);
    tarn__view_add(&c, x->shape.dim[d], ys[d], xs[d]);
  }
  if (tarn__tensor_elements(y) == 0) return TARN_OK;
  return COPY_VIEW(call, &c, y, x);
}

static tarn_status broadcast_to(const tarn_call *call) {
  const tarn_tensor *x = call->in[0];
  tarn_tensor *y = call->out[0];
  int64_t xs[TARN_MAX_RANK], ys[TARN_MAX_RANK];
  tarn__view_sides(call, xs, ys);
  tarn_view_copy c = {.rank = 0};
  int lead = y->shape.rank - x->shape.rank;
  for (int d = 0; d < y->shape.rank; d++)
    tarn__view_add(&c, y->shape.dim[d], ys[d],
                   d < lead || x->shape.dim[d - lead] == 1 ? 0 : xs[d - lead]);
  return COPY_VIEW(call, &c, y, x);
}
