/* LSTMBlockCellGrad, BlockLSTMGrad and BlockLSTMGradV2 by definition. */
#include "kernels/cpu/lstm/weights.h"

/* What the forward op kept, and the derivatives that arrive. LSTMBlockCellGrad has no h. */
typedef struct lstm_saved {
  const void *i, *cs, *f, *o, *ci, *co, *h, *dcs, *dh;
} lstm_saved;

#define TARN_EACH_BODY "kernels/cpu/lstm/gradient.body.h"
#define TARN_EACH_SET TARN_EACH_FLOATS
#include "kernels/cpu/each.h"

static lstm_saved saved_of(const tarn_call *call) {
  const tarn_lstm_params *p = call->problem->params;
  const tarn_tensor *const *in = call->in + (p->form == TARN_LSTM_BLOCK ? 9 : 8);
  lstm_saved s = {.i = in[0]->data,
                  .cs = in[1]->data,
                  .f = in[2]->data,
                  .o = in[3]->data,
                  .ci = in[4]->data,
                  .co = in[5]->data};
  in += 6;
  if (p->form == TARN_LSTM_BLOCK) s.h = (*in++)->data;
  s.dcs = in[0]->data;
  s.dh = in[1]->data;
  return s;
}

/* Gates, peepholes, and for a sequence dc, dh, dw and db: doubles, in the order that the body lays
 * them out. */
static size_t scratch_bytes(const tarn_problem *p, int threads) {
  const tarn_lstm_params *params = p->params;
  const tarn_lstm g = tarn__lstm_geometry(p);
  (void)threads;
  int64_t n = 7 * g.H;
  if (params->form == TARN_LSTM_BLOCK) n += 2 * g.B * g.H + (g.I + g.H + 1) * 4 * g.H;
  return (size_t)n * sizeof(double);
}

static tarn_status run(const tarn_call *call) {
  const tarn_lstm_params *p = call->problem->params;
  const tarn_lstm g = tarn__lstm_geometry(call->problem);
  const lstm_weights weights = weights_of(call);
  const lstm_saved saved = saved_of(call);
  const tarn_dtype dtype = call->problem->out_dtype[0];
  int64_t steps;
  TARN_TRY(steps_of(call, &steps));
  if (p->form == TARN_LSTM_BLOCK)
    TARN_EACH_OF_FLOATS(dtype, sequence)(p, &g, &weights, &saved, call, steps);
  else TARN_EACH_OF_FLOATS(dtype, cell)(p, &g, &weights, &saved, call);
  return TARN_OK;
}

#define ROW(text) \
  { .op = text, .dtypes = TARN_FLOATS, .keyed = -1, .scratch_bytes = scratch_bytes, .run = run }
const tarn_kernel tarn_kernels_lstm_gradient_reference[] = {
    ROW("LSTMBlockCellGrad"), ROW("BlockLSTMGrad"), ROW("BlockLSTMGradV2"), {0},
};
