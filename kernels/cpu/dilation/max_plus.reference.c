/* Dilation2D and its gradients by definition. */
#include "kernels/params/conv2d.h"

#define TARN_EACH_BODY "kernels/cpu/dilation/max_plus.body.h"
#define TARN_EACH_SET (TARN_EACH_FLOATS | TARN_EACH_INTS)
#include "kernels/cpu/each.h"

/* The filter [KH, KW, C] as a depthwise one of one output a channel. */
static tarn_conv2d geometry(const tarn_problem *p) {
  tarn_shape w = p->in_shape[1];
  w.rank = 4;
  w.dim[3] = 1;
  return tarn__conv2d_of(p->params, &p->in_shape[0], &w, true);
}

static tarn_status run(const tarn_call *call) {
  const tarn_conv2d g = geometry(call->problem);
  TARN_EACH_OF_REALS(call->problem->in_dtype[0], forward)(&g, call);
  return TARN_OK;
}
static tarn_status run_input(const tarn_call *call) {
  const tarn_conv2d g = geometry(call->problem);
  TARN_EACH_OF_REALS(call->problem->in_dtype[0], gradient)(&g, call, false);
  return TARN_OK;
}
static tarn_status run_filter(const tarn_call *call) {
  const tarn_conv2d g = geometry(call->problem);
  TARN_EACH_OF_REALS(call->problem->in_dtype[0], gradient)(&g, call, true);
  return TARN_OK;
}

/* A sum of 8 bytes at most per element of the gradient. */
static size_t sums(const tarn_problem *p, int threads) {
  (void)threads;
  return (size_t)tarn__shape_elements(&p->out_shape[0]) * 8;
}

const tarn_kernel tarn_kernels_dilation_max_plus_reference[] = {
    {.op = "Dilation2D", .dtypes = TARN_REALS, .run = run},
    {.op = "Dilation2DBackpropInput",
     .dtypes = TARN_REALS,
     .scratch_bytes = sums,
     .run = run_input},
    {.op = "Dilation2DBackpropFilter",
     .dtypes = TARN_REALS,
     .scratch_bytes = sums,
     .run = run_filter},
    {0},
};
