/* Adding a bias per channel, and its gradient. See kernels/cpu/each.h. */
static void NAME(add)(const tarn_call *call, tarn_bias g) {
  const ELEM *x = call->in[0]->data, *b = call->in[1]->data;
  ELEM *y = call->out[0]->data;
  for (int64_t o = 0; o < g.outer; o++)
    for (int64_t c = 0; c < g.C; c++)
      for (int64_t i = 0; i < g.inner; i++) {
        const int64_t at = (o * g.C + c) * g.inner + i;
        y[at] = STORE(ADD(LOAD(x[at]), LOAD(b[c])));
      }
}

static void NAME(gradient)(const tarn_call *call, tarn_bias g) {
  const ELEM *dy = call->in[0]->data;
  ELEM *db = call->out[0]->data;
  for (int64_t c = 0; c < g.C; c++) {
    WIDE sum = 0;
    for (int64_t o = 0; o < g.outer; o++)
      for (int64_t i = 0; i < g.inner; i++) sum = ADD(sum, LOAD(dy[(o * g.C + c) * g.inner + i]));
    db[c] = STORE(sum);
  }
}
