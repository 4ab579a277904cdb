/* Relu, Relu6 and their gradients by definition. */
#include "kernels/kernel.h"

#define TARN_EACH_BODY "kernels/cpu/activation/relu.body.h"
#define TARN_EACH_SET (TARN_EACH_FLOATS | TARN_EACH_INTS)
#include "kernels/cpu/each.h"

#define RUN(run, name, six)                                            \
  static tarn_status run(const tarn_call *call) {                      \
    TARN_EACH_OF_REALS(call->problem->in_dtype[0], name)(call, six);   \
    return TARN_OK;                                                    \
  }
RUN(run_relu, relu, false)
RUN(run_relu6, relu, true)
RUN(run_relu_gradient, gradient, false)
RUN(run_relu6_gradient, gradient, true)
#undef RUN

const tarn_kernel tarn_kernels_activation_relu_reference[] = {
    {.op = "Relu", .dtypes = TARN_REALS, .run = run_relu},
    {.op = "Relu6", .dtypes = TARN_REALS, .run = run_relu6},
    {.op = "ReluGrad", .dtypes = TARN_REALS, .run = run_relu_gradient},
    {.op = "Relu6Grad", .dtypes = TARN_REALS, .run = run_relu6_gradient},
    {0},
};
