/* Functions of cuDNN that need no graph, in plain loops. */
#include <cmath>

#include "dnn.h"
#include "libraries.h"

using namespace tarn_emulated;

extern "C" {

cudnnStatus_t cudnnCreateTensorDescriptor(cudnnTensorDescriptor_t *d) {
  if (fails_now()) return CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED;
  *d = new cudnnTensorStruct;
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnDestroyTensorDescriptor(cudnnTensorDescriptor_t d) {
  delete d;
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnSetTensorNdDescriptor(cudnnTensorDescriptor_t d, cudnnDataType_t type, int rank,
                                         const int *dims, const int *strides) {
  if (rank < 3 || rank > 8) return CUDNN_STATUS_BAD_PARAM;
  for (int i = 0; i < rank; i++)
    if (dims[i] <= 0) return CUDNN_STATUS_BAD_PARAM;
  d->type = type;
  d->dims.assign(dims, dims + rank);
  d->strides.assign(strides, strides + rank);
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnSetTensor4dDescriptor(cudnnTensorDescriptor_t d, cudnnTensorFormat_t format,
                                         cudnnDataType_t type, int n, int c, int h, int w) {
  if (format != CUDNN_TENSOR_NCHW) return CUDNN_STATUS_NOT_SUPPORTED;
  const int dims[] = {n, c, h, w}, strides[] = {c * h * w, h * w, w, 1};
  return cudnnSetTensorNdDescriptor(d, type, 4, dims, strides);
}

/* Over the channels of each place; here there is one place. */
cudnnStatus_t cudnnSoftmaxForward(cudnnHandle_t dnn, cudnnSoftmaxAlgorithm_t algorithm,
                                  cudnnSoftmaxMode_t mode, const void *,
                                  const cudnnTensorDescriptor_t x_like, const void *x, const void *,
                                  const cudnnTensorDescriptor_t y_like, void *y) {
  if (fails_now()) return CUDNN_STATUS_EXECUTION_FAILED;
  const element e = element_of(x_like->type);
  if (x_like->dims != y_like->dims || x_like->type != y_like->type || x_like->dims.size() != 4)
    return CUDNN_STATUS_BAD_PARAM;
  if (mode != CUDNN_SOFTMAX_MODE_CHANNEL || x_like->dims[2] != 1 || x_like->dims[3] != 1 ||
      e == element::none || algorithm == CUDNN_SOFTMAX_FAST)
    return CUDNN_STATUS_NOT_SUPPORTED;
  const int64_t rows = x_like->dims[0], cols = x_like->dims[1];
  const bool logarithm = algorithm == CUDNN_SOFTMAX_LOG;
  const cudaError_t error = enqueue_work(dnn->stream, "a softmax of cuDNN", [=] {
    const size_t bytes = static_cast<size_t>(rows * cols) * bytes_of(e);
    if (!allocated(x, bytes) || !allocated(y, bytes))
      return fault("cuDNN: softmax outside of the device's allocations");
    for (int64_t r = 0; r < rows; r++) {
      double most = load(e, x, r * cols), sum = 0;
      for (int64_t c = 1; c < cols; c++) {
        const double v = load(e, x, r * cols + c);
        if (v > most || std::isnan(v)) most = v;
      }
      for (int64_t c = 0; c < cols; c++) sum += std::exp(load(e, x, r * cols + c) - most);
      for (int64_t c = 0; c < cols; c++) {
        const double v = load(e, x, r * cols + c) - most;
        store(e, y, r * cols + c, logarithm ? v - std::log(sum) : std::exp(v) / sum);
      }
    }
    return cudaSuccess;
  });
  return error == cudaSuccess ? CUDNN_STATUS_SUCCESS : CUDNN_STATUS_EXECUTION_FAILED;
}
}
