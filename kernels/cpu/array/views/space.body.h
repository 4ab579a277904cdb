/* Space to batch and to depth: one strided copy per offset within a block, or one for all. */
#include "kernels/cpu/array/views/views.h"

/* `space` is the tensor with large spatial dims, `batch` the one with a large batch; margins are
 * what padding adds to space or cropping takes from it, so the same positions correspond in both
 * directions. */
static tarn_status fold(const tarn_call *call, bool to_batch, const tarn_tensor *margins,
                        const int64_t *block, int count) {
  const tarn_tensor *x = call->in[0];
  tarn_tensor *y = call->out[0];
  const tarn_shape *space = to_batch ? &x->shape : &y->shape,
                   *batch = to_batch ? &y->shape : &x->shape;
  int64_t ss[TARN_MAX_RANK], bs[TARN_MAX_RANK], offset[TARN_MAX_RANK] = {0}, offsets = 1;
  if (to_batch) TARN_TRY(CLEAR_ALL(call, y));
  if (tarn__tensor_elements(y) == 0 || tarn__tensor_elements(x) == 0) return TARN_OK;
  tarn__strides(space, ss);
  tarn__strides(batch, bs);
  for (int i = 0; i < count; i++) offsets *= block[i];
  for (int64_t o = 0; o < offsets; o++) {
    int64_t rest = o, space_at = 0, batch_at = o * space->dim[0] * bs[0];
    for (int i = count - 1; i >= 0; i--) {
      offset[i] = rest % block[i];
      rest /= block[i];
    }
    tarn_view_copy c = {.rank = 0};
    tarn__view_add(&c, space->dim[0], to_batch ? bs[0] : ss[0], to_batch ? ss[0] : bs[0]);
    for (int d = 1; d < space->rank; d++) {
      int64_t n = space->dim[d], step = ss[d];
      if (d <= count) {
        /* Position j of the batch tensor is position j B + offset - before of space: keep those
         * that exist. */
        int64_t b = block[d - 1], shift = offset[d - 1] - tarn__index_at(margins, 2 * (d - 1));
        int64_t first = shift >= 0 ? 0 : (-shift + b - 1) / b,
                end = n > shift ? (n - shift + b - 1) / b : 0;
        if (end > batch->dim[d]) end = batch->dim[d];
        n = end > first ? end - first : 0;
        space_at += (first * b + shift) * ss[d];
        batch_at += first * bs[d];
        step = b * ss[d];
      }
      tarn__view_add(&c, n, to_batch ? bs[d] : step, to_batch ? step : bs[d]);
    }
    c.to_at = to_batch ? batch_at : space_at;
    c.from_at = to_batch ? space_at : batch_at;
    TARN_TRY(COPY_VIEW(call, &c, y, x));
  }
  return TARN_OK;
}

static tarn_status fold_square(const tarn_call *call, bool to_batch) {
  int64_t size = ((const tarn_block_params *)call->problem->params)->block_size;
  return fold(call, to_batch, call->in[1], (const int64_t[2]){size, size}, 2);
}

static tarn_status fold_nd(const tarn_call *call, bool to_batch) {
  int64_t block[TARN_MAX_RANK];
  int count = (int)tarn__tensor_elements(call->in[1]);
  for (int i = 0; i < count; i++) block[i] = tarn__index_at(call->in[1], i);
  return fold(call, to_batch, call->in[2], block, count);
}

static tarn_status space_to_batch(const tarn_call *call) { return fold_square(call, true); }
static tarn_status batch_to_space(const tarn_call *call) { return fold_square(call, false); }
static tarn_status space_to_batch_nd(const tarn_call *call) { return fold_nd(call, true); }
static tarn_status batch_to_space_nd(const tarn_call *call) { return fold_nd(call, false); }

/* Both sides seen as [N, H, W, B, B, C]: rows and columns of blocks, then within a block. */
static tarn_status depth(const tarn_call *call, bool into_depth) {
  const tarn_block_params *p = call->problem->params;
  const tarn_shape *x = &call->in[0]->shape, *y = &call->out[0]->shape;
  const tarn_shape *space = into_depth ? x : y, *deep = into_depth ? y : x;
  int64_t ss[4], ds[4], b = p->block_size;
  tarn__strides(space, ss);
  tarn__strides(deep, ds);
  int h = p->nchw ? 2 : 1, w = h + 1, c = p->nchw ? 1 : 3;
  int64_t channels = space->dim[c];
  const int64_t dim[6] = {space->dim[0], deep->dim[h], deep->dim[w], b, b, channels};
  const int64_t in_space[6] = {ss[0], ss[h] * b, ss[w] * b, ss[h], ss[w], ss[c]};
  const int64_t in_deep[6] = {ds[0], ds[h], ds[w], b * channels * ds[c], channels * ds[c], ds[c]};
  tarn_view_copy copy = {.rank = 0};
  for (int d = 0; d < 6; d++)
    tarn__view_add(&copy, dim[d], into_depth ? in_deep[d] : in_space[d],
                   into_depth ? in_space[d] : in_deep[d]);
  return COPY_VIEW(call, &copy, call->out[0], call->in[0]);
}

static tarn_status space_to_depth(const tarn_call *call) { return depth(call, true); }
static tarn_status depth_to_space(const tarn_call *call) { return depth(call, false); }
