/* Max and average pooling of half floats and the gradient of averages with channels last, for AVX2
 * and AVX-512. Every step is rounded, as in average.body.h. A chunk is an output row, or for the
 * gradient a part of an image's channels. */
#include "kernels/cpu/pool/under.h"
#include "kernels/cpu/simd/half.h"
#include "kernels/cpu/simd/vec.h"
#include "kernels/params/pool.h"

#include <string.h>

enum { PART = 128 };             /* channels of a chunk of the gradient */

typedef void (*addition)(uint16_t *to, const uint16_t *a, const uint16_t *b, int64_t n);

typedef struct job {
  tarn_pooling g;
  bool bf16, max;
  addition add;
  const uint16_t *from;          /* x, or dy */
  uint16_t *to;                  /* y, or dx */
} job;

/* to = x times or over a number, rounded once. */
static void scaled(bool bf16, bool over, uint16_t *to, const uint16_t *x, float number, int64_t n) {
  float block[LANE_BLOCK];
  for (int64_t at = 0; at < n; at += LANE_BLOCK) {
    const int64_t count = n - at < LANE_BLOCK ? n - at : LANE_BLOCK;
    if (bf16)
      for (int64_t i = 0; i < count; i++) block[i] = tarn__bf16_to_f32(x[at + i]);
    else lane_floats_of_halves(block, x + at, count);
    if (over)
      for (int64_t i = 0; i < count; i++) block[i] /= number;
    else
      for (int64_t i = 0; i < count; i++) block[i] *= number;
    if (bf16)
      for (int64_t i = 0; i < count; i++) to[at + i] = tarn__f32_to_bf16(block[i]);
    else lane_halves_of_floats(to + at, block, count);
  }
}

#ifdef __AVX512F__
static inline vf load_halves(const uint16_t *p, bool bf16) {
  const __m256i x = _mm256_loadu_si256((const __m256i *)(const void *)p);
  return bf16 ? _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(x), 16))
              : _mm512_cvtph_ps(x);
}
#else
static inline vf load_halves(const uint16_t *p, bool bf16) {
  const __m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
  return bf16 ? _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(x), 16))
              : _mm256_cvtph_ps(x);
}
#endif

/* VF channels' greatest under a window: in registers. `apart`: elements between the steps of its
 * axes. */
static inline void block(const uint16_t *x, const int64_t size[3], const int64_t apart[3],
                         bool bf16, uint16_t *y) {
  vf s = vf_set1(bf16 ? tarn__bf16_to_f32(0xff7f) : -65504.0f);
  for (int64_t d = 0; d < size[0]; d++)
    for (int64_t h = 0; h < size[1]; h++)
      for (int64_t w = 0; w < size[2]; w++) {
        const vf v = load_halves(x + d * apart[0] + h * apart[1] + w * apart[2], bf16);
        s = vf_max(v, s);   /* a NaN is never the greatest */
      }
  float out[VF];
  vf_store(out, s);
  if (!bf16) lane_halves_of_floats(y, out, VF);
  else
    for (int c = 0; c < VF; c++) y[c] = tarn__f32_to_bf16(out[c]);
}

static void blocks(const uint16_t *x, const int64_t size[3], const int64_t apart[3], int64_t C,
                   bool bf16, uint16_t *y) {
  for (int64_t c = 0; c < C; c += VF) {
    const int64_t at = c + VF <= C ? c : C - VF;   /* the last ones some twice */
    if (bf16) block(x + at, size, apart, true, y + at);
    else block(x + at, size, apart, false, y + at);
  }
}

static tarn_status under_window(void *argument, int64_t row, int worker) {
  (void)worker;
  const job *j = argument;
  const tarn_axis *a = j->g.axis;
  const int64_t C = j->g.C, oh = row % a[1].out, od = row / a[1].out % a[0].out,
                n = row / a[1].out / a[0].out;
  const uint16_t *image = j->from + n * a[0].in * a[1].in * a[2].in * C;
  uint16_t *y = j->to + row * a[2].out * C;
  int64_t first[3], last[3];
  tarn__axis_under(&a[0], od, &first[0], &last[0]);
  tarn__axis_under(&a[1], oh, &first[1], &last[1]);
  for (int64_t ow = 0; ow < a[2].out; ow++, y += C) {
    tarn__axis_under(&a[2], ow, &first[2], &last[2]);
    const int64_t count = tarn__size_under(first, last);
    if (C >= VF && count > 0 && j->max) {
      const int64_t size[3] = {last[0] - first[0], last[1] - first[1], last[2] - first[2]};
      const int64_t apart[3] = {a[1].in * a[2].in * C, a[2].in * C, C};
      blocks(image + first[0] * apart[0] + first[1] * apart[1] + first[2] * C, size, apart, C,
             j->bf16, y);
      continue;
    }
    /* Below the least finite number nothing is counted in a maximum. */
    for (int64_t c = 0; c < C; c++) y[c] = !j->max ? 0 : j->bf16 ? 0xff7f : 0xfbff;
    for (int64_t d = first[0]; d < last[0]; d++)
      for (int64_t h = first[1]; h < last[1]; h++)
        for (int64_t w = first[2]; w < last[2]; w++) {
          const uint16_t *x = image + ((d * a[1].in + h) * a[2].in + w) * C;
          if (!j->max) j->add(y, y, x, C);
          else if (j->bf16) lane_raise_bf16s(y, x, C);
          else lane_raise_halves(y, x, C);
        }
    if (count > 1 && !j->max) scaled(j->bf16, true, y, y, (float)count, C);
  }
  return TARN_OK;
}

static tarn_status share(void *argument, int64_t chunk, int worker) {
  (void)worker;
  const job *j = argument;
  const tarn_axis *a = j->g.axis;
  const int64_t C = j->g.C, parts = (C + PART - 1) / PART, n = chunk / parts,
                c0 = chunk % parts * PART;
  const int64_t count = C - c0 < PART ? C - c0 : PART, pixels = a[0].in * a[1].in * a[2].in;
  uint16_t *dx = j->to + n * pixels * C + c0;
  const uint16_t *dy = j->from + n * a[0].out * a[1].out * a[2].out * C + c0;
  for (int64_t i = 0; i < pixels; i++) memset(dx + i * C, 0, (size_t)count * sizeof *dx);
  int64_t first[3], last[3];
  for (int64_t od = 0; od < a[0].out; od++)
    for (int64_t oh = 0; oh < a[1].out; oh++)
      for (int64_t ow = 0; ow < a[2].out; ow++, dy += C) {
        tarn__axis_under(&a[0], od, &first[0], &last[0]);
        tarn__axis_under(&a[1], oh, &first[1], &last[1]);
        tarn__axis_under(&a[2], ow, &first[2], &last[2]);
        const int64_t size = tarn__size_under(first, last);
        if (size == 0) continue;
        const float exact = 1 / (float)size;
        const float part = j->bf16 ? tarn__bf16_to_f32(tarn__f32_to_bf16(exact))
                                   : tarn__f16_to_f32(tarn__f32_to_f16(exact));
        uint16_t each[PART];
        scaled(j->bf16, false, each, dy, part, count);
        for (int64_t d = first[0]; d < last[0]; d++)
          for (int64_t h = first[1]; h < last[1]; h++)
            for (int64_t w = first[2]; w < last[2]; w++) {
              uint16_t *to = dx + ((d * a[1].in + h) * a[2].in + w) * C;
              j->add(to, to, each, count);
            }
      }
  return TARN_OK;
}

static const char *supports(const tarn_problem *p) {
  const tarn_pooling_params *params = p->params;
  if (params->window.channels_first) return "channels are not last";
  if (params->depth_window > 1) return "the window covers channels";
  return p->out_shape[0].rank < 0 ? "the shape is not known yet" : NULL;
}

static tarn_status run(const tarn_call *call, bool gradient, bool max) {
  const tarn_problem *p = call->problem;
  const tarn_tensor *in = call->in[p->inputs - 1];
  tarn_tensor *out = call->out[0];
  const bool bf16 = out->dtype == TARN_BF16;
  job j = {.g = tarn__pooling_of(p->params, gradient ? &p->out_shape[0] : &p->in_shape[0]),
           .bf16 = bf16,
           .max = max,
           .add = bf16 ? lane_add_bf16s : lane_add_halves,
           .from = in->data,
           .to = out->data};
  if (tarn__tensor_elements(out) == 0) return TARN_OK;
  tarn_pool *pool =
      tarn__tensor_elements(in) + tarn__tensor_elements(out) < 32768 ? NULL : call->pool;
  if (gradient) return tarn__pool_run(pool, j.g.N * ((j.g.C + PART - 1) / PART), share, &j);
  return tarn__pool_run(pool, j.g.N * j.g.axis[0].out * j.g.axis[1].out, under_window, &j);
}
static tarn_status run_average(const tarn_call *call) { return run(call, false, false); }
static tarn_status run_max(const tarn_call *call) { return run(call, false, true); }
static tarn_status run_gradient(const tarn_call *call) { return run(call, true, false); }

#define ROW(text, types, name) \
  {.op = text, .dtypes = types, .keyed = -1, .supports = supports, .run = run_##name},
#define BOTH (TARN_BIT(TARN_F16) | TARN_BIT(TARN_BF16))
#define ROWS                                                                                \
  ROW("MaxPool", BOTH, max)                                                                 \
  ROW("MaxPool3D", BOTH, max) ROW("AvgPool", BOTH, average) ROW("AvgPool3D", BOTH, average) \
      ROW("AvgPoolGrad", BOTH, gradient) ROW("AvgPool3DGrad", BOTH, gradient)
