/* Numbers to text and back, in printf's notation as TensorFlow uses it. */
#include "kernels/cpu/text/number.h"

#include "core/bytes.h"
#include "kernels/cpu/flow/value_text.h"
#include "kernels/cpu/text/decimal.h"
#include "kernels/params/text.h"
#include "kernels/run.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
  ROOM = 1600
}; /* a double with 99 digits behind the point and 308 before it, and any width allowed */

/* Printf's format for one number: "%" fill width .precision letters. */
static void format_of(const tarn_text_params *p, const char *letters, bool precision, char *format,
                      size_t bytes) {
  int at = snprintf(format, bytes, "%%");
  if (p->fill) at += snprintf(format + at, bytes - (size_t)at, "%c", p->fill);
  if (p->width > -1) at += snprintf(format + at, bytes - (size_t)at, "%d", (int)p->width);
  if (precision && p->precision > -1)
    at += snprintf(format + at, bytes - (size_t)at, ".%d", (int)p->precision);
  snprintf(format + at, bytes - (size_t)at, "%s", letters);
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
/* Returns the length: there may be no zero behind it. */
static int print_float(const tarn_text_params *p, double value, char *text) {
  char format[32];
  if (!p->scientific && !p->shortest && !p->fill && p->width <= 0) {
    const size_t bytes = tarn__decimal_fixed(text, value, p->precision < 0 ? 6 : (int)p->precision);
    if (bytes) return (int)bytes;
  }
  format_of(p, p->scientific ? "e" : p->shortest ? "g" : "f", true, format, sizeof format);
  return snprintf(text, ROOM, format, value);
}

static uint64_t magnitude(const tarn_tensor *t, int64_t i, bool *negative) {
  int64_t value;
  switch ((int)t->dtype) {
    case TARN_U8:
      return ((const uint8_t *)t->data)[i];
    case TARN_U16:
      return ((const uint16_t *)t->data)[i];
    case TARN_U32:
      return ((const uint32_t *)t->data)[i];
    case TARN_U64:
      return ((const uint64_t *)t->data)[i];
    case TARN_I8:
      value = ((const int8_t *)t->data)[i];
      break;
    case TARN_I16:
      value = ((const int16_t *)t->data)[i];
      break;
    case TARN_I32:
      value = ((const int32_t *)t->data)[i];
      break;
    default:
      value = ((const int64_t *)t->data)[i];
      break;
  }
  *negative = value < 0;
  return value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
}

static int print_int(const tarn_text_params *p, const tarn_tensor *t, int64_t i, char *text) {
  char format[32];
  bool negative = false;
  const uint64_t value = magnitude(t, i, &negative);
  if (!p->fill && p->width <= 0) return (int)tarn__decimal_int(text, value, negative);
  const bool is_signed = tarn__dtype_in(t->dtype, TARN_SIGNED_INTS);
  format_of(p, is_signed ? PRId64 : PRIu64, false, format, sizeof format);
  return is_signed ? snprintf(text, ROOM, format, (int64_t)(negative ? 0 - value : value))
                   : snprintf(text, ROOM, format, value);
}
#pragma GCC diagnostic pop

static int print(const tarn_text_params *p, const tarn_tensor *t, int64_t i, char *text) {
  switch ((int)t->dtype) {
    case TARN_F32:
      return print_float(p, (double)((const float *)t->data)[i], text);
    case TARN_F64:
      return print_float(p, ((const double *)t->data)[i], text);
    case TARN_F16:
      return print_float(p, (double)tarn__f16_to_f32(((const uint16_t *)t->data)[i]), text);
    case TARN_BF16:
      return print_float(p, (double)tarn__bf16_to_f32(((const uint16_t *)t->data)[i]), text);
    case TARN_BOOL:
      return snprintf(text, ROOM, "%s", ((const uint8_t *)t->data)[i] ? "true" : "false");
    default:
      return print_int(p, t, i, text);
  }
}

static tarn_status print_complex(const tarn_call *call, int64_t i) {
  const tarn_text_params *p = call->problem->params;
  const tarn_tensor *t = call->in[0];
  char re[ROOM], im[ROOM], both[2 * ROOM + 4];
  const bool wide = t->dtype == TARN_C128;
  int bytes[2];
  for (int k = 0; k < 2; k++)
    bytes[k] = print_float(
        p,
        wide ? ((const double *)t->data)[2 * i + k] : (double)((const float *)t->data)[2 * i + k],
        k ? im : re);
  const int n = snprintf(both, sizeof both, "(%.*s,%.*s)", bytes[0], re, bytes[1], im);
  return tarn__string_set(call->out[0], i, both, (size_t)n);
}

/* A string within a width: cut to the precision and filled with blanks, in front unless fill is
 * '-'. Without a width, as it is. */
static tarn_status pad_string(const tarn_call *call, int64_t i, tarn_bytes *b) {
  const tarn_text_params *p = call->problem->params;
  const tarn_string *s = (const tarn_string *)call->in[0]->data + i;
  const size_t width = p->width < 0 ? 0 : (size_t)p->width;
  const size_t taken = p->width >= 0 && p->precision >= 0 && (size_t)p->precision < s->size
                           ? (size_t)p->precision
                           : s->size;
  b->size = 0;
  for (size_t k = taken; p->fill != '-' && k < width; k++) TARN_TRY(tarn__bytes_add(b, " ", 1));
  if (taken) TARN_TRY(tarn__bytes_add(b, s->data, taken));
  for (size_t k = taken; p->fill == '-' && k < width; k++) TARN_TRY(tarn__bytes_add(b, " ", 1));
  return tarn__string_set(call->out[0], i, b->size ? b->data : "", b->size);
}

static tarn_status pad_strings(const tarn_call *call) {
  const int64_t n = tarn__tensor_elements(call->out[0]);
  tarn_bytes b;
  tarn_status status = TARN_OK;
  tarn__bytes_init(&b, tarn__call_allocator(call));
  for (int64_t i = 0; i < n && status == TARN_OK; i++) status = pad_string(call, i, &b);
  tarn__bytes_clear(&b);
  return status;
}

static tarn_status as_string(const tarn_call *call) {
  char text[ROOM];
  const int64_t n = tarn__tensor_elements(call->out[0]);
  if (call->in[0]->dtype == TARN_STRING) return pad_strings(call);
  for (int64_t i = 0; i < n; i++) {
    if (tarn__dtype_in(call->in[0]->dtype, TARN_COMPLEX)) {
      TARN_TRY(print_complex(call, i));
      continue;
    }
    const int bytes = print(call->problem->params, call->in[0], i, text);
    TARN_TRY(tarn__string_set(call->out[0], i, text, (size_t)bytes));
  }
  return TARN_OK;
}

/* ---- reading --------------------------------------------------------------------------------- */

static tarn_status no_number(const tarn_string *s) {
  char shown[100];
  return tarn_fail(TARN_INVALID, "StringToNumberOp could not correctly convert string: %s",
                   tarn__printable(s->size ? s->data : "", s->size, shown, sizeof shown));
}

/* `text` is s with a zero behind it. White space round a number is allowed, and floats may be
 * hexadecimal. */
static tarn_status read_text(const tarn_string *s, const char *text, tarn_tensor *y, int64_t i) {
  char *end;
  errno = 0;
  if (y->dtype == TARN_F32)
    ((float *)y->data)[i] = strtof(text, &end);
  else if (y->dtype == TARN_F64)
    ((double *)y->data)[i] = strtod(text, &end);
  else {
    const long long value = strtoll(text, &end, 10);
    if (errno == ERANGE || (y->dtype == TARN_I32 && (value < INT32_MIN || value > INT32_MAX)))
      return no_number(s);
    if (y->dtype == TARN_I32)
      ((int32_t *)y->data)[i] = (int32_t)value;
    else
      ((int64_t *)y->data)[i] = value;
  }
  if (end == text) return no_number(s);
  while (isspace((unsigned char)*end)) end++;
  return *end ? no_number(s) : TARN_OK;
}

tarn_status tarn__number_read(const tarn_string *s, tarn_tensor *y, int64_t i) {
  char text[512], *room = text;
  const size_t bytes = s->size + 1;
  int64_t value;
  if (tarn__dtype_in(y->dtype, TARN_SIGNED_INTS) && tarn__decimal_read(s, &value) &&
      (y->dtype == TARN_I64 || (value >= INT32_MIN && value <= INT32_MAX))) {
    if (y->dtype == TARN_I64) ((int64_t *)y->data)[i] = value;
    else ((int32_t *)y->data)[i] = (int32_t)value;
    return TARN_OK;
  }
  if (s->size == 0 || memchr(s->data, 0, s->size)) return no_number(s);
  if (bytes > sizeof text)
    room = tarn__alloc(tarn__allocator_default(), bytes); /* as good as never */
  if (!room) return TARN_NO_MEMORY;
  memcpy(room, s->data, s->size);
  room[s->size] = 0;
  const tarn_status status = read_text(s, room, y, i);
  if (room != text) tarn__free(tarn__allocator_default(), room, bytes);
  return status;
}

static tarn_status to_number(const tarn_call *call) {
  const int64_t n = tarn__tensor_elements(call->out[0]);
  for (int64_t i = 0; i < n; i++)
    TARN_TRY(tarn__number_read((const tarn_string *)call->in[0]->data + i, call->out[0], i));
  return TARN_OK;
}

const tarn_kernel tarn_kernels_text_number_reference[] = {
    {.op = "AsString", .name = "print", .run = as_string},
    {.op = "StringToNumber", .name = "read", .run = to_number},
    {0},
};
