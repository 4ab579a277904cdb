#include "kernels/cpu/flow/value_text.h"

#include "core/dtype.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

const char *tarn__float_text(double value, bool is_double, char text[32]) {
  if (isnan(value)) return strcpy(text, "nan");
  if (isinf(value)) return strcpy(text, value < 0 ? "-inf" : "inf");
  for (int digits = is_double ? 15 : 6; digits <= (is_double ? 17 : 9); digits++) {
    snprintf(text, 32, "%.*g", digits, value);
    if (is_double ? strtod(text, NULL) == value : strtof(text, NULL) == (float)value) break;
  }
  return text;
}

static tarn_status add_float(tarn_bytes *text, double value, bool is_double) {
  char number[32];
  return tarn__bytes_printf(text, "%s", tarn__float_text(value, is_double, number));
}

tarn_status tarn__element_text(const tarn_tensor *t, int64_t i, tarn_bytes *text) {
  const void *data = t->data;
  switch ((int)t->dtype) {
    case TARN_F32: return add_float(text, (double)((const float *)data)[i], false);
    case TARN_F64: return add_float(text, ((const double *)data)[i], true);
    case TARN_F16: return add_float(text, (double)tarn__f16_to_f32(((const uint16_t *)data)[i]), false);
    case TARN_BF16: return add_float(text, (double)tarn__bf16_to_f32(((const uint16_t *)data)[i]), false);
    case TARN_I8: return tarn__bytes_printf(text, "%d", ((const int8_t *)data)[i]);
    case TARN_I16: return tarn__bytes_printf(text, "%d", ((const int16_t *)data)[i]);
    case TARN_I32: return tarn__bytes_printf(text, "%" PRId32, ((const int32_t *)data)[i]);
    case TARN_I64: return tarn__bytes_printf(text, "%" PRId64, ((const int64_t *)data)[i]);
    case TARN_U8: return tarn__bytes_printf(text, "%u", ((const uint8_t *)data)[i]);
    case TARN_U16: return tarn__bytes_printf(text, "%u", ((const uint16_t *)data)[i]);
    case TARN_U32: return tarn__bytes_printf(text, "%" PRIu32, ((const uint32_t *)data)[i]);
    case TARN_U64: return tarn__bytes_printf(text, "%" PRIu64, ((const uint64_t *)data)[i]);
    case TARN_BOOL: return tarn__bytes_printf(text, "%d", ((const uint8_t *)data)[i] != 0);
    case TARN_STRING: {
      const tarn_string *s = (const tarn_string *)data + i;
      return tarn__bytes_add(text, s->data ? s->data : "", s->size);
    }
    case TARN_C64:
    case TARN_C128: {
      const bool wide = t->dtype == TARN_C128;
      const double re = wide ? ((const double *)data)[2 * i] : (double)((const float *)data)[2 * i];
      const double im = wide ? ((const double *)data)[2 * i + 1] : (double)((const float *)data)[2 * i + 1];
      TARN_TRY(tarn__bytes_add(text, "(", 1));
      TARN_TRY(add_float(text, re, wide));
      TARN_TRY(tarn__bytes_add(text, ",", 1));
      TARN_TRY(add_float(text, im, wide));
      return tarn__bytes_add(text, ")", 1);
    }
    default: return tarn__bytes_printf(text, "<%s>", tarn_dtype_name(t->dtype));
  }
}

/* Brackets that open or close before element i: one for each dim but the first whose rows start or end there. */
static int edges(const tarn_shape *shape, int64_t i) {
  int count = 0;
  int64_t rows = 1;
  for (int d = shape->rank - 1; d > 0; d--) {
    rows *= shape->dim[d];
    if (i % rows) break;
    count++;
  }
  return count;
}

tarn_status tarn__value_text(const tarn_tensor *t, int64_t count, tarn_bytes *text) {
  const int64_t n = tarn__tensor_elements(t), shown = count < 0 || count > n ? n : count;
  for (int64_t i = 0; i < shown; i++) {
    const int opened = edges(&t->shape, i);
    for (int k = 0; k < opened; k++) TARN_TRY(tarn__bytes_add(text, "[", 1));
    if (i && !opened) TARN_TRY(tarn__bytes_add(text, " ", 1));
    TARN_TRY(tarn__element_text(t, i, text));
    for (int k = edges(&t->shape, i + 1); k > 0; k--) TARN_TRY(tarn__bytes_add(text, "]", 1));
  }
  return shown < n ? tarn__bytes_add(text, "...", 3) : TARN_OK;
}
