/* ReverseSequence, Roll, and the gradient of MirrorPad. */
#include "kernels/cuda/array/turn.h"

#include "kernels/cpu/array/elements.h"
#include "kernels/cuda/cuda.h"
#include "kernels/cuda/each/sets.h"
#include "kernels/cuda/index/run.h"
#include "kernels/params/array.h"

static const char *refuse_lengths(const tarn_problem *p) {
  return tarn__cuda_refuse_index(p, 1);
}
static tarn_status reverse_sequence(const tarn_call *call) {
  const tarn_reverse_sequence_params *p = call->problem->params;
  const tarn_tensor *x = call->in[0];
  int64_t stride[TARN_MAX_RANK];
  tarn__strides(&x->shape, stride);
  const tarn_cuda_reverse_sequence work = {.n = tarn__tensor_elements(x),
                                           .dim = x->shape.dim[p->seq_dim],
                                           .stride = stride[p->seq_dim],
                                           .batch = x->shape.dim[p->batch_dim],
                                           .batch_stride = stride[p->batch_dim],
                                           .bytes = (int)tarn_dtype_bytes(x->dtype),
                                           .wide = call->in[1]->dtype == TARN_I64,
                                           .lengths = call->in[1]->data,
                                           .x = x->data,
                                           .y = call->out[0]->data,
                                           .fault = call->fault,
                                           .fault_step = call->fault_step};
  if (work.batch == 0) return TARN_OK;
  TARN_LAUNCHED(tarn__cuda_reverse_sequence(tarn__stream(call), &work));
  return TARN_OK;
}

static tarn_status roll(const tarn_call *call) {
  const tarn_tensor *x = call->in[0];
  int64_t shift[TARN_MAX_RANK] = {0}, stride[TARN_MAX_RANK];
  tarn_cuda_roll work = {.n = tarn__tensor_elements(x),
                         .bytes = (int)tarn_dtype_bytes(x->dtype),
                         .x = x->data,
                         .y = call->out[0]->data};
  if (work.n == 0) return TARN_OK;
  for (int64_t i = 0; i < tarn__tensor_elements(call->in[2]); i++) {
    int64_t axis = tarn__index_at(call->in[2], i);
    if (axis < 0) axis += x->shape.rank;
    const int64_t dim = x->shape.dim[axis], by = tarn__index_at(call->in[1], i) % dim;
    shift[axis] = (shift[axis] + (by < 0 ? by + dim : by)) % dim;
  }
  tarn__strides(&x->shape, stride);
  for (int d = 0; d < x->shape.rank; d++) {
    if (!shift[d]) continue;
    work.dim[work.axes] = x->shape.dim[d];
    work.stride[work.axes] = stride[d];
    work.shift[work.axes++] = shift[d];
  }
  TARN_LAUNCHED(tarn__cuda_roll(tarn__stream(call), &work));
  return TARN_OK;
}

static tarn_status mirror_gradient(const tarn_call *call) {
  const tarn_mirror_pad_params *p = call->problem->params;
  const tarn_tensor *dy = call->in[0], *dx = call->out[0];
  tarn_cuda_mirror work = {.n = tarn__tensor_elements(dx),
                           .rank = dx->shape.rank,
                           .edge = p->symmetric ? 0 : 1,
                           .dy = dy->data,
                           .dx = dx->data};
  if (work.n == 0) return TARN_OK;
  tarn__strides(&dy->shape, work.stride);
  for (int d = 0; d < work.rank; d++) {
    work.dim[d] = dx->shape.dim[d];
    work.before[d] = tarn__index_at(call->in[1], 2 * d);
    work.after[d] = tarn__index_at(call->in[1], 2 * d + 1);
  }
  TARN_LAUNCHED(tarn__cuda_mirror_gradient(tarn__stream(call), (int)dx->dtype, &work));
  return TARN_OK;
}

const tarn_kernel tarn_kernels_array_turn_cuda[] = {
    {.op = "ReverseSequence",
     .dtypes = TARN_PLAIN,
     .faults = true,
     .supports = refuse_lengths,
     .run = reverse_sequence},
    {.op = "Roll", .dtypes = TARN_PLAIN, .host_in = 6, .run = roll},
    {.op = "MirrorPadGrad",
     .dtypes = EACH_FLOAT_BITS | EACH_WRAP_BITS,
     .host_in = 2,
     .run = mirror_gradient},
    {0},
};
