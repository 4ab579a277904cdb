/* dw of a convolution: one row of OC sums per tap and input channel. See kernels/cpu/each.h. */
static void NAME(filter_gradient)(const tarn_conv *g, const tarn_call *call) {
  const ELEM *x = call->in[0]->data, *dy = call->in[2]->data;
  ELEM *dw = call->out[0]->data;
  WIDE *sums = call->scratch;
  const tarn_axis *ad = &g->axis[0], *ah = &g->axis[1], *aw = &g->axis[2];
  const tarn_conv_layout xs = tarn__conv_input(g), ys = tarn__conv_output(g);
  const int64_t per_group = g->OC / g->groups;
  for (int64_t kd = 0; kd < ad->window; kd++)
    for (int64_t kh = 0; kh < ah->window; kh++)
      for (int64_t kw = 0; kw < aw->window; kw++)
        for (int64_t kc = 0; kc < g->KC; kc++) {
          for (int64_t oc = 0; oc < g->OC; oc++) sums[oc] = 0;
          for (int64_t n = 0; n < g->N; n++)
            for (int64_t od = 0; od < ad->out; od++) {
              const int64_t d = od * ad->stride - ad->before + kd * ad->dilation;
              if (d < 0 || d >= ad->in) continue;
              for (int64_t oh = 0; oh < ah->out; oh++) {
                const int64_t h = oh * ah->stride - ah->before + kh * ah->dilation;
                if (h < 0 || h >= ah->in) continue;
                for (int64_t ow = 0; ow < aw->out; ow++) {
                  const int64_t i = ow * aw->stride - aw->before + kw * aw->dilation;
                  if (i < 0 || i >= aw->in) continue;
                  const ELEM *pixel = x + n * xs.N + d * xs.D + h * xs.H + i * xs.W;
                  const ELEM *out = dy + n * ys.N + od * ys.D + oh * ys.H + ow * ys.W;
                  for (int64_t group = 0; group < g->groups; group++) {
                    const WIDE value = LOAD(pixel[(group * g->KC + kc) * xs.C]);
                    for (int64_t oc = group * per_group; oc < (group + 1) * per_group; oc++)
                      sums[oc] += value * LOAD(out[oc * ys.C]);
                  }
                }
              }
            }
          ELEM *row = dw + (((kd * ah->window + kh) * aw->window + kw) * g->KC + kc) * g->OC;
          for (int64_t oc = 0; oc < g->OC; oc++) row[oc] = STORE(sums[oc]);
        }
}
