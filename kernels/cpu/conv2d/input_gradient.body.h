/* dx of a convolution: each input element gathers the outputs that read it. See
 * kernels/cpu/each.h. */
static WIDE NAME(gather)(const tarn_conv *g, const ELEM *w, const ELEM *dy,
                         const int64_t at[TARN_AXES], int64_t group, int64_t kc) {
  const tarn_axis *ad = &g->axis[0], *ah = &g->axis[1], *aw = &g->axis[2];
  const tarn_conv_layout ys = tarn__conv_output(g);
  const int64_t per_group = g->OC / g->groups;
  WIDE sum = 0;
  for (int64_t kd = 0; kd < ad->window; kd++) {
    const int64_t od = tarn__axis_output(ad, at[0], kd);
    if (od < 0) continue;
    for (int64_t kh = 0; kh < ah->window; kh++) {
      const int64_t oh = tarn__axis_output(ah, at[1], kh);
      if (oh < 0) continue;
      for (int64_t kw = 0; kw < aw->window; kw++) {
        const int64_t ow = tarn__axis_output(aw, at[2], kw);
        if (ow < 0) continue;
        const ELEM *out = dy + od * ys.D + oh * ys.H + ow * ys.W;
        const ELEM *row = w + (((kd * ah->window + kh) * aw->window + kw) * g->KC + kc) * g->OC;
        for (int64_t oc = group * per_group; oc < (group + 1) * per_group; oc++)
          sum = ADD(sum, MUL(LOAD(out[oc * ys.C]), LOAD(row[oc])));
      }
    }
  }
  return sum;
}

static void NAME(input_gradient)(const tarn_conv *g, const tarn_call *call) {
  const ELEM *w = call->in[1]->data, *dy = call->in[2]->data;
  ELEM *dx = call->out[0]->data;
  const tarn_conv_layout xs = tarn__conv_input(g), ys = tarn__conv_output(g);
  for (int64_t n = 0; n < g->N; n++)
    for (int64_t d = 0; d < g->axis[0].in; d++)
      for (int64_t h = 0; h < g->axis[1].in; h++)
        for (int64_t i = 0; i < g->axis[2].in; i++)
          for (int64_t c = 0; c < g->C; c++) {
            const int64_t at[TARN_AXES] = {d, h, i};
            dx[n * xs.N + d * xs.D + h * xs.H + i * xs.W + c * xs.C] =
                STORE(NAME(gather)(g, w, dy + n * ys.N, at, c / g->KC, c % g->KC));
          }
}
