/* A stand-in for cuDNN's recurrent layers: one layer, forward, steps in plain loops with sums in double. Its weight space is not
 * what one would guess (parts in reverse, with gaps), so that code which does not ask where they are fails. */
#include "dnn.h"
#include "libraries.h"

#include <cmath>
#include <cstring>
#include <vector>

using namespace tarn_emulated;

struct cudnnDropoutStruct {
  bool set = false;
};
struct cudnnRNNStruct {
  bool set = false;
  cudnnRNNMode_t mode = CUDNN_LSTM;
  cudnnDataType_t type = CUDNN_DATA_FLOAT;
  bool tensor_cores = false, persistent = false;
  int64_t I = 0, H = 0;

  int gates() const { return mode == CUDNN_LSTM ? 4 : 3; }
  size_t bytes() const { return type == CUDNN_DATA_DOUBLE ? 8 : 4; }
  element what() const { return type == CUDNN_DATA_DOUBLE ? element::f64 : element::f32; }
};
struct cudnnRNNDataStruct {
  bool set = false;
  cudnnDataType_t type = CUDNN_DATA_FLOAT;
  int64_t T = 0, B = 0, size = 0;
};

namespace {

constexpr size_t GAP = 64, WORKSPACE = 4096;
constexpr int64_t MOST_PERSISTENT = 64;   /* units that weights on the chip are for, here */

size_t rounded(size_t bytes) { return (bytes + GAP - 1) / GAP * GAP + GAP; }

/* Where matrix and bias `id` begin: the last first, each bias before its matrix. */
void places(const cudnnRNNStruct *r, int id, size_t *matrix, size_t *bias, size_t *end) {
  size_t at = GAP;
  for (int k = 2 * r->gates() - 1; k >= 0; k--) {
    const size_t columns = static_cast<size_t>(k < r->gates() ? r->I : r->H), H = static_cast<size_t>(r->H);
    if (k == id) *bias = at;
    at += rounded(H * r->bytes());
    if (k == id) *matrix = at;
    at += rounded(H * columns * r->bytes());
  }
  *end = at;
}

struct job {
  cudnnRNNStruct r;
  int64_t T, B;
  const void *x, *h0, *c0;
  void *y, *h, *c;
  const char *weights;
  void *workspace;
};

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

/* W x + b of matrix `id`, for unit k. */
double product(const job &j, int id, const void *x, int64_t first, int64_t k) {
  size_t matrix = 0, bias = 0, end;
  const element e = j.r.what();
  const int64_t K = id < j.r.gates() ? j.r.I : j.r.H;
  places(&j.r, id, &matrix, &bias, &end);
  double sum = load(e, j.weights + bias, k);
  for (int64_t i = 0; i < K; i++) {
    double w = load(e, j.weights + matrix, k * K + i), v = load(e, x, first + i);
    if (j.r.tensor_cores && e == element::f32) w = tf32(w), v = tf32(v);
    sum += w * v;
  }
  return sum;
}

cudaError_t run(const job &j) {
  const element e = j.r.what();
  const int64_t H = j.r.H, n = j.B * H;
  size_t matrix = 0, bias = 0, end = 0;
  places(&j.r, 0, &matrix, &bias, &end);
  if (!allocated(j.weights, end)) return fault("cuDNN: the weight space is not in an allocation of the device");
  if (!allocated(j.workspace, WORKSPACE)) return fault("cuDNN: the workspace is not in an allocation of the device");
  memset(j.workspace, 0xff, WORKSPACE);
  std::vector<double> h(static_cast<size_t>(n)), c(static_cast<size_t>(n)), next(static_cast<size_t>(n));
  std::vector<char> before(static_cast<size_t>(n) * j.r.bytes());
  for (int64_t i = 0; i < n; i++) {
    h[static_cast<size_t>(i)] = j.h0 ? load(e, j.h0, i) : 0;
    c[static_cast<size_t>(i)] = j.c0 ? load(e, j.c0, i) : 0;
  }
  for (int64_t t = 0; t < j.T; t++) {
    for (int64_t i = 0; i < n; i++) store(e, before.data(), i, h[static_cast<size_t>(i)]);
    for (int64_t i = 0; i < n; i++) {
      const int64_t b = i / H, k = i % H, at = (t * j.B + b) * j.r.I;
      const size_t u = static_cast<size_t>(i);
      double in[4], from_h[4];
      for (int g = 0; g < j.r.gates(); g++) {
        in[g] = product(j, g, j.x, at, k);
        from_h[g] = product(j, j.r.gates() + g, before.data(), b * H, k);
      }
      if (j.r.mode == CUDNN_LSTM) {
        c[u] = sigmoid(in[1] + from_h[1]) * c[u] + sigmoid(in[0] + from_h[0]) * std::tanh(in[2] + from_h[2]);
        next[u] = sigmoid(in[3] + from_h[3]) * std::tanh(c[u]);
      } else {
        const double z = sigmoid(in[1] + from_h[1]);
        next[u] = (1 - z) * std::tanh(sigmoid(in[0] + from_h[0]) * from_h[2] + in[2]) + z * load(e, before.data(), i);
      }
    }
    h = next;
    for (int64_t i = 0; i < n; i++) store(e, j.y, t * n + i, h[static_cast<size_t>(i)]);
  }
  for (int64_t i = 0; i < n; i++) {
    if (j.h) store(e, j.h, i, h[static_cast<size_t>(i)]);
    if (j.c) store(e, j.c, i, c[static_cast<size_t>(i)]);
  }
  return cudaSuccess;
}

template <typename T>
cudnnStatus_t create(T **made) {
  if (fails_now()) return CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED;
  *made = new T;
  return CUDNN_STATUS_SUCCESS;
}
template <typename T>
cudnnStatus_t destroy(T *object) {
  delete object;
  return CUDNN_STATUS_SUCCESS;
}
bool known(cudnnDataType_t type) { return type == CUDNN_DATA_FLOAT || type == CUDNN_DATA_DOUBLE; }

}  // namespace

extern "C" {

cudnnStatus_t cudnnCreateDropoutDescriptor(cudnnDropoutDescriptor_t *d) { return create(d); }
cudnnStatus_t cudnnDestroyDropoutDescriptor(cudnnDropoutDescriptor_t d) { return destroy(d); }
cudnnStatus_t cudnnSetDropoutDescriptor(cudnnDropoutDescriptor_t d, cudnnHandle_t, float dropout, void *, size_t, unsigned long long) {
  d->set = true;
  return dropout == 0 ? CUDNN_STATUS_SUCCESS : CUDNN_STATUS_NOT_SUPPORTED;
}

cudnnStatus_t cudnnCreateRNNDescriptor(cudnnRNNDescriptor_t *d) { return create(d); }
cudnnStatus_t cudnnDestroyRNNDescriptor(cudnnRNNDescriptor_t d) { return destroy(d); }
cudnnStatus_t cudnnSetRNNDescriptor_v8(cudnnRNNDescriptor_t d, cudnnRNNAlgo_t algo, cudnnRNNMode_t mode, cudnnRNNBiasMode_t bias,
                                       cudnnDirectionMode_t direction, cudnnRNNInputMode_t input, cudnnDataType_t type,
                                       cudnnDataType_t compute, cudnnMathType_t math, int32_t I, int32_t H, int32_t projection,
                                       int32_t layers, cudnnDropoutDescriptor_t dropout, uint32_t) {
  if (I <= 0 || H <= 0 || !dropout || !dropout->set) return CUDNN_STATUS_BAD_PARAM;
  if ((mode != CUDNN_LSTM && mode != CUDNN_GRU) || bias != CUDNN_RNN_DOUBLE_BIAS || direction != CUDNN_UNIDIRECTIONAL ||
      input != CUDNN_LINEAR_INPUT || !known(type) || compute != type || projection != H || layers != 1)
    return CUDNN_STATUS_NOT_SUPPORTED;
  const bool persistent = algo == CUDNN_RNN_ALGO_PERSIST_STATIC;
  if ((!persistent && algo != CUDNN_RNN_ALGO_STANDARD) || (persistent && (H > MOST_PERSISTENT || type == CUDNN_DATA_DOUBLE)))
    return CUDNN_STATUS_NOT_SUPPORTED;
  d->set = true;
  d->mode = mode;
  d->type = type;
  d->tensor_cores = math != CUDNN_FMA_MATH;
  d->persistent = persistent;
  d->I = I;
  d->H = H;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnGetRNNWeightSpaceSize(cudnnHandle_t, cudnnRNNDescriptor_t d, size_t *bytes) {
  size_t matrix, bias;
  if (!d->set) return CUDNN_STATUS_BAD_PARAM;
  places(d, 0, &matrix, &bias, bytes);
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnGetRNNTempSpaceSizes(cudnnHandle_t, cudnnRNNDescriptor_t d, cudnnForwardMode_t mode, cudnnRNNDataDescriptor_t x,
                                        size_t *workspace, size_t *reserve) {
  if (!d->set || !x->set || x->size != d->I) return CUDNN_STATUS_BAD_PARAM;
  if (mode != CUDNN_FWD_MODE_INFERENCE) return CUDNN_STATUS_NOT_SUPPORTED;
  *workspace = WORKSPACE;
  *reserve = 0;
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnGetRNNWeightParams(cudnnHandle_t, cudnnRNNDescriptor_t d, int32_t layer, size_t bytes, const void *space, int32_t id,
                                      cudnnTensorDescriptor_t matrix_like, void **matrix, cudnnTensorDescriptor_t bias_like,
                                      void **bias) {
  size_t m = 0, b = 0, end = 0;
  if (!d->set || layer != 0 || id < 0 || id >= 2 * d->gates() || !matrix_like || !bias_like) return CUDNN_STATUS_BAD_PARAM;
  places(d, id, &m, &b, &end);
  if (bytes < end) return CUDNN_STATUS_BAD_PARAM;
  char *at = static_cast<char *>(const_cast<void *>(space));
  *matrix = at + m;
  *bias = at + b;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnCreateRNNDataDescriptor(cudnnRNNDataDescriptor_t *d) { return create(d); }
cudnnStatus_t cudnnDestroyRNNDataDescriptor(cudnnRNNDataDescriptor_t d) { return destroy(d); }
cudnnStatus_t cudnnSetRNNDataDescriptor(cudnnRNNDataDescriptor_t d, cudnnDataType_t type, cudnnRNNDataLayout_t layout, int T, int B,
                                        int size, const int *lengths, void *) {
  if (T <= 0 || B <= 0 || size <= 0) return CUDNN_STATUS_BAD_PARAM;
  for (int b = 0; b < B; b++)
    if (lengths[b] != T) return CUDNN_STATUS_NOT_SUPPORTED;   /* here */
  if (layout == CUDNN_RNN_DATA_LAYOUT_BATCH_MAJOR_UNPACKED || !known(type)) return CUDNN_STATUS_NOT_SUPPORTED;
  *d = {true, type, T, B, size};
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnRNNForward(cudnnHandle_t dnn, cudnnRNNDescriptor_t d, cudnnForwardMode_t mode, const int32_t *,
                              cudnnRNNDataDescriptor_t x_like, const void *x, cudnnRNNDataDescriptor_t y_like, void *y,
                              cudnnTensorDescriptor_t h_like, const void *hx, void *hy, cudnnTensorDescriptor_t c_like, const void *cx,
                              void *cy, size_t weight_bytes, const void *weights, size_t workspace_bytes, void *workspace, size_t,
                              void *) {
  size_t m = 0, b = 0, end = 0;
  if (fails_now()) return CUDNN_STATUS_EXECUTION_FAILED;
  if (!d->set || !x_like->set || !y_like->set || !x || !y || !weights || !workspace) return CUDNN_STATUS_BAD_PARAM;
  const std::vector<int> state = {1, static_cast<int>(x_like->B), static_cast<int>(d->H)};
  places(d, 0, &m, &b, &end);
  if (mode != CUDNN_FWD_MODE_INFERENCE || x_like->size != d->I || y_like->size != d->H || x_like->T != y_like->T ||
      x_like->B != y_like->B || x_like->type != d->type || h_like->dims != state || (d->mode == CUDNN_LSTM && c_like->dims != state) ||
      weight_bytes < end || workspace_bytes < WORKSPACE)
    return CUDNN_STATUS_BAD_PARAM;
  const job j = {*d, x_like->T, x_like->B, x, hx, cx, y, hy, cy, static_cast<const char *>(weights), workspace};
  return enqueue_work(dnn->stream, "a layer of cuDNN", [j] { return run(j); }) == cudaSuccess
             ? CUDNN_STATUS_SUCCESS
             : CUDNN_STATUS_EXECUTION_FAILED;
}
}
