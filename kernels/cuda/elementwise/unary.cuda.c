/* Functions of one tensor, element by element: functions.h as kernels. */
#include "kernels/cuda/cuda.h"
#include "kernels/cuda/each/sets.h"
#include "kernels/cuda/elementwise/functions.h"
#include "kernels/cuda/elementwise/launch.h"
#include "kernels/params/activation.h"

static tarn_status run(const tarn_call *call, tarn_unary_launch *launch, int function,
                       float slope) {
  const int64_t n = tarn__tensor_elements(call->out[0]);
  if (n == 0) return TARN_OK;
  TARN_LAUNCHED(launch(tarn__stream(call), function, (int)call->problem->in_dtype[0], slope,
                       call->in[0]->data, call->out[0]->data, n));
  return TARN_OK;
}
static tarn_status run_leaky(const tarn_call *call) {
  return run(call, tarn__cuda_unary_arithmetic, UNARY_LeakyRelu_FLOAT,
             ((const tarn_activation_params *)call->problem->params)->alpha);
}

#define DEFINE(LAUNCH, OP, FUNCTION, ROWS)                      \
  static tarn_status run_##OP##_##ROWS(const tarn_call *call) { \
    return run(call, LAUNCH, UNARY_##FUNCTION##_##ROWS, 0);     \
  }
#define ARITHMETIC(NAME, ROWS, E) DEFINE(tarn__cuda_unary_arithmetic, NAME, NAME, ROWS)
#define EXPONENTIAL(NAME, ROWS, E) DEFINE(tarn__cuda_unary_exponential, NAME, NAME, ROWS)
#define TRIGONOMETRIC(NAME, ROWS, E) DEFINE(tarn__cuda_unary_trigonometric, NAME, NAME, ROWS)
#define TEST(NAME, ROWS, E) DEFINE(tarn__cuda_unary_tests, NAME, NAME, ROWS)
#define ALIAS(OP, FUNCTION, ROWS) DEFINE(tarn__cuda_unary_arithmetic, OP, FUNCTION, ROWS)
UNARY_ARITHMETIC_BUT_LEAKY(ARITHMETIC)
UNARY_EXPONENTIAL(EXPONENTIAL)
UNARY_TRIGONOMETRIC(TRIGONOMETRIC)
UNARY_TESTS(TEST)
UNARY_ALIASES(ALIAS)

#define ROW(NAME, ROWS, E) {.op = #NAME, .dtypes = EACH_##ROWS##_BITS, .run = run_##NAME##_##ROWS},
#define ALIAS_ROW(OP, FUNCTION, ROWS) ROW(OP, ROWS, )
const tarn_kernel tarn_kernels_elementwise_unary_cuda[] = {
    UNARY_ARITHMETIC_BUT_LEAKY(ROW) UNARY_EXPONENTIAL(ROW) UNARY_TRIGONOMETRIC(ROW) UNARY_TESTS(ROW)
    UNARY_ALIASES(ALIAS_ROW)
    {.op = "LeakyRelu", .dtypes = EACH_FLOAT_BITS, .run = run_leaky},
    {0},
};
