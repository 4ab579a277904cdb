/* What `tarn ckpt ls --stats` says of elements. */
#include <math.h>

#include "tools/ckpt/ckpt.h"
#include "tools/verify/difference.h"

/* A complex element counts by its magnitude. */
static double value(const tarn_tensor *t, int64_t i) {
  double re, im;
  tarn__element_parts(t, i, &re, &im);
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
