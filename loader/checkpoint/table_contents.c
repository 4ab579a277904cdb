/* A whole table in memory: see table.h. */
#include <inttypes.h>
#include <string.h>

#include "loader/checkpoint/table.h"

int tarn__key_compare(const char *a, size_t a_bytes, const char *b, size_t b_bytes) {
  size_t n = a_bytes < b_bytes ? a_bytes : b_bytes;
  int order = n ? memcmp(a, b, n) : 0;
  return order ? order : (a_bytes > b_bytes) - (a_bytes < b_bytes);
}

/* Loads the blocks and counts what they hold, so that the entries can be kept in one piece. */
static tarn_status scan(const tarn_table *t, tarn_arena *arena, tarn_table_contents *c) {
  size_t n = tarn__table_blocks(t), keys = 0;
  c->block = tarn__arena_array(arena, n, sizeof *c->block);
  if (!c->block) return TARN_NO_MEMORY;
  for (size_t i = 0; i < n; i++) {
    TARN_TRY(tarn__table_block(t, i, &c->block[i]));
    c->blocks++;
    for (;;) {
      tarn_table_entry e;
      TARN_TRY(tarn__block_next(&c->block[i], &e));
      if (!e.key) break;
      c->count++;
      keys += e.key_bytes + 1;
      if (keys > TARN_TABLE_KEY_BYTES)
        return tarn_fail(TARN_LIMIT, "offset %" PRIu64 ": the keys take more than %zu bytes",
                         e.value_offset, TARN_TABLE_KEY_BYTES);
    }
  }
  return TARN_OK;
}

static tarn_status fill(tarn_arena *arena, tarn_table_contents *c) {
  c->entry = tarn__arena_array(arena, c->count, sizeof *c->entry);
  if (!c->entry) return TARN_NO_MEMORY;
  size_t at = 0;
  for (size_t i = 0; i < c->blocks; i++) {
    tarn__block_rewind(&c->block[i]);
    for (;;) {
      tarn_table_entry e;
      TARN_TRY(tarn__block_next(&c->block[i], &e));
      if (!e.key) break;
      e.key = tarn__arena_strndup(arena, e.key, e.key_bytes);
      if (!e.key) return TARN_NO_MEMORY;
      c->entry[at++] = e;
    }
  }
  return TARN_OK;
}

tarn_status tarn__table_read(const tarn_table *t, tarn_arena *arena, tarn_table_contents *c) {
  *c = (tarn_table_contents){0};
  tarn_status status = scan(t, arena, c);
  if (status == TARN_OK) status = fill(arena, c);
  return tarn__in_file(status, tarn__table_path(t));
}

void tarn__table_contents_clear(tarn_table_contents *c) {
  for (size_t i = 0; i < c->blocks; i++) tarn__block_clear(&c->block[i]);
  *c = (tarn_table_contents){0};
}

const tarn_table_entry *tarn__table_find(const tarn_table_contents *c, const char *key,
                                         size_t bytes) {
  size_t low = 0, high = c->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    const tarn_table_entry *e = &c->entry[middle];
    int order = tarn__key_compare(e->key, e->key_bytes, key, bytes);
    if (order == 0) return e;
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return NULL;
}
