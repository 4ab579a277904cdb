/* Local response normalization: rows of C channels. See kernels/cpu/each.h. */

/* bias + alpha sum of squares over the channels at most r from c. */
static double NAME(norm)(const tarn_lrn_params *p, const ELEM *x, int64_t C, int64_t c) {
  const int64_t r = p->depth_radius < C ? p->depth_radius : C;
  const int64_t first = c - r < 0 ? 0 : c - r, last = c + r >= C ? C - 1 : c + r;
  double sum = 0;
  for (int64_t k = first; k <= last; k++) sum += (double)LOAD(x[k]) * (double)LOAD(x[k]);
  return (double)p->bias + (double)p->alpha * sum;
}

static void NAME(forward)(const tarn_lrn_params *p, const tarn_call *call, int64_t rows,
                          int64_t C) {
  const ELEM *x = call->in[0]->data;
  ELEM *y = call->out[0]->data;
  for (int64_t r = 0; r < rows; r++, x += C, y += C)
    for (int64_t c = 0; c < C; c++)
      y[c] = STORE((WIDE)((double)LOAD(x[c]) * pow(NAME(norm)(p, x, C, c), -(double)p->beta)));
}

/* (dy, x, y) -> dx. */
static void NAME(gradient)(const tarn_lrn_params *p, const tarn_call *call, int64_t rows,
                           int64_t C) {
  const ELEM *dy = call->in[0]->data, *x = call->in[1]->data, *y = call->in[2]->data;
  ELEM *dx = call->out[0]->data;
  double *share = call->scratch;   /* dy y / norm of a row */
  const int64_t radius = p->depth_radius < C ? p->depth_radius : C;
  for (int64_t r = 0; r < rows; r++, dy += C, x += C, y += C, dx += C) {
    for (int64_t c = 0; c < C; c++)
      share[c] = (double)LOAD(dy[c]) * (double)LOAD(y[c]) / NAME(norm)(p, x, C, c);
    for (int64_t c = 0; c < C; c++) {
      const int64_t first = c - radius < 0 ? 0 : c - radius,
                    last = c + radius >= C ? C - 1 : c + radius;
      double sum = 0;
      for (int64_t k = first; k <= last; k++) sum += share[k];
      const double own = (double)LOAD(dy[c]) * pow(NAME(norm)(p, x, C, c), -(double)p->beta);
      dx[c] =
          STORE((WIDE)(own - 2 * (double)p->alpha * (double)p->beta * (double)LOAD(x[c]) * sum));
    }
  }
}
