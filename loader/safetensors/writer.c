/* Writing .safetensors files: see safetensors.h. */
#include <jansson.h>
#include <stdlib.h>

#include "core/bytes.h"
#include "core/file.h"
#include "loader/safetensors/dtypes.h"
#include "loader/safetensors/safetensors.h"

struct tarn_safetensors_writer {
  const tarn_allocator *allocator;
  tarn_output *output;
  size_t count, added;
  struct expected {
    tarn_dtype dtype;
    tarn_shape shape;
  } * expected;
};

static const char *name_of(tarn_dtype dtype) {
  for (size_t i = 0; i < sizeof safetensors_dtypes / sizeof *safetensors_dtypes; i++)
    if (safetensors_dtypes[i].dtype == dtype) return safetensors_dtypes[i].name;
  return NULL;
}

bool tarn__safetensors_holds(tarn_dtype dtype) {
  return name_of(dtype) != NULL;
}

/* NULL when memory is short or the name is not UTF-8. */
static json_t *entry_json(const tarn_safetensors_entry *e, uint64_t begin, uint64_t end) {
  json_t *shape = json_array();
  for (int i = 0; shape && i < e->shape.rank; i++)
    if (json_array_append_new(shape, json_integer(e->shape.dim[i])) != 0) {
      json_decref(shape);
      return NULL;
    }
  return json_pack("{s:s, s:o, s:[I, I]}", "dtype", name_of(e->dtype), "shape", shape,
                   "data_offsets", (json_int_t)begin, (json_int_t)end);
}

static tarn_status header_make(size_t n, const tarn_safetensors_entry *entries, json_t **header) {
  json_t *h = json_object();
  if (!h) return tarn_fail(TARN_NO_MEMORY, "no memory for the header");
  uint64_t at = 0;
  tarn_status status = TARN_OK;
  for (size_t i = 0; i < n && status == TARN_OK; i++) {
    const tarn_safetensors_entry *e = &entries[i];
    char shown[256];
    tarn__printable(e->name, strlen(e->name), shown, sizeof shown);
    int64_t elements;
    size_t bytes;
    if (!name_of(e->dtype)) {
      status = tarn_fail(TARN_DTYPE, "'%s' is of type %s, which .safetensors files cannot hold",
                         shown, tarn_dtype_name(e->dtype));
    } else if (json_object_get(h, e->name)) {
      status = tarn_fail(TARN_INVALID, "two tensors are called '%s'", shown);
    } else if ((status = tarn__shape_bytes(&e->shape, tarn_dtype_bytes(e->dtype), &elements,
                                           &bytes)) == TARN_OK) {
      if (json_object_set_new(h, e->name, entry_json(e, at, at + bytes)) != 0)
        status =
            tarn_fail(TARN_INVALID,
                      "'%s' cannot be written: its name is not UTF-8, or memory is short", shown);
      at += bytes;
    }
  }
  if (status == TARN_OK)
    *header = h;
  else
    json_decref(h);
  return status;
}

static int append(const char *text, size_t bytes, void *context) {
  return tarn__bytes_add(context, text, bytes) == TARN_OK ? 0 : -1;
}

/* Length, JSON, and spaces so that the elements begin at a multiple of 8. */
static tarn_status header_write(tarn_safetensors_writer *w, json_t *header) {
  tarn_bytes text;
  tarn__bytes_init(&text, w->allocator);
  tarn_status status = TARN_OK;
  if (json_dump_callback(header, append, &text, JSON_COMPACT) != 0)
    status = tarn_fail(TARN_NO_MEMORY, "no memory for the header");
  while (status == TARN_OK && text.size % 8 != 0) status = tarn__bytes_add(&text, " ", 1);
  unsigned char length[8];
  for (int i = 0; i < 8; i++) length[i] = (unsigned char)((uint64_t)text.size >> 8 * i);
  if (status == TARN_OK) status = tarn__output_write(w->output, length, sizeof length);
  if (status == TARN_OK) status = tarn__output_write(w->output, text.data, text.size);
  tarn__bytes_clear(&text);
  return status;
}

tarn_status tarn__safetensors_writer_create(const tarn_allocator *a, const char *path, size_t n,
                                            const tarn_safetensors_entry *entries,
                                            tarn_safetensors_writer **writer) {
  const uint16_t one = 1;
  if (*(const unsigned char *)&one == 0)
    return tarn_fail(TARN_UNSUPPORTED, ".safetensors files are little-endian, this machine is not");
  json_t *header = NULL;
  TARN_TRY(tarn__in_file(header_make(n, entries, &header), path));
  tarn_safetensors_writer *w = tarn__alloc_zero(a, sizeof *w);
  tarn_status status = TARN_NO_MEMORY;
  if (!w) {
    json_decref(header);
    return status;
  }
  w->allocator = a;
  w->count = n;
  w->expected = tarn__alloc_zero(a, (n + 1) * sizeof *w->expected);
  if (w->expected) {
    for (size_t i = 0; i < n; i++)
      w->expected[i] = (struct expected){entries[i].dtype, entries[i].shape};
    status = tarn__output_open(a, path, &w->output);
  }
  if (status == TARN_OK) status = header_write(w, header);
  json_decref(header);
  if (status != TARN_OK)
    tarn__safetensors_writer_discard(w);
  else
    *writer = w;
  return status;
}

tarn_status tarn__safetensors_writer_add(tarn_safetensors_writer *w, const tarn_tensor *t) {
  if (w->added == w->count || w->expected[w->added].dtype != t->dtype ||
      !tarn__shape_equal(&w->expected[w->added].shape, &t->shape))
    return tarn_fail(TARN_INVALID, "tensor %zu is not the one that the header was made for",
                     w->added);
  w->added++;
  return tarn__output_write(w->output, t->data, tarn__tensor_bytes(t));
}

tarn_status tarn__safetensors_writer_commit(tarn_safetensors_writer *w) {
  tarn_status status =
      w->added == w->count
          ? TARN_OK
          : tarn_fail(TARN_INVALID, "%zu of %zu tensors were written", w->added, w->count);
  tarn_output *output = w->output;
  w->output = NULL;
  if (status == TARN_OK)
    status = tarn__output_commit(output);
  else
    tarn__output_discard(output);
  tarn__safetensors_writer_discard(w);
  return status;
}

void tarn__safetensors_writer_discard(tarn_safetensors_writer *w) {
  if (!w) return;
  tarn__output_discard(w->output);
  tarn__free(w->allocator, w->expected, (w->count + 1) * sizeof *w->expected);
  tarn__free(w->allocator, w, sizeof *w);
}
