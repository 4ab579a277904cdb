/* Conv2D, DepthwiseConv2dNative, Conv3D and their gradients: parsed attributes and the numbers of a
 * problem.
 *
 * A depthwise filter [KH, KW, C, M] has the memory of a grouped one [KH, KW, 1, C*M] with C groups,
 * so all of them are one computation:  y[n,oh,ow,oc] = sum over kh, kw, kc of x[n, oh*stride_h -
 * pad_top + kh*dilation_h, ow*stride_w - pad_left + kw*dilation_w, g*KC + kc] w[kh,kw,kc,oc], with
 * g = oc / (OC / groups). */
#ifndef TARN_KERNELS_PARAMS_CONV2D_H
#define TARN_KERNELS_PARAMS_CONV2D_H

#include "kernels/kernel.h"
#include "kernels/params/window.h"

/* The params of every convolution op are a tarn_window_params. */
typedef tarn_window_params tarn_conv2d_params;

/* A convolution in up to three dimensions. */
typedef struct tarn_conv {
  bool channels_first;
  int64_t N, C, KC, OC, groups;    /* KC = C / groups */
  tarn_axis axis[TARN_AXES];       /* depth, height, width */
} tarn_conv;

/* The same in two, by name. */
typedef struct tarn_conv2d {
  bool channels_first;
  int64_t N, H, W, C, KH, KW, KC, OC, OH, OW, groups;
  int64_t stride_h, stride_w, dilation_h, dilation_w, pad_top, pad_left;
} tarn_conv2d;

/* From the shapes of the activation and the filter ([KH,KW,KC,OC], [KD,KH,KW,KC,OC], or depthwise
 * [KH,KW,C,M]). The op's infer function has checked them. */
static inline tarn_conv tarn__conv_of(const tarn_window_params *p, const tarn_shape *x,
                                      const tarn_shape *w, bool depthwise) {
  int64_t in = w->dim[p->spatial], out = w->dim[p->spatial + 1];
  tarn_conv c = {.channels_first = p->channels_first,
                 .N = x->dim[0],
                 .C = x->dim[tarn__window_channel_dim(p)]};
  c.KC = depthwise ? 1 : in;
  c.OC = depthwise ? in * out : out;
  c.groups = depthwise ? c.C : c.KC > 0 ? c.C / c.KC : 1;
  for (int a = 0; a < TARN_AXES; a++) {
    int at = a - (TARN_AXES - p->spatial);
    c.axis[a] = tarn__window_axis(p, a, tarn__window_size(p, x, a), at < 0 ? 1 : w->dim[at]);
  }
  return c;
}

static inline tarn_conv2d tarn__conv2d_of(const tarn_window_params *p, const tarn_shape *x,
                                          const tarn_shape *w, bool depthwise) {
  tarn_conv c = tarn__conv_of(p, x, w, depthwise);
  const tarn_axis *h = &c.axis[TARN_HEIGHT], *v = &c.axis[TARN_WIDTH];
  return (tarn_conv2d){.channels_first = c.channels_first,
                       .N = c.N,
                       .H = h->in,
                       .W = v->in,
                       .C = c.C,
                       .KH = h->window,
                       .KW = v->window,
                       .KC = c.KC,
                       .OC = c.OC,
                       .OH = h->out,
                       .OW = v->out,
                       .groups = c.groups,
                       .stride_h = h->stride,
                       .stride_w = v->stride,
                       .dilation_h = h->dilation,
                       .dilation_w = v->dilation,
                       .pad_top = h->before,
                       .pad_left = v->before};
}

/* Forward problems: inputs x and w first (Conv2D, DepthwiseConv2dNative and the fused forms). */
static inline tarn_conv2d tarn__conv2d_geometry(const tarn_problem *p, bool depthwise) {
  return tarn__conv2d_of((const tarn_window_params *)p->params, &p->in_shape[0], &p->in_shape[1],
                         depthwise);
}
/* ...BackpropInput: (input_sizes, w, dy) -> dx. */
static inline tarn_conv2d tarn__conv2d_input_geometry(const tarn_problem *p, bool depthwise) {
  return tarn__conv2d_of((const tarn_window_params *)p->params, &p->out_shape[0], &p->in_shape[1],
                         depthwise);
}
/* ...BackpropFilter: (x, filter_sizes, dy) -> dw. */
static inline tarn_conv2d tarn__conv2d_filter_geometry(const tarn_problem *p, bool depthwise) {
  return tarn__conv2d_of((const tarn_window_params *)p->params, &p->in_shape[0], &p->out_shape[0],
                         depthwise);
}

#endif
