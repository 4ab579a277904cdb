/* Reversals and rotations as strided copies, the reversed dims with negative strides. */
#include "kernels/cpu/array/views/reverse.body.h"
#include "kernels/cpu/array/views/view_copy.h"
#include "kernels/fault.h"
#include "kernels/params/array.h"

static tarn_status reverse_v1(const tarn_call *call) { return reverse(call, call->in[1]->data); }

static tarn_status reverse_sequence(const tarn_call *call) {
  const tarn_reverse_sequence_params *p = call->problem->params;
  const tarn_tensor *x = call->in[0];
  int64_t stride[TARN_MAX_RANK], length = x->shape.dim[p->seq_dim],
                                 batch = x->shape.dim[p->batch_dim];
  tarn__strides(&x->shape, stride);
  for (int64_t b = 0; b < batch; b++) {
    int64_t n = tarn__index_at(call->in[1], b);
    if (n < 0 || n > length)
      return tarn__fault_fail(
          &(tarn_fault){.kind = TARN_FAULT_LENGTH, .at = b, .index = {n}, .dim = {length}});
  }
  if (tarn__tensor_elements(x) == 0) return TARN_OK;
  for (int64_t b = 0; b < batch; b++) {
    int64_t n = tarn__index_at(call->in[1], b);
    for (int tail = 0; tail < 2; tail++) {
      tarn_view_copy c = {.to_at = b * stride[p->batch_dim]};
      c.from_at = c.to_at;
      if (tail ? n == length : n == 0) continue;
      if (tail) c.to_at += n * stride[p->seq_dim];
      c.from_at += (tail ? n : n - 1) * stride[p->seq_dim];
      for (int d = 0; d < x->shape.rank; d++) {
        if (d == p->batch_dim) continue;
        if (d != p->seq_dim) tarn__view_add(&c, x->shape.dim[d], stride[d], stride[d]);
        else tarn__view_add(&c, tail ? length - n : n, stride[d], tail ? stride[d] : -stride[d]);
      }
      TARN_TRY(tarn__view_copy_run(&c, call->out[0], x, call->pool));
    }
  }
  return TARN_OK;
}

/* Each rolled dim falls into two pieces; every combination of pieces is one copy. */
static tarn_status roll_pieces(const tarn_call *call, const int64_t *shift, const int64_t *stride,
                               int d, tarn_view_copy c) {
  const tarn_shape *s = &call->in[0]->shape;
  if (d == s->rank) return tarn__view_copy_run(&c, call->out[0], call->in[0], call->pool);
  int64_t n = s->dim[d];
  tarn_view_copy first = c;
  first.to_at += shift[d] * stride[d];
  tarn__view_add(&first, n - shift[d], stride[d], stride[d]);
  TARN_TRY(roll_pieces(call, shift, stride, d + 1, first));
  if (shift[d] == 0) return TARN_OK;
  c.from_at += (n - shift[d]) * stride[d];
  tarn__view_add(&c, shift[d], stride[d], stride[d]);
  return roll_pieces(call, shift, stride, d + 1, c);
}

static tarn_status roll(const tarn_call *call) {
  const tarn_tensor *x = call->in[0];
  int64_t shift[TARN_MAX_RANK] = {0}, stride[TARN_MAX_RANK], n = tarn__tensor_elements(call->in[2]);
  if (tarn__tensor_elements(x) == 0) return TARN_OK;
  for (int64_t i = 0; i < n; i++) {
    int64_t axis = tarn__index_at(call->in[2], i);
    if (axis < 0) axis += x->shape.rank;
    int64_t dim = x->shape.dim[axis], by = tarn__index_at(call->in[1], i) % dim;
    shift[axis] = (shift[axis] + (by < 0 ? by + dim : by)) % dim;
  }
  tarn__strides(&x->shape, stride);
  return roll_pieces(call, shift, stride, 0, (tarn_view_copy){.rank = 0});
}

const tarn_kernel tarn_kernels_views_reverse_reference[] = {
  {.op = "ReverseV2", .run = reverse_v2},
  {.op = "Reverse", .run = reverse_v1},
  {.op = "ReverseSequence", .run = reverse_sequence},
  {.op = "Roll", .run = roll},
  {0},
};
