/* Max and average pooling in two and three dimensions, with their gradients. */
#include "kernels/cuda/pool/numbers.h"

static int dtype_of(const tarn_call *call) {
  return (int)call->out[0]->dtype;
}

static tarn_status largest(const tarn_call *call, const tarn_cuda_pool *g) {
  if (tarn__tensor_elements(call->out[0]) == 0) return TARN_OK;
  TARN_LAUNCHED(tarn__cuda_pool_max(tarn__stream(call), dtype_of(call), g, call->in[0]->data,
                                    call->out[0]->data));
  return TARN_OK;
}
static tarn_status run_max(const tarn_call *call) {
  const tarn_cuda_pool g = tarn__pool_numbers(call->problem->params, &call->problem->in_shape[0]);
  return largest(call, &g);
}
static tarn_status run_max_v2(const tarn_call *call) {
  const tarn_cuda_pool g = tarn__pool_given(call, 1);
  return largest(call, &g);
}

static tarn_status run_average(const tarn_call *call) {
  const tarn_cuda_pool g = tarn__pool_numbers(call->problem->params, &call->problem->in_shape[0]);
  if (tarn__tensor_elements(call->out[0]) == 0) return TARN_OK;
  TARN_LAUNCHED(tarn__cuda_pool_average(tarn__stream(call), dtype_of(call), &g, call->in[0]->data,
                                        call->out[0]->data));
  return TARN_OK;
}

/* ---- gradients ----------------------------------------------------------------------------- */

static const char *refuse_deep(const tarn_problem *p) {
  const tarn_pooling_params *params = p->params;
  if (params->depth_window > 1) return "pooling over channels";
  return NULL;
}
static const char *refuse_max(const tarn_problem *p) {
  if (p->in_dtype[0] != p->in_dtype[2]) return "the gradient is of another type than the input";
  return refuse_deep(p);
}
static size_t winners_bytes(const tarn_problem *p, int threads) {
  (void)threads;
  return (size_t)tarn__shape_elements(&p->in_shape[2]) * sizeof(int64_t);
}

static tarn_status largest_gradient(const tarn_call *call, const tarn_cuda_pool *g) {
  if (tarn__tensor_elements(call->out[0]) == 0) return TARN_OK;
  TARN_LAUNCHED(tarn__cuda_pool_max_gradient(tarn__stream(call), dtype_of(call), g,
                                             call->in[0]->data, call->in[2]->data, call->scratch,
                                             call->out[0]->data));
  return TARN_OK;
}
static tarn_status run_max_gradient(const tarn_call *call) {
  const tarn_cuda_pool g = tarn__pool_numbers(call->problem->params, &call->problem->in_shape[0]);
  return largest_gradient(call, &g);
}
static tarn_status run_max_gradient_v2(const tarn_call *call) {
  const tarn_cuda_pool g = tarn__pool_given(call, 3);
  return g.depth_window > 1 ? tarn_fail(TARN_UNSUPPORTED, "pooling over channels")
                            : largest_gradient(call, &g);
}
static tarn_status run_ties_gradient(const tarn_call *call) {
  const tarn_cuda_pool g = tarn__pool_numbers(call->problem->params, &call->problem->in_shape[0]);
  if (tarn__tensor_elements(call->out[0]) == 0) return TARN_OK;
  TARN_LAUNCHED(tarn__cuda_pool_ties_gradient(tarn__stream(call), dtype_of(call), &g,
                                              call->in[0]->data, call->in[1]->data,
                                              call->in[2]->data, call->out[0]->data));
  return TARN_OK;
}
static tarn_status run_average_gradient(const tarn_call *call) {
  const tarn_cuda_pool g = tarn__pool_numbers(call->problem->params, &call->problem->out_shape[0]);
  if (tarn__tensor_elements(call->out[0]) == 0) return TARN_OK;
  TARN_LAUNCHED(tarn__cuda_pool_average_gradient(tarn__stream(call), dtype_of(call), &g,
                                                 call->in[1]->data, call->out[0]->data));
  return TARN_OK;
}

const tarn_kernel tarn_kernels_pool_windows_cuda[] = {
    {.op = "MaxPool", .dtypes = TARN_FLOATS, .run = run_max},
    {.op = "MaxPoolV2", .dtypes = TARN_FLOATS, .host_in = 6, .run = run_max_v2},
    {.op = "MaxPool3D", .dtypes = TARN_FLOATS, .run = run_max},
    {.op = "AvgPool", .dtypes = TARN_FLOATS, .run = run_average},
    {.op = "AvgPool3D", .dtypes = TARN_FLOATS, .run = run_average},
    {.op = "MaxPoolGrad",
     .dtypes = TARN_FLOATS,
     .supports = refuse_max,
     .scratch_bytes = winners_bytes,
     .run = run_max_gradient},
    {.op = "MaxPoolGradV2",
     .dtypes = TARN_FLOATS,
     .host_in = 24,
     .supports = refuse_max,
     .scratch_bytes = winners_bytes,
     .run = run_max_gradient_v2},
    {.op = "MaxPool3DGrad",
     .dtypes = TARN_FLOATS,
     .supports = refuse_max,
     .run = run_ties_gradient},
    {.op = "AvgPoolGrad",
     .dtypes = TARN_FLOATS,
     .keyed = 1,
     .host_in = 1,
     .supports = refuse_deep,
     .run = run_average_gradient},
    {.op = "AvgPool3DGrad",
     .dtypes = TARN_FLOATS,
     .keyed = 1,
     .host_in = 1,
     .supports = refuse_deep,
     .run = run_average_gradient},
    {0},
};
