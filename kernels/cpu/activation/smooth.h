/* Elu, Selu, LeakyRelu, Softplus and Softsign with their gradients in every dtype: smooth.body.h
 * made into kernels. The includer says what EXP, EXPM1 and SOFTPLUS are. */
#include "kernels/cpu/activation/activation.h"
#include "kernels/cpu/dtype_rows.h"

/* Klambauer et al., "Self-Normalizing Neural Networks", 2017: scale, and scale times alpha. */
#define SELU_SCALE 1.0507009873554804934
#define SELU_SCALE_ALPHA 1.7580993408473768599

#define TARN_EACH_BODY "kernels/cpu/activation/smooth.body.h"
#define TARN_EACH_SET TARN_EACH_FLOATS
#include "kernels/cpu/each.h"

#define RUN(name)                                                                              \
  static tarn_status run_##name(const tarn_call *call) {                                       \
    return tarn__activation_run(call, TARN_EACH_OF_FLOATS(call->problem->in_dtype[0], name));  \
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

/* DTYPES are those of ops that kernels/cpu/elementwise has in float32. */
#define ROW(text, name, set) {.op = text, .dtypes = set, .run = run_##name},
#define ROWS(DTYPES)                                                                               \
  ROW("Elu", elu, DTYPES)                                                                          \
  ROW("EluGrad", elu_gradient, DTYPES) ROW("Selu", selu, DTYPES)                                   \
      ROW("SeluGrad", selu_gradient, TARN_FLOATS) ROW("LeakyRelu", leaky_relu, DTYPES)             \
          ROW("LeakyReluGrad", leaky_relu_gradient, TARN_FLOATS) ROW("Softplus", softplus, DTYPES) \
              ROW("SoftplusGrad", softplus_gradient, DTYPES) ROW("Softsign", softsign, DTYPES)     \
                  ROW("SoftsignGrad", softsign_gradient, TARN_FLOATS)
