/* _LSTMSequence by definition, its state in double from the first step to the last. See
 * kernels/cpu/each.h. */

/* to[n] += sum over k of from[k] w[k, n], rows of `columns`. */
static void NAME(multiply)(int64_t depth, int64_t columns, const double *from, const ELEM *w,
                           double *to) {
  for (int64_t k = 0; k < depth; k++)
    for (int64_t n = 0; n < columns; n++) to[n] += from[k] * (double)LOAD(w[k * columns + n]);
}

/* One step: state c [H] and h [P] become those after x [I]. gates: 4H + max(I, H) of scratch. */
static void NAME(one_step)(const tarn_call *call, const tarn_recurrent *g, const ELEM *x, double *c,
                           double *h, double *gates) {
  const tarn_lstm_sequence_params *p = call->problem->params;
  const int64_t H = g->H, columns = 4 * H;
  const ELEM *w = call->in[g->w]->data;
  const ELEM *w_h = p->shared.num_w == 2 ? call->in[g->w + 1]->data : w + g->I * columns;
  const ELEM *b = g->b < 0 ? NULL : call->in[g->b]->data, *peephole[3] = {NULL, NULL, NULL};
  for (int i = 0; i < p->num_peephole; i++) peephole[i] = call->in[g->peephole + i]->data;
  double *m = gates + columns;
  for (int64_t n = 0; n < columns; n++) gates[n] = b ? (double)LOAD(b[n]) : 0;
  for (int64_t k = 0; k < g->I; k++) m[k] = (double)LOAD(x[k]);
  NAME(multiply)(g->I, columns, m, w, gates);
  NAME(multiply)(g->P, columns, h, w_h, gates);
  for (int64_t k = 0; k < H; k++) {
    double to[TARN_LSTM_GATES];
    for (int gate = 0; gate < TARN_LSTM_GATES; gate++) to[gate] = gates[p->column[gate] * H + k];
    to[TARN_LSTM_F] += (double)p->forget_bias;
    if (peephole[0]) {
      to[TARN_LSTM_I] += (double)LOAD(peephole[0][k]) * c[k];
      to[TARN_LSTM_F] += (double)LOAD(peephole[1][k]) * c[k];
    }
    c[k] = c[k] * recurrent_gate(p->shared.recurrent_activation, to[TARN_LSTM_F]) +
           recurrent_gate(p->shared.recurrent_activation, to[TARN_LSTM_I]) *
               recurrent_gate(p->shared.activation, to[TARN_LSTM_J]);
    c[k] = recurrent_clip(c[k], (double)p->cell_clip);
    if (peephole[2]) to[TARN_LSTM_O] += (double)LOAD(peephole[2][k]) * c[k];
    m[k] = recurrent_gate(p->shared.recurrent_activation, to[TARN_LSTM_O]) *
           recurrent_gate(p->shared.activation, c[k]);
  }
  for (int64_t k = 0; k < g->P; k++) h[k] = g->projection < 0 ? m[k] : 0;
  if (g->projection >= 0) NAME(multiply)(H, g->P, m, call->in[g->projection]->data, h);
  for (int64_t k = 0; k < g->P && g->projection >= 0; k++)
    h[k] = recurrent_clip(h[k], (double)p->proj_clip);
}

static tarn_status NAME(sequence)(const tarn_call *call, const tarn_recurrent *g) {
  const tarn_recurrent_params *p = call->problem->params;
  const ELEM *x = call->in[0]->data, *h0 = call->in[g->h0]->data, *c0 = call->in[g->c0]->data;
  ELEM *y = call->out[0]->data, *h_last = call->out[1]->data, *c_last = call->out[2]->data;
  double *c = call->scratch, *h = c + g->H;
  for (int64_t b = 0; b < g->B; b++) {
    const int64_t steps = tarn__recurrent_length(call, g, b);
    for (int64_t k = 0; k < g->H; k++) c[k] = (double)LOAD(c0[b * g->H + k]);
    for (int64_t k = 0; k < g->P; k++) h[k] = (double)LOAD(h0[b * g->P + k]);
    for (int64_t s = 0; s < steps; s++) {
      TARN_TRY(tarn__run_check(call->run));
      const int64_t row = (p->reverse ? steps - 1 - s : s) * g->B + b;
      NAME(one_step)(call, g, x + row * g->I, c, h, h + g->P);
      for (int64_t k = 0; k < g->P; k++) y[row * g->P + k] = STORE((WIDE)h[k]);
    }
    for (int64_t k = 0; k < g->H; k++) c_last[b * g->H + k] = STORE((WIDE)c[k]);
    for (int64_t k = 0; k < g->P; k++) h_last[b * g->P + k] = STORE((WIDE)h[k]);
    for (int64_t t = steps; t < g->T; t++)
      for (int64_t k = 0; k < g->P; k++)
        y[(t * g->B + b) * g->P + k] = STORE((WIDE)(p->zero_output ? 0 : h[k]));
  }
  return TARN_OK;
}
