/* Typed values of a TensorProto: see tensor_values.h. */
#include "loader/checkpoint/tensor_values.h"

#include <inttypes.h>

/* Where the values of a dtype are, and how. `width` is the size of one number in memory; complex
 * elements are two. */
typedef struct field_row {
  tarn_dtype dtype;
  uint32_t field;
  tarn_wire_type type;
  size_t width;
} field_row;

static const field_row fields[] = {
    {TARN_F32, 5, TARN_WIRE_FIXED32, 4},   {TARN_F64, 6, TARN_WIRE_FIXED64, 8},
    {TARN_I32, 7, TARN_WIRE_VARINT, 4},    {TARN_I16, 7, TARN_WIRE_VARINT, 2},
    {TARN_I8, 7, TARN_WIRE_VARINT, 1},     {TARN_U8, 7, TARN_WIRE_VARINT, 1},
    {TARN_U16, 7, TARN_WIRE_VARINT, 2},    {TARN_QI8, 7, TARN_WIRE_VARINT, 1},
    {TARN_QU8, 7, TARN_WIRE_VARINT, 1},    {TARN_QI16, 7, TARN_WIRE_VARINT, 2},
    {TARN_QU16, 7, TARN_WIRE_VARINT, 2},   {TARN_QI32, 7, TARN_WIRE_VARINT, 4},
    {TARN_STRING, 8, TARN_WIRE_BYTES, 0},  {TARN_C64, 9, TARN_WIRE_FIXED32, 4},
    {TARN_I64, 10, TARN_WIRE_VARINT, 8},   {TARN_BOOL, 11, TARN_WIRE_VARINT, 1},
    {TARN_C128, 12, TARN_WIRE_FIXED64, 8}, {TARN_F16, 13, TARN_WIRE_VARINT, 2},
    {TARN_U32, 16, TARN_WIRE_VARINT, 4},   {TARN_U64, 17, TARN_WIRE_VARINT, 8},
};

static const field_row *row_of(tarn_dtype dtype) {
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
    if (fields[i].dtype == dtype) return &fields[i];
  return NULL;
}

static tarn_status count_values(tarn_wire w, const field_row *row, uint64_t *count) {
  *count = 0;
  for (;;) {
    tarn_wire_field f;
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) return TARN_OK;
    if (f.number != row->field) continue;
    if (row->type == TARN_WIRE_BYTES) {
      const char *text;
      size_t bytes;
      TARN_TRY(tarn__wire_text(&f, &text, &bytes));
      ++*count;
    } else {
      tarn_wire_values v;
      TARN_TRY(tarn__wire_values(&f, row->type, &v));
      *count += v.count;
    }
  }
}

static void put(unsigned char *to, const field_row *row, uint64_t value) {
  uint32_t v32 = (uint32_t)value;
  uint16_t v16 = (uint16_t)value;
  uint8_t v8 = row->dtype == TARN_BOOL ? value != 0 : (uint8_t)value;
  const void *from = row->width == 8   ? (void *)&value
                     : row->width == 4 ? (void *)&v32
                     : row->width == 2 ? (void *)&v16
                                       : (void *)&v8;
  memcpy(to, from, row->width);
}

static bool little_endian(void) {
  const uint16_t one = 1;
  return *(const unsigned char *)&one == 1;
}

static tarn_status fill(tarn_wire w, const field_row *row, tarn_tensor *out) {
  unsigned char *to = out->data;
  int64_t i = 0;
  for (;;) {
    tarn_wire_field f;
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) return TARN_OK;
    if (f.number != row->field) continue;
    if (row->type == TARN_WIRE_BYTES) {
      TARN_TRY(tarn__string_set(out, i++, (const char *)f.data, f.size));
      continue;
    }
    tarn_wire_values v;
    TARN_TRY(tarn__wire_values(&f, row->type, &v));
    if (row->type != TARN_WIRE_VARINT && !v.single && little_endian()) { /* as they are in memory */
      if (v.size > 0) memcpy(to, v.data, v.size);
      to += v.size;
      continue;
    }
    for (size_t k = 0; k < v.count; k++, to += row->width) {
      uint64_t value;
      TARN_TRY(tarn__wire_value(&v, &value));
      put(to, row, value);
    }
  }
}

static uint64_t numbers_each(tarn_dtype dtype) {
  return dtype == TARN_C64 || dtype == TARN_C128 ? 2 : 1;
}

tarn_status tarn__tensor_values(const tarn_allocator *a, const tarn_wire *proto, tarn_dtype dtype,
                                const tarn_shape *shape, tarn_tensor *out) {
  const field_row *row = row_of(dtype);
  if (!row)
    return tarn_fail(TARN_UNSUPPORTED, "values of type %s in a V1 checkpoint",
                     tarn_dtype_name(dtype));
  uint64_t count, elements = (uint64_t)tarn__shape_elements(shape), each = numbers_each(dtype);
  TARN_TRY(count_values(*proto, row, &count));
  if (count / each != elements || count % each != 0)
    return tarn_fail(TARN_CORRUPT,
                     "offset %" PRIu64 ": %" PRIu64
                     " values in field %u of TensorProto, expected %" PRIu64 " elements of %s",
                     proto->offset, count, row->field, elements, tarn_dtype_name(dtype));
  tarn_tensor t;
  TARN_TRY(tarn__tensor_new_raw(a, dtype, shape, &t));
  tarn_status status = fill(*proto, row, &t);
  if (status == TARN_OK)
    *out = t;
  else
    tarn__tensor_clear(&t);
  return status;
}

static uint64_t get(const unsigned char *from, const field_row *row) {
  uint64_t v64 = 0;
  uint32_t v32 = 0;
  uint16_t v16 = 0;
  switch (row->width) {
    case 8:
      memcpy(&v64, from, 8);
      return v64;
    case 4:
      memcpy(&v32, from, 4);
      /* int32 is written as 64 bits with its sign. */
      return row->dtype == TARN_I32 || row->dtype == TARN_QI32 ? (uint64_t)(int64_t)(int32_t)v32
                                                               : v32;
    case 2:
      memcpy(&v16, from, 2);
      return row->dtype == TARN_I16 || row->dtype == TARN_QI16 ? (uint64_t)(int64_t)(int16_t)v16
                                                               : v16;
    default:
      return row->dtype == TARN_I8 || row->dtype == TARN_QI8 ? (uint64_t)(int64_t)(int8_t)*from
                                                             : *from;
  }
}

tarn_status tarn__tensor_values_add(tarn_bytes *b, const tarn_tensor *t) {
  const field_row *row = row_of(t->dtype);
  if (!row)
    return tarn_fail(TARN_UNSUPPORTED, "values of type %s in a V1 checkpoint",
                     tarn_dtype_name(t->dtype));
  int64_t n = tarn__tensor_elements(t);
  if (row->type == TARN_WIRE_BYTES) {
    const tarn_string *s = t->data;
    for (int64_t i = 0; i < n; i++)
      TARN_TRY(tarn__wire_add_bytes(b, row->field, s[i].data, s[i].size));
    return TARN_OK;
  }
  if (n == 0) return TARN_OK; /* an empty packed field is left out */
  size_t mark;
  TARN_TRY(tarn__wire_begin(b, row->field, &mark));
  const unsigned char *from = t->data;
  for (uint64_t i = 0; i < (uint64_t)n * numbers_each(t->dtype); i++, from += row->width) {
    uint64_t value = get(from, row);
    unsigned char p[TARN_VARINT_BYTES];
    size_t bytes = row->width;
    if (row->type == TARN_WIRE_VARINT)
      bytes = tarn__varint_put(p, value);
    else if (row->type == TARN_WIRE_FIXED32)
      tarn__put_le32(p, (uint32_t)value);
    else
      tarn__put_le64(p, value);
    TARN_TRY(tarn__bytes_add(b, p, bytes));
  }
  return tarn__wire_end(b, mark);
}
