/* FusedBatchNorm (V1 to V3) and the gradient of its training by cuDNN's graph API, channels last.
 *
 *   - Training: NORM_FORWARD. It gives mean and 1/sqrt(variance + epsilon), of which TensorFlow
 * wants the variance; that comes from its running statistics, moved from zero by 1: mean and
 * unbiased variance of the batch. A pass over the channels makes TensorFlow's outputs of them.
 *   - Without training: pointwise operations in one graph, y = (x - mean) * (scale / sqrt(variance
 * + epsilon)) + offset.
 *   - The gradient: NORM_BACKWARD, behind a pass over the channels that makes 1/sqrt(variance +
 * epsilon).
 *
 * Where cuDNN has no plan, it is done by the plain kernels. */
#include "kernels/cuda/dnn/graph.h"

#include "kernels/cuda/batch_norm/plain.h"

/* Names in the graphs; HELD and what follows are the graph's alone. */
enum {
  X = 1,
  Y,
  DY,
  DX,
  SCALE,
  OFFSET,
  MEAN,
  VARIANCE,
  INVERSE,
  EPSILON,
  FACTOR,
  OLD_MEAN,
  OLD_VARIANCE,
  NEW_MEAN,
  NEW_VARIANCE,
  DSCALE,
  DOFFSET,
  HELD
};

/* What names a plan; no padding. */
typedef struct key {
  const void *table;
  int64_t N, S, C;
  int32_t dtype, part;
} key;
typedef enum part { TRAINING, INFERENCE, GRADIENT } part;

static key key_of(const tarn_problem *p) {
  static const char table; /* of this file's plans */
  const tarn_batch_norm_params *params = p->params;
  const tarn_batch_norm g = tarn__batch_norm_of(params, &p->in_shape[0]);
  return (key){.table = &table,
               .N = g.N,
               .S = g.S,
               .C = g.C,
               .dtype = (int32_t)p->in_dtype[0],
               .part = strstr(p->op, "Grad") ? GRADIENT
                       : params->training    ? TRAINING
                                             : INFERENCE};
}

static const char *supports(const tarn_problem *p) {
  const tarn_batch_norm_params *params = p->params;
  if (p->in_dtype[2] != TARN_F32 || p->in_dtype[4] != TARN_F32)
    return "scale and statistics are not float32";
  if (tarn__shape_elements(&p->in_shape[0]) == 0) return "no elements";
  if (params->channels_first) return "channels first: cuDNN turns them, the plain kernel does not";
  const key k = key_of(p);
  if (k.N > INT32_MAX || k.S > INT32_MAX) return "larger than cuDNN's engines are made for";
  if (k.part == INFERENCE) return NULL;
  if (!params->training) return "the gradient without training is two sums and a product";
  if (k.N * k.S == 1) return "one element a channel: no unbiased variance";
  if (k.C % (16 / (int64_t)tarn_dtype_bytes(p->in_dtype[0])))
    return "channels are not whole vectors of 16 bytes";
  return NULL;
}

/* Training reads x twice and writes y, or keeps x on the chip between: three passes at most; the
 * gradient five. A launch or two for the channels. */
static double cost_us(const tarn_problem *p, const tarn_machine *m) {
  const key k = key_of(p);
  const double bytes = (double)(k.N * k.S) * (double)k.C * (double)tarn_dtype_bytes(p->in_dtype[0]);
  const double passes = k.part == TRAINING ? 3 : k.part == GRADIENT ? 5 : 2;
  return (k.part == INFERENCE ? 10 : 14) + passes * bytes / (1e3 * m->gbytes_per_s);
}

/* ---- scratch -------------------------------------------------------------------------------- */

/* Workspace, then lines of C floats. */
enum { ZERO_MEAN, ZERO_VARIANCE, BATCH_MEAN, UNBIASED, INVERSES, LINES };
static size_t line_bytes(const key *k) {
  return ((size_t)k->C * sizeof(float) + 255) / 256 * 256;
}
static size_t workspace_bytes(const key *k) {
  return ((size_t)1 << 20) + 64 * line_bytes(k);
}
static size_t scratch_bytes(const tarn_problem *p, int threads) {
  (void)threads;
  if (supports(p)) return 0;
  const key k = key_of(p);
  return workspace_bytes(&k) + LINES * line_bytes(&k);
}
static float *line(const tarn_call *call, const key *k, int i) {
  return (float *)((char *)call->scratch + workspace_bytes(k) + (size_t)i * line_bytes(k));
}

/* ---- graphs --------------------------------------------------------------------------------- */

static tarn_status channels(tarn_dnn_builder *b, const tarn_dnn_shape *shape, int64_t name,
                            cudnnBackendDescriptor_t *tensor) {
  return tarn__dnn_tensor(b, name, CUDNN_DATA_FLOAT, shape, tensor);
}

static tarn_status describe_training(tarn_dnn_builder *b, const tarn_dnn_shape *all,
                                     const tarn_dnn_shape *each, cudnnDataType_t type) {
  tarn_dnn_norm n;
  TARN_TRY(tarn__dnn_tensor(b, X, type, all, &n.x));
  TARN_TRY(tarn__dnn_tensor(b, Y, type, all, &n.y));
  TARN_TRY(channels(b, each, SCALE, &n.scale));
  TARN_TRY(channels(b, each, OFFSET, &n.offset));
  TARN_TRY(channels(b, each, MEAN, &n.mean));
  TARN_TRY(channels(b, each, INVERSE, &n.inverse));
  TARN_TRY(channels(b, each, OLD_MEAN, &n.old_mean));
  TARN_TRY(channels(b, each, OLD_VARIANCE, &n.old_variance));
  TARN_TRY(channels(b, each, NEW_MEAN, &n.new_mean));
  TARN_TRY(channels(b, each, NEW_VARIANCE, &n.new_variance));
  TARN_TRY(tarn__dnn_number(b, EPSILON, all->rank, &n.epsilon));
  TARN_TRY(tarn__dnn_number(b, FACTOR, all->rank, &n.factor));
  return tarn__dnn_normalize(b, &n);
}

static tarn_status describe_gradient(tarn_dnn_builder *b, const tarn_dnn_shape *all,
                                     const tarn_dnn_shape *each, cudnnDataType_t type) {
  tarn_dnn_norm_gradient n;
  TARN_TRY(tarn__dnn_tensor(b, X, type, all, &n.x));
  TARN_TRY(tarn__dnn_tensor(b, DY, type, all, &n.dy));
  TARN_TRY(tarn__dnn_tensor(b, DX, type, all, &n.dx));
  TARN_TRY(channels(b, each, SCALE, &n.scale));
  TARN_TRY(channels(b, each, MEAN, &n.mean));
  TARN_TRY(channels(b, each, INVERSE, &n.inverse));
  TARN_TRY(channels(b, each, DSCALE, &n.dscale));
  TARN_TRY(channels(b, each, DOFFSET, &n.doffset));
  return tarn__dnn_normalize_gradient(b, &n);
}

static tarn_status describe_inference(tarn_dnn_builder *b, const tarn_dnn_shape *all,
                                      const tarn_dnn_shape *each, cudnnDataType_t type) {
  const cudnnDataType_t f32 = CUDNN_DATA_FLOAT;
  cudnnBackendDescriptor_t x, y, scale, offset, mean, variance, epsilon, held[5];
  TARN_TRY(tarn__dnn_tensor(b, X, type, all, &x));
  TARN_TRY(tarn__dnn_tensor(b, Y, type, all, &y));
  TARN_TRY(channels(b, each, SCALE, &scale));
  TARN_TRY(channels(b, each, OFFSET, &offset));
  TARN_TRY(channels(b, each, MEAN, &mean));
  TARN_TRY(channels(b, each, VARIANCE, &variance));
  TARN_TRY(tarn__dnn_number(b, EPSILON, all->rank, &epsilon));
  for (int i = 0; i < 5; i++)
    TARN_TRY(tarn__dnn_held(b, HELD + i, f32, i < 3 ? each : all, &held[i]));
  TARN_TRY(tarn__dnn_pointwise(b, CUDNN_POINTWISE_ADD, f32, variance, epsilon, held[0]));
  TARN_TRY(tarn__dnn_pointwise(b, CUDNN_POINTWISE_RSQRT, f32, held[0], NULL, held[1]));
  TARN_TRY(tarn__dnn_pointwise(b, CUDNN_POINTWISE_MUL, f32, held[1], scale, held[2]));
  TARN_TRY(tarn__dnn_pointwise(b, CUDNN_POINTWISE_SUB, f32, x, mean, held[3]));
  TARN_TRY(tarn__dnn_pointwise(b, CUDNN_POINTWISE_MUL, f32, held[3], held[2], held[4]));
  return tarn__dnn_pointwise(b, CUDNN_POINTWISE_ADD, f32, held[4], offset, y);
}

static tarn_status describe(tarn_dnn_builder *b, const void *context) {
  const key *k = context;
  const cudnnDataType_t type = tarn__dnn_type((tarn_dtype)k->dtype);
  const int64_t size[2] = {k->S, 1};
  const tarn_dnn_shape all = tarn__dnn_channels_last(k->N, k->C, 2, size);
  const tarn_dnn_shape each = tarn__dnn_channels(k->C, 2);
  return k->part == TRAINING    ? describe_training(b, &all, &each, type)
         : k->part == INFERENCE ? describe_inference(b, &all, &each, type)
                                : describe_gradient(b, &all, &each, type);
}

/* ---- runs ----------------------------------------------------------------------------------- */

static void *at(const void *p) {
  return (void *)(uintptr_t)p;
}

/* plan->plan NULL, or pointers that its tensors may not have: the plain kernel. */
static tarn_status plan_of(const tarn_call *call, const key *k, const tarn_dnn_plan **plan) {
  return tarn__dnn_plan_keep(call->queue, k, sizeof *k, describe, k, workspace_bytes(k), plan);
}

static tarn_status run_training(const tarn_call *call, const key *k, const tarn_dnn_plan *plan) {
  const tarn_cuda_norm w = tarn__norm_work(call);
  const cudaStream_t stream = tarn__stream(call);
  float epsilon = w.epsilon, whole = 1;
  const int64_t names[] = {X,       Y,        SCALE,        OFFSET,   MEAN,
                           INVERSE, OLD_MEAN, OLD_VARIANCE, NEW_MEAN, NEW_VARIANCE,
                           EPSILON, FACTOR};
  enum { TENSORS = 10, NAMES = TENSORS + 2 };
  void *const data[NAMES] = {at(w.x),
                             w.y,
                             at(w.scale),
                             at(w.offset),
                             w.saved_mean,
                             line(call, k, INVERSES),
                             line(call, k, ZERO_MEAN),
                             line(call, k, ZERO_VARIANCE),
                             line(call, k, BATCH_MEAN),
                             line(call, k, UNBIASED),
                             &epsilon,
                             &whole};
  if (!plan->plan || !tarn__dnn_aligned(TENSORS, data)) return tarn__norm_plain(call);
  cudnnHandle_t dnn;
  TARN_TRY(tarn__queue_dnn(call->queue, &dnn));
  TARN_CUDA(cudaMemsetAsync(line(call, k, ZERO_MEAN), 0, 2 * line_bytes(k), stream));
  TARN_TRY(tarn__dnn_plan_run(dnn, plan, NAMES, names, data, call->scratch));
  const tarn_cuda_norm_finish f = {.C = k->C,
                                   .count = k->N * k->S,
                                   .factor = w.factor,
                                   .batch_mean = line(call, k, BATCH_MEAN),
                                   .batch_unbiased = line(call, k, UNBIASED),
                                   .old_mean = w.old_mean,
                                   .old_variance = w.old_variance,
                                   .mean = w.mean,
                                   .variance = w.variance,
                                   .saved_variance = w.saved_variance};
  TARN_LAUNCHED(tarn__cuda_norm_finish(stream, &f));
  return tarn__norm_reserve(call);
}

static tarn_status run_inference(const tarn_call *call, const tarn_dnn_plan *plan) {
  const tarn_cuda_norm w = tarn__norm_work(call);
  float epsilon = w.epsilon;
  const int64_t names[] = {X, Y, SCALE, OFFSET, MEAN, VARIANCE, EPSILON};
  enum { TENSORS = 6, NAMES = TENSORS + 1 };
  void *const data[NAMES] = {
      at(w.x), w.y, at(w.scale), at(w.offset), at(w.old_mean), at(w.old_variance), &epsilon};
  if (!plan->plan || !tarn__dnn_aligned(TENSORS, data)) return tarn__norm_plain(call);
  cudnnHandle_t dnn;
  TARN_TRY(tarn__queue_dnn(call->queue, &dnn));
  TARN_TRY(tarn__dnn_plan_run(dnn, plan, NAMES, names, data, call->scratch));
  TARN_LAUNCHED(tarn__cuda_norm_keep(tarn__stream(call), &w));
  return tarn__norm_reserve(call);
}

static tarn_status run(const tarn_call *call) {
  const key k = key_of(call->problem);
  const tarn_dnn_plan *plan;
  TARN_TRY(plan_of(call, &k, &plan));
  return k.part == TRAINING ? run_training(call, &k, plan) : run_inference(call, plan);
}

static tarn_status run_gradient(const tarn_call *call) {
  const key k = key_of(call->problem);
  const tarn_cuda_norm_gradient w = tarn__norm_gradient_work(call);
  const tarn_dnn_plan *plan;
  TARN_TRY(plan_of(call, &k, &plan));
  const int64_t names[] = {X, DY, DX, SCALE, MEAN, INVERSE, DSCALE, DOFFSET};
  enum { NAMES = 8 };
  float *inverse = line(call, &k, INVERSES);
  void *const data[NAMES] = {at(w.x),    at(w.dy), w.dx,     at(w.scale),
                             at(w.mean), inverse,  w.dscale, w.doffset};
  if (!plan->plan || !tarn__dnn_aligned(NAMES, data)) return tarn__norm_gradient_plain(call);
  cudnnHandle_t dnn;
  TARN_TRY(tarn__queue_dnn(call->queue, &dnn));
  TARN_LAUNCHED(tarn__cuda_norm_inverse(tarn__stream(call), w.variance, w.epsilon, inverse, k.C));
  return tarn__dnn_plan_run(dnn, plan, NAMES, names, data, call->scratch);
}

#define DTYPES (TARN_BIT(TARN_F32) | TARN_BIT(TARN_F16) | TARN_BIT(TARN_BF16))
#define ROW(OP, RUN)                                                      \
  {                                                                       \
    .op = OP, .dtypes = DTYPES, .supports = supports, .cost_us = cost_us, \
    .scratch_bytes = scratch_bytes, .run = RUN                            \
  }
const tarn_kernel tarn_kernels_batch_norm_graph_cudnn[] = {
    ROW("FusedBatchNorm", run),
    ROW("FusedBatchNormV2", run),
    ROW("FusedBatchNormV3", run),
    ROW("FusedBatchNormGrad", run_gradient),
    ROW("FusedBatchNormGradV2", run_gradient),
    ROW("FusedBatchNormGradV3", run_gradient),
    {0},
};
