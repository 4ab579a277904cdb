/* Counted bytes of a model: see source.h. */
#include "loader/graphdef/source.h"

static tarn_status make(const tarn_allocator *a, tarn_source **source) {
  tarn_source *s = tarn__alloc_zero(a, sizeof *s);
  if (!s) return TARN_NO_MEMORY;
  s->allocator = a;
  atomic_init(&s->references, 1);
  *source = s;
  return TARN_OK;
}

tarn_status tarn__source_map(const tarn_allocator *a, const char *path, tarn_source **source) {
  tarn_source *s;
  TARN_TRY(make(a, &s));
  tarn_status status = tarn__file_map(path, &s->file);
  if (status != TARN_OK) {
    tarn__free(a, s, sizeof *s);
    return status;
  }
  s->data = s->file.data;
  s->size = s->file.size;
  *source = s;
  return TARN_OK;
}

tarn_status tarn__source_take(const tarn_allocator *a, tarn_bytes *bytes, tarn_source **source) {
  tarn_source *s;
  tarn_status status = make(a, &s);
  if (status != TARN_OK) {
    tarn__bytes_clear(bytes);
    return status;
  }
  s->bytes = *bytes;
  s->data = (const unsigned char *)s->bytes.data;
  s->size = s->bytes.size;
  tarn__bytes_init(bytes, a);
  *source = s;
  return TARN_OK;
}

tarn_source *tarn__source_retain(tarn_source *source) {
  atomic_fetch_add_explicit(&source->references, 1, memory_order_relaxed);
  return source;
}

void tarn__source_release(void *source) {
  tarn_source *s = source;
  if (!s || atomic_fetch_sub_explicit(&s->references, 1, memory_order_acq_rel) != 1) return;
  if (s->bytes.data)
    tarn__bytes_clear(&s->bytes);
  else
    tarn__file_unmap(&s->file);
  tarn__free(s->allocator, s, sizeof *s);
}
