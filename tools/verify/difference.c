#include "tools/verify/difference.h"

#include <math.h>
#include <string.h>

void tarn__element_parts(const tarn_tensor *t, int64_t i, double *re, double *im) {
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

double tarn__tensor_magnitude(const tarn_tensor *t) {
  const int64_t n = tarn__tensor_elements(t);
  double most = 0, re, im;
  for (int64_t i = 0; i < n; i++) {
    tarn__element_parts(t, i, &re, &im);
    const double size = hypot(re, im);
    if (isfinite(size) && size > most) most = size;
  }
  return most;
}

static bool same_string(const tarn_string *a, const tarn_string *b) {
  return a->size == b->size && (a->size == 0 || memcmp(a->data, b->data, a->size) == 0);
}

void tarn__difference_of(const tarn_tensor *a, const tarn_tensor *b, double rtol, double atol,
                         tarn_difference *d) {
  *d = (tarn_difference){.elements = tarn__tensor_elements(a)};
  if (a->dtype == TARN_STRING) {
    const tarn_string *x = a->data, *y = b->data;
    for (int64_t i = 0; i < d->elements; i++) {
      if (same_string(&x[i], &y[i])) continue;
      if (d->differing++ == 0) d->worst_at = i;
    }
    return;
  }
  if (d->elements == 0 || memcmp(a->data, b->data, tarn__tensor_bytes(a)) == 0) return;
  const size_t each = tarn_dtype_bytes(a->dtype);
  for (int64_t i = 0; i < d->elements; i++) {
    const char *p = (const char *)a->data + (size_t)i * each,
               *q = (const char *)b->data + (size_t)i * each;
    if (memcmp(p, q, each) == 0) continue;
    double ar, ai, br, bi;
    tarn__element_parts(a, i, &ar, &ai);
    tarn__element_parts(b, i, &br, &bi);
    const bool nan_a = isnan(ar) || isnan(ai), nan_b = isnan(br) || isnan(bi);
    if ((nan_a && nan_b) || (ar == br && ai == bi && fabs(ar) < 0x1p53))
      continue; /* also 0 and -0 */
    double gap = hypot(ar - br, ai - bi);
    if (nan_a || nan_b || isnan(gap)) gap = INFINITY;
    if (gap <= atol + rtol * hypot(br, bi)) {
      /* Integers too large for a double may differ and still look equal. */
      if (gap > 0 || atol > 0 || rtol > 0) continue;
    }
    if (d->differing++ == 0 || gap > d->worst) {
      d->worst = gap;
      d->worst_at = i;
    }
  }
}
