/* Writing sorted-string tables: see table.h. The blocks come out as TensorFlow's own builder makes
 * them, so that a file can be compared byte for byte. */
#include <string.h>

#include "core/crc32c.h"
#include "loader/checkpoint/table.h"
#include "loader/checkpoint/table_format.h"
#include "core/wire/wire.h"

void tarn__table_writer_init(tarn_table_writer *w, const tarn_allocator *a, tarn_output *output) {
  *w = (tarn_table_writer){.allocator = a, .output = output};
  tarn__bytes_init(&w->block, a);
  tarn__bytes_init(&w->restarts, a);
  tarn__bytes_init(&w->last_key, a);
  tarn__bytes_init(&w->index, a);
  tarn__bytes_init(&w->index_restarts, a);
}

void tarn__table_writer_clear(tarn_table_writer *w) {
  tarn__bytes_clear(&w->block);
  tarn__bytes_clear(&w->restarts);
  tarn__bytes_clear(&w->last_key);
  tarn__bytes_clear(&w->index);
  tarn__bytes_clear(&w->index_restarts);
}

static tarn_status add_restart(tarn_bytes *restarts, size_t offset) {
  unsigned char p[4];
  tarn__put_le32(p, (uint32_t)offset);
  return tarn__bytes_add(restarts, p, 4);
}

static tarn_status add_entry(tarn_bytes *block, size_t shared, const char *key, size_t key_bytes,
                             const void *value, size_t value_bytes) {
  unsigned char p[3 * TARN_VARINT_BYTES];
  size_t n = tarn__varint_put(p, shared);
  n += tarn__varint_put(p + n, key_bytes - shared);
  n += tarn__varint_put(p + n, value_bytes);
  TARN_TRY(tarn__bytes_add(block, p, n));
  TARN_TRY(tarn__bytes_add(block, key + shared, key_bytes - shared));
  return value_bytes ? tarn__bytes_add(block, value, value_bytes) : TARN_OK;
}

/* Contents, restarts, count, type and crc; `entries` is emptied. */
static tarn_status write_block(tarn_table_writer *w, tarn_bytes *entries, tarn_bytes *restarts,
                               uint64_t *offset, uint64_t *bytes) {
  if (restarts->size == 0) TARN_TRY(add_restart(restarts, 0));
  uint32_t count = (uint32_t)(restarts->size / 4);
  unsigned char p[5];
  tarn__put_le32(p, count);
  p[4] = TABLE_PLAIN;
  TARN_TRY(tarn__bytes_add(entries, restarts->data, restarts->size));
  TARN_TRY(tarn__bytes_add(entries, p, 5));
  *offset = w->written;
  *bytes = entries->size - 1;
  tarn__put_le32(p, tarn__crc32c_mask(tarn__crc32c(0, entries->data, entries->size)));
  TARN_TRY(tarn__bytes_add(entries, p, 4));
  TARN_TRY(tarn__output_write(w->output, entries->data, entries->size));
  w->written += entries->size;
  entries->size = 0;
  restarts->size = 0;
  return TARN_OK;
}

/* What an index key may be cut to: at or after `last` and before `next` (NULL: before nothing). */
static size_t shorten(char *last, size_t bytes, const char *next, size_t next_bytes) {
  if (!next) {
    for (size_t i = 0; i < bytes; i++)
      if ((unsigned char)last[i] != 0xff) {
        last[i]++;
        return i + 1;
      }
    return bytes;
  }
  size_t i = 0, n = bytes < next_bytes ? bytes : next_bytes;
  while (i < n && last[i] == next[i]) i++;
  if (i == n) return bytes; /* one begins with the other: leave it */
  unsigned char here = (unsigned char)last[i];
  if (here == 0xff || here + 1 >= (unsigned char)next[i]) return bytes;
  last[i]++;
  return i + 1;
}

static tarn_status add_pending(tarn_table_writer *w, const char *next, size_t next_bytes) {
  if (!w->pending) return TARN_OK;
  w->last_key.size = shorten(w->last_key.data, w->last_key.size, next, next_bytes);
  unsigned char p[2 * TARN_VARINT_BYTES];
  size_t n = tarn__varint_put(p, w->pending_offset);
  n += tarn__varint_put(p + n, w->pending_bytes);
  TARN_TRY(add_restart(&w->index_restarts, w->index.size));
  w->pending = false;
  return add_entry(&w->index, 0, w->last_key.data, w->last_key.size, p, n);
}

static tarn_status flush(tarn_table_writer *w) {
  if (w->block.size == 0) return TARN_OK;
  TARN_TRY(write_block(w, &w->block, &w->restarts, &w->pending_offset, &w->pending_bytes));
  w->pending = true;
  w->since_restart = 0;
  return TARN_OK;
}

tarn_status tarn__table_writer_add(tarn_table_writer *w, const void *key, size_t key_bytes,
                                   const void *value, size_t value_bytes) {
  const char *k = key;
  size_t n = key_bytes < w->last_key.size ? key_bytes : w->last_key.size, common = 0;
  while (common < n && k[common] == w->last_key.data[common]) common++;
  if (w->any) {
    bool after = common == n ? key_bytes > w->last_key.size
                             : (unsigned char)k[common] > (unsigned char)w->last_key.data[common];
    if (!after) return tarn_fail(TARN_INVALID, "table keys must rise strictly");
  }
  if (w->block.size > 0 && key_bytes + value_bytes >= 2 * (size_t)TABLE_BLOCK_BYTES)
    TARN_TRY(flush(w));
  TARN_TRY(add_pending(w, k, key_bytes));
  size_t shared = common;
  if (w->block.size == 0 || w->since_restart == TABLE_RESTART_INTERVAL) {
    TARN_TRY(add_restart(&w->restarts, w->block.size));
    w->since_restart = 0;
    shared = 0;
  }
  TARN_TRY(add_entry(&w->block, shared, k, key_bytes, value, value_bytes));
  w->since_restart++;
  w->last_key.size = 0;
  TARN_TRY(tarn__bytes_add(&w->last_key, k, key_bytes));
  w->any = true;
  if (w->block.size + w->restarts.size + 4 >= TABLE_BLOCK_BYTES) return flush(w);
  return TARN_OK;
}

tarn_status tarn__table_writer_finish(tarn_table_writer *w) {
  TARN_TRY(flush(w));
  uint64_t meta_offset, meta_bytes, index_offset, index_bytes;
  tarn_bytes empty = {.allocator = w->allocator};
  tarn_status status = write_block(w, &empty, &w->restarts, &meta_offset, &meta_bytes);
  tarn__bytes_clear(&empty);
  TARN_TRY(status);
  TARN_TRY(add_pending(w, NULL, 0));
  TARN_TRY(write_block(w, &w->index, &w->index_restarts, &index_offset, &index_bytes));
  unsigned char footer[TABLE_FOOTER_BYTES + 4 * TARN_VARINT_BYTES] = {0};
  size_t n = tarn__varint_put(footer, meta_offset);
  n += tarn__varint_put(footer + n, meta_bytes);
  n += tarn__varint_put(footer + n, index_offset);
  tarn__varint_put(footer + n, index_bytes);
  tarn__put_le64(footer + 40, TABLE_MAGIC);
  return tarn__output_write(w->output, footer, TABLE_FOOTER_BYTES);
}
