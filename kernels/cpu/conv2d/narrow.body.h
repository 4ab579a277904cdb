/* Conv2D and _FusedConv2D of f32, NHWC, with narrowed factors (../narrow); the including file has
 * ISA and the rest from
 * ../narrow/as_*.h, as ../matmul/narrow.body.h.
 *
 * The picture is copied narrowed, between its borders of padding, with channels filled up to whole
 * groups; then a row of the product is one run of memory for each filter row (with dilation across:
 * for each filter position), the same steps apart for all rows. For int8 each picture of the batch
 * has one scale, and padding is its zero. */
#include "kernels/cpu/gemm/epilogue.body.h"
#include "kernels/cpu/gemm/gemm.h"
#include "kernels/cpu/narrow/narrow.h"
#include "kernels/params/conv2d.h"

typedef struct plan {
  tarn_conv2d g;
  int64_t M, C;                 /* C: channels, filled up */
  int64_t PH, PW;               /* the padded picture */
  int64_t taps, depth;          /* depth in groups */
  bool across;                  /* a tap is a whole filter row */
  size_t picture_bytes;
  tarn_narrow_matrix b;
} plan;

static plan plan_of(const tarn_problem *p) {
  plan t = {.g = tarn__conv2d_geometry(p, false)};
  const tarn_conv2d *g = &t.g;
  t.M = g->N * g->OH * g->OW;
  t.C = tarn__narrow_round_up(&ISA, g->C);
  t.PH = (g->OH - 1) * g->stride_h + (g->KH - 1) * g->dilation_h + 1;
  t.PW = (g->OW - 1) * g->stride_w + (g->KW - 1) * g->dilation_w + 1;
  t.across = g->dilation_w == 1;
  t.taps = t.across ? g->KH : g->KH * g->KW;
  t.depth = (t.across ? g->KW : 1) * t.C / tarn__narrow_group(&ISA);
  t.picture_bytes = (size_t)(t.PH * t.PW * t.C * ISA.element_bytes);
  t.b = (tarn_narrow_matrix){
      .taps = t.taps, .parts = t.across ? g->KW : 1, .part = g->C, .N = g->OC, .ldb = g->OC};
  return t;
}

static const char *supports(const tarn_problem *p) {
  if (REFUSAL) return REFUSAL;
  const tarn_conv2d g = tarn__conv2d_geometry(p, false);
  if (g.channels_first) return "NCHW";
  if (g.groups != 1) return "groups";
  if (!p->stable || !p->stable[1]) return "the filter is no constant";
  if (g.N == 0 || g.OH == 0 || g.OW == 0 || g.C == 0 || g.KH == 0 || g.KW == 0)
    return "an empty sum";
  if (g.KH > TARN_NARROW_MAX_TAPS || g.KW > TARN_NARROW_MAX_TAPS ||
      g.KH * g.KW > TARN_NARROW_MAX_TAPS)
    return "too many filter positions";
  if (g.KH * g.KW * g.C > 32768) return "sums of so many products do not fit 32 bits";
  if (!tarn__gemm_fits(tarn__shape_elements(&p->out_shape[0]), 1, 1) ||
      !tarn__gemm_fits(1, g.OC, g.KH * g.KW * g.C) || !tarn__gemm_fits(g.N * g.H, g.W, g.C))
    return "the tensors are too large";
  int64_t row, rows, padded;
  if (tarn__mul_overflow(g.OW, g.stride_w, &row) ||
      tarn__mul_overflow(g.KW, g.dilation_w, &padded) || tarn__add_overflow(row, padded, &row) ||
      tarn__mul_overflow(g.OH, g.stride_h, &rows) ||
      tarn__mul_overflow(g.KH, g.dilation_h, &padded) || tarn__add_overflow(rows, padded, &rows) ||
      tarn__mul_overflow(rows, row, &padded) || !tarn__gemm_fits(g.N, g.C + 4, padded))
    return "the padded input is too large";
  return NULL;
}

static double cost_us(const tarn_problem *p, const tarn_machine *m) {
  const plan t = plan_of(p);
  const double wide = (double)((t.g.OC + ISA.nr - 1) / ISA.nr * ISA.nr);
  const double groups = (double)(t.taps * t.depth);
  const double flops = 2 * (double)t.M * wide * groups * (double)tarn__narrow_group(&ISA) /
                       (1e3 * m->gflops[TARGET] * SPEED * 0.9);
  const double bytes = (groups * 4 * (double)t.g.OC + 4.0 * (double)t.M * (double)t.g.OC +
                        (double)(t.g.N * t.PH * t.PW * t.C) *
                            (4 * (ISA.quantized ? 2 : 1) + 2 * ISA.element_bytes)) /
                       (1e3 * m->gbytes_per_s);
  const double work = flops + bytes;   /* they overlap only in part */
  return 0.5 + (work > 20 ? work / m->threads : work);
}

static size_t scales_bytes(const plan *t) {
  return ((size_t)t->g.N * sizeof(tarn_narrow_scale) + 63) / 64 * 64;
}

static size_t scratch_bytes(const tarn_problem *p, int threads) {
  (void)threads;
  const plan t = plan_of(p);
  return scales_bytes(&t) + (size_t)t.g.N * t.picture_bytes;
}

static size_t prepared_bytes(const tarn_problem *p) {
  const plan t = plan_of(p);
  return tarn__narrow_packed_bytes(&ISA, &t.b);
}

static tarn_status prepare(const tarn_problem *p, const tarn_tensor *const *in, void *memory,
                           tarn_pool *pool) {
  plan t = plan_of(p);
  t.b.from = in[1]->data;
  return tarn__narrow_pack(&ISA, &t.b, memory, pool);
}

/* ---- the narrowed copy ---------------------------------------------------------------------- */

typedef struct copying {
  const plan *t;
  const float *x;
  char *to;
  tarn_narrow_scale *scale;     /* int8, by picture */
} copying;

static tarn_status range_of_picture(void *argument, int64_t n, int worker) {
  (void)worker;
  const copying *job = argument;
  const tarn_conv2d *g = &job->t->g;
  const int64_t count = g->H * g->W * g->C;
  float least, most;
  ISA.range(job->x + n * count, count, &least, &most);
  job->scale[n] = tarn__narrow_scale_of(least, most);
  return TARN_OK;
}

/* `count` pixels of padding. */
static void fill(const plan *t, const tarn_narrow_scale *s, char *to, int64_t count) {
  if (count <= 0) return;
  const int zero = ISA.quantized ? s->zero : 0;
  if (ISA.element_bytes == 1 || !zero) {
    memset(to, zero, (size_t)(count * t->C * ISA.element_bytes));
    return;
  }
  int16_t *words = (int16_t *)(void *)to;
  for (int64_t i = 0; i < count * t->C; i++) words[i] = (int16_t)zero;
}

static void copy_pixels(const plan *t, const tarn_narrow_scale *s, const float *from, int64_t count,
                        char *to) {
  const tarn_conv2d *g = &t->g;
  if (t->C == g->C) {
    ISA.narrow(from, count * g->C, s, to);
    return;
  }
  const int64_t pixel = t->C * ISA.element_bytes;
  for (int64_t i = 0; i < count; i++, from += g->C, to += pixel) {
    memset(to + pixel - 4, 0, 4);
    ISA.narrow(from, g->C, s, to);
  }
}

enum { ROWS = 8 };
static tarn_status copy_rows(void *argument, int64_t chunk, int worker) {
  (void)worker;
  const copying *job = argument;
  const plan *t = job->t;
  const tarn_conv2d *g = &t->g;
  const int64_t pixel = t->C * ISA.element_bytes;
  for (int64_t ph = chunk * ROWS; ph < g->N * t->PH && ph < chunk * ROWS + ROWS; ph++) {
    const int64_t n = ph / t->PH, ih = ph % t->PH - g->pad_top;
    const tarn_narrow_scale *s = &job->scale[n];
    char *to = job->to + ph * t->PW * pixel;
    int64_t left = g->pad_left < t->PW ? g->pad_left : t->PW;
    int64_t inner = g->W < t->PW - left ? g->W : t->PW - left;
    if (ih < 0 || ih >= g->H) left = t->PW, inner = 0;
    fill(t, s, to, left);
    copy_pixels(t, s, job->x + (n * g->H + ih) * g->W * g->C, inner, to + left * pixel);
    fill(t, s, to + (left + inner) * pixel, t->PW - left - inner);
  }
  return TARN_OK;
}

/* ---- the product ----------------------------------------------------------------------------- */

static void rows_at(const void *source, int64_t first, int rows, int64_t *at) {
  const plan *t = source;
  const tarn_conv2d *g = &t->g;
  int64_t ow = first % g->OW, oh = first / g->OW % g->OH, n = first / (g->OW * g->OH);
  for (int r = 0; r < rows; r++) {
    at[r] = ((n * t->PH + oh * g->stride_h) * t->PW + ow * g->stride_w) * t->C * ISA.element_bytes;
    if (++ow == g->OW) {
      ow = 0;
      if (++oh == g->OH) oh = 0, n++;
    }
  }
}

static tarn_status run(const tarn_call *call) {
  const plan t = plan_of(call->problem);
  const tarn_conv2d *g = &t.g;
  if (g->OC == 0) return TARN_OK;
  tarn_narrow_scale *scale = call->scratch;
  char *picture = (char *)call->scratch + scales_bytes(&t);
  copying job = {&t, call->in[0]->data, picture, scale};
  if (ISA.quantized) TARN_TRY(tarn__pool_run(call->pool, g->N, range_of_picture, &job));
  const bool small = t.picture_bytes * (size_t)g->N < 65536;
  TARN_TRY(
      tarn__pool_run(small ? NULL : call->pool, (g->N * t.PH + ROWS - 1) / ROWS, copy_rows, &job));
  int64_t tap[TARN_NARROW_MAX_TAPS];
  for (int64_t i = 0; i < t.taps; i++) {
    const int64_t kh = t.across ? i : i / g->KW, kw = t.across ? 0 : i % g->KW;
    tap[i] = (kh * g->dilation_h * t.PW + kw * g->dilation_w) * t.C * ISA.element_bytes;
  }
  const tarn_epilogue e = tarn__epilogue_of(call->problem);
  const tarn_narrow_gemm product = {
      .M = t.M,
      .N = g->OC,
      .taps = t.taps,
      .depth = t.depth,
      .tap = tap,
      .a = picture,
      .rows_at = rows_at,
      .source = &t,
      .scale_a = ISA.quantized ? scale : NULL,
      .range = g->OH * g->OW,
      .b = call->prepared,
      .c = call->out[0]->data,
      .ldc = g->OC,
      .bias = tarn__epilogue_input(call, e.bias),
      .add = tarn__epilogue_input(call, e.add),
      .activation = tarn__epilogue_activation(e.activation),
  };
  TARN_TRY(tarn__narrow_run(&ISA, &product, call->pool));
  if (tarn__epilogue_in_registers(e.activation)) return TARN_OK;
  return epilogue_pass(call->out[0]->data, NULL, NULL, e.activation, t.M, g->OC, call->pool);
}

#define ROW(OP)                                                                           \
  {                                                                                       \
    .op = OP, .dtypes = TARN_BIT(TARN_F32), .precision = PRECISION, .supports = supports, \
    .cost_us = cost_us, .scratch_bytes = scratch_bytes, .prepared_bytes = prepared_bytes, \
    .prepare = prepare, .spent = 1u << 1, .run = run                                      \
  }
