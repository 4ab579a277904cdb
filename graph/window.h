/* Attributes and shape rules of windowed ops: what the entries of convolutions and pooling
 * share. */
#ifndef TARN_GRAPH_WINDOW_H
#define TARN_GRAPH_WINDOW_H

#include "graph/op.h"
#include "kernels/params/conv2d.h"

/* Which attributes an op declares besides `padding`. */
enum {
  TARN_WINDOW_STRIDES = 1,     /* strides: list(int) */
  TARN_WINDOW_KSIZE = 2,       /* ksize: list(int) */
  TARN_WINDOW_DILATIONS = 4,   /* dilations: list(int) */
  TARN_WINDOW_EXPLICIT = 8,    /* explicit_paddings: list(int) */
  TARN_WINDOW_FORMAT = 16      /* data_format */
};

/* Reads and checks them. depth_window: where ksize may cover channels (stride equal, nothing else
 * covered), gets its size there; NULL: refused. Errors: TARN_INVALID, TARN_UNSUPPORTED (a window
 * over the batch, NCHW_VECT_C). */
tarn_status tarn__window_parse(const tarn_attrs *attrs, int spatial, unsigned declared,
                               tarn_window_params *p, int64_t *depth_window);
/* One list (strides, ksize or dilations, called `name` in messages) of spatial + 2 numbers into
 * `axis`. */
tarn_status tarn__window_list(const char *name, size_t count, const int64_t *list,
                              tarn_window_params *p, int64_t axis[TARN_AXES], int64_t *depth);

/* The geometry of an axis, or the reason why TensorFlow refuses it. */
tarn_status tarn__window_check(const tarn_window_params *p, int axis, int64_t in, int64_t window,
                               tarn_axis *made);
/* [N, out..., channels] in the layout of p. */
tarn_status tarn__window_shape(const tarn_window_params *p, int64_t n,
                               const tarn_axis axis[TARN_AXES], int64_t channels,
                               tarn_shape *shape);

/* Checks the input of a convolution against its filter and gives the shape of the result
 * (graph/ops/nn/conv.c). */
tarn_status tarn__conv_shape(const tarn_window_params *p, const tarn_shape *x, const tarn_shape *w,
                             bool depthwise, tarn_shape *y);

#endif
