/* Gather (V1, V2, Nd) and OneHot, of every plain dtype by its size. */
#include "kernels/cpu/array/elements.h"
#include "kernels/cuda/cuda.h"
#include "kernels/cuda/index/index.h"
#include "kernels/cuda/index/run.h"
#include "kernels/params/array.h"

static const char *refuse_narrow(const tarn_problem *p) {
  return tarn__cuda_refuse_index(p, 1);
}

static tarn_status gather_v1(const tarn_call *call) {
  return tarn__cuda_gather_run(call, 0, 0);
}
static tarn_status gather_v2(const tarn_call *call) {
  int64_t axis = tarn__index_at(call->in[2], 0),
          batch = ((const tarn_gather_params *)call->problem->params)->batch_dims;
  if (axis < 0) axis += call->in[0]->shape.rank;
  if (batch < 0) batch += call->in[1]->shape.rank;
  return tarn__cuda_gather_run(call, (int)axis, (int)batch);
}
static tarn_status gather_nd(const tarn_call *call) {
  return tarn__cuda_gather_nd_run(call,
                                  ((const tarn_bad_indices_params *)call->problem->params)->ignore);
}

static const char *refuse_index(const tarn_problem *p) {
  const tarn_dtypes some = TARN_BIT(TARN_U8) | TARN_BIT(TARN_I32) | TARN_BIT(TARN_I64);
  return tarn__dtype_in(p->in_dtype[0], some) ? NULL : "indices that are not uint8, int32 or int64";
}
static tarn_status one_hot(const tarn_call *call) {
  const tarn_tensor *indices = call->in[0], *y = call->out[0];
  if (tarn__tensor_elements(y) == 0) return TARN_OK;
  const int64_t given = ((const tarn_axis_params *)call->problem->params)->axis;
  const int axis = (int)(given < 0 ? given + y->shape.rank : given);
  const tarn_cuda_one_hot work = {.outer = tarn__dims_product(&y->shape, 0, axis),
                                  .depth = y->shape.dim[axis],
                                  .inner = tarn__dims_product(&y->shape, axis + 1, y->shape.rank),
                                  .bytes = (int)tarn_dtype_bytes(y->dtype),
                                  .index_bytes = (int)tarn_dtype_bytes(indices->dtype),
                                  .indices = indices->data,
                                  .on = call->in[2]->data,
                                  .off = call->in[3]->data,
                                  .y = y->data};
  TARN_LAUNCHED(tarn__cuda_one_hot(tarn__stream(call), &work));
  return TARN_OK;
}

const tarn_kernel tarn_kernels_index_rows_cuda[] = {
    {.op = "Gather",
     .dtypes = TARN_PLAIN,
     .faults = true,
     .supports = refuse_narrow,
     .run = gather_v1},
    {.op = "GatherV2",
     .dtypes = TARN_PLAIN,
     .host_in = 4,
     .faults = true,
     .supports = refuse_narrow,
     .run = gather_v2},
    {.op = "GatherNd",
     .dtypes = TARN_PLAIN,
     .faults = true,
     .supports = refuse_narrow,
     .run = gather_nd},
    {.op = "OneHot",
     .dtypes = TARN_PLAIN,
     .keyed = 2,
     .host_in = 2,
     .supports = refuse_index,
     .run = one_hot},
    {0},
};
