/* Average pooling in two and three dimensions, with its gradients, by definition. */
#include "kernels/cpu/pool/walk.h"

#define TARN_EACH_BODY "kernels/cpu/pool/average.body.h"
#define TARN_EACH_SET TARN_EACH_FLOATS
#include "kernels/cpu/each.h"

static tarn_status run(const tarn_call *call) {
  const tarn_problem *p = call->problem;
  TARN_EACH_OF_FLOATS(p->in_dtype[0], average)(tarn__pool_walk(p->params, &p->in_shape[0]), call);
  return TARN_OK;
}

static tarn_status run_gradient(const tarn_call *call) {
  const tarn_problem *p = call->problem;
  TARN_EACH_OF_FLOATS(p->in_dtype[1], gradient)(tarn__pool_walk(p->params, &p->out_shape[0]), call);
  return TARN_OK;
}

/* A sum of 8 bytes at most per element of dx; nothing before its shape is known. */
static size_t sums(const tarn_problem *p, int threads) {
  (void)threads;
  return p->out_shape[0].rank < 0 ? 0 : (size_t)tarn__shape_elements(&p->out_shape[0]) * 8;
}

const tarn_kernel tarn_kernels_pool_average_reference[] = {
    {.op = "AvgPool", .dtypes = TARN_FLOATS, .run = run},
    {.op = "AvgPool3D", .dtypes = TARN_FLOATS, .run = run},
    {.op = "AvgPoolGrad",
     .dtypes = TARN_FLOATS,
     .keyed = 1,
     .scratch_bytes = sums,
     .run = run_gradient},
    {.op = "AvgPool3DGrad",
     .dtypes = TARN_FLOATS,
     .keyed = 1,
     .scratch_bytes = sums,
     .run = run_gradient},
    {0},
};
