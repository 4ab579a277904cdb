/* GRUBlockCellGrad in float on few_rows and packed products of ../gemm; the including file defines
 * ISA. Formulas: cell.reference.c.
 *
 *   p = c_bar w_c^T [B, I + H], of which p[I..] is the derivative of r h'; then q = [r_bar, u_bar]
 * w_ru^T d_x = p[..I] + q[..I]      d_h' = q[I..] + p[I..] r + d_h u */
#include "kernels/cpu/gemm/gemm.h"
#include "kernels/kernel.h"

#include <string.h>

enum { FEW = 4, MAX_UNPACKED = 16 }; /* rows of a product that is not packed, and of several such */

typedef struct plan {
  int64_t B, I, H;
  size_t p_bytes, q_bytes, pack_bytes;
} plan;

static size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

static plan plan_of(const tarn_problem *p) {
  plan k = {.B = p->in_shape[0].dim[0], .I = p->in_shape[0].dim[1], .H = p->in_shape[1].dim[1]};
  k.p_bytes = k.q_bytes = aligned((size_t)(k.B * (k.I + k.H)) * sizeof(float));
  k.pack_bytes = k.B > MAX_UNPACKED ? tarn__gemm_packed_bytes(&ISA, 2 * k.H, k.I + k.H) : 0;
  return k;
}
static const char *supports(const tarn_problem *p) {
  const plan k = plan_of(p);
  if (k.B * k.H == 0) return "there is nothing to compute";
  return tarn__gemm_fits(k.B, k.I + k.H, 2 * k.H) ? NULL : "the tensors are too large";
}
static size_t scratch_bytes(const tarn_problem *p, int threads) {
  (void)threads;
  const plan k = plan_of(p);
  return k.p_bytes + k.q_bytes + k.pack_bytes;
}

/* y[B, I + H] = d[B, K] w[I + H, K]^T. */
static tarn_status back(const plan *k, int64_t K, const float *d, const float *w, float *y,
                        float *packed, tarn_pool *pool) {
  const int64_t N = k->I + k->H;
  if (k->B > MAX_UNPACKED) {
    TARN_TRY(tarn__gemm_pack(&ISA, K, N, w, K, true, packed, pool));
    const tarn_gemm g = {.M = k->B,
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
  for (int64_t b = 0; b < k->B; b += FEW)
    TARN_TRY(tarn__gemm_few_rows(&ISA, k->B - b < FEW ? k->B - b : FEW, N, K, d + b * K, K, w, K,
                                 true, y + b * N, N, pool));
  return TARN_OK;
}

/* (x, h_prev, w_ru, w_c, b_ru, b_c, r, u, c, d_h) -> d_x, d_h_prev, d_c_bar, d_r_bar_u_bar */
static tarn_status run(const tarn_call *call) {
  const plan k = plan_of(call->problem);
  const int64_t H = k.H, I = k.I, N = I + H;
  const float *h = call->in[1]->data, *r = call->in[6]->data, *u = call->in[7]->data,
              *c = call->in[8]->data;
  const float *dh = call->in[9]->data;
  float *dx = call->out[0]->data, *dbefore = call->out[1]->data, *c_bar = call->out[2]->data,
        *ru_bar = call->out[3]->data;
  float *p = call->scratch, *q = (float *)(void *)((char *)call->scratch + k.p_bytes);
  float *packed = (float *)(void *)((char *)call->scratch + k.p_bytes + k.q_bytes);
  for (int64_t b = 0; b < k.B; b++)
    for (int64_t j = 0; j < H; j++) {
      const int64_t at = b * H + j;
      c_bar[at] = dh[at] * (1 - u[at]) * (1 - c[at] * c[at]);
      ru_bar[2 * b * H + H + j] = dh[at] * (h[at] - c[at]) * u[at] * (1 - u[at]);
    }
  TARN_TRY(back(&k, H, c_bar, call->in[3]->data, p, packed, call->pool));
  for (int64_t b = 0; b < k.B; b++)
    for (int64_t j = 0; j < H; j++) {
      const int64_t at = b * H + j;
      ru_bar[2 * b * H + j] = p[b * N + I + j] * h[at] * r[at] * (1 - r[at]);
    }
  TARN_TRY(back(&k, 2 * H, ru_bar, call->in[2]->data, q, packed, call->pool));
  for (int64_t b = 0; b < k.B; b++) {
    for (int64_t i = 0; i < I; i++) dx[b * I + i] = p[b * N + i] + q[b * N + i];
    for (int64_t j = 0; j < H; j++) {
      const int64_t at = b * H + j, from = b * N + I + j;
      dbefore[at] = q[from] + p[from] * r[at] + dh[at] * u[at];
    }
  }
  return TARN_OK;
}

#define ROWS                       \
  {.op = "GRUBlockCellGrad",       \
   .dtypes = TARN_BIT(TARN_F32),   \
   .supports = supports,           \
   .scratch_bytes = scratch_bytes, \
   .run = run},
