/* Elements as numbers, and what `--stats` says of them. */
#include <math.h>

#include "tools/ckpt.h"

void ckpt_element(const tarn_tensor *t, int64_t i, double *re, double *im) {
  const void *p = t->data;
  *im = 0;
  switch (t->dtype) {
    case TARN_F32:
      *re = (double)((const float *)p)[i];
      return;
    case TARN_F64:
      *re = ((const double *)p)[i];
      return;
    case TARN_F16:
      *re = (double)tarn__f16_to_f32(((const uint16_t *)p)[i]);
      return;
    case TARN_BF16:
      *re = (double)tarn__bf16_to_f32(((const uint16_t *)p)[i]);
      return;
    case TARN_I8:
    case TARN_QI8:
      *re = ((const int8_t *)p)[i];
      return;
    case TARN_I16:
    case TARN_QI16:
      *re = ((const int16_t *)p)[i];
      return;
    case TARN_I32:
    case TARN_QI32:
      *re = ((const int32_t *)p)[i];
      return;
    case TARN_I64:
      *re = (double)((const int64_t *)p)[i];
      return;
    case TARN_BOOL:
    case TARN_U8:
    case TARN_QU8:
      *re = ((const uint8_t *)p)[i];
      return;
    case TARN_U16:
    case TARN_QU16:
      *re = ((const uint16_t *)p)[i];
      return;
    case TARN_U32:
      *re = ((const uint32_t *)p)[i];
      return;
    case TARN_U64:
      *re = (double)((const uint64_t *)p)[i];
      return;
    case TARN_C64:
      *re = (double)((const float *)p)[2 * i];
      *im = (double)((const float *)p)[2 * i + 1];
      return;
    case TARN_C128:
      *re = ((const double *)p)[2 * i];
      *im = ((const double *)p)[2 * i + 1];
      return;
    case TARN_NO_DTYPE:
    case TARN_STRING:
    case TARN_RESOURCE:
    case TARN_VARIANT:
      break;
  }
  *re = 0;
}

/* A complex element counts by its magnitude. */
static double value(const tarn_tensor *t, int64_t i) {
  double re, im;
  ckpt_element(t, i, &re, &im);
  return t->dtype == TARN_C64 || t->dtype == TARN_C128 ? hypot(re, im) : re;
}

void ckpt_stats_of(const tarn_tensor *t, ckpt_stats *s) {
  *s = (ckpt_stats){0};
  int64_t n = tarn__tensor_elements(t);
  double sum = 0, squares = 0;
  for (int64_t i = 0; i < n; i++) {
    double v = value(t, i);
    if (isnan(v)) {
      s->nan++;
    } else if (isinf(v)) {
      s->inf++;
    } else {
      if (s->finite == 0 || v < s->min) s->min = v;
      if (s->finite == 0 || v > s->max) s->max = v;
      s->finite++;
      sum += v;
    }
  }
  if (s->finite == 0) return;
  s->mean = sum / (double)s->finite;
  /* A second pass: the difference of squares would cancel. */
  for (int64_t i = 0; i < n; i++) {
    double d = value(t, i) - s->mean;
    if (isfinite(d)) squares += d * d;
  }
  s->std = sqrt(squares / (double)s->finite);
}
