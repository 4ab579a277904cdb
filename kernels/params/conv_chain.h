/* _FusedConvChain: convolutions in a row, each with bias and activation, computed a few rows at a
 * time so that what passes between them stays in the cache.
 *
 *   x[0] = input      x[i+1] = activation_i(conv_i(x[i], args[2i]) + args[2i+1])      output =
 * x[stages]
 *
 * conv_i is a Conv2D or, where stage i is depthwise, a DepthwiseConv2dNative; NHWC, without
 * dilation. */
#ifndef TARN_KERNELS_PARAMS_CONV_CHAIN_H
#define TARN_KERNELS_PARAMS_CONV_CHAIN_H

#include "kernels/params/conv2d.h"
#include "kernels/params/fused.h"

enum { TARN_CHAIN_STAGES = 8 };

typedef struct tarn_chain_stage {
  bool depthwise;
  int64_t stride_h, stride_w;
  int64_t top, bottom, left, right;     /* rows and columns of zeros around x[i] */
  tarn_fused_activation activation;     /* none, Relu or Relu6 */
} tarn_chain_stage;

typedef struct tarn_conv_chain_params {
  int stages;                           /* 1..TARN_CHAIN_STAGES */
  tarn_chain_stage stage[TARN_CHAIN_STAGES];
} tarn_conv_chain_params;

/* Inputs of stage i. */
static inline int tarn__chain_filter(int i) { return 1 + 2 * i; }
static inline int tarn__chain_bias(int i) { return 2 + 2 * i; }

/* The numbers of stage i, from x[i] of [N, H, W, C] and the filter's shape. */
static inline tarn_conv2d tarn__chain_conv(const tarn_chain_stage *s, int64_t N, int64_t H,
                                           int64_t W, int64_t C, const tarn_shape *w) {
  tarn_conv2d g = {.N = N,
                   .H = H,
                   .W = W,
                   .C = C,
                   .KH = w->dim[0],
                   .KW = w->dim[1],
                   .KC = s->depthwise ? 1 : w->dim[2],
                   .OC = s->depthwise ? w->dim[2] * w->dim[3] : w->dim[3],
                   .stride_h = s->stride_h,
                   .stride_w = s->stride_w,
                   .dilation_h = 1,
                   .dilation_w = 1,
                   .pad_top = s->top,
                   .pad_left = s->left};
  g.groups = s->depthwise ? C : 1;
  int64_t room_h = H + s->top + s->bottom - g.KH, room_w = W + s->left + s->right - g.KW;
  g.OH = room_h < 0 ? 0 : room_h / s->stride_h + 1;
  g.OW = room_w < 0 ? 0 : room_w / s->stride_w + 1;
  return g;
}

/* Of all stages of a problem: g[stages]. The op's infer function has checked them. */
static inline const tarn_conv_chain_params *tarn__chain_geometry(const tarn_problem *p,
                                                                 tarn_conv2d *g) {
  const tarn_conv_chain_params *c = p->params;
  const int64_t *d = p->in_shape[0].dim;
  for (int i = 0; i < c->stages; i++) {
    const tarn_shape *w = &p->in_shape[tarn__chain_filter(i)];
    g[i] = i ? tarn__chain_conv(&c->stage[i], g[i - 1].N, g[i - 1].OH, g[i - 1].OW, g[i - 1].OC, w)
             : tarn__chain_conv(&c->stage[i], d[0], d[1], d[2], d[3], w);
  }
  return c;
}

#endif
