/* Conv2DBackpropFilter in f32, NHWC; the including file defines ISA and TARGET.
 *
 *   for a filter position and a part of the input channels             a chunk: it owns those rows of dw
 *     for a block of output positions m                                the sum is in order, whatever the threads
 *       A[c, m] = x under (position, m), transposed into scratch       128 KiB
 *       dw[position, c, OC] += A dy[m, OC]                             dy is packed once
 */
#include "kernels/cpu/gemm/gemm.h"
#include "kernels/kernel.h"
#include "kernels/params/conv2d.h"

#include <string.h>

enum { BLOCK = 256, PART = 126 };   /* positions; channels: nine tiles of AVX-512, 21 of AVX2 */

typedef struct plan {
  tarn_conv2d g;
  int64_t M, parts;
  size_t dy_bytes, a_bytes;
} plan;

static size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

static plan plan_of(const tarn_problem *p) {
  plan t = {.g = tarn__conv2d_filter_geometry(p, false)};
  t.M = t.g.N * t.g.OH * t.g.OW;
  t.parts = (t.g.C + PART - 1) / PART;
  t.dy_bytes = aligned(tarn__gemm_packed_bytes(&ISA, t.M, t.g.OC));
  t.a_bytes = (size_t)(PART * BLOCK) * sizeof(float);
  return t;
}

static const char *supports(const tarn_problem *p) {
  if (p->out_shape[0].rank < 0) return "the shape is not known yet";
  tarn_conv2d g = tarn__conv2d_filter_geometry(p, false);
  if (g.channels_first) return "the layout is NCHW";
  if (g.groups != 1) return "the convolution is grouped";
  if (g.KH > 4096 || g.KW > 4096 || !tarn__gemm_fits(1, g.OC, g.N * g.OH * g.OW)) return "the tensors are too large";
  return NULL;
}

static double cost_us(const tarn_problem *p, const tarn_machine *m) {
  plan t = plan_of(p);
  double K = (double)(t.g.KH * t.g.KW * t.g.C);
  double flops = 2 * (double)t.M * K * (double)((t.g.OC + 15) / 16 * 16) / (1e3 * m->gflops[TARGET] * 0.8);
  double copy = (double)t.M * K * 0.5e-3;   /* half a nanosecond an element */
  double work = flops + copy;
  return 1 + (work > 20 ? work / m->threads : work);
}

static size_t scratch_bytes(const tarn_problem *p, int threads) {
  if (p->out_shape[0].rank < 0) return 0;
  plan t = plan_of(p);
  return t.dy_bytes + t.a_bytes * (size_t)threads;
}

typedef struct job {
  const plan *t;
  const float *x, *dy;
  float *dw;
  char *a;
} job;

/* A[c, m] for m in [first, first + n), channels [c0, c0 + parts); rows of A are BLOCK long. */
static void gather(const plan *t, const float *x, int64_t kh, int64_t kw, int64_t c0, int64_t cs, int64_t first,
                   int64_t n, float *a) {
  const tarn_conv2d *g = &t->g;
  for (int64_t i = 0; i < n; i += 16) {
    const float *row[16];
    int64_t count = n - i < 16 ? n - i : 16;
    for (int64_t k = 0; k < count; k++) {
      int64_t m = first + i + k;
      int64_t iw = m % g->OW * g->stride_w - g->pad_left + kw * g->dilation_w;
      int64_t ih = m / g->OW % g->OH * g->stride_h - g->pad_top + kh * g->dilation_h;
      bool inside = ih >= 0 && ih < g->H && iw >= 0 && iw < g->W;
      row[k] = inside ? x + ((m / (g->OW * g->OH) * g->H + ih) * g->W + iw) * g->C + c0 : NULL;
    }
    for (int64_t k = 0; k < count; k++)
      for (int64_t c = 0; c < cs; c++) a[c * BLOCK + i + k] = row[k] ? row[k][c] : 0.0f;
  }
}

static tarn_status chunk_run(void *argument, int64_t chunk, int worker) {
  const job *j = argument;
  const plan *t = j->t;
  const tarn_conv2d *g = &t->g;
  int64_t tap = chunk / t->parts, c0 = chunk % t->parts * PART, cs = g->C - c0 < PART ? g->C - c0 : PART;
  float *a = (float *)(j->a + (size_t)worker * t->a_bytes), *dw = j->dw + (tap * g->C + c0) * g->OC;
  int64_t nr = ISA.nr, mr = ISA.mr, tiles = (cs + mr - 1) / mr;
  for (int64_t first = 0; first < t->M; first += BLOCK) {
    int64_t n = t->M - first < BLOCK ? t->M - first : BLOCK;
    gather(t, j->x, tap / g->KW, tap % g->KW, c0, cs, first, n, a);
    for (int64_t col = 0; col < g->OC; col += nr)
      for (int64_t i = 0; i < tiles; i++) {
        int64_t r0 = cs * i / tiles, r1 = cs * (i + 1) / tiles;
        const float *rows[TARN_GEMM_MAX_MR];
        for (int64_t r = r0; r < r1; r++) rows[r - r0] = a + r * BLOCK;
        tarn_tile tile = {.rows = (int)(r1 - r0), .cols = (int)(g->OC - col < nr ? g->OC - col : nr), .taps = 1,
                          .depth = n, .a = rows, .a_stride = mr, .b = j->dy + col * t->M + first * nr,
                          .c = dw + r0 * g->OC + col, .ldc = g->OC, .accumulate = first > 0};
        ISA.tile(&tile);
      }
  }
  return TARN_OK;
}

static tarn_status run(const tarn_call *call) {
  plan t = plan_of(call->problem);
  const tarn_conv2d *g = &t.g;
  if (tarn__tensor_elements(call->out[0]) == 0) return TARN_OK;
  if (t.M == 0) {
    memset(call->out[0]->data, 0, tarn__tensor_bytes(call->out[0]));
    return TARN_OK;
  }
  float *dy = call->scratch;
  TARN_TRY(tarn__gemm_pack(&ISA, t.M, g->OC, call->in[2]->data, g->OC, false, dy, call->pool));
  job j = {&t, call->in[0]->data, dy, call->out[0]->data, (char *)call->scratch + t.dy_bytes};
  return tarn__pool_run(call->pool, g->KH * g->KW * t.parts, chunk_run, &j);
}

#define ROWS                                                                                               \
  {.op = "Conv2DBackpropFilter", .dtypes = TARN_BIT(TARN_F32), .supports = supports, .cost_us = cost_us,   \
   .scratch_bytes = scratch_bytes, .run = run}
