/* Functions of two tensors, element by element and with broadcasting: functions.h as kernels. */
#include "kernels/cuda/cuda.h"
#include "kernels/cuda/each/sets.h"
#include "kernels/cuda/elementwise/functions.h"
#include "kernels/cuda/elementwise/launch.h"
#include "kernels/params/activation.h"
#include "kernels/params/bias.h"
#include "kernels/params/compare.h"

#include <string.h>

static tarn_status launch(const tarn_call *call, tarn_binary_launch *function_of, int function,
                          float slope, const tarn_view3 *view) {
  if (view->axes.elements == 0) return TARN_OK;
  TARN_LAUNCHED(function_of(tarn__stream(call), function, (int)call->problem->in_dtype[0], slope,
                            call->in[0]->data, call->in[1]->data, call->out[0]->data, view));
  return TARN_OK;
}

static tarn_status run(const tarn_call *call, tarn_binary_launch *function_of, int function,
                       float slope) {
  const tarn_shape *in[2] = {&call->in[0]->shape, &call->in[1]->shape};
  tarn_view3 view = {0};
  tarn__view_fold(&call->out[0]->shape, in, 2, &view.axes, view.step);
  return launch(call, function_of, function, slope, &view);
}

static tarn_status run_leaky(const tarn_call *call) {
  return run(call, tarn__cuda_binary_gradient, BINARY_LeakyReluGrad_FLOAT,
             ((const tarn_activation_params *)call->problem->params)->alpha);
}

/* The bias lies along the channels: [C] as [C, 1, 1] where they come first. */
static tarn_status run_bias(const tarn_call *call, int function) {
  const tarn_bias g = tarn__bias_of(call->problem->params, &call->in[0]->shape);
  const tarn_shape x = {.rank = 3, .dim = {g.outer, g.C, g.inner}},
                   b = {.rank = 2, .dim = {g.C, 1}};
  const tarn_shape *in[2] = {&x, &b};
  tarn_view3 view = {0};
  tarn__view_fold(&x, in, 2, &view.axes, view.step);
  return launch(call, tarn__cuda_binary_arithmetic, function, 0, &view);
}

/* With incompatible_shape_error=false, tensors whose shapes do not fit are unequal as wholes: for
 * the host. */
static const char *refuse_unlike(const tarn_problem *p) {
  tarn_shape whole;
  const tarn_equal_params *e = p->params;
  if (e->incompatible_is_unequal &&
      tarn__shape_broadcast(&p->in_shape[0], &p->in_shape[1], &whole) != TARN_OK)
    return "the shapes do not fit: one answer for both as wholes is the host's";
  return NULL;
}

#define DEFINE(LAUNCH, OP, FUNCTION, ROWS)                      \
  static tarn_status run_##OP##_##ROWS(const tarn_call *call) { \
    return run(call, LAUNCH, BINARY_##FUNCTION##_##ROWS, 0);    \
  }
#define ARITHMETIC(NAME, ROWS, E) DEFINE(tarn__cuda_binary_arithmetic, NAME, NAME, ROWS)
#define DIVISION(NAME, ROWS, E) DEFINE(tarn__cuda_binary_division, NAME, NAME, ROWS)
#define GRADIENT(NAME, ROWS, E) DEFINE(tarn__cuda_binary_gradient, NAME, NAME, ROWS)
#define COMPARISON(NAME, ROWS, E) DEFINE(tarn__cuda_binary_comparison, NAME, NAME, ROWS)
#define ADDITION(OP, ROWS) DEFINE(tarn__cuda_binary_arithmetic, OP, Add, ROWS)
#define BIAS(OP, ROWS)                                          \
  static tarn_status run_##OP##_##ROWS(const tarn_call *call) { \
    return run_bias(call, BINARY_Add_##ROWS);                   \
  }
BINARY_ARITHMETIC(ARITHMETIC)
BINARY_DIVISION(DIVISION)
BINARY_GRADIENT_BUT_LEAKY(GRADIENT)
BINARY_COMPARISON(COMPARISON)
ADDITION(AddV2, FLOAT)
ADDITION(AddV2, WRAP)
BIAS(BiasAdd, FLOAT)
BIAS(BiasAdd, WRAP)
DEFINE(tarn__cuda_binary_division, Div, RealDiv, FLOAT)
DEFINE(tarn__cuda_binary_division, TruncateMod, Mod, FLOAT)
DEFINE(tarn__cuda_binary_gradient, InvGrad, ReciprocalGrad, FLOAT)

static tarn_status run_near(const tarn_call *call) {
  const int64_t n = tarn__tensor_elements(call->out[0]);
  if (n == 0) return TARN_OK;
  TARN_LAUNCHED(tarn__cuda_near(tarn__stream(call), (int)call->problem->in_dtype[0],
                                ((const tarn_near_params *)call->problem->params)->tolerance,
                                call->in[0]->data, call->in[1]->data, call->out[0]->data, n));
  return TARN_OK;
}

#define ROW(NAME, ROWS, E) {.op = #NAME, .dtypes = EACH_##ROWS##_BITS, .run = run_##NAME##_##ROWS},
#define EQUALITY(NAME, ROWS)     \
  {.op = #NAME,                  \
   .dtypes = EACH_##ROWS##_BITS, \
   .supports = refuse_unlike,    \
   .run = run_##NAME##_##ROWS},
const tarn_kernel tarn_kernels_elementwise_binary_cuda[] = {
    BINARY_ARITHMETIC(ROW) BINARY_DIVISION(ROW) BINARY_GRADIENT_BUT_LEAKY(ROW) BINARY_ORDER(ROW)
        EQUALITY(Equal, PLAIN) EQUALITY(NotEqual, PLAIN) ROW(AddV2, FLOAT, ) ROW(AddV2, WRAP, )
            ROW(Div, FLOAT, ) ROW(TruncateMod, FLOAT, ) ROW(InvGrad, FLOAT, ) ROW(BiasAdd, FLOAT, )
                ROW(BiasAdd, WRAP, ){
                    .op = "BiasAddV1", .dtypes = EACH_FLOAT_BITS, .run = run_BiasAdd_FLOAT},
    {.op = "BiasAddV1", .dtypes = EACH_WRAP_BITS, .run = run_BiasAdd_WRAP},
    {.op = "LeakyReluGrad", .dtypes = EACH_FLOAT_BITS, .run = run_leaky},
    {.op = "ApproximateEqual", .dtypes = EACH_FLOAT_BITS, .run = run_near},
    {0},
};
