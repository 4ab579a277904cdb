/* Grayscale dilation: a convolution with max for sum and plus for times. See kernels/cpu/each.h. */

/* The first greatest x + w, rounded or wrapped to ELEM, under the window of output (oh, ow) of
 * channel c: its value, and where x and w are. A NaN is never the greatest; where nothing is, the
 * first element stands for it. */
static WIDE NAME(best)(const tarn_conv2d *g, const ELEM *x, const ELEM *w, int64_t oh, int64_t ow,
                       int64_t c, int64_t *x_at, int64_t *w_at) {
  WIDE best = LOWEST;
  *x_at = *w_at = -1;
  for (int64_t kh = 0; kh < g->KH; kh++) {
    const int64_t h = oh * g->stride_h - g->pad_top + kh * g->dilation_h;
    if (h < 0 || h >= g->H) continue;
    for (int64_t kw = 0; kw < g->KW; kw++) {
      const int64_t i = ow * g->stride_w - g->pad_left + kw * g->dilation_w;
      if (i < 0 || i >= g->W) continue;
      const int64_t at = (h * g->W + i) * g->C + c, tap = (kh * g->KW + kw) * g->C + c;
      const ELEM sum = STORE(ADD(LOAD(x[at]), LOAD(w[tap])));
      const bool better = LOAD(sum) > best;
      if (better) best = LOAD(sum);
      if (!better && *x_at >= 0) continue;
      *x_at = at;
      *w_at = tap;
    }
  }
  return best;
}

static void NAME(forward)(const tarn_conv2d *g, const tarn_call *call) {
  const ELEM *x = call->in[0]->data, *w = call->in[1]->data;
  ELEM *y = call->out[0]->data;
  int64_t x_at, w_at;
  for (int64_t n = 0; n < g->N; n++, x += g->H * g->W * g->C)
    for (int64_t oh = 0; oh < g->OH; oh++)
      for (int64_t ow = 0; ow < g->OW; ow++)
        for (int64_t c = 0; c < g->C; c++)
          *y++ = STORE(NAME(best)(g, x, w, oh, ow, c, &x_at, &w_at));
}

/* dy goes to the x, or to the w, that made the maximum. */
static void NAME(gradient)(const tarn_conv2d *g, const tarn_call *call, bool of_filter) {
  const ELEM *x = call->in[0]->data, *w = call->in[1]->data, *dy = call->in[2]->data;
  ELEM *out = call->out[0]->data;
  WIDE *sums = call->scratch;
  const int64_t count = tarn__tensor_elements(call->out[0]), image = g->H * g->W * g->C;
  int64_t x_at, w_at;
  for (int64_t i = 0; i < count; i++) sums[i] = 0;
  for (int64_t n = 0; n < g->N; n++)
    for (int64_t oh = 0; oh < g->OH; oh++)
      for (int64_t ow = 0; ow < g->OW; ow++)
        for (int64_t c = 0; c < g->C; c++, dy++) {
          NAME(best)(g, x + n * image, w, oh, ow, c, &x_at, &w_at);
          if (x_at < 0) continue;
          WIDE *sum = of_filter ? &sums[w_at] : &sums[n * image + x_at];
          *sum = ADD(*sum, LOAD(*dy));
        }
  for (int64_t i = 0; i < count; i++) out[i] = STORE(sums[i]);
}
