#include "tools/run/summary.h"

#include "core/bytes.h"

#include <math.h>
#include <string.h>

enum { FIRST = 8, TOP = 5 };

static double element(const tarn_tensor *t, int64_t i) {
  const void *d = t->data;
  switch (t->dtype) {
    case TARN_F32: return (double)((const float *)d)[i];
    case TARN_F64: return ((const double *)d)[i];
    case TARN_F16: return (double)tarn__f16_to_f32(((const uint16_t *)d)[i]);
    case TARN_BF16: return (double)tarn__bf16_to_f32(((const uint16_t *)d)[i]);
    case TARN_BOOL: return ((const bool *)d)[i];
    case TARN_I8: return ((const int8_t *)d)[i];
    case TARN_U8: return ((const uint8_t *)d)[i];
    case TARN_I16: return ((const int16_t *)d)[i];
    case TARN_U16: return ((const uint16_t *)d)[i];
    case TARN_I32: return ((const int32_t *)d)[i];
    case TARN_U32: return ((const uint32_t *)d)[i];
    case TARN_I64: return (double)((const int64_t *)d)[i];
    case TARN_U64: return (double)((const uint64_t *)d)[i];
    default: return NAN;
  }
}

static bool numeric(const tarn_tensor *t) {
  return tarn__dtype_in(t->dtype, TARN_REALS | TARN_BIT(TARN_BOOL));
}

typedef struct facts {
  double low, high, mean;
  int64_t nans, infinities;
} facts;

static facts look(const tarn_tensor *t) {
  facts f = {.low = INFINITY, .high = -INFINITY};
  const int64_t n = tarn__tensor_elements(t);
  double sum = 0;
  for (int64_t i = 0; i < n; i++) {
    const double x = element(t, i);
    if (isnan(x)) {
      f.nans++;
      continue;
    }
    if (isinf(x)) f.infinities++;
    if (x < f.low) f.low = x;
    if (x > f.high) f.high = x;
    sum += x;
  }
  f.mean = n > f.nans ? sum / (double)(n - f.nans) : NAN;
  return f;
}

/* The largest elements of the first row, largest first; how many were found. */
static int top(const tarn_tensor *t, int64_t at[TOP]) {
  const int64_t n = t->shape.dim[t->shape.rank - 1];
  int found = 0;
  for (int64_t i = 0; i < n; i++) {
    int k = found;
    if (isnan(element(t, i))) continue;
    while (k > 0 && element(t, at[k - 1]) < element(t, i)) k--;
    if (k == TOP) continue;
    if (found < TOP) found++;
    memmove(at + k + 1, at + k, (size_t)(found - 1 - k) * sizeof *at);
    at[k] = i;
  }
  return found;
}

static bool has_classes(const tarn_tensor *t) {
  return t->shape.rank == 2 && t->shape.dim[0] > 0 && t->shape.dim[1] > TOP &&
         tarn__dtype_in(t->dtype, TARN_FLOATS);
}

void tarn__summary_print(FILE *to, const char *name, const tarn_tensor *t) {
  char shape[TARN_SHAPE_TEXT], printable[512];
  const int64_t n = tarn__tensor_elements(t);
  fprintf(to, "%s: %s%s", tarn__printable(name, strlen(name), printable, sizeof printable),
          tarn__dtype_numpy(t->dtype), tarn__shape_print(&t->shape, shape));
  if (numeric(t) && n) {
    const facts f = look(t);
    fprintf(to, ", range %.6g to %.6g, mean %.6g", f.low, f.high, f.mean);
    if (f.nans) fprintf(to, ", %lld NaN", (long long)f.nans);
    if (f.infinities) fprintf(to, ", %lld infinite", (long long)f.infinities);
  }
  fputs("\n ", to);
  for (int64_t i = 0; i < n && i < FIRST; i++) {
    if (numeric(t)) fprintf(to, " %.6g", element(t, i));
    else if (t->dtype == TARN_STRING) {
      const tarn_string *s = (const tarn_string *)t->data + i;
      fprintf(to, " \"%s\"",
              tarn__printable(s->data ? s->data : "", s->size < 60 ? s->size : 60, printable,
                              sizeof printable));
    } else {
      fprintf(to, " (%s)", tarn_dtype_name(t->dtype));
      break;
    }
  }
  fputs(n > FIRST ? " ...\n" : "\n", to);
  if (has_classes(t)) {
    int64_t at[TOP + 1];
    const int found = top(t, at);
    fputs("  top of the first row:", to);
    for (int k = 0; k < found; k++)
      fprintf(to, " %lld (%.6g)", (long long)at[k], element(t, at[k]));
    fputc('\n', to);
  }
}

json_t *tarn__summary_json(const tarn_tensor *t) {
  json_t *o = json_object(), *dims = json_array(), *first = json_array();
  for (int i = 0; i < t->shape.rank; i++)
    json_array_append_new(dims, json_integer(t->shape.dim[i]));
  json_object_set_new(o, "dtype", json_string(tarn__dtype_numpy(t->dtype)));
  json_object_set_new(o, "shape", dims);
  const int64_t n = tarn__tensor_elements(t);
  if (numeric(t) && n) {
    const facts f = look(t);
    if (isfinite(f.low)) json_object_set_new(o, "min", json_real(f.low));
    if (isfinite(f.high)) json_object_set_new(o, "max", json_real(f.high));
    if (isfinite(f.mean)) json_object_set_new(o, "mean", json_real(f.mean));
    json_object_set_new(o, "nan", json_integer(f.nans));
    for (int64_t i = 0; i < n && i < FIRST; i++) {
      const double x = element(t, i);
      json_array_append_new(first, isfinite(x) ? json_real(x) : json_null());
    }
  }
  json_object_set_new(o, "first", first);
  if (has_classes(t)) {
    int64_t at[TOP + 1];
    json_t *classes = json_array();
    const int found = top(t, at);
    for (int k = 0; k < found; k++) json_array_append_new(classes, json_integer(at[k]));
    json_object_set_new(o, "top", classes);
  }
  return o;
}
