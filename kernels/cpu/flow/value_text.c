#include "kernels/cpu/flow/value_text.h"

#include "core/tensor/dtype.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

const char *tarn__float_text(double value, bool is_double, char text[32]) {
  if (isnan(value)) return strcpy(text, "nan");
  if (isinf(value)) return strcpy(text, value < 0 ? "-inf" : "inf");
  snprintf(text, 32, "%.*g", is_double ? 15 : 6, value);
  if (is_double ? strtod(text, NULL) != value : strtof(text, NULL) != (float)value)
    snprintf(text, 32, "%.*g", is_double ? 17 : 9, value);
  return text;
}

static tarn_status add_float(tarn_bytes *text, double value, bool is_double) {
  char number[32];
  return tarn__bytes_printf(text, "%s", tarn__float_text(value, is_double, number));
}

tarn_status tarn__escaped_text(const tarn_string *s, tarn_bytes *text) {
  static const char special[] = "\n\r\t\"'\\", letters[] = "nrt\"'\\";
  for (size_t i = 0; i < s->size; i++) {
    const char c = s->data[i], *found = c ? strchr(special, c) : NULL;
    if (found)
      TARN_TRY(tarn__bytes_printf(text, "\\%c", letters[found - special]));
    else if ((unsigned char)c < 32 || c == 127)
      TARN_TRY(tarn__bytes_printf(text, "\\%03o", (unsigned)c));
    else
      TARN_TRY(tarn__bytes_add(text, &c, 1));
  }
  return TARN_OK;
}

tarn_status tarn__element_text(const tarn_tensor *t, int64_t i, tarn_bytes *text) {
  const void *data = t->data;
  switch ((int)t->dtype) {
    case TARN_F32:
      return add_float(text, (double)((const float *)data)[i], false);
    case TARN_F64:
      return add_float(text, ((const double *)data)[i], true);
    case TARN_F16:
      return add_float(text, (double)tarn__f16_to_f32(((const uint16_t *)data)[i]), false);
    case TARN_BF16:
      return add_float(text, (double)tarn__bf16_to_f32(((const uint16_t *)data)[i]), false);
    case TARN_I8:
      return tarn__bytes_printf(text, "%d", ((const int8_t *)data)[i]);
    case TARN_I16:
      return tarn__bytes_printf(text, "%d", ((const int16_t *)data)[i]);
    case TARN_I32:
      return tarn__bytes_printf(text, "%" PRId32, ((const int32_t *)data)[i]);
    case TARN_I64:
      return tarn__bytes_printf(text, "%" PRId64, ((const int64_t *)data)[i]);
    case TARN_U8:
      return tarn__bytes_printf(text, "%u", ((const uint8_t *)data)[i]);
    case TARN_U16:
      return tarn__bytes_printf(text, "%u", ((const uint16_t *)data)[i]);
    case TARN_U32:
      return tarn__bytes_printf(text, "%" PRIu32, ((const uint32_t *)data)[i]);
    case TARN_U64:
      return tarn__bytes_printf(text, "%" PRIu64, ((const uint64_t *)data)[i]);
    case TARN_BOOL:
      return tarn__bytes_printf(text, "%d", ((const uint8_t *)data)[i] != 0);
    case TARN_STRING:
      return tarn__escaped_text((const tarn_string *)data + i, text);
    default:
      return tarn__bytes_add(text, "?", 1); /* complex numbers too: as TensorFlow has it */
  }
}

/* Brackets that open or close before element i: one for each dim but the first whose rows start or
 * end there. */
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

/* ---- in brackets ----------------------------------------------------------------------------- */

/* What stands between the rows of dim d: lines, and blanks as deep as the brackets. */
static tarn_status add_gap(const tarn_shape *shape, int d, tarn_bytes *text) {
  for (int k = shape->rank - d - 1; k > 0; k--) TARN_TRY(tarn__bytes_add(text, "\n", 1));
  for (int k = d == shape->rank - 1 ? 1 : d + 1; k > 0; k--)
    TARN_TRY(tarn__bytes_add(text, " ", 1));
  return TARN_OK;
}

static tarn_status add_quoted(const tarn_tensor *t, int64_t i, tarn_bytes *text) {
  if (t->dtype != TARN_STRING) return tarn__element_text(t, i, text);
  TARN_TRY(tarn__bytes_add(text, "\"", 1));
  TARN_TRY(tarn__element_text(t, i, text));
  return tarn__bytes_add(text, "\"", 1);
}

/* Dims from d on, of the elements that start at `at`. As deep as the rank. */
static tarn_status add_dims(const tarn_tensor *t, int d, int64_t at, int64_t ends,
                            tarn_bytes *text) {
  if (d == t->shape.rank) return add_quoted(t, at, text);
  const int64_t n = t->shape.dim[d];
  int64_t step = 1;
  for (int k = d + 1; k < t->shape.rank; k++) step *= t->shape.dim[k];
  TARN_TRY(tarn__bytes_add(text, "[", 1));
  for (int64_t i = 0; i < n && i < ends; i++) {
    if (i) TARN_TRY(add_gap(&t->shape, d, text));
    TARN_TRY(add_dims(t, d + 1, at + i * step, ends, text));
  }
  if (n > 2 * ends) {
    TARN_TRY(add_gap(&t->shape, d, text));
    TARN_TRY(tarn__bytes_add(text, "...", 3));
  }
  for (int64_t i = n - ends > ends ? n - ends : ends; i < n; i++) {
    TARN_TRY(add_gap(&t->shape, d, text));
    TARN_TRY(add_dims(t, d + 1, at + i * step, ends, text));
  }
  return tarn__bytes_add(text, "]", 1);
}

/* Complex numbers: a question mark for each of the first, in one list. */
static tarn_status add_unprintable(const tarn_tensor *t, int64_t shown, tarn_bytes *text) {
  if (t->shape.rank) TARN_TRY(tarn__bytes_add(text, "[", 1));
  for (int64_t i = 0; i < shown; i++) TARN_TRY(tarn__bytes_add(text, i ? " ?" : "?", i ? 2 : 1));
  if (shown < tarn__tensor_elements(t)) TARN_TRY(tarn__bytes_add(text, "...", 3));
  return t->shape.rank ? tarn__bytes_add(text, "]", 1) : TARN_OK;
}

tarn_status tarn__bracketed_text(const tarn_tensor *t, int64_t ends, tarn_bytes *text) {
  const int64_t n = tarn__tensor_elements(t);
  if (!tarn__dtype_in(t->dtype, TARN_REALS | TARN_BIT(TARN_BOOL) | TARN_BIT(TARN_STRING)))
    return add_unprintable(t, ends < 0 || ends > n ? n : ends, text);
  if (t->shape.rank == 0 && ends == 0) return tarn__bytes_add(text, "...", 3);
  return add_dims(t, 0, 0, ends < 0 || ends > n ? n : ends, text);
}
