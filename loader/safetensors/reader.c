/* Reading .safetensors files: see safetensors.h. */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>

#include "core/bytes.h"
#include "core/file.h"
#include "loader/safetensors/dtypes.h"
#include "loader/safetensors/safetensors.h"

typedef struct row {
  tarn_safetensors_entry entry; /* first: handed out by its address */
  uint64_t begin, end;          /* from the end of the header */
} row;

struct tarn_safetensors {
  tarn_arena *arena;
  char *path;
  tarn_file file;
  uint64_t data; /* offset of the elements */
  size_t count;
  row *rows;
};

enum { HEADER_MAX = 100 << 20 };

static tarn_dtype dtype_of(const char *name) {
  for (size_t i = 0; i < sizeof safetensors_dtypes / sizeof *safetensors_dtypes; i++)
    if (strcmp(safetensors_dtypes[i].name, name) == 0) return safetensors_dtypes[i].dtype;
  return TARN_NO_DTYPE;
}

static bool whole_number(const json_t *v, int64_t *number) {
  *number = json_is_integer(v) ? json_integer_value(v) : -1;
  return *number >= 0;
}

static tarn_status row_read(tarn_safetensors *f, const char *name, json_t *object, row *r) {
  char shown[256];
  tarn__printable(name, strlen(name), shown, sizeof shown);
  const char *dtype = json_string_value(json_object_get(object, "dtype"));
  json_t *shape = json_object_get(object, "shape"),
         *offsets = json_object_get(object, "data_offsets");
  if (!dtype || !json_is_array(shape) || !json_is_array(offsets) || json_array_size(offsets) != 2)
    return tarn_fail(TARN_CORRUPT,
                     "the header's entry '%s' does not have dtype, shape and two data_offsets",
                     shown);
  int64_t begin = 0, end = 0, dims[TARN_MAX_RANK];
  size_t rank = json_array_size(shape);
  if (rank > TARN_MAX_RANK)
    return tarn_fail(TARN_LIMIT, "'%s' has %zu dims, at most %d are possible", shown, rank,
                     TARN_MAX_RANK);
  bool right = whole_number(json_array_get(offsets, 0), &begin) &&
               whole_number(json_array_get(offsets, 1), &end);
  for (size_t i = 0; i < rank; i++)
    right = right && whole_number(json_array_get(shape, i), &dims[i]);
  if (!right)
    return tarn_fail(TARN_CORRUPT, "a dim or offset of '%s' is no integer of 0 or more", shown);
  if (tarn__shape_make((int)rank, dims, &r->entry.shape) != TARN_OK)
    return tarn_fail(TARN_CORRUPT, "the dims of '%s' multiply to more than 2^63", shown);
  uint64_t room = f->file.size - f->data;
  if (begin > end || (uint64_t)end > room)
    return tarn_fail(TARN_CORRUPT,
                     "'%s' lies at [%" PRId64 ", %" PRId64 "), expected it inside the %" PRIu64
                     " bytes of elements",
                     shown, begin, end, room);
  r->begin = (uint64_t)begin;
  r->end = (uint64_t)end;
  r->entry.dtype = dtype_of(dtype);
  r->entry.name = tarn__arena_strndup(f->arena, name, strlen(name));
  if (!r->entry.name) return TARN_NO_MEMORY;
  int64_t elements;
  size_t bytes;
  if (r->entry.dtype == TARN_NO_DTYPE) return TARN_OK;
  if (tarn__shape_bytes(&r->entry.shape, tarn_dtype_bytes(r->entry.dtype), &elements, &bytes) !=
          TARN_OK ||
      bytes != (uint64_t)(end - begin)) {
    char text[TARN_SHAPE_TEXT];
    return tarn_fail(TARN_CORRUPT, "'%s' takes %" PRId64 " bytes, expected those of %s %s", shown,
                     end - begin, dtype, tarn__shape_print(&r->entry.shape, text));
  }
  return TARN_OK;
}

static int by_begin(const void *a, const void *b) {
  const row *x = a, *y = b;
  if (x->begin != y->begin) return x->begin > y->begin ? 1 : -1;
  return (x->end > y->end) - (x->end < y->end);
}

static int by_name(const void *a, const void *b) {
  return strcmp(((const row *)a)->entry.name, ((const row *)b)->entry.name);
}

static tarn_status rows_read(tarn_safetensors *f, json_t *header) {
  f->rows = tarn__arena_array(f->arena, json_object_size(header), sizeof *f->rows);
  if (!f->rows) return TARN_NO_MEMORY;
  const char *name;
  json_t *object;
  json_object_foreach(header, name, object) {
    if (strcmp(name, "__metadata__") == 0) continue;
    TARN_TRY(row_read(f, name, object, &f->rows[f->count]));
    f->count++;
  }
  qsort(f->rows, f->count, sizeof *f->rows, by_begin);
  uint64_t at = 0;
  for (size_t i = 0; i < f->count; i++) {
    if (f->rows[i].begin != at)
      return tarn_fail(TARN_CORRUPT,
                       "offset %" PRIu64
                       ": a hole or an overlap in the elements, expected one after another",
                       f->data + at);
    at = f->rows[i].end;
  }
  if (at != f->file.size - f->data)
    return tarn_fail(TARN_CORRUPT, "offset %" PRIu64 ": %" PRIu64 " bytes behind the last tensor",
                     f->data + at, f->file.size - f->data - at);
  qsort(f->rows, f->count, sizeof *f->rows, by_name);
  return TARN_OK;
}

static tarn_status load(tarn_safetensors *f) {
  if (f->file.size < 8)
    return tarn_fail(TARN_CORRUPT,
                     "a file of %zu bytes, expected at least the 8 of a header's length",
                     f->file.size);
  uint64_t length = 0;
  for (int i = 0; i < 8; i++) length |= (uint64_t)f->file.data[i] << 8 * i;
  if (length > f->file.size - 8 || length > HEADER_MAX)
    return tarn_fail(TARN_CORRUPT,
                     "offset 0: a header of %" PRIu64
                     " bytes, expected at most the %zu that are left",
                     length, f->file.size - 8);
  f->data = 8 + length;
  json_error_t error;
  json_t *header =
      json_loadb((const char *)f->file.data + 8, (size_t)length, JSON_REJECT_DUPLICATES, &error);
  if (!header) {
    char shown[sizeof error.text];
    return tarn_fail(TARN_CORRUPT, "offset %d: the header is no JSON: %s", 8 + error.position,
                     tarn__printable(error.text, strlen(error.text), shown, sizeof shown));
  }
  tarn_status status = json_is_object(header)
                           ? rows_read(f, header)
                           : tarn_fail(TARN_CORRUPT, "offset 8: the header is no JSON object");
  json_decref(header);
  return status;
}

tarn_status tarn__safetensors_open(const tarn_allocator *a, const char *path,
                                   tarn_safetensors **file) {
  tarn_arena *arena;
  TARN_TRY(tarn__arena_create(a, &arena));
  tarn_safetensors *f = tarn__arena_alloc(arena, sizeof *f);
  if (!f) {
    tarn__arena_destroy(arena);
    return TARN_NO_MEMORY;
  }
  f->arena = arena;
  f->path = tarn__arena_strndup(arena, path, strlen(path));
  tarn_status status = f->path ? tarn__file_map(path, &f->file) : TARN_NO_MEMORY;
  if (status == TARN_OK) status = tarn__in_file(load(f), path);
  if (status != TARN_OK)
    tarn__safetensors_close(f);
  else
    *file = f;
  return status;
}

void tarn__safetensors_close(tarn_safetensors *f) {
  if (!f) return;
  tarn__file_unmap(&f->file);
  tarn__arena_destroy(f->arena);
}

size_t tarn__safetensors_count(const tarn_safetensors *f) {
  return f->count;
}
const tarn_safetensors_entry *tarn__safetensors_entry_at(const tarn_safetensors *f, size_t i) {
  return &f->rows[i].entry;
}

tarn_status tarn__safetensors_read(const tarn_safetensors *f, const tarn_allocator *a, size_t i,
                                   tarn_tensor *out) {
  const row *r = &f->rows[i];
  char shown[256];
  if (r->entry.dtype == TARN_NO_DTYPE)
    return tarn_fail(TARN_DTYPE, "'%s' has a dtype that cannot be read",
                     tarn__printable(r->entry.name, strlen(r->entry.name), shown, sizeof shown));
  const uint16_t one = 1;
  if (*(const unsigned char *)&one == 0)
    return tarn_fail(TARN_UNSUPPORTED, ".safetensors files are little-endian, this machine is not");
  tarn_tensor t;
  TARN_TRY(tarn__tensor_new_raw(a, r->entry.dtype, &r->entry.shape, &t));
  if (r->end > r->begin)
    memcpy(t.data, f->file.data + f->data + r->begin, (size_t)(r->end - r->begin));
  tarn__file_forget(&f->file, (size_t)(f->data + r->begin), (size_t)(r->end - r->begin));
  *out = t;
  return TARN_OK;
}
