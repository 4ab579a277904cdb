/* Gradients of convolutions with respect to the filter, by definition. */
#include "kernels/cpu/conv2d/layout.h"

#define TARN_EACH_BODY "kernels/cpu/conv2d/filter_gradient.body.h"
#define TARN_EACH_SET TARN_EACH_FLOATS
#include "kernels/cpu/each.h"

static tarn_conv geometry(const tarn_problem *p) {
  return tarn__conv_of(p->params, &p->in_shape[0], &p->out_shape[0], tarn__conv_is_depthwise(p));
}

/* One sum per output channel, of 8 bytes at most; nothing before the filter's shape is known. */
static size_t scratch_bytes(const tarn_problem *p, int threads) {
  (void)threads;
  return p->out_shape[0].rank < 0 ? 0 : (size_t)geometry(p).OC * 8;
}

static tarn_status run(const tarn_call *call) {
  const tarn_conv g = geometry(call->problem);
  TARN_EACH_OF_FLOATS(call->problem->in_dtype[0], filter_gradient)(&g, call);
  return TARN_OK;
}

#define ROW(text) {.op = text, .dtypes = TARN_FLOATS, .scratch_bytes = scratch_bytes, .run = run}
const tarn_kernel tarn_kernels_conv2d_filter_gradient_reference[] = {
    ROW("Conv2DBackpropFilter"), ROW("Conv3DBackpropFilter"), ROW("Conv3DBackpropFilterV2"),
    ROW("DepthwiseConv2dNativeBackpropFilter"), {0},
};
