/* LSTMBlockCell, BlockLSTM, BlockLSTMV2 and their gradients: parsed attributes and the numbers of a
 * problem.
 *
 * With xh = [x, h'] (x: I columns, h': H) and G = xh w + b, cut into four gates of H columns each:
 *   i  = sigmoid(G_i + wci * c')            f  = sigmoid(G_f + forget_bias + wcf * c')
 *   ci = tanh(G_c)                          cs = clip(ci * i + c' * f)
 *   o  = sigmoid(G_o + wco * cs)            co = tanh(cs)            h = co * o
 * The peephole terms (wci, wcf, wco) are there only with use_peephole; clip is to [-cell_clip,
 * cell_clip], only where cell_clip > 0, and keeps a NaN.
 *
 * That is the layer of recurrent.h with ci for its j, so its parameters serve here too: 3 peepholes
 * or none, and gates i, ci, f, o, of BlockLSTMV2 i, f, ci, o. */
#ifndef TARN_KERNELS_PARAMS_LSTM_H
#define TARN_KERNELS_PARAMS_LSTM_H

#include "kernels/params/recurrent.h"

typedef tarn_lstm_sequence_params tarn_lstm_params;

/* Outputs of the forward ops, in their order. i, f, o, ci and co may be left out (graph/op.h,
 * `spare`). */
enum { TARN_LSTM_OUT_I, TARN_LSTM_OUT_CS, TARN_LSTM_OUT_F, TARN_LSTM_OUT_O, TARN_LSTM_OUT_CI,
       TARN_LSTM_OUT_CO, TARN_LSTM_OUT_H, TARN_LSTM_OUTS };

typedef struct tarn_lstm { int64_t T, B, I, H; } tarn_lstm;

/* Of forward problems and gradients alike. */
static inline tarn_lstm tarn__lstm_geometry(const tarn_problem *p) {
  const tarn_recurrent g = tarn__lstm_block(p);
  return (tarn_lstm){.T = g.T, .B = g.B, .I = g.I, .H = g.H};
}

#endif
