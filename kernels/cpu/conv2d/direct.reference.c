/* Conv2D, Conv3D and DepthwiseConv2dNative by definition. */
#include "kernels/cpu/conv2d/layout.h"

#define TARN_EACH_BODY "kernels/cpu/conv2d/direct.body.h"
#define TARN_EACH_SET (TARN_EACH_FLOATS | TARN_EACH_I32)
#include "kernels/cpu/each.h"

static tarn_conv geometry(const tarn_problem *p) {
  return tarn__conv_of(p->params, &p->in_shape[0], &p->in_shape[1], tarn__conv_is_depthwise(p));
}

/* One sum per output channel, of 8 bytes at most. */
static size_t scratch_bytes(const tarn_problem *p, int threads) {
  (void)threads;
  return (size_t)geometry(p).OC * 8;
}

static tarn_status run(const tarn_call *call) {
  const tarn_conv g = geometry(call->problem);
  const tarn_dtype dtype = call->problem->in_dtype[0];
  if (dtype == TARN_I32) direct_i32(&g, call);
  else TARN_EACH_OF_FLOATS(dtype, direct)(&g, call);
  return TARN_OK;
}

#define DTYPES (TARN_FLOATS | TARN_BIT(TARN_I32))
const tarn_kernel tarn_kernels_conv2d_direct_reference[] = {
    {.op = "Conv2D", .dtypes = DTYPES, .scratch_bytes = scratch_bytes, .run = run},
    {.op = "Conv3D", .dtypes = TARN_FLOATS, .scratch_bytes = scratch_bytes, .run = run},
    {.op = "DepthwiseConv2dNative",
     .dtypes = TARN_FLOATS,
     .scratch_bytes = scratch_bytes,
     .run = run},
    {0},
};
