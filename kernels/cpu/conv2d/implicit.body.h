/* Conv2D in f32 as one matrix product per group, without copying windows; the including file
 * defines ISA and TARGET.
 *
 *   Y[N*OH*OW, OC] = X'[N*OH*OW, KH*KW*KC] W[KH*KW*KC, OC]
 *
 * Row m of X' is never built: the micro-kernel reads it through one pointer per filter position,
 * into x, or to a row of zeros outside the picture (indirect convolution). Three forms:
 *
 *   1x1, stride 1      x itself is the matrix: no pointers
 *   few channels       x is copied once with its border of zeros; the KW*C elements of one filter
 * row are then adjacent, so a pointer covers them all (the 7x7x3 stem of a ResNet: 7 pointers of 21
 * elements) otherwise          one pointer per filter position
 *
 * NCHW is turned to NHWC and back in scratch. */
#include "kernels/cpu/gemm/epilogue.body.h"
#include "kernels/cpu/gemm/gemm.h"
#include "kernels/params/conv2d.h"

enum { FEW_CHANNELS = 16, MAX_TAPS = 65536 };

typedef struct plan {
  tarn_conv2d g;
  int64_t M, K, oc;              /* of one group */
  int64_t taps, depth;
  bool plain, merged,
      packed; /* plain: the 1x1 form; merged: the few-channels form; packed: W at prepare */
  int64_t PH, PW;                /* merged: the padded picture */
  size_t pad_bytes, zero_bytes, pack_bytes, group_bytes, pointer_bytes, swap_bytes;
} plan;

static size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

static plan plan_of(const tarn_problem *p, int threads) {
  plan t = {.g = tarn__conv2d_geometry(p, false)};
  const tarn_conv2d *g = &t.g;
  t.M = g->N * g->OH * g->OW;
  t.K = g->KH * g->KW * g->KC;
  t.oc = g->OC / g->groups;
  t.packed = p->stable && p->stable[1];
  bool no_pad = g->pad_top == 0 && g->pad_left == 0;
  t.plain = g->KH * g->KW == 1 && g->stride_h * g->stride_w == 1 && no_pad && g->OH == g->H &&
            g->OW == g->W;
  t.merged = !t.plain && g->KW > 1 && g->C <= FEW_CHANNELS && g->groups == 1 && g->dilation_w == 1;
  t.taps = t.merged ? g->KH : g->KH * g->KW;
  t.depth = t.merged ? g->KW * g->KC : g->KC;
  if (t.merged) {
    t.PH = (g->OH - 1) * g->stride_h + (g->KH - 1) * g->dilation_h + 1;
    t.PW = (g->OW - 1) * g->stride_w + g->KW;
    t.pad_bytes = aligned((size_t)(g->N * t.PH * t.PW * g->C) * sizeof(float));
  } else if (!t.plain) {
    t.zero_bytes = aligned((size_t)g->KC * sizeof(float));
  }
  t.group_bytes = aligned(tarn__gemm_packed_bytes(&ISA, t.K, t.oc));
  t.pack_bytes = t.group_bytes * (size_t)g->groups;
  if (!t.plain) t.pointer_bytes = tarn__gemm_scratch_bytes(t.taps, threads);
  if (g->channels_first)
    t.swap_bytes = aligned((size_t)(g->N * g->H * g->W * g->C) * sizeof(float)) +
                   aligned((size_t)(t.M * g->OC) * sizeof(float));
  return t;
}

static const char *supports(const tarn_problem *p) {
  tarn_conv2d g = tarn__conv2d_geometry(p, false);
  tarn_epilogue e = tarn__epilogue_of(p);
  if (g.channels_first && (e.bias || e.add || e.activation)) return "fused NCHW";
  if (g.KH > MAX_TAPS || g.KW > MAX_TAPS || g.KH * g.KW > MAX_TAPS)
    return "too many filter positions";
  if (!tarn__gemm_fits(tarn__shape_elements(&p->out_shape[0]), 1, 1) ||
      !tarn__gemm_fits(1, g.OC, tarn__shape_elements(&p->in_shape[1]) / (g.OC > 0 ? g.OC : 1)) ||
      !tarn__gemm_fits(g.N * g.H, g.W, g.C))
    return "the tensors are too large";
  int64_t row, rows, padded;
  if (tarn__mul_overflow(g.OW, g.stride_w, &row) || tarn__add_overflow(row, g.KW, &row) ||
      tarn__mul_overflow(g.OH, g.stride_h, &rows) ||
      tarn__mul_overflow(g.KH, g.dilation_h, &padded) || tarn__add_overflow(rows, padded, &rows) ||
      tarn__mul_overflow(rows, row, &padded) || !tarn__gemm_fits(g.N, g.C, padded))
    return "the padded input is too large";
  return NULL;
}

static double cost_us(const tarn_problem *p, const tarn_machine *m) {
  plan t = plan_of(p, m->threads);
  double wide =
      (double)((t.oc + ISA.nr / 2 - 1) / (ISA.nr / 2) * (ISA.nr / 2)) * (double)t.g.groups;
  double flops = 2 * (double)t.M * wide * (double)t.K / (1e3 * m->gflops[TARGET] * 0.9);
  /* Pointers are made once a chunk and are cheap beside some hundred multiply-adds each. */
  if (!t.plain) flops += (double)t.M * (double)(t.taps * t.g.groups) * 0.8e-3;
  double bytes = 4.0 *
                 ((double)t.K * (double)t.g.OC * (t.packed ? 1 : 4) + (double)t.M * (double)t.g.OC +
                  (double)(t.g.N * t.g.H * t.g.W * t.g.C) * (t.merged ? 3 : 1) +
                  0.25 * (double)t.swap_bytes * 2) /
                 (1e3 * m->gbytes_per_s);
  double work = flops + bytes;   /* they overlap only in part */
  return 0.5 + (work > 20 ? work / m->threads : work);
}

static size_t scratch_bytes(const tarn_problem *p, int threads) {
  plan t = plan_of(p, threads);
  return t.pad_bytes + t.zero_bytes + t.pointer_bytes + t.swap_bytes +
         (t.packed ? 0 : t.pack_bytes);
}

static size_t prepared_bytes(const tarn_problem *p) {
  plan t = plan_of(p, 1);
  return t.packed ? t.pack_bytes : 0;
}

static tarn_status pack(const plan *t, const float *w, float *packed, tarn_pool *pool) {
  for (int64_t i = 0; i < t->g.groups; i++)
    TARN_TRY(tarn__gemm_pack(&ISA, t->K, t->oc, w + i * t->oc, t->g.OC, false,
                             packed + (size_t)i * (t->group_bytes / sizeof(float)), pool));
  return TARN_OK;
}

static tarn_status prepare(const tarn_problem *p, const tarn_tensor *const *in, void *memory,
                           tarn_pool *pool) {
  plan t = plan_of(p, 1);
  return pack(&t, in[1]->data, memory, pool);
}

typedef struct source {
  const plan *t;
  const float *x, *zero;        /* x: padded where merged; at the group's first channel */
} source;

static void point(const void *argument, int64_t first, int rows, int mr, const float **pointers) {
  const source *s = argument;
  const tarn_conv2d *g = &s->t->g;
  int64_t ow = first % g->OW, oh = first / g->OW % g->OH, n = first / (g->OW * g->OH);
  for (int r = 0; r < rows; r++) {
    if (s->t->merged) {
      const float *row =
          s->x + ((n * s->t->PH + oh * g->stride_h) * s->t->PW + ow * g->stride_w) * g->C;
      int64_t step = g->dilation_h * s->t->PW * g->C;
      for (int64_t kh = 0; kh < g->KH; kh++, row += step) pointers[kh * mr + r] = row;
    } else {
      const float **to = pointers + r;
      int64_t ih = oh * g->stride_h - g->pad_top, left = ow * g->stride_w - g->pad_left;
      for (int64_t kh = 0; kh < g->KH; kh++, ih += g->dilation_h) {
        bool inside = ih >= 0 && ih < g->H;
        const float *row = inside ? s->x + (n * g->H + ih) * g->W * g->C : s->zero;
        int64_t iw = left;
        for (int64_t kw = 0; kw < g->KW; kw++, iw += g->dilation_w, to += mr)
          *to = inside && iw >= 0 && iw < g->W ? row + iw * g->C : s->zero;
      }
    }
    if (++ow == g->OW) {
      ow = 0;
      if (++oh == g->OH) oh = 0, n++;
    }
  }
}

/* Copies one row of a picture between its borders of zeros; rows and columns that no window reaches
 * are left out. */
typedef struct padding {
  const plan *t;
  const float *x;
  float *to;
} padding;

static tarn_status pad_row(void *argument, int64_t chunk, int worker) {
  (void)worker;
  const padding *job = argument;
  const plan *t = job->t;
  const tarn_conv2d *g = &t->g;
  for (int64_t ph = chunk * 8; ph < g->N * t->PH && ph < chunk * 8 + 8; ph++) {
    int64_t n = ph / t->PH, ih = ph % t->PH - g->pad_top;
    float *to = job->to + ph * t->PW * g->C;
    int64_t left = g->pad_left < t->PW ? g->pad_left : t->PW;
    int64_t inner = g->W < t->PW - left ? g->W : t->PW - left;
    if (ih < 0 || ih >= g->H) left = t->PW, inner = 0;
    int64_t right = t->PW - left - inner;
    memset(to, 0, (size_t)(left * g->C) * sizeof *to);
    if (inner > 0)
      memcpy(to + left * g->C, job->x + (n * g->H + ih) * g->W * g->C,
             (size_t)(inner * g->C) * sizeof *to);
    memset(to + (left + inner) * g->C, 0, (size_t)(right * g->C) * sizeof *to);
  }
  return TARN_OK;
}

static tarn_status run(const tarn_call *call) {
  plan t = plan_of(call->problem, tarn__pool_threads(call->pool));
  const tarn_conv2d *g = &t.g;
  if (t.M == 0 || g->OC == 0) return TARN_OK;
  char *scratch = call->scratch;
  const float *x = call->in[0]->data, *w = call->prepared;
  float *y = call->out[0]->data, *swapped = NULL;
  if (g->channels_first) {
    float *nhwc = (float *)scratch;
    swapped = (float *)(scratch + aligned((size_t)(g->N * g->H * g->W * g->C) * sizeof(float)));
    scratch += t.swap_bytes;
    for (int64_t n = 0; n < g->N; n++)
      TARN_TRY(tarn__gemm_transpose(g->H * g->W, g->C, x + n * g->C * g->H * g->W, g->H * g->W,
                                    nhwc + n * g->C * g->H * g->W, call->pool));
    x = nhwc;
  }
  if (!t.packed) {
    TARN_TRY(pack(&t, call->in[1]->data, (float *)scratch, call->pool));
    w = (const float *)scratch;
    scratch += t.pack_bytes;
  }
  source s = {.t = &t, .x = x};
  if (t.merged) {
    padding job = {&t, x, (float *)scratch};
    TARN_TRY(tarn__pool_run(t.pad_bytes < 65536 ? NULL : call->pool, (g->N * t.PH + 7) / 8, pad_row,
                            &job));
    s.x = job.to;
    scratch += t.pad_bytes;
  } else if (!t.plain) {
    memset(scratch, 0, t.zero_bytes);
    s.zero = (const float *)scratch;
    scratch += t.zero_bytes;
  }
  tarn_epilogue e = tarn__epilogue_of(call->problem);
  const float *bias = tarn__epilogue_input(call, e.bias), *add = tarn__epilogue_input(call, e.add);
  for (int64_t i = 0; i < g->groups; i++) {
    tarn_gemm gemm = {
        .M = t.M,
        .N = t.oc,
        .K = t.K,
        .a = s.x,
        .lda = g->C,
        .b = w + (size_t)i * (t.group_bytes / sizeof(float)),
        .c = (swapped ? swapped : y) + i * t.oc,
        .ldc = g->OC,
        .bias = bias ? bias + i * t.oc : NULL,
        .add = add ? add + i * t.oc : NULL,
        .activation = tarn__epilogue_activation(e.activation),
        .point = t.plain ? NULL : point,
        .source = &s,
        .taps = t.taps,
        .depth = t.depth,
    };
    TARN_TRY(tarn__gemm_run(&ISA, &gemm, scratch, call->pool));
    s.x += g->KC;
  }
  if (!tarn__epilogue_in_registers(e.activation))
    TARN_TRY(epilogue_pass(y, NULL, NULL, e.activation, t.M, g->OC, call->pool));
  for (int64_t n = 0; swapped && n < g->N; n++)
    TARN_TRY(tarn__gemm_transpose(g->OC, g->OH * g->OW, swapped + n * g->OC * g->OH * g->OW, g->OC,
                                  y + n * g->OC * g->OH * g->OW, call->pool));
  return TARN_OK;
}

#define ROW(OP)                                                                           \
  {                                                                                       \
    .op = OP, .dtypes = TARN_BIT(TARN_F32), .supports = supports, .cost_us = cost_us,     \
    .scratch_bytes = scratch_bytes, .prepared_bytes = prepared_bytes, .prepare = prepare, \
    .spent = 1u << 1, .run = run                                                          \
  }
