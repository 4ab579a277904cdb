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
  lower = lower < 0 ? 0 : lower > n - 1 ? n - 1 : lower; /* the second: rounding must not lead outside */
  upper = upper < 0 ? 0 : upper > n - 1 ? n - 1 : upper;
  return (tarn_lerp){lower, upper, at - below};
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
