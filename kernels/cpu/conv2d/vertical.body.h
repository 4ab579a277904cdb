/* DepthwiseConv2dNative in f32, channels last, one output channel per input channel, for AVX2 and
 * AVX-512.
 *
 *   for an output row                                   a chunk
 *     for a vector of channels                          the taps' weights are vectors too
 *       for six output positions: 6 accumulators
 *         for each tap inside the picture: load w once, then six times load x and multiply-add
 *
 * One load a multiply-add: bound by L1's two loads a cycle. Positions whose window leaves the
 * picture on the left or right go one by one. Most 3x3 filters take depthwise3.body.h instead,
 * where an input vector serves up to nine. */
#include "kernels/cpu/conv2d/depthwise3.body.h"
#include "kernels/cpu/gemm/epilogue.h"
#include "kernels/cpu/simd/vec.h"
#include "kernels/params/conv2d.h"

enum { WIDE = 6 };

typedef struct job {
  tarn_conv2d g;
  const float *x, *w, *bias, *add, *zero;
  float *y;
  tarn_activation activation;
  int64_t inner0, inner1;        /* output columns whose windows are wholly inside */
} job;

static const char *supports(const tarn_problem *p) {
  tarn_conv2d g = tarn__conv2d_geometry(p, true);
  if (g.channels_first) return "the layout is NCHW";
  if (g.OC != g.C) return "more than one output channel per input channel";
  if (!tarn__epilogue_in_registers(tarn__epilogue_of(p).activation))
    return "an activation that is not done in registers";
  return NULL;
}

static double cost_us(const tarn_problem *p, const tarn_machine *m) {
  tarn_conv2d g = tarn__conv2d_geometry(p, true);
  double lanes = (double)((g.C + VF - 1) / VF * VF), outputs = (double)(g.N * g.OH * g.OW) * lanes;
  double flops = 2 * outputs * (double)(g.KH * g.KW) / (1e3 * m->gflops[TARGET] * 0.5);
  double bytes = 4 * (outputs + (double)(g.N * g.H * g.W * g.C)) / (1e3 * m->gbytes_per_s);
  double work = flops > bytes ? flops : bytes;
  return 0.5 + (work > 20 ? work / m->threads : work);
}

static inline void finish(const job *j, float *y, const float *add, vf s, vf bias, vm m) {
  s = vf_add(s, bias);
  if (add) s = vf_add(s, vf_load_m(add, m));
  if (j->activation != TARN_ACT_NONE) s = vf_max(vf_zero(), s);
  if (j->activation == TARN_ACT_RELU6) s = vf_min(vf_set1(6.0f), s);
  vf_store_m(y, m, s);
}

/* Taps [first, last) of output position o that lie inside. */
static void taps_inside(int64_t o, int64_t stride, int64_t pad, int64_t dilation, int64_t window,
                        int64_t in, int64_t *first, int64_t *last) {
  int64_t begin = o * stride - pad;
  *first = begin >= 0 ? 0 : (-begin + dilation - 1) / dilation;
  *last = in - begin <= 0 ? 0 : (in - begin + dilation - 1) / dilation;
  if (*last > window) *last = window;
  if (*first > *last) *first = *last;
}

static void one(const job *j, const float *x, float *y, const float *add, int64_t kh0, int64_t kh1,
                int64_t kw0, int64_t kw1, int64_t c, vf bias, vm m) {
  const tarn_conv2d *g = &j->g;
  vf s = vf_zero();
  for (int64_t kh = kh0; kh < kh1; kh++)
    for (int64_t kw = kw0; kw < kw1; kw++)
      s = vf_fma(vf_load_m(x + (kh * g->dilation_h * g->W + kw * g->dilation_w) * g->C, m),
                 vf_load_m(j->w + (kh * g->KW + kw) * g->C + c, m), s);
  finish(j, y, add, s, bias, m);
}

#define SIX(X) X(0) X(1) X(2) X(3) X(4) X(5)

static inline void six(const job *j, const float *x, float *y, const float *add, int64_t kh0,
                       int64_t kh1, int64_t c, vf bias, vm m, bool whole) {
  const tarn_conv2d *g = &j->g;
  int64_t step = g->stride_w * g->C;
#define DECLARE(i) vf s##i = vf_zero();
  SIX(DECLARE)
  for (int64_t kh = kh0; kh < kh1; kh++) {
    const float *row = x + kh * g->dilation_h * g->W * g->C, *w = j->w + kh * g->KW * g->C + c;
    for (int64_t kw = 0; kw < g->KW; kw++, row += g->dilation_w * g->C, w += g->C) {
      vf t = whole ? vf_load(w) : vf_load_m(w, m);
#define STEP(i) \
  s##i = vf_fma(whole ? vf_load(row + i * step) : vf_load_m(row + i * step, m), t, s##i);
      SIX(STEP)
    }
  }
#define FINISH(i) finish(j, y + i * g->C, add ? add + i * g->C : NULL, s##i, bias, m);
  SIX(FINISH)
#undef DECLARE
#undef STEP
#undef FINISH
}

static tarn_status row(void *argument, int64_t chunk, int worker) {
  (void)worker;
  const job *j = argument;
  const tarn_conv2d *g = &j->g;
  int64_t oh = chunk % g->OH, n = chunk / g->OH, C = g->C, kh0, kh1;
  taps_inside(oh, g->stride_h, g->pad_top, g->dilation_h, g->KH, g->H, &kh0, &kh1);
  /* Of the window's corner; outside the picture in parts that kh0.. and kw0.. leave out. */
  int64_t corner = ((n * g->H + oh * g->stride_h - g->pad_top) * g->W - g->pad_left) * C;
  for (int64_t c = 0; c < C; c += VF) {
    bool whole = C - c >= VF;
    vm m = vm_first(whole ? VF : C - c);
    vf bias = j->bias ? vf_load_m(j->bias + c, m) : vf_zero();
    for (int64_t ow = 0; ow < g->OW;) {
      const float *x = j->x + (corner + ow * g->stride_w * C + c);
      int64_t at = (chunk * g->OW + ow) * C + c;
      const float *add = j->add ? j->add + at : NULL;
      if (ow >= j->inner0 && ow + WIDE <= j->inner1) {
        if (whole) six(j, x, j->y + at, add, kh0, kh1, c, bias, m, true);
        else six(j, x, j->y + at, add, kh0, kh1, c, bias, m, false);
        ow += WIDE;
      } else {
        int64_t kw0, kw1;
        taps_inside(ow, g->stride_w, g->pad_left, g->dilation_w, g->KW, g->W, &kw0, &kw1);
        one(j, x, j->y + at, add, kh0, kh1, kw0, kw1, c, bias, m);
        ow++;
      }
    }
  }
  return TARN_OK;
}

/* Of 3x3 filters: one or two rows a chunk. */
static tarn_status rows3(void *argument, int64_t chunk, int worker) {
  (void)worker;
  const job *j = argument;
  const tarn_conv2d *g = &j->g;
  const int64_t pairs = (g->OH + DEPTHWISE3_ROWS - 1) / DEPTHWISE3_ROWS, n = chunk / pairs;
  const int64_t oh = chunk % pairs * DEPTHWISE3_ROWS;
  const int rows = (int)(g->OH - oh < DEPTHWISE3_ROWS ? g->OH - oh : DEPTHWISE3_ROWS);
  const depthwise3 d = {.C = g->C,
                        .W = g->W,
                        .OW = g->OW,
                        .stride = g->stride_w,
                        .pad_left = g->pad_left,
                        .w = j->w,
                        .bias = j->bias,
                        .zero = j->zero,
                        .activation = j->activation};
  const float *x[(DEPTHWISE3_ROWS - 1) * 2 + 3], *add[DEPTHWISE3_ROWS];
  float *y[DEPTHWISE3_ROWS];
  for (int i = 0; i < (rows - 1) * g->stride_h + 3; i++) {
    const int64_t ih = oh * g->stride_h - g->pad_top + i;
    x[i] = ih < 0 || ih >= g->H ? j->zero : j->x + (n * g->H + ih) * g->W * g->C;
  }
  for (int r = 0; r < rows; r++) {
    const int64_t at = (n * g->OH + oh + r) * g->OW * g->C;
    y[r] = j->y + at;
    add[r] = j->add ? j->add + at : NULL;
  }
  depthwise3_rows(&d, rows, x, y, j->add ? add : NULL);
  return TARN_OK;
}

static bool by_rows3(const tarn_conv2d *g) {
  return g->KH == 3 && g->KW == 3 && g->dilation_h == 1 && g->dilation_w == 1 &&
         depthwise3_takes(g->W, g->OW, g->stride_h, g->stride_w, g->pad_left);
}

static size_t scratch_bytes(const tarn_problem *p, int threads) {
  (void)threads;
  const tarn_conv2d g = tarn__conv2d_geometry(p, true);
  return by_rows3(&g) ? (size_t)(g.W * g.C) * sizeof(float) : 0;
}

static tarn_status run(const tarn_call *call) {
  tarn_epilogue e = tarn__epilogue_of(call->problem);
  job j = {.g = tarn__conv2d_geometry(call->problem, true),
           .x = call->in[0]->data,
           .w = call->in[1]->data,
           .y = call->out[0]->data,
           .bias = tarn__epilogue_input(call, e.bias),
           .add = tarn__epilogue_input(call, e.add),
           .activation = tarn__epilogue_activation(e.activation)};
  const tarn_conv2d *g = &j.g;
  int64_t outputs = g->N * g->OH * g->OW * g->C;
  if (outputs == 0) return TARN_OK;
  if (by_rows3(g)) {
    memset(call->scratch, 0, scratch_bytes(call->problem, 1));
    j.zero = call->scratch;
    return tarn__pool_run(outputs * 9 < 65536 ? NULL : call->pool,
                          g->N * ((g->OH + DEPTHWISE3_ROWS - 1) / DEPTHWISE3_ROWS), rows3, &j);
  }
  int64_t room = g->W + g->pad_left - ((g->KW - 1) * g->dilation_w + 1);
  j.inner0 = (g->pad_left + g->stride_w - 1) / g->stride_w;
  j.inner1 = room < 0 ? 0 : room / g->stride_w + 1;
  if (j.inner1 > g->OW) j.inner1 = g->OW;
  return tarn__pool_run(outputs * g->KH * g->KW < 65536 ? NULL : call->pool, g->N * g->OH, row, &j);
}

#define ROW(OP) {.op = OP, .dtypes = TARN_BIT(TARN_F32), .supports = supports, .cost_us = cost_us, \
   .scratch_bytes = scratch_bytes, .run = run}
#define ROWS ROW("DepthwiseConv2dNative"), ROW("_FusedDepthwiseConv2dNative")
