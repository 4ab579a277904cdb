/* BatchNormWithGlobalNormalization and its gradient by definition. */
#include "kernels/params/batch_norm.h"

#define TARN_EACH_BODY "kernels/cpu/batch_norm/global.body.h"
#define TARN_EACH_SET TARN_EACH_FLOATS
#include "kernels/cpu/each.h"

static tarn_status run(const tarn_call *call) {
  const tarn_shape *x = &call->problem->in_shape[0];
  TARN_EACH_OF_FLOATS(call->problem->in_dtype[0], global)
  (call, call->problem->params, x->dim[0] * x->dim[1] * x->dim[2], x->dim[3]);
  return TARN_OK;
}
static tarn_status run_gradient(const tarn_call *call) {
  const tarn_shape *x = &call->problem->in_shape[0];
  TARN_EACH_OF_FLOATS(call->problem->in_dtype[0], global_gradient)
  (call, call->problem->params, x->dim[0] * x->dim[1] * x->dim[2], x->dim[3]);
  return TARN_OK;
}

const tarn_kernel tarn_kernels_batch_norm_global_reference[] = {
    {.op = "BatchNormWithGlobalNormalization", .dtypes = TARN_FLOATS, .run = run},
    {.op = "BatchNormWithGlobalNormalizationGrad", .dtypes = TARN_FLOATS, .run = run_gradient},
    {0},
};
