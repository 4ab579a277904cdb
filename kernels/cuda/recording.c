/* Recordings, which are CUDA graphs of what a stream was given, and marks, which are events. */
#include "kernels/cuda/cuda.h"

#include <stdlib.h>

struct tarn_recording {
  cudaGraphExec_t graph;
};

/* Relaxed: kernels may make their handles and keep objects meanwhile, which allocates. */
tarn_status tarn__cuda_record_begin(tarn_queue *queue) {
  TARN_CUDA(cudaSetDevice(queue->device->ordinal));
  TARN_CUDA(cudaStreamBeginCapture(queue->stream, cudaStreamCaptureModeRelaxed));
  queue->recording = true;
  return TARN_OK;
}

static tarn_status instantiate(cudaGraph_t graph, tarn_recording **recording) {
  tarn_recording *r = calloc(1, sizeof *r);
  if (!r) return tarn_fail(TARN_NO_MEMORY, "no memory for a recording");
  const cudaError_t error = cudaGraphInstantiate(&r->graph, graph, 0);
  if (error != cudaSuccess) {
    free(r);
    TARN_CUDA(error);
  }
  *recording = r;
  return TARN_OK;
}

tarn_status tarn__cuda_record_end(tarn_queue *queue, tarn_recording **recording) {
  cudaGraph_t graph = NULL;
  *recording = NULL;
  queue->recording = false;
  TARN_CUDA(cudaSetDevice(queue->device->ordinal));
  TARN_CUDA(cudaStreamEndCapture(queue->stream, &graph));
  const tarn_status status = instantiate(graph, recording);
  if (cudaGraphDestroy(graph) != cudaSuccess) cudaGetLastError();
  return status;
}

tarn_status tarn__cuda_replay(tarn_queue *queue, tarn_recording *recording) {
  TARN_CUDA(cudaSetDevice(queue->device->ordinal));
  TARN_CUDA(cudaGraphLaunch(recording->graph, queue->stream));
  return TARN_OK;
}

void tarn__cuda_recording_destroy(tarn_recording *recording) {
  if (!recording) return;
  if (cudaGraphExecDestroy(recording->graph) != cudaSuccess) cudaGetLastError();
  free(recording);
}

/* ---- marks --------------------------------------------------------------------------------- */

struct tarn_mark {
  cudaEvent_t event;
};

tarn_status tarn__cuda_mark_create(tarn_device *device, tarn_mark **mark) {
  TARN_CUDA(cudaSetDevice(device->ordinal));
  tarn_mark *m = calloc(1, sizeof *m);
  if (!m) return tarn_fail(TARN_NO_MEMORY, "no memory for a mark");
  const cudaError_t error = cudaEventCreate(&m->event);
  if (error != cudaSuccess) {
    free(m);
    TARN_CUDA(error);
  }
  *mark = m;
  return TARN_OK;
}

void tarn__cuda_mark_destroy(tarn_mark *mark) {
  if (!mark) return;
  if (cudaEventDestroy(mark->event) != cudaSuccess) cudaGetLastError();
  free(mark);
}

/* In a recording the event is one of its steps, passed anew in each replay. */
tarn_status tarn__cuda_mark(tarn_queue *queue, tarn_mark *mark) {
  TARN_CUDA(cudaSetDevice(queue->device->ordinal));
  TARN_CUDA(cudaEventRecordWithFlags(
      mark->event, queue->stream,
      queue->recording ? cudaEventRecordExternal : cudaEventRecordDefault));
  return TARN_OK;
}

tarn_status tarn__cuda_mark_between(const tarn_mark *first, const tarn_mark *last, double *us) {
  float ms = 0;
  TARN_CUDA(cudaEventElapsedTime(&ms, first->event, last->event));
  *us = 1e3 * (double)ms;
  return TARN_OK;
}
