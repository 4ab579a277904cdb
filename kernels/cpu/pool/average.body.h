/* Average pooling: padding is not counted. Every step is rounded to ELEM, as in TensorFlow: 16-bit
 * sums show it. See kernels/cpu/each.h. */
static inline WIDE NAME(rounded)(WIDE x) {
  const ELEM stored = STORE(x);
  return LOAD(stored);
}

static void NAME(average)(tarn_pool_walk walk, const tarn_call *call) {
  const ELEM *x = call->in[0]->data;
  ELEM *y = call->out[0]->data;
  const tarn_window_at *o = &walk.window;
  while (tarn__pool_walk_next(&walk)) {
    WIDE sum = 0;
    TARN_UNDER_WINDOW(&walk, o, i) sum = NAME(rounded)(sum + LOAD(x[i]));
    const int64_t count = tarn__window_count(o);
    y[o->out] = STORE(count ? sum / (WIDE)count : 0);
  }
}

/* (shape of x, dy) -> dx: each dy is shared out equally. */
static void NAME(gradient)(tarn_pool_walk walk, const tarn_call *call) {
  const ELEM *dy = call->in[1]->data;
  ELEM *dx = call->out[0]->data;
  WIDE *sums = call->scratch;
  const tarn_window_at *o = &walk.window;
  const int64_t n = tarn__tensor_elements(call->out[0]);
  for (int64_t i = 0; i < n; i++) sums[i] = 0;
  while (tarn__pool_walk_next(&walk)) {
    const int64_t count = tarn__window_count(o);
    if (count < 1) continue;
    const WIDE share = NAME(rounded)(LOAD(dy[o->out]) * NAME(rounded)((WIDE)(1.0 / (double)count)));
    TARN_UNDER_WINDOW(&walk, o, i) sums[i] = NAME(rounded)(sums[i] + share);
  }
  for (int64_t i = 0; i < n; i++) dx[i] = STORE(sums[i]);
}
