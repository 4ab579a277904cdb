/* What kernels of the CUDA module see: a queue's stream and library handles, and how failures of
 * CUDA, cuBLAS and cuDNN become a status. For C files; device code (.cu) includes launch.h instead.
 *
 * A queue is used by one thread at a time, so nothing here locks. */
#ifndef TARN_KERNELS_CUDA_CUDA_H
#define TARN_KERNELS_CUDA_CUDA_H

#include "core/random.h"
#include "core/status.h"
#include "kernels/device.h"

#include <cublasLt.h>
#include <cublas_v2.h>
#include <cuda_runtime_api.h>
#include <cudnn.h>

/* ---- failures ---------------------------------------------------------------------------------
 * TARN_CUDA(call) returns from the function unless the call succeeded: TARN_NO_MEMORY when the
 * device's memory is used up, TARN_UNSUPPORTED for what a library or the device does not do,
 * TARN_IO for a device that failed. */
tarn_status tarn__cuda_failed(cudaError_t error, const char *what, const char *file, int line);
tarn_status tarn__blas_failed(cublasStatus_t error, const char *what, const char *file, int line);
tarn_status tarn__dnn_failed(cudnnStatus_t error, const char *what, const char *file, int line);

#define TARN_CUDA(call)                                                                            \
  do {                                                                                             \
    const cudaError_t error_ = (call);                                                             \
    if (error_ != cudaSuccess) return tarn__cuda_failed(error_, #call, __FILE__, __LINE__);        \
  } while (0)
#define TARN_BLAS(call)                                            \
  do {                                                             \
    const cublasStatus_t error_ = (call);                          \
    if (error_ != CUBLAS_STATUS_SUCCESS)                           \
      return tarn__blas_failed(error_, #call, __FILE__, __LINE__); \
  } while (0)
#define TARN_DNN(call)                                            \
  do {                                                            \
    const cudnnStatus_t error_ = (call);                          \
    if (error_ != CUDNN_STATUS_SUCCESS)                           \
      return tarn__dnn_failed(error_, #call, __FILE__, __LINE__); \
  } while (0)
/* For a launch function of a .cu file, which gives what cudaGetLastError said after its launches,
 * as an int. */
#define TARN_LAUNCHED(call)                                                                        \
  do {                                                                                             \
    const int error_ = (call);                                                                     \
    if (error_) return tarn__cuda_failed((cudaError_t)error_, #call, __FILE__, __LINE__);          \
  } while (0)

/* ---- devices and queues ---------------------------------------------------------------------- */

struct tarn_device {
  int ordinal;
  int major, minor;          /* compute capability */
  int processors;
  cudaStream_t uploads;      /* for upload */
};

typedef struct tarn_kept tarn_kept;

/* The library handles are made when a kernel first asks for them (below), on the queue's stream. */
struct tarn_queue {
  struct tarn_device *device;
  cudaStream_t stream;
  bool recording;
  cublasHandle_t blas;
  cublasLtHandle_t blas_lt;
  cudnnHandle_t dnn;
  void *workspace;           /* cuBLAS's, on the device */
  size_t workspace_bytes;
  unsigned *counters;        /* on the device */
  tarn_kept *kept;           /* the newest first */
};

static inline cudaStream_t tarn__stream(const tarn_call *call) { return call->queue->stream; }

/* Handles on the queue's stream, in the mode that multiplies f32 as f32 (no TF32). The queue keeps
 * them. */
tarn_status tarn__queue_blas(tarn_queue *queue, cublasHandle_t *blas);
tarn_status tarn__queue_blas_lt(tarn_queue *queue, cublasLtHandle_t *blas_lt);
tarn_status tarn__queue_dnn(tarn_queue *queue, cudnnHandle_t *dnn);
/* Device memory that a matrix product on this queue may use while it runs: 4 MiB, 32 MiB from
 * compute capability 9.0. */
tarn_status tarn__queue_workspace(tarn_queue *queue, void **workspace, size_t *bytes);

/* TARN_COUNTERS numbers on the device for kernels whose blocks count themselves: zeros, which each
 * kernel leaves as zeros (each/block.cuh). */
enum { TARN_COUNTERS = 1024 };
tarn_status tarn__queue_counters(tarn_queue *queue, unsigned **counters);

/* What is dear to make and follows from a problem alone (descriptors, execution plans of cuDNN,
 * chosen algorithms), kept by the queue until it is destroyed. `key` is bytes without padding that
 * name it, beginning with the kernel's own table (a pointer) so that no two kernels meet. make is
 * called the first time and gives the object, or a failure, which is not kept. */
typedef tarn_status tarn_kept_make(tarn_queue *queue, const void *context, void **object);
typedef void tarn_kept_destroy(void *object);
tarn_status tarn__queue_keep(tarn_queue *queue, const void *key, size_t key_bytes,
                             tarn_kept_make *make, tarn_kept_destroy *destroy, const void *context,
                             void **object);

/* Blocks of the stream of a random op, reserved by the library (tarn_device_host). Its kernels are
 * fleeting. */
tarn_status tarn__cuda_random(const tarn_call *call, int64_t seed, int64_t seed2, uint64_t blocks,
                              tarn_philox *start);

/* For prepare: a copy to the device that has arrived when it returns. */
tarn_status tarn__cuda_upload(void *device_memory, const void *host_memory, size_t bytes);

/* The functions of the module's table by file; see kernels/device.h for what they do. */
tarn_status tarn__cuda_open(int ordinal, tarn_device **device);
void tarn__cuda_close(tarn_device *device);
tarn_status tarn__cuda_describe(tarn_device *device, tarn_device_info *info);
tarn_status tarn__cuda_alloc(tarn_device *device, size_t bytes, void **memory);
void tarn__cuda_free(tarn_device *device, void *memory);
tarn_status tarn__cuda_alloc_host(tarn_device *device, size_t bytes, void **memory);
void tarn__cuda_free_host(tarn_device *device, void *memory);
tarn_status tarn__cuda_upload_to(tarn_device *device, void *device_memory, const void *host_memory,
                                 size_t bytes);

tarn_status tarn__cuda_queue_create(tarn_device *device, tarn_queue **queue);
void tarn__cuda_queue_destroy(tarn_queue *queue);
tarn_status tarn__cuda_copy_in(tarn_queue *queue, void *device_memory, const void *host_memory,
                               size_t bytes);
tarn_status tarn__cuda_copy_out(tarn_queue *queue, void *host_memory, const void *device_memory,
                                size_t bytes);
tarn_status tarn__cuda_copy_within(tarn_queue *queue, void *to, const void *from, size_t bytes);
tarn_status tarn__cuda_sync(tarn_queue *queue);

tarn_status tarn__cuda_record_begin(tarn_queue *queue);
tarn_status tarn__cuda_record_end(tarn_queue *queue, tarn_recording **recording);
tarn_status tarn__cuda_replay(tarn_queue *queue, tarn_recording *recording);
void tarn__cuda_recording_destroy(tarn_recording *recording);

tarn_status tarn__cuda_mark_create(tarn_device *device, tarn_mark **mark);
void tarn__cuda_mark_destroy(tarn_mark *mark);
tarn_status tarn__cuda_mark(tarn_queue *queue, tarn_mark *mark);
tarn_status tarn__cuda_mark_between(const tarn_mark *first, const tarn_mark *last, double *us);

tarn_status tarn__cuda_multiply_adds(tarn_queue *queue, int64_t rounds, double *flops);

/* Whether this module has code for the current device (probe.cu): 0, or what CUDA said. */
int tarn__cuda_probe(void);

#endif
