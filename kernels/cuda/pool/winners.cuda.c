/* MaxPoolWithArgmax with its gradient, and second gradients of max pooling. */
#include "kernels/cuda/pool/numbers.h"

static tarn_cuda_pool numbers(const tarn_call *call) {
  return tarn__pool_numbers(call->problem->params, &call->problem->in_shape[0]);
}
static tarn_cuda_pool_argmax argmax_of(const tarn_call *call, const tarn_tensor *argmax) {
  const tarn_pooling_params *params = call->problem->params;
  return (tarn_cuda_pool_argmax){.batch = params->include_batch_in_index,
                                 .wide = argmax->dtype == TARN_I64,
                                 .argmax = argmax->data,
                                 .strays = call->scratch,
                                 .fault = call->fault,
                                 .fault_step = call->fault_step};
}

static tarn_status run_with_argmax(const tarn_call *call) {
  const tarn_cuda_pool g = numbers(call);
  const tarn_cuda_pool_argmax m = argmax_of(call, call->out[1]);
  if (tarn__tensor_elements(call->out[0]) == 0) return TARN_OK;
  TARN_LAUNCHED(tarn__cuda_pool_max_at(tarn__stream(call), (int)call->out[0]->dtype, &g, &m,
                                       call->in[0]->data, call->out[0]->data));
  return TARN_OK;
}

static const char *refuse_deep(const tarn_problem *p) {
  const tarn_pooling_params *params = p->params;
  return params->depth_window > 1 ? "pooling over channels" : NULL;
}
static size_t strays_bytes(const tarn_problem *p, int threads) {
  (void)p;
  (void)threads;
  return sizeof(int);
}
static tarn_status run_argmax_gradient(const tarn_call *call) {
  const tarn_cuda_pool g = numbers(call);
  const tarn_cuda_pool_argmax m = argmax_of(call, call->in[2]);
  if (tarn__tensor_elements(call->out[0]) == 0) return TARN_OK;
  TARN_CUDA(cudaMemsetAsync(m.strays, 0, sizeof *m.strays, tarn__stream(call)));
  TARN_LAUNCHED(tarn__cuda_pool_argmax_gradient(tarn__stream(call), (int)call->out[0]->dtype, &g,
                                                &m, call->in[1]->data, call->out[0]->data));
  return TARN_OK;
}

static tarn_status second(const tarn_call *call, const tarn_cuda_pool *g) {
  if (tarn__tensor_elements(call->out[0]) == 0) return TARN_OK;
  TARN_LAUNCHED(tarn__cuda_pool_second_gradient(tarn__stream(call), (int)call->out[0]->dtype, g,
                                                call->in[0]->data, call->in[1]->data,
                                                call->in[2]->data, call->out[0]->data));
  return TARN_OK;
}
static tarn_status run_second(const tarn_call *call) {
  const tarn_cuda_pool g = numbers(call);
  return second(call, &g);
}
static tarn_status run_second_v2(const tarn_call *call) {
  const tarn_cuda_pool g = tarn__pool_given(call, 3);
  return second(call, &g);
}

const tarn_kernel tarn_kernels_pool_winners_cuda[] = {
    {.op = "MaxPoolWithArgmax", .dtypes = TARN_FLOATS, .run = run_with_argmax},
    {.op = "MaxPoolGradWithArgmax",
     .dtypes = TARN_FLOATS,
     .faults = true,
     .supports = refuse_deep,
     .scratch_bytes = strays_bytes,
     .run = run_argmax_gradient},
    {.op = "MaxPoolGradGrad", .dtypes = TARN_FLOATS, .run = run_second},
    {.op = "MaxPoolGradGradV2", .dtypes = TARN_FLOATS, .host_in = 24, .run = run_second_v2},
    {.op = "MaxPool3DGradGrad", .dtypes = TARN_FLOATS, .run = run_second},
    {0},
};
