/* _GRUSequence by definition, its state in double from the first step to the last. See
 * kernels/cpu/each.h. */

/* to[n] += sum over k of from[k] w[k, n] for `columns` columns of rows of `ld`. */
static void NAME(multiply)(int64_t depth, int64_t columns, const double *from, const ELEM *w,
                           int64_t ld, double *to) {
  for (int64_t k = 0; k < depth; k++)
    for (int64_t n = 0; n < columns; n++) to[n] += from[k] * (double)LOAD(w[k * ld + n]);
}

/* gates[3H] = b; hidden [H]: the bias that reset_after puts inside. */
static void NAME(biases)(const tarn_call *call, const tarn_recurrent *g, double *gates,
                         double *hidden) {
  const tarn_gru_sequence_params *p = call->problem->params;
  const int64_t H = g->H, apart = p->separate ? 2 * H : 3 * H, at_c = p->column[TARN_GRU_C] * H;
  for (int64_t n = 0; n < H; n++) hidden[n] = 0;
  for (int64_t n = 0; n < 3 * H; n++) gates[n] = 0;
  if (g->b < 0) return;
  const ELEM *b = call->in[g->b]->data, *b_c = p->separate ? call->in[g->b + 1]->data : NULL;
  for (int64_t n = 0; n < 3 * H; n++)
    gates[n] = (double)LOAD(n < apart ? b[n] : b_c[n - apart]);
  for (int64_t n = 0; n < 3 * H && p->reset_after; n++) {
    if (n >= at_c && n < at_c + H) hidden[n - at_c] = (double)LOAD(b[3 * H + n]);
    else gates[n] += (double)LOAD(b[3 * H + n]);
  }
}

/* One step: h [H] becomes that after x [I]. gates: 5H + I of scratch. */
static void NAME(one_step)(const tarn_call *call, const tarn_recurrent *g, const ELEM *x, double *h,
                           double *gates) {
  const tarn_gru_sequence_params *p = call->problem->params;
  const int64_t H = g->H, ld = p->separate ? 2 * H : 3 * H;
  const tarn_recurrent_activation sr = p->shared.recurrent_activation;
  const ELEM *w = call->in[g->w]->data, *w_2 = call->in[g->w + 1]->data;
  const ELEM *w_h = p->separate ? w + g->I * ld : w_2;   /* of r and u; and of c, unless separate */
  double *reset = gates + 3 * H, *hidden = reset + H, *wide_x = hidden + H;
  double *r = gates + p->column[TARN_GRU_R] * H, *u = gates + p->column[TARN_GRU_U] * H;
  double *c = gates + p->column[TARN_GRU_C] * H;
  NAME(biases)(call, g, gates, hidden);
  for (int64_t k = 0; k < g->I; k++) wide_x[k] = (double)LOAD(x[k]);
  NAME(multiply)(g->I, ld, wide_x, w, ld, gates);
  if (p->separate) NAME(multiply)(g->I, H, wide_x, w_2, H, c);
  NAME(multiply)(H, H, h, w_h + (r - gates), ld, r);
  NAME(multiply)(H, H, h, w_h + (u - gates), ld, u);
  for (int64_t k = 0; k < H; k++) {
    r[k] = recurrent_gate(sr, r[k]);
    u[k] = recurrent_gate(sr, u[k]);
    reset[k] = r[k] * h[k];
  }
  if (p->reset_after) {
    NAME(multiply)(H, H, h, w_h + (c - gates), ld, hidden);
    for (int64_t k = 0; k < H; k++) c[k] += r[k] * hidden[k];
  } else if (p->separate) {
    NAME(multiply)(H, H, reset, w_2 + g->I * H, H, c);
  } else {
    NAME(multiply)(H, H, reset, w_h + (c - gates), ld, c);
  }
  for (int64_t k = 0; k < H; k++)
    h[k] = u[k] * h[k] + (1 - u[k]) * recurrent_gate(p->shared.activation, c[k]);
}

static tarn_status NAME(sequence)(const tarn_call *call, const tarn_recurrent *g) {
  const tarn_recurrent_params *p = call->problem->params;
  const ELEM *x = call->in[0]->data, *h0 = call->in[g->h0]->data;
  ELEM *y = call->out[0]->data, *h_last = call->out[1]->data;
  const int64_t H = g->H;
  double *h = call->scratch;
  for (int64_t b = 0; b < g->B; b++) {
    const int64_t steps = tarn__recurrent_length(call, g, b);
    for (int64_t k = 0; k < H; k++) h[k] = (double)LOAD(h0[b * H + k]);
    for (int64_t s = 0; s < steps; s++) {
      TARN_TRY(tarn__run_check(call->run));
      const int64_t row = (p->reverse ? steps - 1 - s : s) * g->B + b;
      NAME(one_step)(call, g, x + row * g->I, h, h + H);
      for (int64_t k = 0; k < H; k++) y[row * H + k] = STORE((WIDE)h[k]);
    }
    for (int64_t k = 0; k < H; k++) h_last[b * H + k] = STORE((WIDE)h[k]);
    for (int64_t t = steps; t < g->T; t++)
      for (int64_t k = 0; k < H; k++)
        y[(t * g->B + b) * H + k] = STORE((WIDE)(p->zero_output ? 0 : h[k]));
  }
  return TARN_OK;
}
