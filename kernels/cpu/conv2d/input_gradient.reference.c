/* Gradients of convolutions with respect to the input, by definition. */
#include "kernels/cpu/conv2d/layout.h"

#define TARN_EACH_BODY "kernels/cpu/conv2d/input_gradient.body.h"
#define TARN_EACH_SET (TARN_EACH_FLOATS | TARN_EACH_I32)
#include "kernels/cpu/each.h"

static tarn_status run(const tarn_call *call) {
  const tarn_problem *p = call->problem;
  const tarn_conv g =
      tarn__conv_of(p->params, &p->out_shape[0], &p->in_shape[1], tarn__conv_is_depthwise(p));
  const tarn_dtype dtype = p->out_dtype[0];
  if (dtype == TARN_I32) input_gradient_i32(&g, call);
  else TARN_EACH_OF_FLOATS(dtype, input_gradient)(&g, call);
  return TARN_OK;
}

#define ROW(text, types) {.op = text, .dtypes = types, .keyed = -1, .run = run}
const tarn_kernel tarn_kernels_conv2d_input_gradient_reference[] = {
    ROW("Conv2DBackpropInput", TARN_FLOATS | TARN_BIT(TARN_I32)),
    ROW("Conv3DBackpropInput", TARN_FLOATS),
    ROW("Conv3DBackpropInputV2", TARN_FLOATS),
    ROW("DepthwiseConv2dNativeBackpropInput", TARN_FLOATS),
    {0},
};
