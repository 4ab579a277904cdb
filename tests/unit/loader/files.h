/* Small files for tests: written into a folder of the process's own below the current one, damaged
 * in every way that is asked for, and removed at the end. */
#ifndef TARN_TESTS_UNIT_LOADER_FILES_H
#define TARN_TESTS_UNIT_LOADER_FILES_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/bytes.h"
#include "core/file.h"
#include "core/tensor/tensor.h"
#include "tests/unit/suite.h"

#define ck_assert_ok(call)                                            \
  do {                                                                \
    tarn_status status_ = (call);                                     \
    ck_assert_msg(status_ == TARN_OK, "%s: %s", #call, tarn_error()); \
  } while (0)

static inline const tarn_allocator *plain(void) {
  return tarn__allocator_default();
}

static inline const char *folder(void) {
  static char path[64];
  if (!path[0]) snprintf(path, sizeof path, "test_files.%ld", (long)getpid());
  mkdir(path, 0777); /* where it is not there yet */
  return path;
}

/* "FOLDER/name", one of eight turns. */
static inline const char *file(const char *name) {
  static char paths[8][256];
  static int turn;
  char *path = paths[turn++ % 8];
  snprintf(path, sizeof paths[0], "%s/%s", folder(), name);
  return path;
}

/* Removes every file that was made; files left in the folder besides those named are counted by the
 * caller. */
static inline int files_clear(void) {
  DIR *list = opendir(folder());
  int n = 0;
  char path[512];
  for (struct dirent *e; list && (e = readdir(list)) != NULL;) {
    if (e->d_name[0] == '.' && (!e->d_name[1] || e->d_name[1] == '.')) continue;
    snprintf(path, sizeof path, "%s/%s", folder(), e->d_name);
    remove(path);
    n++;
  }
  if (list) closedir(list);
  rmdir(folder());
  mkdir(folder(), 0777);
  return n;
}
static inline void files_end(void) {
  files_clear();
  rmdir(folder());
}

static inline void file_put(const char *name, const void *data, size_t bytes) {
  FILE *f = fopen(file(name), "wb");
  ck_assert_ptr_nonnull(f);
  ck_assert_uint_eq(fwrite(data, 1, bytes, f), bytes);
  ck_assert_int_eq(fclose(f), 0);
}

/* The caller frees it. */
static inline unsigned char *file_get(const char *name, size_t *bytes) {
  tarn_file f;
  ck_assert_ok(tarn__file_map(file(name), &f));
  unsigned char *data = malloc(f.size + 1);
  if (f.size) memcpy(data, f.data, f.size);
  *bytes = f.size;
  tarn__file_unmap(&f);
  return data;
}

static inline void ck_assert_file(const char *name, const void *data, size_t bytes) {
  size_t found;
  unsigned char *got = file_get(name, &found);
  ck_assert_uint_eq(found, bytes);
  for (size_t i = 0; i < bytes; i++)
    ck_assert_msg(got[i] == ((const unsigned char *)data)[i], "%s: byte %zu is %02x, expected %02x",
                  name, i, got[i], ((const unsigned char *)data)[i]);
  free(got);
}

/* Writes every prefix of the file, then the file with each bit of each byte flipped in turn (every
 * `step`-th byte), and has `read` look at it. read: the status; it must neither crash nor leak.
 * Flips from `guarded_from` up to `guarded_to` and all cuts must be refused; the others may pass.
 * The file is whole again afterwards. */
static inline void file_damage(const char *name, tarn_status (*read)(void), size_t guarded_from,
                               size_t guarded_to) {
  size_t bytes;
  unsigned char *data = file_get(name, &bytes);
  for (size_t n = 0; n < bytes; n++) {
    file_put(name, data, n);
    ck_assert_msg(read() != TARN_OK, "%s cut to %zu of %zu bytes was read", name, n, bytes);
  }
  for (size_t i = 0; i < bytes; i++)
    for (int bit = 0; bit < 8; bit++) {
      data[i] ^= (unsigned char)(1 << bit);
      file_put(name, data, bytes);
      tarn_status status = read();
      ck_assert_msg(status != TARN_OK || i < guarded_from || i >= guarded_to,
                    "%s with bit %d of byte %zu flipped was read", name, bit, i);
      data[i] ^= (unsigned char)(1 << bit);
    }
  file_put(name, data, bytes);
  free(data);
}

/* A tensor of small numbers, the same for the same seed; strings of growing length with zeros
 * inside. */
static inline void sample(tarn_dtype dtype, int rank, const int64_t *dims, unsigned seed,
                          tarn_tensor *t) {
  tarn_shape shape;
  ck_assert_ok(tarn__shape_make(rank, dims, &shape));
  ck_assert_ok(tarn__tensor_new(plain(), dtype, &shape, t));
  int64_t n = tarn__tensor_elements(t);
  if (dtype == TARN_STRING) {
    for (int64_t i = 0; i < n; i++) {
      char text[300];
      size_t bytes = (size_t)((i * 37 + seed) % 300);
      for (size_t k = 0; k < bytes; k++) text[k] = (char)(k * 7 + (size_t)i);
      ck_assert_ok(tarn__string_set(t, i, text, bytes));
    }
    return;
  }
  unsigned char *p = t->data;
  for (size_t i = 0; i < tarn__tensor_bytes(t); i++) {
    seed = seed * 1664525u + 1013904223u;
    p[i] = dtype == TARN_BOOL ? seed >> 24 & 1 : (unsigned char)(seed >> 24);
  }
}

static inline bool same(const tarn_tensor *a, const tarn_tensor *b) {
  if (a->dtype != b->dtype || !tarn__shape_equal(&a->shape, &b->shape)) return false;
  if (a->dtype != TARN_STRING) return memcmp(a->data, b->data, tarn__tensor_bytes(a)) == 0;
  const tarn_string *x = a->data, *y = b->data;
  for (int64_t i = 0; i < tarn__tensor_elements(a); i++)
    if (x[i].size != y[i].size || (x[i].size && memcmp(x[i].data, y[i].data, x[i].size) != 0))
      return false;
  return true;
}

#endif
