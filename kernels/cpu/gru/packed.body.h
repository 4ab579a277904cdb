/* GRUBlockCell in f32 on the packed GEMM; the including file defines ISA and TARGET.
 *
 *   [r, u] = sigmoid([x, h'] w_ru + b_ru)    c = tanh([x, r h'] w_c + b_c)    h = (1 - u) c + u h'
 *
 * [x, h'] and then [x, r h'] are put side by side in scratch; each product reads its weights once.
 * For few rows, weights that may change are read as they lie: packing would read them twice
 * more. */
#include "kernels/cpu/gemm/gemm.h"
#include "kernels/cpu/simd/math.h"
#include "kernels/kernel.h"

#include <string.h>

enum { W_RU = 2, W_C = 3, FEW_ROWS = 4 };

typedef struct plan {
  int64_t B, I, H, K;
  bool packed, few;
  size_t ru_bytes, w_bytes, xh_bytes, gate_bytes;
} plan;

static size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

static plan plan_of(const tarn_problem *p) {
  plan t = {.B = p->in_shape[0].dim[0], .I = p->in_shape[0].dim[1], .H = p->in_shape[1].dim[1]};
  t.K = t.I + t.H;
  t.packed = p->stable && p->stable[W_RU] && p->stable[W_C];
  t.few = !t.packed && t.B <= FEW_ROWS && t.K > 0;
  t.ru_bytes = aligned(tarn__gemm_packed_bytes(&ISA, t.K, 2 * t.H));
  t.w_bytes = t.ru_bytes + aligned(tarn__gemm_packed_bytes(&ISA, t.K, t.H));
  t.xh_bytes = aligned((size_t)(t.B * t.K) * sizeof(float));
  t.gate_bytes = aligned((size_t)(t.B * 2 * t.H) * sizeof(float));
  return t;
}

static const char *supports(const tarn_problem *p) {
  int64_t B = p->in_shape[0].dim[0], I = p->in_shape[0].dim[1], H = p->in_shape[1].dim[1];
  if (!tarn__gemm_fits(B, 1, I + 2 * H) || !tarn__gemm_fits(1, 2 * H, I + H))
    return "the layer is too large to pack";
  return NULL;
}

static double cost_us(const tarn_problem *p, const tarn_machine *m) {
  plan t = plan_of(p);
  double weights = (double)t.K * 3 * (double)t.H;
  double flops = 2 * (double)t.B * weights / (1e3 * m->gflops[TARGET] * 0.8);
  double bytes = 4 * weights * (t.packed || t.few ? 1 : 4) / (1e3 * m->gbytes_per_s);
  return 1.0 + (flops > bytes ? flops : bytes) + (double)(t.B * t.H) * 1e-3;
}

static size_t scratch_bytes(const tarn_problem *p, int threads) {
  (void)threads;
  plan t = plan_of(p);
  return t.xh_bytes + t.gate_bytes + (t.packed || t.few ? 0 : t.w_bytes);
}

static size_t prepared_bytes(const tarn_problem *p) {
  plan t = plan_of(p);
  return t.packed ? t.w_bytes : 0;
}

static tarn_status pack(const plan *t, const float *w_ru, const float *w_c, char *to,
                        tarn_pool *pool) {
  TARN_TRY(tarn__gemm_pack(&ISA, t->K, 2 * t->H, w_ru, 2 * t->H, false, (float *)to, pool));
  return tarn__gemm_pack(&ISA, t->K, t->H, w_c, t->H, false, (float *)(to + t->ru_bytes), pool);
}

static tarn_status prepare(const tarn_problem *p, const tarn_tensor *const *in, void *memory,
                           tarn_pool *pool) {
  plan t = plan_of(p);
  return pack(&t, in[W_RU]->data, in[W_C]->data, memory, pool);
}

/* to [B, N] = from w + b: w is input `in`, or packed at w. */
static tarn_status multiply(const plan *t, const tarn_call *call, const float *from, int in,
                            const char *w, int64_t N, const float *b, float *to) {
  if (!t->few) {
    const tarn_gemm product = {.M = t->B,
                               .N = N,
                               .K = t->K,
                               .a = from,
                               .lda = t->K,
                               .b = (const float *)(const void *)w,
                               .c = to,
                               .ldc = N,
                               .bias = b,
                               .taps = 1};
    return tarn__gemm_run(&ISA, &product, NULL, call->pool);
  }
  TARN_TRY(tarn__gemm_few_rows(&ISA, t->B, N, t->K, from, t->K, call->in[in]->data, N, false, to, N,
                               call->pool));
  for (int64_t row = 0; row < t->B; row++)
    for (int64_t n = 0; n < N; n++) to[row * N + n] += b[n];
  return TARN_OK;
}

static tarn_status run(const tarn_call *call) {
  plan t = plan_of(call->problem);
  int64_t H = t.H;
  if (t.B * H == 0) return TARN_OK;
  float *xh = call->scratch, *gates = (float *)((char *)call->scratch + t.xh_bytes);
  const char *w = call->prepared;
  if (!t.packed && !t.few) {
    char *packed = (char *)call->scratch + t.xh_bytes + t.gate_bytes;
    TARN_TRY(pack(&t, call->in[W_RU]->data, call->in[W_C]->data, packed, call->pool));
    w = packed;
  }
  const float *x = call->in[0]->data, *before = call->in[1]->data;
  float *r = call->out[0]->data, *u = call->out[1]->data, *c = call->out[2]->data,
        *h = call->out[3]->data;
  for (int64_t b = 0; b < t.B; b++) {
    memcpy(xh + b * t.K, x + b * t.I, (size_t)t.I * sizeof *xh);
    memcpy(xh + b * t.K + t.I, before + b * H, (size_t)H * sizeof *xh);
  }
  TARN_TRY(multiply(&t, call, xh, W_RU, w, 2 * H, call->in[4]->data, gates));
  for (int64_t b = 0; b < t.B; b++)
    for (int64_t k = 0; k < H; k += VF) {
      vm m = vm_first(H - k < VF ? H - k : VF);
      vf reset = vf_sigmoid(vf_load_m(gates + b * 2 * H + k, m));
      vf_store_m(xh + b * t.K + t.I + k, m, vf_mul(reset, vf_load_m(before + b * H + k, m)));
      vf_store_m(r + b * H + k, m, reset);
      vf_store_m(u + b * H + k, m, vf_sigmoid(vf_load_m(gates + b * 2 * H + H + k, m)));
    }
  TARN_TRY(multiply(&t, call, xh, W_C, t.few ? NULL : w + t.ru_bytes, H, call->in[5]->data, c));
  for (int64_t i = 0; i < t.B * H; i += VF) {
    vm m = vm_first(t.B * H - i < VF ? t.B * H - i : VF);
    vf now = vf_tanh(vf_load_m(c + i, m)), gate = vf_load_m(u + i, m);
    vf_store_m(c + i, m, now);
    vf_store_m(h + i, m,
               vf_fma(gate, vf_load_m(before + i, m), vf_mul(vf_sub(vf_set1(1.0f), gate), now)));
  }
  return TARN_OK;
}

#define ROWS                                                                                     \
  {.op = "GRUBlockCell", .dtypes = TARN_BIT(TARN_F32), .supports = supports, .cost_us = cost_us, \
   .scratch_bytes = scratch_bytes, .prepared_bytes = prepared_bytes, .prepare = prepare, .run = run}
