/* What the kernels of LSTM layers share: their weights among a problem's inputs, and the
 * sigmoid. */
#ifndef TARN_KERNELS_CPU_LSTM_WEIGHTS_H
#define TARN_KERNELS_CPU_LSTM_WEIGHTS_H

#include "kernels/params/lstm.h"

#include <math.h>

typedef struct lstm_weights {
  const void *w, *wci, *wcf, *wco, *b;
} lstm_weights;

/* x, cs_prev, h_prev, w, wci, wcf, wco, b in this order, after seq_len_max where there is one. */
static inline lstm_weights weights_of(const tarn_call *call) {
  const tarn_tensor *const *in = call->in + tarn__lstm_block(call->problem).w;
  return (lstm_weights){in[0]->data, in[1]->data, in[2]->data, in[3]->data, in[4]->data};
}

/* Steps to run: seq_len_max of a sequence op, at most T. */
static inline tarn_status steps_of(const tarn_call *call, int64_t *steps) {
  const tarn_recurrent g = tarn__lstm_block(call->problem);
  *steps = tarn__recurrent_steps(call, &g);
  return tarn__recurrent_check(call, &g);
}

static inline double sigmoid(double x) {
  return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x));
}

#endif
