/* Element strides of the tensors of a convolution, so that one loop serves both layouts. */
#ifndef TARN_KERNELS_CPU_CONV2D_LAYOUT_H
#define TARN_KERNELS_CPU_CONV2D_LAYOUT_H

#include "kernels/params/conv2d.h"

/* Element (n, d, h, w, c) is at n*N + d*D + h*H + w*W + c*C. */
typedef struct tarn_conv_layout { int64_t N, D, H, W, C; } tarn_conv_layout;

static inline tarn_conv_layout tarn__conv_layout(bool channels_first, int64_t d, int64_t h,
                                                 int64_t w, int64_t c) {
  if (channels_first)
    return (tarn_conv_layout){.N = c * d * h * w, .C = d * h * w, .D = h * w, .H = w, .W = 1};
  return (tarn_conv_layout){.N = d * h * w * c, .D = h * w * c, .H = w * c, .W = c, .C = 1};
}
static inline tarn_conv_layout tarn__conv_input(const tarn_conv *g) {
  return tarn__conv_layout(g->channels_first, g->axis[0].in, g->axis[1].in, g->axis[2].in, g->C);
}
static inline tarn_conv_layout tarn__conv_output(const tarn_conv *g) {
  return tarn__conv_layout(g->channels_first, g->axis[0].out, g->axis[1].out, g->axis[2].out,
                           g->OC);
}
/* The output that reads input i through tap k, or -1. */
static inline int64_t tarn__axis_output(const tarn_axis *a, int64_t i, int64_t k) {
  int64_t from = i + a->before - k * a->dilation;
  return from < 0 || from % a->stride != 0 || from / a->stride >= a->out ? -1 : from / a->stride;
}

/* p->op starts with Depthwise: the filter is [KH, KW, C, M]. */
static inline bool tarn__conv_is_depthwise(const tarn_problem *p) {
  return strncmp(p->op, "Depthwise", 9) == 0;
}

#endif
