/* SparseTensorDenseMatMul. */
#include "kernels/cuda/sparse/product.h"

#include "kernels/cuda/cuda.h"
#include "kernels/cuda/each/sets.h"
#include "kernels/cuda/index/run.h"
#include "kernels/params/array.h"

static const char *refuse(const tarn_problem *p) {
  return tarn__cuda_refuse_index(p, 0);
}

static tarn_status run(const tarn_call *call) {
  const tarn_sparse_matmul_params *p = call->problem->params;
  const tarn_tensor *indices = call->in[0], *b = call->in[3], *y = call->out[0];
  const int64_t b_cols = b->shape.dim[1];
  const tarn_cuda_sparse_product work = {.n = indices->shape.dim[0],
                                         .rows = y->shape.dim[0],
                                         .inner = b->shape.dim[p->adjoint_b],
                                         .cols = y->shape.dim[1],
                                         .b_row = p->adjoint_b ? 1 : b_cols,
                                         .b_col = p->adjoint_b ? b_cols : 1,
                                         .wide = indices->dtype == TARN_I64,
                                         .adjoint_a = p->adjoint_a,
                                         .indices = indices->data,
                                         .a = call->in[1]->data,
                                         .b = b->data,
                                         .y = y->data,
                                         .fault = call->fault,
                                         .fault_step = call->fault_step};
  const size_t bytes = tarn__tensor_bytes(y);
  if (bytes) TARN_CUDA(cudaMemsetAsync(y->data, 0, bytes, tarn__stream(call)));
  if (work.n == 0) return TARN_OK;
  TARN_LAUNCHED(tarn__cuda_sparse_product(tarn__stream(call), (int)y->dtype, &work));
  return TARN_OK;
}

const tarn_kernel tarn_kernels_sparse_product_cuda[] = {
    {.op = "SparseTensorDenseMatMul",
     .dtypes = EACH_FLOAT_BITS | EACH_WRAP_BITS,
     .keyed = 1,
     .host_in = 4,
     .faults = true,
     .supports = refuse,
     .run = run},
    {0},
};
