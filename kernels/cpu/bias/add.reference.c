/* BiasAdd, BiasAddV1 and BiasAddGrad by definition. */
#include "kernels/params/bias.h"

#define TARN_EACH_BODY "kernels/cpu/bias/add.body.h"
#define TARN_EACH_SET (TARN_EACH_FLOATS | TARN_EACH_INTS | TARN_EACH_COMPLEX)
#include "kernels/cpu/each.h"

static tarn_status run(const tarn_call *call) {
  const tarn_problem *p = call->problem;
  TARN_EACH_OF_NUMBERS(p->in_dtype[0], add)(call, tarn__bias_of(p->params, &p->in_shape[0]));
  return TARN_OK;
}
static tarn_status run_gradient(const tarn_call *call) {
  const tarn_problem *p = call->problem;
  TARN_EACH_OF_NUMBERS(p->in_dtype[0], gradient)(call, tarn__bias_of(p->params, &p->in_shape[0]));
  return TARN_OK;
}

#define DTYPES (TARN_REALS | TARN_COMPLEX)
const tarn_kernel tarn_kernels_bias_add_reference[] = {
    {.op = "BiasAdd", .dtypes = DTYPES, .run = run},
    {.op = "BiasAddV1", .dtypes = DTYPES, .run = run},
    {.op = "BiasAddGrad", .dtypes = DTYPES, .run = run_gradient},
    {0},
};
