#include "loader/graphdef/pbtxt_write.h"

#include <math.h>

static tarn_status indent(tarn_bytes *b, int depth) {
  return tarn__bytes_printf(b, "%*s", 2 * depth, "");
}

/* Between quotes: what does not print as octal, so that any bytes pass. */
static tarn_status quoted(tarn_bytes *b, const char *data, size_t bytes) {
  TARN_TRY(tarn__bytes_add(b, "\"", 1));
  for (size_t i = 0; i < bytes;) {
    char escaped[5] = {'\\', 0};
    size_t plain = i;
    while (plain < bytes && data[plain] >= ' ' && data[plain] < 0x7f &&
           !strchr("\"'\\", data[plain]))
      plain++;
    if (plain > i) TARN_TRY(tarn__bytes_add(b, data + i, plain - i));
    if (plain == bytes) break;
    const unsigned char c = (unsigned char)data[plain];
    size_t n = 2;
    if (c == '\n')
      escaped[1] = 'n';
    else if (c == '\r')
      escaped[1] = 'r';
    else if (c == '\t')
      escaped[1] = 't';
    else if (c == '"' || c == '\'' || c == '\\')
      escaped[1] = (char)c;
    else {
      escaped[1] = (char)('0' + (c >> 6));
      escaped[2] = (char)('0' + (c >> 3 & 7));
      escaped[3] = (char)('0' + (c & 7));
      n = 4;
    }
    TARN_TRY(tarn__bytes_add(b, escaped, n));
    i = plain + 1;
  }
  return tarn__bytes_add(b, "\"", 1);
}

static tarn_status real(tarn_bytes *b, double x, int digits) {
  if (isnan(x)) return tarn__bytes_printf(b, "nan");
  if (isinf(x)) return tarn__bytes_printf(b, x < 0 ? "-inf" : "inf");
  return tarn__bytes_printf(b, "%.*g", digits, x);
}

static tarn_wire_type wire_type(tarn_proto_kind kind) {
  return kind == TARN_PROTO_FLOAT    ? TARN_WIRE_FIXED32
         : kind == TARN_PROTO_DOUBLE ? TARN_WIRE_FIXED64
                                     : TARN_WIRE_VARINT;
}

static tarn_status number(tarn_bytes *b, tarn_proto_kind kind, uint64_t bits) {
  switch (kind) {
    case TARN_PROTO_FLOAT:
      return real(b, (double)tarn__float_from_bits((uint32_t)bits), 9);
    case TARN_PROTO_DOUBLE:
      return real(b, tarn__double_from_bits(bits), 17);
    case TARN_PROTO_BOOL:
      return tarn__bytes_printf(b, bits ? "true" : "false");
    case TARN_PROTO_UINT32:
    case TARN_PROTO_UINT64:
      return tarn__bytes_printf(b, "%llu", (unsigned long long)bits);
    case TARN_PROTO_DTYPE: {
      const char *name = tarn__proto_dtype_name((int32_t)bits);
      if (!name) return tarn__bytes_printf(b, "%d", (int)(int32_t)bits);
      return tarn__bytes_printf(b, "DT_%s%s", name, (int32_t)bits > 100 ? "_REF" : "");
    }
    case TARN_PROTO_INT32:
    case TARN_PROTO_INT64:
    case TARN_PROTO_SAVER_VERSION:
    case TARN_PROTO_STRING:
    case TARN_PROTO_BYTES:
    case TARN_PROTO_MESSAGE:
    case TARN_PROTO_OPAQUE:
      break;
  }
  return tarn__bytes_printf(b, "%lld", (long long)(int64_t)bits);
}

static tarn_status field_start(tarn_bytes *b, int depth, const char *name, const char *after) {
  TARN_TRY(indent(b, depth));
  return tarn__bytes_printf(b, "%s%s", name, after);
}

/* Messages hold messages at most TARN_WIRE_DEPTH deep: tarn__wire_message sees to it. */
static tarn_status message(tarn_bytes *b, tarn_wire wire, const tarn_proto_message *m, int depth) {
  tarn_wire_field f;
  for (;;) {
    TARN_TRY(tarn__wire_next(&wire, &f));
    if (!f.number) return TARN_OK;
    const tarn_proto_field *field = tarn__proto_field_number(m, f.number);
    if (!field || field->kind == TARN_PROTO_OPAQUE) continue;
    if (field->kind == TARN_PROTO_MESSAGE) {
      tarn_wire inner;
      TARN_TRY(tarn__wire_message(&f, field->message->name, &inner));
      TARN_TRY(field_start(b, depth, field->name, " {\n"));
      TARN_TRY(message(b, inner, field->message, depth + 1));
      TARN_TRY(field_start(b, depth, "}", "\n"));
    } else if (field->kind == TARN_PROTO_STRING || field->kind == TARN_PROTO_BYTES) {
      const char *data;
      size_t bytes;
      TARN_TRY(tarn__wire_text(&f, &data, &bytes));
      TARN_TRY(field_start(b, depth, field->name, ": "));
      TARN_TRY(quoted(b, data, bytes));
      TARN_TRY(tarn__bytes_add(b, "\n", 1));
    } else {
      tarn_wire_values values;
      TARN_TRY(tarn__wire_values(&f, wire_type(field->kind), &values));
      for (size_t i = 0; i < values.count; i++) {
        uint64_t bits;
        TARN_TRY(tarn__wire_value(&values, &bits));
        TARN_TRY(field_start(b, depth, field->name, ": "));
        TARN_TRY(number(b, field->kind, bits));
        TARN_TRY(tarn__bytes_add(b, "\n", 1));
      }
    }
  }
}

tarn_status tarn__pbtxt_from_wire(tarn_wire wire, const tarn_proto_message *m, tarn_bytes *text) {
  return message(text, wire, m, 0);
}
