/* Borders: what lies inside of a constant one, and all of a mirrored one, made of copies with
 * negative strides. */
#include "kernels/cpu/array/views/views.h"

/* x into the middle of y, whose border is there already. */
static tarn_status pad_inside(const tarn_call *call) {
  const tarn_tensor *x = call->in[0];
  tarn_tensor *y = call->out[0];
  int64_t xs[TARN_MAX_RANK], ys[TARN_MAX_RANK];
  tarn__view_sides(call, xs, ys);
  tarn_view_copy c = {.rank = 0};
  for (int d = 0; d < x->shape.rank; d++) {
    c.to_at += tarn__index_at(call->in[1], 2 * d) * ys[d];
    tarn__view_add(&c, x->shape.dim[d], ys[d], xs[d]);
  }
  return COPY_VIEW(call, &c, y, x);
}

/* Each dim falls into the mirrored start, the inside and the mirrored end; every combination is one
 * copy. */
static tarn_status mirror_pieces(const tarn_call *call, const int64_t *ys, const int64_t *xs, int d,
                                 tarn_view_copy c) {
  const tarn_mirror_pad_params *p = call->problem->params;
  const tarn_shape *s = &call->in[0]->shape;
  if (d == s->rank) return COPY_VIEW(call, &c, call->out[0], call->in[0]);
  int64_t before = tarn__index_at(call->in[1], 2 * d),
          after = tarn__index_at(call->in[1], 2 * d + 1);
  int64_t n = s->dim[d], edge = p->symmetric ? 0 : 1;
  const int64_t length[3] = {before, n, after}, to[3] = {0, before, before + n};
  const int64_t from[3] = {before - 1 + edge, 0, n - 1 - edge}, step[3] = {-1, 1, -1};
  for (int k = 0; k < 3; k++) {
    if (length[k] == 0) continue;
    tarn_view_copy piece = c;
    piece.to_at += to[k] * ys[d];
    piece.from_at += from[k] * xs[d];
    tarn__view_add(&piece, length[k], ys[d], step[k] * xs[d]);
    TARN_TRY(mirror_pieces(call, ys, xs, d + 1, piece));
  }
  return TARN_OK;
}

static tarn_status mirror_pad(const tarn_call *call) {
  int64_t xs[TARN_MAX_RANK], ys[TARN_MAX_RANK];
  if (tarn__tensor_elements(call->out[0]) == 0) return TARN_OK;
  tarn__view_sides(call, xs, ys);
  return mirror_pieces(call, ys, xs, 0, (tarn_view_copy){.rank = 0});
}
