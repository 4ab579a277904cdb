/* Writing V2 checkpoints: one data file, written as tensors are added, and an index that is built
 * at commit, when every name is known and can be sorted. The bytes are those that TensorFlow's own
 * BundleWriter makes. */
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "core/map.h"
#include "loader/checkpoint/checkpoint.h"
#include "core/crc32c.h"
#include "loader/checkpoint/paths.h"
#include "loader/checkpoint/table.h"

typedef struct listed_slice {
  struct listed_slice *next;
  tarn_slice slice;
} listed_slice;

/* An entry of the index. */
typedef struct row {
  struct row *next;
  const char *key;
  size_t key_bytes;
  tarn_dtype dtype;
  tarn_shape shape;
  uint64_t offset, size;
  uint32_t crc;
  listed_slice *first, *last; /* of a tensor in pieces, which has no data of its own */
} row;

struct tarn_checkpoint_writer {
  const tarn_allocator *allocator;
  tarn_arena *arena;
  const char *data_path, *index_path;
  tarn_output *data;
  uint64_t written;
  row *rows;
  size_t count;
  tarn_map names; /* key to row */
};

tarn_status tarn__checkpoint_writer_create(const tarn_allocator *a, const char *prefix,
                                           tarn_checkpoint_writer **writer) {
  tarn_arena *arena;
  TARN_TRY(tarn__arena_create(a, &arena));
  tarn_checkpoint_writer *w = tarn__arena_alloc(arena, sizeof *w);
  if (!w) {
    tarn__arena_destroy(arena);
    return TARN_NO_MEMORY;
  }
  w->allocator = a;
  w->arena = arena;
  tarn__map_init(&w->names, a);
  w->data_path = tarn__arena_printf(arena, "%s.data-00000-of-00001", prefix);
  w->index_path = tarn__arena_printf(arena, "%s.index", prefix);
  /* Savers of several shards write to PREFIX_temp/part-..., which TensorFlow makes too. Where it
   * cannot be made, opening the file says so. */
  char *folder = tarn__arena_strndup(arena, prefix, tarn__path_folder_bytes(prefix));
  if (folder && *folder && !tarn__path_exists(folder)) (void)mkdir(folder, 0777);
  tarn_status status = folder && w->data_path && w->index_path
                           ? tarn__output_open(a, w->data_path, &w->data)
                           : TARN_NO_MEMORY;
  if (status != TARN_OK)
    tarn__checkpoint_writer_discard(w);
  else
    *writer = w;
  return status;
}

void tarn__checkpoint_writer_discard(tarn_checkpoint_writer *w) {
  if (!w) return;
  tarn__output_discard(w->data);
  tarn__map_clear(&w->names);
  tarn__arena_destroy(w->arena);
}

/* ---- elements -------------------------------------------------------------------------------- */

static tarn_status put(tarn_checkpoint_writer *w, const void *data, size_t bytes) {
  if (bytes == 0) return TARN_OK;
  TARN_TRY(tarn__output_write(w->data, data, bytes));
  w->written += bytes;
  return TARN_OK;
}

/* Lengths as varints; the masked crc of the lengths as 4-byte (above 2^32 - 1: 8-byte) integers;
 * all the bytes. The entry's crc runs on from that of the lengths over the stored checksum and the
 * bytes. */
static tarn_status put_strings(tarn_checkpoint_writer *w, const tarn_tensor *t, uint32_t *crc) {
  const tarn_string *s = t->data;
  int64_t n = tarn__tensor_elements(t);
  *crc = 0;
  unsigned char p[TARN_VARINT_BYTES];
  for (int64_t i = 0; i < n; i++) {
    TARN_TRY(put(w, p, tarn__varint_put(p, s[i].size)));
    tarn__put_le64(p, s[i].size);
    *crc = tarn__crc32c(*crc, p, s[i].size > UINT32_MAX ? 8 : 4);
  }
  tarn__put_le32(p, tarn__crc32c_mask(*crc));
  *crc = tarn__crc32c(*crc, p, 4);
  TARN_TRY(put(w, p, 4));
  for (int64_t i = 0; i < n; i++) {
    if (s[i].size == 0) continue;
    *crc = tarn__crc32c(*crc, s[i].data, s[i].size);
    TARN_TRY(put(w, s[i].data, s[i].size));
  }
  return TARN_OK;
}

/* A new row of this key; taken keys are refused. */
static tarn_status row_add(tarn_checkpoint_writer *w, const char *key, size_t bytes, row **out) {
  char shown[256];
  if (tarn__map_get(&w->names, key, bytes))
    return tarn_fail(TARN_INVALID, "'%s' is in the checkpoint already",
                     tarn__printable(key, bytes, shown, sizeof shown));
  row *r = tarn__arena_alloc(w->arena, sizeof *r);
  char *copy = r ? tarn__arena_strndup(w->arena, key, bytes) : NULL;
  if (!copy) return TARN_NO_MEMORY;
  r->key = copy;
  r->key_bytes = bytes;
  TARN_TRY(tarn__map_put(&w->names, copy, bytes, r));
  r->next = w->rows;
  w->rows = r;
  w->count++;
  *out = r;
  return TARN_OK;
}

static tarn_status tensor_add(tarn_checkpoint_writer *w, const char *key, size_t bytes,
                              const tarn_tensor *t) {
  char shown[256];
  if (!tarn__dtype_in(t->dtype, TARN_PLAIN | TARN_BIT(TARN_STRING)))
    return tarn_fail(TARN_DTYPE, "'%s' is of type %s, which checkpoints do not hold",
                     tarn__printable(key, bytes, shown, sizeof shown), tarn_dtype_name(t->dtype));
  row *r = NULL;
  TARN_TRY(row_add(w, key, bytes, &r));
  r->dtype = t->dtype;
  r->shape = t->shape;
  r->offset = w->written;
  uint32_t crc = 0;
  if (t->dtype == TARN_STRING) {
    TARN_TRY(put_strings(w, t, &crc));
  } else {
    size_t size = tarn__tensor_bytes(t);
    if (size > 0) crc = tarn__crc32c(0, t->data, size);
    TARN_TRY(put(w, t->data, size));
  }
  r->size = w->written - r->offset;
  r->crc = tarn__crc32c_mask(crc);
  return TARN_OK;
}

/* The empty key is the header's, and keys that begin with a zero byte are slices'. */
static tarn_status name_check(const char *name) {
  return *name ? TARN_OK : tarn_fail(TARN_INVALID, "a tensor without a name");
}

tarn_status tarn__checkpoint_writer_add(tarn_checkpoint_writer *w, const char *name,
                                        const tarn_tensor *t) {
  TARN_TRY(name_check(name));
  return tensor_add(w, name, strlen(name), t);
}

/* ---- slices ---------------------------------------------------------------------------------- */

static bool whole(const tarn_slice *slice, const tarn_shape *full) {
  for (int i = 0; i < slice->rank; i++)
    if (slice->length[i] >= 0 && slice->length[i] != full->dim[i]) return false;
  return true;
}

tarn_status tarn__checkpoint_writer_add_slice(tarn_checkpoint_writer *w, const char *name,
                                              const tarn_shape *full, const tarn_slice *slice,
                                              const tarn_tensor *t) {
  TARN_TRY(name_check(name));
  char shown[256];
  size_t bytes = strlen(name);
  tarn__printable(name, bytes, shown, sizeof shown);
  tarn_slice box;
  tarn_status status = tarn__slice_resolve(slice, full, &box);
  if (status != TARN_OK) return TARN_SHAPE; /* the caller's slice, not a file's */
  tarn_shape shape = {.rank = box.rank};
  memcpy(shape.dim, box.length, sizeof shape.dim);
  if (!tarn__shape_equal(&shape, &t->shape)) {
    char a[TARN_SHAPE_TEXT], b[TARN_SHAPE_TEXT];
    return tarn_fail(TARN_SHAPE, "a slice of '%s' of shape %s, expected %s", shown,
                     tarn__shape_print(&t->shape, a), tarn__shape_print(&shape, b));
  }
  if (whole(slice, full)) return tensor_add(w, name, bytes, t);
  row *r = tarn__map_get(&w->names, name, bytes);
  if (!r) {
    TARN_TRY(row_add(w, name, bytes, &r));
    r->dtype = t->dtype;
    r->shape = *full;
  } else if (!r->first || r->dtype != t->dtype || !tarn__shape_equal(&r->shape, full)) {
    return tarn_fail(TARN_INVALID, "a slice of '%s', which is in the checkpoint as another tensor",
                     shown);
  }
  listed_slice *s = tarn__arena_alloc(w->arena, sizeof *s);
  if (!s) return TARN_NO_MEMORY;
  s->slice = *slice;
  if (r->last)
    r->last->next = s;
  else
    r->first = s;
  r->last = s;
  tarn_bytes key;
  tarn__bytes_init(&key, w->allocator);
  status = tarn__slice_key(&key, name, bytes, slice);
  if (status == TARN_OK) status = tensor_add(w, key.data, key.size, t);
  tarn__bytes_clear(&key);
  return status;
}

/* ---- the index ------------------------------------------------------------------------------- */

/* BundleEntryProto, zeros left out. The shard is 0, always. */
static tarn_status entry_add(tarn_bytes *b, const row *r) {
  TARN_TRY(tarn__wire_add_int(b, 1, (uint64_t)r->dtype));
  TARN_TRY(tarn__shape_add(b, 2, &r->shape));
  if (r->offset > 0) TARN_TRY(tarn__wire_add_int(b, 4, r->offset));
  if (r->size > 0) TARN_TRY(tarn__wire_add_int(b, 5, r->size));
  if (!r->first) return r->crc ? tarn__wire_add_fixed32(b, 6, r->crc) : TARN_OK;
  for (const listed_slice *s = r->first; s; s = s->next) TARN_TRY(tarn__slice_add(b, 7, &s->slice));
  return TARN_OK;
}

static int by_key(const void *a, const void *b) {
  const row *x = *(row *const *)a, *y = *(row *const *)b;
  size_t n = x->key_bytes < y->key_bytes ? x->key_bytes : y->key_bytes;
  int order = memcmp(x->key, y->key, n);
  return order ? order : (x->key_bytes > y->key_bytes) - (x->key_bytes < y->key_bytes);
}

static tarn_status index_write(tarn_checkpoint_writer *w, tarn_output *output) {
  row **order = tarn__arena_array(w->arena, w->count, sizeof(row *));
  if (!order) return TARN_NO_MEMORY;
  size_t n = 0;
  for (row *r = w->rows; r; r = r->next) order[n++] = r;
  qsort(order, n, sizeof(row *), by_key);
  tarn_table_writer table;
  tarn__table_writer_init(&table, w->allocator, output);
  tarn_bytes entry;
  tarn__bytes_init(&entry, w->allocator);
  /* num_shards 1, little-endian, version { producer 1 } */
  static const unsigned char header[] = {0x08, 0x01, 0x1a, 0x02, 0x08, 0x01};
  tarn_status status = tarn__table_writer_add(&table, "", 0, header, sizeof header);
  for (size_t i = 0; i < n && status == TARN_OK; i++) {
    entry.size = 0;
    status = entry_add(&entry, order[i]);
    if (status == TARN_OK)
      status = tarn__table_writer_add(&table, order[i]->key, order[i]->key_bytes, entry.data,
                                      entry.size);
  }
  if (status == TARN_OK) status = tarn__table_writer_finish(&table);
  tarn__bytes_clear(&entry);
  tarn__table_writer_clear(&table);
  return status;
}

tarn_status tarn__checkpoint_writer_commit(tarn_checkpoint_writer *w) {
  const uint16_t one = 1;
  tarn_output *index = NULL;
  tarn_status status = TARN_OK;
  if (*(const unsigned char *)&one == 0)
    status = tarn_fail(TARN_UNSUPPORTED, "checkpoints are written on little-endian machines only");
  if (status == TARN_OK) status = tarn__output_open(w->allocator, w->index_path, &index);
  if (status == TARN_OK) status = index_write(w, index);
  if (status == TARN_OK) status = tarn__output_flush(index);
  if (status == TARN_OK) status = tarn__output_flush(w->data);
  /* Both files are complete before the first gets its name, and the index, which makes it a
   * checkpoint, comes last. */
  bool data_there = false;
  if (status == TARN_OK) {
    status = tarn__output_commit(w->data);
    w->data = NULL;
    data_there = status == TARN_OK;
  }
  if (status == TARN_OK) {
    status = tarn__output_commit(index);
    index = NULL;
  }
  tarn__output_discard(index);
  if (status != TARN_OK && data_there) (void)unlink(w->data_path);
  tarn__checkpoint_writer_discard(w);
  return status;
}

tarn_status tarn_checkpoint_write(const char *prefix, size_t n, const char *const *names,
                                  tarn_tensor *const *tensors) {
  tarn_checkpoint_writer *w;
  TARN_TRY(tarn__checkpoint_writer_create(tarn__allocator_default(), prefix, &w));
  for (size_t i = 0; i < n; i++) {
    tarn_status status = tarn__checkpoint_writer_add(w, names[i], tensors[i]);
    if (status != TARN_OK) {
      tarn__checkpoint_writer_discard(w);
      return status;
    }
  }
  return tarn__checkpoint_writer_commit(w);
}
