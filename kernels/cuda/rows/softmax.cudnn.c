/* Softmax and LogSoftmax by cuDNN, a row an instance. Beside softmax.cuda for a device to choose:
 * which is faster depends on how many rows there are and how long. */
#include "kernels/params/softmax.h"

#include "kernels/cuda/cuda.h"
#include "kernels/cuda/dnn/graph.h"
#include "kernels/cuda/rows/rows.h"

static const char *supports(const tarn_problem *p) {
  const tarn_rows g = tarn__rows_of(&p->in_shape[0]);
  if (g.rows == 0 || g.cols == 0) return "no elements";
  if (g.rows > INT32_MAX / 4 || g.cols > INT32_MAX / 4 || g.rows > INT32_MAX / g.cols)
    return "more than cuDNN can count";
  return NULL;
}

/* A launch through a library costs a little more than our own. */
static double cost_us(const tarn_problem *p, const tarn_machine *m) {
  const tarn_rows g = tarn__rows_of(&p->in_shape[0]);
  const double bytes =
      2 * (double)tarn_dtype_bytes(p->in_dtype[0]) * (double)g.rows * (double)g.cols;
  return 5 + bytes / (1e3 * m->gbytes_per_s);
}

/* What names a descriptor; no padding. */
typedef struct key {
  const void *table;
  int32_t rows, cols, dtype, zero;
} key;

static void destroy(void *object) {
  cudnnDestroyTensorDescriptor(object);
}

static tarn_status make(tarn_queue *queue, const void *context, void **object) {
  const key *k = context;
  cudnnTensorDescriptor_t d;
  (void)queue;
  TARN_DNN(cudnnCreateTensorDescriptor(&d));
  const cudnnStatus_t error = cudnnSetTensor4dDescriptor(
      d, CUDNN_TENSOR_NCHW, tarn__dnn_type((tarn_dtype)k->dtype), k->rows, k->cols, 1, 1);
  if (error != CUDNN_STATUS_SUCCESS) {
    cudnnDestroyTensorDescriptor(d);
    TARN_DNN(error);
  }
  *object = d;
  return TARN_OK;
}

static tarn_status run(const tarn_call *call, cudnnSoftmaxAlgorithm_t algorithm) {
  const tarn_problem *p = call->problem;
  const tarn_rows g = tarn__rows_of(&p->in_shape[0]);
  static const char table; /* of this file's descriptors */
  const key name = {.table = &table,
                    .rows = (int32_t)g.rows,
                    .cols = (int32_t)g.cols,
                    .dtype = (int32_t)p->in_dtype[0]};
  const double one64 = 1, zero64 = 0;
  const float one32 = 1, zero32 = 0;
  const bool wide = p->in_dtype[0] == TARN_F64;
  const void *one = wide ? (const void *)&one64 : &one32;
  const void *zero = wide ? (const void *)&zero64 : &zero32;
  void *d;
  cudnnHandle_t dnn;
  TARN_TRY(tarn__queue_dnn(call->queue, &dnn));
  TARN_TRY(tarn__queue_keep(call->queue, &name, sizeof name, make, destroy, &name, &d));
  TARN_DNN(cudnnSoftmaxForward(dnn, algorithm, CUDNN_SOFTMAX_MODE_CHANNEL, one, d,
                               call->in[0]->data, zero, d, call->out[0]->data));
  return TARN_OK;
}
static tarn_status run_softmax(const tarn_call *call) {
  return run(call, CUDNN_SOFTMAX_ACCURATE);
}
static tarn_status run_logarithm(const tarn_call *call) {
  return run(call, CUDNN_SOFTMAX_LOG);
}

#define ROW(OP, RUN) \
  { .op = OP, .dtypes = TARN_FLOATS, .supports = supports, .cost_us = cost_us, .run = RUN }
const tarn_kernel tarn_kernels_rows_softmax_cudnn[] = {
    ROW("Softmax", run_softmax),
    ROW("LogSoftmax", run_logarithm),
    {0},
};
