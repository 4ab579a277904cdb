/* y of a convolution: one output pixel at a time, its OC sums in `sums`. See kernels/cpu/each.h. */
static void NAME(direct)(const tarn_conv *g, const tarn_call *call) {
  const ELEM *x = call->in[0]->data, *w = call->in[1]->data;
  ELEM *y = call->out[0]->data;
  WIDE *sums = call->scratch;
  const tarn_axis *ad = &g->axis[0], *ah = &g->axis[1], *aw = &g->axis[2];
  const tarn_conv_layout xs = tarn__conv_input(g), ys = tarn__conv_output(g);
  const int64_t per_group = g->OC / g->groups;
  for (int64_t n = 0; n < g->N; n++)
    for (int64_t od = 0; od < ad->out; od++)
      for (int64_t oh = 0; oh < ah->out; oh++)
        for (int64_t ow = 0; ow < aw->out; ow++) {
          int64_t d0, d1, h0, h1, w0, w1;
          tarn__axis_taps(ad, od, &d0, &d1);
          tarn__axis_taps(ah, oh, &h0, &h1);
          tarn__axis_taps(aw, ow, &w0, &w1);
          for (int64_t oc = 0; oc < g->OC; oc++) sums[oc] = 0;
          for (int64_t kd = d0; kd < d1; kd++)
            for (int64_t kh = h0; kh < h1; kh++)
              for (int64_t kw = w0; kw < w1; kw++) {
                const ELEM *pixel = x + n * xs.N +
                                    (od * ad->stride - ad->before + kd * ad->dilation) * xs.D +
                                    (oh * ah->stride - ah->before + kh * ah->dilation) * xs.H +
                                    (ow * aw->stride - aw->before + kw * aw->dilation) * xs.W;
                const ELEM *tap = w + ((kd * ah->window + kh) * aw->window + kw) * g->KC * g->OC;
                for (int64_t group = 0; group < g->groups; group++)
                  for (int64_t kc = 0; kc < g->KC; kc++) {
                    const WIDE value = LOAD(pixel[(group * g->KC + kc) * xs.C]);
                    const ELEM *row = tap + kc * g->OC;
                    for (int64_t oc = group * per_group; oc < (group + 1) * per_group; oc++)
                      sums[oc] = ADD(sums[oc], MUL(value, LOAD(row[oc])));
                  }
              }
          ELEM *out = y + n * ys.N + od * ys.D + oh * ys.H + ow * ys.W;
          for (int64_t oc = 0; oc < g->OC; oc++) out[oc * ys.C] = STORE(sums[oc]);
        }
}
