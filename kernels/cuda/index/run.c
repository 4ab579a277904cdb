#include "kernels/cuda/index/run.h"

#include "kernels/cpu/array/elements.h"
#include "kernels/cuda/cuda.h"
#include "kernels/cuda/index/index.h"

static bool wide(const tarn_tensor *indices) {
  return indices->dtype == TARN_I64;
}

tarn_status tarn__cuda_gather_run(const tarn_call *call, int axis, int batch) {
  const tarn_tensor *x = call->in[0], *indices = call->in[1];
  if (tarn__tensor_elements(call->out[0]) == 0) return TARN_OK;
  const tarn_cuda_gather work = {
      .batches = tarn__dims_product(&x->shape, 0, batch),
      .outer = tarn__dims_product(&x->shape, batch, axis),
      .dim = x->shape.dim[axis],
      .n = tarn__dims_product(&indices->shape, batch, indices->shape.rank),
      .row = tarn__dims_product(&x->shape, axis + 1, x->shape.rank),
      .bytes = (int)tarn_dtype_bytes(x->dtype),
      .wide = wide(indices),
      .noted = {call->fault, call->fault_step},
      .x = x->data,
      .indices = indices->data,
      .y = call->out[0]->data};
  TARN_LAUNCHED(tarn__cuda_gather(tarn__stream(call), &work));
  return TARN_OK;
}

tarn_status tarn__cuda_gather_nd_run(const tarn_call *call, bool ignore) {
  const tarn_tensor *x = call->in[0], *indices = call->in[1];
  if (tarn__tensor_elements(call->out[0]) == 0) return TARN_OK;
  const int depth = (int)indices->shape.dim[indices->shape.rank - 1];
  tarn_cuda_gather_nd work = {.n = tarn__dims_product(&indices->shape, 0, indices->shape.rank - 1),
                              .row = tarn__dims_product(&x->shape, depth, x->shape.rank),
                              .depth = depth,
                              .bytes = (int)tarn_dtype_bytes(x->dtype),
                              .rank = x->shape.rank,
                              .wide = wide(indices),
                              .noted = {ignore ? NULL : call->fault, call->fault_step},
                              .x = x->data,
                              .indices = indices->data,
                              .y = call->out[0]->data};
  for (int d = 0; d < x->shape.rank; d++) {
    work.dim[d] = x->shape.dim[d];
    work.stride[d] = d < depth ? tarn__dims_product(&x->shape, d + 1, depth) : 0;
  }
  TARN_LAUNCHED(tarn__cuda_gather_nd(tarn__stream(call), &work));
  return TARN_OK;
}

/* Indices of n tuples of so many numbers. */
static tarn_cuda_scatter scatter_of(const tarn_call *call, const tarn_tensor *y, int indices,
                                    int updates, int64_t n, int depth) {
  tarn_cuda_scatter work = {.n = n,
                            .row = tarn__dims_product(&y->shape, depth, y->shape.rank),
                            .depth = depth,
                            .wide = wide(call->in[indices]),
                            .indices = call->in[indices]->data,
                            .updates = call->in[updates]->data,
                            .y = y->data,
                            .fault = call->fault,
                            .fault_step = call->fault_step,
                            .rank = y->shape.rank};
  for (int d = 0; d < y->shape.rank; d++) {
    work.dim[d] = y->shape.dim[d];
    work.stride[d] = d < depth ? tarn__dims_product(&y->shape, d + 1, depth) : 0;
  }
  return work;
}

tarn_cuda_scatter tarn__cuda_scatter_tuples(const tarn_call *call, const tarn_tensor *y,
                                            int indices, int updates) {
  const tarn_shape *s = &call->in[indices]->shape;
  tarn_cuda_scatter work = scatter_of(
      call, y, indices, updates, tarn__dims_product(s, 0, s->rank - 1), (int)s->dim[s->rank - 1]);
  work.outside = TARN_FAULT_TUPLE;
  return work;
}

tarn_cuda_scatter tarn__cuda_scatter_rows(const tarn_call *call, const tarn_tensor *y, int indices,
                                          int updates) {
  tarn_cuda_scatter work =
      scatter_of(call, y, indices, updates, tarn__tensor_elements(call->in[indices]), 1);
  work.outside = TARN_FAULT_ROW;
  return work;
}

tarn_status tarn__cuda_scatter_run(const tarn_call *call, tarn_dtype dtype, bool first,
                                   tarn_cuda_scatter *work) {
  if (work->n == 0) return TARN_OK;
  work->in_passing = !first;
  if (first && work->fault)
    TARN_LAUNCHED(tarn__cuda_scatter_check(tarn__stream(call), (int)dtype, work));
  if (work->row == 0) return TARN_OK;
  const int key = work->way == TARN_SCATTER_PUT ? (int)tarn_dtype_bytes(dtype) : (int)dtype;
  TARN_LAUNCHED(tarn__cuda_scatter(tarn__stream(call), key, work));
  return TARN_OK;
}
