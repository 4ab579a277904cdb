/* V1 checkpoints (tensor-slice files): one table, or one a shard, whose values are
 * SavedTensorSlices messages.
 *
 *   ""            meta 1: tensor 1 (name 1, shape 2, type 3, slice 4), versions 2
 *   00 NAME ...   data 2: name 1, slice 2, data 3 (a TensorProto of values; dtype and shape are the
 * meta's)
 *
 * Opening reads the tables through (each block is checked once) and the meta records; a record of
 * values is parsed when its tensor is read. */
#include <inttypes.h>
#include <stdlib.h>

#include "loader/checkpoint/reader.h"
#include "loader/checkpoint/tensor_values.h"

/* ---- the meta record ------------------------------------------------------------------------- */

/* The range of the SavedTensorSliceMeta in a table's first record. */
static tarn_status meta_find(const tarn_table_contents *table, tarn_wire *meta) {
  if (table->count == 0)
    return tarn_fail(TARN_CORRUPT, "a table without entries, expected a meta record");
  const tarn_table_entry e = table->entry[0];
  if (e.key_bytes != 0)
    return tarn_fail(TARN_CORRUPT,
                     "offset %" PRIu64 ": the first key is not empty, expected the meta record",
                     e.value_offset);
  tarn_wire w = tarn__wire(e.value, e.value_bytes, e.value_offset, "SavedTensorSlices");
  bool found = false;
  for (;;) {
    tarn_wire_field f;
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) break;
    if (f.number != 1) continue;
    TARN_TRY(tarn__wire_message(&f, "SavedTensorSliceMeta", meta));
    found = true;
  }
  if (found) return TARN_OK;
  return tarn_fail(TARN_CORRUPT, "offset %" PRIu64 ": the first record has no meta",
                   e.value_offset);
}

static tarn_status meta_count(tarn_wire meta, size_t *tensors) {
  for (;;) {
    tarn_wire_field f;
    TARN_TRY(tarn__wire_next(&meta, &f));
    if (f.number == 0) return TARN_OK;
    if (f.number == 1) ++*tensors;
    if (f.number == 2) TARN_TRY(tarn__version_check(&f, "V1 checkpoint"));
  }
}

static tarn_status slices_read(const tarn_wire_field *in, size_t shard, checkpoint_tensor *t) {
  tarn_wire w;
  TARN_TRY(tarn__wire_message(in, "SavedSliceMeta", &w));
  for (size_t at = 0;;) {
    tarn_wire_field f;
    tarn_slice box;
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) return TARN_OK;
    if (f.number != 4) continue;
    checkpoint_part *part = &t->part[at++];
    part->shard = shard;
    TARN_TRY(tarn__slice_read(&f, &part->slice));
    TARN_TRY(tarn__slice_resolve(&part->slice, &t->shape, &box));
  }
}

/* One SavedSliceMeta. */
static tarn_status tensor_read(tarn_checkpoint *c, const tarn_wire_field *in, size_t shard,
                               checkpoint_tensor *t) {
  tarn_wire w;
  TARN_TRY(tarn__wire_message(in, "SavedSliceMeta", &w));
  const char *name = "";
  size_t name_bytes = 0;
  int32_t number = 0;
  *t = (checkpoint_tensor){0};
  for (;;) {
    tarn_wire_field f;
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) break;
    switch (f.number) {
      case 1:
        TARN_TRY(tarn__wire_text(&f, &name, &name_bytes));
        break;
      case 2:
        TARN_TRY(tarn__shape_read(&f, &t->shape));
        break;
      case 3:
        TARN_TRY(tarn__wire_int32(&f, &number));
        break;
      case 4:
        t->parts++;
        break;
      default:
        break;
    }
  }
  char text[NAME_TEXT];
  tarn__name_text(name, name_bytes, text);
  if (memchr(name, 0, name_bytes))
    return tarn_fail(TARN_CORRUPT, "offset %" PRIu64 ": the name '%s' has a zero byte inside",
                     in->offset, text);
  TARN_TRY_IN(tarn__dtype_check(in, number), "reading the meta record of '%s'", text);
  bool is_ref;
  t->dtype_number = number;
  t->dtype = tarn__dtype_from_number(number, &is_ref);
  t->name = tarn__arena_strndup(c->arena, name, name_bytes);
  if (!t->name) return TARN_NO_MEMORY;
  t->name_bytes = name_bytes;
  int64_t elements = tarn__shape_elements(&t->shape);
  if (t->parts < 1 || t->parts > (uint64_t)(elements < 1 ? 1 : elements))
    return tarn_fail(TARN_CORRUPT,
                     "offset %" PRIu64 ": %zu slices of '%s', a tensor of %" PRId64 " elements",
                     in->offset, t->parts, text, elements);
  t->part = tarn__arena_array(c->arena, t->parts, sizeof *t->part);
  if (!t->part) return TARN_NO_MEMORY;
  TARN_TRY_IN(slices_read(in, shard, t), "reading the slices of '%s'", text);
  return TARN_OK;
}

static tarn_status meta_fill(tarn_checkpoint *c, tarn_wire meta, size_t shard) {
  for (;;) {
    tarn_wire_field f;
    TARN_TRY(tarn__wire_next(&meta, &f));
    if (f.number == 0) return TARN_OK;
    if (f.number == 1) TARN_TRY(tensor_read(c, &f, shard, &c->tensor[c->count++]));
  }
}

/* By name, then by shard (which decides nothing but makes the order one). */
static int compare_tensors(const void *a, const void *b) {
  const checkpoint_tensor *x = a, *y = b;
  int order = strcmp(x->name, y->name);
  return order ? order
               : (x->part[0].shard > y->part[0].shard) - (x->part[0].shard < y->part[0].shard);
}

/* The slices of one tensor may lie in several shards: one entry for all of them. */
static tarn_status merge(tarn_checkpoint *c) {
  size_t kept = 0;
  for (size_t i = 0, n; i < c->count; i += n) {
    checkpoint_tensor t = c->tensor[i];
    size_t parts = t.parts;
    for (n = 1; i + n < c->count && strcmp(c->tensor[i + n].name, t.name) == 0; n++) {
      const checkpoint_tensor *other = &c->tensor[i + n];
      char text[NAME_TEXT];
      if (other->dtype_number != t.dtype_number || !tarn__shape_equal(&other->shape, &t.shape) ||
          other->part[0].shard == c->tensor[i + n - 1].part[0].shard)
        return tarn_fail(TARN_CORRUPT,
                         "'%s' is described twice, expected once a shard with one dtype and shape",
                         tarn__name_text(t.name, t.name_bytes, text));
      parts += other->parts;
    }
    if (n > 1) {
      t.part = tarn__arena_array(c->arena, parts, sizeof *t.part);
      if (!t.part) return TARN_NO_MEMORY;
      t.parts = 0;
      for (size_t k = 0; k < n; k++)
        for (size_t j = 0; j < c->tensor[i + k].parts; j++)
          t.part[t.parts++] = c->tensor[i + k].part[j];
    }
    c->tensor[kept++] = t;
  }
  c->count = kept;
  return TARN_OK;
}

/* ---- opening --------------------------------------------------------------------------------- */

typedef tarn_status (*meta_visit)(tarn_checkpoint *c, tarn_wire meta, size_t shard, void *context);

static tarn_status visit_count(tarn_checkpoint *c, tarn_wire meta, size_t shard, void *context) {
  (void)c, (void)shard;
  return meta_count(meta, context);
}

static tarn_status visit_fill(tarn_checkpoint *c, tarn_wire meta, size_t shard, void *context) {
  (void)context;
  return meta_fill(c, meta, shard);
}

static tarn_status metas(tarn_checkpoint *c, meta_visit visit, void *context) {
  for (size_t i = 0; i < c->tables; i++) {
    tarn_wire meta;
    tarn_status status = meta_find(&c->contents[i], &meta);
    if (status == TARN_OK) status = visit(c, meta, i, context);
    TARN_TRY(tarn__in_file(status, tarn__table_path(c->table[i])));
  }
  return TARN_OK;
}

tarn_status tarn__slice_file_open(tarn_checkpoint *c, char *const *paths, size_t n) {
  c->version = 1;
  TARN_TRY(tarn__tables_read(c, paths, n));
  /* The values were read for their crc alone. */
  for (size_t i = 0; i < n; i++) tarn__table_forget(c->table[i]);
  size_t tensors = 0;
  TARN_TRY(metas(c, visit_count, &tensors));
  c->tensor = tarn__arena_array(c->arena, tensors, sizeof *c->tensor);
  if (!c->tensor) return TARN_NO_MEMORY;
  TARN_TRY(metas(c, visit_fill, NULL));
  qsort(c->tensor, c->count, sizeof *c->tensor, compare_tensors);
  return tarn__in_file(merge(c), c->prefix);
}

/* ---- values ---------------------------------------------------------------------------------- */

static bool same_slice(const tarn_slice *a, const tarn_slice *b) {
  if (a->rank != b->rank) return false;
  for (int i = 0; i < a->rank; i++)
    if (a->start[i] != b->start[i] || a->length[i] != b->length[i]) return false;
  return true;
}

/* A SavedSlice: it must be the one that its key promised. */
static tarn_status record_read(const tarn_allocator *a, const checkpoint_tensor *t,
                               const checkpoint_part *part, const tarn_wire_field *in,
                               const tarn_shape *shape, tarn_tensor *out) {
  tarn_wire w;
  TARN_TRY(tarn__wire_message(in, "SavedSlice", &w));
  const char *name = "";
  size_t name_bytes = 0;
  tarn_slice slice = {0};
  tarn_wire values = {.what = "TensorProto"};
  bool any = false;
  for (;;) {
    tarn_wire_field f;
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) break;
    if (f.number == 1) TARN_TRY(tarn__wire_text(&f, &name, &name_bytes));
    if (f.number == 2) TARN_TRY(tarn__slice_read(&f, &slice));
    if (f.number != 3) continue;
    TARN_TRY(tarn__wire_message(&f, "TensorProto", &values));
    any = true;
  }
  if (name_bytes != t->name_bytes || memcmp(name, t->name, name_bytes) != 0 ||
      !same_slice(&slice, &part->slice)) {
    char text[NAME_TEXT];
    return tarn_fail(TARN_CORRUPT,
                     "offset %" PRIu64
                     ": a record of '%s', expected the tensor and slice of its key",
                     in->offset, tarn__name_text(name, name_bytes, text));
  }
  if (!any)
    return tarn_fail(TARN_CORRUPT, "offset %" PRIu64 ": a record without values", in->offset);
  return tarn__tensor_values(a, &values, t->dtype, shape, out);
}

tarn_status tarn__slice_file_part(const tarn_checkpoint *c, const tarn_allocator *a,
                                  const checkpoint_tensor *t, const checkpoint_part *part,
                                  tarn_tensor *out) {
  const tarn_table *table = c->table[part->shard];
  tarn_slice box;
  TARN_TRY(tarn__slice_resolve(&part->slice, &t->shape, &box));
  tarn_shape shape = {.rank = box.rank};
  memcpy(shape.dim, box.length, sizeof shape.dim);
  tarn_bytes key;
  tarn__bytes_init(&key, a);
  tarn_status status = tarn__slice_key(&key, t->name, t->name_bytes, &part->slice);
  if (status != TARN_OK) goto done;
  const tarn_table_entry *e = tarn__table_find(&c->contents[part->shard], key.data, key.size);
  if (!e) {
    status = tarn_fail(TARN_CORRUPT, "a slice is named in the meta record and not stored");
    goto done;
  }
  tarn_wire w = tarn__wire(e->value, e->value_bytes, e->value_offset, "SavedTensorSlices");
  tarn_wire_field f, data = {0};
  for (;;) {
    TARN_GOTO(tarn__wire_next(&w, &f));
    if (f.number == 0) break;
    if (f.number == 2) data = f;
  }
  if (data.number == 2)
    status = record_read(a, t, part, &data, &shape, out);
  else
    status = tarn_fail(TARN_CORRUPT, "offset %" PRIu64 ": a record without data", e->value_offset);
  tarn__table_forget_value(table, e);
done:
  tarn__bytes_clear(&key);
  return tarn__in_file(status, tarn__table_path(table));
}
