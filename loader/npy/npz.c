/* .npz files: see npz.h. */
#include "loader/npy/npz.h"

#include <string.h>

#include "core/file.h"
#include "loader/npy/npy.h"
#include "loader/npy/zip.h"

static const char suffix[] = ".npy";
enum { SUFFIX_BYTES = sizeof suffix - 1 };

struct tarn_npz {
  const tarn_allocator *allocator;
  tarn_arena *arena;
  char *path;
  zip_reader *zip;
  const char **name;
};

static tarn_status names(tarn_npz *z) {
  size_t n = tarn__zip_count(z->zip);
  z->name = tarn__arena_array(z->arena, n, sizeof *z->name);
  if (!z->name) return TARN_NO_MEMORY;
  for (size_t i = 0; i < n; i++) {
    const zip_member *m = tarn__zip_member(z->zip, i);
    char shown[256];
    if (m->name_bytes <= SUFFIX_BYTES ||
        strcmp(m->name + m->name_bytes - SUFFIX_BYTES, suffix) != 0)
      return tarn_fail(TARN_CORRUPT, "a member called '%s', expected arrays called *.npy",
                       tarn__printable(m->name, m->name_bytes, shown, sizeof shown));
    z->name[i] = tarn__arena_strndup(z->arena, m->name, m->name_bytes - SUFFIX_BYTES);
    if (!z->name[i]) return TARN_NO_MEMORY;
  }
  return TARN_OK;
}

tarn_status tarn__npz_open(const tarn_allocator *a, const char *path, tarn_npz **npz) {
  tarn_arena *arena;
  TARN_TRY(tarn__arena_create(a, &arena));
  tarn_npz *z = tarn__arena_alloc(arena, sizeof *z);
  if (!z) {
    tarn__arena_destroy(arena);
    return TARN_NO_MEMORY;
  }
  z->allocator = a;
  z->arena = arena;
  z->path = tarn__arena_strndup(arena, path, strlen(path));
  tarn_status status = z->path ? tarn__zip_open(a, path, &z->zip) : TARN_NO_MEMORY;
  if (status == TARN_OK) status = tarn__in_file(names(z), path);
  if (status != TARN_OK)
    tarn__npz_close(z);
  else
    *npz = z;
  return status;
}

void tarn__npz_close(tarn_npz *z) {
  if (!z) return;
  tarn__zip_close(z->zip);
  tarn__arena_destroy(z->arena);
}

size_t tarn__npz_count(const tarn_npz *z) {
  return tarn__zip_count(z->zip);
}
const char *tarn__npz_name(const tarn_npz *z, size_t i) {
  return z->name[i];
}

tarn_status tarn__npz_read(const tarn_npz *z, const tarn_allocator *a, size_t i, tarn_tensor *out) {
  const unsigned char *data;
  unsigned char *owned;
  TARN_TRY(tarn__zip_read(z->zip, a, i, &data, &owned));
  size_t bytes = (size_t)tarn__zip_member(z->zip, i)->bytes;
  tarn_status status = tarn__npy_parse(a, data, bytes, out);
  tarn__free(a, owned, bytes);
  tarn__zip_forget(z->zip, i);
  if (status != TARN_OK) {
    char shown[256];
    tarn__context("reading its member '%s' (offsets count from the member's data)",
                  tarn__printable(z->name[i], strlen(z->name[i]), shown, sizeof shown));
  }
  return tarn__in_file(status, z->path);
}

struct tarn_npz_writer {
  const tarn_allocator *allocator;
  tarn_output *output;
  zip_writer zip;
};

tarn_status tarn__npz_writer_create(const tarn_allocator *a, const char *path,
                                    tarn_npz_writer **writer) {
  tarn_npz_writer *w = tarn__alloc_zero(a, sizeof *w);
  if (!w) return TARN_NO_MEMORY;
  w->allocator = a;
  tarn_status status = tarn__output_open(a, path, &w->output);
  if (status != TARN_OK) {
    tarn__free(a, w, sizeof *w);
    return status;
  }
  tarn__zip_writer_init(&w->zip, a, w->output);
  *writer = w;
  return TARN_OK;
}

tarn_status tarn__npz_writer_add(tarn_npz_writer *w, const char *name, const tarn_tensor *t) {
  tarn_bytes header, member;
  tarn__bytes_init(&header, w->allocator);
  tarn__bytes_init(&member, w->allocator);
  tarn_status status = tarn__npy_header(t->dtype, &t->shape, &header);
  if (status == TARN_OK) status = tarn__bytes_printf(&member, "%s%s", name, suffix);
  if (status == TARN_OK)
    status = tarn__zip_writer_add(&w->zip, member.data, header.data, header.size, t->data,
                                  tarn__tensor_bytes(t));
  tarn__bytes_clear(&header);
  tarn__bytes_clear(&member);
  return status;
}

tarn_status tarn__npz_writer_commit(tarn_npz_writer *w) {
  tarn_status status = tarn__zip_writer_finish(&w->zip);
  tarn_output *output = w->output;
  w->output = NULL;
  if (status == TARN_OK)
    status = tarn__output_commit(output);
  else
    tarn__output_discard(output);
  tarn__npz_writer_discard(w);
  return status;
}

void tarn__npz_writer_discard(tarn_npz_writer *w) {
  if (!w) return;
  tarn__output_discard(w->output);
  tarn__zip_writer_clear(&w->zip);
  tarn__free(w->allocator, w, sizeof *w);
}
