/* A walk through a whole file by the schema, before anything is built from it: see schema.h. It
 * touches no element of a large tensor, so it costs little; and what it has passed, the readers
 * need not fear in the parts that they skip. */
#include <inttypes.h>

#include "loader/graphdef/schema.h"

/* Whether the bytes are UTF-8 (no overlong forms, no surrogates, at most U+10FFFF). */
static bool is_utf8(const unsigned char *p, size_t n) {
  for (size_t i = 0; i < n;) {
    unsigned c = p[i];
    size_t more = c < 0x80                 ? 0
                  : c >= 0xc2 && c <= 0xdf ? 1
                  : c >= 0xe0 && c <= 0xef ? 2
                  : c >= 0xf0 && c <= 0xf4 ? 3
                                           : 9;
    if (more >= n - i) return false;
    if (more > 0) {
      unsigned low = c == 0xe0   ? 0xa0
                     : c == 0xf0 ? 0x90
                                 : 0x80,
               high = c == 0xed   ? 0x9f
                      : c == 0xf4 ? 0x8f
                                  : 0xbf;
      if (p[i + 1] < low || p[i + 1] > high) return false;
      for (size_t k = 2; k <= more; k++)
        if (p[i + k] < 0x80 || p[i + k] > 0xbf) return false;
    }
    i += more + 1;
  }
  return true;
}

static tarn_status check(tarn_wire w, const tarn_proto_message *m, bool strict, uint64_t *reached,
                         size_t *known);

static tarn_status check_values(const tarn_wire_field *f, tarn_wire_type type) {
  tarn_wire_values v;
  return tarn__wire_values(f, type, &v);
}

static tarn_status check_field(const tarn_wire_field *f, const tarn_proto_field *s, bool strict) {
  switch (s->kind) {
    case TARN_PROTO_INT32:
    case TARN_PROTO_INT64:
    case TARN_PROTO_UINT32:
    case TARN_PROTO_UINT64:
    case TARN_PROTO_BOOL:
    case TARN_PROTO_DTYPE:
    case TARN_PROTO_SAVER_VERSION:
      if (s->repeated) return check_values(f, TARN_WIRE_VARINT);
      return tarn__wire_uint64(f, &(uint64_t){0});
    case TARN_PROTO_FLOAT:
      if (s->repeated) return check_values(f, TARN_WIRE_FIXED32);
      return tarn__wire_fixed32(f, &(uint32_t){0});
    case TARN_PROTO_DOUBLE:
      if (s->repeated) return check_values(f, TARN_WIRE_FIXED64);
      return tarn__wire_fixed64(f, &(uint64_t){0});
    case TARN_PROTO_STRING:
    case TARN_PROTO_BYTES:
    case TARN_PROTO_OPAQUE: {
      const char *text;
      size_t bytes;
      TARN_TRY(tarn__wire_text(f, &text, &bytes));
      if (s->kind == TARN_PROTO_STRING && !is_utf8(f->data, bytes)) {
        char shown[80];
        return tarn_fail(TARN_CORRUPT, "offset %" PRIu64 ": field %s of %s is '%s', expected UTF-8",
                         f->data_offset, s->name, f->what,
                         tarn__printable(text, bytes, shown, sizeof shown));
      }
      return TARN_OK;
    }
    case TARN_PROTO_MESSAGE: {
      tarn_wire inner;
      TARN_TRY(tarn__wire_message(f, s->message->name, &inner));
      return check(inner, s->message, strict, NULL, NULL);
    }
  }
  return TARN_OK;
}

/* Recurses as deep as messages nest, at most TARN_WIRE_DEPTH times. */
static tarn_status check(tarn_wire w, const tarn_proto_message *m, bool strict, uint64_t *reached,
                         size_t *known) {
  for (;;) {
    tarn_wire_field f;
    if (reached) *reached = tarn__wire_offset(&w);
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) return TARN_OK;
    const tarn_proto_field *s = tarn__proto_field_number(m, f.number);
    if (s) {
      TARN_TRY(check_field(&f, s, strict));
      if (known) ++*known;
    } else if (strict) {
      return tarn_fail(TARN_CORRUPT, "offset %" PRIu64 ": field %u, which %s does not have",
                       f.offset, f.number, m->name);
    }
  }
}

tarn_status tarn__proto_check(tarn_wire w, const tarn_proto_message *m, bool strict,
                              uint64_t *reached, size_t *known) {
  *reached = 0;
  *known = 0;
  return check(w, m, strict, reached, known);
}
