/* Dilation2D and its gradients in float and double for AVX2 and AVX-512: a block of channels at a
 * time, which remembers the tap that made the greatest sum. A chunk is an output row, or for the
 * gradients a part of the channels. */
#include "kernels/cpu/dtype_rows.h"
#include "kernels/params/conv2d.h"

#include <float.h>

enum { LANES = 16, PART = 64, MAX_TAPS = 4096 };

typedef struct job {
  tarn_conv2d g;
  bool of_filter;
  const void *x, *w, *dy;
  void *out;
} job;

/* The filter [KH, KW, C] as a depthwise one of one output a channel. */
static tarn_conv2d geometry(const tarn_problem *p) {
  tarn_shape w = p->in_shape[1];
  w.rank = 4;
  w.dim[3] = 1;
  return tarn__conv2d_of(p->params, &p->in_shape[0], &w, true);
}

/* Taps [first, last) of an output that read inside the input. */
static void clip(int64_t begin, int64_t dilation, int64_t window, int64_t in, int64_t *first,
                 int64_t *last) {
  *first = begin < 0 ? (-begin + dilation - 1) / dilation : 0;
  *last = in - begin <= 0 ? 0 : (in - begin + dilation - 1) / dilation;
  if (*last > window) *last = window;
}

#define DILATION(SUFFIX, T, I, LEAST)                                                              \
  /* best[c] = the greatest x + w of channels c0.. under the window; at[c] its tap, -1 where there \
   * is none. */                                                                                   \
  static inline void best_##SUFFIX(const tarn_conv2d *g, const T *image, const T *w, int64_t oh,   \
                                   int64_t ow, int64_t count, T *best, I *at) {                    \
    const int64_t top = oh * g->stride_h - g->pad_top, left = ow * g->stride_w - g->pad_left;      \
    int64_t h0, h1, w0, w1;                                                                        \
    clip(top, g->dilation_h, g->KH, g->H, &h0, &h1);                                               \
    clip(left, g->dilation_w, g->KW, g->W, &w0, &w1);                                              \
    const I first = h0 < h1 && w0 < w1 ? (I)(h0 * g->KW + w0) : -1;                                \
    for (int c = 0; c < LANES; c++) best[c] = LEAST, at[c] = first;                                \
    for (int64_t kh = h0; kh < h1; kh++)                                                           \
      for (int64_t kw = w0; kw < w1; kw++) {                                                       \
        const I tap = (I)(kh * g->KW + kw);                                                        \
        const T *x =                                                                               \
            image + ((top + kh * g->dilation_h) * g->W + left + kw * g->dilation_w) * g->C;        \
        const T *v = w + (int64_t)tap * g->C;                                                      \
        if (count == LANES) {                                                                      \
          TARN_EACH_LANE                                                                           \
          for (int c = 0; c < LANES; c++) {                                                        \
            const T sum = x[c] + v[c];                                                             \
            at[c] = sum > best[c] ? tap : at[c];                                                   \
            best[c] = sum > best[c] ? sum : best[c];                                               \
          }                                                                                        \
        } else {                                                                                   \
          for (int64_t c = 0; c < count; c++) {                                                    \
            const T sum = x[c] + v[c];                                                             \
            if (sum > best[c]) best[c] = sum, at[c] = tap;                                         \
          }                                                                                        \
        }                                                                                          \
      }                                                                                            \
  }                                                                                                \
  static tarn_status row_##SUFFIX(void *argument, int64_t row, int worker) {                       \
    (void)worker;                                                                                  \
    const job *j = argument;                                                                       \
    const tarn_conv2d *g = &j->g;                                                                  \
    const T *image = (const T *)j->x + row / g->OH * g->H * g->W * g->C, *w = j->w;                \
    T *y = (T *)j->out + row * g->OW * g->C, best[LANES];                                          \
    I at[LANES];                                                                                   \
    for (int64_t ow = 0; ow < g->OW; ow++, y += g->C)                                              \
      for (int64_t c = 0; c < g->C; c += LANES) {                                                  \
        const int64_t count = g->C - c < LANES ? g->C - c : LANES;                                 \
        best_##SUFFIX(g, image + c, w + c, row % g->OH, ow, count, best, at);                      \
        memcpy(y + c, best, (size_t)count * sizeof(T));                                            \
      }                                                                                            \
    return TARN_OK;                                                                                \
  }                                                                                                \
  static tarn_status part_##SUFFIX(void *argument, int64_t part, int worker) {                     \
    (void)worker;                                                                                  \
    const job *j = argument;                                                                       \
    const tarn_conv2d *g = &j->g;                                                                  \
    const int64_t c0 = part * PART, c1 = g->C - c0 < PART ? g->C : c0 + PART;                      \
    T best[LANES];                                                                                 \
    I at[LANES];                                                                                   \
    const T *dy = j->dy;                                                                           \
    for (int64_t n = 0; n < g->N; n++) {                                                           \
      const T *image = (const T *)j->x + n * g->H * g->W * g->C, *w = j->w;                        \
      T *out = (T *)j->out + (j->of_filter ? 0 : n * g->H * g->W * g->C);                          \
      for (int64_t oh = 0; oh < g->OH; oh++)                                                       \
        for (int64_t ow = 0; ow < g->OW; ow++, dy += g->C) {                                       \
          const int64_t top = oh * g->stride_h - g->pad_top,                                       \
                        left = ow * g->stride_w - g->pad_left;                                     \
          for (int64_t c = c0; c < c1; c += LANES) {                                               \
            const int64_t count = c1 - c < LANES ? c1 - c : LANES;                                 \
            best_##SUFFIX(g, image + c, w + c, oh, ow, count, best, at);                           \
            for (int64_t i = 0; i < count; i++) {                                                  \
              const int64_t tap = at[i];                                                           \
              if (tap < 0) continue;                                                               \
              int64_t to = tap;                                                                    \
              if (!j->of_filter) {                                                                 \
                const int64_t kh = (int32_t)tap / (int32_t)g->KW, kw = tap - kh * g->KW;           \
                to = (top + kh * g->dilation_h) * g->W + left + kw * g->dilation_w;                \
              }                                                                                    \
              out[to * g->C + c + i] += dy[c + i];                                                 \
            }                                                                                      \
          }                                                                                        \
        }                                                                                          \
    }                                                                                              \
    return TARN_OK;                                                                                \
  }
DILATION(f32, float, int32_t, -FLT_MAX)
DILATION(f64, double, int64_t, -DBL_MAX)

static const char *supports(const tarn_problem *p) {
  const tarn_conv2d g = geometry(p);
  return g.KH * g.KW > MAX_TAPS ? "the filter is large" : NULL;
}

static tarn_status run(const tarn_call *call) {
  job j = {.g = geometry(call->problem),
           .x = call->in[0]->data,
           .w = call->in[1]->data,
           .out = call->out[0]->data};
  if (tarn__tensor_elements(call->out[0]) == 0) return TARN_OK;
  tarn_pool *pool = tarn__tensor_elements(call->out[0]) < 8192 ? NULL : call->pool;
  return tarn__pool_run(pool, j.g.N * j.g.OH, call->out[0]->dtype == TARN_F32 ? row_f32 : row_f64,
                        &j);
}
static tarn_status gradient(const tarn_call *call, bool of_filter) {
  job j = {.g = geometry(call->problem),
           .of_filter = of_filter,
           .x = call->in[0]->data,
           .w = call->in[1]->data,
           .dy = call->in[2]->data,
           .out = call->out[0]->data};
  memset(j.out, 0, tarn__tensor_bytes(call->out[0]));
  return tarn__pool_run(call->pool, (j.g.C + PART - 1) / PART,
                        call->out[0]->dtype == TARN_F32 ? part_f32 : part_f64, &j);
}
static tarn_status run_input(const tarn_call *call) { return gradient(call, false); }
static tarn_status run_filter(const tarn_call *call) { return gradient(call, true); }

#define ROW(text, run_)                               \
  {.op = text,                                        \
   .dtypes = TARN_BIT(TARN_F32) | TARN_BIT(TARN_F64), \
   .supports = supports,                              \
   .run = run_},
#define ROWS                                                                              \
  ROW("Dilation2D", run) ROW("Dilation2DBackpropInput", run_input)                        \
  ROW("Dilation2DBackpropFilter", run_filter)
