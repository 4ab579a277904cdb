/* Convolutions and their gradients, in two and three dimensions, grouped and depthwise.
 *
 *   y[n,o,oc]      = sum_{k,kc} x[n, o*stride - pad + k*dilation, g*KC + kc] w[k,kc,oc]      (o, k:
 * spatial indices) dx[n,i,g*KC+kc] = sum_{k,oc in g} dy[n, o, oc] w[k,kc,oc]    over all o, k with
 * o*stride - pad + k*dilation = i dw[k,kc,oc]     = sum_{n,o} x[n, o*stride - pad + k*dilation,
 * g*KC + kc] dy[n,o,oc]
 *
 * A filter whose input channels divide those of x makes groups; a depthwise filter [KH,KW,C,M] is C
 * groups of M. */
#include "graph/window.h"

#define DECLARED_2D \
  (TARN_WINDOW_STRIDES | TARN_WINDOW_DILATIONS | TARN_WINDOW_EXPLICIT | TARN_WINDOW_FORMAT)
#define DECLARED_3D (TARN_WINDOW_STRIDES | TARN_WINDOW_DILATIONS | TARN_WINDOW_FORMAT)

static tarn_status parse_2d(const tarn_attrs *attrs, void *params) {
  return tarn__window_parse(attrs, 2, DECLARED_2D, params, NULL);
}
static tarn_status parse_3d(const tarn_attrs *attrs, void *params) {
  return tarn__window_parse(attrs, 3, DECLARED_3D, params, NULL);
}
static tarn_status parse_3d_first(const tarn_attrs *attrs, void *params) {
  return tarn__window_parse(attrs, 3, TARN_WINDOW_STRIDES | TARN_WINDOW_DILATIONS, params, NULL);
}

static tarn_status rank_is(const char *what, const tarn_shape *shape, int rank) {
  char text[TARN_SHAPE_TEXT];
  if (shape->rank == rank) return TARN_OK;
  return tarn_fail(TARN_SHAPE, "%s: expected rank %d, got %s", what, rank,
                   tarn__shape_print(shape, text));
}

tarn_status tarn__conv_shape(const tarn_window_params *p, const tarn_shape *x, const tarn_shape *w,
                             bool depthwise, tarn_shape *y) {
  TARN_TRY(rank_is("input", x, p->spatial + 2));
  TARN_TRY(rank_is("filter", w, p->spatial + 2));
  int64_t channels = x->dim[tarn__window_channel_dim(p)];
  int64_t in = w->dim[p->spatial], out = w->dim[p->spatial + 1];
  for (int d = 0; d < p->spatial; d++)
    if (w->dim[d] < 1)
      return tarn_fail(TARN_SHAPE, "the filter is empty: %lld along dim %d", (long long)w->dim[d],
                       d);
  if (in < 1) return tarn_fail(TARN_SHAPE, "the filter is empty: it has no input channels");
  if (channels > INT32_MAX || in > INT32_MAX || out > INT32_MAX)
    return tarn_fail(TARN_SHAPE, "channels must fit 31 bits");
  if (depthwise) {
    if (in != channels)
      return tarn_fail(TARN_SHAPE, "the input has %lld channels, the filter is for %lld",
                       (long long)channels, (long long)in);
    out *= in;
  } else {
    if (channels < 1 || channels % in != 0)
      return tarn_fail(TARN_SHAPE,
                       "the input's %lld channels are not a multiple of the filter's %lld",
                       (long long)channels, (long long)in);
    if (out % (channels / in) != 0)
      return tarn_fail(TARN_SHAPE, "%lld output channels are not a multiple of the %lld groups",
                       (long long)out, (long long)(channels / in));
  }
  tarn_axis axis[TARN_AXES];
  for (int a = 0; a < TARN_AXES; a++) {
    int at = a - (TARN_AXES - p->spatial);
    TARN_TRY(
        tarn__window_check(p, a, tarn__window_size(p, x, a), at < 0 ? 1 : w->dim[at], &axis[a]));
  }
  return tarn__window_shape(p, x->dim[0], axis, out, y);
}

/* A filter larger than an image that is not empty leaves nothing of it where sizes are known at the
 * run; where the graph itself knows them, TensorFlow refuses the graph. */
static tarn_status forward(tarn_infer *t, bool depthwise) {
  TARN_TRY(tarn__conv_shape(t->params, &t->in[0], &t->in[1], depthwise, &t->out[0]));
  const bool constant = t->value[0] && t->value[1];
  if (constant && tarn__shape_elements(&t->out[0]) == 0 && tarn__shape_elements(&t->in[0]) > 0 &&
      tarn__shape_elements(&t->in[1]) > 0)
    return tarn_fail(TARN_SHAPE, "the filter is larger than the padded image");
  return TARN_OK;
}
static tarn_status infer(tarn_infer *t) { return forward(t, false); }
static tarn_status infer_depthwise(tarn_infer *t) { return forward(t, true); }

/* The gradient that arrives must have the shape of the forward result. */
static tarn_status check_gradient(const tarn_infer *t, const tarn_shape *x, const tarn_shape *w,
                                  bool depthwise) {
  tarn_shape y;
  char got[TARN_SHAPE_TEXT], wanted[TARN_SHAPE_TEXT];
  TARN_TRY(tarn__conv_shape(t->params, x, w, depthwise, &y));
  if (!tarn__shape_equal(&y, &t->in[2]))
    return tarn_fail(TARN_SHAPE, "out_backprop: expected %s, got %s", tarn__shape_print(&y, wanted),
                     tarn__shape_print(&t->in[2], got));
  return TARN_OK;
}

/* (input_sizes, filter, out_backprop): sizes may also be only [height, width]. */
static tarn_status infer_input_gradient(tarn_infer *t, bool depthwise) {
  const tarn_window_params *p = t->params;
  TARN_TRY(rank_is("filter", &t->in[1], p->spatial + 2));
  TARN_TRY(rank_is("out_backprop", &t->in[2], p->spatial + 2));
  TARN_TRY(tarn__infer_vector(t, 0));
  if (!t->value[0]) return TARN_OK;
  tarn_shape x;
  TARN_TRY(tarn__infer_shape_value(t, 0, false, &x));
  if (x.rank == 2 && p->spatial == 2 && !depthwise) {
    int64_t dims[4];
    dims[0] = t->in[2].dim[0];
    dims[tarn__window_channel_dim(p)] = t->in[1].dim[2];
    for (int a = TARN_HEIGHT; a < TARN_AXES; a++)
      dims[tarn__window_dim(p, a)] = x.dim[a - TARN_HEIGHT];
    TARN_TRY(tarn__shape_make(4, dims, &x));
  }
  TARN_TRY(check_gradient(t, &x, &t->in[1], depthwise));
  t->out[0] = x;
  return TARN_OK;
}
static tarn_status infer_dx(tarn_infer *t) { return infer_input_gradient(t, false); }
static tarn_status infer_depthwise_dx(tarn_infer *t) { return infer_input_gradient(t, true); }

/* (input, filter_sizes, out_backprop). */
static tarn_status infer_filter_gradient(tarn_infer *t, bool depthwise) {
  const tarn_window_params *p = t->params;
  TARN_TRY(rank_is("input", &t->in[0], p->spatial + 2));
  TARN_TRY(rank_is("out_backprop", &t->in[2], p->spatial + 2));
  TARN_TRY(tarn__infer_vector(t, 1));
  if (!t->value[1]) return TARN_OK;
  tarn_shape w;
  TARN_TRY(tarn__infer_shape_value(t, 1, false, &w));
  TARN_TRY(check_gradient(t, &t->in[0], &w, depthwise));
  t->out[0] = w;
  return TARN_OK;
}
static tarn_status infer_dw(tarn_infer *t) { return infer_filter_gradient(t, false); }
static tarn_status infer_depthwise_dw(tarn_infer *t) { return infer_filter_gradient(t, true); }

/* Conv3DBackpropInput and ...Filter of old graphs: the shape is that of a whole tensor. */
static tarn_status infer_dx_like(tarn_infer *t) {
  TARN_TRY(check_gradient(t, &t->in[0], &t->in[1], false));
  t->out[0] = t->in[0];
  return TARN_OK;
}
static tarn_status infer_dw_like(tarn_infer *t) {
  TARN_TRY(check_gradient(t, &t->in[0], &t->in[1], false));
  t->out[0] = t->in[1];
  return TARN_OK;
}

#define ATTRS_2D(types)                                                                        \
  "T: {" types "}; strides: list(int); use_cudnn_on_gpu: bool = true;"                         \
  "padding: {'SAME', 'VALID', 'EXPLICIT'}; explicit_paddings: list(int) = [];"                 \
  "data_format: {'NHWC', 'NCHW'} = 'NHWC'; dilations: list(int) = [1, 1, 1, 1]"
#define ATTRS_DEPTHWISE                                                                        \
  "T: {half, bfloat16, float, double}; strides: list(int);"                                    \
  "padding: {'SAME', 'VALID', 'EXPLICIT'}; explicit_paddings: list(int) = [];"                 \
  "data_format: {'NHWC', 'NCHW'} = 'NHWC'; dilations: list(int) = [1, 1, 1, 1]"
#define ATTRS_3D                                                                               \
  "T: {half, bfloat16, float, double}; strides: list(int) >= 5; padding: {'SAME', 'VALID'};"   \
  "data_format: {'NDHWC', 'NCDHW'} = 'NDHWC'; dilations: list(int) = [1, 1, 1, 1, 1]"
#define ATTRS_3D_FIRST                                                                         \
  "T: {half, float, double}; strides: list(int) >= 5; padding: {'SAME', 'VALID'};"             \
  "dilations: list(int) = [1, 1, 1, 1, 1]"
#define Y_FORMULA "y[n,o,oc] = sum_{k,kc} x[n, o*stride - pad + k*dilation, g*KC + kc] w[k,kc,oc]"
#define DX_FORMULA \
  "dx[n,i,g*KC+kc] = sum_{k,oc} dy[n,o,oc] w[k,kc,oc] where o*stride - pad + k*dilation = i"
#define DW_FORMULA "dw[k,kc,oc] = sum_{n,o} x[n, o*stride - pad + k*dilation, g*KC + kc] dy[n,o,oc]"

const tarn_op tarn_ops_conv[] = {
    {.name = "Conv2D",
     .inputs = "input: T, filter: T",
     .outputs = "output: T",
     .attrs = ATTRS_2D("half, bfloat16, float, double, int32"),
     .params_bytes = sizeof(tarn_window_params),
     .parse = parse_2d,
     .infer = infer,
     .formula = Y_FORMULA,
     .cases =
         {"input=T[1x5x5x3] filter=T[3x3x3x8] strides=[1,1,1,1] padding=SAME",
          "input=T[2x7x6x5] filter=T[3x2x5x17] strides=[1,2,1,1] padding=VALID dilations=[1,1,2,1]",
          "input=T[2x9x11x4] filter=T[3x5x2x6] strides=[1,2,3,1] padding=EXPLICIT "
          "explicit_paddings=[0,0,1,2,0,3,0,0]",
          "input=T[2x6x5x5] filter=T[3x3x6x4] strides=[1,1,2,2] padding=SAME data_format=NCHW",
          "input=T[0x5x5x3] filter=T[3x3x3x8] strides=[1,1,1,1] padding=SAME",
          "input=T[1x1x1x1] filter=T[1x1x1x1] strides=[1,1,1,1] padding=VALID",
          "input=T[1x13x13x31] filter=T[1x1x31x65] strides=[1,1,1,1] padding=VALID",
          "input=T[1x14x14x32] filter=T[7x7x32x16] strides=[1,2,2,1] padding=SAME",
          "input=T[2x12x13x16] filter=T[3x3x16x32] strides=[1,1,1,1] padding=SAME",
          "input=T[1x28x28x64] filter=T[3x3x64x64] strides=[1,1,1,1] padding=SAME",
          "input=T[2x11x14x17] filter=T[3x3x17x40] strides=[1,2,2,1] padding=SAME"}},
    {.name = "Conv2DBackpropInput",
     .inputs = "input_sizes: int32, filter: T, out_backprop: T",
     .outputs = "output: T",
     .attrs = ATTRS_2D("half, bfloat16, float, double, int32"),
     .params_bytes = sizeof(tarn_window_params),
     .parse = parse_2d,
     .infer = infer_dx,
     .formula = DX_FORMULA,
     .cases =
         {"input_sizes=i32{1,5,5,3} filter=T[3x3x3x8] out_backprop=T[1x5x5x8] strides=[1,1,1,1] "
          "padding=SAME",
          "input_sizes=i32{2,7,6,5} filter=T[3x2x5x17] out_backprop=T[2x3x4x17] strides=[1,2,1,1] "
          "padding=VALID "
          "dilations=[1,1,2,1]",
          "input_sizes=i32{2,9,11,4} filter=T[3x5x2x6] out_backprop=T[2x5x4x6] strides=[1,2,3,1] "
          "padding=EXPLICIT explicit_paddings=[0,0,1,2,0,3,0,0]",
          "input_sizes=i32{0,5,5,3} filter=T[3x3x3x8] out_backprop=T[0x5x5x8] strides=[1,1,1,1] "
          "padding=SAME",
          "input_sizes=i32{1,28,28,32} filter=T[3x3x32x64] out_backprop=T[1x14x14x64] "
          "strides=[1,2,2,1] "
          "padding=SAME",
          "input_sizes=i32{2,11,13,17} filter=T[3x3x17x33] out_backprop=T[2x11x13x33] "
          "strides=[1,1,1,1] padding=SAME",
          "input_sizes=i32{2,9,12,40} filter=T[5x5x40x9] out_backprop=T[2x5x8x9] strides=[1,1,1,1] "
          "padding=VALID",
          "input_sizes=i32{2,9,8,20} filter=T[1x1x20x24] out_backprop=T[2x5x4x24] "
          "strides=[1,2,2,1] padding=SAME"}},
    {.name = "Conv2DBackpropFilter",
     .inputs = "input: T, filter_sizes: int32, out_backprop: T",
     .outputs = "output: T",
     .attrs = ATTRS_2D("half, bfloat16, float, double"),
     .params_bytes = sizeof(tarn_window_params),
     .parse = parse_2d,
     .infer = infer_dw,
     .formula = DW_FORMULA,
     .cases =
         {"input=T[1x5x5x3] filter_sizes=i32{3,3,3,8} out_backprop=T[1x5x5x8] strides=[1,1,1,1] "
          "padding=SAME",
          "input=T[2x7x6x5] filter_sizes=i32{3,2,5,17} out_backprop=T[2x3x4x17] strides=[1,2,1,1] "
          "padding=VALID "
          "dilations=[1,1,2,1]",
          "input=T[2x9x11x4] filter_sizes=i32{3,5,2,6} out_backprop=T[2x5x4x6] strides=[1,2,3,1] "
          "padding=EXPLICIT explicit_paddings=[0,0,1,2,0,3,0,0]",
          "input=T[0x5x5x3] filter_sizes=i32{3,3,3,8} out_backprop=T[0x5x5x8] strides=[1,1,1,1] "
          "padding=SAME",
          "input=T[1x28x28x32] filter_sizes=i32{3,3,32,64} out_backprop=T[1x14x14x64] "
          "strides=[1,2,2,1] "
          "padding=SAME",
          "input=T[2x11x13x17] filter_sizes=i32{3,3,17,33} out_backprop=T[2x11x13x33] "
          "strides=[1,1,1,1] padding=SAME",
          "input=T[4x9x12x60] filter_sizes=i32{5,5,60,9} out_backprop=T[4x5x8x9] strides=[1,1,1,1] "
          "padding=VALID",
          "input=T[1x36x37x58] filter_sizes=i32{3,3,58,40} out_backprop=T[1x36x37x40] "
          "strides=[1,1,1,1] padding=SAME",
          "input=T[2x9x8x20] filter_sizes=i32{1,1,20,24} out_backprop=T[2x5x4x24] "
          "strides=[1,2,2,1] padding=SAME",
          "input=T[1x120x7x61] filter_sizes=i32{1,1,61,70} out_backprop=T[1x120x7x70] "
          "strides=[1,1,1,1] "
          "padding=VALID",
          "input=T[2x9x12x46] filter_sizes=i32{1,1,46,65} out_backprop=T[2x5x4x65] "
          "strides=[1,2,3,1] padding=SAME",
          "input=T[2x4x5x45] filter_sizes=i32{1,1,45,40} out_backprop=T[2x6x7x40] "
          "strides=[1,1,1,1] "
          "padding=EXPLICIT explicit_paddings=[0,0,1,1,1,1,0,0]"}},
    {.name = "DepthwiseConv2dNative",
     .inputs = "input: T, filter: T",
     .outputs = "output: T",
     .attrs = ATTRS_DEPTHWISE,
     .params_bytes = sizeof(tarn_window_params),
     .parse = parse_2d,
     .infer = infer_depthwise,
     .formula = "y[n,o,c*M+m] = sum_k x[n, o*stride - pad + k*dilation, c] w[k,c,m]",
     .cases = {"input=T[1x5x5x3] filter=T[3x3x3x1] strides=[1,1,1,1] padding=SAME",
               "input=T[2x7x6x5] filter=T[3x2x5x3] strides=[1,2,2,1] padding=VALID",
               "input=T[0x5x5x3] filter=T[3x3x3x2] strides=[1,1,1,1] padding=SAME",
               "input=T[1x1x1x1] filter=T[1x1x1x1] strides=[1,1,1,1] padding=SAME",
               "input=T[1x28x28x67] filter=T[3x3x67x1] strides=[1,1,1,1] padding=SAME",
               "input=T[2x9x7x35] filter=T[3x3x35x1] strides=[1,1,1,1] padding=VALID",
               "input=T[2x15x18x40] filter=T[3x3x40x1] strides=[1,2,2,1] padding=SAME",
               "input=T[1x14x17x16] filter=T[3x3x16x1] strides=[1,2,2,1] padding=SAME"}},
    {.name = "DepthwiseConv2dNativeBackpropInput",
     .inputs = "input_sizes: int32, filter: T, out_backprop: T",
     .outputs = "output: T",
     .attrs = ATTRS_DEPTHWISE,
     .params_bytes = sizeof(tarn_window_params),
     .parse = parse_2d,
     .infer = infer_depthwise_dx,
     .formula =
         "dx[n,i,c] = sum_{k,m} dy[n,o,c*M+m] w[k,c,m] where o*stride - pad + k*dilation = i",
     .cases = {"input_sizes=i32{1,5,5,3} filter=T[3x3x3x1] out_backprop=T[1x5x5x3] "
               "strides=[1,1,1,1] padding=SAME",
               "input_sizes=i32{2,7,6,5} filter=T[3x2x5x3] out_backprop=T[2x3x3x15] "
               "strides=[1,2,2,1] padding=VALID"}},
    {.name = "DepthwiseConv2dNativeBackpropFilter",
     .inputs = "input: T, filter_sizes: int32, out_backprop: T",
     .outputs = "output: T",
     .attrs = ATTRS_DEPTHWISE,
     .params_bytes = sizeof(tarn_window_params),
     .parse = parse_2d,
     .infer = infer_depthwise_dw,
     .formula = "dw[k,c,m] = sum_{n,o} x[n, o*stride - pad + k*dilation, c] dy[n,o,c*M+m]",
     .cases = {"input=T[1x5x5x3] filter_sizes=i32{3,3,3,1} out_backprop=T[1x5x5x3] "
               "strides=[1,1,1,1] padding=SAME",
               "input=T[2x7x6x5] filter_sizes=i32{3,2,5,3} out_backprop=T[2x3x3x15] "
               "strides=[1,2,2,1] padding=VALID"}},
    {.name = "Conv3D",
     .inputs = "input: T, filter: T",
     .outputs = "output: T",
     .attrs = ATTRS_3D,
     .params_bytes = sizeof(tarn_window_params),
     .parse = parse_3d,
     .infer = infer,
     .formula = Y_FORMULA,
     .cases = {"input=T[1x3x5x4x2] filter=T[2x3x1x2x5] strides=[1,1,2,1,1] padding=SAME",
               "input=T[2x4x4x4x3] filter=T[3x3x3x3x7] strides=[1,1,1,1,1] padding=VALID",
               "input=T[2x2x4x5x3] filter=T[2x2x2x2x4] strides=[1,1,1,1,1] padding=SAME "
               "data_format=NCDHW",
               "input=T[0x4x4x4x3] filter=T[3x3x3x3x7] strides=[1,1,1,1,1] padding=VALID"}},
    {.name = "Conv3DBackpropInputV2",
     .inputs = "input_sizes: Tshape, filter: T, out_backprop: T",
     .outputs = "output: T",
     .attrs = ATTRS_3D "; Tshape: {int32, int64} = int32",
     .params_bytes = sizeof(tarn_window_params),
     .parse = parse_3d,
     .infer = infer_dx,
     .formula = DX_FORMULA,
     .cases = {"input_sizes=i32{1,3,5,4,2} filter=T[2x3x1x2x5] out_backprop=T[1x3x3x4x5] "
               "strides=[1,1,2,1,1] "
               "padding=SAME"}},
    {.name = "Conv3DBackpropFilterV2",
     .inputs = "input: T, filter_sizes: int32, out_backprop: T",
     .outputs = "output: T",
     .attrs = ATTRS_3D,
     .params_bytes = sizeof(tarn_window_params),
     .parse = parse_3d,
     .infer = infer_dw,
     .formula = DW_FORMULA,
     .cases = {"input=T[1x3x5x4x2] filter_sizes=i32{2,3,1,2,5} out_backprop=T[1x3x3x4x5] "
               "strides=[1,1,2,1,1] "
               "padding=SAME"}},
    {.name = "Conv3DBackpropInput",
     .inputs = "input: T, filter: T, out_backprop: T",
     .outputs = "output: T",
     .attrs = ATTRS_3D_FIRST,
     .params_bytes = sizeof(tarn_window_params),
     .parse = parse_3d_first,
     .infer = infer_dx_like,
     .formula = DX_FORMULA,
     .cases = {"input=T[1x3x5x4x2] filter=T[2x3x1x2x5] out_backprop=T[1x3x3x4x5] "
               "strides=[1,1,2,1,1] padding=SAME"}},
    {.name = "Conv3DBackpropFilter",
     .inputs = "input: T, filter: T, out_backprop: T",
     .outputs = "output: T",
     .attrs = ATTRS_3D_FIRST,
     .params_bytes = sizeof(tarn_window_params),
     .parse = parse_3d_first,
     .infer = infer_dw_like,
     .formula = DW_FORMULA,
     .cases = {"input=T[1x3x5x4x2] filter=T[2x3x1x2x5] out_backprop=T[1x3x3x4x5] "
               "strides=[1,1,2,1,1] padding=SAME"}},
    {0},
};
