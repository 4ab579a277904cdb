/* LSTMBlockCell, BlockLSTM and BlockLSTMV2: one product for x of all steps, then for each step a
 * product of h' and a launch of the cells, as in lstm.cublas.c; the states live in the outputs. */
#include "kernels/cpu/lstm/weights.h"
#include "kernels/cuda/recurrent/sequence.h"
#include "kernels/params/lstm.h"

static const char *supports(const tarn_problem *p) {
  const tarn_recurrent g = tarn__lstm_block(p);
  return tarn__recurrent_refusal(&g);
}
static double cost_us(const tarn_problem *p, const tarn_machine *m) {
  const tarn_recurrent g = tarn__lstm_block(p);
  return tarn__recurrent_cost(p, m, &g, 4);
}

/* from_x, from_h. */
static size_t scratch_bytes(const tarn_problem *p, int threads) {
  (void)threads;
  const tarn_recurrent g = tarn__lstm_block(p);
  return (size_t)(4 * g.H * g.B * (g.T + 1)) * tarn__recurrent_size(p) + 2 * 256;
}

/* Steps from `steps` on are zero. */
static tarn_status clear_rest(const tarn_call *call, const tarn_recurrent *g, int64_t steps) {
  const size_t size = tarn__recurrent_size(call->problem),
               done = (size_t)(steps * g->B * g->H) * size,
               rest = (size_t)((g->T - steps) * g->B * g->H) * size;
  for (int v = 0; rest && v < TARN_LSTM_OUTS; v++)
    if (call->out[v]->data)
      TARN_CUDA(cudaMemsetAsync((char *)call->out[v]->data + done, 0, rest, tarn__stream(call)));
  return TARN_OK;
}

static tarn_status run(const tarn_call *call) {
  const tarn_problem *p = call->problem;
  const tarn_lstm_params *params = p->params;
  const tarn_recurrent g = tarn__lstm_block(p);
  const size_t size = tarn__recurrent_size(p);
  const int64_t N = 4 * g.H, state = g.B * g.H;
  char *at = call->scratch;
  int64_t steps;
  TARN_TRY(steps_of(call, &steps));
  TARN_TRY(clear_rest(call, &g, steps));
  if (state == 0 || steps == 0) return TARN_OK;
  tarn_cuda_lstm_block w = {.s = {.T = g.T, .B = g.B, .H = g.H, .bias = call->in[g.b]->data},
                            .forget_bias = params->forget_bias,
                            .cell_clip = params->cell_clip,
                            .c = call->in[g.c0]->data};
  void *from_x = tarn__recurrent_piece(&at, (size_t)(g.T * g.B * N) * size);
  void *from_h = tarn__recurrent_piece(&at, (size_t)(g.B * N) * size);
  w.s.from_x = from_x;
  w.s.from_h = from_h;
  for (int k = 0; k < TARN_LSTM_GATES; k++) w.s.column[k] = params->column[k];
  for (int k = 0; k < params->num_peephole; k++) w.peephole[k] = call->in[g.peephole + k]->data;
  for (int v = 0; v < TARN_LSTM_OUTS; v++) w.out[v] = call->out[v]->data;
  const char *w_x = call->in[g.w]->data, *w_h = w_x + (size_t)(g.I * N) * size,
             *h = call->in[g.h0]->data;
  TARN_TRY(tarn__recurrent_product(call, steps * g.B, N, g.I,
                                   (tarn_rows_of){call->in[g.x]->data, g.I}, (tarn_rows_of){w_x, N},
                                   (tarn_rows_of){from_x, N}));
  for (w.s.step = 0; w.s.step < steps; w.s.step++) {
    const size_t now = (size_t)(w.s.step * state) * size;
    TARN_TRY(tarn__recurrent_product(call, g.B, N, g.H, (tarn_rows_of){h, g.H},
                                     (tarn_rows_of){w_h, N}, (tarn_rows_of){from_h, N}));
    TARN_LAUNCHED(tarn__cuda_lstm_block(tarn__stream(call), size == 8, &w));
    h = (const char *)w.out[TARN_LSTM_OUT_H] + now;
    w.c = (const char *)w.out[TARN_LSTM_OUT_CS] + now;
  }
  return TARN_OK;
}

#define ROW(OP, HOST)                                                                          \
  {                                                                                            \
    .op = OP, .dtypes = TARN_BIT(TARN_F32) | TARN_BIT(TARN_F64), .keyed = -1, .host_in = HOST, \
    .supports = supports, .cost_us = cost_us, .scratch_bytes = scratch_bytes, .run = run       \
  }
const tarn_kernel tarn_kernels_recurrent_block_cublas[] = {
    ROW("LSTMBlockCell", 0),
    ROW("BlockLSTM", 1),
    ROW("BlockLSTMV2", 1),
    {0},
};
