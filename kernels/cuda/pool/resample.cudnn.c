/* Pooling by cuDNN's graph API, channels last, beside windows.cuda for a device to choose: all of
 * it waits for memory, so estimates prefer the plain kernels, which read and write the same bytes
 * without scratch.
 *
 * Max pooling asks for the winners' places even where nothing but y is wanted: so compiled, a NaN
 * is never the largest, as in TensorFlow; without them cuDNN's engines hand every NaN on, whatever
 * NAN_PROPAGATION says. The least finite number is joined in the same graph: TensorFlow starts
 * there. The gradient pools again for the winners; under windows with NaNs, or of nothing but
 * -infinity, it may go to another element than TensorFlow's. 16-bit averages are rounded once, not
 * at each step. Where cuDNN has no plan: the plain kernels. */
#include <float.h>

#include "kernels/cuda/dnn/graph.h"
#include "kernels/cuda/pool/numbers.h"

/* Names in the graph; gradients have theirs in x's and y's place. */
enum { X = 1, Y, WINNER, LEAST, HELD };

typedef enum part { FORWARD, WINNERS, GRADIENT } part;

/* What names a plan; no padding. */
typedef struct key {
  const void *table;
  int64_t N, C, in[3], out[3], window[3], stride[3], before[3];
  int32_t dtype, spatial, largest, part;
} key;

static bool is_largest(const tarn_problem *p) {
  return p->op[0] == 'M';
}
static bool is_gradient(const tarn_problem *p) {
  return strstr(p->op, "Grad") != NULL;
}

static key key_of(const tarn_problem *p) {
  static const char table; /* of this file's plans */
  const tarn_pooling_params *params = p->params;
  const bool shaped = is_gradient(p) && !is_largest(p);
  const tarn_cuda_pool g = tarn__pool_numbers(params, shaped ? &p->out_shape[0] : &p->in_shape[0]);
  key k = {.table = &table,
           .N = g.N,
           .C = g.C,
           .dtype = (int32_t)p->out_dtype[0],
           .spatial = params->window.spatial,
           .largest = is_largest(p),
           .part = is_gradient(p) ? GRADIENT : FORWARD};
  memcpy(k.in, g.in, sizeof k.in);
  memcpy(k.out, g.out, sizeof k.out);
  memcpy(k.window, g.window, sizeof k.window);
  memcpy(k.stride, g.stride, sizeof k.stride);
  memcpy(k.before, g.before, sizeof k.before);
  return k;
}

static const char *supports(const tarn_problem *p) {
  const tarn_pooling_params *params = p->params;
  if (params->window.channels_first) return "NCHW: a pass turns networks to NHWC";
  if (params->depth_window > 1) return "pooling over channels";
  if (is_largest(p) && is_gradient(p) && p->in_dtype[0] != p->in_dtype[2])
    return "the gradient is of another type than the input";
  if (p->out_shape[0].rank < 0) return "the shape is known at the run alone";
  const key k = key_of(p);
  if (k.N == 0 || k.C == 0) return "no elements";
  for (int a = 0; a < 3; a++) {
    if (k.in[a] == 0 || k.out[a] <= 0) return "no elements";
    if (k.before[a] >= k.window[a] || (k.out[a] - 1) * k.stride[a] + 1 > k.in[a] + k.before[a])
      return "a window lies in the padding alone";
    if (k.in[a] > INT32_MAX || k.window[a] > 1024)
      return "larger than cuDNN's engines are made for";
  }
  if (k.largest && k.window[0] * k.window[1] * k.window[2] > INT8_MAX)
    return "more elements under a window than a byte counts";
  return NULL;
}

/* Bytes that are read and written: x and y, and a byte an output for the winners. Two launches for
 * a gradient of the largest. */
static double cost_us(const tarn_problem *p, const tarn_machine *m) {
  const key k = key_of(p);
  const double x = (double)(k.N * k.C) * (double)(k.in[0] * k.in[1] * k.in[2]);
  const double y = (double)(k.N * k.C) * (double)(k.out[0] * k.out[1] * k.out[2]);
  const double each = (double)tarn_dtype_bytes(p->out_dtype[0]), winners = k.largest ? y : 0;
  const bool again = k.largest && k.part == GRADIENT;
  const double bytes = (again ? 2 : 1) * (each * (x + y) + winners);
  return (again ? 12 : 6) + bytes / (1e3 * m->gbytes_per_s);
}

static tarn_dnn_window window_of(const key *k) {
  tarn_dnn_window w = {.largest = k->largest, .spatial = k->spatial};
  for (int a = 0; a < w.spatial; a++) {
    const int from = a + 3 - w.spatial;
    const int64_t rest =
        (k->out[from] - 1) * k->stride[from] + k->window[from] - k->in[from] - k->before[from];
    w.size[a] = k->window[from];
    w.stride[a] = k->stride[from];
    w.before[a] = k->before[from];
    w.after[a] = rest > 0 ? rest : 0;
  }
  return w;
}

static tarn_status describe(tarn_dnn_builder *b, const void *context) {
  const key *k = context;
  const tarn_dnn_window w = window_of(k);
  const cudnnDataType_t type = tarn__dnn_type((tarn_dtype)k->dtype);
  const int skip = 3 - k->spatial;
  const tarn_dnn_shape xs = tarn__dnn_channels_last(k->N, k->C, k->spatial, k->in + skip);
  const tarn_dnn_shape ys = tarn__dnn_channels_last(k->N, k->C, k->spatial, k->out + skip);
  cudnnBackendDescriptor_t x, y, winner = NULL;
  TARN_TRY(tarn__dnn_tensor(b, X, type, &xs, &x));
  TARN_TRY(tarn__dnn_tensor(b, Y, type, &ys, &y));
  if (k->largest) TARN_TRY(tarn__dnn_tensor(b, WINNER, CUDNN_DATA_INT8, &ys, &winner));
  if (k->part == GRADIENT) return tarn__dnn_pool_gradient(b, &w, y, winner, x);
  if (!k->largest || k->part == WINNERS) return tarn__dnn_pool(b, &w, x, winner, y);
  cudnnBackendDescriptor_t held, least;
  TARN_TRY(tarn__dnn_held(b, HELD, CUDNN_DATA_FLOAT, &ys, &held));
  TARN_TRY(tarn__dnn_number(b, LEAST, ys.rank, &least));
  TARN_TRY(tarn__dnn_pool(b, &w, x, winner, held));
  return tarn__dnn_pointwise(b, CUDNN_POINTWISE_MAX, CUDNN_DATA_FLOAT, held, least, y);
}

static float least_of(tarn_dtype dtype) {
  return dtype == TARN_F16 ? -65504.0f : dtype == TARN_BF16 ? -0x1.fep127f : -FLT_MAX;
}

/* Scratch: workspace at most, the winners, and y where the gradient pools again. */
typedef struct room {
  size_t workspace, winners, again;
} room;
static size_t rounded(size_t bytes) {
  return (bytes + 255) / 256 * 256;
}
static room room_of(const tarn_problem *p, const key *k) {
  const size_t y = (size_t)(k->N * k->C * k->out[0] * k->out[1] * k->out[2]);
  room r = {.workspace = (size_t)1 << 20};
  if (k->largest) r.winners = rounded(y);
  if (k->largest && k->part == GRADIENT) r.again = rounded(y * tarn_dtype_bytes(p->out_dtype[0]));
  return r;
}
static size_t scratch_bytes(const tarn_problem *p, int threads) {
  (void)threads;
  if (supports(p)) return 0;
  const key k = key_of(p);
  const room r = room_of(p, &k);
  const size_t all = r.workspace + r.winners + r.again;
  /* the plain kernel's winners, of which places are int64 */
  const size_t plain = r.again ? sizeof(int64_t) * r.winners : 0;
  return all > plain ? all : plain;
}

/* Without cuDNN. */
static tarn_status plainly(const tarn_call *call) {
  const tarn_problem *p = call->problem;
  const bool shaped = is_gradient(p) && !is_largest(p);
  const tarn_cuda_pool g =
      tarn__pool_numbers(p->params, shaped ? &p->out_shape[0] : &p->in_shape[0]);
  const cudaStream_t stream = tarn__stream(call);
  const int dtype = (int)p->out_dtype[0];
  void *to = call->out[0]->data;
  if (shaped)
    TARN_LAUNCHED(tarn__cuda_pool_average_gradient(stream, dtype, &g, call->in[1]->data, to));
  else if (is_gradient(p))
    TARN_LAUNCHED(tarn__cuda_pool_max_gradient(stream, dtype, &g, call->in[0]->data,
                                               call->in[2]->data, call->scratch, to));
  else if (is_largest(p))
    TARN_LAUNCHED(tarn__cuda_pool_max(stream, dtype, &g, call->in[0]->data, to));
  else
    TARN_LAUNCHED(tarn__cuda_pool_average(stream, dtype, &g, call->in[0]->data, to));
  return TARN_OK;
}

static tarn_status plan_of(const tarn_call *call, const key *k, size_t limit,
                           const tarn_dnn_plan **plan) {
  return tarn__dnn_plan_keep(call->queue, k, sizeof *k, describe, k, limit, plan);
}

static tarn_status run(const tarn_call *call) {
  const tarn_problem *p = call->problem;
  key k = key_of(p);
  const room r = room_of(p, &k);
  const tarn_dnn_plan *plan, *first = NULL;
  const bool again = r.again > 0, gradient = k.part == GRADIENT;
  TARN_TRY(plan_of(call, &k, r.workspace, &plan));
  if (again) {
    k.part = WINNERS;
    TARN_TRY(plan_of(call, &k, r.workspace, &first));
  }
  char *scratch = call->scratch;
  void *winners = scratch + r.workspace, *y = scratch + r.workspace + r.winners;
  void *x = call->in[0]->data, *out = call->out[0]->data;
  void *dy = gradient ? call->in[again ? 2 : 1]->data : NULL;
  void *const all[] = {gradient && !again ? NULL : x, out, dy};
  if (!plan->plan || (again && !first->plan) || !tarn__dnn_aligned(3, all)) return plainly(call);
  const int64_t names[] = {X, Y, WINNER, LEAST};
  const int n = k.largest ? 3 : 2;
  float least = least_of(p->out_dtype[0]);
  cudnnHandle_t dnn;
  TARN_TRY(tarn__queue_dnn(call->queue, &dnn));
  if (!gradient)
    return tarn__dnn_plan_run(dnn, plan, k.largest ? 4 : 2, names,
                              (void *const[]){x, out, winners, &least}, scratch);
  if (again)
    TARN_TRY(tarn__dnn_plan_run(dnn, first, n, names, (void *const[]){x, y, winners}, scratch));
  return tarn__dnn_plan_run(dnn, plan, n, names, (void *const[]){out, dy, winners}, scratch);
}

#define DTYPES (TARN_BIT(TARN_F32) | TARN_BIT(TARN_F16) | TARN_BIT(TARN_BF16))
#define ROW(OP, HOST)                                                               \
  {                                                                                 \
    .op = OP, .dtypes = DTYPES, .keyed = -1, .host_in = HOST, .supports = supports, \
    .cost_us = cost_us, .scratch_bytes = scratch_bytes, .run = run                  \
  }
const tarn_kernel tarn_kernels_pool_resample_cudnn[] = {
    ROW("MaxPool", 0),   ROW("MaxPool3D", 0),   ROW("MaxPoolGrad", 0),   ROW("AvgPool", 0),
    ROW("AvgPool3D", 0), ROW("AvgPoolGrad", 1), ROW("AvgPool3DGrad", 1), {0},
};
