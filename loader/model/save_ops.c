/* Writing checkpoints on behalf of ops: see save_ops.h. */
#include "loader/model/save_ops.h"

#include <stdio.h>
#include <unistd.h>

#include "core/bytes.h"
#include "loader/checkpoint/checkpoint.h"

tarn_status tarn__path_copy(const tarn_allocator *a, const char *path, size_t bytes, char **copy) {
  char shown[200];
  if (bytes == 0) return tarn_fail(TARN_INVALID, "an empty path");
  if (memchr(path, 0, bytes))
    return tarn_fail(TARN_INVALID, "the path '%s' has a zero byte",
                     tarn__printable(path, bytes, shown, sizeof shown));
  *copy = tarn__alloc(a, bytes + 1);
  if (!*copy) return TARN_NO_MEMORY;
  memcpy(*copy, path, bytes);
  (*copy)[bytes] = 0;
  return TARN_OK;
}

static tarn_status add(tarn_checkpoint_writer *w, const tarn_allocator *a, tarn_string name,
                       tarn_string spec, const tarn_tensor *tensor) {
  char *copy;
  bool any;
  tarn_shape full;
  tarn_slice slice;
  TARN_TRY(tarn__slice_spec(spec.data, spec.size, &any, &full, &slice));
  TARN_TRY(tarn__path_copy(a, name.data, name.size, &copy));
  tarn_status status = any ? tarn__checkpoint_writer_add_slice(w, copy, &full, &slice, tensor)
                           : tarn__checkpoint_writer_add(w, copy, tensor);
  tarn__free(a, copy, name.size + 1);
  return status;
}

tarn_status tarn__files_save(const tarn_files *files, const tarn_allocator *a, const char *prefix,
                             size_t prefix_bytes, bool v1, size_t n, const tarn_string *names,
                             const tarn_string *slices, const tarn_tensor *const *tensors) {
  (void)files;
  if (v1) return tarn_fail(TARN_UNSUPPORTED, "checkpoints of version 1 are read, not written");
  char *path;
  tarn_checkpoint_writer *w;
  TARN_TRY(tarn__path_copy(a, prefix, prefix_bytes, &path));
  tarn_status status = tarn__checkpoint_writer_create(a, path, &w);
  tarn__free(a, path, prefix_bytes + 1);
  TARN_TRY(status);
  for (size_t i = 0; i < n && status == TARN_OK; i++)
    status = add(w, a, names[i], slices[i], tensors[i]);
  if (status == TARN_OK) return tarn__checkpoint_writer_commit(w);
  tarn__checkpoint_writer_discard(w);
  return status;
}

/* Copies the tensors of one checkpoint. Partitioned ones become whole: restoring a slice of a whole
 * is the same. */
static tarn_status copy_tensors(const tarn_allocator *a, const tarn_checkpoint *c,
                                tarn_checkpoint_writer *w) {
  for (size_t i = 0; i < tarn_checkpoint_count(c); i++) {
    tarn_checkpoint_info info;
    tarn_tensor value = {0};
    tarn__checkpoint_info(c, i, &info);
    TARN_TRY(tarn__checkpoint_read(c, a, i, &value));
    tarn_status status = tarn__checkpoint_writer_add(w, info.name, &value);
    tarn__tensor_clear(&value);
    TARN_TRY(status);
  }
  return TARN_OK;
}

/* Removes the files of a merged part, and its folder when that is empty then: savers put parts into
 * PREFIX_temp. What cannot be removed stays: the checkpoint is complete without it. */
static void remove_part(const char *prefix) {
  char path[4096];
  for (int shard = -1; shard < 1; shard++) {
    int n = snprintf(path, sizeof path, shard < 0 ? "%s.index" : "%s.data-00000-of-00001", prefix);
    if (n > 0 && (size_t)n < sizeof path) (void)unlink(path);
  }
  int n = snprintf(path, sizeof path, "%s", prefix);
  char *slash = n > 0 && (size_t)n < sizeof path ? strrchr(path, '/') : NULL;
  if (!slash || slash == path) return;
  *slash = 0;
  (void)rmdir(path);
}

static tarn_status merge_one(const tarn_allocator *a, tarn_string prefix,
                             tarn_checkpoint_writer *w) {
  char *path;
  tarn_checkpoint *c = NULL;
  TARN_TRY(tarn__path_copy(a, prefix.data, prefix.size, &path));
  tarn_status status = tarn__checkpoint_open(a, path, &c);
  if (status == TARN_OK) status = copy_tensors(a, c, w);
  tarn_checkpoint_close(c);
  tarn__free(a, path, prefix.size + 1);
  return status;
}

tarn_status tarn__files_merge(const tarn_files *files, const tarn_allocator *a, size_t n,
                              const tarn_string *prefixes, const char *to, size_t to_bytes,
                              bool delete_old) {
  (void)files;
  char *path;
  tarn_checkpoint_writer *w;
  TARN_TRY(tarn__path_copy(a, to, to_bytes, &path));
  tarn_status status = tarn__checkpoint_writer_create(a, path, &w);
  tarn__free(a, path, to_bytes + 1);
  TARN_TRY(status);
  for (size_t i = 0; i < n && status == TARN_OK; i++) status = merge_one(a, prefixes[i], w);
  if (status != TARN_OK) {
    tarn__checkpoint_writer_discard(w);
    return status;
  }
  TARN_TRY(tarn__checkpoint_writer_commit(w));
  for (size_t i = 0; i < n && delete_old; i++) {
    bool same = prefixes[i].size == to_bytes && memcmp(prefixes[i].data, to, to_bytes) == 0;
    if (same || tarn__path_copy(a, prefixes[i].data, prefixes[i].size, &path) != TARN_OK) continue;
    remove_part(path);
    tarn__free(a, path, prefixes[i].size + 1);
  }
  return TARN_OK;
}
