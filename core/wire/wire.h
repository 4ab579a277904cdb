/* The protobuf wire format, read and written without generated code.
 *
 * The reader pulls one field at a time out of a range of memory that it never copies: a message is
 * a few pointers, a bytes field is a pointer and a size into the file. It knows where in the file
 * the range begins, so every refusal names the byte, what was found and what was expected. Nothing
 * recurses: the caller opens sub-messages itself, and tarn__wire_message refuses more than
 * TARN_WIRE_DEPTH of them inside one another.
 *
 *   tarn_wire w = tarn__wire(data, size, offset_in_file, "NodeDef");
 *   tarn_wire_field f;
 *   for (;;) {
 *     TARN_TRY(tarn__wire_next(&w, &f));
 *     if (f.number == 0) break;                       // the end
 *     switch (f.number) {
 *       case 1: TARN_TRY(tarn__wire_text(&f, &name, &name_bytes)); break;
 *       case 5: TARN_TRY(tarn__wire_message(&f, "AttrValue", &attr)); ... break;
 *     }                                               // an unknown field needs no skipping
 *   }
 *
 * Fields may come in any order; a scalar given twice: the last wins; a message given twice: merge
 * the two. Readers are plain values of the caller's; the memory must outlive what points into it.
 */
#ifndef TARN_CORE_WIRE_WIRE_H
#define TARN_CORE_WIRE_WIRE_H

#include <string.h>

#include "core/bytes.h"

#define TARN_WIRE_DEPTH 100 /* messages inside one another; protobuf's own limit */

typedef enum tarn_wire_type {
  TARN_WIRE_VARINT = 0,
  TARN_WIRE_FIXED64 = 1,
  TARN_WIRE_BYTES = 2,
  TARN_WIRE_FIXED32 = 5,
} tarn_wire_type;

/* A message being read. */
typedef struct tarn_wire {
  const unsigned char *start, *at, *end;
  uint64_t offset;  /* in the file, of `start` */
  const char *what; /* the message's type, for texts: "NodeDef"; a constant */
  int depth;
} tarn_wire;

/* One field. Its value is in `value` (varint and fixed) or at `data` (bytes). */
typedef struct tarn_wire_field {
  uint32_t number; /* 0: the message has ended */
  tarn_wire_type type;
  uint64_t value;
  const unsigned char *data;
  size_t size;
  uint64_t offset;      /* in the file, of the tag */
  uint64_t data_offset; /* in the file, of `data` (bytes) */
  const char *what;     /* of the message around it */
  int depth;
} tarn_wire_field;

static inline tarn_wire tarn__wire(const void *data, size_t size, uint64_t offset,
                                   const char *what) {
  return (tarn_wire){.start = data,
                     .at = data,
                     .end = size ? (const unsigned char *)data + size : data,
                     .offset = offset,
                     .what = what};
}
/* The file offset of the next unread byte. */
static inline uint64_t tarn__wire_offset(const tarn_wire *w) {
  return w->offset + (uint64_t)(w->at - w->start);
}

/* The next field; number 0 at the end. Errors: TARN_CORRUPT (a varint that is cut or longer than 10
 * bytes, field number 0 or above 2^29 - 1, a group or an unknown wire type, a length that leaves
 * the message). */
TARN_MUST_CHECK tarn_status tarn__wire_next(tarn_wire *w, tarn_wire_field *f);

/* The value of a field as what the schema says it is. Errors: TARN_CORRUPT for another wire type
 * and for a value that the type cannot hold. Enums are int32. */
TARN_MUST_CHECK tarn_status tarn__wire_int64(const tarn_wire_field *f, int64_t *value);
TARN_MUST_CHECK tarn_status tarn__wire_uint64(const tarn_wire_field *f, uint64_t *value);
TARN_MUST_CHECK tarn_status tarn__wire_int32(const tarn_wire_field *f, int32_t *value);
TARN_MUST_CHECK tarn_status tarn__wire_bool(const tarn_wire_field *f, bool *value);
TARN_MUST_CHECK tarn_status tarn__wire_fixed32(const tarn_wire_field *f, uint32_t *value);
TARN_MUST_CHECK tarn_status tarn__wire_fixed64(const tarn_wire_field *f, uint64_t *value);
TARN_MUST_CHECK tarn_status tarn__wire_float(const tarn_wire_field *f, float *value);
TARN_MUST_CHECK tarn_status tarn__wire_double(const tarn_wire_field *f, double *value);
/* bytes and string fields: borrowed, not zero-terminated, perhaps with zeros inside. */
TARN_MUST_CHECK tarn_status tarn__wire_text(const tarn_wire_field *f, const char **text,
                                            size_t *bytes);
/* A sub-message; `what` is its type's name. TARN_CORRUPT beyond TARN_WIRE_DEPTH. */
TARN_MUST_CHECK tarn_status tarn__wire_message(const tarn_wire_field *f, const char *what,
                                               tarn_wire *message);

/* The values of a repeated scalar field, packed or one by one. `type` is that of one value. A
 * packed run of fixed values lies at `data`, little-endian and unaligned, so it may be copied
 * whole. */
typedef struct tarn_wire_values {
  const unsigned char *data;
  size_t size;
  size_t count;
  tarn_wire_type type;
  bool single; /* not packed: the one value is `value` */
  uint64_t value;
  size_t position; /* of the reader, in bytes of `data` */
  uint64_t offset; /* in the file, of `data` */
  const char *what;
} tarn_wire_values;
/* Counts and checks them all: TARN_CORRUPT when a packed run is cut inside a value. */
TARN_MUST_CHECK tarn_status tarn__wire_values(const tarn_wire_field *f, tarn_wire_type type,
                                              tarn_wire_values *v);
/* The next value; never call it more than `count` times. */
TARN_MUST_CHECK tarn_status tarn__wire_value(tarn_wire_values *v, uint64_t *value);

/* A varint outside of any field (table files use them too). *at moves past it. `offset` is that of
 * *at in the file. TARN_CORRUPT when it is cut or longer than 10 bytes. */
TARN_MUST_CHECK tarn_status tarn__varint_read(const unsigned char **at, const unsigned char *end,
                                              uint64_t offset, const char *what, uint64_t *value);

static inline float tarn__float_from_bits(uint32_t bits) {
  float f;
  memcpy(&f, &bits, sizeof f);
  return f;
}
static inline double tarn__double_from_bits(uint64_t bits) {
  double d;
  memcpy(&d, &bits, sizeof d);
  return d;
}
/* Little-endian numbers at any address, on any machine. */
static inline uint32_t tarn__le32(const unsigned char *p) {
  return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}
static inline uint64_t tarn__le64(const unsigned char *p) {
  return (uint64_t)tarn__le32(p) | (uint64_t)tarn__le32(p + 4) << 32;
}
static inline void tarn__put_le32(unsigned char *p, uint32_t v) {
  for (int i = 0; i < 4; i++) p[i] = (unsigned char)(v >> 8 * i);
}
static inline void tarn__put_le64(unsigned char *p, uint64_t v) {
  for (int i = 0; i < 8; i++) p[i] = (unsigned char)(v >> 8 * i);
}

/* ---- writing: each call appends to `b`; the only failure is memory ---- */

#define TARN_VARINT_BYTES 10
/* Into p, which has TARN_VARINT_BYTES; returns how many were used. */
size_t tarn__varint_put(unsigned char *p, uint64_t value);
TARN_MUST_CHECK tarn_status tarn__wire_add_varint(tarn_bytes *b, uint64_t value);
/* int32, int64, bool and enum fields; cast negative numbers through int64_t. Zero is written too:
 * leave the call out where proto3 would. */
TARN_MUST_CHECK tarn_status tarn__wire_add_int(tarn_bytes *b, uint32_t field, uint64_t value);
TARN_MUST_CHECK tarn_status tarn__wire_add_fixed32(tarn_bytes *b, uint32_t field, uint32_t value);
TARN_MUST_CHECK tarn_status tarn__wire_add_fixed64(tarn_bytes *b, uint32_t field, uint64_t value);
TARN_MUST_CHECK tarn_status tarn__wire_add_float(tarn_bytes *b, uint32_t field, float value);
TARN_MUST_CHECK tarn_status tarn__wire_add_double(tarn_bytes *b, uint32_t field, double value);
TARN_MUST_CHECK tarn_status tarn__wire_add_bytes(tarn_bytes *b, uint32_t field, const void *data,
                                                 size_t size);
/* A sub-message in place: begin, append its fields, end with the mark that begin gave. They nest.
 */
TARN_MUST_CHECK tarn_status tarn__wire_begin(tarn_bytes *b, uint32_t field, size_t *mark);
TARN_MUST_CHECK tarn_status tarn__wire_end(tarn_bytes *b, size_t mark);

#endif
