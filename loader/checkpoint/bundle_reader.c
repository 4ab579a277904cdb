/* V2 checkpoints (tensor bundles): PREFIX.index, a table of BundleEntryProto by name, and data
 * files of raw elements.
 *
 *   ""            BundleHeaderProto: num_shards 1, endianness 2 (0 little, 1 big), version 3
 *   NAME          BundleEntryProto: dtype 1, shape 2, shard_id 3, offset 4, size 5, crc32c 6,
 * slices 7 00 NAME ...   the same, for one slice of a partitioned NAME, whose own entry lists the
 * slices and has no data
 *
 * The index is small: it is read whole, and every number in it is checked once, here. The data
 * files are mapped. */
#include <inttypes.h>
#include <stdlib.h>

#include "loader/checkpoint/reader.h"

/* ---- entries --------------------------------------------------------------------------------- */

static tarn_status header_read(tarn_checkpoint *c, const tarn_table_entry *e) {
  tarn_wire w = tarn__wire(e->value, e->value_bytes, e->value_offset, "BundleHeaderProto");
  tarn_wire_field f;
  int32_t endianness = 0;
  for (;;) {
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) break;
    if (f.number == 1) TARN_TRY(tarn__wire_int64(&f, &c->num_shards));
    if (f.number == 2) TARN_TRY(tarn__wire_int32(&f, &endianness));
    if (f.number == 3) TARN_TRY(tarn__version_check(&f, "bundle"));
  }
  if (c->num_shards < 1 || c->num_shards > INT32_MAX)
    return tarn_fail(TARN_CORRUPT,
                     "offset %" PRIu64 ": a bundle of %" PRId64 " shards, expected 1 or more",
                     e->value_offset, c->num_shards);
  if (endianness != 0 && endianness != 1)
    return tarn_fail(TARN_CORRUPT, "offset %" PRIu64 ": endianness %" PRId32 ", expected 0 or 1",
                     e->value_offset, endianness);
  c->big_endian = endianness == 1;
  return TARN_OK;
}

/* Place and size of an entry that has data. */
static tarn_status place_check(const tarn_checkpoint *c, const tarn_wire *w, const stored *s,
                               int64_t offset, int64_t size) {
  if (s->shard < 0 || s->shard >= c->num_shards)
    return tarn_fail(TARN_CORRUPT, "offset %" PRIu64 ": shard %" PRId32 ", expected 0 to %" PRId64,
                     w->offset, s->shard, c->num_shards - 1);
  if (offset < 0 || size < 0 || offset > INT64_MAX - size)
    return tarn_fail(TARN_CORRUPT,
                     "offset %" PRIu64 ": %" PRId64 " bytes at %" PRId64 " of a data file",
                     w->offset, size, offset);
  int64_t elements = tarn__shape_elements(&s->shape);
  if (s->dtype == TARN_STRING) {
    /* A length takes at least one byte, the checksum of the lengths 4. */
    if ((elements > 0 || size > 0) && (size < 4 || size - 4 < elements))
      return tarn_fail(TARN_CORRUPT, "offset %" PRIu64 ": %" PRId64 " strings in %" PRId64 " bytes",
                       w->offset, elements, size);
    return TARN_OK;
  }
  if (s->dtype == TARN_NO_DTYPE || s->dtype == TARN_VARIANT || s->dtype == TARN_RESOURCE)
    return TARN_OK;
  size_t bytes;
  if (tarn__shape_bytes(&s->shape, tarn_dtype_bytes(s->dtype), &elements, &bytes) != TARN_OK ||
      bytes != (uint64_t)size)
    return tarn_fail(TARN_CORRUPT,
                     "offset %" PRIu64 ": size %" PRId64 ", expected %" PRId64
                     " elements of %zu bytes",
                     w->offset, size, elements, tarn_dtype_bytes(s->dtype));
  return TARN_OK;
}

static tarn_status entry_read(const tarn_checkpoint *c, const tarn_table_entry *e, stored *s) {
  tarn_wire w = tarn__wire(e->value, e->value_bytes, e->value_offset, "BundleEntryProto");
  tarn_wire_field f;
  int64_t offset = 0, size = 0;
  int32_t number = 0;
  for (;;) {
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) break;
    switch (f.number) {
      case 1:
        TARN_TRY(tarn__wire_int32(&f, &number));
        break;
      case 2:
        TARN_TRY(tarn__shape_read(&f, &s->shape));
        break;
      case 3:
        TARN_TRY(tarn__wire_int32(&f, &s->shard));
        break;
      case 4:
        TARN_TRY(tarn__wire_int64(&f, &offset));
        break;
      case 5:
        TARN_TRY(tarn__wire_int64(&f, &size));
        break;
      case 6:
        TARN_TRY(tarn__wire_fixed32(&f, &s->crc));
        break;
      case 7:
        s->slice_count++;
        break;
      default:
        break;
    }
  }
  f.offset = e->value_offset;
  TARN_TRY(tarn__dtype_check(&f, number));
  s->dtype_number = number;
  bool is_ref;
  s->dtype = tarn__dtype_from_number(number, &is_ref);
  if (s->slice_count > 0) {
    int64_t elements = tarn__shape_elements(&s->shape);
    /* Each slice holds at least one element of its own. */
    if (s->slice_count > (uint64_t)(elements < 1 ? 1 : elements))
      return tarn_fail(TARN_CORRUPT,
                       "offset %" PRIu64 ": %zu slices of a tensor of %" PRId64 " elements",
                       e->value_offset, s->slice_count, elements);
    s->slices = e->value;
    s->slices_bytes = e->value_bytes;
    s->slices_offset = e->value_offset;
    return TARN_OK;
  }
  TARN_TRY(place_check(c, &w, s, offset, size));
  s->offset = (uint64_t)offset;
  s->size = (uint64_t)size;
  return TARN_OK;
}

/* ---- the index ------------------------------------------------------------------------------- */

typedef struct entries {
  stored *row;
  size_t count,
      named; /* records of slices come first in the order of keys (they begin with a zero byte) */
} entries;

static tarn_status entries_read(tarn_checkpoint *c, entries *all) {
  const tarn_table_contents *table = &c->contents[0];
  if (table->count == 0)
    return tarn_fail(TARN_CORRUPT,
                     "an index without entries, expected at least the bundle's header");
  if (table->entry[0].key_bytes != 0)
    return tarn_fail(TARN_CORRUPT,
                     "offset %" PRIu64 ": the first key is not empty, expected the bundle's header",
                     table->entry[0].value_offset);
  TARN_TRY(header_read(c, &table->entry[0]));
  all->count = table->count - 1;
  all->row = tarn__arena_array(c->arena, all->count, sizeof *all->row);
  if (!all->row) return TARN_NO_MEMORY;
  for (size_t i = 0; i < all->count; i++) {
    const tarn_table_entry *e = &table->entry[i + 1];
    stored *s = &all->row[i];
    s->key = e->key;
    s->key_bytes = e->key_bytes;
    char text[NAME_TEXT];
    TARN_TRY_IN(entry_read(c, e, s), "reading the entry of '%s'",
                tarn__name_text(e->key, e->key_bytes, text));
    if (e->key[0] == 0) continue;
    all->named++;
    if (strlen(e->key) != e->key_bytes)
      return tarn_fail(TARN_CORRUPT, "offset %" PRIu64 ": the name '%s' has a zero byte inside",
                       e->value_offset, tarn__name_text(e->key, e->key_bytes, text));
  }
  return TARN_OK;
}

static int compare_key(const void *key, const void *row) {
  const stored *a = key, *b = row;
  return tarn__key_compare(a->key, a->key_bytes, b->key, b->key_bytes);
}

/* The slices that an entry lists, each with the record that has its bytes. */
static tarn_status parts_read(tarn_checkpoint *c, const entries *all, const stored *s,
                              checkpoint_tensor *t) {
  tarn_wire w = tarn__wire(s->slices, s->slices_bytes, s->slices_offset, "BundleEntryProto");
  tarn_bytes key;
  tarn__bytes_init(&key, c->allocator);
  tarn_status status = TARN_OK;
  size_t at = 0;
  while (status == TARN_OK) {
    tarn_wire_field f;
    TARN_GOTO(tarn__wire_next(&w, &f));
    if (f.number == 0) break;
    if (f.number != 7) continue;
    checkpoint_part *part = &t->part[at++];
    tarn_slice box;
    TARN_GOTO(tarn__slice_read(&f, &part->slice));
    TARN_GOTO(tarn__slice_resolve(&part->slice, &t->shape, &box));
    key.size = 0;
    TARN_GOTO(tarn__slice_key(&key, s->key, s->key_bytes, &part->slice));
    stored wanted = {.key = key.data, .key_bytes = key.size};
    const stored *record =
        bsearch(&wanted, all->row, all->count - all->named, sizeof *all->row, compare_key);
    if (!record || record->slice_count > 0) continue; /* an error when it is read */
    tarn_shape shape = {.rank = box.rank};
    memcpy(shape.dim, box.length, sizeof shape.dim);
    if (record->dtype_number != s->dtype_number || !tarn__shape_equal(&shape, &record->shape))
      status = tarn_fail(TARN_CORRUPT,
                         "offset %" PRIu64
                         ": the record of a slice has another dtype or shape than the "
                         "slice",
                         f.offset);
    part->at = record;
  }
done:
  tarn__bytes_clear(&key);
  return status;
}

static tarn_status tensors_make(tarn_checkpoint *c, const entries *all) {
  c->tensor = tarn__arena_array(c->arena, all->named, sizeof *c->tensor);
  if (!c->tensor) return TARN_NO_MEMORY;
  const stored *first = all->row + (all->count - all->named);
  for (size_t i = 0; i < all->named; i++) {
    const stored *s = &first[i];
    checkpoint_tensor *t = &c->tensor[i];
    *t = (checkpoint_tensor){.name = s->key,
                             .name_bytes = s->key_bytes,
                             .dtype_number = s->dtype_number,
                             .dtype = s->dtype,
                             .shape = s->shape,
                             .parts = s->slice_count ? s->slice_count : 1};
    t->part = tarn__arena_array(c->arena, t->parts, sizeof *t->part);
    if (!t->part) return TARN_NO_MEMORY;
    if (s->slice_count > 0) {
      char text[NAME_TEXT];
      TARN_TRY_IN(parts_read(c, all, s, t), "reading the slices of '%s'",
                  tarn__name_text(t->name, t->name_bytes, text));
    } else {
      t->part[0] = (checkpoint_part){.slice = tarn__slice_whole(t->shape.rank), .at = s};
    }
    c->count++;
  }
  return TARN_OK;
}

/* ---- opening --------------------------------------------------------------------------------- */

static int compare_numbers(const void *a, const void *b) {
  int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
  return (x > y) - (x < y);
}

/* The shards that entries lie in, each once, rising. */
static tarn_status shards_map(tarn_checkpoint *c, const entries *all) {
  int32_t *used = tarn__arena_array(c->arena, all->count, sizeof *used);
  if (!used) return TARN_NO_MEMORY;
  size_t n = 0, unique = 0;
  for (size_t i = 0; i < all->count; i++)
    if (all->row[i].slice_count == 0) used[n++] = all->row[i].shard;
  qsort(used, n, sizeof *used, compare_numbers);
  for (size_t i = 0; i < n; i++)
    if (unique == 0 || used[unique - 1] != used[i]) used[unique++] = used[i];
  return tarn__bundle_shards_map(c, used, unique);
}

tarn_status tarn__bundle_open(tarn_checkpoint *c, const char *index_path) {
  c->version = 2;
  char *const path = (char *)(uintptr_t)index_path; /* read only */
  TARN_TRY(tarn__tables_read(c, &path, 1));
  entries all = {0};
  tarn_status status = entries_read(c, &all);
  if (status == TARN_OK) status = tensors_make(c, &all);
  TARN_TRY(tarn__in_file(status, index_path));
  return shards_map(c, &all);
}
