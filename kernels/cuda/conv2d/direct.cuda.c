/* Convolutions by definition (direct.cu): depthwise ones, where it is as fast as memory, and
 * whatever cuDNN does not take. */
#include "kernels/cuda/conv2d/conv.h"

/* Depthwise problems wait for memory; others do a multiply-add or two for each load, some thirtieth
 * of the peak. */
static double cost_us(const tarn_problem *p, const tarn_machine *m) {
  const tarn_cuda_conv g = tarn__conv_numbers(p);
  const double rate = g.KC == 1 ? 0.25 : 0.03;
  return 4 + tarn__conv_flops(&g) / (1e3 * rate * m->gflops[TARN_TARGET_CUDA]) +
         tarn__conv_bytes(p, &g) / (1e3 * m->gbytes_per_s);
}

static tarn_status run(const tarn_call *call) {
  const tarn_conv_job j = tarn__conv_job(call);
  return tarn__conv_direct(call, &j);
}

#define ROW(OP, HOST) \
  { .op = OP, .dtypes = TARN_FLOATS, .keyed = -1, .host_in = HOST, .cost_us = cost_us, .run = run }
const tarn_kernel tarn_kernels_conv2d_direct_cuda[] = {
    ROW("Conv2D", 0),
    ROW("DepthwiseConv2dNative", 0),
    ROW("_FusedConv2D", 0),
    ROW("_FusedDepthwiseConv2dNative", 0),
    ROW("Conv2DBackpropInput", 1),
    ROW("DepthwiseConv2dNativeBackpropInput", 1),
    ROW("Conv2DBackpropFilter", 2),
    ROW("DepthwiseConv2dNativeBackpropFilter", 2),
    ROW("Conv3D", 0),
    ROW("Conv3DBackpropInput", 0),
    ROW("Conv3DBackpropInputV2", 1),
    ROW("Conv3DBackpropFilter", 0),
    ROW("Conv3DBackpropFilterV2", 2),
    {0},
};
