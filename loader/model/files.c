/* What kernels may do with files, over loader/checkpoint and core/file: see files.h. */
#include "loader/model/files.h"

#include <glob.h>
#include <string.h>
#include <sys/stat.h>

#include "core/file.h"
#include "loader/checkpoint/checkpoint.h"
#include "loader/model/save_ops.h"

/* opened: of c, or NULL. */
static tarn_status restore_one(const tarn_checkpoint *c, tarn_opened *opened,
                               const tarn_allocator *a, tarn_string name, tarn_string slice,
                               tarn_dtype dtype, tarn_tensor *out) {
  size_t i;
  tarn_checkpoint_info info;
  TARN_TRY(tarn__checkpoint_need(c, name.data, name.size, &i));
  tarn__checkpoint_info(c, i, &info);
  if (info.dtype != dtype) {
    char shown[200];
    return tarn_fail(TARN_DTYPE, "'%s' is %s in the checkpoint, the graph expects %s",
                     tarn__printable(name.data, name.size, shown, sizeof shown),
                     tarn_dtype_name(info.dtype), tarn_dtype_name(dtype));
  }
  if (opened && !slice.size) return tarn__opened_tensor(opened, a, i, out);
  return tarn__checkpoint_read_spec(c, a, i, slice.data, slice.size, out);
}

static tarn_status restore_all(const tarn_checkpoint *c, tarn_opened *opened,
                               const tarn_allocator *a, size_t n, const tarn_string *names,
                               const tarn_string *slices, const tarn_dtype *dtypes,
                               tarn_tensor *out) {
  for (size_t i = 0; i < n; i++) {
    const tarn_status status = restore_one(c, opened, a, names[i], slices[i], dtypes[i], &out[i]);
    if (status == TARN_OK) continue;
    while (i-- > 0) tarn__tensor_clear(&out[i]);
    return status;
  }
  return TARN_OK;
}

static tarn_status restore(const tarn_files *files, const tarn_allocator *a, const char *prefix,
                           size_t prefix_bytes, size_t n, const tarn_string *names,
                           const tarn_string *slices, const tarn_dtype *dtypes, tarn_tensor *out) {
  (void)files;
  char *path;
  TARN_TRY(tarn__path_copy(a, prefix, prefix_bytes, &path));
  tarn_checkpoint *c = NULL;
  tarn_status status = tarn__checkpoint_open(a, path, &c);
  if (status == TARN_OK) status = restore_all(c, NULL, a, n, names, slices, dtypes, out);
  tarn_checkpoint_close(c);
  tarn__free(a, path, prefix_bytes + 1);
  return status;
}

static tarn_status read(const tarn_files *files, const char *path, size_t path_bytes,
                        tarn_tensor *out, int64_t i) {
  (void)files;
  const tarn_allocator *a = tarn__allocator_default();
  char *copy;
  TARN_TRY(tarn__path_copy(a, path, path_bytes, &copy));
  tarn_file file;
  tarn_status status = tarn__file_map(copy, &file);
  if (status == TARN_OK) {
    status = tarn__string_set(out, i, (const char *)file.data, file.size);
    tarn__file_unmap(&file);
  }
  tarn__free(a, copy, path_bytes + 1);
  return status;
}

static tarn_status write(const tarn_files *files, const tarn_allocator *a, const char *path,
                         size_t path_bytes, const char *data, size_t bytes) {
  (void)files;
  char *copy;
  TARN_TRY(tarn__path_copy(a, path, path_bytes, &copy));
  const tarn_status status = tarn__output_file(a, copy, data, bytes);
  tarn__free(a, copy, path_bytes + 1);
  return status;
}

/* Names that begin with a dot are like all others, but for "." and "..", which no wildcard
 * means. */
static bool is_dots(const char *path) {
  const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
  return !strcmp(name, ".") || !strcmp(name, "..");
}

static tarn_status matches(const tarn_allocator *a, const glob_t *found, tarn_tensor *names) {
  int64_t n = 0;
  for (size_t i = 0; i < found->gl_pathc; i++) n += !is_dots(found->gl_pathv[i]);
  const tarn_shape shape = tarn__shape_vector(n);
  TARN_TRY(tarn__tensor_new(a, TARN_STRING, &shape, names));
  tarn_status status = TARN_OK;
  n = 0;
  for (size_t i = 0; i < found->gl_pathc && status == TARN_OK; i++)
    if (!is_dots(found->gl_pathv[i]))
      status = tarn__string_set(names, n++, found->gl_pathv[i], strlen(found->gl_pathv[i]));
  if (status != TARN_OK) tarn__tensor_clear(names);
  return status;
}

/* A file that the pattern names letter for letter, or nothing. */
static tarn_status match_literally(const tarn_allocator *a, const char *path, tarn_tensor *names) {
  struct stat facts;
  const tarn_shape shape = tarn__shape_vector(stat(path, &facts) == 0);
  TARN_TRY(tarn__tensor_new(a, TARN_STRING, &shape, names));
  const tarn_status status =
      shape.dim[0] ? tarn__string_set(names, 0, path, strlen(path)) : TARN_OK;
  if (status != TARN_OK) tarn__tensor_clear(names);
  return status;
}

static tarn_status match(const tarn_files *files, const tarn_allocator *a, const char *pattern,
                         size_t pattern_bytes, tarn_tensor *names) {
  (void)files;
  const size_t bytes = pattern_bytes + 3;
  char *path = tarn__alloc(a, bytes);   /* "./" and the pattern */
  if (!path) return TARN_NO_MEMORY;
  memcpy(path, "./", 2);
  memcpy(path + 2, pattern, pattern_bytes);
  path[pattern_bytes + 2] = 0;
  const char *name = path + 2, *slash = strchr(name, '/');
  const size_t wild = strcspn(name, "*?[\\");
  tarn_status status;
  if (strlen(name) != pattern_bytes) {
    status = tarn_fail(TARN_INVALID, "the name of a file has a zero byte");
  } else if (!name[wild]) {
    status = match_literally(a, name, names);
  } else {
    const bool here =
        !slash || (size_t)(slash - name) > wild; /* no folder is named before the wildcard */
    glob_t found = {0};
    const int failed = glob(here ? path : name, GLOB_PERIOD | GLOB_NOSORT, NULL, &found);
    if (failed && failed != GLOB_NOMATCH)
      status = tarn_fail(TARN_IO, "'%s' cannot be looked up", name);
    else status = matches(a, &found, names);
    globfree(&found);
  }
  tarn__free(a, path, bytes);
  return status;
}

const tarn_files tarn__files_all = {.restore = restore,
                                    .save = tarn__files_save,
                                    .merge = tarn__files_merge,
                                    .read = read,
                                    .match = match,
                                    .write = write};

/* ---- the narrow door ---- */

static tarn_status refuse(const char *what, const char *path, size_t bytes) {
  char shown[200];
  return tarn_fail(TARN_REFUSED, "loading the model would %s '%s', which is not its own", what,
                   tarn__printable(path, bytes, shown, sizeof shown));
}

/* PREFIX, or a shard of a V1 checkpoint: PREFIX-00000-of-00002, or the pattern
 * PREFIX-?????-of-00002. */
static bool is_own_prefix(const char *own, const char *prefix, size_t bytes) {
  size_t n = strlen(own);
  if (bytes < n || memcmp(prefix, own, n) != 0) return false;
  return bytes == n || (bytes == n + 15 && prefix[n] == '-' &&
                        memcmp(prefix + n + 6, "-of-", 4) == 0 && !memchr(prefix + n, '/', 15));
}

static tarn_status restore_own(const tarn_files *files, const tarn_allocator *a, const char *prefix,
                               size_t prefix_bytes, size_t n, const tarn_string *names,
                               const tarn_string *slices, const tarn_dtype *dtypes,
                               tarn_tensor *out) {
  const tarn_model_door *door = (const tarn_model_door *)files;
  if (!door->prefix || !is_own_prefix(door->prefix, prefix, prefix_bytes))
    return refuse("restore the checkpoint", prefix, prefix_bytes);
  if (door->opened && strlen(door->prefix) == prefix_bytes)
    return restore_all(tarn__opened_checkpoint(door->opened), door->opened, a, n, names, slices,
                       dtypes, out);
  return restore(files, a, prefix, prefix_bytes, n, names, slices, dtypes, out);
}

/* No step out of a folder: no "..", as a whole name between slashes. */
static bool goes_up(const char *path, size_t bytes) {
  for (size_t i = 0; i + 1 < bytes; i++)
    if (path[i] == '.' && path[i + 1] == '.' && (i == 0 || path[i - 1] == '/') &&
        (i + 2 == bytes || path[i + 2] == '/'))
      return true;
  return false;
}

static tarn_status read_own(const tarn_files *files, const char *path, size_t path_bytes,
                            tarn_tensor *out, int64_t i) {
  const tarn_model_door *door = (const tarn_model_door *)files;
  size_t n = door->assets ? strlen(door->assets) : 0;
  if (n == 0 || path_bytes <= n || memcmp(path, door->assets, n) != 0 ||
      goes_up(path + n, path_bytes - n))
    return refuse("read the file", path, path_bytes);
  return read(files, path, path_bytes, out, i);
}

void tarn__model_door_init(tarn_model_door *door, const char *prefix, tarn_opened *opened,
                           const char *assets) {
  *door = (tarn_model_door){.table = {.restore = restore_own, .read = read_own},
                            .prefix = prefix,
                            .assets = assets,
                            .opened = opened};
}
