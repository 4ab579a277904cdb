/* LSTM cells and sequences backwards. Primes are derivatives before the nonlinearity:
 *
 *   o' = dh co o (1 - o)          dcs = dh o (1 - co^2) + dcs_after [+ o' wco]
 *   ci' = dcs i (1 - ci^2)        i' = dcs ci i (1 - i)        f' = dcs c_before f (1 - f)
 *   dc_before = dcs f [+ i' wci + f' wcf]      dxh = [gates'] w^T      dw += xh^T [gates']      db
 * += [gates']
 *
 * See kernels/cpu/each.h. */

/* One element of a step; returns dc_before. `gates` is the row of 4H derivatives. */
static double NAME(element)(const tarn_lstm_params *p, const tarn_lstm *g,
                            const lstm_weights *weights, const lstm_saved *saved, int64_t at,
                            int64_t j, double before, double dh, double dcs, double *gates,
                            double *peepholes) {
  const ELEM *wci = weights->wci, *wcf = weights->wcf, *wco = weights->wco;
  const ELEM *is = saved->i, *css = saved->cs, *fs = saved->f, *os = saved->o, *cis = saved->ci,
             *cos_ = saved->co;
  const int64_t H = g->H;
  const double i = (double)LOAD(is[at]), f = (double)LOAD(fs[at]), o = (double)LOAD(os[at]);
  const double ci = (double)LOAD(cis[at]), co = (double)LOAD(cos_[at]);
  const double to_o = dh * co * o * (1 - o);
  dcs += dh * o * (1 - co * co);
  if (p->num_peephole) dcs += to_o * (double)LOAD(wco[j]);
  const double to_ci = dcs * i * (1 - ci * ci), to_i = dcs * ci * i * (1 - i),
               to_f = dcs * before * f * (1 - f);
  gates[p->column[TARN_LSTM_I] * H + j] = to_i;
  gates[p->column[TARN_LSTM_J] * H + j] = to_ci;
  gates[p->column[TARN_LSTM_F] * H + j] = to_f;
  gates[p->column[TARN_LSTM_O] * H + j] = to_o;
  double passed = dcs * f;
  if (p->num_peephole) {
    passed += to_i * (double)LOAD(wci[j]) + to_f * (double)LOAD(wcf[j]);
    peepholes[j] += to_i * before;
    peepholes[H + j] += to_f * before;
    peepholes[2 * H + j] += to_o * (double)LOAD(css[at]);
  }
  return passed;
}

static void NAME(put)(tarn_tensor *t, const double *values, int64_t n) {
  ELEM *y = t->data;
  for (int64_t i = 0; i < n; i++) y[i] = STORE((WIDE)values[i]);
}

/* LSTMBlockCellGrad: one step, up to the gates. */
static void NAME(cell)(const tarn_lstm_params *p, const tarn_lstm *g, const lstm_weights *weights,
                       const lstm_saved *saved, const tarn_call *call) {
  const ELEM *before = call->in[1]->data, *dcs = saved->dcs, *dh = saved->dh;
  ELEM *dbefore = call->out[0]->data, *dgates = call->out[1]->data;
  double *gates = call->scratch, *peepholes = gates + 4 * g->H;
  for (int64_t j = 0; j < 3 * g->H; j++) peepholes[j] = 0;
  for (int64_t b = 0; b < g->B; b++) {
    for (int64_t j = 0; j < g->H; j++) {
      const int64_t at = b * g->H + j;
      dbefore[at] =
          STORE((WIDE)NAME(element)(p, g, weights, saved, at, j, (double)LOAD(before[at]),
                                    (double)LOAD(dh[at]), (double)LOAD(dcs[at]), gates, peepholes));
    }
    for (int64_t n = 0; n < 4 * g->H; n++) dgates[b * 4 * g->H + n] = STORE((WIDE)gates[n]);
  }
  for (int v = 0; v < 3; v++) NAME(put)(call->out[2 + v], peepholes + v * g->H, g->H);
}

/* BlockLSTMGrad: back through time. */
static void NAME(sequence)(const tarn_lstm_params *p, const tarn_lstm *g,
                           const lstm_weights *weights, const lstm_saved *saved,
                           const tarn_call *call, int64_t steps) {
  const int64_t H = g->H, I = g->I, B = g->B, columns = 4 * H;
  const ELEM *x = call->in[1]->data, *c_first = call->in[2]->data, *h_first = call->in[3]->data,
             *w = weights->w;
  const ELEM *css = saved->cs, *hs = saved->h, *dcss = saved->dcs, *dhs = saved->dh;
  ELEM *dx = call->out[0]->data;
  double *gates = call->scratch, *peepholes = gates + columns, *dc = peepholes + 3 * H,
         *dh = dc + B * H;
  double *dw = dh + B * H, *db = dw + (I + H) * columns;
  for (double *at = peepholes; at < db + columns; at++) *at = 0;
  for (int64_t i = steps * B * I; i < g->T * B * I; i++) dx[i] = STORE(0);
  for (int64_t t = steps - 1; t >= 0; t--)
    for (int64_t b = 0; b < B; b++) {
      const int64_t row = t * B + b, last = (row - B) * H;
      const ELEM *before = t ? css + last : c_first + b * H,
                 *h_before = t ? hs + last : h_first + b * H;
      for (int64_t j = 0; j < H; j++) {
        const int64_t at = row * H + j;
        dc[b * H + j] = NAME(element)(p, g, weights, saved, at, j, (double)LOAD(before[j]),
                                      dh[b * H + j] + (double)LOAD(dhs[at]),
                                      dc[b * H + j] + (double)LOAD(dcss[at]), gates, peepholes);
      }
      for (int64_t n = 0; n < columns; n++) db[n] += gates[n];
      for (int64_t k = 0; k < I + H; k++) {
        const double value = (double)(k < I ? LOAD(x[row * I + k]) : LOAD(h_before[k - I]));
        double sum = 0;
        for (int64_t n = 0; n < columns; n++) {
          dw[k * columns + n] += value * gates[n];
          sum += gates[n] * (double)LOAD(w[k * columns + n]);
        }
        if (k < I) dx[row * I + k] = STORE((WIDE)sum);
        else dh[b * H + k - I] = sum;
      }
    }
  NAME(put)(call->out[1], dc, B * H);
  NAME(put)(call->out[2], dh, B * H);
  NAME(put)(call->out[3], dw, (I + H) * columns);
  for (int v = 0; v < 3; v++) NAME(put)(call->out[4 + v], peepholes + v * H, H);
  NAME(put)(call->out[7], db, columns);
}
