/* Joining and parting are copies of [outer, run] blocks between tensors of different row
 * lengths. */
#include "kernels/cpu/array/views/view_copy.h"
#include "kernels/params/array.h"
#include "kernels/cpu/array/views/join.body.h"

static tarn_status parallel_concat(const tarn_call *call) {
  return concat(call, call->in, call->problem->inputs, 0);
}

static tarn_status concat_offset(const tarn_call *call) {
  int64_t rank = tarn__tensor_elements(call->in[1]), at = 0;
  int64_t axis = tarn__index_at(call->in[0], 0);
  if (axis < 0) axis += rank;
  for (int i = 0; i < call->problem->outputs; i++) {
    for (int64_t d = 0; d < rank; d++) tarn__index_put(call->out[i], d, d == axis ? at : 0);
    /* Wraps like TensorFlow's sum where the shapes are no real ones. */
    at = (int64_t)((uint64_t)at + (uint64_t)tarn__index_at(call->in[i + 1], axis));
  }
  return TARN_OK;
}

const tarn_kernel tarn_kernels_views_concat_reference[] = {
  {.op = "Concat", .run = concat_v1},
  {.op = "ConcatV2", .run = concat_v2},
  {.op = "ConcatOffset", .run = concat_offset},
  {.op = "ParallelConcat", .run = parallel_concat},
  {.op = "Split", .run = split_equal},
  {.op = "SplitV", .run = split_v},
  {.op = "Pack", .run = pack},
  {.op = "Unpack", .run = unpack},
  {0},
};
