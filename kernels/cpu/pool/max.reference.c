/* Max pooling in two and three dimensions, with its gradients, by definition. */
#include "kernels/cpu/pool/walk.h"
#include "kernels/fault.h"

#define TARN_EACH_BODY "kernels/cpu/pool/max.body.h"
#define TARN_EACH_SET (TARN_EACH_FLOATS | TARN_EACH_INTS)
#include "kernels/cpu/each.h"

/* The walk for a problem whose window and strides are attributes; `i` is the input that has the
 * pooled shape. */
static tarn_pool_walk fixed(const tarn_call *call, int i) {
  return tarn__pool_walk(call->problem->params, &call->problem->in_shape[i]);
}
/* The same where they are inputs `i` and `i + 1`, checked by the op's infer function. */
static tarn_pool_walk given(const tarn_call *call, int i) {
  tarn_pooling_params params = *(const tarn_pooling_params *)call->problem->params;
  tarn_window_params *w = &params.window;
  for (int axis = 0; axis < TARN_AXES; axis++) {
    int dim = tarn__window_dim(w, axis);
    if (dim < 0) continue;
    w->window[axis] = tarn__tensor_int(call->in[i], dim);
    w->stride[axis] = tarn__tensor_int(call->in[i + 1], dim);
  }
  params.depth_window = tarn__tensor_int(call->in[i], tarn__window_channel_dim(w));
  return tarn__pool_walk(&params, &call->problem->in_shape[0]);
}
static tarn_dtype dtype(const tarn_call *call) { return call->problem->in_dtype[0]; }

static tarn_status run_max(const tarn_call *call) {
  TARN_EACH_OF_REALS(dtype(call), max)(fixed(call, 0), call);
  return TARN_OK;
}
static tarn_status run_max_v2(const tarn_call *call) {
  TARN_EACH_OF_REALS(dtype(call), max)(given(call, 1), call);
  return TARN_OK;
}
static tarn_status run_with_argmax(const tarn_call *call) {
  TARN_EACH_OF_REALS(dtype(call), with_argmax)(fixed(call, 0), call);
  return TARN_OK;
}
static tarn_status run_gradient(const tarn_call *call) {
  TARN_EACH_OF_REALS(dtype(call), gradient)(fixed(call, 0), call);
  return TARN_OK;
}
static tarn_status run_gradient_3d(const tarn_call *call) {
  TARN_EACH_OF_REALS(dtype(call), gradient_of_ties)(fixed(call, 0), call);
  return TARN_OK;
}
static tarn_status run_gradient_v2(const tarn_call *call) {
  TARN_EACH_OF_REALS(dtype(call), gradient)(given(call, 3), call);
  return TARN_OK;
}
static tarn_status run_second(const tarn_call *call) {
  TARN_EACH_OF_REALS(dtype(call), second_gradient)(fixed(call, 0), call);
  return TARN_OK;
}
static tarn_status run_second_v2(const tarn_call *call) {
  TARN_EACH_OF_REALS(dtype(call), second_gradient)(given(call, 3), call);
  return TARN_OK;
}
static tarn_status run_argmax_gradient(const tarn_call *call) {
  return TARN_EACH_OF_REALS(dtype(call), argmax_gradient)(fixed(call, 0), call);
}

static const char *same_types(const tarn_problem *p) {
  return p->in_dtype[0] == p->in_dtype[2] ? NULL : "the gradient is of another type than the input";
}

/* A sum of 8 bytes at most per element of dx, which has the shape of input 0. */
static size_t sums(const tarn_problem *p, int threads) {
  (void)threads;
  return (size_t)tarn__shape_elements(&p->in_shape[0]) * 8;
}

const tarn_kernel tarn_kernels_pool_max_reference[] = {
    {.op = "MaxPool", .dtypes = TARN_REALS, .run = run_max},
    {.op = "MaxPoolV2", .dtypes = TARN_REALS, .run = run_max_v2},
    {.op = "MaxPool3D", .dtypes = TARN_REALS, .run = run_max},
    {.op = "MaxPoolWithArgmax", .dtypes = TARN_REALS, .run = run_with_argmax},
    {.op = "MaxPoolGrad", .dtypes = TARN_REALS, .scratch_bytes = sums, .run = run_gradient},
    {.op = "MaxPoolGradV2", .dtypes = TARN_REALS, .scratch_bytes = sums, .run = run_gradient_v2},
    {.op = "MaxPool3DGrad",
     .dtypes = TARN_REALS,
     .supports = same_types,
     .scratch_bytes = sums,
     .run = run_gradient_3d},
    {.op = "MaxPoolGradGrad", .dtypes = TARN_REALS, .run = run_second},
    {.op = "MaxPoolGradGradV2", .dtypes = TARN_REALS, .run = run_second_v2},
    {.op = "MaxPool3DGradGrad", .dtypes = TARN_REALS, .run = run_second},
    {.op = "MaxPoolGradWithArgmax",
     .dtypes = TARN_REALS,
     .scratch_bytes = sums,
     .run = run_argmax_gradient},
    {0},
};
