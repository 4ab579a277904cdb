/* SparseSegmentSumGrad, MeanGrad and SqrtNGrad. Their second forms keep the rows alone that are
 * named, and stay with the CPU. */
#include "kernels/cpu/array/elements.h"
#include "kernels/cuda/cuda.h"
#include "kernels/cuda/segment/segment.h"

/* Scratch: sizes of segments, and sums where y has 16 bits. */
static size_t sizes_bytes(const tarn_shape *grad, tarn_segment_share share) {
  return share == TARN_SEGMENT_WHOLE ? 0 : (size_t)grad->dim[0] * sizeof(int64_t);
}
static size_t sums_bytes(const tarn_shape *y, tarn_dtype dtype) {
  return tarn_dtype_bytes(dtype) > 2 ? 0 : (size_t)tarn__shape_elements(y) * sizeof(float);
}
static size_t scratch_bytes(const tarn_problem *p, int threads) {
  (void)threads;
  if (p->out_shape[0].rank < 0) return 0;
  return sizes_bytes(&p->in_shape[0], TARN_SEGMENT_MEAN) +
         sums_bytes(&p->out_shape[0], p->in_dtype[0]);
}

static tarn_status gradient(const tarn_call *call, tarn_segment_share share) {
  const tarn_tensor *grad = call->in[0], *indices = call->in[1], *ids = call->in[2],
                    *y = call->out[0];
  const cudaStream_t stream = tarn__stream(call);
  const size_t bytes = tarn__tensor_bytes(y), sizes = sizes_bytes(&grad->shape, share),
               sums = sums_bytes(&y->shape, y->dtype);
  if (y->shape.dim[0] == 0) return TARN_OK; /* whatever the indices are */
  if (sizes + sums) TARN_CUDA(cudaMemsetAsync(call->scratch, 0, sizes + sums, stream));
  if (bytes) TARN_CUDA(cudaMemsetAsync(y->data, 0, bytes, stream));
  if (tarn__tensor_elements(ids) == 0) return TARN_OK;
  const tarn_cuda_segment_gradient work = {
      .n = tarn__tensor_elements(ids),
      .row = tarn__dims_product(&grad->shape, 1, grad->shape.rank),
      .segments = grad->shape.dim[0],
      .rows = y->shape.dim[0],
      .share = share,
      .wide_ids = ids->dtype == TARN_I64,
      .wide_indices = indices->dtype == TARN_I64,
      .grad = grad->data,
      .indices = indices->data,
      .ids = ids->data,
      .sizes = call->scratch,
      .sums = sums ? (char *)call->scratch + sizes : y->data,
      .y = y->data,
      .fault = call->fault,
      .fault_step = call->fault_step};
  TARN_LAUNCHED(tarn__cuda_segment_gradient(stream, (int)y->dtype, &work));
  return TARN_OK;
}
static tarn_status sum(const tarn_call *call) {
  return gradient(call, TARN_SEGMENT_WHOLE);
}
static tarn_status mean(const tarn_call *call) {
  return gradient(call, TARN_SEGMENT_MEAN);
}
static tarn_status root(const tarn_call *call) {
  return gradient(call, TARN_SEGMENT_ROOT);
}

#define GRADIENT(OP, RUN)                                                                          \
  {                                                                                                \
    .op = OP, .dtypes = TARN_FLOATS, .host_in = 8, .faults = true, .scratch_bytes = scratch_bytes, \
    .run = RUN                                                                                     \
  }
const tarn_kernel tarn_kernels_segment_gradient_cuda[] = {
    GRADIENT("SparseSegmentSumGrad", sum),
    GRADIENT("SparseSegmentMeanGrad", mean),
    GRADIENT("SparseSegmentSqrtNGrad", root),
    {0},
};
