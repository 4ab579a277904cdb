/* What the two readers (bundle_reader.c for V2, slice_file_reader.c for V1) give to checkpoint.c: a
 * sorted list of tensors, each of one or more stored parts, and a way to read one part. */
#ifndef TARN_LOADER_CHECKPOINT_READER_H
#define TARN_LOADER_CHECKPOINT_READER_H

#include "loader/checkpoint/checkpoint.h"
#include "loader/checkpoint/table.h"

typedef struct checkpoint_part {
  tarn_slice slice;        /* as stored; whole for a tensor in one piece */
  const struct stored *at; /* V2: where its bytes are; NULL: it is named and not stored */
  size_t shard;            /* V1: index of the table that has its record */
} checkpoint_part;

typedef struct checkpoint_tensor {
  const char *name;
  size_t name_bytes;
  int dtype_number;
  tarn_dtype dtype;
  tarn_shape shape;
  size_t parts;
  checkpoint_part *part;
} checkpoint_tensor;

/* V2: where the elements of a tensor or slice lie. Checked at opening: size fits shape and dtype,
 * offset and size are not negative, shard is one of the header's. */
typedef struct stored {
  const char *key; /* of a slice's record; names have a zero behind them */
  size_t key_bytes;
  int dtype_number;
  tarn_dtype dtype;
  tarn_shape shape;
  int32_t shard;
  uint64_t offset, size;
  uint32_t crc;                /* masked */
  const unsigned char *slices; /* the entry's message, when it lists slices */
  size_t slices_bytes, slice_count;
  uint64_t slices_offset;
} stored;

/* A mapped data file; views hold it too. */
typedef struct data_shard {
  atomic_int references;
  const tarn_allocator *allocator;
  int32_t number;
  bool mapped;
  tarn_file file;
} data_shard;

struct tarn_checkpoint {
  const tarn_allocator *allocator;
  tarn_arena *arena;
  char *prefix;
  int version;
  size_t count;
  checkpoint_tensor *tensor; /* by name */
  tarn_table **table;        /* V2: the index; V1: one a shard */
  tarn_table_contents *contents;
  size_t tables;
  /* V2 only */
  int64_t num_shards;
  bool big_endian;
  data_shard **shard; /* those that entries use, by number */
  size_t shards;
};

/* Opens and reads these tables. */
TARN_MUST_CHECK tarn_status tarn__tables_read(tarn_checkpoint *c, char *const *paths, size_t n);
TARN_MUST_CHECK tarn_status tarn__bundle_open(tarn_checkpoint *c, const char *index_path);
TARN_MUST_CHECK tarn_status tarn__slice_file_open(tarn_checkpoint *c, char *const *paths, size_t n);

/* The elements of a part: a tensor of the part's shape, its own or (V2, plain, nothing to swap)
 * borrowed from the mapping. Every crc is checked. */
TARN_MUST_CHECK tarn_status tarn__bundle_part(const tarn_checkpoint *c, const tarn_allocator *a,
                                              const checkpoint_part *part, bool borrow,
                                              tarn_tensor *out);
TARN_MUST_CHECK tarn_status tarn__slice_file_part(const tarn_checkpoint *c, const tarn_allocator *a,
                                                  const checkpoint_tensor *tensor,
                                                  const checkpoint_part *part, tarn_tensor *out);
/* Before memory is taken for a tensor: its bytes are there. */
TARN_MUST_CHECK tarn_status tarn__bundle_present(const tarn_checkpoint *c,
                                                 const checkpoint_part *part);
/* Every shard of the header exists. */
TARN_MUST_CHECK tarn_status tarn__bundle_shards_check(const tarn_checkpoint *c);
/* Maps these shards (rising numbers). */
TARN_MUST_CHECK tarn_status tarn__bundle_shards_map(tarn_checkpoint *c, const int32_t *numbers,
                                                    size_t n);
void tarn__data_shard_release(void *context);
data_shard *tarn__bundle_shard(const tarn_checkpoint *c, int32_t number);

/* VersionDef as TensorFlow's CheckVersions reads it, for a format of version 1. `what` names the
 * file's kind. */
TARN_MUST_CHECK tarn_status tarn__version_check(const tarn_wire_field *f, const char *what);
/* The dtype number of an entry: 1 to 33 (0 and reference types are damage). */
TARN_MUST_CHECK tarn_status tarn__dtype_check(const tarn_wire_field *f, int number);

/* A name for messages. */
#define NAME_TEXT 256
const char *tarn__name_text(const char *name, size_t bytes, char text[NAME_TEXT]);

#endif
