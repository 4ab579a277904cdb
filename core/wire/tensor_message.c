/* TensorProto to a tensor and back: see tensor_message.h. */
#include "core/wire/tensor_message.h"

#include <inttypes.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "tensor_content is little-endian");

enum { DTYPE = 1, SHAPE = 2, CONTENT = 4, STRINGS = 8 };

/* ---- shapes ---------------------------------------------------------------------------------- */

tarn_status tarn__shape_message_read(tarn_wire message, tarn_shape *shape, bool *deep) {
  bool unknown = shape->rank < 0;
  int64_t product = 1;
  for (int i = 0; i < shape->rank; i++)
    if (shape->dim[i] >= 0) product *= shape->dim[i]; /* checked when it was read */
  for (tarn_wire w = message;;) {
    tarn_wire_field f;
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) break;
    if (f.number == 3) TARN_TRY(tarn__wire_bool(&f, &unknown));
    if (f.number != 2) continue;
    tarn_wire dim;
    int64_t size = 0;
    TARN_TRY(tarn__wire_message(&f, "TensorShapeProto.Dim", &dim));
    for (;;) {
      tarn_wire_field d;
      TARN_TRY(tarn__wire_next(&dim, &d));
      if (d.number == 0) break;
      if (d.number == 1) TARN_TRY(tarn__wire_int64(&d, &size));
    }
    if (size < -1)
      return tarn_fail(TARN_CORRUPT,
                       "offset %" PRIu64 ": a dimension of %" PRId64 ", expected -1 or more",
                       f.offset, size);
    if (size >= 0 && tarn__mul_overflow(product, size, &product))
      return tarn_fail(TARN_CORRUPT,
                       "offset %" PRIu64 ": the product of a shape's dimensions passes 2^63",
                       f.offset);
    if (shape->rank < 0) continue;
    if (shape->rank == TARN_MAX_RANK)
      *deep = true;
    else
      shape->dim[shape->rank++] = size;
  }
  if (unknown) *shape = (tarn_shape){.rank = -1};
  return TARN_OK;
}

tarn_status tarn__shape_message_write(const tarn_shape *shape, uint32_t field, tarn_bytes *b) {
  size_t mark, dim;
  TARN_TRY(tarn__wire_begin(b, field, &mark));
  if (shape->rank < 0) TARN_TRY(tarn__wire_add_int(b, 3, 1));
  for (int i = 0; i < shape->rank; i++) {
    TARN_TRY(tarn__wire_begin(b, 2, &dim));
    if (shape->dim[i] != 0) TARN_TRY(tarn__wire_add_int(b, 1, (uint64_t)shape->dim[i]));
    TARN_TRY(tarn__wire_end(b, dim));
  }
  return tarn__wire_end(b, mark);
}

/* ---- reading --------------------------------------------------------------------------------- */

/* Which field has the elements of a dtype, how its values are written, and how many of them make
 * one element. */
typedef struct form {
  uint32_t field;
  tarn_wire_type type;
  unsigned each;
} form;

static form form_of(tarn_dtype dtype) {
  switch (dtype) {
    case TARN_F32:
      return (form){5, TARN_WIRE_FIXED32, 1};
    case TARN_F64:
      return (form){6, TARN_WIRE_FIXED64, 1};
    case TARN_I32:
    case TARN_I16:
    case TARN_I8:
    case TARN_U16:
    case TARN_U8:
    case TARN_QI8:
    case TARN_QU8:
    case TARN_QI16:
    case TARN_QU16:
    case TARN_QI32:
      return (form){7, TARN_WIRE_VARINT, 1};
    case TARN_STRING:
      return (form){8, TARN_WIRE_BYTES, 1};
    case TARN_C64:
      return (form){9, TARN_WIRE_FIXED32, 2};
    case TARN_I64:
      return (form){10, TARN_WIRE_VARINT, 1};
    case TARN_BOOL:
      return (form){11, TARN_WIRE_VARINT, 1};
    case TARN_C128:
      return (form){12, TARN_WIRE_FIXED64, 2};
    case TARN_F16:
    case TARN_BF16:
      return (form){13, TARN_WIRE_VARINT, 1};
    case TARN_U32:
      return (form){16, TARN_WIRE_VARINT, 1};
    case TARN_U64:
      return (form){17, TARN_WIRE_VARINT, 1};
    case TARN_RESOURCE:
    case TARN_VARIANT:
    case TARN_NO_DTYPE:
      break;
  }
  return (form){0, TARN_WIRE_VARINT, 1};
}

static tarn_status count_values(tarn_wire w, form layout, size_t *count) {
  for (;;) {
    tarn_wire_field f;
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) return TARN_OK;
    if (f.number != layout.field) continue;
    if (layout.type == TARN_WIRE_BYTES) {
      ++*count;
    } else {
      tarn_wire_values v;
      TARN_TRY(tarn__wire_values(&f, layout.type, &v));
      *count += v.count;
    }
  }
}

/* Value i of the wire into its place; a complex number has two. */
static void put(tarn_tensor *t, size_t i, uint64_t value) {
  switch (t->dtype) {
    case TARN_F32:
    case TARN_C64:
    case TARN_I32:
    case TARN_QI32:
    case TARN_U32:
      ((uint32_t *)t->data)[i] = (uint32_t)value;
      break;
    case TARN_F64:
    case TARN_C128:
    case TARN_I64:
    case TARN_U64:
      ((uint64_t *)t->data)[i] = value;
      break;
    case TARN_F16:
    case TARN_BF16:
    case TARN_I16:
    case TARN_U16:
    case TARN_QI16:
    case TARN_QU16:
      ((uint16_t *)t->data)[i] = (uint16_t)value;
      break;
    case TARN_I8:
    case TARN_U8:
    case TARN_QI8:
    case TARN_QU8:
      ((uint8_t *)t->data)[i] = (uint8_t)value;
      break;
    case TARN_BOOL:
      ((uint8_t *)t->data)[i] = value != 0;
      break;
    case TARN_STRING:
    case TARN_RESOURCE:
    case TARN_VARIANT:
    case TARN_NO_DTYPE:
      break;
  }
}

static tarn_status fill_field(const tarn_wire_field *f, form layout, tarn_tensor *t, size_t *at) {
  if (layout.type == TARN_WIRE_BYTES) {
    const char *data;
    size_t bytes;
    TARN_TRY(tarn__wire_text(f, &data, &bytes));
    return tarn__string_set(t, (int64_t)(*at)++, data, bytes);
  }
  tarn_wire_values v;
  TARN_TRY(tarn__wire_values(f, layout.type, &v));
  for (size_t i = 0; i < v.count; i++) {
    uint64_t value;
    TARN_TRY(tarn__wire_value(&v, &value));
    put(t, (*at)++, value);
  }
  return TARN_OK;
}

/* The values of the form's field, then the last one again and again. The tensor is zeroed and has
 * room. */
static tarn_status fill(tarn_wire w, form layout, size_t elements, tarn_tensor *t) {
  size_t at = 0;
  for (;;) {
    tarn_wire_field f;
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) break;
    if (f.number == layout.field) TARN_TRY(fill_field(&f, layout, t, &at));
  }
  size_t given = at / layout.each;
  if (given == 0) return TARN_OK;
  for (size_t i = given; i < elements; i++) {
    if (t->dtype == TARN_STRING) {
      tarn_string last = ((const tarn_string *)t->data)[given - 1];
      if (last.size == 0) return TARN_OK; /* the rest is empty already */
      TARN_TRY(tarn__string_set(t, (int64_t)i, last.data, last.size));
    } else {
      size_t bytes = tarn_dtype_bytes(t->dtype);
      memcpy((char *)t->data + i * bytes, (char *)t->data + (i - 1) * bytes, bytes);
    }
  }
  return TARN_OK;
}

/* Bytes that repetition would make out of nothing, against what the caller allows. */
static tarn_status charge(const tarn_tensor_message *m, form layout, size_t given,
                          uint64_t *expanded, uint64_t limit) {
  const size_t more = (size_t)m->elements - given;
  size_t bytes = tarn_dtype_bytes(m->dtype);
  if (layout.type == TARN_WIRE_BYTES && given > 0) {
    /* Each copy of the last string is a block of its own: count it as well. The last value is found
     * by another walk. */
    size_t last = 0;
    for (tarn_wire w = m->wire;;) {
      tarn_wire_field f;
      TARN_TRY(tarn__wire_next(&w, &f));
      if (f.number == 0) break;
      if (f.number == layout.field) last = f.size;
    }
    if (tarn__add_overflow(bytes, last, &bytes)) bytes = SIZE_MAX;
  }
  uint64_t total;
  if (tarn__mul_overflow((uint64_t)more, (uint64_t)bytes, &total) ||
      tarn__add_overflow(total, *expanded, &total) || total > limit) {
    char text[TARN_SHAPE_TEXT];
    return tarn_fail(TARN_LIMIT,
                     "offset %" PRIu64
                     ": a constant of shape %s is given by %zu values; all such constants "
                     "together may take %" PRIu64 " bytes",
                     m->wire.offset, tarn__shape_print(&m->shape, text), given, limit);
  }
  *expanded = total;
  return TARN_OK;
}

static tarn_status read_values(const tarn_tensor_message *m, const tarn_allocator *a,
                               uint64_t *expanded, uint64_t limit, tarn_tensor *t) {
  const form layout = form_of(m->dtype);
  size_t values = 0;
  if (m->elements == 0 && m->dtype == TARN_STRING)
    return tarn__tensor_new(a, m->dtype, &m->shape, t); /* tf.zeros writes one for none */
  TARN_TRY(count_values(m->wire, layout, &values));
  if (values > (size_t)m->elements * layout.each || values % layout.each != 0)
    return tarn_fail(TARN_CORRUPT,
                     "offset %" PRIu64
                     ": %zu values of type %s, expected at most the shape's %" PRId64 " elements%s",
                     m->wire.offset, values, tarn_dtype_name(m->dtype), m->elements,
                     layout.each > 1 ? " in pairs" : "");
  TARN_TRY(charge(m, layout, values / layout.each, expanded, limit));
  TARN_TRY(tarn__tensor_new(a, m->dtype, &m->shape, t));
  const tarn_status status = fill(m->wire, layout, (size_t)m->elements, t);
  if (status != TARN_OK) tarn__tensor_clear(t);
  return status;
}

static tarn_status read_raw(const tarn_tensor_message *m, const tarn_allocator *a, tarn_tensor *t) {
  TARN_TRY(tarn__tensor_new_raw(a, m->dtype, &m->shape, t));
  if (m->dtype ==
      TARN_BOOL) /* a byte of a boolean may be anything in a file; kernels count on 0 and 1 */
    for (size_t i = 0; i < m->bytes; i++) ((uint8_t *)t->data)[i] = m->content[i] != 0;
  else
    memcpy(t->data, m->content, m->bytes);
  return TARN_OK;
}

/* The lengths of all strings as varints, then their bytes one behind the other, and nothing
 * else. */
static tarn_status fill_strings(const tarn_tensor_message *m, tarn_tensor *t) {
  const unsigned char *at = m->content, *end = m->content + m->content_bytes, *bytes = m->content;
  for (int pass = 0; pass < 2; pass++) {
    at = m->content;
    for (int64_t i = 0; i < m->elements; i++) {
      uint64_t size;
      TARN_TRY(tarn__varint_read(&at, end, m->content_offset + (uint64_t)(at - m->content),
                                 "the length of a string", &size));
      if (pass == 0) continue;
      if (size > (size_t)(end - bytes))
        return tarn_fail(TARN_CORRUPT,
                         "offset %" PRIu64 ": string %" PRId64 " of %" PRIu64
                         " bytes leaves its tensor_content",
                         m->content_offset + (uint64_t)(bytes - m->content), i, size);
      TARN_TRY(tarn__string_set(t, i, (const char *)bytes, (size_t)size));
      bytes += size;
    }
    if (pass == 0) bytes = at;
  }
  if (bytes != end)
    return tarn_fail(TARN_CORRUPT, "offset %" PRIu64 ": %zu bytes behind the last string",
                     m->content_offset, (size_t)(end - bytes));
  return TARN_OK;
}

static tarn_status read_strings(const tarn_tensor_message *m, const tarn_allocator *a,
                                tarn_tensor *t) {
  if ((uint64_t)m->elements > m->content_bytes) /* each has a length */
    return tarn_fail(TARN_CORRUPT,
                     "offset %" PRIu64 ": tensor_content of %zu bytes for %" PRId64 " strings",
                     m->content_offset, m->content_bytes, m->elements);
  TARN_TRY(tarn__tensor_new(a, m->dtype, &m->shape, t));
  const tarn_status status = fill_strings(m, t);
  if (status != TARN_OK) tarn__tensor_clear(t);
  return status;
}

static tarn_status read_fields(tarn_tensor_message *m) {
  for (tarn_wire w = m->wire;;) {
    tarn_wire_field f;
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) return TARN_OK;
    if (f.number == DTYPE) TARN_TRY(tarn__wire_int64(&f, &m->number));
    if (f.number == SHAPE) {
      tarn_wire shape;
      TARN_TRY(tarn__wire_message(&f, "TensorShapeProto", &shape));
      TARN_TRY(tarn__shape_message_read(shape, &m->shape, &m->deep));
    }
    if (f.number == CONTENT) {
      const char *data;
      TARN_TRY(tarn__wire_text(&f, &data, &m->content_bytes));
      m->content = f.data;
      m->content_offset = f.data_offset;
    }
  }
}

bool tarn__tensor_message_readable(const tarn_tensor_message *m) {
  return form_of(m->dtype).field != 0 && !m->deep;
}

tarn_status tarn__tensor_message_open(tarn_wire message, tarn_tensor_message *m) {
  char text[TARN_SHAPE_TEXT];
  bool is_ref = false;
  *m = (tarn_tensor_message){.wire = message, .shape = {.rank = 0}};
  TARN_TRY(read_fields(m));
  m->dtype = tarn__dtype_from_number(m->number, &is_ref);
  if (is_ref || m->number <= 0 || m->number >= 100)
    return tarn_fail(TARN_CORRUPT,
                     "offset %" PRIu64 ": a tensor of data type %" PRId64
                     ", expected the number of a value type",
                     message.offset, m->number);
  if (!tarn__shape_known(&m->shape))
    return tarn_fail(TARN_CORRUPT,
                     "offset %" PRIu64 ": a tensor of shape %s, expected all dimensions known",
                     message.offset, tarn__shape_print(&m->shape, text));
  if (!tarn__tensor_message_readable(m)) return TARN_OK;
  TARN_TRY_IN(tarn__shape_bytes(&m->shape, tarn_dtype_bytes(m->dtype), &m->elements, &m->bytes),
              "reading the tensor at offset %" PRIu64, message.offset);
  if (m->content_bytes > 0 && m->dtype != TARN_STRING && m->content_bytes != m->bytes)
    return tarn_fail(TARN_CORRUPT,
                     "offset %" PRIu64 ": tensor_content of %zu bytes, expected %zu for %s%s",
                     m->content_offset, m->content_bytes, m->bytes, tarn_dtype_name(m->dtype),
                     tarn__shape_print(&m->shape, text));
  return TARN_OK;
}

tarn_status tarn__tensor_message_read(const tarn_allocator *a, const tarn_tensor_message *m,
                                      uint64_t *expanded, uint64_t limit, tarn_tensor *t) {
  if (!tarn__tensor_message_readable(m))
    return tarn_fail(TARN_UNSUPPORTED, "a tensor of data type %" PRId64 "%s", m->number,
                     m->deep ? " in more dims than tarn has" : "");
  if (m->content_bytes == 0) return read_values(m, a, expanded, limit, t);
  return m->dtype == TARN_STRING ? read_strings(m, a, t) : read_raw(m, a, t);
}

/* ---- writing --------------------------------------------------------------------------------- */

/* The lengths of all strings, then their bytes: what fill_strings reads. */
static tarn_status write_strings(const tarn_tensor *t, tarn_bytes *b) {
  const tarn_string *s = t->data;
  const int64_t n = tarn__tensor_elements(t);
  tarn_bytes content;
  tarn__bytes_init(&content, b->allocator);
  tarn_status status = TARN_OK;
  for (int64_t i = 0; i < n && status == TARN_OK; i++)
    status = tarn__wire_add_varint(&content, s[i].size);
  for (int64_t i = 0; i < n && status == TARN_OK; i++)
    if (s[i].size) status = tarn__bytes_add(&content, s[i].data, s[i].size);
  if (status == TARN_OK && n > 0)
    status = tarn__wire_add_bytes(b, CONTENT, content.data, content.size);
  tarn__bytes_clear(&content);
  return status;
}

static tarn_status write_start(const tarn_tensor *t, tarn_bytes *b) {
  if (t->dtype != TARN_STRING && !tarn__dtype_in(t->dtype, TARN_PLAIN))
    return tarn_fail(TARN_UNSUPPORTED, "a constant of %s cannot be written",
                     tarn_dtype_name(t->dtype));
  TARN_TRY(tarn__wire_add_int(b, DTYPE, (uint64_t)t->dtype));
  return tarn__shape_message_write(&t->shape, SHAPE, b);
}

tarn_status tarn__tensor_message_write(const tarn_tensor *t, tarn_bytes *b) {
  if (t->dtype != TARN_STRING) return tarn__tensor_message_write_content(t, b);
  const int64_t n = tarn__tensor_elements(t);
  const tarn_string *s = t->data;
  TARN_TRY(write_start(t, b));
  for (int64_t i = 0; i < n; i++)
    TARN_TRY(tarn__wire_add_bytes(b, STRINGS, s[i].size ? s[i].data : "", s[i].size));
  return TARN_OK;
}

tarn_status tarn__tensor_message_write_content(const tarn_tensor *t, tarn_bytes *b) {
  TARN_TRY(write_start(t, b));
  if (t->dtype == TARN_STRING) return write_strings(t, b);
  if (tarn__tensor_elements(t) == 0) return TARN_OK;
  return tarn__wire_add_bytes(b, CONTENT, t->data, tarn__tensor_bytes(t));
}
