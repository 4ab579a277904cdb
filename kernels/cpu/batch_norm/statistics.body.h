/* FusedBatchNorm forwards and backwards: x and y in ELEM, everything per channel in float32. See
 * kernels/cpu/each.h. */
#define AT(n, c, s) (p->channels_first ? ((n)*g.C + (c)) * g.S + (s) : ((n)*g.S + (s)) * g.C + (c))

static void NAME(forward)(const tarn_call *call, const tarn_batch_norm_params *p,
                          tarn_batch_norm g) {
  const ELEM *x = call->in[0]->data;
  const float *scale = call->in[1]->data, *offset = call->in[2]->data;
  const float *old_mean = call->in[3]->data, *old_variance = call->in[4]->data;
  ELEM *y = call->out[0]->data;
  float *mean_out = call->out[1]->data, *variance_out = call->out[2]->data;
  float *saved_mean = call->out[3]->data, *saved_variance = call->out[4]->data;
  const double count = (double)(g.N * g.S), factor = (double)p->exponential_avg_factor;
  for (int64_t c = 0; c < g.C; c++) {
    if (g.N * g.S == 0) { /* no elements, no statistics: TensorFlow says NaN */
      mean_out[c] = variance_out[c] = NAN;
      saved_mean[c] = saved_variance[c] = 0;
      continue;
    }
    double mean, variance;
    if (p->training) {
      double sum = 0, squares = 0;
      for (int64_t n = 0; n < g.N; n++)
        for (int64_t s = 0; s < g.S; s++) sum += (double)LOAD(x[AT(n, c, s)]);
      mean = sum / count;
      for (int64_t n = 0; n < g.N; n++)
        for (int64_t s = 0; s < g.S; s++) {
          const double away = (double)LOAD(x[AT(n, c, s)]) - mean;
          squares += away * away;
        }
      variance = squares / count;
      const double unbiased = squares / (count > 1 ? count - 1 : 1);
      mean_out[c] =
          (float)(factor == 1 ? mean : (1 - factor) * (double)old_mean[c] + factor * mean);
      variance_out[c] =
          (float)(factor == 1 ? unbiased
                              : (1 - factor) * (double)old_variance[c] + factor * unbiased);
    } else {
      mean = (double)old_mean[c];
      variance = (double)old_variance[c];
      mean_out[c] = old_mean[c];
      variance_out[c] = old_variance[c];
    }
    saved_mean[c] = (float)mean;
    saved_variance[c] = (float)variance;
    const double factor_c = (double)scale[c] / sqrt(variance + (double)p->epsilon);
    for (int64_t n = 0; n < g.N; n++)
      for (int64_t s = 0; s < g.S; s++) {
        const int64_t i = AT(n, c, s);
        y[i] = STORE((WIDE)(((double)LOAD(x[i]) - mean) * factor_c + (double)offset[c]));
      }
  }
}

static void NAME(gradient)(const tarn_call *call, const tarn_batch_norm_params *p,
                           tarn_batch_norm g) {
  const ELEM *dy = call->in[0]->data, *x = call->in[1]->data;
  const float *scale = call->in[2]->data, *means = call->in[3]->data,
              *variances = call->in[4]->data;
  ELEM *dx = call->out[0]->data;
  float *dscale = call->out[1]->data, *doffset = call->out[2]->data;
  const double count = (double)(g.N * g.S);
  for (int64_t c = 0; c < g.C; c++) {
    const double mean = (double)means[c],
                 inverse = 1 / sqrt((double)variances[c] + (double)p->epsilon);
    double sum = 0, dot = 0;
    for (int64_t n = 0; n < g.N; n++)
      for (int64_t s = 0; s < g.S; s++) {
        const int64_t i = AT(n, c, s);
        sum += (double)LOAD(dy[i]);
        dot += (double)LOAD(dy[i]) * ((double)LOAD(x[i]) - mean);
      }
    doffset[c] = (float)sum;
    dscale[c] = (float)(dot * inverse);
    for (int64_t n = 0; n < g.N; n++)
      for (int64_t s = 0; s < g.S; s++) {
        const int64_t i = AT(n, c, s);
        double d = (double)LOAD(dy[i]);
        if (p->training)
          d -= sum / count + ((double)LOAD(x[i]) - mean) * dot / count * inverse * inverse;
        dx[i] = STORE((WIDE)(d * (double)scale[c] * inverse));
      }
  }
}

#undef AT
