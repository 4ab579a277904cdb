/* LRN and LRNGrad by definition (Krizhevsky et al., 2012, section 3.3). */
#include "kernels/kernel.h"
#include "kernels/params/lrn.h"

#define TARN_EACH_BODY "kernels/cpu/lrn/window.body.h"
#define TARN_EACH_SET TARN_EACH_FLOATS
#include "kernels/cpu/each.h"

static int64_t rows_of(const tarn_shape *x) { return x->dim[0] * x->dim[1] * x->dim[2]; }

static tarn_status run(const tarn_call *call) {
  const tarn_shape *x = &call->problem->in_shape[0];
  TARN_EACH_OF_FLOATS(call->problem->in_dtype[0], forward)
  (call->problem->params, call, rows_of(x), x->dim[3]);
  return TARN_OK;
}
static tarn_status run_gradient(const tarn_call *call) {
  const tarn_shape *x = &call->problem->in_shape[0];
  TARN_EACH_OF_FLOATS(call->problem->in_dtype[0], gradient)
  (call->problem->params, call, rows_of(x), x->dim[3]);
  return TARN_OK;
}

/* A double per channel. */
static size_t scratch_bytes(const tarn_problem *p, int threads) {
  (void)threads;
  return (size_t)p->in_shape[0].dim[3] * sizeof(double);
}

const tarn_kernel tarn_kernels_lrn_window_reference[] = {
    {.op = "LRN", .dtypes = TARN_FLOATS, .run = run},
    {.op = "LRNGrad", .dtypes = TARN_FLOATS, .scratch_bytes = scratch_bytes, .run = run_gradient},
    {0},
};
