#include "kernels/cpu/image/resample.h"

#include <math.h>

int64_t tarn__resize_nearest(const tarn_resize_params *p, int64_t i, float scale, int64_t n) {
  float at = p->half_pixel_centers ? ((float)i + 0.5f) * scale : (float)i * scale;
  int64_t k = (int64_t)(p->align_corners ? roundf(at) : floorf(at));
  return k < 0 ? 0 : k > n - 1 ? n - 1 : k;
}

tarn_lerp tarn__resize_lerp(const tarn_resize_params *p, int64_t i, float scale, int64_t n) {
  float at = tarn__resize_place(p, i, scale), below = floorf(at);
  int64_t lower = (int64_t)below, upper = (int64_t)ceilf(at);
  lower = lower < 0       ? 0
          : lower > n - 1 ? n - 1
                          : lower; /* the second: rounding must not lead outside */
  upper = upper < 0 ? 0 : upper > n - 1 ? n - 1 : upper;
  return (tarn_lerp){lower, upper, at - below};
}

int64_t tarn__resize_bound(int64_t i, int64_t n) { return i < 0 ? 0 : i > n - 1 ? n - 1 : i; }

float tarn__resize_overlap(int64_t i, float begin, float end, float scale) {
  float at = (float)i;
  if (at < begin) return at + 1 > end ? scale : at + 1 - begin;
  return at + 1 > end ? end - at : 1.0f;
}

enum {
  STEPS = 1024
}; /* places between two pixels are rounded to this many, as TensorFlow's table has them */

static float near_weight(float a, float x) { return ((a + 2) * x - (a + 3)) * x * x + 1; }
static float far_weight(float a, float x) { return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a; }

tarn_cubic tarn__resize_cubic(const tarn_resize_params *p, int64_t i, float scale, int64_t n) {
  float a = p->half_pixel_centers ? -0.5f : -0.75f, place = tarn__resize_place(p, i, scale),
        below = floorf(place);
  float x = (float)lrintf((place - below) * STEPS) / STEPS, sum = 0;
  tarn_cubic t = {.weight = {far_weight(a, x + 1), near_weight(a, x), near_weight(a, 1 - x),
                             far_weight(a, 2 - x)}};
  for (int k = 0; k < 4; k++) {
    int64_t at = (int64_t)below - 1 + k;
    t.at[k] = tarn__resize_bound(at, n);
    if (p->half_pixel_centers && t.at[k] != at) t.weight[k] = 0;
    sum += t.weight[k];
  }
  if (p->half_pixel_centers && fabsf(sum) >= 1000 * 1.17549435e-38f)
    for (int k = 0; k < 4; k++) t.weight[k] *= 1 / sum;
  return t;
}

float tarn__pixel(const tarn_tensor *x, int64_t i) {
  switch ((int)x->dtype) {
    case TARN_F32: return ((const float *)x->data)[i];
    case TARN_F64: return (float)((const double *)x->data)[i];
    case TARN_F16: return tarn__f16_to_f32(((const uint16_t *)x->data)[i]);
    case TARN_BF16: return tarn__bf16_to_f32(((const uint16_t *)x->data)[i]);
    case TARN_U8: return (float)((const uint8_t *)x->data)[i];
    case TARN_I8: return (float)((const int8_t *)x->data)[i];
    case TARN_U16: return (float)((const uint16_t *)x->data)[i];
    case TARN_I16: return (float)((const int16_t *)x->data)[i];
    case TARN_I32: return (float)((const int32_t *)x->data)[i];
    default: return (float)((const int64_t *)x->data)[i];
  }
}
