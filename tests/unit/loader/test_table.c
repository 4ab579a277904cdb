/* Sorted-string tables: round trips, snappy blocks, and what lies. */
#include <snappy-c.h>

#include "core/crc32c.h"
#include "loader/checkpoint/table.h"
#include "core/wire/wire.h"
#include "tests/unit/loader/files.h"

static void key_of(int i, char key[64]) {
  snprintf(key, 64, "tensor/%05d/weights", i);
}

/* n entries whose values grow; "big" sizes make blocks of their own. */
static tarn_status table_write(const tarn_allocator *a, const char *name, int n,
                               size_t value_bytes) {
  tarn_output *output;
  tarn_table_writer w;
  TARN_TRY(tarn__output_open(a, file(name), &output));
  tarn__table_writer_init(&w, a, output);
  char *value = calloc(1, value_bytes + 1), key[64];
  tarn_status status = tarn__table_writer_add(&w, "", 0, "head", 4);
  for (int i = 0; i < n && status == TARN_OK; i++) {
    key_of(i, key);
    memset(value, 'a' + i % 26, value_bytes);
    status = tarn__table_writer_add(&w, key, strlen(key), value, value_bytes);
  }
  if (status == TARN_OK) status = tarn__table_writer_finish(&w);
  free(value);
  tarn__table_writer_clear(&w);
  if (status == TARN_OK) return tarn__output_commit(output);
  tarn__output_discard(output);
  return status;
}

/* Walks over everything; counts entries. */
static tarn_status table_walk(const tarn_allocator *a, const char *name, int *entries) {
  tarn_table *t;
  TARN_TRY(tarn__table_open(a, file(name), &t));
  *entries = 0;
  tarn_status status = TARN_OK;
  for (size_t i = 0; i < tarn__table_blocks(t) && status == TARN_OK; i++) {
    tarn_block b;
    tarn_table_entry e;
    status = tarn__table_block(t, i, &b);
    while (status == TARN_OK && (status = tarn__block_next(&b, &e)) == TARN_OK && e.key) ++*entries;
    tarn__block_clear(&b);
  }
  tarn__table_close(t);
  return status;
}

static tarn_status walk_default(void) {
  int entries;
  return table_walk(plain(), "t", &entries);
}

START_TEST(test_table_round_trip) {
  static const struct {
    int n;
    size_t bytes, blocks;
  } cases[] = {{0, 1, 1},     {1, 0, 1},      {15, 3, 1},     {16, 3, 1},    {17, 3, 1},
               {1000, 10, 1}, {5000, 100, 2}, {3, 300000, 3}, {2, 600000, 3}};
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    ck_assert_ok(table_write(plain(), "t", cases[c].n, cases[c].bytes));
    int entries;
    ck_assert_ok(table_walk(plain(), "t", &entries));
    ck_assert_int_eq(entries, cases[c].n + 1);
    tarn_table *t;
    ck_assert_ok(tarn__table_open(plain(), file("t"), &t));
    ck_assert_msg(cases[c].n > 3 ? tarn__table_blocks(t) >= cases[c].blocks
                                 : tarn__table_blocks(t) == cases[c].blocks,
                  "case %zu: %zu blocks", c, tarn__table_blocks(t));
    tarn_arena *arena;
    tarn_table_contents all;
    ck_assert_ok(tarn__arena_create(plain(), &arena));
    ck_assert_ok(tarn__table_read(t, arena, &all));
    ck_assert_uint_eq(all.count, (size_t)cases[c].n + 1);
    for (int i = -1; i <= cases[c].n; i++) {
      char key[64];
      key_of(i, key);
      const tarn_table_entry *e = tarn__table_find(&all, key, i < 0 ? 0 : strlen(key));
      if (i == cases[c].n) {
        ck_assert_ptr_null(e);
        continue;
      }
      ck_assert_ptr_nonnull(e);
      ck_assert_uint_eq(e->value_bytes, i < 0 ? 4 : cases[c].bytes);
      if (i >= 0 && e->value_bytes) ck_assert_int_eq(e->value[e->value_bytes - 1], 'a' + i % 26);
    }
    tarn__table_contents_clear(&all);
    tarn__table_close(t);
    tarn__arena_destroy(arena);
  }
  files_end();
}
END_TEST

START_TEST(test_table_writer_wants_rising_keys) {
  tarn_output *output;
  tarn_table_writer w;
  ck_assert_ok(tarn__output_open(plain(), file("t"), &output));
  tarn__table_writer_init(&w, plain(), output);
  ck_assert_ok(tarn__table_writer_add(&w, "b", 1, "", 0));
  ck_assert_int_eq(tarn__table_writer_add(&w, "b", 1, "", 0), TARN_INVALID);
  ck_assert_int_eq(tarn__table_writer_add(&w, "a", 1, "", 0), TARN_INVALID);
  ck_assert_ok(tarn__table_writer_add(&w, "b\xff", 2, "", 0));
  ck_assert_int_eq(tarn__table_writer_add(&w, "b\x01", 2, "", 0), TARN_INVALID);
  tarn__table_writer_clear(&w);
  tarn__output_discard(output);
  ck_assert_int_eq(files_clear(), 0);
  files_end();
}
END_TEST

/* The first data block of the file, replaced by its snappy form (or by `packed` as it is),
 * everything else rebuilt. */
static void repack(const char *name, const char *packed, size_t packed_bytes, unsigned char type) {
  size_t bytes;
  unsigned char *data = file_get(name, &bytes);
  const unsigned char *at = data + bytes - 48, *end = data + bytes;
  uint64_t skip, index, index_bytes, block, block_bytes;
  ck_assert_ok(tarn__varint_read(&at, end, 0, "", &skip));
  ck_assert_ok(tarn__varint_read(&at, end, 0, "", &skip));
  ck_assert_ok(tarn__varint_read(&at, end, 0, "", &index));
  ck_assert_ok(tarn__varint_read(&at, end, 0, "", &index_bytes));
  /* The one index entry: shared 0, its key, value. */
  at = data + index + 1;
  uint64_t key, value;
  ck_assert_ok(tarn__varint_read(&at, end, 0, "", &key));
  ck_assert_ok(tarn__varint_read(&at, end, 0, "", &value));
  const unsigned char *key_at = at;
  at += key;
  ck_assert_ok(tarn__varint_read(&at, end, 0, "", &block));
  ck_assert_ok(tarn__varint_read(&at, end, 0, "", &block_bytes));
  char *own = NULL;
  if (!packed) {
    packed_bytes = snappy_max_compressed_length(block_bytes);
    packed = own = malloc(packed_bytes);
    ck_assert_int_eq(snappy_compress((const char *)data + block, block_bytes, own, &packed_bytes),
                     SNAPPY_OK);
  }
  tarn_bytes b, row;
  tarn__bytes_init(&b, plain());
  tarn__bytes_init(&row, plain());
  unsigned char p[48] = {0};
  ck_assert_ok(tarn__bytes_add(&b, packed, packed_bytes));
  ck_assert_ok(tarn__bytes_add(&b, &type, 1));
  tarn__put_le32(p, tarn__crc32c_mask(tarn__crc32c(0, b.data, b.size)));
  ck_assert_ok(tarn__bytes_add(&b, p, 4));
  uint64_t meta_at = b.size;
  static const unsigned char empty[] = {0, 0, 0, 0, 1, 0, 0, 0, 0, 0xc0, 0xf2, 0xa1, 0xb0};
  ck_assert_ok(tarn__bytes_add(&b, empty, sizeof empty));
  uint64_t index_at = b.size;
  size_t n = tarn__varint_put(p, 0);
  n += tarn__varint_put(p + n, packed_bytes);
  unsigned char head[3] = {0, (unsigned char)key, (unsigned char)n};
  ck_assert_ok(tarn__bytes_add(&row, head, 3));
  ck_assert_ok(tarn__bytes_add(&row, key_at, key));
  ck_assert_ok(tarn__bytes_add(&row, p, n));
  ck_assert_ok(tarn__bytes_add(&row, empty, 9));
  tarn__put_le32(p, tarn__crc32c_mask(tarn__crc32c(0, row.data, row.size)));
  ck_assert_ok(tarn__bytes_add(&row, p, 4));
  ck_assert_ok(tarn__bytes_add(&b, row.data, row.size));
  memset(p, 0, sizeof p);
  n = tarn__varint_put(p, meta_at);
  n += tarn__varint_put(p + n, 8);
  n += tarn__varint_put(p + n, index_at);
  tarn__varint_put(p + n, row.size - 5);
  memcpy(p + 40, "\x57\xfb\x80\x8b\x24\x75\x47\xdb", 8);
  ck_assert_ok(tarn__bytes_add(&b, p, 48));
  file_put(name, b.data, b.size);
  tarn__bytes_clear(&b);
  tarn__bytes_clear(&row);
  free(own);
  free(data);
}

START_TEST(test_table_reads_snappy_blocks) {
  int entries;
  ck_assert_ok(table_write(plain(), "t", 200, 50));
  repack("t", NULL, 0, 1);
  ck_assert_ok(table_walk(plain(), "t", &entries));
  ck_assert_int_eq(entries, 201);
  ck_assert_ok(table_write(plain(), "t", 3, 30));
  repack("t", NULL, 0, 1);
  size_t bytes;
  free(file_get("t", &bytes));
  file_damage("t", walk_default, 0, bytes - 48);
  files_end();
}
END_TEST

START_TEST(test_table_refuses_bad_blocks) {
  static const struct {
    const char *what;
    unsigned char type;
    size_t bytes;
    const char *data;
  } cases[] = {
      {"an unknown type", 2, 8, "\0\0\0\0\1\0\0\0"},
      {"an empty snappy block", 1, 0, ""},
      {"a snappy length without data", 1, 2, "\x08\x1c"},
      {"a snappy copy before any literal", 1, 4, "\x40\xfe\x01\x00"},
      {"a snappy block that claims 4 GiB", 1, 7, "\xff\xff\xff\xff\x0f\x00x"},
      {"a snappy literal past its input", 1, 4,
       "\x10\xf0\xff"
       "a"},
      {"three bytes", 0, 3, "\0\0\0"},
      {"no restarts", 0, 8, "\0\0\0\0\0\0\0\0"},
      {"too many restarts", 0, 8, "\0\0\0\0\2\0\0\0"},
      {"2^30 restarts", 0, 8, "\0\0\0\0\0\0\0\x40"},
      {"a restart past the end", 0, 8, "\5\0\0\0\1\0\0\0"},
      {"an entry that shares with nothing", 0, 12,
       "\1\0\0\0"
       "\0\0\0\0\1\0\0\0"},
      {"a key past the end", 0, 12,
       "\0\7\0k"
       "\0\0\0\0\1\0\0\0"},
      {"a value past the end", 0, 12,
       "\0\1\7k"
       "\0\0\0\0\1\0\0\0"},
      {"a key of 2^64 - 1", 0, 21,
       "\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\1\1k"
       "\0\0\0\0\1\0\0\0"},
      {"a varint of 11 bytes", 0, 21,
       "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\1\1k"
       "\0\0\0\0\1\0\0\0"},
      {"keys that fall", 0, 16,
       "\0\1\0b\0\1\0a"
       "\0\0\0\0\1\0\0\0"},
      {"one key twice", 0, 16,
       "\0\1\0b\0\1\0b"
       "\0\0\0\0\1\0\0\0"},
      {"a restart inside an entry", 0, 16,
       "\0\1\0b"
       "\0\0\0\0\2\0\0\0\2\0\0\0"},
      {"a restart that shares", 0, 19,
       "\0\1\0b\1\0\0"
       "\0\0\0\0\4\0\0\0\2\0\0\0"},
      {"a key after the index key", 0, 15,
       "\0\4\0zzzz"
       "\0\0\0\0\1\0\0\0"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    ck_assert_ok(table_write(plain(), "t", 1, 5));
    repack("t", cases[i].data, cases[i].bytes, cases[i].type);
    int entries;
    ck_assert_msg(table_walk(plain(), "t", &entries) == TARN_CORRUPT, "%s was read", cases[i].what);
    ck_assert_msg(strstr(tarn_error(), "offset "), "%s: %s", cases[i].what, tarn_error());
  }
  files_end();
}
END_TEST

/* All but the padding of the footer is covered by a checksum or compared. */
START_TEST(test_table_survives_every_cut_and_flip) {
  ck_assert_ok(table_write(plain(), "t", 20, 3));
  size_t bytes;
  free(file_get("t", &bytes));
  file_damage("t", walk_default, 0, bytes - 48);
  file_damage("t", walk_default, bytes - 8, bytes);
  files_end();
}
END_TEST

START_TEST(test_table_survives_every_failed_allocation) {
  ck_assert_ok(table_write(plain(), "t", 40, 30));
  repack("t", NULL, 0, 1);
  for (int writing = 0; writing < 2; writing++) {
    long n = 0;
    for (;; n++) {
      tarn_failing f;
      int entries;
      tarn__failing_init(&f, n, false);
      tarn_status status = writing ? table_write(&f.allocator, "u", 40, 30)
                                   : table_walk(&f.allocator, "t", &entries);
      ck_assert_int_eq(f.live, 0);
      if (status == TARN_OK) break;
      ck_assert_int_eq(status, TARN_NO_MEMORY);
    }
    ck_assert_int_gt(n, 3);
  }
  ck_assert_int_eq(files_clear(), 2);
  files_end();
}
END_TEST

SUITE_MAIN("table", test_table_round_trip, test_table_writer_wants_rising_keys,
           test_table_reads_snappy_blocks, test_table_refuses_bad_blocks,
           test_table_survives_every_cut_and_flip, test_table_survives_every_failed_allocation)
