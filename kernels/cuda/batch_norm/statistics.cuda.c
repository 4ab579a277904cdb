/* FusedBatchNorm (V1 to V3) and its gradients. */
#include "kernels/cuda/batch_norm/plain.h"

static const char *supports(const tarn_problem *p) {
  if (p->in_dtype[2] != TARN_F32 || p->in_dtype[4] != TARN_F32)
    return "scale and statistics are not float32";
  if (tarn__shape_elements(&p->in_shape[0]) == 0) return "no elements";
  return NULL;
}

tarn_cuda_norm tarn__norm_work(const tarn_call *call) {
  const tarn_problem *p = call->problem;
  const tarn_batch_norm_params *params = p->params;
  const tarn_batch_norm g = tarn__batch_norm_of(params, &p->in_shape[0]);
  return (tarn_cuda_norm){.channels_first = params->channels_first,
                          .training = params->training,
                          .N = g.N,
                          .C = g.C,
                          .S = g.S,
                          .epsilon = params->epsilon,
                          .factor = params->exponential_avg_factor,
                          .x = call->in[0]->data,
                          .scale = call->in[1]->data,
                          .offset = call->in[2]->data,
                          .old_mean = call->in[3]->data,
                          .old_variance = call->in[4]->data,
                          .y = call->out[0]->data,
                          .mean = call->out[1]->data,
                          .variance = call->out[2]->data,
                          .saved_mean = call->out[3]->data,
                          .saved_variance = call->out[4]->data};
}

tarn_status tarn__norm_reserve(const tarn_call *call) {
  const tarn_problem *p = call->problem;
  if (p->outputs > 5 && tarn__tensor_bytes(call->out[5]))
    TARN_CUDA(cudaMemsetAsync(call->out[5]->data, 0, tarn__tensor_bytes(call->out[5]),
                              tarn__stream(call)));
  return TARN_OK;
}

tarn_status tarn__norm_plain(const tarn_call *call) {
  const tarn_cuda_norm work = tarn__norm_work(call);
  TARN_LAUNCHED(tarn__cuda_norm(tarn__stream(call), (int)call->problem->in_dtype[0], &work));
  return tarn__norm_reserve(call);
}

/* Statistics read x twice, and y comes of a third time: four passes of its bytes in training, six
 * for the gradient, two without. */
static double cost_us(const tarn_problem *p, const tarn_machine *m) {
  const tarn_batch_norm_params *params = p->params;
  const bool gradient = strstr(p->op, "Grad") != NULL;
  const double passes = gradient ? 6 : params->training ? 4 : 2;
  const double bytes =
      (double)tarn__shape_elements(&p->in_shape[0]) * (double)tarn_dtype_bytes(p->in_dtype[0]);
  return (gradient || params->training ? 8 : 6) + passes * bytes / (1e3 * m->gbytes_per_s);
}

static size_t scratch_bytes(const tarn_problem *p, int threads) {
  (void)threads;
  return 2 * sizeof(float) * (size_t)tarn__shape_elements(&p->in_shape[2]);
}
tarn_cuda_norm_gradient tarn__norm_gradient_work(const tarn_call *call) {
  const tarn_problem *p = call->problem;
  const tarn_batch_norm_params *params = p->params;
  const tarn_batch_norm g = tarn__batch_norm_of(params, &p->in_shape[0]);
  return (tarn_cuda_norm_gradient){.channels_first = params->channels_first,
                                   .training = params->training,
                                   .N = g.N,
                                   .C = g.C,
                                   .S = g.S,
                                   .epsilon = params->epsilon,
                                   .dy = call->in[0]->data,
                                   .x = call->in[1]->data,
                                   .scale = call->in[2]->data,
                                   .mean = call->in[3]->data,
                                   .variance = call->in[4]->data,
                                   .dx = call->out[0]->data,
                                   .dscale = call->out[1]->data,
                                   .doffset = call->out[2]->data,
                                   .sums = call->scratch};
}

tarn_status tarn__norm_gradient_plain(const tarn_call *call) {
  const tarn_cuda_norm_gradient work = tarn__norm_gradient_work(call);
  TARN_LAUNCHED(
      tarn__cuda_norm_gradient(tarn__stream(call), (int)call->problem->in_dtype[0], &work));
  return TARN_OK;
}

#define DTYPES (TARN_BIT(TARN_F32) | TARN_BIT(TARN_F16) | TARN_BIT(TARN_BF16))
#define ROW(OP) \
  { .op = OP, .dtypes = DTYPES, .supports = supports, .cost_us = cost_us, .run = tarn__norm_plain }
#define GRADIENT(OP)                                                                  \
  {                                                                                   \
    .op = OP, .dtypes = DTYPES, .supports = supports, .scratch_bytes = scratch_bytes, \
    .cost_us = cost_us, .run = tarn__norm_gradient_plain                              \
  }
const tarn_kernel tarn_kernels_batch_norm_statistics_cuda[] = {
    ROW("FusedBatchNorm"),
    ROW("FusedBatchNormV2"),
    ROW("FusedBatchNormV3"),
    GRADIENT("FusedBatchNormGrad"),
    GRADIENT("FusedBatchNormGradV2"),
    GRADIENT("FusedBatchNormGradV3"),
    {0},
};
