#include "kernels/work.h"

#include "kernels/params/conv_chain.h"

#include "kernels/params/recurrent.h"

#include <math.h>
#include <string.h>

static double elements(const tarn_shape *s) {
  double n = 1;
  for (int i = 0; i < s->rank; i++) n *= (double)s->dim[i];
  return s->rank < 0 ? 0 : n;
}

static double last_two(const tarn_shape *s) {
  return s->rank < 2 ? 0 : (double)s->dim[s->rank - 1] * (double)s->dim[s->rank - 2];
}

/* [M,K] [K,N] -> [M,N], each perhaps transposed: K^2 = |a| |b| / |c|. */
static double product(const tarn_problem *p) {
  const double c = last_two(&p->out_shape[0]);
  return c > 0 ? 2 * elements(&p->out_shape[0]) *
                     sqrt(last_two(&p->in_shape[0]) * last_two(&p->in_shape[1]) / c)
               : 0;
}

/* y has a sum over the filter's taps [.., C, O] less its last dim for each element. */
static double convolution(const tarn_shape *y, const tarn_shape *w) {
  return w->rank < 3 || !w->dim[w->rank - 1]
             ? 0
             : 2 * elements(y) * elements(w) / (double)w->dim[w->rank - 1];
}

static bool is(const tarn_problem *p, const char *op) { return !strcmp(p->op, op); }

static double chain(const tarn_problem *p) {
  tarn_conv2d g[TARN_CHAIN_STAGES];
  const tarn_conv_chain_params *c = tarn__chain_geometry(p, g);
  double flops = 0;
  for (int i = 0; i < c->stages; i++)
    flops += 2.0 * (double)(g[i].N * g[i].OH * g[i].OW * g[i].OC) *
             (double)(g[i].KH * g[i].KW * g[i].KC);
  return flops;
}

double tarn__problem_flops(const tarn_problem *p) {
  const tarn_shape *in = p->in_shape, *out = p->out_shape;
  if (is(p, "MatMul") || is(p, "_FusedMatMul") || !strncmp(p->op, "BatchMatMul", 11))
    return product(p);
  if (is(p, "Conv2D") || is(p, "_FusedConv2D") || is(p, "Conv3D"))
    return convolution(&out[0], &in[1]);
  if (is(p, "_FusedConvChain")) return chain(p);
  if (is(p, "Conv2DBackpropInput")) return convolution(&in[2], &in[1]);
  if (is(p, "Conv2DBackpropFilter")) return convolution(&in[2], &out[0]);
  /* The taps of one channel: [h, w, C, M] has C * M outputs. */
  if (is(p, "DepthwiseConv2dNative") || is(p, "_FusedDepthwiseConv2dNative"))
    return in[1].rank < 4 ? 0 : 2 * elements(&out[0]) * (double)in[1].dim[0] * (double)in[1].dim[1];
  /* [B, I+H] [I+H, 4H] for each step; the gates' own work is small beside it. */
  if (is(p, "LSTMBlockCell"))
    return in[0].rank < 2 ? 0 : 2 * (double)in[0].dim[0] * elements(&in[3]);
  if (is(p, "BlockLSTM") || is(p, "BlockLSTMV2"))
    return in[1].rank < 3 ? 0 : 2 * (double)in[1].dim[0] * (double)in[1].dim[1] * elements(&in[4]);
  /* Every weight once for each row of each step. */
  if (is(p, "_LSTMSequence")) {
    const tarn_lstm_sequence_params *params = p->params;
    const tarn_recurrent g = tarn__lstm_sequence(p);
    const double projection = params->num_projection ? elements(&in[g.projection]) : 0;
    return 2 * (double)(g.T * g.B) * (4 * (double)g.H * (double)(g.I + g.P) + projection);
  }
  if (is(p, "_GRUSequence")) {
    const tarn_recurrent g = tarn__gru_sequence(p);
    return 2 * (double)(g.T * g.B) * 3 * (double)g.H * (double)(g.I + g.H);
  }
  if (is(p, "GRUBlockCell"))
    return in[0].rank < 2 ? 0 : 2 * (double)in[0].dim[0] * (elements(&in[2]) + elements(&in[3]));
  return 0;
}

double tarn__problem_bytes(const tarn_problem *p) {
  double bytes = 0;
  for (int i = 0; i < p->inputs; i++)
    bytes += elements(&p->in_shape[i]) * (double)tarn_dtype_bytes(p->in_dtype[i]);
  for (int i = 0; i < p->outputs; i++)
    bytes += elements(&p->out_shape[i]) * (double)tarn_dtype_bytes(p->out_dtype[i]);
  return bytes;
}
