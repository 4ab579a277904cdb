/* Softmax, LogSoftmax and the two cross-entropies by definition. */
#include "kernels/params/softmax.h"

#define TARN_EACH_BODY "kernels/cpu/softmax/rows.body.h"
#define TARN_EACH_SET TARN_EACH_FLOATS
#include "kernels/cpu/each.h"

static tarn_dtype dtype(const tarn_call *call) { return call->problem->in_dtype[0]; }

static tarn_status run(const tarn_call *call) {
  TARN_EACH_OF_FLOATS(dtype(call), softmax)(call, false);
  return TARN_OK;
}
static tarn_status run_log(const tarn_call *call) {
  TARN_EACH_OF_FLOATS(dtype(call), softmax)(call, true);
  return TARN_OK;
}
static tarn_status run_dense(const tarn_call *call) {
  return TARN_EACH_OF_FLOATS(dtype(call), cross_entropy)(call);
}
static tarn_status run_sparse(const tarn_call *call) {
  return TARN_EACH_OF_FLOATS(dtype(call), sparse_cross_entropy)(call);
}

const tarn_kernel tarn_kernels_softmax_rows_reference[] = {
    {.op = "Softmax", .dtypes = TARN_FLOATS, .run = run},
    {.op = "LogSoftmax", .dtypes = TARN_FLOATS, .run = run_log},
    {.op = "SoftmaxCrossEntropyWithLogits", .dtypes = TARN_FLOATS, .run = run_dense},
    {.op = "SparseSoftmaxCrossEntropyWithLogits", .dtypes = TARN_FLOATS, .run = run_sparse},
    {0},
};
