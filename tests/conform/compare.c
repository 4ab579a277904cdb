#include "compare.h"

#include "graph/case/case_input.h"

#include <math.h>
#include <stdio.h>

/* The spacing of the dtype's values at x. */
static double unit_at(tarn_dtype dtype, double x) {
  int digits = dtype == TARN_F64 || dtype == TARN_C128 ? 52
               : dtype == TARN_F16                     ? 10
               : dtype == TARN_BF16                    ? 7
                                                       : 23;
  int lowest = dtype == TARN_F64 || dtype == TARN_C128 ? -1022
               : dtype == TARN_F16                     ? -14
                                                       : -126,
      exponent = 0;
  if (!tarn__dtype_in(dtype, TARN_FLOATS | TARN_COMPLEX)) return 1;
  frexp(x, &exponent);
  return ldexp(1, (x == 0 || exponent - 1 < lowest ? lowest : exponent - 1) - digits);
}

static bool same_string(tarn_string a, tarn_string b) {
  return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

bool same_bits(const tarn_tensor *a, const tarn_tensor *b) {
  if (a->dtype != b->dtype || !tarn__shape_equal(&a->shape, &b->shape)) return false;
  int64_t n = tarn__tensor_elements(a);
  if (a->dtype == TARN_STRING) {
    for (int64_t i = 0; i < n; i++)
      if (!same_string(((const tarn_string *)a->data)[i], ((const tarn_string *)b->data)[i]))
        return false;
    return true;
  }
  if (a->dtype == TARN_RESOURCE || a->dtype == TARN_VARIANT) return true;
  return n == 0 || memcmp(a->data, b->data, tarn__tensor_bytes(a)) == 0;
}

/* A complex tensor as twice as many reals. */
static tarn_tensor as_reals(const tarn_tensor *t) {
  tarn_dtype part = t->dtype == TARN_C64    ? TARN_F32
                    : t->dtype == TARN_C128 ? TARN_F64
                                            : TARN_NO_DTYPE;
  tarn_tensor view = {.dtype = t->dtype, .shape = t->shape, .data = t->data};
  if (part == TARN_NO_DTYPE) return view;
  view.dtype = part;
  view.shape = tarn__shape_vector(2 * tarn__tensor_elements(t));
  return view;
}

worst compare_results(const tarn_tensor *wanted, const tarn_tensor *got, const tolerance *t) {
  worst w = {.at = -1};
  char a[TARN_SHAPE_TEXT], b[TARN_SHAPE_TEXT];
  if (wanted->dtype != got->dtype) {
    snprintf(w.why, sizeof w.why, "is %s, expected %s", tarn_dtype_name(got->dtype),
             tarn_dtype_name(wanted->dtype));
    return w;
  }
  if (!tarn__shape_equal(&wanted->shape, &got->shape)) {
    snprintf(w.why, sizeof w.why, "has shape %.50s, expected %.50s",
             tarn__shape_print(&got->shape, a), tarn__shape_print(&wanted->shape, b));
    return w;
  }
  if (!tarn__dtype_in(wanted->dtype, TARN_FLOATS | TARN_COMPLEX)) {
    if (same_bits(wanted, got)) return w;
    int64_t n = tarn__tensor_elements(wanted), i = 0;
    if (wanted->dtype != TARN_STRING)
      while (i < n - 1 && tarn__element_get(wanted, i) == tarn__element_get(got, i)) i++;
    w = (worst){.at = i, .wanted = tarn__element_get(wanted, i), .got = tarn__element_get(got, i)};
    w.ulp = fabs(w.wanted - w.got);
    snprintf(w.why, sizeof w.why, "must be exact");
    return w;
  }
  tarn_tensor x = as_reals(wanted), y = as_reals(got);
  int64_t n = tarn__tensor_elements(&x);
  double scale = 0, most = 0;
  for (int64_t i = 0; i < n; i++) {
    double v = fabs(tarn__element_get(&x, i));
    if (isfinite(v) && v > scale) scale = v;
  }
  double allowed = scale * t->relative + t->absolute;
  for (int64_t i = 0; i < n; i++) {
    double v = tarn__element_get(&x, i), g = tarn__element_get(&y, i);
    if ((isnan(v) && isnan(g)) || v == g) continue;
    double error = isfinite(v) && isfinite(g) ? fabs(v - g) : HUGE_VAL;
    if (error <= most) continue;
    most = error;
    w.at = i;
    w.wanted = v;
    w.got = g;
    w.ulp = isfinite(v) ? error / unit_at(x.dtype, v) : HUGE_VAL;
    if (error > allowed)
      snprintf(w.why, sizeof w.why, "is off by %.3g, allowed is %.3g", error, allowed);
  }
  return w;
}
