/* Fused ops: made by passes, never found in a file.
 *
 *   y = activation(product(x, w) + bias + add)
 *
 * `fused_ops` names what follows the product, in this order, each at most once: "BiasAdd" (the next
 * of args: a vector over the channels), "Add" (the next of args: a tensor of y's shape), and one of
 * Relu, Relu6, Elu, Tanh, Sigmoid. A batch norm is folded into the filter and the bias by the pass
 * before it comes to this. */
#include "graph/window.h"
#include "kernels/params/fused.h"

static bool is(tarn_string s, const char *text) {
  return s.size == strlen(text) && !memcmp(s.data, text, s.size);
}

static tarn_status parse_epilogue(const tarn_attrs *attrs, tarn_epilogue *e) {
  const tarn_attr *ops = tarn__attr_list(attrs, "fused_ops");
  int64_t args = tarn__attr_int(attrs, "num_args");
  int next = 2;
  for (size_t i = 0; i < ops->list.count; i++) {
    tarn_string op = ops->list.s[i];
    if (is(op, "BiasAdd") && !e->bias && !e->add && !e->activation) {
      e->bias = next++;
    } else if (is(op, "Add") && !e->add && !e->activation) {
      e->add = next++;
    } else if (!e->activation) {
#define X(name, text) if (is(op, text)) e->activation = TARN_FUSED_##name;
      TARN_FUSED_MAP(X)
#undef X
      if (!e->activation)
        return tarn_fail(TARN_UNSUPPORTED, "fused_ops: '%.*s'", (int)(op.size & 63), op.data);
    } else {
      return tarn_fail(TARN_UNSUPPORTED, "fused_ops: '%.*s' after the activation",
                       (int)(op.size & 63), op.data);
    }
  }
  if (next - 2 != args)
    return tarn_fail(TARN_INVALID, "fused_ops takes %d args, num_args is %lld", next - 2,
                     (long long)args);
  return TARN_OK;
}

static tarn_status parse_window(const tarn_attrs *attrs, void *params) {
  tarn_fused_window_params *p = params;
  TARN_TRY(tarn__window_parse(
      attrs, 2,
      TARN_WINDOW_STRIDES | TARN_WINDOW_DILATIONS | TARN_WINDOW_EXPLICIT | TARN_WINDOW_FORMAT,
      &p->window, NULL));
  return parse_epilogue(attrs, &p->epilogue);
}

static tarn_status parse_matmul(const tarn_attrs *attrs, void *params) {
  tarn_fused_matmul_params *p = params;
  p->matmul.transpose_a = tarn__attr_bool(attrs, "transpose_a");
  p->matmul.transpose_b = tarn__attr_bool(attrs, "transpose_b");
  return parse_epilogue(attrs, &p->epilogue);
}

/* The args fit an output of shape y with `channels` channels. */
static tarn_status check_args(const tarn_infer *t, const tarn_epilogue *e, const tarn_shape *y,
                              int64_t channels) {
  char got[TARN_SHAPE_TEXT], wanted[TARN_SHAPE_TEXT];
  if (e->bias && (t->in[e->bias].rank != 1 || t->in[e->bias].dim[0] != channels))
    return tarn_fail(TARN_SHAPE, "bias: expected [%lld], got %s", (long long)channels,
                     tarn__shape_print(&t->in[e->bias], got));
  if (e->add && !tarn__shape_equal(&t->in[e->add], y))
    return tarn_fail(TARN_SHAPE, "added tensor: expected %s, got %s", tarn__shape_print(y, wanted),
                     tarn__shape_print(&t->in[e->add], got));
  return TARN_OK;
}

static tarn_status infer_conv(tarn_infer *t, bool depthwise) {
  const tarn_fused_window_params *p = t->params;
  tarn_shape y;
  TARN_TRY(tarn__conv_shape(&p->window, &t->in[0], &t->in[1], depthwise, &y));
  TARN_TRY(check_args(t, &p->epilogue, &y, y.dim[tarn__window_channel_dim(&p->window)]));
  t->out[0] = y;
  return TARN_OK;
}
static tarn_status infer_conv2d(tarn_infer *t) { return infer_conv(t, false); }
static tarn_status infer_depthwise(tarn_infer *t) { return infer_conv(t, true); }

static tarn_status infer_matmul(tarn_infer *t) {
  const tarn_fused_matmul_params *p = t->params;
  TARN_TRY(tarn__infer_rank(t, 0, 2));
  TARN_TRY(tarn__infer_rank(t, 1, 2));
  const int64_t *a = t->in[0].dim, *b = t->in[1].dim;
  int ta = p->matmul.transpose_a, tb = p->matmul.transpose_b;
  if (a[!ta] != b[tb])
    return tarn_fail(TARN_SHAPE, "a has %lld columns, b has %lld rows", (long long)a[!ta],
                     (long long)b[tb]);
  tarn_shape y = {.rank = 2, .dim = {a[ta], b[!tb]}};
  TARN_TRY(tarn__shape_make(2, y.dim, &y));
  TARN_TRY(check_args(t, &p->epilogue, &y, y.dim[1]));
  t->out[0] = y;
  return TARN_OK;
}

#define EPILOGUE_ATTRS                                                                     \
  "T: {float, double, half, bfloat16}; num_args: int >= 0; fused_ops: list(string) = []; " \
  "epsilon: float = 0.0001"
#define CONV_ATTRS                                                                        \
  EPILOGUE_ATTRS                                                                          \
      "; strides: list(int); padding: {'SAME', 'VALID', 'EXPLICIT'}; explicit_paddings: " \
      "list(int) = [];"                                                                   \
      "data_format: {'NHWC', 'NCHW'} = 'NHWC'; dilations: list(int) = [1, 1, 1, 1]; "     \
      "use_cudnn_on_gpu: bool = true"
#define ONES "strides=[1,1,1,1] padding="

const tarn_op tarn_ops_fused[] = {
    {.name = "_FusedConv2D",
     .inputs = "input: T, filter: T, args: num_args * T",
     .outputs = "output: T",
     .attrs = CONV_ATTRS,
     .params_bytes = sizeof(tarn_fused_window_params),
     .parse = parse_window,
     .infer = infer_conv2d,
     .formula = "y = activation(Conv2D(input, filter) + bias + add)",
     .cases = {"input=T[1x9x9x3] filter=T[7x7x3x20] args=T[20] strides=[1,2,2,1] padding=SAME "
               "fused_ops=['BiasAdd','Relu']",
               "input=T[2x9x7x17] filter=T[1x1x17x33] args=T[33] args=T[2x9x7x33] " ONES "VALID "
               "fused_ops=['BiasAdd','Add','Relu']",
               "input=T[1x13x10x16] filter=T[3x3x16x40] args=T[40] args=T[1x13x10x40] " ONES "SAME "
               "fused_ops=['BiasAdd','Add','Relu6']",
               "input=T[1x28x28x32] filter=T[3x3x32x32] args=T[32] " ONES
               "SAME fused_ops=['BiasAdd']",
               "input=T[2x14x11x16] filter=T[3x3x16x40] args=T[40] args=T[2x7x6x40] "
               "strides=[1,2,2,1] padding=SAME "
               "fused_ops=['BiasAdd','Add','Relu']",
               "input=T[1x5x5x8] filter=T[3x3x8x8] args=T[8] " ONES
               "SAME fused_ops=['BiasAdd','Elu']",
               "input=T[2x13x10x16] filter=T[5x5x16x40] args=T[40] " ONES
               "SAME fused_ops=['BiasAdd','Relu']",
               "input=T[1x5x5x8] filter=T[3x3x8x8] num_args=0 " ONES "VALID fused_ops=['Relu']",
               "input=T[0x5x5x8] filter=T[3x3x8x8] args=T[8] " ONES "SAME fused_ops=['BiasAdd']"}},
    {.name = "_FusedDepthwiseConv2dNative",
     .inputs = "input: T, filter: T, args: num_args * T",
     .outputs = "output: T",
     .attrs = CONV_ATTRS,
     .params_bytes = sizeof(tarn_fused_window_params),
     .parse = parse_window,
     .infer = infer_depthwise,
     .formula = "y = activation(DepthwiseConv2dNative(input, filter) + bias + add)",
     .cases = {"input=T[1x9x9x19] filter=T[3x3x19x1] args=T[19] " ONES
               "SAME fused_ops=['BiasAdd','Relu6']",
               "input=T[2x9x8x5] filter=T[3x3x5x2] args=T[10] strides=[1,2,2,1] padding=SAME "
               "fused_ops=['BiasAdd']",
               "input=T[1x7x8x20] filter=T[3x3x20x1] args=T[20] args=T[1x7x8x20] " ONES "SAME "
               "fused_ops=['BiasAdd','Add','Relu']"}},
    {.name = "_FusedMatMul",
     .inputs = "a: T, b: T, args: num_args * T",
     .outputs = "product: T",
     .attrs = EPILOGUE_ATTRS "; transpose_a: bool = false; transpose_b: bool = false",
     .params_bytes = sizeof(tarn_fused_matmul_params),
     .parse = parse_matmul,
     .infer = infer_matmul,
     .formula = "y = activation(MatMul(a, b) + bias + add)",
     .cases = {"a=T[1x33] b=T[33x65] args=T[65] fused_ops=['BiasAdd','Relu']",
               "a=T[17x33] b=T[20x33] args=T[20] transpose_b=true fused_ops=['BiasAdd','Tanh']",
               "a=T[33x7] b=T[33x20] args=T[20] args=T[7x20] transpose_a=true "
               "fused_ops=['BiasAdd','Add','Sigmoid']",
               "a=T[3x5] b=T[5x6] args=T[6] fused_ops=['BiasAdd','Relu6']",
               "a=T[3x0] b=T[0x6] args=T[6] fused_ops=['BiasAdd','Elu']"}},
    {0},
};
