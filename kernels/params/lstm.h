/* LSTMBlockCell, BlockLSTM, BlockLSTMV2 and their gradients: parsed attributes and the numbers of a
 * problem.
 *
 * With xh = [x, h'] (x: I columns, h': H) and G = xh w + b, cut into four gates of H columns each:
 *   i  = sigmoid(G_i + wci * c')            f  = sigmoid(G_f + forget_bias + wcf * c')
 *   ci = tanh(G_c)                          cs = clip(ci * i + c' * f)
 *   o  = sigmoid(G_o + wco * cs)            co = tanh(cs)            h = co * o
 * The peephole terms (wci, wcf, wco) are there only with use_peephole; clip is to [-cell_clip,
 * cell_clip], only where cell_clip > 0. */
#ifndef TARN_KERNELS_PARAMS_LSTM_H
#define TARN_KERNELS_PARAMS_LSTM_H

#include "kernels/kernel.h"

typedef struct tarn_lstm_params {
  float forget_bias, cell_clip;    /* BlockLSTMV2 has no forget_bias: 0 */
  bool use_peephole;
  bool ifco;     /* order of gates in w and b: BlockLSTMV2 i,f,ci,o; the others i,ci,f,o */
  bool sequence; /* BlockLSTM: input 0 is seq_len_max, x is [T,B,I]; else x is [B,I] */
} tarn_lstm_params;

/* Column block (times H) of each gate in w [I+H, 4H] and b [4H]. */
static inline int tarn__lstm_gate_ci(const tarn_lstm_params *p) { return p->ifco ? 2 : 1; }
static inline int tarn__lstm_gate_f(const tarn_lstm_params *p) { return p->ifco ? 1 : 2; }

typedef struct tarn_lstm { int64_t T, B, I, H; } tarn_lstm;

/* Forward problems and gradients alike: x and h_prev are inputs 0 and 2, or 1 and 3 of a sequence
 * op. */
static inline tarn_lstm tarn__lstm_geometry(const tarn_problem *p) {
  const tarn_lstm_params *params = (const tarn_lstm_params *)p->params;
  const tarn_shape *x = &p->in_shape[params->sequence ? 1 : 0],
                   *h = &p->in_shape[params->sequence ? 3 : 2];
  return (tarn_lstm){.T = params->sequence ? x->dim[0] : 1,
                     .B = x->dim[x->rank - 2],
                     .I = x->dim[x->rank - 1],
                     .H = h->dim[1]};
}

#endif
