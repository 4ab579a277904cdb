/* Writing V1 checkpoints: a table of one meta record and a record of typed values for each slice,
 * byte for byte as TensorFlow's TensorSliceWriter makes it. */
#include <stdlib.h>

#include "core/file.h"
#include "core/map.h"
#include "loader/checkpoint/checkpoint.h"
#include "loader/checkpoint/table.h"
#include "loader/checkpoint/tensor_values.h"

/* A record of the table, and, for the meta record, what one slice adds to its tensor. */
typedef struct record {
  struct record *next;      /* of all */
  struct record *next_part; /* of the same tensor */
  tarn_bytes key, value;
  tarn_slice slice;
} record;

typedef struct described {
  struct described *next;
  const char *name;
  tarn_dtype dtype;
  tarn_shape shape;
  record *first, *last;
} described;

struct tarn_slice_file_writer {
  const tarn_allocator *allocator;
  tarn_arena *arena;
  tarn_output *output;
  described *first, *last; /* in the order of adding */
  record *records;
  size_t count;
  tarn_map names;
};

enum { RECORD_MAX = INT32_MAX };

tarn_status tarn__slice_file_writer_create(const tarn_allocator *a, const char *path,
                                           tarn_slice_file_writer **writer) {
  tarn_arena *arena;
  TARN_TRY(tarn__arena_create(a, &arena));
  tarn_slice_file_writer *w = tarn__arena_alloc(arena, sizeof *w);
  if (!w) {
    tarn__arena_destroy(arena);
    return TARN_NO_MEMORY;
  }
  w->allocator = a;
  w->arena = arena;
  tarn__map_init(&w->names, a);
  tarn_status status = tarn__output_open(a, path, &w->output);
  if (status != TARN_OK)
    tarn__slice_file_writer_discard(w);
  else
    *writer = w;
  return status;
}

void tarn__slice_file_writer_discard(tarn_slice_file_writer *w) {
  if (!w) return;
  for (record *r = w->records; r; r = r->next) {
    tarn__bytes_clear(&r->key);
    tarn__bytes_clear(&r->value);
  }
  tarn__output_discard(w->output);
  tarn__map_clear(&w->names);
  tarn__arena_destroy(w->arena);
}

/* The tensor of this name, new or known with the same dtype and shape. */
static tarn_status describe(tarn_slice_file_writer *w, const char *name, tarn_dtype dtype,
                            const tarn_shape *shape, described **out) {
  described *d = tarn__map_get(&w->names, name, strlen(name));
  if (d) {
    char shown[256];
    if (d->dtype != dtype || !tarn__shape_equal(&d->shape, shape))
      return tarn_fail(TARN_INVALID,
                       "a slice of '%s', which is in the checkpoint with another dtype or shape",
                       tarn__printable(name, strlen(name), shown, sizeof shown));
    *out = d;
    return TARN_OK;
  }
  d = tarn__arena_alloc(w->arena, sizeof *d);
  char *copy = d ? tarn__arena_strndup(w->arena, name, strlen(name)) : NULL;
  if (!copy) return TARN_NO_MEMORY;
  *d = (described){.name = copy, .dtype = dtype, .shape = *shape};
  TARN_TRY(tarn__map_put(&w->names, copy, strlen(copy), d));
  if (w->last)
    w->last->next = d;
  else
    w->first = d;
  w->last = d;
  *out = d;
  return TARN_OK;
}

/* SavedTensorSlices { data { name, slice, data { values } } } */
static tarn_status fill(record *r, const char *name, const tarn_tensor *t) {
  TARN_TRY(tarn__slice_key(&r->key, name, strlen(name), &r->slice));
  size_t data, proto;
  TARN_TRY(tarn__wire_begin(&r->value, 2, &data));
  TARN_TRY(tarn__wire_add_bytes(&r->value, 1, name, strlen(name)));
  TARN_TRY(tarn__slice_add(&r->value, 2, &r->slice));
  TARN_TRY(tarn__wire_begin(&r->value, 3, &proto));
  TARN_TRY(tarn__tensor_values_add(&r->value, t));
  TARN_TRY(tarn__wire_end(&r->value, proto));
  TARN_TRY(tarn__wire_end(&r->value, data));
  if (r->value.size <= RECORD_MAX) return TARN_OK;
  return tarn_fail(TARN_LIMIT, "a record of %zu bytes, a V1 checkpoint holds at most 2 GB in one",
                   r->value.size);
}

tarn_status tarn__slice_file_writer_add(tarn_slice_file_writer *w, const char *name,
                                        const tarn_shape *full, const tarn_slice *slice,
                                        const tarn_tensor *t) {
  if (!full) full = &t->shape;
  tarn_slice whole = tarn__slice_whole(full->rank), box;
  if (!slice) slice = &whole;
  if (tarn__slice_resolve(slice, full, &box) != TARN_OK)
    return TARN_SHAPE; /* the caller's, not a file's */
  tarn_shape shape = {.rank = box.rank};
  memcpy(shape.dim, box.length, sizeof shape.dim);
  if (!tarn__shape_equal(&shape, &t->shape)) {
    char a[TARN_SHAPE_TEXT], b[TARN_SHAPE_TEXT];
    return tarn_fail(TARN_SHAPE, "a slice of shape %s, expected %s",
                     tarn__shape_print(&t->shape, a), tarn__shape_print(&shape, b));
  }
  record *r = tarn__arena_alloc(w->arena, sizeof *r);
  if (!r) return TARN_NO_MEMORY;
  r->slice = *slice;
  tarn__bytes_init(&r->key, w->allocator);
  tarn__bytes_init(&r->value, w->allocator);
  r->next = w->records; /* from here on cleared with the writer */
  w->records = r;
  w->count++;
  TARN_TRY(fill(r, name, t));
  described *d = NULL;
  TARN_TRY(describe(w, name, t->dtype, full, &d));
  if (d->last)
    d->last->next_part = r;
  else
    d->first = r;
  d->last = r;
  return TARN_OK;
}

/* SavedTensorSlices { meta { tensor { name, shape, type, slice... }..., versions { producer: 1 } }
 * } */
static tarn_status meta_make(const tarn_slice_file_writer *w, tarn_bytes *b) {
  size_t meta, tensor;
  TARN_TRY(tarn__wire_begin(b, 1, &meta));
  for (const described *d = w->first; d; d = d->next) {
    TARN_TRY(tarn__wire_begin(b, 1, &tensor));
    TARN_TRY(tarn__wire_add_bytes(b, 1, d->name, strlen(d->name)));
    TARN_TRY(tarn__shape_add(b, 2, &d->shape));
    TARN_TRY(tarn__wire_add_int(b, 3, (uint64_t)d->dtype));
    for (const record *r = d->first; r; r = r->next_part)
      TARN_TRY(tarn__slice_add(b, 4, &r->slice));
    TARN_TRY(tarn__wire_end(b, tensor));
  }
  static const unsigned char versions[] = {0x08, 0x01};
  TARN_TRY(tarn__wire_add_bytes(b, 2, versions, sizeof versions));
  return tarn__wire_end(b, meta);
}

static int by_key(const void *a, const void *b) {
  const tarn_bytes *x = &(*(record *const *)a)->key, *y = &(*(record *const *)b)->key;
  size_t n = x->size < y->size ? x->size : y->size;
  int order = memcmp(x->data, y->data, n);
  return order ? order : (x->size > y->size) - (x->size < y->size);
}

static tarn_status write_table(tarn_slice_file_writer *w, tarn_table_writer *table,
                               tarn_bytes *meta) {
  record **order = tarn__arena_array(w->arena, w->count, sizeof(record *));
  if (!order) return TARN_NO_MEMORY;
  size_t n = 0;
  for (record *r = w->records; r; r = r->next) order[n++] = r;
  qsort(order, n, sizeof(record *), by_key);
  TARN_TRY(meta_make(w, meta));
  TARN_TRY(tarn__table_writer_add(table, "", 0, meta->data, meta->size));
  for (size_t i = 0; i < n; i++)
    TARN_TRY_IN(tarn__table_writer_add(table, order[i]->key.data, order[i]->key.size,
                                       order[i]->value.data, order[i]->value.size),
                "writing the records, one a name and slice");
  return tarn__table_writer_finish(table);
}

tarn_status tarn__slice_file_writer_commit(tarn_slice_file_writer *w) {
  tarn_table_writer table;
  tarn_bytes meta;
  tarn__table_writer_init(&table, w->allocator, w->output);
  tarn__bytes_init(&meta, w->allocator);
  tarn_status status = write_table(w, &table, &meta);
  tarn__bytes_clear(&meta);
  tarn__table_writer_clear(&table);
  tarn_output *output = w->output;
  w->output = NULL;
  if (status == TARN_OK)
    status = tarn__output_commit(output);
  else
    tarn__output_discard(output);
  tarn__slice_file_writer_discard(w);
  return status;
}
