/* BatchNormWithGlobalNormalization, rows of C channels. See kernels/cpu/each.h. */
static void NAME(global)(const tarn_call *call, const tarn_global_norm_params *p, int64_t rows,
                         int64_t C) {
  const ELEM *x = call->in[0]->data, *m = call->in[1]->data, *v = call->in[2]->data;
  const ELEM *beta = call->in[3]->data, *gamma = call->in[4]->data;
  ELEM *y = call->out[0]->data;
  for (int64_t r = 0; r < rows; r++)
    for (int64_t c = 0; c < C; c++) {
      double factor = 1 / sqrt((double)LOAD(v[c]) + (double)p->epsilon);
      if (p->scale) factor *= (double)LOAD(gamma[c]);
      y[r * C + c] = STORE((WIDE)(((double)LOAD(x[r * C + c]) - (double)LOAD(m[c])) * factor +
                                  (double)LOAD(beta[c])));
    }
}

/* (x, m, v, gamma, dy) -> dx, dm, dv, dbeta, dgamma. */
static void NAME(global_gradient)(const tarn_call *call, const tarn_global_norm_params *p,
                                  int64_t rows, int64_t C) {
  const ELEM *x = call->in[0]->data, *m = call->in[1]->data, *v = call->in[2]->data;
  const ELEM *gamma = call->in[3]->data, *dy = call->in[4]->data;
  ELEM *dx = call->out[0]->data, *dm = call->out[1]->data, *dv = call->out[2]->data;
  ELEM *dbeta = call->out[3]->data, *dgamma = call->out[4]->data;
  for (int64_t c = 0; c < C; c++) {
    const double inverse = 1 / sqrt((double)LOAD(v[c]) + (double)p->epsilon);
    const double scale = p->scale ? (double)LOAD(gamma[c]) : 1;
    double sum = 0, dot = 0;
    for (int64_t r = 0; r < rows; r++) {
      const double d = (double)LOAD(dy[r * C + c]);
      sum += d;
      dot += d * ((double)LOAD(x[r * C + c]) - (double)LOAD(m[c]));
      dx[r * C + c] = STORE((WIDE)(d * inverse * scale));
    }
    dm[c] = STORE((WIDE)(-sum * inverse * scale));
    dv[c] = STORE((WIDE)(-0.5 * dot * inverse * inverse * inverse * scale));
    dbeta[c] = STORE((WIDE)sum);
    dgamma[c] = STORE((WIDE)(p->scale ? dot * inverse : 0));
  }
}
