/* LSTM cells and sequences forwards; formulas in kernels/params/lstm.h. Outputs without data are
 * left out. See kernels/cpu/each.h. */

/* One step of one batch row: from x [I], c and h before it, to seven outputs of H elements. */
static void NAME(step)(const tarn_lstm_params *p, const tarn_lstm *g, const lstm_weights *weights,
                       const void *x_, const void *c_, const void *h_, void *const out[7],
                       int64_t row, WIDE *gates) {
  const ELEM *x = x_, *before = c_, *h = h_, *w = weights->w, *b = weights->b;
  const ELEM *wci = weights->wci, *wcf = weights->wcf, *wco = weights->wco;
  const int64_t H = g->H, columns = 4 * H;
  const int64_t at_i = p->column[TARN_LSTM_I] * H, at_ci = p->column[TARN_LSTM_J] * H,
                at_f = p->column[TARN_LSTM_F] * H, at_o = p->column[TARN_LSTM_O] * H;
  for (int64_t n = 0; n < columns; n++) gates[n] = LOAD(b[n]);
  for (int64_t k = 0; k < g->I + H; k++) {
    const WIDE value = k < g->I ? LOAD(x[k]) : LOAD(h[k - g->I]);
    for (int64_t n = 0; n < columns; n++) gates[n] += value * LOAD(w[k * columns + n]);
  }
  for (int64_t j = 0; j < H; j++) {
    const double old = (double)LOAD(before[j]);
    double to_i = (double)gates[at_i + j], to_f = (double)gates[at_f + j] + (double)p->forget_bias;
    if (p->num_peephole) {
      to_i += old * (double)LOAD(wci[j]);
      to_f += old * (double)LOAD(wcf[j]);
    }
    const double i = sigmoid(to_i), f = sigmoid(to_f), ci = tanh((double)gates[at_ci + j]);
    const double cs = recurrent_clip(ci * i + old * f, (double)p->cell_clip);
    double to_o = (double)gates[at_o + j];
    if (p->num_peephole) to_o += cs * (double)LOAD(wco[j]);
    const double o = sigmoid(to_o), co = tanh(cs);
    const double values[7] = {i, cs, f, o, ci, co, co * o};
    for (int v = 0; v < 7; v++)
      if (out[v]) ((ELEM *)out[v])[row * H + j] = STORE((WIDE)values[v]);
  }
}

/* All rows of all steps; steps from `steps` on are zero. x, c and h are the first inputs of the
 * layer. */
static void NAME(sequence)(const tarn_lstm_params *p, const tarn_lstm *g,
                           const lstm_weights *weights, const tarn_call *call, int64_t steps) {
  const int first = p->form == TARN_LSTM_BLOCK;
  const ELEM *x = call->in[first]->data, *c = call->in[first + 1]->data,
             *h = call->in[first + 2]->data;
  void *out[7];
  for (int v = 0; v < 7; v++) out[v] = call->out[v]->data;
  const ELEM *cs = out[1], *hs = out[6];
  for (int64_t t = 0; t < steps; t++)
    for (int64_t b = 0; b < g->B; b++) {
      const int64_t row = t * g->B + b, last = (row - g->B) * g->H;
      NAME(step)
      (p, g, weights, x + row * g->I, t ? cs + last : c + b * g->H, t ? hs + last : h + b * g->H,
       out, row, call->scratch);
    }
  for (int v = 0; v < 7; v++) {
    ELEM *y = out[v];
    for (int64_t i = steps * g->B * g->H; y && i < g->T * g->B * g->H; i++) y[i] = STORE(0);
  }
}
