/* Reading sorted-string tables: see table.h. Nothing here trusts a number: each is compared with
 * what is left of the file or the block before it is used, by subtraction, so that no sum can wrap.
 */
#include <inttypes.h>
#include <snappy-c.h>
#include <string.h>

#include "core/crc32c.h"
#include "core/foreign.h"
#include "loader/checkpoint/table.h"
#include "loader/checkpoint/table_format.h"
#include "core/wire/wire.h"

typedef struct handle {
  uint64_t offset, size;
} handle;

struct tarn_table {
  const tarn_allocator *allocator;
  tarn_arena *arena;
  char *path;
  tarn_file file;
  size_t blocks;
  struct index_row {
    handle at;
    const char *key; /* at or after the block's last key, before the next block's first */
    size_t key_bytes;
  } * index;
};

static tarn_status handle_read(const unsigned char **at, const unsigned char *end, uint64_t offset,
                               handle *h) {
  const unsigned char *start = *at;
  TARN_TRY(tarn__varint_read(at, end, offset, "a block handle", &h->offset));
  return tarn__varint_read(at, end, offset + (uint64_t)(*at - start), "a block handle", &h->size);
}

/* ---- blocks ---------------------------------------------------------------------------------- */

/* 64 bytes come from 3 at best, so a longer claim is a lie and gets no memory. */
static bool snappy_plausible(size_t packed, size_t claimed) {
  return claimed / 64 <= packed / 3;
}

static tarn_status unpack(tarn_block *b, const unsigned char *packed, size_t bytes) {
  size_t claimed;
  if (snappy_uncompressed_length((const char *)packed, bytes, &claimed) != SNAPPY_OK)
    return tarn_fail(TARN_CORRUPT, "offset %" PRIu64 ": a snappy block without a length",
                     b->offset);
  if (!snappy_plausible(bytes, claimed))
    return tarn_fail(TARN_CORRUPT,
                     "offset %" PRIu64 ": a snappy block of %zu bytes claims to hold %zu",
                     b->offset, bytes, claimed);
  unsigned char *memory = tarn__alloc(b->table->allocator, claimed);
  if (!memory) return TARN_NO_MEMORY;
  b->unpacked = memory;
  b->unpacked_bytes = claimed;
  size_t got = claimed;
  if (snappy_uncompress((const char *)packed, bytes, (char *)memory, &got) != SNAPPY_OK ||
      got != claimed)
    return tarn_fail(TARN_CORRUPT,
                     "offset %" PRIu64 ": the snappy block does not unpack to its %zu bytes",
                     b->offset, claimed);
  return TARN_OK;
}

static uint32_t restart(const tarn_block *b, uint32_t i) {
  return tarn__le32(b->data + b->entries_bytes + 4 * (size_t)i);
}

/* `b` holds what must be cleared also when this fails. */
static tarn_status block_load(const tarn_table *t, handle h, tarn_block *b) {
  *b = (tarn_block){.table = t, .offset = h.offset};
  tarn__bytes_init(&b->key, t->allocator);
  size_t limit = t->file.size - TABLE_FOOTER_BYTES;
  if (h.offset > limit || h.size > limit - h.offset ||
      limit - h.offset - h.size < TABLE_TRAILER_BYTES)
    return tarn_fail(TARN_CORRUPT,
                     "a block of %" PRIu64 " bytes at offset %" PRIu64
                     ", expected it and its 5-byte trailer before "
                     "the footer at %zu",
                     h.size, h.offset, limit);
  const unsigned char *data = t->file.data + h.offset;
  size_t bytes = (size_t)h.size;
  uint32_t stored = tarn__crc32c_unmask(tarn__le32(data + bytes + 1));
  uint32_t found = tarn__crc32c(0, data, bytes + 1);
  if (stored != found)
    return tarn_fail(TARN_CORRUPT,
                     "offset %" PRIu64 ": block crc 0x%08x, expected the stored 0x%08x", h.offset,
                     found, stored);
  switch (data[bytes]) {
    case TABLE_PLAIN:
      b->data = data;
      break;
    case TABLE_SNAPPY:
      TARN_TRY(unpack(b, data, bytes));
      b->data = b->unpacked;
      bytes = b->unpacked_bytes;
      break;
    default:
      return tarn_fail(TARN_CORRUPT,
                       "offset %" PRIu64 ": block type %u, expected 0 (plain) or 1 (snappy)",
                       h.offset + h.size, (unsigned)data[h.size]);
  }
  if (bytes < 8)
    return tarn_fail(TARN_CORRUPT, "offset %" PRIu64 ": a block of %zu bytes, expected at least 8",
                     h.offset, bytes);
  b->restarts = tarn__le32(b->data + bytes - 4);
  if (b->restarts < 1 || b->restarts > (bytes - 4) / 4)
    return tarn_fail(TARN_CORRUPT,
                     "offset %" PRIu64 ": %" PRIu32
                     " restarts in a block of %zu bytes, expected 1 to %zu",
                     h.offset + bytes - 4, b->restarts, bytes, (bytes - 4) / 4);
  b->entries_bytes = bytes - 4 - 4 * (size_t)b->restarts;
  return TARN_OK;
}

void tarn__block_clear(tarn_block *b) {
  if (!b->table) return;
  tarn__bytes_clear(&b->key);
  tarn__free(b->table->allocator, b->unpacked, b->unpacked_bytes);
  *b = (tarn_block){0};
}

void tarn__block_rewind(tarn_block *b) {
  b->at = 0;
  b->next_restart = 0;
  b->key.size = 0;
}

/* After the last entry: every restart was met, and the last key is not past the index key. */
static tarn_status block_ended(const tarn_block *b) {
  bool empty = b->entries_bytes == 0 && b->restarts == 1 && restart(b, 0) == 0;
  if (b->next_restart < b->restarts && !empty)
    return tarn_fail(TARN_CORRUPT,
                     "offset %" PRIu64 ": restart %" PRIu32 " is at %" PRIu32
                     ", where no entry begins",
                     b->offset + b->entries_bytes + 4 * (uint64_t)b->next_restart, b->next_restart,
                     restart(b, b->next_restart));
  if (b->until &&
      tarn__key_compare(b->key.data ? b->key.data : "", b->key.size, b->until, b->until_bytes) > 0)
    return tarn_fail(TARN_CORRUPT,
                     "offset %" PRIu64 ": the block's last key is after its key in the index",
                     b->offset);
  return TARN_OK;
}

tarn_status tarn__block_next(tarn_block *b, tarn_table_entry *e) {
  *e = (tarn_table_entry){0};
  if (b->at == b->entries_bytes) return block_ended(b);
  bool first = b->at == 0, restarts_here = false;
  if (b->next_restart < b->restarts && restart(b, b->next_restart) <= b->at) {
    if (restart(b, b->next_restart) < b->at || (b->next_restart == 0 && !first))
      return tarn_fail(TARN_CORRUPT,
                       "offset %" PRIu64 ": restart %" PRIu32 " is at %" PRIu32 ", inside an entry",
                       b->offset + b->entries_bytes + 4 * (uint64_t)b->next_restart,
                       b->next_restart, restart(b, b->next_restart));
    restarts_here = true;
    b->next_restart++;
  }
  const unsigned char *start = b->data + b->at, *at = start, *end = b->data + b->entries_bytes;
  uint64_t offset = b->offset + b->at, shared, fresh, value;
  TARN_TRY(tarn__varint_read(&at, end, offset, "a table entry", &shared));
  TARN_TRY(tarn__varint_read(&at, end, offset, "a table entry", &fresh));
  TARN_TRY(tarn__varint_read(&at, end, offset, "a table entry", &value));
  uint64_t left = (uint64_t)(end - at);
  if (shared > b->key.size || (restarts_here && shared != 0))
    return tarn_fail(TARN_CORRUPT,
                     "offset %" PRIu64 ": an entry shares %" PRIu64
                     " bytes of key, expected at most %zu",
                     offset, shared, restarts_here ? (size_t)0 : b->key.size);
  if (fresh > left || value > left - fresh)
    return tarn_fail(TARN_CORRUPT,
                     "offset %" PRIu64 ": an entry of %" PRIu64 " + %" PRIu64
                     " bytes, expected at most the %" PRIu64 " left in its block",
                     offset, fresh, value, left);
  /* Both keys begin with the shared bytes, so only what follows them decides. */
  const char *suffix = (const char *)at;
  if (!first && tarn__key_compare(suffix, (size_t)fresh, b->key.data + shared,
                                  b->key.size - (size_t)shared) <= 0)
    return tarn_fail(TARN_CORRUPT,
                     "offset %" PRIu64 ": keys do not rise, expected each after the one before",
                     offset);
  b->key.size = (size_t)shared;
  TARN_TRY(tarn__bytes_add(&b->key, suffix, (size_t)fresh));
  if (first && b->after &&
      tarn__key_compare(b->key.data, b->key.size, b->after, b->after_bytes) <= 0)
    return tarn_fail(
        TARN_CORRUPT,
        "offset %" PRIu64 ": the block begins at or before the key of the block before it", offset);
  e->key = b->key.data ? b->key.data : ""; /* the empty key comes first in every checkpoint */
  e->key_bytes = b->key.size;
  e->value = at + fresh;
  e->value_bytes = (size_t)value;
  e->value_offset = offset + (uint64_t)(e->value - start);
  b->at += (size_t)(e->value - start) + (size_t)value;
  return TARN_OK;
}

/* ---- the table ------------------------------------------------------------------------------- */

/* Counts the index entries and their keys, so that the rows can be made in one piece. */
static tarn_status index_count(tarn_table *t, handle h, size_t *rows) {
  tarn_block block;
  tarn_table_entry e;
  size_t keys = 0;
  *rows = 0;
  tarn_status status = block_load(t, h, &block);
  while (status == TARN_OK) {
    TARN_GOTO(tarn__block_next(&block, &e));
    if (!e.key) break;
    ++*rows;
    keys += e.key_bytes;
    if (keys > TARN_TABLE_KEY_BYTES)
      status = tarn_fail(TARN_LIMIT,
                         "offset %" PRIu64 ": the keys of the index take more than %zu bytes",
                         h.offset, TARN_TABLE_KEY_BYTES);
  }
done:
  tarn__block_clear(&block);
  return status;
}

static tarn_status index_fill(tarn_table *t, handle h) {
  tarn_block block;
  tarn_table_entry e;
  tarn_status status = block_load(t, h, &block);
  for (size_t i = 0; status == TARN_OK && i < t->blocks; i++) {
    TARN_GOTO(tarn__block_next(&block, &e));
    const unsigned char *at = e.value;
    TARN_GOTO(handle_read(&at, e.value + e.value_bytes, e.value_offset, &t->index[i].at));
    char *key = tarn__arena_strndup(t->arena, e.key, e.key_bytes);
    if (!key) {
      status = TARN_NO_MEMORY;
      goto done;
    }
    t->index[i].key = key;
    t->index[i].key_bytes = e.key_bytes;
  }
done:
  tarn__block_clear(&block);
  return status;
}

/* TensorFlow writes the metaindex and never reads it; a broken one is damage all the same. */
static tarn_status metaindex_check(tarn_table *t, handle h) {
  tarn_block block;
  tarn_table_entry e;
  tarn_status status = block_load(t, h, &block);
  do {
    if (status == TARN_OK) status = tarn__block_next(&block, &e);
  } while (status == TARN_OK && e.key);
  tarn__block_clear(&block);
  return status;
}

static tarn_status table_load(tarn_table *t) {
  if (t->file.size < TABLE_FOOTER_BYTES)
    return tarn_fail(TARN_CORRUPT, "a table of %zu bytes, expected at least the %d of a footer",
                     t->file.size, TABLE_FOOTER_BYTES);
  size_t start = t->file.size - TABLE_FOOTER_BYTES;
  const unsigned char *footer = t->file.data + start, *at = footer;
  uint64_t magic = tarn__le64(footer + 40);
  if (magic != TABLE_MAGIC)
    return tarn_fail(TARN_CORRUPT, "offset %zu: table magic 0x%016" PRIx64 ", expected 0x%016llx",
                     start + 40, magic, TABLE_MAGIC);
  handle metaindex, index;
  TARN_TRY(handle_read(&at, footer + 40, start, &metaindex));
  TARN_TRY(handle_read(&at, footer + 40, start + (size_t)(at - footer), &index));
  TARN_TRY_IN(metaindex_check(t, metaindex), "reading the metaindex block");
  TARN_TRY_IN(index_count(t, index, &t->blocks), "reading the index block");
  t->index = tarn__arena_array(t->arena, t->blocks, sizeof *t->index);
  if (!t->index) return TARN_NO_MEMORY;
  TARN_TRY_IN(index_fill(t, index), "reading the index block");
  return TARN_OK;
}

tarn_status tarn__table_open(const tarn_allocator *a, const char *path, tarn_table **table) {
  tarn_arena *arena;
  TARN_TRY(tarn__arena_create(a, &arena));
  tarn_table *t = tarn__arena_alloc(arena, sizeof *t);
  tarn_status status = TARN_NO_MEMORY;
  if (!t) {
    tarn__arena_destroy(arena);
    return status;
  }
  t->allocator = a;
  t->arena = arena;
  t->path = tarn__arena_strndup(arena, path, strlen(path));
  if (!t->path) goto done;
  status = tarn__file_map(path, &t->file);
  if (status == TARN_OK)
    status = tarn__in_file(tarn__foreign_refuse(table_load(t), t->file.data, t->file.size,
                                                "a table of a checkpoint"),
                           path);
done:
  if (status != TARN_OK)
    tarn__table_close(t);
  else
    *table = t;
  return status;
}

void tarn__table_close(tarn_table *t) {
  if (!t) return;
  tarn__file_unmap(&t->file);
  tarn__arena_destroy(t->arena);
}

const char *tarn__table_path(const tarn_table *t) {
  return t->path;
}
size_t tarn__table_file_bytes(const tarn_table *t) {
  return t->file.size;
}

void tarn__table_forget(const tarn_table *t) {
  tarn__file_forget(&t->file, 0, t->file.size);
}

void tarn__table_forget_value(const tarn_table *t, const tarn_table_entry *e) {
  uintptr_t start = (uintptr_t)t->file.data, value = (uintptr_t)e->value;
  /* The value of a snappy block lies elsewhere. */
  if (value >= start && value - start < t->file.size)
    tarn__file_forget(&t->file, value - start, e->value_bytes);
}

size_t tarn__table_blocks(const tarn_table *t) {
  return t->blocks;
}

tarn_status tarn__table_block(const tarn_table *t, size_t i, tarn_block *b) {
  tarn_status status = block_load(t, t->index[i].at, b);
  if (status != TARN_OK) {
    tarn__block_clear(b);
    return status;
  }
  if (i > 0) {
    b->after = t->index[i - 1].key;
    b->after_bytes = t->index[i - 1].key_bytes;
  }
  b->until = t->index[i].key;
  b->until_bytes = t->index[i].key_bytes;
  return TARN_OK;
}
