/* Conv2DBackpropInput in f32 (also how transposed convolutions are written), NHWC; the including file defines ISA and
 * TARGET.
 *
 *   DX[N*H*W, C] = DY'[N*H*W, KH*KW*OC] W'[KH*KW*OC, C]
 *
 * Row m of DY' is never built: for an input position and a filter position there is one output position, read through a
 * pointer, or none (the stride does not divide, or it is outside): a row of zeros. W' is each filter position's [C, OC]
 * transposed, packed. */
#include "kernels/cpu/gemm/gemm.h"
#include "kernels/kernel.h"
#include "kernels/params/conv2d.h"

#include <string.h>

typedef struct plan {
  tarn_conv2d g;
  int64_t M, K, taps;
  bool packed;
  size_t pack_bytes, zero_bytes;
} plan;

static size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

static plan plan_of(const tarn_problem *p) {
  plan t = {.g = tarn__conv2d_input_geometry(p, false)};
  t.taps = t.g.KH * t.g.KW;
  t.M = t.g.N * t.g.H * t.g.W;
  t.K = t.taps * t.g.OC;
  t.packed = p->stable && p->stable[1];
  t.pack_bytes = aligned(tarn__gemm_packed_bytes(&ISA, t.K, t.g.C));
  t.zero_bytes = aligned((size_t)t.g.OC * sizeof(float));
  return t;
}

static const char *supports(const tarn_problem *p) {
  if (p->out_shape[0].rank < 0) return "the shape is not known yet";
  tarn_conv2d g = tarn__conv2d_input_geometry(p, false);
  int64_t K;
  if (g.channels_first) return "the layout is NCHW";
  if (g.groups != 1) return "the convolution is grouped";
  if (g.KH > 4096 || g.KW > 4096 || tarn__mul_overflow(g.KH * g.KW, g.OC, &K) || !tarn__gemm_fits(1, g.C, K) ||
      !tarn__gemm_fits(g.N * g.H * g.W, 1, g.C))
    return "the tensors are too large";
  return NULL;
}

static double cost_us(const tarn_problem *p, const tarn_machine *m) {
  plan t = plan_of(p);
  double flops = 2 * (double)t.M * (double)t.K * (double)((t.g.C + 15) / 16 * 16) / (1e3 * m->gflops[TARGET] * 0.85);
  double bytes = 4 * ((double)t.K * (double)t.g.C * (t.packed ? 1 : 4) + (double)t.M * (double)t.g.C) / (1e3 * m->gbytes_per_s);
  double work = (flops > bytes ? flops : bytes) + (double)(t.M * t.taps) * 0.8e-3;
  return 1 + (work > 20 ? work / m->threads : work);
}

static size_t scratch_bytes(const tarn_problem *p, int threads) {
  if (p->out_shape[0].rank < 0) return 0;
  plan t = plan_of(p);
  return t.zero_bytes + tarn__gemm_scratch_bytes(t.taps, threads) + (t.packed ? 0 : t.pack_bytes);
}

static size_t prepared_bytes(const tarn_problem *p) {
  if (p->out_shape[0].rank < 0) return 0;
  plan t = plan_of(p);
  return t.packed ? t.pack_bytes : 0;
}

static tarn_status pack(const plan *t, const float *w, float *packed, tarn_pool *pool) {
  const tarn_conv2d *g = &t->g;
  for (int64_t i = 0; i < t->taps; i++)
    TARN_TRY(tarn__gemm_pack_part(&ISA, t->K, i * g->OC, g->OC, g->C, w + i * g->C * g->OC, g->OC, true, packed, pool));
  return TARN_OK;
}

static tarn_status prepare(const tarn_problem *p, const tarn_tensor *const *in, void *memory, tarn_pool *pool) {
  plan t = plan_of(p);
  return pack(&t, in[1]->data, memory, pool);
}

typedef struct source {
  const tarn_conv2d *g;
  const float *dy, *zero;
} source;

/* The output position that reads input position i through tap k, or -1. */
static int64_t reader(int64_t i, int64_t k, int64_t dilation, int64_t pad, int64_t stride, int64_t out) {
  int64_t at = i + pad - k * dilation;
  return at < 0 || at % stride != 0 || at / stride >= out ? -1 : at / stride;
}

static void point(const void *argument, int64_t first, int rows, int mr, const float **pointers) {
  const source *s = argument;
  const tarn_conv2d *g = s->g;
  for (int r = 0; r < rows; r++) {
    int64_t m = first + r, iw = m % g->W, ih = m / g->W % g->H, n = m / (g->W * g->H);
    const float **to = pointers + r;
    for (int64_t kh = 0; kh < g->KH; kh++) {
      int64_t oh = reader(ih, kh, g->dilation_h, g->pad_top, g->stride_h, g->OH);
      for (int64_t kw = 0; kw < g->KW; kw++, to += mr) {
        int64_t ow = oh < 0 ? -1 : reader(iw, kw, g->dilation_w, g->pad_left, g->stride_w, g->OW);
        *to = ow < 0 ? s->zero : s->dy + ((n * g->OH + oh) * g->OW + ow) * g->OC;
      }
    }
  }
}

static tarn_status run(const tarn_call *call) {
  plan t = plan_of(call->problem);
  const tarn_conv2d *g = &t.g;
  char *scratch = call->scratch;
  const float *w = call->prepared;
  if (t.M == 0 || g->C == 0) return TARN_OK;
  if (t.K == 0 || g->OH * g->OW == 0) {
    memset(call->out[0]->data, 0, tarn__tensor_bytes(call->out[0]));
    return TARN_OK;
  }
  if (!t.packed) {
    TARN_TRY(pack(&t, call->in[1]->data, (float *)scratch, call->pool));
    w = (const float *)scratch;
    scratch += t.pack_bytes;
  }
  memset(scratch, 0, t.zero_bytes);
  source s = {g, call->in[2]->data, (const float *)scratch};
  scratch += t.zero_bytes;
  tarn_gemm gemm = {.M = t.M, .N = g->C, .K = t.K, .b = w, .c = call->out[0]->data, .ldc = g->C, .point = point,
                    .source = &s, .taps = t.taps, .depth = g->OC};
  return tarn__gemm_run(&ISA, &gemm, scratch, call->pool);
}

#define ROWS                                                                                     \
  {.op = "Conv2DBackpropInput", .dtypes = TARN_BIT(TARN_F32), .keyed = -1, .supports = supports, .cost_us = cost_us, \
   .scratch_bytes = scratch_bytes, .prepared_bytes = prepared_bytes, .prepare = prepare, .run = run}
