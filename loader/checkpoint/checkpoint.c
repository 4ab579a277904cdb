/* Opening, listing and reading checkpoints of both kinds: see checkpoint.h. The formats themselves
 * are in bundle_reader.c (V2) and slice_file_reader.c (V1); here are the choice between them and
 * the putting together of slices. */
#include "loader/checkpoint/checkpoint.h"

#include <inttypes.h>
#include <stdlib.h>

#include "core/map.h"
#include "loader/checkpoint/paths.h"
#include "loader/checkpoint/reader.h"

const char *tarn__name_text(const char *name, size_t bytes, char text[NAME_TEXT]) {
  return tarn__printable(name, bytes, text, NAME_TEXT);
}

/* VersionDef: producer 1, min_consumer 2, bad_consumers 3. We are a consumer of version 1. */
tarn_status tarn__version_check(const tarn_wire_field *f, const char *what) {
  tarn_wire w;
  tarn_wire_field v;
  int32_t producer = 0, min_consumer = 0;
  bool bad = false;
  TARN_TRY(tarn__wire_message(f, "VersionDef", &w));
  for (;;) {
    TARN_TRY(tarn__wire_next(&w, &v));
    if (v.number == 0) break;
    if (v.number == 1) TARN_TRY(tarn__wire_int32(&v, &producer));
    if (v.number == 2) TARN_TRY(tarn__wire_int32(&v, &min_consumer));
    if (v.number != 3) continue;
    tarn_wire_values values;
    TARN_TRY(tarn__wire_values(&v, TARN_WIRE_VARINT, &values));
    for (size_t i = 0; i < values.count; i++) {
      uint64_t version;
      TARN_TRY(tarn__wire_value(&values, &version));
      bad |= version == 1;
    }
  }
  if (producer < 0)
    return tarn_fail(TARN_CORRUPT,
                     "offset %" PRIu64 ": a %s of version %" PRId32 ", expected 0 or more",
                     f->offset, what, producer);
  if (min_consumer > 1 || bad)
    return tarn_fail(TARN_UNSUPPORTED,
                     "offset %" PRIu64 ": a %s of version %" PRId32
                     " that wants a reader of version %" PRId32 ", this one is 1",
                     f->offset, what, producer, min_consumer > 1 ? min_consumer : 2);
  return TARN_OK;
}

tarn_status tarn__dtype_check(const tarn_wire_field *f, int number) {
  enum { LAST = 33 }; /* FLOAT4_E2M1FN, the last that TensorFlow has */
  if (number >= 1 && number <= LAST) return TARN_OK;
  return tarn_fail(TARN_CORRUPT,
                   "offset %" PRIu64 ": dtype %d of a stored tensor, expected 1 to %d", f->offset,
                   number, LAST);
}

/* ---- opening --------------------------------------------------------------------------------- */

static tarn_status choose(tarn_checkpoint *c, const char *path, bool follow_state);

static tarn_status set_prefix(tarn_checkpoint *c, const char *path, size_t bytes) {
  c->prefix = tarn__arena_strndup(c->arena, path, bytes);
  return c->prefix ? TARN_OK : TARN_NO_MEMORY;
}

/* A folder: its state file, or a SavedModel's variables. */
static tarn_status choose_in_folder(tarn_checkpoint *c, const char *folder) {
  char *state = tarn__arena_printf(c->arena, "%s/checkpoint", folder);
  char *variables = tarn__arena_printf(c->arena, "%s/variables/variables", folder);
  if (!state || !variables) return TARN_NO_MEMORY;
  if (tarn__path_exists(state)) {
    char *prefix;
    size_t bytes;
    TARN_TRY(tarn__checkpoint_state_newest(c->allocator, state, &prefix, &bytes));
    tarn_status status = choose(c, prefix, false);
    tarn__free(c->allocator, prefix, bytes);
    TARN_TRY_IN(status, "opening the newest checkpoint that '%s' names", state);
    return TARN_OK;
  }
  char *index = tarn__arena_printf(c->arena, "%s.index", variables);
  if (!index) return TARN_NO_MEMORY;
  if (tarn__path_exists(index)) return choose(c, variables, false);
  char text[NAME_TEXT];
  return tarn_fail(
      TARN_IO, "'%s': a folder with neither a 'checkpoint' file nor 'variables/variables.index'",
      tarn__name_text(folder, strlen(folder), text));
}

static tarn_status choose(tarn_checkpoint *c, const char *path, bool follow_state) {
  size_t n = strlen(path);
  char *index = tarn__arena_printf(c->arena, "%s.index", path);
  if (!index) return TARN_NO_MEMORY;
  if (tarn__path_exists(index)) {
    TARN_TRY(set_prefix(c, path, n));
    return tarn__bundle_open(c, index);
  }
  if (follow_state && tarn__path_is_folder(path)) return choose_in_folder(c, path);
  size_t prefix = tarn__path_prefix_bytes(path);
  if (prefix > 0 && tarn__path_exists(path)) {
    index = tarn__arena_printf(c->arena, "%.*s.index", (int)prefix, path);
    if (!index) return TARN_NO_MEMORY;
    if (tarn__path_exists(index)) {
      TARN_TRY(set_prefix(c, path, prefix));
      return tarn__bundle_open(c, index);
    }
  }
  TARN_TRY(set_prefix(c, path, n));
  if (tarn__path_exists(path)) return tarn__slice_file_open(c, &c->prefix, 1);
  char **shards;
  size_t count;
  TARN_TRY(tarn__path_shards(c->arena, path, &shards, &count));
  if (count > 0) return tarn__slice_file_open(c, shards, count);
  char text[NAME_TEXT];
  return tarn_fail(
      TARN_IO,
      "'%s': no checkpoint: neither '.index' behind it (V2), nor such a file or its shards (V1)",
      tarn__name_text(path, n, text));
}

tarn_status tarn__checkpoint_open(const tarn_allocator *a, const char *path,
                                  tarn_checkpoint **checkpoint) {
  tarn_arena *arena;
  TARN_TRY(tarn__arena_create(a, &arena));
  tarn_checkpoint *c = tarn__arena_alloc(arena, sizeof *c);
  if (!c) {
    tarn__arena_destroy(arena);
    return TARN_NO_MEMORY;
  }
  c->allocator = a;
  c->arena = arena;
  tarn_status status = choose(c, path, true);
  if (status != TARN_OK) {
    char text[NAME_TEXT];
    tarn__context("opening the checkpoint '%s'", tarn__name_text(path, strlen(path), text));
    tarn_checkpoint_close(c);
    return status;
  }
  *checkpoint = c;
  return TARN_OK;
}

tarn_status tarn_checkpoint_open(const char *prefix, tarn_checkpoint **checkpoint) {
  return tarn__checkpoint_open(tarn__allocator_default(), prefix, checkpoint);
}

void tarn_checkpoint_close(tarn_checkpoint *c) {
  if (!c) return;
  for (size_t i = 0; i < c->tables; i++) {
    tarn__table_contents_clear(&c->contents[i]);
    tarn__table_close(c->table[i]);
  }
  for (size_t i = 0; i < c->shards; i++) tarn__data_shard_release(c->shard[i]);
  tarn__arena_destroy(c->arena);
}

tarn_status tarn__tables_read(tarn_checkpoint *c, char *const *paths, size_t n) {
  c->table = tarn__arena_array(c->arena, n, sizeof *c->table);
  c->contents = c->table ? tarn__arena_array(c->arena, n, sizeof *c->contents) : NULL;
  if (!c->contents) return TARN_NO_MEMORY;
  for (size_t i = 0; i < n; i++) {
    TARN_TRY(tarn__table_open(c->allocator, paths[i], &c->table[i]));
    c->tables++;
    TARN_TRY(tarn__table_read(c->table[i], c->arena, &c->contents[i]));
  }
  return TARN_OK;
}

/* ---- listing --------------------------------------------------------------------------------- */

const char *tarn__checkpoint_prefix(const tarn_checkpoint *c) {
  return c->prefix;
}
int tarn__checkpoint_version(const tarn_checkpoint *c) {
  return c->version;
}
size_t tarn_checkpoint_count(const tarn_checkpoint *c) {
  return c->count;
}

void tarn__checkpoint_info(const tarn_checkpoint *c, size_t i, tarn_checkpoint_info *info) {
  const checkpoint_tensor *t = &c->tensor[i];
  *info = (tarn_checkpoint_info){.name = t->name,
                                 .dtype_number = t->dtype_number,
                                 .dtype = t->dtype,
                                 .shape = t->shape,
                                 .parts = t->parts};
  for (size_t k = 0; k < t->parts; k++)
    if (t->part[k].at) info->stored_bytes += t->part[k].at->size;
}

tarn_status tarn_checkpoint_at(const tarn_checkpoint *c, size_t i, tarn_checkpoint_entry *entry) {
  if (i >= c->count)
    return tarn_fail(TARN_INVALID, "entry %zu of a checkpoint of %zu", i, c->count);
  const checkpoint_tensor *t = &c->tensor[i];
  *entry = (tarn_checkpoint_entry){.name = t->name, .dtype = t->dtype, .rank = t->shape.rank};
  memcpy(entry->dims, t->shape.dim, sizeof entry->dims);
  return TARN_OK;
}

bool tarn__checkpoint_find(const tarn_checkpoint *c, const char *name, size_t bytes, size_t *i) {
  size_t low = 0, high = c->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    const checkpoint_tensor *t = &c->tensor[middle];
    size_t n = t->name_bytes < bytes ? t->name_bytes : bytes;
    int order = memcmp(t->name, name, n);
    if (order == 0) order = (t->name_bytes > bytes) - (t->name_bytes < bytes);
    if (order == 0) {
      *i = middle;
      return true;
    }
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return false;
}

tarn_status tarn__checkpoint_need(const tarn_checkpoint *c, const char *name, size_t bytes,
                                  size_t *i) {
  if (tarn__checkpoint_find(c, name, bytes, i)) return TARN_OK;
  char shown[NAME_TEXT], near[3 * NAME_TEXT], safe[4 * NAME_TEXT];
  tarn__name_text(name, bytes, shown);
  near[0] = 0;
  const char **names = tarn__alloc(c->allocator, c->count * sizeof(char *));
  if (names) {
    for (size_t k = 0; k < c->count; k++) names[k] = c->tensor[k].name;
    tarn__nearest(shown, names, c->count, near, sizeof near);
    tarn__free(c->allocator, names, c->count * sizeof(char *));
  }
  return tarn_fail(TARN_NOT_FOUND, "no tensor '%s' among the %zu of the checkpoint%s", shown,
                   c->count, tarn__printable(near, strlen(near), safe, sizeof safe));
}

/* ---- reading --------------------------------------------------------------------------------- */

static tarn_status part_read(const tarn_checkpoint *c, const tarn_allocator *a,
                             const checkpoint_tensor *t, size_t k, bool borrow, tarn_tensor *out) {
  return c->version == 2 ? tarn__bundle_part(c, a, &t->part[k], borrow, out)
                         : tarn__slice_file_part(c, a, t, &t->part[k], out);
}

static bool whole(const tarn_slice *box, const tarn_shape *shape) {
  for (int i = 0; i < shape->rank; i++)
    if (box->length[i] != shape->dim[i]) return false;
  return true;
}

/* What a part of `from` elements gives to a result of `to`, row by row. `both` is what the boxes
 * share; a row is its last dimensions from `inner` on, which run on without a gap in both tensors.
 */
static tarn_status copy_box(tarn_tensor *to, const tarn_slice *to_box, const tarn_tensor *from,
                            const tarn_slice *from_box, const tarn_slice *both) {
  int rank = both->rank, inner = rank;
  int64_t run = 1;
  while (inner > 0) {
    int i = --inner;
    run *= both->length[i];
    if (both->length[i] != to_box->length[i] || both->length[i] != from_box->length[i]) break;
  }
  int64_t at[TARN_MAX_RANK] = {0};
  for (;;) {
    int64_t to_at = 0, from_at = 0;
    for (int i = 0; i < rank; i++) {
      int64_t here = both->start[i] + (i < inner ? at[i] : 0);
      to_at = to_at * to_box->length[i] + here - to_box->start[i];
      from_at = from_at * from_box->length[i] + here - from_box->start[i];
    }
    TARN_TRY(tarn__tensor_copy_elements(to, to_at, from, from_at, run));
    int i = inner;
    while (i > 0 && ++at[i - 1] == both->length[i - 1]) at[--i] = 0;
    if (i == 0) return TARN_OK;
  }
}

/* Which elements of the wanted box were given already: a bit for each run of the trailing
 * dimensions that every part has whole, so that a matrix cut by rows takes a bit a row. */
typedef struct coverage {
  const tarn_allocator *allocator;
  unsigned char *bits;
  size_t bytes;
  int outer; /* dimensions that are counted singly */
  int64_t units, covered;
} coverage;

static tarn_status coverage_init(coverage *v, const tarn_allocator *a, const checkpoint_tensor *t,
                                 const tarn_slice *want) {
  *v = (coverage){.allocator = a, .units = 1};
  for (size_t k = 0; k < t->parts; k++) {
    tarn_slice box;
    TARN_TRY(tarn__slice_resolve(&t->part[k].slice, &t->shape, &box));
    for (int i = t->shape.rank; i > v->outer; i--)
      if (box.length[i - 1] != t->shape.dim[i - 1]) v->outer = i;
  }
  for (int i = 0; i < v->outer; i++) v->units *= want->length[i];
  v->bytes = (size_t)(v->units / 8) + 1;
  v->bits = tarn__alloc_zero(a, v->bytes);
  return v->bits ? TARN_OK : TARN_NO_MEMORY;
}

static void coverage_clear(coverage *v) {
  tarn__free(v->allocator, v->bits, v->bytes);
}

/* false: some of it was covered before. */
static bool coverage_add(coverage *v, const tarn_slice *want, const tarn_slice *both) {
  int64_t at[TARN_MAX_RANK] = {0};
  for (;;) {
    int64_t unit = 0;
    for (int i = 0; i < v->outer; i++)
      unit = unit * want->length[i] + both->start[i] + at[i] - want->start[i];
    unsigned char bit = (unsigned char)(1u << (unit & 7));
    if (v->bits[unit >> 3] & bit) return false;
    v->bits[unit >> 3] |= bit;
    v->covered++;
    int i = v->outer;
    while (i > 0 && ++at[i - 1] == both->length[i - 1]) at[--i] = 0;
    if (i == 0) return true;
  }
}

/* Before memory is taken: the parts are there, and their elements are as many as the tensor's. */
static tarn_status parts_check(const tarn_checkpoint *c, const checkpoint_tensor *t) {
  int64_t left = tarn__shape_elements(&t->shape), total = left;
  for (size_t k = 0; k < t->parts; k++) {
    tarn_slice box;
    TARN_TRY(tarn__slice_resolve(&t->part[k].slice, &t->shape, &box));
    if (c->version == 2) TARN_TRY(tarn__bundle_present(c, &t->part[k]));
    int64_t n = tarn__slice_elements(&box);
    if (n > left)
      return tarn_fail(TARN_CORRUPT, "slices of more elements than the tensor's %" PRId64, total);
    left -= n;
  }
  if (left > 0)
    return tarn_fail(TARN_CORRUPT, "slices of %" PRId64 " elements, expected the tensor's %" PRId64,
                     total - left, total);
  return TARN_OK;
}

static tarn_status assemble(const tarn_checkpoint *c, const tarn_allocator *a,
                            const checkpoint_tensor *t, const tarn_slice *want, tarn_tensor *out) {
  TARN_TRY(parts_check(c, t));
  /* A V1 value takes at least a byte, of which snappy makes 22 at best; V2 parts were found in
   * their files. */
  uint64_t file_bytes = 0;
  for (size_t i = 0; i < c->tables; i++) file_bytes += tarn__table_file_bytes(c->table[i]);
  int64_t elements = tarn__shape_elements(&t->shape);
  if (c->version == 1 && (uint64_t)elements / 22 > file_bytes)
    return tarn_fail(TARN_CORRUPT, "a tensor of %" PRId64 " elements in files of %" PRIu64 " bytes",
                     elements, file_bytes);
  tarn_shape shape = {.rank = want->rank};
  memcpy(shape.dim, want->length, sizeof shape.dim);
  tarn_tensor result = {0}, part = {0};
  coverage seen;
  tarn_status status = coverage_init(&seen, a, t, want);
  if (status == TARN_OK) status = tarn__tensor_new(a, t->dtype, &shape, &result);
  for (size_t k = 0; status == TARN_OK && k < t->parts; k++) {
    tarn_slice box, both;
    TARN_GOTO(tarn__slice_resolve(&t->part[k].slice, &t->shape, &box));
    if (!tarn__slice_intersect(&box, want, &both)) continue;
    TARN_GOTO(part_read(c, a, t, k, true, &part));
    if (!coverage_add(&seen, want, &both)) {
      status = tarn_fail(TARN_CORRUPT, "slice %zu overlaps an earlier one", k);
      goto done;
    }
    TARN_GOTO(copy_box(&result, want, &part, &box, &both));
    tarn__tensor_clear(&part);
  }
  if (status == TARN_OK && tarn__tensor_elements(&result) > 0 && seen.covered != seen.units)
    status = tarn_fail(TARN_CORRUPT, "the slices leave a hole in the tensor");
done:
  coverage_clear(&seen);
  tarn__tensor_clear(&part);
  if (status == TARN_OK)
    *out = result;
  else
    tarn__tensor_clear(&result);
  return status;
}

static tarn_status in_tensor(const tarn_checkpoint *c, const checkpoint_tensor *t,
                             tarn_status status) {
  char name[NAME_TEXT], prefix[NAME_TEXT];
  if (status != TARN_OK)
    tarn__context("reading the tensor '%s' of the checkpoint '%s'",
                  tarn__name_text(t->name, t->name_bytes, name),
                  tarn__name_text(c->prefix, strlen(c->prefix), prefix));
  return status;
}

static tarn_status readable(const checkpoint_tensor *t) {
  if (t->dtype != TARN_NO_DTYPE && t->dtype != TARN_VARIANT && t->dtype != TARN_RESOURCE)
    return TARN_OK;
  return tarn_fail(TARN_UNSUPPORTED,
                   "elements of TensorFlow's type %d (%s) cannot be read from a checkpoint",
                   t->dtype_number, tarn_dtype_name(t->dtype));
}

static tarn_status read_box(const tarn_checkpoint *c, const tarn_allocator *a,
                            const checkpoint_tensor *t, const tarn_slice *want, tarn_tensor *out) {
  TARN_TRY(readable(t));
  if (t->parts == 1 && whole(want, &t->shape)) {
    tarn_slice box;
    TARN_TRY(tarn__slice_resolve(&t->part[0].slice, &t->shape, &box));
    if (whole(&box, &t->shape)) return part_read(c, a, t, 0, false, out);
  }
  return assemble(c, a, t, want, out);
}

tarn_status tarn__checkpoint_read_slice(const tarn_checkpoint *c, const tarn_allocator *a, size_t i,
                                        const tarn_slice *slice, tarn_tensor *out) {
  const checkpoint_tensor *t = &c->tensor[i];
  tarn_slice want;
  tarn_status status = tarn__slice_resolve(slice, &t->shape, &want);
  if (status == TARN_CORRUPT) status = TARN_SHAPE; /* the slice is the caller's, not the file's */
  if (status == TARN_OK) status = read_box(c, a, t, &want, out);
  return in_tensor(c, t, status);
}

tarn_status tarn__checkpoint_read(const tarn_checkpoint *c, const tarn_allocator *a, size_t i,
                                  tarn_tensor *out) {
  tarn_slice want = tarn__slice_whole(c->tensor[i].shape.rank);
  return tarn__checkpoint_read_slice(c, a, i, &want, out);
}

tarn_status tarn__checkpoint_read_spec(const tarn_checkpoint *c, const tarn_allocator *a, size_t i,
                                       const char *spec, size_t spec_bytes, tarn_tensor *out) {
  const checkpoint_tensor *t = &c->tensor[i];
  bool any;
  tarn_shape shape;
  tarn_slice slice;
  TARN_TRY(tarn__slice_spec(spec, spec_bytes, &any, &shape, &slice));
  if (!any) return tarn__checkpoint_read(c, a, i, out);
  if (!tarn__shape_equal(&shape, &t->shape)) {
    char asked[TARN_SHAPE_TEXT], stored_shape[TARN_SHAPE_TEXT];
    return in_tensor(
        c, t,
        tarn_fail(TARN_SHAPE, "a slice of a tensor of shape %s, the checkpoint has %s",
                  tarn__shape_print(&shape, asked), tarn__shape_print(&t->shape, stored_shape)));
  }
  return tarn__checkpoint_read_slice(c, a, i, &slice, out);
}

tarn_status tarn__checkpoint_view(const tarn_checkpoint *c, const tarn_allocator *a, size_t i,
                                  tarn_tensor *out) {
  const checkpoint_tensor *t = &c->tensor[i];
  const stored *s = c->version == 2 && t->parts == 1 ? t->part[0].at : NULL;
  bool plain =
      s && s->slice_count == 0 && s->size > 0 && s->dtype != TARN_STRING && readable(t) == TARN_OK;
  data_shard *shard = plain ? tarn__bundle_shard(c, s->shard) : NULL;
  if (!shard || !shard->mapped ||
      ((uintptr_t)shard->file.data + s->offset) % tarn_dtype_bytes(s->dtype) != 0 ||
      !tarn__shape_equal(&s->shape, &t->shape))
    return tarn__checkpoint_read(c, a, i, out);
  tarn_tensor t_view;
  TARN_TRY(in_tensor(c, t, tarn__bundle_part(c, a, &t->part[0], true, &t_view)));
  if (t_view.buffer) { /* it had to be swapped */
    *out = t_view;
    return TARN_OK;
  }
  atomic_fetch_add(&shard->references, 1);
  tarn_status status = tarn__tensor_wrap(a, t_view.dtype, &t_view.shape, t_view.data,
                                         tarn__data_shard_release, shard, out);
  if (status != TARN_OK) tarn__data_shard_release(shard);
  else tarn__tensor_set_mapped(out);
  return status;
}

tarn_status tarn_checkpoint_read(const tarn_checkpoint *c, const char *name, tarn_tensor **tensor) {
  size_t i = 0;
  tarn_tensor value;
  TARN_TRY(tarn__checkpoint_need(c, name, strlen(name), &i));
  TARN_TRY(tarn__checkpoint_read(c, c->allocator, i, &value));
  tarn_status status = tarn__tensor_handle(c->allocator, &value, tensor);
  if (status != TARN_OK) tarn__tensor_clear(&value);
  return status;
}

/* ---- verifying ------------------------------------------------------------------------------- */

tarn_status tarn__checkpoint_verify(const tarn_checkpoint *c, const tarn_allocator *a,
                                    tarn_checkpoint_summary *summary) {
  tarn_checkpoint_summary s = {.version = c->version, .tensors = c->count, .files = c->tables};
  for (size_t i = 0; i < c->tables; i++) s.blocks += c->contents[i].blocks;
  if (c->version == 2) {
    TARN_TRY(tarn__bundle_shards_check(c));
    s.files += (size_t)c->num_shards;
  }
  for (size_t i = 0; i < c->count; i++) {
    tarn_tensor t;
    TARN_TRY(tarn__checkpoint_read(c, a, i, &t));
    s.bytes += tarn__tensor_bytes(&t);
    tarn__tensor_clear(&t);
  }
  *summary = s;
  return TARN_OK;
}
