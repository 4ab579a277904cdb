/* Elu, Selu, LeakyRelu, Softplus and Softsign with their gradients, by definition. */
#include "kernels/kernel.h"
#include "kernels/params/activation.h"

/* Klambauer et al., "Self-Normalizing Neural Networks", 2017: scale, and scale times alpha. */
#define SELU_SCALE 1.0507009873554804934
#define SELU_SCALE_ALPHA 1.7580993408473768599

#define TARN_EACH_BODY "kernels/cpu/activation/smooth.body.h"
#define TARN_EACH_SET TARN_EACH_FLOATS
#include "kernels/cpu/each.h"

#define RUN(name)                                                                       \
  static tarn_status run_##name(const tarn_call *call) {                                \
    const tarn_activation_params *p = call->problem->params;                            \
    TARN_EACH_OF_FLOATS(call->problem->in_dtype[0], name)(call, p ? (double)p->alpha : 0.0); \
    return TARN_OK;                                                                     \
  }
RUN(elu)
RUN(selu)
RUN(leaky_relu)
RUN(softplus)
RUN(softsign)
RUN(elu_gradient)
RUN(selu_gradient)
RUN(leaky_relu_gradient)
RUN(softplus_gradient)
RUN(softsign_gradient)
#undef RUN

#define ROW(text, name) {.op = text, .dtypes = TARN_FLOATS, .run = run_##name}
const tarn_kernel tarn_kernels_activation_smooth_reference[] = {
    ROW("Elu", elu),
    ROW("EluGrad", elu_gradient),
    ROW("Selu", selu),
    ROW("SeluGrad", selu_gradient),
    ROW("LeakyRelu", leaky_relu),
    ROW("LeakyReluGrad", leaky_relu_gradient),
    ROW("Softplus", softplus),
    ROW("SoftplusGrad", softplus_gradient),
    ROW("Softsign", softsign),
    ROW("SoftsignGrad", softsign_gradient),
    {0},
};
