/* Writing the protobuf wire format: see wire.h. */
#include "core/wire/wire.h"

size_t tarn__varint_put(unsigned char *p, uint64_t value) {
  size_t n = 0;
  while (value >= 0x80) {
    p[n++] = (unsigned char)(value | 0x80);
    value >>= 7;
  }
  p[n++] = (unsigned char)value;
  return n;
}

tarn_status tarn__wire_add_varint(tarn_bytes *b, uint64_t value) {
  unsigned char p[TARN_VARINT_BYTES];
  return tarn__bytes_add(b, p, tarn__varint_put(p, value));
}

/* The tag and, behind it, `bytes` (at most 10) of value. */
static tarn_status add_field(tarn_bytes *b, uint32_t field, tarn_wire_type type, const void *value,
                             size_t bytes) {
  unsigned char p[2 * TARN_VARINT_BYTES];
  size_t n = tarn__varint_put(p, (uint64_t)field << 3 | (uint64_t)type);
  memcpy(p + n, value, bytes);
  return tarn__bytes_add(b, p, n + bytes);
}

tarn_status tarn__wire_add_int(tarn_bytes *b, uint32_t field, uint64_t value) {
  unsigned char p[TARN_VARINT_BYTES];
  return add_field(b, field, TARN_WIRE_VARINT, p, tarn__varint_put(p, value));
}

tarn_status tarn__wire_add_fixed32(tarn_bytes *b, uint32_t field, uint32_t value) {
  unsigned char p[4];
  tarn__put_le32(p, value);
  return add_field(b, field, TARN_WIRE_FIXED32, p, sizeof p);
}

tarn_status tarn__wire_add_fixed64(tarn_bytes *b, uint32_t field, uint64_t value) {
  unsigned char p[8];
  tarn__put_le64(p, value);
  return add_field(b, field, TARN_WIRE_FIXED64, p, sizeof p);
}

tarn_status tarn__wire_add_float(tarn_bytes *b, uint32_t field, float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return tarn__wire_add_fixed32(b, field, bits);
}

tarn_status tarn__wire_add_double(tarn_bytes *b, uint32_t field, double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return tarn__wire_add_fixed64(b, field, bits);
}

tarn_status tarn__wire_add_bytes(tarn_bytes *b, uint32_t field, const void *data, size_t size) {
  unsigned char p[TARN_VARINT_BYTES];
  TARN_TRY(add_field(b, field, TARN_WIRE_BYTES, p, tarn__varint_put(p, size)));
  return size ? tarn__bytes_add(b, data, size) : TARN_OK;
}

tarn_status tarn__wire_begin(tarn_bytes *b, uint32_t field, size_t *mark) {
  TARN_TRY(tarn__wire_add_varint(b, (uint64_t)field << 3 | TARN_WIRE_BYTES));
  *mark = b->size;
  return TARN_OK;
}

/* The length goes before what is already there: messages of variable length cannot be known in
 * advance, and the move costs less than a second buffer for each. */
tarn_status tarn__wire_end(tarn_bytes *b, size_t mark) {
  unsigned char p[TARN_VARINT_BYTES];
  size_t size = b->size - mark, n = tarn__varint_put(p, size);
  TARN_TRY(tarn__bytes_add(b, p, n));
  memmove(b->data + mark + n, b->data + mark, size);
  memcpy(b->data + mark, p, n);
  return TARN_OK;
}
