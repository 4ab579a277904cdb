/* The sorted-string table: the file format of LevelDB, which holds V2 indexes and whole V1
 * checkpoints.
 *
 *   [data block]...  [metaindex block]  [index block]  [footer, 48 bytes]
 *
 * A block on disk is its contents, then one byte of type (0 plain, 1 snappy) and the masked crc of
 * both. Contents are entries (shared, non_shared, value length as varints; the new bytes of the
 * key; the value), then the offsets of the restarts (entries that share nothing), then their count,
 * all 32 bits little-endian. The index block has one entry a data block: a key at or after its last
 * key and before the next block's first, and its handle (offset and size without the trailer, as
 * varints). The footer has the handles of metaindex and index, zeros up to byte 40, and the magic
 * number. Keys rise strictly, bytewise.
 *
 * Reading: the file is mapped; a block is checked (crc, lengths, restarts, order of keys, its place
 * between the index keys) before or while anything of it is handed out. An open table is never
 * written and may be read from many threads; a tarn_block belongs to one. */
#ifndef TARN_LOADER_CHECKPOINT_TABLE_H
#define TARN_LOADER_CHECKPOINT_TABLE_H

#include "core/bytes.h"
#include "core/file.h"

typedef struct tarn_table tarn_table;

/* One block that is being walked. */
typedef struct tarn_block {
  const tarn_table *table;
  const unsigned char *data; /* the contents: in the file, or `unpacked` */
  size_t entries_bytes;      /* where the entries end and the restarts begin */
  uint32_t restarts, next_restart;
  uint64_t offset; /* in the file; of a snappy block, texts count on from it through what it unpacks
                      to */
  unsigned char *unpacked; /* owned; NULL for a plain block */
  size_t unpacked_bytes;
  size_t at; /* of the next entry */
  tarn_bytes key;
  const char *after,
      *until; /* keys lie in (after, until]; `after` NULL: no lower bound; until NULL: none */
  size_t after_bytes, until_bytes;
} tarn_block;

typedef struct tarn_table_entry {
  const char *key; /* valid until the next step of the block; NULL: the block has ended */
  size_t key_bytes;
  const unsigned char *value; /* valid while the block is (plain blocks: while the table is open) */
  size_t value_bytes;
  uint64_t value_offset; /* in the file, for messages */
} tarn_table_entry;

/* Maps the file and checks footer, metaindex and index. Errors: TARN_IO, TARN_CORRUPT (with file
 * and byte), TARN_LIMIT (index keys of more than TARN_TABLE_KEY_BYTES), TARN_NO_MEMORY. */
TARN_MUST_CHECK tarn_status tarn__table_open(const tarn_allocator *a, const char *path,
                                             tarn_table **table);
void tarn__table_close(tarn_table *table);
const char *tarn__table_path(const tarn_table *table);
size_t tarn__table_file_bytes(const tarn_table *table);
/* Everything of the file, or a value that lies in it, is not needed again soon (core/file.h). */
void tarn__table_forget(const tarn_table *table);
void tarn__table_forget_value(const tarn_table *table, const tarn_table_entry *entry);
size_t tarn__table_blocks(const tarn_table *table);
/* Data block i, crc checked and unpacked. Clear it also when its entries are of no more use. */
TARN_MUST_CHECK tarn_status tarn__table_block(const tarn_table *table, size_t i, tarn_block *block);
void tarn__block_clear(tarn_block *block); /* a zeroed one passes */
TARN_MUST_CHECK tarn_status tarn__block_next(tarn_block *block, tarn_table_entry *entry);
/* Back to the first entry. */
void tarn__block_rewind(tarn_block *block);

/* Everything in a table: each block checked once, every entry in order of keys. Keys are copies,
 * zero-terminated; values lie in the file, or in what a snappy block unpacked to. */
typedef struct tarn_table_contents {
  tarn_block *block;
  size_t blocks;
  tarn_table_entry *entry;
  size_t count;
} tarn_table_contents;
/* Arrays and keys come from `arena`. Clear `contents` in every case, before the table is closed.
 * Errors: those of blocks, with the file's name; TARN_LIMIT (keys of more than
 * TARN_TABLE_KEY_BYTES). */
TARN_MUST_CHECK tarn_status tarn__table_read(const tarn_table *table, tarn_arena *arena,
                                             tarn_table_contents *contents);
void tarn__table_contents_clear(tarn_table_contents *contents);
/* NULL: no such key. */
const tarn_table_entry *tarn__table_find(const tarn_table_contents *contents, const char *key,
                                         size_t bytes);
/* Bytewise, a shorter key before those that it begins: negative, 0 or positive. */
int tarn__key_compare(const char *a, size_t a_bytes, const char *b, size_t b_bytes);

/* Prefix sharing lets a small file claim huge keys; real ones have a few MB in all. */
#define TARN_TABLE_KEY_BYTES ((size_t)256 << 20)

/* ---- writing ---- */

/* Builds a table, byte for byte as TensorFlow's builder does: plain blocks of 256 KB, a restart
 * every 16 entries, shortened index keys. */
typedef struct tarn_table_writer {
  const tarn_allocator *allocator;
  tarn_output *output; /* borrowed */
  uint64_t written;
  tarn_bytes block;    /* the entries of the block being built */
  tarn_bytes restarts; /* its restart offsets, as they are stored */
  int since_restart;
  tarn_bytes last_key;
  bool any; /* last_key is set */
  tarn_bytes index, index_restarts;
  bool pending; /* a block was written whose index entry waits for the next key */
  uint64_t pending_offset, pending_bytes;
} tarn_table_writer;

void tarn__table_writer_init(tarn_table_writer *w, const tarn_allocator *a, tarn_output *output);
void tarn__table_writer_clear(tarn_table_writer *w);
/* Keys must rise strictly: TARN_INVALID otherwise. */
TARN_MUST_CHECK tarn_status tarn__table_writer_add(tarn_table_writer *w, const void *key,
                                                   size_t key_bytes, const void *value,
                                                   size_t value_bytes);
TARN_MUST_CHECK tarn_status tarn__table_writer_finish(tarn_table_writer *w);

#endif
