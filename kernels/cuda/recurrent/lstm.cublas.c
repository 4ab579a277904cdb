/* _LSTMSequence: one product for x of all steps, then for each step a product of h and a launch of
 * the cells. Recorded, the steps cost no launches of the host. The states live in the outputs
 * h_last and c_last. */
#include "kernels/cuda/recurrent/sequence.h"

static const char *supports(const tarn_problem *p) {
  const tarn_recurrent g = tarn__lstm_sequence(p);
  return tarn__recurrent_refusal(&g);
}
static double cost_us(const tarn_problem *p, const tarn_machine *m) {
  const tarn_recurrent g = tarn__lstm_sequence(p);
  return tarn__recurrent_cost(p, m, &g, 4);
}

/* from_x, from_h; with a projection m and what it becomes. */
static size_t scratch_bytes(const tarn_problem *p, int threads) {
  (void)threads;
  const tarn_recurrent g = tarn__lstm_sequence(p);
  return (size_t)(4 * g.H * g.B * (g.T + 1) + g.B * (g.H + g.P)) * tarn__recurrent_size(p) +
         4 * 256;
}

static tarn_status run(const tarn_call *call) {
  const tarn_problem *p = call->problem;
  const tarn_lstm_sequence_params *params = p->params;
  const tarn_recurrent g = tarn__lstm_sequence(p);
  const size_t size = tarn__recurrent_size(p);
  const int64_t N = 4 * g.H;
  const cudaStream_t stream = tarn__stream(call);
  char *at = call->scratch;
  if (g.B == 0) return TARN_OK;
  tarn_cuda_lstm w = {.s = tarn__recurrent_step(call, &g),
                      .forget_bias = params->forget_bias,
                      .cell_clip = params->cell_clip,
                      .proj_clip = params->proj_clip,
                      .h = call->out[1]->data,
                      .c = call->out[2]->data,
                      .y = call->out[0]->data,
                      .P = g.P};
  void *from_x = tarn__recurrent_piece(&at, (size_t)(g.T * g.B * N) * size);
  void *from_h = tarn__recurrent_piece(&at, (size_t)(g.B * N) * size), *projected = NULL;
  if (g.projection >= 0) {
    w.m = tarn__recurrent_piece(&at, (size_t)(g.B * g.H) * size);
    projected = tarn__recurrent_piece(&at, (size_t)(g.B * g.P) * size);
  }
  w.s.from_x = from_x;
  w.s.from_h = from_h;
  w.s.bias = g.b >= 0 ? call->in[g.b]->data : NULL;
  w.projected = projected;
  for (int k = 0; k < TARN_LSTM_GATES; k++) w.s.column[k] = params->column[k];
  for (int k = 0; k < params->num_peephole; k++) w.peephole[k] = call->in[g.peephole + k]->data;
  const char *w_x = call->in[g.w]->data;
  const char *w_h =
      params->shared.num_w == 2 ? call->in[g.w + 1]->data : w_x + (size_t)(g.I * N) * size;

  TARN_CUDA(cudaMemcpyAsync(w.h, call->in[g.h0]->data, (size_t)(g.B * g.P) * size,
                            cudaMemcpyDeviceToDevice, stream));
  TARN_CUDA(cudaMemcpyAsync(w.c, call->in[g.c0]->data, (size_t)(g.B * g.H) * size,
                            cudaMemcpyDeviceToDevice, stream));
  TARN_TRY(tarn__recurrent_product(call, g.T * g.B, N, g.I, (tarn_rows_of){call->in[0]->data, g.I},
                                   (tarn_rows_of){w_x, N}, (tarn_rows_of){from_x, N}));
  for (w.s.step = 0; w.s.step < g.T; w.s.step++) {
    TARN_TRY(tarn__recurrent_product(call, g.B, N, g.P, (tarn_rows_of){w.h, g.P},
                                     (tarn_rows_of){w_h, N}, (tarn_rows_of){from_h, N}));
    TARN_LAUNCHED(tarn__cuda_lstm_cell(stream, size == 8, &w));
    if (g.projection < 0) continue;
    TARN_TRY(tarn__recurrent_product(call, g.B, g.P, g.H, (tarn_rows_of){w.m, g.H},
                                     (tarn_rows_of){call->in[g.projection]->data, g.P},
                                     (tarn_rows_of){projected, g.P}));
    TARN_LAUNCHED(tarn__cuda_lstm_settle(stream, size == 8, &w));
  }
  return TARN_OK;
}

const tarn_kernel tarn_kernels_recurrent_lstm_cublas[] = {
    {.op = "_LSTMSequence",
     .dtypes = TARN_BIT(TARN_F32) | TARN_BIT(TARN_F64),
     .supports = supports,
     .cost_us = cost_us,
     .scratch_bytes = scratch_bytes,
     .run = run},
    {0},
};
