/* .npy files: see npy.h. */
#include "loader/npy/npy.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/foreign.h"
#include "loader/npy/npy_header.h"

static const unsigned char magic[6] = {0x93, 'N', 'U', 'M', 'P', 'Y'};

/* The size of the numbers inside an element: the unit of byte order. */
static size_t unit_bytes(tarn_dtype dtype) {
  return tarn_dtype_bytes(dtype) / (dtype == TARN_C64 || dtype == TARN_C128 ? 2 : 1);
}

static void swap_bytes(unsigned char *p, size_t bytes, size_t unit) {
  for (size_t i = 0; i + unit <= bytes; i += unit)
    for (size_t j = 0; j < unit / 2; j++) {
      unsigned char t = p[i + j];
      p[i + j] = p[i + unit - 1 - j];
      p[i + unit - 1 - j] = t;
    }
}

/* Elements whose first dimension runs fastest, put in row-major order. */
static void from_fortran(unsigned char *to, const unsigned char *from, const tarn_shape *shape,
                         size_t each) {
  int64_t n = tarn__shape_elements(shape), stride[TARN_MAX_RANK], at[TARN_MAX_RANK] = {0},
          source = 0, step = 1;
  for (int i = 0; i < shape->rank; i++) {
    stride[i] = step;
    step *= shape->dim[i];
  }
  for (int64_t k = 0; k < n; k++) {
    memcpy(to + (size_t)k * each, from + (size_t)source * each, each);
    for (int i = shape->rank - 1; i >= 0; i--) {
      source += stride[i];
      if (++at[i] < shape->dim[i]) break;
      source -= stride[i] * shape->dim[i];
      at[i] = 0;
    }
  }
}

/* Strings of a fixed width, without the zeros that fill them up. */
static tarn_status strings_parse(const tarn_allocator *a, const npy_header *h,
                                 const unsigned char *data, tarn_tensor *out) {
  tarn_tensor t;
  const int64_t n = tarn__shape_elements(&h->shape);
  if (!h->width && n > 1)
    return tarn_fail(TARN_CORRUPT, "%" PRId64 " strings of 0 bytes, expected some width", n);
  TARN_TRY(tarn__tensor_new(a, TARN_STRING, &h->shape, &t));
  tarn_tensor plain = {0};
  const unsigned char *from = data;
  unsigned char *ordered = NULL;
  tarn_status status = TARN_OK;
  if (h->fortran && h->shape.rank > 1 && h->width && n) {
    const tarn_shape flat = {.rank = 1, .dim = {n * (int64_t)h->width}};
    status = tarn__tensor_new_raw(a, TARN_U8, &flat, &plain);
    ordered = plain.data;
    if (status == TARN_OK) from_fortran(ordered, data, &h->shape, h->width);
    from = ordered;
  }
  for (int64_t i = 0; i < n && status == TARN_OK; i++) {
    const unsigned char *s = from + (size_t)i * h->width;
    size_t bytes = h->width;
    while (bytes && !s[bytes - 1]) bytes--;
    status = tarn__string_set(&t, i, (const char *)s, bytes);
  }
  tarn__tensor_clear(&plain);
  if (status != TARN_OK) tarn__tensor_clear(&t);
  else *out = t;
  return status;
}

tarn_status tarn__npy_parse(const tarn_allocator *a, const unsigned char *data, size_t bytes,
                            tarn_tensor *out) {
  if (bytes < 10 || memcmp(data, magic, sizeof magic) != 0)
    return tarn__foreign_refuse(
        tarn_fail(TARN_CORRUPT,
                  "offset 0: no .npy array, expected it to begin with \\x93NUMPY and a version"),
        data, bytes, "a .npy array");
  unsigned major = data[6], minor = data[7];
  if (major < 1 || major > 3 || minor != 0)
    return tarn_fail(TARN_CORRUPT, "offset 6: .npy version %u.%u, expected 1.0, 2.0 or 3.0", major,
                     minor);
  size_t at = major == 1 ? 10 : 12, length = (size_t)data[8] | (size_t)data[9] << 8;
  if (major > 1) {
    if (bytes < at)
      return tarn_fail(TARN_CORRUPT, "offset 8: the array ends inside its header's length");
    length |= (size_t)data[10] << 16 | (size_t)data[11] << 24;
  }
  if (length > bytes - at)
    return tarn_fail(TARN_CORRUPT,
                     "offset 8: a header of %zu bytes, expected at most the %zu that are left",
                     length, bytes - at);
  npy_header h;
  TARN_TRY(tarn__npy_header_parse((const char *)data + at, length, at, &h));
  at += length;
  size_t each = h.width, need;
  int64_t elements;
  if (tarn__shape_bytes(&h.shape, each, &elements, &need) != TARN_OK || need != bytes - at) {
    char text[TARN_SHAPE_TEXT];
    return tarn_fail(TARN_CORRUPT, "offset %zu: %zu bytes of elements, expected those of %s %s", at,
                     bytes - at, tarn_dtype_name(h.dtype), tarn__shape_print(&h.shape, text));
  }
  if (h.dtype == TARN_STRING) return strings_parse(a, &h, data + at, out);
  tarn_tensor t;
  TARN_TRY(tarn__tensor_new_raw(a, h.dtype, &h.shape, &t));
  if (h.fortran && h.shape.rank > 1)
    from_fortran(t.data, data + at, &h.shape, each);
  else if (need > 0)
    memcpy(t.data, data + at, need);
  if (h.swap) swap_bytes(t.data, need, unit_bytes(h.dtype));
  if (h.dtype == TARN_BOOL) { /* any other byte would be neither true nor false to the kernels */
    unsigned char *p = t.data;
    for (size_t i = 0; i < need; i++) p[i] = p[i] != 0;
  }
  *out = t;
  return TARN_OK;
}

/* NumPy's code without the byte order; NULL: none. */
static const char *code(tarn_dtype dtype) {
  switch (dtype) {
    case TARN_F32:
      return "f4";
    case TARN_F64:
      return "f8";
    case TARN_F16:
      return "f2";
    case TARN_C64:
      return "c8";
    case TARN_C128:
      return "c16";
    case TARN_BOOL:
      return "b1";
    case TARN_I8:
    case TARN_QI8:
      return "i1";
    case TARN_I16:
    case TARN_QI16:
      return "i2";
    case TARN_I32:
    case TARN_QI32:
      return "i4";
    case TARN_I64:
      return "i8";
    case TARN_U8:
    case TARN_QU8:
      return "u1";
    case TARN_U16:
    case TARN_QU16:
      return "u2";
    case TARN_U32:
      return "u4";
    case TARN_U64:
      return "u8";
    case TARN_NO_DTYPE:
    case TARN_STRING:
    case TARN_BF16:
    case TARN_RESOURCE:
    case TARN_VARIANT:
      break;
  }
  return NULL;
}

static tarn_status header_of(const char *type, char order, const tarn_shape *shape, tarn_bytes *b) {
  size_t start = b->size;
  TARN_TRY(tarn__bytes_add(b, magic, sizeof magic));
  TARN_TRY(tarn__bytes_add(b, "\1\0\0\0", 4));
  TARN_TRY(
      tarn__bytes_printf(b, "{'descr': '%c%s', 'fortran_order': False, 'shape': (", order, type));
  for (int i = 0; i < shape->rank; i++)
    TARN_TRY(tarn__bytes_printf(b, i ? ", %" PRId64 : "%" PRId64, shape->dim[i]));
  TARN_TRY(tarn__bytes_printf(b, "%s), }", shape->rank == 1 ? "," : ""));
  /* Spaces and a line feed, so that the elements begin at a multiple of 64. */
  while ((b->size - start + 1) % 64 != 0) TARN_TRY(tarn__bytes_add(b, " ", 1));
  TARN_TRY(tarn__bytes_add(b, "\n", 1));
  size_t length = b->size - start - 10; /* TARN_MAX_RANK dims of 20 digits stay far below 2^16 */
  b->data[start + 8] = (char)(length & 0xff);
  b->data[start + 9] = (char)(length >> 8);
  return TARN_OK;
}

tarn_status tarn__npy_header(tarn_dtype dtype, const tarn_shape *shape, tarn_bytes *b) {
  const char *type = code(dtype);
  if (!type) return tarn_fail(TARN_DTYPE, "%s has no .npy form", tarn_dtype_name(dtype));
  const uint16_t one = 1;
  return header_of(type,
                   unit_bytes(dtype) == 1         ? '|'
                   : *(const unsigned char *)&one ? '<'
                                                  : '>',
                   shape, b);
}

/* Strings as NumPy's fixed-width bytes, '|S<n>' with the width of the longest: each is filled up
 * with zeros, so none may end in one. */
static tarn_status strings_bytes(const tarn_tensor *t, tarn_bytes *b) {
  const tarn_string *s = t->data;
  const int64_t n = tarn__tensor_elements(t);
  size_t width = 1, total;
  for (int64_t i = 0; i < n; i++) {
    if (s[i].size && !s[i].data[s[i].size - 1])
      return tarn_fail(
          TARN_DTYPE, "string %" PRId64 " ends in a zero byte, which .npy cannot keep: write .json",
          i);
    if (s[i].size > width) width = s[i].size;
  }
  if (width > 999999999 || tarn__mul_overflow(width, (size_t)n, &total))
    return tarn_fail(TARN_LIMIT, "a string of %zu bytes is too long for .npy: write .json", width);
  char type[16];
  snprintf(type, sizeof type, "S%zu", width);
  TARN_TRY(header_of(type, '|', &t->shape, b));
  for (int64_t i = 0; i < n; i++) {
    static const char zeros[256];
    if (s[i].size) TARN_TRY(tarn__bytes_add(b, s[i].data, s[i].size));
    for (size_t left = width - s[i].size, piece; left; left -= piece) {
      piece = left < sizeof zeros ? left : sizeof zeros;
      TARN_TRY(tarn__bytes_add(b, zeros, piece));
    }
  }
  return TARN_OK;
}

tarn_status tarn__npy_load(const tarn_allocator *a, const char *path, tarn_tensor *out) {
  tarn_file file;
  TARN_TRY(tarn__file_map(path, &file));
  tarn_status status = tarn__npy_parse(a, file.data, file.size, out);
  tarn__file_unmap(&file);
  return tarn__in_file(status, path);
}

tarn_status tarn__npy_save(const tarn_allocator *a, const tarn_tensor *t, const char *path) {
  tarn_bytes header;
  tarn_output *output = NULL;
  tarn__bytes_init(&header, a);
  const bool strings = t->dtype == TARN_STRING;
  tarn_status status =
      strings ? strings_bytes(t, &header) : tarn__npy_header(t->dtype, &t->shape, &header);
  if (status == TARN_OK) status = tarn__output_open(a, path, &output);
  if (status == TARN_OK) status = tarn__output_write(output, header.data, header.size);
  if (status == TARN_OK && !strings)
    status = tarn__output_write(output, t->data, tarn__tensor_bytes(t));
  if (status == TARN_OK)
    status = tarn__output_commit(output);
  else
    tarn__output_discard(output);
  tarn__bytes_clear(&header);
  return tarn__in_file(status, path);
}

tarn_status tarn_tensor_load_npy(const char *path, tarn_tensor **tensor) {
  const tarn_allocator *a = tarn__allocator_default();
  tarn_tensor value;
  TARN_TRY(tarn__npy_load(a, path, &value));
  tarn_status status = tarn__tensor_handle(a, &value, tensor);
  if (status != TARN_OK) tarn__tensor_clear(&value);
  return status;
}

tarn_status tarn_tensor_save_npy(const tarn_tensor *tensor, const char *path) {
  return tarn__npy_save(tarn__allocator_default(), tensor, path);
}
