/* Transposes. */
#include "kernels/cpu/array/views/views.h"

static tarn_status transpose(const tarn_call *call) {
  const tarn_tensor *x = call->in[0], *perm = call->in[1];
  tarn_tensor *y = call->out[0];
  int64_t xs[TARN_MAX_RANK], ys[TARN_MAX_RANK];
  tarn__view_sides(call, xs, ys);
  tarn_view_copy c = {.rank = 0};
  for (int d = 0; d < y->shape.rank; d++) {
    int64_t axis = tarn__index_at(perm, d);
    tarn__view_add(&c, y->shape.dim[d], ys[d], xs[axis < 0 ? axis + x->shape.rank : axis]);
  }
  return COPY_VIEW(call, &c, y, x);
}
