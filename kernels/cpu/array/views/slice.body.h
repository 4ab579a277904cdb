/* Slices out of a tensor, and their gradient, into one. */
#include "kernels/cpu/array/views/views.h"
#include "kernels/params/strided_slice.h"

static tarn_status slice(const tarn_call *call) {
  const tarn_tensor *x = call->in[0];
  tarn_tensor *y = call->out[0];
  int64_t xs[TARN_MAX_RANK], ys[TARN_MAX_RANK];
  tarn__view_sides(call, xs, ys);
  tarn_view_copy c = {.rank = 0};
  for (int d = 0; d < x->shape.rank; d++) {
    c.from_at += tarn__index_at(call->in[1], d) * xs[d];
    tarn__view_add(&c, y->shape.dim[d], ys[d], xs[d]);
  }
  return COPY_VIEW(call, &c, y, x);
}

/* The slice of `whole` that inputs 1 to 3 name, as one side of a copy; the other side is dense. */
static tarn_status view(const tarn_call *call, const tarn_shape *whole, bool write,
                        tarn_view_copy *c) {
  tarn_strided_slice s;
  TARN_TRY(tarn__strided_slice_make(call->problem->params, whole, call->in[1], call->in[2],
                                    call->in[3], &s));
  int64_t stride[TARN_MAX_RANK], at = 0, dense[TARN_MAX_RANK];
  tarn_shape part = {.rank = s.rank};
  memcpy(part.dim, s.size, sizeof part.dim);
  tarn__strides(whole, stride);
  tarn__strides(&part, dense);
  *c = (tarn_view_copy){.rank = 0};
  for (int d = 0; d < s.rank; d++) {
    at += s.begin[d] * stride[d];
    if (write) tarn__view_add(c, s.size[d], stride[d] * s.stride[d], dense[d]);
    else tarn__view_add(c, s.size[d], dense[d], stride[d] * s.stride[d]);
  }
  if (write) c->to_at = at;
  else c->from_at = at;
  return TARN_OK;
}

static tarn_status strided_slice(const tarn_call *call) {
  tarn_view_copy c;
  TARN_TRY(view(call, &call->in[0]->shape, false, &c));
  return COPY_VIEW(call, &c, call->out[0], call->in[0]);
}

static tarn_status strided_slice_grad(const tarn_call *call) {
  tarn_view_copy c;
  tarn_tensor *y = call->out[0];
  TARN_TRY(view(call, &y->shape, true, &c));
  TARN_TRY(CLEAR_ALL(call, y));
  return COPY_VIEW(call, &c, y, call->in[4]);
}
