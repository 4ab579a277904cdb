/* Reading the protobuf wire format: see wire.h. Every read is bounded by the message's own range,
 * which in turn was checked against the range around it. */
#include <inttypes.h>

#include "core/wire/wire.h"

#define FIELD_MAX ((1u << 29) - 1)

tarn_status tarn__varint_read(const unsigned char **at, const unsigned char *end, uint64_t offset,
                              const char *what, uint64_t *value) {
  uint64_t v = 0;
  const unsigned char *p = *at;
  for (int shift = 0; shift < 70; shift += 7) {
    if (p == end)
      return tarn_fail(TARN_CORRUPT, "offset %" PRIu64 ": %s ends inside a varint", offset, what);
    unsigned byte = *p++;
    if (shift == 63 && byte > 1)
      return tarn_fail(TARN_CORRUPT, "offset %" PRIu64 ": a varint of %s does not fit 64 bits",
                       offset, what);
    v |= (uint64_t)(byte & 0x7f) << shift;
    if (byte < 0x80) {
      *at = p;
      *value = v;
      return TARN_OK;
    }
  }
  return tarn_fail(TARN_CORRUPT, "offset %" PRIu64 ": a varint of %s is longer than 10 bytes",
                   offset, what);
}

/* `bytes` more bytes of the message, for field f. */
static tarn_status need(const tarn_wire *w, const tarn_wire_field *f, uint64_t bytes) {
  uint64_t left = (uint64_t)(w->end - w->at);
  if (bytes <= left) return TARN_OK;
  return tarn_fail(TARN_CORRUPT,
                   "offset %" PRIu64 ": field %u of %s claims %" PRIu64
                   " bytes, expected at most the %" PRIu64 " that are left",
                   f->offset, f->number, w->what, bytes, left);
}

tarn_status tarn__wire_next(tarn_wire *w, tarn_wire_field *f) {
  *f = (tarn_wire_field){.offset = tarn__wire_offset(w), .what = w->what, .depth = w->depth};
  if (w->at == w->end) return TARN_OK;
  uint64_t tag;
  TARN_TRY(tarn__varint_read(&w->at, w->end, f->offset, w->what, &tag));
  if (tag >> 3 == 0 || tag >> 3 > FIELD_MAX)
    return tarn_fail(TARN_CORRUPT,
                     "offset %" PRIu64 ": field number %" PRIu64 " in %s, expected 1 to %u",
                     f->offset, tag >> 3, w->what, FIELD_MAX);
  f->number = (uint32_t)(tag >> 3);
  f->data_offset = tarn__wire_offset(w);
  switch ((unsigned)(tag & 7)) {
    case TARN_WIRE_VARINT:
      f->type = TARN_WIRE_VARINT;
      return tarn__varint_read(&w->at, w->end, f->data_offset, w->what, &f->value);
    case TARN_WIRE_FIXED64:
      f->type = TARN_WIRE_FIXED64;
      TARN_TRY(need(w, f, 8));
      f->value = tarn__le64(w->at);
      w->at += 8;
      return TARN_OK;
    case TARN_WIRE_FIXED32:
      f->type = TARN_WIRE_FIXED32;
      TARN_TRY(need(w, f, 4));
      f->value = tarn__le32(w->at);
      w->at += 4;
      return TARN_OK;
    case TARN_WIRE_BYTES: {
      f->type = TARN_WIRE_BYTES;
      uint64_t size;
      TARN_TRY(tarn__varint_read(&w->at, w->end, f->data_offset, w->what, &size));
      TARN_TRY(need(w, f, size));
      f->data_offset = tarn__wire_offset(w);
      f->data = w->at;
      f->size = (size_t)size;
      w->at += size;
      return TARN_OK;
    }
    default:
      return tarn_fail(TARN_CORRUPT,
                       "offset %" PRIu64 ": wire type %u in field %u of %s, expected 0, 1, 2 or 5",
                       f->offset, (unsigned)(tag & 7), f->number, w->what);
  }
}

static const char *type_text(tarn_wire_type type) {
  switch (type) {
    case TARN_WIRE_VARINT:
      return "a varint";
    case TARN_WIRE_FIXED64:
      return "8 fixed bytes";
    case TARN_WIRE_BYTES:
      return "a length and bytes";
    case TARN_WIRE_FIXED32:
      return "4 fixed bytes";
  }
  return "?";
}

static tarn_status expect(const tarn_wire_field *f, tarn_wire_type type) {
  if (f->type == type) return TARN_OK;
  return tarn_fail(TARN_CORRUPT, "offset %" PRIu64 ": field %u of %s is %s, expected %s", f->offset,
                   f->number, f->what, type_text(f->type), type_text(type));
}

tarn_status tarn__wire_int64(const tarn_wire_field *f, int64_t *value) {
  TARN_TRY(expect(f, TARN_WIRE_VARINT));
  *value = (int64_t)f->value;
  return TARN_OK;
}

tarn_status tarn__wire_uint64(const tarn_wire_field *f, uint64_t *value) {
  TARN_TRY(expect(f, TARN_WIRE_VARINT));
  *value = f->value;
  return TARN_OK;
}

/* protobuf's own parsers keep the low 32 bits; a value that does not fit can only be damage, so it
 * is refused. */
tarn_status tarn__wire_int32(const tarn_wire_field *f, int32_t *value) {
  TARN_TRY(expect(f, TARN_WIRE_VARINT));
  int64_t v = (int64_t)f->value;
  if (v < INT32_MIN || v > INT32_MAX)
    return tarn_fail(TARN_CORRUPT,
                     "offset %" PRIu64 ": field %u of %s is %" PRId64 ", expected 32 bits",
                     f->offset, f->number, f->what, v);
  *value = (int32_t)v;
  return TARN_OK;
}

tarn_status tarn__wire_bool(const tarn_wire_field *f, bool *value) {
  TARN_TRY(expect(f, TARN_WIRE_VARINT));
  *value = f->value != 0;
  return TARN_OK;
}

tarn_status tarn__wire_fixed32(const tarn_wire_field *f, uint32_t *value) {
  TARN_TRY(expect(f, TARN_WIRE_FIXED32));
  *value = (uint32_t)f->value;
  return TARN_OK;
}

tarn_status tarn__wire_fixed64(const tarn_wire_field *f, uint64_t *value) {
  TARN_TRY(expect(f, TARN_WIRE_FIXED64));
  *value = f->value;
  return TARN_OK;
}

tarn_status tarn__wire_float(const tarn_wire_field *f, float *value) {
  TARN_TRY(expect(f, TARN_WIRE_FIXED32));
  *value = tarn__float_from_bits((uint32_t)f->value);
  return TARN_OK;
}

tarn_status tarn__wire_double(const tarn_wire_field *f, double *value) {
  TARN_TRY(expect(f, TARN_WIRE_FIXED64));
  *value = tarn__double_from_bits(f->value);
  return TARN_OK;
}

tarn_status tarn__wire_text(const tarn_wire_field *f, const char **text, size_t *bytes) {
  TARN_TRY(expect(f, TARN_WIRE_BYTES));
  *text = (const char *)f->data;
  *bytes = f->size;
  return TARN_OK;
}

tarn_status tarn__wire_message(const tarn_wire_field *f, const char *what, tarn_wire *message) {
  TARN_TRY(expect(f, TARN_WIRE_BYTES));
  if (f->depth >= TARN_WIRE_DEPTH)
    return tarn_fail(TARN_CORRUPT, "offset %" PRIu64 ": %s is nested deeper than %d messages",
                     f->offset, what, TARN_WIRE_DEPTH);
  *message = tarn__wire(f->data, f->size, f->data_offset, what);
  message->depth = f->depth + 1;
  return TARN_OK;
}

tarn_status tarn__wire_values(const tarn_wire_field *f, tarn_wire_type type, tarn_wire_values *v) {
  *v = (tarn_wire_values){.type = type, .what = f->what};
  if (f->type == type) {
    v->single = true;
    v->value = f->value;
    v->count = 1;
    v->offset = f->offset;
    return TARN_OK;
  }
  TARN_TRY(expect(f, TARN_WIRE_BYTES));
  v->data = f->data;
  v->size = f->size;
  v->offset = f->data_offset;
  if (type == TARN_WIRE_VARINT) {
    /* A varint ends at each byte below 0x80. */
    for (size_t i = 0; i < v->size; i++) v->count += v->data[i] < 0x80;
    if (v->size > 0 && v->data[v->size - 1] >= 0x80)
      return tarn_fail(TARN_CORRUPT,
                       "offset %" PRIu64 ": the packed field %u of %s ends inside a varint",
                       f->offset, f->number, f->what);
    return TARN_OK;
  }
  size_t width = type == TARN_WIRE_FIXED64 ? 8 : 4;
  if (v->size % width != 0)
    return tarn_fail(TARN_CORRUPT,
                     "offset %" PRIu64
                     ": the packed field %u of %s has %zu bytes, expected a multiple of %zu",
                     f->offset, f->number, f->what, v->size, width);
  v->count = v->size / width;
  return TARN_OK;
}

tarn_status tarn__wire_value(tarn_wire_values *v, uint64_t *value) {
  if (v->single) {
    *value = v->value;
    return TARN_OK;
  }
  const unsigned char *at = v->data + v->position;
  switch (v->type) {
    case TARN_WIRE_FIXED32:
      *value = tarn__le32(at);
      v->position += 4;
      return TARN_OK;
    case TARN_WIRE_FIXED64:
      *value = tarn__le64(at);
      v->position += 8;
      return TARN_OK;
    case TARN_WIRE_VARINT:
    case TARN_WIRE_BYTES:
      break;
  }
  TARN_TRY(tarn__varint_read(&at, v->data + v->size, v->offset + v->position, v->what, value));
  v->position = (size_t)(at - v->data);
  return TARN_OK;
}
