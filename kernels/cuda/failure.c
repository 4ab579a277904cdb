/* Failures of CUDA, cuBLAS and cuDNN as a status and words. */
#include "kernels/cuda/cuda.h"

tarn_status tarn__cuda_failed(cudaError_t error, const char *what, const char *file, int line) {
  cudaGetLastError();   /* a failure that is reported here is not the next launch's too */
  tarn_status status = TARN_IO;
  if (error == cudaErrorMemoryAllocation) status = TARN_NO_MEMORY;
  if (error == cudaErrorNotSupported || error == cudaErrorNoKernelImageForDevice ||
      error == cudaErrorStreamCaptureUnsupported)
    status = TARN_UNSUPPORTED;
  return tarn__fail(status, file, line, "CUDA: %s (%s) from %s", cudaGetErrorString(error),
                    cudaGetErrorName(error), what);
}

tarn_status tarn__blas_failed(cublasStatus_t error, const char *what, const char *file, int line) {
  const tarn_status status = error == CUBLAS_STATUS_ALLOC_FAILED    ? TARN_NO_MEMORY
                             : error == CUBLAS_STATUS_NOT_SUPPORTED ? TARN_UNSUPPORTED
                                                                    : TARN_IO;
  return tarn__fail(status, file, line, "cuBLAS: %s from %s", cublasGetStatusString(error), what);
}

tarn_status tarn__dnn_failed(cudnnStatus_t error, const char *what, const char *file, int line) {
  tarn_status status = TARN_IO;
  if (error == CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED ||
      error == CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED)
    status = TARN_NO_MEMORY;
  if (CUDNN_STATUS_CATEGORY((int)error) == CUDNN_STATUS_NOT_SUPPORTED) status = TARN_UNSUPPORTED;
  return tarn__fail(status, file, line, "cuDNN: %s from %s", cudnnGetErrorString(error), what);
}
