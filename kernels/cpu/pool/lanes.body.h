/* Max and average pooling of the floats that channels.body.h does not take, and the gradient of
 * average pooling, with channels last, for AVX2 and AVX-512. In float (half floats are brought to
 * it first) and in double. A chunk is an output row, or for the gradient a part of an image's
 * channels. */
#include "kernels/cpu/dtype_rows.h"
#include "kernels/cpu/pool/under.h"
#include "kernels/cpu/simd/floats.h"
#include "kernels/params/pool.h"

#include <float.h>

enum { PART = 64 };              /* channels of a chunk of the gradient */

typedef struct job {
  tarn_pooling g;
  bool average;
  const void *from;              /* x, or dy */
  void *to;                      /* y, or dx */
} job;

/* Below the least finite number nothing is counted in a maximum, and no NaN, as TensorFlow does. */
#define POOL(SUFFIX, T, LEAST)                                                                 \
  static tarn_status pool_##SUFFIX(void *argument, int64_t row, int worker) {                  \
    (void)worker;                                                                              \
    const job *j = argument;                                                                   \
    const tarn_axis *a = j->g.axis;                                                            \
    const int64_t C = j->g.C, oh = row % a[1].out, od = row / a[1].out % a[0].out,             \
                  n = row / a[1].out / a[0].out;                                               \
    const T *image = (const T *)j->from + n * a[0].in * a[1].in * a[2].in * C;                 \
    T *y = (T *)j->to + row * a[2].out * C;                                                    \
    int64_t first[3], last[3];                                                                 \
    tarn__axis_under(&a[0], od, &first[0], &last[0]);                                          \
    tarn__axis_under(&a[1], oh, &first[1], &last[1]);                                          \
    for (int64_t ow = 0; ow < a[2].out; ow++, y += C) {                                        \
      tarn__axis_under(&a[2], ow, &first[2], &last[2]);                                        \
      const int64_t count = tarn__size_under(first, last);                                     \
      for (int64_t c = 0; c < C; c++) y[c] = j->average ? 0 : LEAST;                           \
      for (int64_t d = first[0]; d < last[0]; d++)                                             \
        for (int64_t h = first[1]; h < last[1]; h++)                                           \
          for (int64_t w = first[2]; w < last[2]; w++) {                                       \
            const T *x = image + ((d * a[1].in + h) * a[2].in + w) * C;                        \
            if (j->average) {                                                                  \
              TARN_EACH_LANE                                                                   \
              for (int64_t c = 0; c < C; c++) y[c] += x[c];                                    \
            } else {                                                                           \
              TARN_EACH_LANE                                                                   \
              for (int64_t c = 0; c < C; c++) y[c] = x[c] > y[c] ? x[c] : y[c];                \
            }                                                                                  \
          }                                                                                    \
      if (j->average && count > 1)                                                             \
        for (int64_t c = 0; c < C; c++) y[c] /= (T)count;                                      \
    }                                                                                          \
    return TARN_OK;                                                                            \
  }                                                                                            \
  static tarn_status share_##SUFFIX(void *argument, int64_t chunk, int worker) {               \
    (void)worker;                                                                              \
    const job *j = argument;                                                                   \
    const tarn_axis *a = j->g.axis;                                                            \
    const int64_t C = j->g.C, parts = (C + PART - 1) / PART, n = chunk / parts,                \
                  c0 = chunk % parts * PART;                                                   \
    const int64_t count = C - c0 < PART ? C - c0 : PART, pixels = a[0].in * a[1].in * a[2].in; \
    T *dx = (T *)j->to + n * pixels * C + c0;                                                  \
    const T *dy = (const T *)j->from + n * a[0].out * a[1].out * a[2].out * C + c0;            \
    for (int64_t i = 0; i < pixels; i++) memset(dx + i * C, 0, (size_t)count * sizeof(T));     \
    int64_t first[3], last[3];                                                                 \
    for (int64_t od = 0; od < a[0].out; od++)                                                  \
      for (int64_t oh = 0; oh < a[1].out; oh++)                                                \
        for (int64_t ow = 0; ow < a[2].out; ow++, dy += C) {                                   \
          tarn__axis_under(&a[0], od, &first[0], &last[0]);                                    \
          tarn__axis_under(&a[1], oh, &first[1], &last[1]);                                    \
          tarn__axis_under(&a[2], ow, &first[2], &last[2]);                                    \
          const T size = (T)tarn__size_under(first, last);                                     \
          T share[PART];                                                                       \
          for (int64_t c = 0; c < count; c++) share[c] = dy[c] / size;                         \
          for (int64_t d = first[0]; d < last[0]; d++)                                         \
            for (int64_t h = first[1]; h < last[1]; h++)                                       \
              for (int64_t w = first[2]; w < last[2]; w++) {                                   \
                T *to = dx + ((d * a[1].in + h) * a[2].in + w) * C;                            \
                TARN_EACH_LANE                                                                 \
                for (int64_t c = 0; c < count; c++) to[c] += share[c];                         \
              }                                                                                \
        }                                                                                      \
    return TARN_OK;                                                                            \
  }
POOL(f32, float, -FLT_MAX)
POOL(f64, double, -DBL_MAX)

static const char *supports(const tarn_problem *p) {
  const tarn_pooling_params *params = p->params;
  if (params->window.channels_first) return "channels are not last";
  if (params->depth_window > 1) return "the window covers channels";
  return p->out_shape[0].rank < 0 ? "the shape is not known yet" : NULL;
}

/* Half floats: both tensors as floats. The gradient's input 1 is dy. */
static size_t scratch_bytes(const tarn_problem *p, int threads) {
  (void)threads;
  if (p->out_shape[0].rank < 0 || p->out_dtype[0] == TARN_F64) return 0;
  const int64_t in = tarn__shape_elements(&p->in_shape[p->inputs - 1]),
                out = tarn__shape_elements(&p->out_shape[0]);
  return (size_t)(in + out) * sizeof(float);
}

static tarn_status pooled(const tarn_call *call, bool average, bool gradient) {
  const tarn_problem *p = call->problem;
  const tarn_tensor *in = call->in[p->inputs - 1];
  tarn_tensor *out = call->out[0];
  const int64_t n_in = tarn__tensor_elements(in), n_out = tarn__tensor_elements(out);
  job j = {.g = tarn__pooling_of(p->params, gradient ? &p->out_shape[0] : &p->in_shape[0]),
           .average = average};
  if (n_out == 0) return TARN_OK;
  const bool wide = out->dtype == TARN_F64;
  float *room = call->scratch, *to = NULL;
  j.from = wide ? in->data : lane_floats_of(in, &room, n_in);
  if (!wide) to = lane_floats_for(out, &room, n_out);
  j.to = wide ? out->data : to;
  tarn_pool *pool = n_in + n_out < 32768 ? NULL : call->pool;
  if (gradient) {
    const int64_t chunks = j.g.N * ((j.g.C + PART - 1) / PART);
    TARN_TRY(tarn__pool_run(pool, chunks, wide ? share_f64 : share_f32, &j));
  } else {
    TARN_TRY(tarn__pool_run(pool, j.g.N * j.g.axis[0].out * j.g.axis[1].out,
                            wide ? pool_f64 : pool_f32, &j));
  }
  if (wide || out->dtype == TARN_F32) return TARN_OK;
  lane_round_into(out, to, n_out);
  return TARN_OK;
}
static tarn_status run_max(const tarn_call *call) { return pooled(call, false, false); }
static tarn_status run_average(const tarn_call *call) { return pooled(call, true, false); }
static tarn_status run_gradient(const tarn_call *call) { return pooled(call, true, true); }

/* Averages of half floats round at every step in TensorFlow, and their gradients: halves.body.h. */
#define WIDE_FLOATS (TARN_BIT(TARN_F32) | TARN_BIT(TARN_F64))
#define ROW(text, types, name)     \
  {.op = text,                     \
   .dtypes = types,                \
   .keyed = -1,                    \
   .supports = supports,           \
   .scratch_bytes = scratch_bytes, \
   .run = run_##name},
#define ROWS                                                                                  \
  ROW("MaxPool", TARN_BIT(TARN_F64), max)                                                     \
  ROW("MaxPool3D", TARN_BIT(TARN_F64), max) ROW("AvgPool", TARN_BIT(TARN_F64), average)       \
      ROW("AvgPool3D", TARN_BIT(TARN_F64), average) ROW("AvgPoolGrad", WIDE_FLOATS, gradient) \
          ROW("AvgPool3DGrad", WIDE_FLOATS, gradient)
