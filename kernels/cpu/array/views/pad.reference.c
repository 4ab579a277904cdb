/* Padding: a constant border is filled and the inside copied; a mirrored border is made of copies
 * with negative strides. */
#include "kernels/cpu/array/numeric.h"
#include "kernels/cpu/array/views/view_copy.h"
#include "kernels/params/array.h"
#include "kernels/cpu/array/views/pad.body.h"

static tarn_status pad(const tarn_call *call) {
  tarn_tensor *y = call->out[0];
  if (call->problem->inputs == 3)
    TARN_TRY(tarn__repeat(y, 0, tarn__tensor_elements(y), call->in[2], 0));
  else TARN_TRY(CLEAR_ALL(call, y));
  return pad_inside(call);
}

/* Where position i of a padded dim comes from; n is the length inside. */
static int64_t mirrored(int64_t i, int64_t before, int64_t n, bool symmetric) {
  i -= before;
  if (i < 0) return symmetric ? -1 - i : -i;
  if (i >= n) return symmetric ? 2 * n - 1 - i : 2 * n - 2 - i;
  return i;
}

/* n elements of dy onto dx, which is walked with a step of 1 or -1. */
static void add_run(tarn_tensor *dx, int64_t at, int64_t step, const tarn_tensor *dy, int64_t from,
                    int64_t n) {
  switch ((int)dx->dtype) {
#define ROW(DT, S, A, GET, PUT)                                                         \
  case DT: {                                                                            \
    S *to = (S *)dx->data + at;                                                         \
    const S *xs = (const S *)dy->data + from;                                           \
    for (int64_t i = 0; i < n; i++) to[i * step] = PUT(GET(to[i * step]) + GET(xs[i])); \
    break;                                                                              \
  }
    TARN_RING_ROWS(ROW)
#undef ROW
    default: break;
  }
}

/* Row by row of the last dim: its mirrored start, its inside and its mirrored end. */
static tarn_status mirror_pad_grad(const tarn_call *call) {
  const tarn_mirror_pad_params *p = call->problem->params;
  const tarn_tensor *dy = call->in[0];
  tarn_tensor *dx = call->out[0];
  const tarn_shape *s = &dy->shape;
  const int last = s->rank - 1, edge = p->symmetric ? 0 : 1;
  int64_t stride[TARN_MAX_RANK], index[TARN_MAX_RANK] = {0}, n = tarn__tensor_elements(dy);
  if (last < 0) return tarn__move(dx, 0, dy, 0, 1);
  tarn__strides(&dx->shape, stride);
  TARN_TRY(tarn__clear_elements(dx, 0, tarn__tensor_elements(dx)));
  const int64_t inside = dx->shape.dim[last], before = tarn__index_at(call->in[1], 2 * last);
  const int64_t after = tarn__index_at(call->in[1], 2 * last + 1);
  for (int64_t i = 0; i < n; i += s->dim[last]) {
    int64_t at = 0;
    for (int d = 0; d < last; d++)
      at += stride[d] *
            mirrored(index[d], tarn__index_at(call->in[1], 2 * d), dx->shape.dim[d], p->symmetric);
    add_run(dx, at + before - 1 + edge, -1, dy, i, before);
    add_run(dx, at, 1, dy, i + before, inside);
    add_run(dx, at + inside - 1 - edge, -1, dy, i + before + inside, after);
    for (int d = last - 1; d >= 0 && ++index[d] == s->dim[d]; d--) index[d] = 0;
  }
  return TARN_OK;
}

const tarn_kernel tarn_kernels_views_pad_reference[] = {
  {.op = "Pad", .run = pad},
  {.op = "PadV2", .run = pad},
  {.op = "MirrorPad", .run = mirror_pad},
  {.op = "MirrorPadGrad", .run = mirror_pad_grad, .dtypes = TARN_RING},
  {0},
};
