/* LSTM cells and sequences in f32 on the packed GEMM; the including file defines ISA and TARGET.
 *
 *   gates[T*B, 4H] = x Wx + b              all steps at once
 *   for each step
 *     gates[t] += h' Wh                    bound by reading Wh: one pass, from L2 where it fits
 *     i, f, ci, o, cs, co, h               one pass over the step's gates, which are in L1
 *
 * Steps read the panels of Wh to and fro: what one has read last, still in L2, the next reads
 * first. A cell of few rows whose weights may change has one product, [x, h'] W, with W as it lies:
 * packing it would read it twice more.
 *
 * Formulas in kernels/params/lstm.h. */
#include "kernels/cpu/gemm/gemm.h"
#include "kernels/cpu/lstm/weights.h"
#include "kernels/cpu/simd/math.h"

#include <string.h>

enum { FEW_ROWS = 4 };

typedef struct plan {
  tarn_lstm g;
  bool packed, few;
  int w;                                /* the input that holds the weights */
  size_t x_bytes, w_bytes, gate_bytes;  /* packed Wx, both packed, and the gates */
} plan;

static size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

static plan plan_of(const tarn_problem *p) {
  plan t = {.g = tarn__lstm_geometry(p),
            .w = ((const tarn_lstm_params *)p->params)->sequence ? 4 : 3};
  t.packed = p->stable && p->stable[t.w];
  t.x_bytes = aligned(tarn__gemm_packed_bytes(&ISA, t.g.I, 4 * t.g.H));
  t.w_bytes = t.x_bytes + aligned(tarn__gemm_packed_bytes(&ISA, t.g.H, 4 * t.g.H));
  t.gate_bytes = aligned((size_t)(t.g.T * t.g.B * 4 * t.g.H) * sizeof(float));
  t.few = !t.packed && t.g.T == 1 && t.g.B <= FEW_ROWS && t.g.I + t.g.H > 0;
  return t;
}

static const char *supports(const tarn_problem *p) {
  tarn_lstm g = tarn__lstm_geometry(p);
  if (!tarn__gemm_fits(g.I + g.H, 4 * g.H, 1) || !tarn__gemm_fits(g.T * g.B, 1, 4 * g.H) ||
      !tarn__gemm_fits(1, 4 * g.H, g.I + g.H))
    return "the layer is too large to pack";
  return NULL;
}

static double cost_us(const tarn_problem *p, const tarn_machine *m) {
  plan t = plan_of(p);
  double rows = (double)(t.g.T * t.g.B), weights = (double)(t.g.I + t.g.H) * 4 * (double)t.g.H;
  double flops = 2 * rows * weights / (1e3 * m->gflops[TARGET] * 0.8);
  double bytes = 4 *
                 ((double)t.g.T * weights * (double)t.g.H / (double)(t.g.I + t.g.H + 1) +
                  weights * (t.packed || t.few ? 1 : 4)) /
                 (1e3 * m->gbytes_per_s);
  return 1.0 + (flops > bytes ? flops : bytes) + rows * (double)t.g.H * 2e-3;
}

static size_t scratch_bytes(const tarn_problem *p, int threads) {
  (void)threads;
  plan t = plan_of(p);
  const size_t xh_bytes = (size_t)(t.g.B * (t.g.I + t.g.H)) * sizeof(float);
  return t.gate_bytes + (t.packed ? 0 : t.few ? xh_bytes : t.w_bytes);
}

static size_t prepared_bytes(const tarn_problem *p) {
  plan t = plan_of(p);
  return t.packed ? t.w_bytes : 0;
}

static tarn_status pack(const plan *t, const float *w, char *to, tarn_pool *pool) {
  int64_t columns = 4 * t->g.H;
  TARN_TRY(tarn__gemm_pack(&ISA, t->g.I, columns, w, columns, false, (float *)to, pool));
  return tarn__gemm_pack(&ISA, t->g.H, columns, w + t->g.I * columns, columns, false,
                         (float *)(to + t->x_bytes), pool);
}

static tarn_status prepare(const tarn_problem *p, const tarn_tensor *const *in, void *memory,
                           tarn_pool *pool) {
  plan t = plan_of(p);
  return pack(&t, in[t.w]->data, memory, pool);
}

typedef struct job {
  const tarn_lstm_params *p;
  lstm_weights weights;
  int64_t H;
  const float *gates, *before;   /* [B, 4H], c' [B, H] */
  float *out[7];                 /* of this step */
} job;

static inline vf peephole(bool used, const void *w, int64_t at, vm m, vf c, vf gate) {
  return used ? vf_fma(vf_load_m((const float *)w + at, m), c, gate) : gate;
}

/* The cells of one batch row. */
static tarn_status cells(void *argument, int64_t row, int worker) {
  (void)worker;
  const job *j = argument;
  const tarn_lstm_params *p = j->p;
  int64_t H = j->H;
  const float *gates = j->gates + row * 4 * H, *before = j->before + row * H;
  const float *to_ci = gates + tarn__lstm_gate_ci(p) * H, *to_f = gates + tarn__lstm_gate_f(p) * H;
  float *out[7];
  for (int v = 0; v < 7; v++) out[v] = j->out[v] + row * H;
  for (int64_t k = 0; k < H; k += VF) {
    vm m = vm_first(H - k < VF ? H - k : VF);
    vf c = vf_load_m(before + k, m);
    vf i = vf_sigmoid(peephole(p->use_peephole, j->weights.wci, k, m, c, vf_load_m(gates + k, m)));
    vf f = vf_add(vf_load_m(to_f + k, m), vf_set1(p->forget_bias));
    f = vf_sigmoid(peephole(p->use_peephole, j->weights.wcf, k, m, c, f));
    vf ci = vf_tanh(vf_load_m(to_ci + k, m));
    vf cs = vf_fma(ci, i, vf_mul(c, f));
    if (p->cell_clip > 0) cs = vf_max(vf_min(cs, vf_set1(p->cell_clip)), vf_set1(-p->cell_clip));
    vf o = vf_sigmoid(
        peephole(p->use_peephole, j->weights.wco, k, m, cs, vf_load_m(gates + 3 * H + k, m)));
    vf co = vf_tanh(cs);
    vf_store_m(out[0] + k, m, i);
    vf_store_m(out[1] + k, m, cs);
    vf_store_m(out[2] + k, m, f);
    vf_store_m(out[3] + k, m, o);
    vf_store_m(out[4] + k, m, ci);
    vf_store_m(out[5] + k, m, co);
    vf_store_m(out[6] + k, m, vf_mul(co, o));
  }
  return TARN_OK;
}

/* gates = [x, h'] w + b of the few rows of a cell. */
static tarn_status multiply_few(const plan *t, const tarn_call *call, const float *x,
                                const float *h, const float *b, float *gates) {
  const int64_t I = t->g.I, H = t->g.H, columns = 4 * H;
  float *xh = (float *)(void *)((char *)call->scratch + t->gate_bytes);
  for (int64_t row = 0; row < t->g.B; row++) {
    memcpy(xh + row * (I + H), x + row * I, (size_t)I * sizeof *x);
    memcpy(xh + row * (I + H) + I, h + row * H, (size_t)H * sizeof *h);
  }
  TARN_TRY(tarn__gemm_few_rows(&ISA, t->g.B, columns, I + H, xh, I + H, call->in[t->w]->data,
                               columns, false, gates, columns, call->pool));
  for (int64_t row = 0; row < t->g.B; row++)
    for (int64_t n = 0; n < columns; n++) gates[row * columns + n] += b[n];
  return TARN_OK;
}

/* What x gives to the gates of all steps. */
static tarn_status multiply_x(const plan *t, const tarn_call *call, const char *w, int64_t steps,
                              const float *x, const float *b, float *gates) {
  const int64_t columns = 4 * t->g.H;
  const tarn_gemm product = {.M = steps * t->g.B, .N = columns, .K = t->g.I, .a = x,
                             .lda = t->g.I, .b = (const float *)(const void *)w, .c = gates,
                             .ldc = columns, .bias = b, .taps = 1};
  return tarn__gemm_run(&ISA, &product, NULL, call->pool);
}

/* What h' gives to the gates of one step, added to them. */
static tarn_status multiply_h(const plan *t, const tarn_call *call, const char *w, int64_t step,
                              const float *h, float *gates) {
  const int64_t columns = 4 * t->g.H;
  const tarn_gemm product = {.M = t->g.B, .N = columns, .K = t->g.H, .a = h, .lda = t->g.H,
                             .b = (const float *)(const void *)(w + t->x_bytes), .c = gates,
                             .ldc = columns, .add = gates, .taps = 1, .backwards = step % 2};
  return tarn__gemm_run(&ISA, &product, NULL, call->pool);
}

static tarn_status run(const tarn_call *call) {
  plan t = plan_of(call->problem);
  const tarn_lstm *g = &t.g;
  const tarn_lstm_params *p = call->problem->params;
  int64_t steps, columns = 4 * g->H, step_size = g->B * g->H;
  TARN_TRY(steps_of(call, g->T, &steps));
  float *out[7], *gates = call->scratch;
  for (int v = 0; v < 7; v++) {
    out[v] = call->out[v]->data;
    memset(out[v] + steps * step_size, 0, (size_t)((g->T - steps) * step_size) * sizeof(float));
  }
  if (steps * step_size == 0) return TARN_OK;
  const char *w = call->prepared;
  if (!t.packed && !t.few) {
    char *packed = (char *)call->scratch + t.gate_bytes;
    TARN_TRY(pack(&t, call->in[t.w]->data, packed, call->pool));
    w = packed;
  }
  int first = p->sequence ? 1 : 0;
  const float *x = call->in[first]->data, *c = call->in[first + 1]->data;
  const float *h = call->in[first + 2]->data;
  job j = {.p = p, .weights = weights_of(call), .H = g->H};
  if (t.few) TARN_TRY(multiply_few(&t, call, x, h, j.weights.b, gates));
  else TARN_TRY(multiply_x(&t, call, w, steps, x, j.weights.b, gates));
  for (int64_t s = 0; s < steps; s++) {
    float *now = gates + s * g->B * columns;
    const float *h_before = s ? out[6] + (s - 1) * step_size : h;
    if (!t.few) TARN_TRY(multiply_h(&t, call, w, s, h_before, now));
    j.gates = now;
    j.before = s ? out[1] + (s - 1) * step_size : c;
    for (int v = 0; v < 7; v++) j.out[v] = out[v] + s * step_size;
    TARN_TRY(tarn__pool_run(step_size < 4096 ? NULL : call->pool, g->B, cells, &j));
  }
  return TARN_OK;
}

#define ROW(OP)                                                                                    \
  {                                                                                                \
    .op = OP, .dtypes = TARN_BIT(TARN_F32), .keyed = -1, .supports = supports, .cost_us = cost_us, \
    .scratch_bytes = scratch_bytes, .prepared_bytes = prepared_bytes, .prepare = prepare,          \
    .run = run                                                                                     \
  }
#define ROWS ROW("LSTMBlockCell"), ROW("BlockLSTM"), ROW("BlockLSTMV2")
