/* Convolutions in a row as one op: made by the pass chain_convolutions, never found in a file.
 *
 *   x[i+1] = activation_i(conv_i(x[i], filter_i) + bias_i)
 *
 * args: filter and bias of each stage in turn. strides: two numbers a stage (height, width);
 * paddings: four (top, bottom, left, right); activations: "", "Relu" or "Relu6". */
#include "kernels/params/conv_chain.h"

#include "graph/op.h"

static bool is(tarn_string s, const char *text) {
  return s.size == strlen(text) && !memcmp(s.data, text, s.size);
}

static tarn_status parse(const tarn_attrs *attrs, void *params) {
  tarn_conv_chain_params *c = params;
  const tarn_attr *depthwise = tarn__attr_list(attrs, "depthwise");
  const tarn_attr *strides = tarn__attr_list(attrs, "strides");
  const tarn_attr *paddings = tarn__attr_list(attrs, "paddings");
  const tarn_attr *activations = tarn__attr_list(attrs, "activations");
  const size_t n = depthwise->list.count;
  if (n < 1 || n > TARN_CHAIN_STAGES)
    return tarn_fail(TARN_INVALID, "%zu stages, expected 1 to %d", n, TARN_CHAIN_STAGES);
  if (strides->list.count != 2 * n || paddings->list.count != 4 * n ||
      activations->list.count != n || tarn__attr_int(attrs, "num_args") != (int64_t)(2 * n))
    return tarn_fail(TARN_INVALID,
                     "%zu stages take 2 args, 2 strides, 4 paddings and an activation each", n);
  for (size_t i = 0; i < 4 * n; i++)
    if (paddings->list.i[i] < 0 || paddings->list.i[i] > 1 << 20 ||
        (i < 2 * n && (strides->list.i[i] < 1 || strides->list.i[i] > 1 << 20)))
      return tarn_fail(TARN_INVALID, "strides are at least 1, paddings at least 0, both at most %d",
                       1 << 20);
  c->stages = (int)n;
  for (size_t i = 0; i < n; i++) {
    const int64_t *p = paddings->list.i + 4 * i;
    const tarn_string a = activations->list.s[i];
    c->stage[i] = (tarn_chain_stage){.depthwise = depthwise->list.b[i],
                                     .stride_h = strides->list.i[2 * i],
                                     .stride_w = strides->list.i[2 * i + 1],
                                     .top = p[0],
                                     .bottom = p[1],
                                     .left = p[2],
                                     .right = p[3],
                                     .activation = is(a, "Relu6")  ? TARN_FUSED_RELU6
                                                   : is(a, "Relu") ? TARN_FUSED_RELU
                                                                   : TARN_FUSED_NONE};
    if (a.size && !c->stage[i].activation)
      return tarn_fail(TARN_UNSUPPORTED, "activation '%.*s'", (int)(a.size & 63), a.data);
  }
  return TARN_OK;
}

static tarn_status infer(tarn_infer *t) {
  const tarn_conv_chain_params *c = t->params;
  TARN_TRY(tarn__infer_rank(t, 0, 4));
  tarn_shape x = t->in[0];
  for (int i = 0; i < c->stages; i++) {
    const tarn_chain_stage *s = &c->stage[i];
    const int filter = tarn__chain_filter(i), bias = tarn__chain_bias(i);
    TARN_TRY(tarn__infer_rank(t, filter, 4));
    const tarn_shape *w = &t->in[filter], *v = &t->in[bias];
    for (int d = 0; d < 4; d++)
      if (x.dim[d] > INT32_MAX || w->dim[d] > INT32_MAX || w->dim[d] < 1)
        return tarn_fail(TARN_SHAPE, "stage %d: dims are to be above 0 and below 2^31", i);
    if (w->dim[2] != x.dim[3])
      return tarn_fail(TARN_SHAPE, "stage %d: x has %lld channels, the filter %lld", i,
                       (long long)x.dim[3], (long long)w->dim[2]);
    const tarn_conv2d g = tarn__chain_conv(s, x.dim[0], x.dim[1], x.dim[2], x.dim[3], w);
    if (g.OH < 1 || g.OW < 1)
      return tarn_fail(TARN_SHAPE, "stage %d: the filter is larger than its padded input", i);
    if (v->rank != 1 || v->dim[0] != g.OC)
      return tarn_fail(TARN_SHAPE, "stage %d: expected a bias of %lld elements", i,
                       (long long)g.OC);
    const int64_t y[] = {g.N, g.OH, g.OW, g.OC};
    TARN_TRY(tarn__shape_make(4, y, &x));
  }
  t->out[0] = x;
  return TARN_OK;
}

#define STAGE(w, b) " args=f32[" w "]:-0.4..0.4 args=f32[" b "]"

const tarn_op tarn_ops_conv_chain[] = {
    {.name = "_FusedConvChain",
     .inputs = "input: T, args: num_args * T",
     .outputs = "output: T",
     .attrs = "T: {float}; num_args: int >= 2; depthwise: list(bool); strides: list(int); "
              "paddings: list(int);"
              "activations: list(string)",
     .params_bytes = sizeof(tarn_conv_chain_params),
     .parse = parse,
     .infer = infer,
     .formula = "x[i+1] = activation_i(conv_i(x[i], filter_i) + bias_i)",
     .cases =
         {"input=f32[1x14x15x35]" STAGE("3x3x35x1", "35") STAGE(
              "1x1x35x40",
              "40") " depthwise=[true,false] "
                    "strides=[1,1,1,1] paddings=[1,1,1,1,0,0,0,0] activations=['Relu6','Relu6']",
          "input=f32[2x31x30x3]" STAGE("3x3x3x17", "17") STAGE("3x3x17x1", "17")
              STAGE("1x1x17x33", "33") STAGE("3x3x33x1", "33")
                  STAGE("1x1x33x20", "20") " depthwise=[false,true,false,true,false] "
                                           "strides=[2,2,1,1,1,1,2,2,1,1] "
                                           "paddings=[1,1,0,1,1,1,1,1,0,0,0,0,0,1,1,1,0,0,0,0] "
                                           "activations=['Relu','Relu6','','Relu6','Relu']",
          "input=f32[3x9x8x16]" STAGE("3x3x16x1", "16") STAGE("1x1x16x16", "16")
              STAGE("3x3x16x1", "16") STAGE(
                  "1x1x16x64", "64") " depthwise=[true,false,true,false] strides=[1,1,1,1,1,1,1,1] "
                                     "paddings=[1,1,1,1,0,0,0,0,1,1,1,1,0,0,0,0] "
                                     "activations=['Relu','','Relu','']",
          "input=f32[1x5x3x4]" STAGE("2x3x4x2", "8")
              STAGE("1x1x8x5",
                    "5") " depthwise=[true,false] "
                         "strides=[1,1,1,1] paddings=[0,1,1,1,0,0,0,0] activations=['','Relu']",
          "input=f32[0x9x9x8]" STAGE("3x3x8x1", "8") STAGE(
              "1x1x8x8", "8") " depthwise=[true,false] "
                              "strides=[1,1,1,1] paddings=[1,1,1,1,0,0,0,0] activations=['','']"}},
    {0},
};
