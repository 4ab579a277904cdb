/* LSTMBlockCellGrad, BlockLSTMGrad and BlockLSTMGradV2 in float on the products of ../gemm; the
 * including file defines ISA. Formulas: gradient.body.h. Only what goes from step to step is
 * computed in it:
 *
 *   for steps t from the last       gates'[t] from dh, dcs; dh = gates'[t] w_h^T       few rows: w
 * as it lies; else packed once dx = gates' w_x^T,  dw = [x, h_before]^T gates',  db = the sums of
 * gates'          of all steps at once */
#include "kernels/cpu/gemm/gemm.h"
#include "kernels/params/lstm.h"
#include "kernels/run.h"

#include <string.h>

enum { FEW = 4 };                /* rows that are not worth a packed w */

typedef struct plan {
  tarn_lstm g;
  int64_t rows;                  /* steps by batch */
  size_t gates, before, turned,
      packed; /* bytes of scratch: gates', h_before, [x, h_before]^T, a packed matrix */
} plan;

static size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }
static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

static plan plan_of(const tarn_problem *p) {
  plan k = {.g = tarn__lstm_geometry(p)};
  const tarn_lstm *g = &k.g;
  k.rows = g->T * g->B;
  k.gates = aligned((size_t)(k.rows * 4 * g->H) * sizeof(float));
  k.before = aligned((size_t)(k.rows * g->H) * sizeof(float));
  k.turned = aligned((size_t)(k.rows * (g->I + g->H)) * sizeof(float));
  k.packed = larger(tarn__gemm_packed_bytes(&ISA, 4 * g->H, g->I > g->H ? g->I : g->H),
                    tarn__gemm_packed_bytes(&ISA, k.rows, 4 * g->H));
  return k;
}

static const char *supports(const tarn_problem *p) {
  const tarn_lstm g = tarn__lstm_geometry(p);
  int64_t rows;
  if (tarn__mul_overflow(g.T, g.B, &rows) || !tarn__gemm_fits(rows, g.I + g.H, 4 * g.H) ||
      !tarn__gemm_fits(g.I + g.H, 4 * g.H, rows))
    return "the tensors are too large";
  return rows * g.H * g.I == 0 ? "there is nothing to compute" : NULL;
}

static size_t scratch_bytes(const tarn_problem *p, int threads) {
  (void)threads;
  const plan k = plan_of(p);
  const bool cell = ((const tarn_lstm_params *)p->params)->form == TARN_LSTM_CELL;
  return cell ? 0 : k.gates + k.before + k.turned + k.packed;
}

/* A row of B: what the forward op kept, and the derivatives that arrive; dh_after and dc_after: of
 * the step after, or NULL. */
typedef struct kept {
  const float *i, *cs, *f, *o, *ci, *co, *before, *dcs, *dh, *dc_after, *dh_after;
} kept;

/* The peepholes' weights, and where their derivatives are summed up. */
typedef struct peepholes { const float *ci, *cf, *co; float *to_ci, *to_cf, *to_co; } peepholes;

/* H elements: gates' [4H] and dc_before. */
static void elements(const tarn_lstm_params *p, int64_t H, const kept *s, const peepholes *w,
                     float *gates, float *passed) {
  float *to_i = gates + p->column[TARN_LSTM_I] * H, *to_ci = gates + p->column[TARN_LSTM_J] * H,
        *to_f = gates + p->column[TARN_LSTM_F] * H, *to_o = gates + p->column[TARN_LSTM_O] * H;
  _Pragma("GCC ivdep")           /* passed may be dc_after, element by element */
  for (int64_t j = 0; j < H; j++) {
    const float i = s->i[j], f = s->f[j], o = s->o[j], ci = s->ci[j], co = s->co[j];
    const float dh = s->dh[j] + (s->dh_after ? s->dh_after[j] : 0), o_bar = dh * co * o * (1 - o);
    float dc = s->dcs[j] + (s->dc_after ? s->dc_after[j] : 0) + dh * o * (1 - co * co);
    if (p->num_peephole) dc += o_bar * w->co[j];
    to_ci[j] = dc * i * (1 - ci * ci);
    to_i[j] = dc * ci * i * (1 - i);
    to_f[j] = dc * s->before[j] * f * (1 - f);
    to_o[j] = o_bar;
    passed[j] = dc * f;
  }
  if (!p->num_peephole) return;
  for (int64_t j = 0; j < H; j++) {
    passed[j] += to_i[j] * w->ci[j] + to_f[j] * w->cf[j];
    w->to_ci[j] += to_i[j] * s->before[j];
    w->to_cf[j] += to_f[j] * s->before[j];
    w->to_co[j] += to_o[j] * s->cs[j];
  }
}

/* Input i of the call from element `at` on. */
static const float *input(const tarn_call *call, int i, int64_t at) {
  return (const float *)call->in[i]->data + at;
}
static float *output(const tarn_call *call, int i) { return call->out[i]->data; }
/* Inputs i, cs, f, o, ci and co begin at `first`, cs_grad and h_grad at `derivatives`. */
static kept kept_of(const tarn_call *call, int first, int derivatives, int64_t at) {
  return (kept){.i = input(call, first, at),
                .cs = input(call, first + 1, at),
                .f = input(call, first + 2, at),
                .o = input(call, first + 3, at),
                .ci = input(call, first + 4, at),
                .co = input(call, first + 5, at),
                .dcs = input(call, derivatives, at),
                .dh = input(call, derivatives + 1, at)};
}
/* The weights are inputs from `weights` on, their derivatives outputs from `sums` on, which become
 * 0. */
static peepholes peepholes_of(const tarn_call *call, int weights, int sums) {
  for (int v = 0; v < 3; v++)
    memset(output(call, sums + v), 0, tarn__tensor_bytes(call->out[sums + v]));
  return (peepholes){input(call, weights, 0),     input(call, weights + 1, 0),
                     input(call, weights + 2, 0), output(call, sums),
                     output(call, sums + 1),      output(call, sums + 2)};
}

static tarn_status run_cell(const tarn_call *call) {
  const tarn_lstm g = tarn__lstm_geometry(call->problem);
  const peepholes w = peepholes_of(call, 4, 2);
  for (int64_t b = 0; b < g.B; b++) {
    kept s = kept_of(call, 8, 14, b * g.H);
    s.before = input(call, 1, b * g.H);
    elements(call->problem->params, g.H, &s, &w, output(call, 1) + b * 4 * g.H,
             output(call, 0) + b * g.H);
  }
  return TARN_OK;
}

/* y[rows, N] = d[rows, K] w[N, K]^T; `packed` is w as a product wants it, where there are more than
 * a few rows. */
static tarn_status back(int64_t rows, int64_t N, int64_t K, const float *d, const float *w,
                        const float *packed, float *y, tarn_pool *pool) {
  if (rows <= FEW) return tarn__gemm_few_rows(&ISA, rows, N, K, d, K, w, K, true, y, N, pool);
  const tarn_gemm g = {.M = rows,
                       .N = N,
                       .K = K,
                       .a = d,
                       .lda = K,
                       .b = packed,
                       .c = y,
                       .ldc = N,
                       .taps = 1,
                       .depth = K};
  return tarn__gemm_run(&ISA, &g, NULL, pool);
}

static tarn_status run_sequence(const tarn_call *call) {
  const tarn_lstm_params *p = call->problem->params;
  const plan k = plan_of(call->problem);
  const int64_t B = k.g.B, I = k.g.I, H = k.g.H, steps = tarn__tensor_int(call->in[0], 0),
                rows = steps * B;
  if (steps < 0 || steps > k.g.T)
    return tarn_fail(TARN_INVALID, "seq_len_max is %lld, expected 0 to %lld steps",
                     (long long)steps, (long long)k.g.T);
  char *room = call->scratch;
  float *gates = (float *)(void *)room, *before = (float *)(void *)(room + k.gates);
  float *turned = (float *)(void *)(room + k.gates + k.before),
        *packed = (float *)(void *)(room + k.gates + k.before + k.turned);
  const float *x = input(call, 1, 0), *w = input(call, 4, 0), *w_h = w + I * 4 * H;
  float *dx = output(call, 0), *dc = output(call, 1), *dh = output(call, 2), *dw = output(call, 3),
        *db = output(call, 7);
  const peepholes holes = peepholes_of(call, 5, 4);
  memset(dc, 0, (size_t)(B * H) * sizeof *dc);
  memset(dh, 0, (size_t)(B * H) * sizeof *dh);
  memset(dx + rows * I, 0, (size_t)((k.g.T * B - rows) * I) * sizeof *dx);
  memset(db, 0, (size_t)(4 * H) * sizeof *db);
  if (rows == 0) {
    memset(dw, 0, tarn__tensor_bytes(call->out[3]));
    return TARN_OK;
  }
  memcpy(before, input(call, 3, 0), (size_t)(B * H) * sizeof *before);
  memcpy(before + B * H, input(call, 15, 0), (size_t)((rows - B) * H) * sizeof *before);
  if (B > FEW) TARN_TRY(tarn__gemm_pack(&ISA, 4 * H, H, w_h, 4 * H, true, packed, call->pool));
  for (int64_t t = steps - 1; t >= 0; t--) {
    if (call->run) TARN_TRY(tarn__run_check(call->run));
    for (int64_t b = 0; b < B; b++) {
      const int64_t row = t * B + b;
      kept s = kept_of(call, 9, 16, row * H);
      s.before = t > 0 ? input(call, 10, (row - B) * H) : input(call, 2, b * H);
      s.dc_after = dc + b * H;
      s.dh_after = dh + b * H;
      elements(p, H, &s, &holes, gates + row * 4 * H, dc + b * H);
    }
    TARN_TRY(back(B, H, 4 * H, gates + t * B * 4 * H, w_h, packed, dh, call->pool));
  }
  if (rows > FEW) TARN_TRY(tarn__gemm_pack(&ISA, 4 * H, I, w, 4 * H, true, packed, call->pool));
  TARN_TRY(back(rows, I, 4 * H, gates, w, packed, dx, call->pool));
  TARN_TRY(tarn__gemm_transpose(I, rows, x, I, turned, call->pool));
  TARN_TRY(tarn__gemm_transpose(H, rows, before, H, turned + I * rows, call->pool));
  TARN_TRY(tarn__gemm_pack(&ISA, rows, 4 * H, gates, 4 * H, false, packed, call->pool));
  const tarn_gemm product = {.M = I + H,
                             .N = 4 * H,
                             .K = rows,
                             .a = turned,
                             .lda = rows,
                             .b = packed,
                             .c = dw,
                             .ldc = 4 * H,
                             .taps = 1,
                             .depth = rows};
  TARN_TRY(tarn__gemm_run(&ISA, &product, NULL, call->pool));
  for (int64_t r = 0; r < rows; r++)
    for (int64_t j = 0; j < 4 * H; j++) db[j] += gates[r * 4 * H + j];
  return TARN_OK;
}

#define ROW(text, name)            \
  {.op = text,                     \
   .dtypes = TARN_BIT(TARN_F32),   \
   .keyed = -1,                    \
   .supports = supports,           \
   .scratch_bytes = scratch_bytes, \
   .run = run_##name},
#define ROWS \
  ROW("LSTMBlockCellGrad", cell) ROW("BlockLSTMGrad", sequence) ROW("BlockLSTMGradV2", sequence)
