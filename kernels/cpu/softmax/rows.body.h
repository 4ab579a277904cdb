/* Softmax and its logarithm over rows, and the cross-entropies. See kernels/cpu/each.h. */

static WIDE NAME(greatest)(const ELEM *x, int64_t step, int64_t cols) {
  WIDE m = cols > 0 ? LOAD(x[0]) : 0;
  for (int64_t c = 1; c < cols; c++) {
    const WIDE value = LOAD(x[c * step]);
    if (value > m) m = value;
  }
  return m;
}

static WIDE NAME(sum_exp)(const ELEM *x, int64_t step, int64_t cols, WIDE m) {
  WIDE sum = 0;
  for (int64_t c = 0; c < cols; c++) sum += (WIDE)exp((double)(LOAD(x[c * step]) - m));
  return sum;
}

static void NAME(softmax)(const tarn_call *call, bool logarithm) {
  const tarn_rows g = tarn__rows_of(&call->problem->in_shape[0]);
  const ELEM *x = call->in[0]->data;
  ELEM *y = call->out[0]->data;
  for (int64_t r = 0; r < g.rows; r++, x += g.cols, y += g.cols) {
    const WIDE m = NAME(greatest)(x, 1, g.cols), sum = NAME(sum_exp)(x, 1, g.cols, m);
    const WIDE log_sum = (WIDE)log((double)sum);
    for (int64_t c = 0; c < g.cols; c++) {
      const WIDE shifted = LOAD(x[c]) - m;
      y[c] = logarithm ? STORE(shifted - log_sum) : STORE((WIDE)exp((double)shifted) / sum);
    }
  }
}

static tarn_status NAME(cross_entropy)(const tarn_call *call) {
  const tarn_problem *p = call->problem;
  const tarn_cross_entropy g = tarn__cross_entropy_of(&p->in_shape[0], &p->in_shape[1]);
  ELEM *loss = call->out[0]->data, *dx = call->out[1]->data;
  for (int64_t r = 0; r < g.rows; r++) {
    const ELEM *x = (const ELEM *)call->in[0]->data + r * g.logits_row;
    const ELEM *t = (const ELEM *)call->in[1]->data + r * g.labels_row;
    const WIDE m = NAME(greatest)(x, g.logits_col, g.cols),
               sum = NAME(sum_exp)(x, g.logits_col, g.cols, m);
    const WIDE log_sum = (WIDE)log((double)sum);
    WIDE total = 0;
    for (int64_t c = 0; c < g.cols; c++) {
      const WIDE shifted = LOAD(x[c * g.logits_col]) - m, label = LOAD(t[c * g.labels_col]);
      total += label * (log_sum - shifted);
      dx[r * g.cols + c] = STORE((WIDE)exp((double)shifted) / sum - label);
    }
    loss[r] = STORE(total);
  }
  return TARN_OK;
}

static tarn_status NAME(sparse_cross_entropy)(const tarn_call *call) {
  const tarn_rows g = tarn__rows_of(&call->problem->in_shape[0]);
  const ELEM *x = call->in[0]->data;
  ELEM *loss = call->out[0]->data, *dx = call->out[1]->data;
  for (int64_t r = 0; r < g.rows; r++, x += g.cols, dx += g.cols) {
    const int64_t label = tarn__tensor_int(call->in[1], r);
    if (label < 0 || label >= g.cols)
      return tarn_fail(TARN_INVALID, "label %lld of row %lld is outside of [0, %lld)",
                       (long long)label, (long long)r, (long long)g.cols);
    const WIDE m = NAME(greatest)(x, 1, g.cols), sum = NAME(sum_exp)(x, 1, g.cols, m);
    for (int64_t c = 0; c < g.cols; c++)
      dx[c] = STORE((WIDE)exp((double)(LOAD(x[c]) - m)) / sum - (WIDE)(c == label));
    loss[r] = STORE((WIDE)log((double)sum) - (LOAD(x[label]) - m));
  }
  return TARN_OK;
}
