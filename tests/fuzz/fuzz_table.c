/* The table reader. Checksums would stop nearly every input, so this feeds a block by hand: its
 * bytes are wrapped in a table with the right checksums. */
#include "core/crc32c.h"
#include "loader/checkpoint/table.h"
#include "core/wire/wire.h"
#include "tests/fuzz/image.h"

static void block_add(tarn_bytes *b, const void *data, size_t bytes, unsigned char type) {
  size_t start = b->size;
  unsigned char p[4];
  if (tarn__bytes_add(b, data, bytes) != TARN_OK || tarn__bytes_add(b, &type, 1) != TARN_OK)
    abort();
  tarn__put_le32(p, tarn__crc32c_mask(tarn__crc32c(0, b->data + start, bytes + 1)));
  if (tarn__bytes_add(b, p, 4) != TARN_OK) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
  if (bytes < 1) return 0;
  tarn_bytes b;
  tarn__bytes_init(&b, tarn__allocator_default());
  block_add(&b, data + 1, bytes - 1, data[0] & 1);
  size_t meta = b.size;
  block_add(&b, "\0\0\0\0\1\0\0\0", 8, 0);
  size_t index = b.size;
  unsigned char row[64] = {0, 1, 0, 0xff}, footer[48] = {0};
  size_t n = 4;
  n += tarn__varint_put(row + n, 0);
  n += tarn__varint_put(row + n, bytes - 1);
  row[2] = (unsigned char)(n - 4);
  memcpy(row + n, "\0\0\0\0\1\0\0\0", 8);
  block_add(&b, row, n + 8, 0);
  size_t index_bytes = n + 8;
  n = tarn__varint_put(footer, meta);
  n += tarn__varint_put(footer + n, 8);
  n += tarn__varint_put(footer + n, index);
  tarn__varint_put(footer + n, index_bytes);
  tarn__put_le64(footer + 40, 0xdb4775248b80fb57ull);
  if (tarn__bytes_add(&b, footer, 48) != TARN_OK) abort();
  tarn_table *t;
  if (tarn__table_open(tarn__allocator_default(), image_put((uint8_t *)b.data, b.size), &t) !=
      TARN_OK)
    abort();
  tarn_block block;
  tarn_table_entry e;
  if (tarn__table_block(t, 0, &block) == TARN_OK) {
    while (tarn__block_next(&block, &e) == TARN_OK && e.key) {
    }
    tarn__block_clear(&block);
  }
  tarn_arena *arena;
  tarn_table_contents all;
  if (tarn__arena_create(tarn__allocator_default(), &arena) != TARN_OK) abort();
  if (tarn__table_read(t, arena, &all) == TARN_OK && tarn__table_find(&all, "conv", 4) != NULL &&
      all.count == 0)
    abort();
  tarn__table_contents_clear(&all);
  tarn__table_close(t);
  tarn__arena_destroy(arena);
  tarn__bytes_clear(&b);
  return 0;
}
