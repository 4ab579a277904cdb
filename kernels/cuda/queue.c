/* Queues: a stream, copies on it, and what kernels find there: library handles and what they
 * keep. */
#include "kernels/cuda/cuda.h"

#include <stdlib.h>
#include <string.h>

struct tarn_kept {
  tarn_kept *next;
  tarn_kept_destroy *destroy;
  void *object;
  uint64_t hash;
  size_t key_bytes;
  unsigned char key[];
};

tarn_status tarn__cuda_queue_create(tarn_device *device, tarn_queue **queue) {
  TARN_CUDA(cudaSetDevice(device->ordinal));
  tarn_queue *q = calloc(1, sizeof *q);
  if (!q) return tarn_fail(TARN_NO_MEMORY, "no memory for a queue");
  q->device = device;
  const cudaError_t error = cudaStreamCreateWithFlags(&q->stream, cudaStreamNonBlocking);
  if (error != cudaSuccess) {
    free(q);
    TARN_CUDA(error);
  }
  *queue = q;
  return TARN_OK;
}

void tarn__cuda_queue_destroy(tarn_queue *queue) {
  if (!queue) return;
  cudaSetDevice(queue->device->ordinal);
  cudaStreamSynchronize(queue->stream);
  for (tarn_kept *k = queue->kept, *next; k; k = next) {
    next = k->next;
    if (k->destroy) k->destroy(k->object);
    free(k);
  }
  if (queue->dnn) cudnnDestroy(queue->dnn);
  if (queue->blas_lt) cublasLtDestroy(queue->blas_lt);
  if (queue->blas) cublasDestroy(queue->blas);
  if (queue->workspace) cudaFree(queue->workspace);
  if (queue->counters) cudaFree(queue->counters);
  cudaStreamDestroy(queue->stream);
  cudaGetLastError();   /* a failure here is nobody's, and not the next launch's */
  free(queue);
}

/* ---- copies -------------------------------------------------------------------------------- */

static tarn_status copy(tarn_queue *queue, void *to, const void *from, size_t bytes,
                        enum cudaMemcpyKind kind) {
  if (!bytes) return TARN_OK;
  TARN_CUDA(cudaSetDevice(queue->device->ordinal));
  TARN_CUDA(cudaMemcpyAsync(to, from, bytes, kind, queue->stream));
  return TARN_OK;
}

tarn_status tarn__cuda_copy_in(tarn_queue *queue, void *device_memory, const void *host_memory,
                               size_t bytes) {
  return copy(queue, device_memory, host_memory, bytes, cudaMemcpyHostToDevice);
}
tarn_status tarn__cuda_copy_out(tarn_queue *queue, void *host_memory, const void *device_memory,
                                size_t bytes) {
  return copy(queue, host_memory, device_memory, bytes, cudaMemcpyDeviceToHost);
}
tarn_status tarn__cuda_copy_within(tarn_queue *queue, void *to, const void *from, size_t bytes) {
  return copy(queue, to, from, bytes, cudaMemcpyDeviceToDevice);
}

tarn_status tarn__cuda_sync(tarn_queue *queue) {
  TARN_CUDA(cudaSetDevice(queue->device->ordinal));
  TARN_CUDA(cudaStreamSynchronize(queue->stream));
  return TARN_OK;
}

/* ---- handles ------------------------------------------------------------------------------- */

tarn_status tarn__queue_workspace(tarn_queue *queue, void **workspace, size_t *bytes) {
  if (!queue->workspace) {
    const size_t wanted = (size_t)(queue->device->major >= 9 ? 32 : 4) << 20;
    TARN_TRY(tarn__cuda_alloc(queue->device, wanted, &queue->workspace));
    queue->workspace_bytes = wanted;
  }
  *workspace = queue->workspace;
  *bytes = queue->workspace_bytes;
  return TARN_OK;
}

tarn_status tarn__queue_counters(tarn_queue *queue, unsigned **counters) {
  if (!queue->counters) {
    const size_t bytes = TARN_COUNTERS * sizeof(unsigned);
    void *memory;
    TARN_TRY(tarn__cuda_alloc(queue->device, bytes, &memory));
    const cudaError_t error = cudaMemsetAsync(memory, 0, bytes, queue->stream);
    if (error != cudaSuccess) {
      tarn__cuda_free(queue->device, memory);
      TARN_CUDA(error);
    }
    queue->counters = memory;
  }
  *counters = queue->counters;
  return TARN_OK;
}

static tarn_status make_blas(tarn_queue *queue, cublasHandle_t blas) {
  void *workspace;
  size_t bytes;
  TARN_TRY(tarn__queue_workspace(queue, &workspace, &bytes));
  TARN_BLAS(cublasSetStream(blas, queue->stream));
  TARN_BLAS(cublasSetWorkspace(blas, workspace, bytes)); /* after the stream, which takes it away */
  /* f32 products without TF32; what several blocks sum of 16-bit floats is joined in f32 */
  const int mode = CUBLAS_DEFAULT_MATH | CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION;
  TARN_BLAS(cublasSetMathMode(blas, (cublasMath_t)mode));
  return TARN_OK;
}

tarn_status tarn__queue_blas(tarn_queue *queue, cublasHandle_t *blas) {
  if (!queue->blas) {
    cublasHandle_t made;
    TARN_BLAS(cublasCreate(&made));
    const tarn_status status = make_blas(queue, made);
    if (status != TARN_OK) {
      cublasDestroy(made);
      return status;
    }
    queue->blas = made;
  }
  *blas = queue->blas;
  return TARN_OK;
}

tarn_status tarn__queue_blas_lt(tarn_queue *queue, cublasLtHandle_t *blas_lt) {
  if (!queue->blas_lt) TARN_BLAS(cublasLtCreate(&queue->blas_lt));
  *blas_lt = queue->blas_lt;
  return TARN_OK;
}

tarn_status tarn__queue_dnn(tarn_queue *queue, cudnnHandle_t *dnn) {
  if (!queue->dnn) {
    cudnnHandle_t made;
    TARN_DNN(cudnnCreate(&made));
    const cudnnStatus_t error = cudnnSetStream(made, queue->stream);
    if (error != CUDNN_STATUS_SUCCESS) {
      cudnnDestroy(made);
      TARN_DNN(error);
    }
    queue->dnn = made;
  }
  *dnn = queue->dnn;
  return TARN_OK;
}

/* ---- what kernels keep --------------------------------------------------------------------- */

/* FNV-1a. */
static uint64_t hash_of(const unsigned char *key, size_t bytes) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (size_t i = 0; i < bytes; i++) hash = (hash ^ key[i]) * 0x100000001b3u;
  return hash;
}

tarn_status tarn__queue_keep(tarn_queue *queue, const void *key, size_t key_bytes,
                             tarn_kept_make *make, tarn_kept_destroy *destroy, const void *context,
                             void **object) {
  const uint64_t hash = hash_of(key, key_bytes);
  for (tarn_kept *k = queue->kept; k; k = k->next)
    if (k->hash == hash && k->key_bytes == key_bytes && !memcmp(k->key, key, key_bytes)) {
      *object = k->object;
      return TARN_OK;
    }
  tarn_kept *k = calloc(1, sizeof *k + key_bytes);
  if (!k) return tarn_fail(TARN_NO_MEMORY, "no memory for what a kernel keeps");
  *k = (tarn_kept){.next = queue->kept, .destroy = destroy, .hash = hash, .key_bytes = key_bytes};
  memcpy(k->key, key, key_bytes);
  const tarn_status status = make(queue, context, &k->object);
  if (status != TARN_OK) {
    free(k);
    return status;
  }
  queue->kept = k;
  *object = k->object;
  return TARN_OK;
}
