/* GRUBlockCell and its gradient by definition, in double.
 *
 *   [r, u] = sigmoid([x, h'] w_ru + b_ru)    c = tanh([x, r h'] w_c + b_c)    h = (1 - u) c + u
 * h' */
#include "kernels/params/gru.h"

#include <math.h>

typedef struct sizes { int64_t B, I, H; } sizes;

static sizes of(const tarn_problem *p) {
  return (sizes){p->in_shape[0].dim[0], p->in_shape[0].dim[1], p->in_shape[1].dim[1]};
}
static const float *input(const tarn_call *call, int i) { return call->in[i]->data; }
static float *output(const tarn_call *call, int i) { return call->out[i]->data; }
/* Outputs without data are left out. */
static void give(const tarn_call *call, int v, int64_t at, double x) {
  if (output(call, v)) output(call, v)[at] = (float)x;
}
static double sigmoid(double x) { return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x)); }

/* Column n of [x, h] w + b; w has `columns` columns. */
static double dense(const sizes *g, const float *x, const double *h, const float *w, const float *b,
                    int64_t columns, int64_t n) {
  double sum = (double)b[n];
  for (int64_t k = 0; k < g->I; k++) sum += (double)x[k] * (double)w[k * columns + n];
  for (int64_t k = 0; k < g->H; k++) sum += h[k] * (double)w[(g->I + k) * columns + n];
  return sum;
}

static tarn_status run(const tarn_call *call) {
  const sizes g = of(call->problem);
  const float *w_ru = input(call, 2), *w_c = input(call, 3), *b_ru = input(call, 4),
              *b_c = input(call, 5);
  double *before = call->scratch, *reset = before + g.H, *update = reset + g.H;
  for (int64_t b = 0; b < g.B; b++) {
    const float *x = input(call, 0) + b * g.I, *h = input(call, 1) + b * g.H;
    float *y = output(call, TARN_GRU_OUT_H) + b * g.H;
    for (int64_t j = 0; j < g.H; j++) before[j] = (double)h[j];
    for (int64_t j = 0; j < g.H; j++) {
      const double gate = sigmoid(dense(&g, x, before, w_ru, b_ru, 2 * g.H, j));
      reset[j] = gate * before[j];
      update[j] = sigmoid(dense(&g, x, before, w_ru, b_ru, 2 * g.H, g.H + j));
      give(call, TARN_GRU_OUT_R, b * g.H + j, gate);
      give(call, TARN_GRU_OUT_U, b * g.H + j, update[j]);
    }
    for (int64_t j = 0; j < g.H; j++) {
      const double now = tanh(dense(&g, x, reset, w_c, b_c, g.H, j));
      give(call, TARN_GRU_OUT_C, b * g.H + j, now);
      y[j] = (float)((1 - update[j]) * now + update[j] * before[j]);
    }
  }
  return TARN_OK;
}

/* Row k of d w^T. */
static double back(const double *d, const float *w, int64_t columns, int64_t k) {
  double sum = 0;
  for (int64_t n = 0; n < columns; n++) sum += d[n] * (double)w[k * columns + n];
  return sum;
}

/* (x, h_prev, w_ru, w_c, b_ru, b_c, r, u, c, d_h) -> d_x, d_h_prev, d_c_bar, d_r_bar_u_bar; bars
 * are derivatives before the nonlinearity. */
static tarn_status run_gradient(const tarn_call *call) {
  const sizes g = of(call->problem);
  const float *w_ru = input(call, 2), *w_c = input(call, 3);
  double *c_bar = call->scratch, *ru_bar = c_bar + g.H, *reset = ru_bar + 2 * g.H;
  for (int64_t b = 0; b < g.B; b++) {
    const int64_t row = b * g.H;
    const float *h = input(call, 1) + row, *r = input(call, 6) + row, *u = input(call, 7) + row;
    const float *c = input(call, 8) + row, *dh = input(call, 9) + row;
    for (int64_t j = 0; j < g.H; j++) {
      const double cj = (double)c[j], uj = (double)u[j], d = (double)dh[j];
      c_bar[j] = d * (1 - uj) * (1 - cj * cj);
      ru_bar[g.H + j] = d * ((double)h[j] - cj) * uj * (1 - uj);
    }
    for (int64_t j = 0; j < g.H; j++) {
      const double rj = (double)r[j];
      reset[j] = back(c_bar, w_c, g.H, g.I + j); /* with respect to r h' */
      ru_bar[j] = reset[j] * (double)h[j] * rj * (1 - rj);
    }
    for (int64_t k = 0; k < g.I; k++)
      output(call, 0)[b * g.I + k] =
          (float)(back(ru_bar, w_ru, 2 * g.H, k) + back(c_bar, w_c, g.H, k));
    for (int64_t j = 0; j < g.H; j++) {
      output(call, 1)[row + j] = (float)(back(ru_bar, w_ru, 2 * g.H, g.I + j) +
                                         reset[j] * (double)r[j] + (double)dh[j] * (double)u[j]);
      output(call, 2)[row + j] = (float)c_bar[j];
    }
    for (int64_t n = 0; n < 2 * g.H; n++) output(call, 3)[2 * row + n] = (float)ru_bar[n];
  }
  return TARN_OK;
}

static size_t scratch_bytes(const tarn_problem *p, int threads) {
  (void)threads;
  return (size_t)of(p).H * 4 * sizeof(double);
}

const tarn_kernel tarn_kernels_gru_cell_reference[] = {
    {.op = "GRUBlockCell",
     .dtypes = TARN_BIT(TARN_F32),
     .scratch_bytes = scratch_bytes,
     .run = run},
    {.op = "GRUBlockCellGrad",
     .dtypes = TARN_BIT(TARN_F32),
     .scratch_bytes = scratch_bytes,
     .run = run_gradient},
    {0},
};
