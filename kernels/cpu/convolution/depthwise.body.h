/* DepthwiseConv2dNative and its gradients with channels last, for AVX2 and AVX-512, of every float;
 * conv2d/vertical.body.h is faster where it takes the problem. In float (half floats are brought to
 * it first) and in double.
 *
 * x is copied with zeros round it and each channel repeated as often as it is multiplied, so that
 * all is element by element over the output's channels:  y[p] += x[p + tap] w[tap],  dw[tap] += x[p
 * + tap] dy[p],  dx[p + tap] += dy[p] w[tap]. A chunk is an output row, or a part of the channels.
 * dx of steps of one is a convolution too, of dy with zeros round it and the filter turned
 * round. */
#include "kernels/cpu/convolution/padded.h"
#include "kernels/cpu/dtype_rows.h"
#include "kernels/cpu/simd/floats.h"

enum { PART = 64 };   /* channels of a chunk of the gradients */
#ifdef __AVX512F__
#define VECTOR 64
#else
#define VECTOR 32
#endif
#define AT(SUFFIX, p) (*(vec_##SUFFIX *)(void *)(uintptr_t)(p))

typedef enum which { FORWARD, FILTER, INPUT } which;

typedef struct job {
  tarn_conv g;
  which what;
  int64_t size[2],
      multiplier; /* height and width with zeros; output channels of an input channel */
  bool turned;                       /* dx as a convolution of dy */
  int64_t rows, cols, lead[2],
      in[2]; /* of what comes out; zeros before and elements of what goes in */
  int64_t skip[2];                   /* where tap 0 of output 0 reads */
  const void *x, *w, *dy;            /* of T; w with OC columns */
  void *padded, *out;                /* [N, size, OC], and y, dw or dx */
} job;

static job job_of(const tarn_problem *p, which what) {
  const tarn_shape *x = what == INPUT ? &p->out_shape[0] : &p->in_shape[0];
  const tarn_shape *w = what == FILTER ? &p->out_shape[0] : &p->in_shape[1];
  job j = {.g = tarn__conv_of(p->params, x, w, true), .what = what};
  for (int a = 0; a < 2; a++) {
    const tarn_axis *s = &j.g.axis[a + 1];
    const int64_t reach = s->before + s->in,
                  needed = (s->out - 1) * s->stride + (s->window - 1) * s->dilation + 1;
    j.size[a] = needed > reach ? needed : reach;
  }
  j.multiplier = j.g.C > 0 ? j.g.OC / j.g.C : 1;
  j.rows = j.g.axis[1].out, j.cols = j.g.axis[2].out;
  j.turned =
      what == INPUT && j.multiplier == 1 && j.g.axis[1].stride == 1 && j.g.axis[2].stride == 1;
  for (int a = 0; a < 2; a++) {
    const tarn_axis *s = &j.g.axis[a + 1];
    j.lead[a] = s->before, j.in[a] = s->in;
    if (!j.turned) continue;
    const int64_t width = (s->window - 1) * s->dilation,
                  lead = width > s->before ? width - s->before : 0;
    const int64_t reach = lead + s->in + s->before, filled = lead + s->out;
    j.lead[a] = lead, j.in[a] = s->out;
    j.skip[a] = s->before + lead - width;
    j.size[a] = reach > filled ? reach : filled;
    *(a ? &j.cols : &j.rows) = s->in;
  }
  return j;
}
static int64_t padded_elements(const job *j) { return j->g.N * j->size[0] * j->size[1] * j->g.OC; }

#define DEPTHWISE(SUFFIX, T)                                                                       \
  /* Channels of x, or of dy, into the padded copy, of image n. */                                 \
  static void spread_##SUFFIX(const job *j, int64_t n) {                                           \
    const int64_t OC = j->g.OC, M = j->turned ? 1 : j->multiplier, C = OC / M, row = j->in[1] * C; \
    T *to = (T *)j->padded + n * j->size[0] * j->size[1] * OC;                                     \
    const T *x = (const T *)(j->turned ? j->dy : j->x) + n * j->in[0] * row;                       \
    memset(to, 0, (size_t)(j->size[0] * j->size[1] * OC) * sizeof(T));                             \
    for (int64_t i = 0; i < j->in[0]; i++, x += row) {                                             \
      T *y = to + ((i + j->lead[0]) * j->size[1] + j->lead[1]) * OC;                               \
      if (M == 1)                                                                                  \
        memcpy(y, x, (size_t)row * sizeof(T));                                                     \
      else                                                                                         \
        for (int64_t c = 0; c < row; c++)                                                          \
          for (int64_t m = 0; m < M; m++) y[c * M + m] = x[c];                                     \
    }                                                                                              \
  }                                                                                                \
  typedef T vec_##SUFFIX __attribute__((vector_size(VECTOR), aligned(1), may_alias));              \
  /* y[c] = sum over taps of x[tap][c] w[tap][c], for `vectors` (1 or 4) vectors of channels. */   \
  static inline void taps_##SUFFIX(const job *j, const T *x, const T *w, int vectors, T *y) {      \
    const tarn_axis *h = &j->g.axis[1], *v = &j->g.axis[2];                                        \
    const int64_t OC = j->g.OC, down = h->dilation * j->size[1] * OC, along = v->dilation * OC;    \
    const int64_t next = j->turned ? -OC : OC;                                                     \
    const int64_t lanes = VECTOR / sizeof(T);                                                      \
    vec_##SUFFIX s0 = {0}, s1 = s0, s2 = s0, s3 = s0;                                              \
    if (j->turned) w += (h->window * v->window - 1) * OC;                                          \
    for (int64_t kh = 0; kh < h->window; kh++, x += down) {                                        \
      const T *at = x;                                                                             \
      for (int64_t kw = 0; kw < v->window; kw++, at += along, w += next) {                         \
        s0 += AT(SUFFIX, at) * AT(SUFFIX, w);                                                      \
        if (vectors == 1) continue;                                                                \
        s1 += AT(SUFFIX, at + lanes) * AT(SUFFIX, w + lanes);                                      \
        s2 += AT(SUFFIX, at + 2 * lanes) * AT(SUFFIX, w + 2 * lanes);                              \
        s3 += AT(SUFFIX, at + 3 * lanes) * AT(SUFFIX, w + 3 * lanes);                              \
      }                                                                                            \
    }                                                                                              \
    AT(SUFFIX, y) = s0;                                                                            \
    if (vectors == 1) return;                                                                      \
    AT(SUFFIX, y + lanes) = s1;                                                                    \
    AT(SUFFIX, y + 2 * lanes) = s2;                                                                \
    AT(SUFFIX, y + 3 * lanes) = s3;                                                                \
  }                                                                                                \
  /* Fewer channels than a vector has. */                                                          \
  static void few_##SUFFIX(const job *j, const T *x, const T *w, T *y) {                           \
    const tarn_axis *h = &j->g.axis[1], *v = &j->g.axis[2];                                        \
    const int64_t OC = j->g.OC, taps = h->window * v->window;                                      \
    T sums[VECTOR / sizeof(T)] = {0};                                                              \
    for (int64_t tap = 0; tap < taps; tap++) {                                                     \
      const T *at =                                                                                \
          x + (tap / v->window * h->dilation * j->size[1] + tap % v->window * v->dilation) * OC;   \
      const T *by = w + (j->turned ? taps - 1 - tap : tap) * OC;                                   \
      TARN_EACH_LANE                                                                               \
      for (int64_t c = 0; c < OC; c++) sums[c] += at[c] * by[c];                                   \
    }                                                                                              \
    memcpy(y, sums, (size_t)OC * sizeof(T));                                                       \
  }                                                                                                \
  static tarn_status row_##SUFFIX(void *argument, int64_t row, int worker) {                       \
    (void)worker;                                                                                  \
    const job *j = argument;                                                                       \
    const tarn_axis *h = &j->g.axis[1], *v = &j->g.axis[2];                                        \
    const int64_t OC = j->g.OC, n = row / j->rows, oh = row % j->rows, lanes = VECTOR / sizeof(T); \
    const T *image = (const T *)j->padded + n * j->size[0] * j->size[1] * OC, *w = j->w;           \
    const T *x = image + ((oh * h->stride + j->skip[0]) * j->size[1] + j->skip[1]) * OC;           \
    T *y = (T *)j->out + row * j->cols * OC;                                                       \
    for (int64_t ow = 0; ow < j->cols; ow++, y += OC, x += v->stride * OC) {                       \
      int64_t c = 0;                                                                               \
      if (OC < lanes) {                                                                            \
        few_##SUFFIX(j, x, w, y);                                                                  \
        continue;                                                                                  \
      }                                                                                            \
      for (; c + 4 * lanes <= OC; c += 4 * lanes) taps_##SUFFIX(j, x + c, w + c, 4, y + c);        \
      for (; c + lanes <= OC; c += lanes) taps_##SUFFIX(j, x + c, w + c, 1, y + c);                \
      if (c < OC)                                                                                  \
        taps_##SUFFIX(j, x + OC - lanes, w + OC - lanes, 1, y + OC - lanes); /* some once more */  \
    }                                                                                              \
    return TARN_OK;                                                                                \
  }                                                                                                \
  static tarn_status part_##SUFFIX(void *argument, int64_t chunk, int worker) {                    \
    (void)worker;                                                                                  \
    const job *j = argument;                                                                       \
    const tarn_axis *h = &j->g.axis[1], *v = &j->g.axis[2];                                        \
    const int64_t OC = j->g.OC, c0 = chunk * PART, count = OC - c0 < PART ? OC - c0 : PART;        \
    for (int64_t kh = 0; kh < h->window; kh++)                                                     \
      for (int64_t kw = 0; kw < v->window; kw++) {                                                 \
        const int64_t tap = (kh * v->window + kw) * OC + c0;                                       \
        T total[PART] = {0};                                                                       \
        for (int64_t row = 0; row < j->g.N * h->out; row++) {                                      \
          const int64_t n = row / h->out, oh = row % h->out;                                       \
          T *x = (T *)j->padded +                                                                  \
                 ((n * j->size[0] + oh * h->stride + kh * h->dilation) * j->size[1] +              \
                  kw * v->dilation) *                                                              \
                     OC +                                                                          \
                 c0;                                                                               \
          const T *dy = (const T *)j->dy + row * v->out * OC + c0;                                 \
          if (j->what == FILTER) {                                                                 \
            T sums[PART] = {0};                                                                    \
            for (int64_t ow = 0; ow < v->out; ow++, x += v->stride * OC, dy += OC) {               \
              TARN_EACH_LANE                                                                       \
              for (int64_t c = 0; c < count; c++) sums[c] += x[c] * dy[c];                         \
            }                                                                                      \
            for (int64_t c = 0; c < count; c++) total[c] += sums[c];                               \
          } else {                                                                                 \
            const T *w = (const T *)j->w + tap;                                                    \
            for (int64_t ow = 0; ow < v->out; ow++, x += v->stride * OC, dy += OC) {               \
              TARN_EACH_LANE                                                                       \
              for (int64_t c = 0; c < count; c++) x[c] += dy[c] * w[c];                            \
            }                                                                                      \
          }                                                                                        \
        }                                                                                          \
        if (j->what == FILTER) memcpy((T *)j->out + tap, total, (size_t)count * sizeof(T));        \
      }                                                                                            \
    return TARN_OK;                                                                                \
  }                                                                                                \
  static void gather_##SUFFIX(const job *j) {                                                      \
    const tarn_axis *h = &j->g.axis[1], *v = &j->g.axis[2];                                        \
    const int64_t C = j->g.C, M = j->multiplier;                                                   \
    T *dx = j->out;                                                                                \
    for (int64_t n = 0; n < j->g.N; n++)                                                           \
      for (int64_t i = 0; i < h->in; i++)                                                          \
        for (int64_t k = 0; k < v->in; k++, dx += C) {                                             \
          const T *x = (const T *)j->padded +                                                      \
                       ((n * j->size[0] + i + h->before) * j->size[1] + k + v->before) * j->g.OC;  \
          for (int64_t c = 0; c < C; c++) {                                                        \
            T sum = 0;                                                                             \
            for (int64_t m = 0; m < M; m++) sum += x[c * M + m];                                   \
            dx[c] = sum;                                                                           \
          }                                                                                        \
        }                                                                                          \
  }                                                                                                \
  static tarn_status all_##SUFFIX(job *j, tarn_pool *pool) {                                       \
    const int64_t parts = (j->g.OC + PART - 1) / PART;                                             \
    if (j->what == INPUT && !j->turned) {                                                          \
      memset(j->padded, 0, (size_t)padded_elements(j) * sizeof(T));                                \
      TARN_TRY(tarn__pool_run(pool, parts, part_##SUFFIX, j));                                     \
      gather_##SUFFIX(j);                                                                          \
      return TARN_OK;                                                                              \
    }                                                                                              \
    for (int64_t n = 0; n < j->g.N; n++) spread_##SUFFIX(j, n);                                    \
    if (j->what == FILTER) return tarn__pool_run(pool, parts, part_##SUFFIX, j);                   \
    return tarn__pool_run(pool, j->g.N * j->rows, row_##SUFFIX, j);                                \
  }
DEPTHWISE(f32, float)
DEPTHWISE(f64, double)

static const char *supports(const tarn_problem *p) {
  if (((const tarn_window_params *)p->params)->channels_first) return "channels are not last";
  if (p->out_shape[0].rank < 0) return "the shape is not known yet";
  return tarn__shape_elements(&p->out_shape[0]) == 0 ? "nothing to compute" : NULL;
}

/* A fifth of the ceiling of memory in cache; above what conv2d/vertical.body.h asks for. */
static double cost(const tarn_problem *p, const tarn_machine *m, which what) {
  const job j = job_of(p, what);
  const double taps = (double)(j.g.axis[1].window * j.g.axis[2].window),
               bytes = (double)tarn_dtype_bytes(p->out_dtype[0]);
  const double outputs = (double)(j.g.N * j.g.axis[1].out * j.g.axis[2].out * j.g.OC);
  return 10 + 4 * outputs * (taps + 4) * (bytes < 4 ? 4 : bytes) / (1e3 * m->gbytes_per_s);
}
static size_t bytes(const tarn_problem *p, int threads, which what) {
  (void)threads;
  if (p->out_shape[0].rank < 0) return 0;
  const job j = job_of(p, what);
  int64_t elements = padded_elements(&j), wide = p->out_dtype[0] == TARN_F64 ? 8 : 4;
  if (tarn_dtype_bytes(p->out_dtype[0]) == 2) {
    elements += tarn__shape_elements(&p->out_shape[0]);
    for (int i = 0; i < p->inputs; i++) elements += tarn__shape_elements(&p->in_shape[i]);
  }
  return (size_t)(elements * wide);
}

static tarn_status run(const tarn_call *call, which what) {
  const tarn_problem *p = call->problem;
  job j = job_of(p, what);
  tarn_tensor *out = call->out[0];
  const tarn_tensor *x = call->in[0], *w = call->in[1], *dy = call->in[p->inputs - 1];
  j.padded = call->scratch;
  if (out->dtype == TARN_F64) {
    j.x = x->data, j.w = w->data, j.dy = dy->data, j.out = out->data;
    return all_f64(&j, call->pool);
  }
  float *room = (float *)call->scratch + padded_elements(&j);
  const int64_t n = tarn__tensor_elements(out);
  if (what != INPUT) j.x = lane_floats_of(x, &room, tarn__tensor_elements(x));
  if (what != FILTER) j.w = lane_floats_of(w, &room, tarn__tensor_elements(w));
  if (what != FORWARD) j.dy = lane_floats_of(dy, &room, tarn__tensor_elements(dy));
  j.out = lane_floats_for(out, &room, n);
  TARN_TRY(all_f32(&j, call->pool));
  lane_round_into(out, j.out, n);
  return TARN_OK;
}
#define FUNCTIONS(name, what)                                               \
  static double cost_##name(const tarn_problem *p, const tarn_machine *m) { \
    return cost(p, m, what);                                                \
  }                                                                         \
  static size_t bytes_##name(const tarn_problem *p, int threads) {          \
    return bytes(p, threads, what);                                         \
  }                                                                         \
  static tarn_status run_##name(const tarn_call *call) {                    \
    return run(call, what);                                                 \
  }
FUNCTIONS(forward, FORWARD)
FUNCTIONS(filter, FILTER)
FUNCTIONS(input, INPUT)

#define ROW(text, name)           \
  {.op = text,                    \
   .dtypes = TARN_FLOATS,         \
   .keyed = -1,                   \
   .supports = supports,          \
   .cost_us = cost_##name,        \
   .scratch_bytes = bytes_##name, \
   .run = run_##name},
#define ROWS                                         \
  ROW("DepthwiseConv2dNative", forward)              \
  ROW("DepthwiseConv2dNativeBackpropFilter", filter) \
      ROW("DepthwiseConv2dNativeBackpropInput", input)
