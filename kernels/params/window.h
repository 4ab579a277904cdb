/* Windows that slide over space: what convolutions and pooling share.
 *
 * Spatial axes are always three, depth, height and width; two-dimensional ops leave depth at size
 * 1, window 1, stride 1. Output o reads inputs o*stride - before + k*dilation for k in [0, window);
 * those outside [0, in) are padding. */
#ifndef TARN_KERNELS_PARAMS_WINDOW_H
#define TARN_KERNELS_PARAMS_WINDOW_H

#include "core/tensor/shape.h"

typedef enum tarn_padding { TARN_PAD_VALID, TARN_PAD_SAME, TARN_PAD_EXPLICIT } tarn_padding;

enum { TARN_DEPTH, TARN_HEIGHT, TARN_WIDTH, TARN_AXES };

/* Parsed attributes. Every number fits 31 bits, strides and dilations are at least 1, paddings at
 * least 0. */
typedef struct tarn_window_params {
  int spatial;                      /* 2: [N,H,W,C], 3: [N,D,H,W,C] */
  bool channels_first;              /* NCHW, NCDHW */
  tarn_padding padding;
  int64_t window[TARN_AXES];        /* pooling's ksize; unused by convolutions */
  int64_t stride[TARN_AXES], dilation[TARN_AXES];
  int64_t before[TARN_AXES], after[TARN_AXES];   /* explicit padding; else 0 */
} tarn_window_params;

/* One axis of a problem. */
typedef struct tarn_axis {
  int64_t in, window, out, stride, dilation;
  int64_t before;                   /* padding in front of element 0 */
} tarn_axis;

/* The axis for `in` elements and a window of `window`. Where the window is larger than the padded
 * input, nothing is left; out is negative when two strides and more are wanting: so TensorFlow's
 * division has it. in and window must fit 31 bits. */
static inline tarn_axis tarn__window_axis(const tarn_window_params *p, int axis, int64_t in,
                                          int64_t window) {
  tarn_axis a = {
      .in = in, .window = window, .stride = p->stride[axis], .dilation = p->dilation[axis]};
  int64_t reach = (window - 1) * a.dilation + 1;
  if (p->padding == TARN_PAD_SAME) {
    a.out = (in + a.stride - 1) / a.stride;
    int64_t needed = (a.out - 1) * a.stride + reach - in;
    a.before = needed > 0 ? needed / 2 : 0;
  } else {
    int64_t room = in + p->before[axis] + p->after[axis] - reach;
    a.out = (room + a.stride) / a.stride;
    a.before = p->before[axis];
  }
  return a;
}

/* The taps [first, last) of output o that lie inside the input. */
static inline void tarn__axis_taps(const tarn_axis *a, int64_t o, int64_t *first, int64_t *last) {
  int64_t begin = o * a->stride - a->before;
  *first = begin >= 0 ? 0 : (-begin + a->dilation - 1) / a->dilation;
  *last = a->in - begin <= 0 ? 0 : (a->in - begin + a->dilation - 1) / a->dilation;
  if (*last > a->window) *last = a->window;
  if (*first > *last) *first = *last;
}

/* Where things are in the shape of an activation. */
static inline int tarn__window_channel_dim(const tarn_window_params *p) {
  return p->channels_first ? 1 : p->spatial + 1;
}
/* The dim of a spatial axis, or -1: the depth of a two-dimensional op. */
static inline int tarn__window_dim(const tarn_window_params *p, int axis) {
  int at = axis - (TARN_AXES - p->spatial);
  return at < 0 ? -1 : at + (p->channels_first ? 2 : 1);
}
static inline int64_t tarn__window_size(const tarn_window_params *p, const tarn_shape *x,
                                        int axis) {
  int dim = tarn__window_dim(p, axis);
  return dim < 0 ? 1 : x->dim[dim];
}

#endif
