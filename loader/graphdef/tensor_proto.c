/* TensorProto to a tensor: see import.h.
 *
 * Elements come as tensor_content (raw, little-endian) or in a field of their type, where fewer values than elements mean
 * that the last one goes on to the end, and none means zeros. Raw content that is aligned for its type in a mapped file is
 * not copied: the tensor points into the mapping and keeps it. */
#include "loader/graphdef/import.h"

#include <inttypes.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "tensor_content is little-endian");

enum { DTYPE = 1, SHAPE = 2, CONTENT = 4 };

/* Which field has the elements of a dtype, how its values are written, and how many of them make one element. */
typedef struct form {
  uint32_t field;
  tarn_wire_type type;
  unsigned each;
} form;

static form form_of(tarn_dtype dtype) {
  switch (dtype) {
    case TARN_F32: return (form){5, TARN_WIRE_FIXED32, 1};
    case TARN_F64: return (form){6, TARN_WIRE_FIXED64, 1};
    case TARN_I32:
    case TARN_I16:
    case TARN_I8:
    case TARN_U16:
    case TARN_U8:
    case TARN_QI8:
    case TARN_QU8:
    case TARN_QI16:
    case TARN_QU16:
    case TARN_QI32: return (form){7, TARN_WIRE_VARINT, 1};
    case TARN_STRING: return (form){8, TARN_WIRE_BYTES, 1};
    case TARN_C64: return (form){9, TARN_WIRE_FIXED32, 2};
    case TARN_I64: return (form){10, TARN_WIRE_VARINT, 1};
    case TARN_BOOL: return (form){11, TARN_WIRE_VARINT, 1};
    case TARN_C128: return (form){12, TARN_WIRE_FIXED64, 2};
    case TARN_F16:
    case TARN_BF16: return (form){13, TARN_WIRE_VARINT, 1};
    case TARN_U32: return (form){16, TARN_WIRE_VARINT, 1};
    case TARN_U64: return (form){17, TARN_WIRE_VARINT, 1};
    case TARN_RESOURCE:
    case TARN_VARIANT:
    case TARN_NO_DTYPE: break;
  }
  return (form){0, TARN_WIRE_VARINT, 1};
}

/* What a TensorProto says, but for the values. */
typedef struct header {
  int64_t number;            /* of the type */
  tarn_shape shape;
  const unsigned char *content;
  size_t content_bytes;
  uint64_t content_offset;
  size_t values;             /* in the form's field, in units of the wire */
} header;

static tarn_status read_header(tarn_import *im, tarn_wire w, header *h) {
  for (;;) {
    tarn_wire_field f;
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) return TARN_OK;
    if (f.number == DTYPE) TARN_TRY(tarn__wire_int64(&f, &h->number));
    if (f.number == SHAPE) {
      tarn_wire shape;
      TARN_TRY(tarn__wire_message(&f, "TensorShapeProto", &shape));
      TARN_TRY(tarn__shape_proto_read(im, shape, &h->shape));
    }
    if (f.number == CONTENT) {
      const char *data;
      TARN_TRY(tarn__wire_text(&f, &data, &h->content_bytes));
      h->content = f.data;
      h->content_offset = f.data_offset;
    }
  }
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
    case TARN_U32: ((uint32_t *)t->data)[i] = (uint32_t)value; break;
    case TARN_F64:
    case TARN_C128:
    case TARN_I64:
    case TARN_U64: ((uint64_t *)t->data)[i] = value; break;
    case TARN_F16:
    case TARN_BF16:
    case TARN_I16:
    case TARN_U16:
    case TARN_QI16:
    case TARN_QU16: ((uint16_t *)t->data)[i] = (uint16_t)value; break;
    case TARN_I8:
    case TARN_U8:
    case TARN_QI8:
    case TARN_QU8: ((uint8_t *)t->data)[i] = (uint8_t)value; break;
    case TARN_BOOL: ((uint8_t *)t->data)[i] = value != 0; break;
    case TARN_STRING:
    case TARN_RESOURCE:
    case TARN_VARIANT:
    case TARN_NO_DTYPE: break;
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

/* The values of the form's field, then the last one again and again. The tensor is zeroed and has room. */
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
      if (last.size == 0) return TARN_OK;   /* the rest is empty already */
      TARN_TRY(tarn__string_set(t, (int64_t)i, last.data, last.size));
    } else {
      size_t bytes = tarn_dtype_bytes(t->dtype);
      memcpy((char *)t->data + i * bytes, (char *)t->data + (i - 1) * bytes, bytes);
    }
  }
  return TARN_OK;
}

/* Bytes that repetition would make out of nothing, against what one file may ask for. */
static tarn_status charge(tarn_import *im, const header *h, tarn_wire message, size_t elements, size_t given,
                          size_t bytes, form layout) {
  size_t more = elements - given;
  if (layout.type == TARN_WIRE_BYTES && given > 0) {
    /* Each copy of the last string is a block of its own: count it as well. The last value is found by another walk. */
    size_t last = 0;
    for (tarn_wire w = message;;) {
      tarn_wire_field f;
      TARN_TRY(tarn__wire_next(&w, &f));
      if (f.number == 0) break;
      if (f.number == layout.field) last = f.size;
    }
    if (tarn__add_overflow(bytes, last, &bytes)) bytes = SIZE_MAX;
  }
  uint64_t total;
  if (tarn__mul_overflow((uint64_t)more, (uint64_t)bytes, &total) || tarn__add_overflow(total, im->expanded, &total) ||
      total > TARN_IMPORT_EXPANSION) {
    char text[TARN_SHAPE_TEXT];
    return tarn_fail(TARN_LIMIT, "offset %" PRIu64 ": a constant of shape %s is given by %zu values; all such constants "
                     "together may take %" PRIu64 " bytes", message.offset, tarn__shape_print(&h->shape, text), given,
                     (uint64_t)TARN_IMPORT_EXPANSION);
  }
  im->expanded = total;
  return TARN_OK;
}

static tarn_status from_values(tarn_import *im, tarn_wire message, const header *h, tarn_dtype dtype, form layout,
                               size_t elements, tarn_tensor *t) {
  if (h->values > elements * layout.each || (h->values % layout.each != 0))
    return tarn_fail(TARN_CORRUPT, "offset %" PRIu64 ": %zu values of type %s, expected at most the shape's %zu elements%s",
                     message.offset, h->values, tarn_dtype_name(dtype), elements,
                     layout.each > 1 ? " in pairs" : "");
  TARN_TRY(charge(im, h, message, elements, h->values / layout.each, tarn_dtype_bytes(dtype), layout));
  TARN_TRY(tarn__tensor_new(im->graph->allocator, dtype, &h->shape, t));
  tarn_status status = fill(message, layout, elements, t);
  if (status != TARN_OK) tarn__tensor_clear(t);
  return status;
}

static tarn_status from_content(tarn_import *im, const header *h, tarn_dtype dtype, size_t bytes, tarn_tensor *t) {
  const tarn_allocator *a = im->graph->allocator;
  size_t each = tarn_dtype_bytes(dtype);
  if (h->content_bytes != bytes) {
    char text[TARN_SHAPE_TEXT];
    return tarn_fail(TARN_CORRUPT, "offset %" PRIu64 ": tensor_content of %zu bytes, expected %zu for %s%s",
                     h->content_offset, h->content_bytes, bytes, tarn_dtype_name(dtype),
                     tarn__shape_print(&h->shape, text));
  }
  /* A byte of a boolean may be anything in a file; kernels count on 0 and 1. */
  bool mapped = im->source && im->source->file.data && dtype != TARN_BOOL;
  if (mapped && (uintptr_t)h->content % each == 0) {
    tarn__source_retain(im->source);
    tarn_status status = tarn__tensor_wrap(a, dtype, &h->shape, (void *)(uintptr_t)h->content, tarn__source_release,
                                           im->source, t);
    if (status != TARN_OK) tarn__source_release(im->source);
    return status;
  }
  TARN_TRY(tarn__tensor_new_raw(a, dtype, &h->shape, t));
  if (dtype == TARN_BOOL)
    for (size_t i = 0; i < bytes; i++) ((uint8_t *)t->data)[i] = h->content[i] != 0;
  else
    memcpy(t->data, h->content, bytes);
  return TARN_OK;
}

tarn_status tarn__tensor_proto_read(tarn_import *im, tarn_wire message, const tarn_tensor **tensor) {
  header h = {.shape = {.rank = 0}};
  *tensor = NULL;
  /* A rank that does not fit must be seen here also when the node has another problem already. */
  const char *before = im->problem;
  tarn_status before_status = im->problem_status;
  im->problem = NULL;
  TARN_TRY(read_header(im, message, &h));
  bool shape_fits = !im->problem;
  if (before) {
    im->problem = before;
    im->problem_status = before_status;
  }
  bool is_ref = false;
  tarn_dtype dtype = tarn__dtype_from_number(h.number, &is_ref);
  if (is_ref || h.number <= 0 || h.number >= 100)
    return tarn_fail(TARN_CORRUPT, "offset %" PRIu64 ": a tensor of data type %" PRId64
                     ", expected the number of a value type", message.offset, h.number);
  char text[TARN_SHAPE_TEXT];
  if (!tarn__shape_known(&h.shape))
    return tarn_fail(TARN_CORRUPT, "offset %" PRIu64 ": a tensor of shape %s, expected all dimensions known",
                     message.offset, tarn__shape_print(&h.shape, text));
  form layout = form_of(dtype);
  if (layout.field == 0) {
    tarn__import_problem(im, TARN_UNSUPPORTED, "a constant of data type %" PRId64 " (%s)", h.number,
                         tarn_dtype_name(dtype));
    return TARN_OK;
  }
  if (!shape_fits) return TARN_OK;
  int64_t elements;
  size_t bytes;
  TARN_TRY_IN(tarn__shape_bytes(&h.shape, tarn_dtype_bytes(dtype), &elements, &bytes), "reading the tensor at offset %"
              PRIu64, message.offset);
  tarn_tensor t = {0};
  if (h.content_bytes > 0 && dtype == TARN_STRING)
    return tarn_fail(TARN_CORRUPT, "offset %" PRIu64 ": tensor_content in a tensor of strings, expected string_val",
                     h.content_offset);
  if (h.content_bytes > 0) {
    TARN_TRY(from_content(im, &h, dtype, bytes, &t));
  } else {
    TARN_TRY(count_values(message, layout, &h.values));
    TARN_TRY(from_values(im, message, &h, dtype, layout, (size_t)elements, &t));
  }
  return tarn__graph_keep_tensor(im->graph, &t, tensor);
}
