/* FusedBatchNorm (V1 to V3) and its gradients by definition. */
#include "kernels/params/batch_norm.h"

#define TARN_EACH_BODY "kernels/cpu/batch_norm/statistics.body.h"
#define TARN_EACH_SET TARN_EACH_FLOATS
#include "kernels/cpu/each.h"

static const char *supports(const tarn_problem *p) {
  return p->in_dtype[2] == TARN_F32 && p->in_dtype[4] == TARN_F32
             ? NULL
             : "scale and statistics are not float32";
}

static tarn_status run(const tarn_call *call) {
  const tarn_problem *p = call->problem;
  TARN_EACH_OF_FLOATS(p->in_dtype[0], forward)
  (call, p->params, tarn__batch_norm_of(p->params, &p->in_shape[0]));
  if (p->outputs > 5)
    memset(call->out[5]->data, 0, tarn__tensor_bytes(call->out[5])); /* cuDNN's reserve */
  return TARN_OK;
}

static tarn_status run_gradient(const tarn_call *call) {
  const tarn_problem *p = call->problem;
  TARN_EACH_OF_FLOATS(p->in_dtype[0], gradient)
  (call, p->params, tarn__batch_norm_of(p->params, &p->in_shape[0]));
  return TARN_OK;
}

#define ROW(text, run_) {.op = text, .dtypes = TARN_FLOATS, .supports = supports, .run = run_}
const tarn_kernel tarn_kernels_batch_norm_statistics_reference[] = {
    ROW("FusedBatchNorm", run),
    ROW("FusedBatchNormV2", run),
    ROW("FusedBatchNormV3", run),
    ROW("FusedBatchNormGrad", run_gradient),
    ROW("FusedBatchNormGradV2", run_gradient),
    ROW("FusedBatchNormGradV3", run_gradient),
    {0},
};
