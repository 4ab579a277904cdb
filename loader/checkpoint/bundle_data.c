/* The data files of V2 checkpoints: PREFIX.data-NNNNN-of-MMMMM, raw row-major elements at the
 * offsets that the index gives. Strings are their lengths as varints, the masked crc of the
 * lengths, then all their bytes. The crc of an entry is over the bytes as stored, before any
 * swapping. */
#include <inttypes.h>
#include <stdio.h>

#include "core/crc32c.h"
#include "core/foreign.h"
#include "loader/checkpoint/reader.h"

/* ---- data files ------------------------------------------------------------------------------ */

static char *shard_path(const tarn_checkpoint *c, tarn_arena *arena, int64_t number) {
  return tarn__arena_printf(arena, "%s.data-%05" PRId64 "-of-%05" PRId64, c->prefix, number,
                            c->num_shards);
}

void tarn__data_shard_release(void *context) {
  data_shard *shard = context;
  if (atomic_fetch_sub(&shard->references, 1) != 1) return;
  if (shard->mapped) tarn__file_unmap(&shard->file);
  tarn__free(shard->allocator, shard, sizeof *shard);
}

/* Maps the data files that entries use. One that is missing is an error only when it is read, so
 * that an index alone can be listed; and nothing is made for shards that the header merely claims.
 */
tarn_status tarn__bundle_shards_map(tarn_checkpoint *c, const int32_t *numbers, size_t n) {
  c->shard = tarn__arena_array(c->arena, n, sizeof(data_shard *));
  if (!c->shard) return TARN_NO_MEMORY;
  for (size_t i = 0; i < n; i++) {
    data_shard *shard = tarn__alloc_zero(c->allocator, sizeof *shard);
    if (!shard) return TARN_NO_MEMORY;
    atomic_init(&shard->references, 1);
    shard->allocator = c->allocator;
    shard->number = numbers[i];
    c->shard[c->shards++] = shard;
    char *path = shard_path(c, c->arena, numbers[i]);
    if (!path) return TARN_NO_MEMORY;
    tarn_status status = tarn__file_map(path, &shard->file);
    if (status == TARN_NO_MEMORY) return status;
    shard->mapped = status == TARN_OK;
  }
  return TARN_OK;
}

data_shard *tarn__bundle_shard(const tarn_checkpoint *c, int32_t number) {
  size_t low = 0, high = c->shards;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (c->shard[middle]->number < number)
      low = middle + 1;
    else
      high = middle;
  }
  return low < c->shards && c->shard[low]->number == number ? c->shard[low] : NULL;
}

/* Fails as mapping the file does, for its message; a file that came since opening is still not
 * used. */
static tarn_status shard_missing(const tarn_checkpoint *c, int64_t number) {
  tarn_arena *arena;
  TARN_TRY(tarn__arena_create(c->allocator, &arena));
  char *path = shard_path(c, arena, number);
  tarn_file file;
  tarn_status status = path ? tarn__file_map(path, &file) : TARN_NO_MEMORY;
  if (status == TARN_OK) tarn__file_unmap(&file);
  tarn__arena_destroy(arena);
  return status;
}

tarn_status tarn__bundle_shards_check(const tarn_checkpoint *c) {
  for (int64_t i = 0; i < c->num_shards; i++) {
    const data_shard *shard = tarn__bundle_shard(c, (int32_t)i);
    if (shard && shard->mapped) continue;
    TARN_TRY(shard_missing(c, i));
  }
  return TARN_OK;
}

/* ---- elements -------------------------------------------------------------------------------- */

/* The same, with the file's name before the message. */
static tarn_status in_shard(const tarn_checkpoint *c, int32_t number, tarn_status status) {
  char path[512];
  snprintf(path, sizeof path, "%s.data-%05" PRId32 "-of-%05" PRId64, c->prefix, number,
           c->num_shards);
  return tarn__in_file(status, path);
}

tarn_status tarn__bundle_present(const tarn_checkpoint *c, const checkpoint_part *part) {
  const stored *s = part->at;
  if (!s) return tarn_fail(TARN_CORRUPT, "a slice is named in the index and not stored");
  const data_shard *shard = tarn__bundle_shard(c, s->shard);
  if (!shard->mapped) {
    TARN_TRY(shard_missing(c, s->shard));
    return tarn_fail(TARN_IO,
                     "the data file of shard %" PRId32 " came after the checkpoint was opened",
                     s->shard);
  }
  if (s->offset <= shard->file.size && s->size <= shard->file.size - s->offset) return TARN_OK;
  const tarn_status status = tarn_fail(TARN_CORRUPT,
                                       "offset %" PRIu64 ": a tensor of %" PRIu64
                                       " bytes, expected it inside the %zu of the file",
                                       s->offset, s->size, shard->file.size);
  return in_shard(c, s->shard,
                  tarn__foreign_refuse(status, shard->file.data, shard->file.size,
                                       "a checkpoint's data"));
}

static tarn_status crc_fail(const stored *s, uint32_t found) {
  return tarn_fail(TARN_CORRUPT,
                   "offset %" PRIu64 ": tensor crc 0x%08" PRIx32
                   ", expected the stored 0x%08" PRIx32,
                   s->offset, found, tarn__crc32c_unmask(s->crc));
}

static bool machine_big_endian(void) {
  const uint16_t one = 1;
  return *(const unsigned char *)&one == 0;
}

/* The size of the numbers inside an element: the unit of byte order. */
static size_t number_bytes(tarn_dtype dtype) {
  if (dtype == TARN_C64) return 4;
  if (dtype == TARN_C128) return 8;
  return tarn_dtype_bytes(dtype);
}

static void swap_bytes(unsigned char *p, size_t bytes, size_t width) {
  for (size_t i = 0; i + width <= bytes; i += width)
    for (size_t j = 0; j < width / 2; j++) {
      unsigned char t = p[i + j];
      p[i + j] = p[i + width - 1 - j];
      p[i + width - 1 - j] = t;
    }
}

/* Copies (unless `to` is NULL) and checks in pieces that stay in the cache, so that the elements
 * cross memory once; what was read leaves the process's memory every few MB, so that a restore does
 * not hold everything twice. */
static tarn_status plain_read(const stored *s, const tarn_file *file, unsigned char *to) {
  const size_t piece = 256 << 10, kept = 2 << 20;
  const unsigned char *data = file->data + s->offset;
  uint32_t crc = 0;
  uint64_t forgotten = 0;
  for (uint64_t at = 0; at < s->size;) {
    size_t n = s->size - at < piece ? (size_t)(s->size - at) : piece;
    if (to) memcpy(to + at, data + at, n);
    crc = tarn__crc32c(crc, to ? to + at : data + at, n);
    at += n;
    if (at - forgotten < kept && at < s->size) continue;
    tarn__file_forget(file, (size_t)(s->offset + forgotten), (size_t)(at - forgotten));
    forgotten = at;
  }
  return crc == tarn__crc32c_unmask(s->crc) ? TARN_OK : crc_fail(s, crc);
}

/* A length enters the checksums as a fixed integer, not as the varint that is stored: 4 bytes, or 8
 * when it does not fit, in the byte order of the machine that wrote it. */
static uint32_t length_crc(uint32_t crc, uint64_t length, bool big_endian) {
  unsigned char p[8];
  size_t n = length > UINT32_MAX ? 8 : 4;
  tarn__put_le64(p, length);
  if (big_endian) swap_bytes(p, n, n);
  return tarn__crc32c(crc, p, n);
}

/* Lengths as varints, the masked crc of the lengths, all the bytes. */
static tarn_status strings_read(const tarn_checkpoint *c, const stored *s,
                                const unsigned char *data, tarn_tensor *out) {
  int64_t n = tarn__tensor_elements(out);
  if (s->size == 0) return TARN_OK; /* no strings: checked at opening */
  const unsigned char *at = data, *end = data + s->size;
  uint32_t crc = 0;
  uint64_t total = 0;
  for (int64_t i = 0; i < n; i++) {
    uint64_t length;
    TARN_TRY(tarn__varint_read(&at, end, s->offset + (uint64_t)(at - data), "the string lengths",
                               &length));
    if (length > s->size || total > s->size - length)
      return tarn_fail(TARN_CORRUPT,
                       "offset %" PRIu64 ": string lengths of more than the tensor's %" PRIu64
                       " bytes",
                       s->offset, s->size);
    total += length;
    crc = length_crc(crc, length, c->big_endian);
  }
  uint64_t lengths = (uint64_t)(at - data);
  if (s->size - lengths < 4 || s->size - lengths - 4 != total)
    return tarn_fail(TARN_CORRUPT,
                     "offset %" PRIu64 ": a tensor of %" PRIu64 " bytes, expected %" PRIu64
                     " of lengths, 4 of checksum, %" PRIu64 " of strings",
                     s->offset, s->size, lengths, total);
  uint32_t check =
      c->big_endian ? (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3]
                    : tarn__le32(at);
  if (tarn__crc32c_unmask(check) != crc)
    return tarn_fail(TARN_CORRUPT,
                     "offset %" PRIu64 ": crc 0x%08" PRIx32
                     " of the string lengths, expected the stored "
                     "0x%08" PRIx32,
                     s->offset + lengths, crc, tarn__crc32c_unmask(check));
  crc = tarn__crc32c(crc, at, (size_t)(end - at));
  if (crc != tarn__crc32c_unmask(s->crc)) return crc_fail(s, crc);
  const char *bytes = (const char *)at + 4;
  at = data;
  for (int64_t i = 0; i < n; i++) {
    uint64_t length;
    TARN_TRY(tarn__varint_read(&at, end, s->offset, "the string lengths", &length));
    TARN_TRY(tarn__string_set(out, i, bytes, (size_t)length));
    bytes += length;
  }
  return TARN_OK;
}

tarn_status tarn__bundle_part(const tarn_checkpoint *c, const tarn_allocator *a,
                              const checkpoint_part *part, bool borrow, tarn_tensor *out) {
  TARN_TRY(tarn__bundle_present(c, part));
  const stored *s = part->at;
  if (s->dtype == TARN_NO_DTYPE || s->dtype == TARN_VARIANT || s->dtype == TARN_RESOURCE)
    return tarn_fail(TARN_UNSUPPORTED, "elements of TensorFlow's type %d (%s) in a checkpoint",
                     s->dtype_number, tarn_dtype_name(s->dtype));
  data_shard *shard = tarn__bundle_shard(c, s->shard);
  const unsigned char *data = shard->file.data + s->offset;
  bool swap = c->big_endian != machine_big_endian() && number_bytes(s->dtype) > 1;
  if (borrow && s->dtype != TARN_STRING && !swap) {
    const tarn_status status = plain_read(s, &shard->file, NULL);
    if (status != TARN_OK) return in_shard(c, s->shard, status);
    /* Read-only memory behind a pointer to mutable: the callers of this only read. */
    *out = (tarn_tensor){.dtype = s->dtype, .shape = s->shape, .data = (void *)(uintptr_t)data};
    return TARN_OK;
  }
  tarn_tensor t;
  TARN_TRY(tarn__tensor_new_raw(a, s->dtype, &s->shape, &t));
  tarn_status status =
      s->dtype == TARN_STRING ? strings_read(c, s, data, &t) : plain_read(s, &shard->file, t.data);
  if (status != TARN_OK) {
    tarn__tensor_clear(&t);
    return in_shard(c, s->shard, status);
  }
  if (swap && s->dtype != TARN_STRING) swap_bytes(t.data, (size_t)s->size, number_bytes(s->dtype));
  *out = t;
  return TARN_OK;
}
