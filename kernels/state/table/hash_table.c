/* HashTable and MutableHashTable: open addressing over indices into the pairs, which stay in the
 * order they came. */
#include "kernels/state/table/table.h"

#include "core/memory.h"
#include "core/random.h"

#include <string.h>

typedef struct hash_table {
  tarn_lookup table;
  uint64_t seed;                 /* so that a file cannot choose collisions */
  tarn_tensor keys, values;      /* [room] and their shapes; `count` are used */
  int64_t room, count;
  int64_t *slot;                 /* [slots], a power of two at least 2 room: 1 + index, or 0 */
  int64_t slots;
} hash_table;

static void destroy(tarn_lookup *base) {
  hash_table *t = (hash_table *)base;
  tarn__tensor_clear(&t->keys);
  tarn__tensor_clear(&t->values);
  tarn__free(base->allocator, t->slot, (size_t)t->slots * sizeof *t->slot);
  tarn__free(base->allocator, t, sizeof *t);
}

static int64_t size(const tarn_lookup *t) { return ((const hash_table *)t)->count; }

/* ---- keys ------------------------------------------------------------------------------------ */

static uint64_t stir(uint64_t h, const char *data, size_t bytes) {
  h ^= bytes;
  for (size_t i = 0; i < bytes; i++) {
    h = (h ^ (unsigned char)data[i]) * 0x9e3779b97f4a7c15u;
    h ^= h >> 29;
  }
  return h;
}

static uint64_t hash(const hash_table *t, const tarn_tensor *keys, int64_t i) {
  const int64_t width = t->table.key_width;
  uint64_t h = t->seed;
  if (keys->dtype == TARN_STRING) {
    const tarn_string *s = (const tarn_string *)keys->data + i * width;
    for (int64_t k = 0; k < width; k++) h = stir(h, s[k].data, s[k].size);
  } else {
    const size_t bytes = (size_t)width * tarn_dtype_bytes(keys->dtype);
    h = stir(h, (const char *)keys->data + (size_t)i * bytes, bytes);
  }
  return h ^ h >> 32;
}

static int64_t after(const hash_table *t, int64_t at) { return (at + 1) & (t->slots - 1); }
static int64_t home(const hash_table *t, const tarn_tensor *keys, int64_t i) {
  return (int64_t)(hash(t, keys, i) & (uint64_t)(t->slots - 1));
}

/* Where the key is, or the empty slot where it belongs. */
static int64_t place(const hash_table *t, const tarn_tensor *keys, int64_t i) {
  int64_t at = home(t, keys, i);
  while (t->slot[at] && !tarn__lookup_same(&t->keys, t->slot[at] - 1, keys, i, t->table.key_width))
    at = after(t, at);
  return at;
}

static tarn_status put(tarn_tensor *to, int64_t at, const tarn_tensor *from, int64_t i,
                       int64_t width) {
  return width ? tarn__tensor_copy_elements(to, at * width, from, i * width, width) : TARN_OK;
}

/* ---- growing --------------------------------------------------------------------------------- */

static tarn_status larger(hash_table *t, tarn_tensor *column, tarn_dtype dtype,
                          const tarn_shape *each, int64_t room) {
  tarn_tensor grown;
  tarn_shape shape;
  TARN_TRY(tarn__lookup_column(room, each, &shape));
  TARN_TRY(tarn__tensor_new(t->table.allocator, dtype, &shape, &grown));
  const int64_t elements = t->count * tarn__shape_elements(each);
  const tarn_status status =
      elements ? tarn__tensor_copy_elements(&grown, 0, column, 0, elements) : TARN_OK;
  if (status != TARN_OK) {
    tarn__tensor_clear(&grown);
    return status;
  }
  tarn__tensor_clear(column);
  *column = grown;
  return TARN_OK;
}

static tarn_status reserve(hash_table *t, int64_t more) {
  const tarn_allocator *a = t->table.allocator;
  int64_t room = t->room ? t->room : 16;
  if (more > INT32_MAX - t->count)
    return tarn_fail(TARN_LIMIT, "a table of more than %d keys", INT32_MAX);
  while (room < t->count + more) room *= 2;
  if (room == t->room) return TARN_OK;
  int64_t *slot = tarn__alloc_zero(a, (size_t)room * 2 * sizeof *slot);
  if (!slot) return TARN_NO_MEMORY;
  tarn_status status = larger(t, &t->keys, t->table.key_dtype, &t->table.key_shape, room);
  if (status == TARN_OK)
    status = larger(t, &t->values, t->table.value_dtype, &t->table.value_shape, room);
  if (status != TARN_OK) {
    tarn__free(a, slot, (size_t)room * 2 * sizeof *slot);
    return status;
  }
  tarn__free(a, t->slot, (size_t)t->slots * sizeof *slot);
  t->slot = slot;
  t->slots = room * 2;
  t->room = room;
  for (int64_t i = 0; i < t->count; i++) t->slot[place(t, &t->keys, i)] = i + 1;
  return TARN_OK;
}

static void empty(hash_table *t) {
  if (t->slots) memset(t->slot, 0, (size_t)t->slots * sizeof *t->slot);
  t->count = 0;
}

/* ---- methods --------------------------------------------------------------------------------- */

static tarn_status insert_all(hash_table *t, const tarn_tensor *keys, const tarn_tensor *values,
                              int64_t n) {
  const int64_t width = t->table.value_width;
  TARN_TRY(reserve(t, n));
  for (int64_t i = 0; i < n; i++) {
    const int64_t at = place(t, keys, i);
    if (t->slot[at]) {
      const int64_t had = t->slot[at] - 1;
      if (t->table.kind == TARN_TABLE_HASH && !tarn__lookup_same(&t->values, had, values, i, width))
        return tarn_fail(TARN_FAILED, "HashTable has different value for same key: pair %lld",
                         (long long)i);
      TARN_TRY(put(&t->values, had, values, i, width));
      continue;
    }
    TARN_TRY(put(&t->keys, t->count, keys, i, t->table.key_width));
    TARN_TRY(put(&t->values, t->count, values, i, width));
    t->slot[at] = ++t->count;
  }
  return TARN_OK;
}

/* An initialisation that fails leaves nothing. */
static tarn_status insert(tarn_lookup *base, const tarn_tensor *keys, const tarn_tensor *values,
                          int64_t n) {
  hash_table *t = (hash_table *)base;
  const tarn_status status = insert_all(t, keys, values, n);
  if (status != TARN_OK && base->kind == TARN_TABLE_HASH) empty(t);
  return status;
}

static tarn_status find(tarn_lookup *base, const tarn_tensor *keys, int64_t n,
                        const tarn_tensor *otherwise, int step, tarn_tensor *values) {
  const hash_table *t = (const hash_table *)base;
  for (int64_t i = 0; i < n; i++) {
    const int64_t found = t->slots ? t->slot[place(t, keys, i)] : 0;
    TARN_TRY(put(values, i, found ? &t->values : otherwise, found ? found - 1 : i * step,
                 base->value_width));
  }
  return TARN_OK;
}

/* Closes the gap in a run of slots: whoever may not stand behind it moves up. */
static void close_gap(hash_table *t, int64_t gap) {
  const int64_t mask = t->slots - 1;
  for (int64_t at = after(t, gap); t->slot[at]; at = after(t, at)) {
    const int64_t wanted = home(t, &t->keys, t->slot[at] - 1);
    if (((at - wanted) & mask) < ((at - gap) & mask)) continue;   /* its home is behind the gap */
    t->slot[gap] = t->slot[at];
    gap = at;
  }
  t->slot[gap] = 0;
}

/* The last pair takes the place of the one that goes. */
static tarn_status remove_keys(tarn_lookup *base, const tarn_tensor *keys, int64_t n) {
  hash_table *t = (hash_table *)base;
  for (int64_t i = 0; i < n && t->count; i++) {
    const int64_t at = place(t, keys, i), index = t->slot[at] - 1, last = t->count - 1;
    if (index < 0) continue;
    close_gap(t, at);
    if (index != last) {
      const int64_t slot = place(t, &t->keys, last);
      TARN_TRY(put(&t->keys, index, &t->keys, last, base->key_width));
      TARN_TRY(put(&t->values, index, &t->values, last, base->value_width));
      t->slot[slot] = index + 1;
    }
    t->count--;
  }
  return TARN_OK;
}

static tarn_status import(tarn_lookup *base, const tarn_tensor *keys, const tarn_tensor *values) {
  hash_table *t = (hash_table *)base;
  empty(t);
  return insert_all(t, keys, values, tarn__tensor_elements(keys));
}

static tarn_status column(const hash_table *t, const tarn_tensor *from, tarn_dtype dtype,
                          const tarn_shape *each, tarn_tensor *to) {
  tarn_shape shape;
  TARN_TRY(tarn__lookup_column(t->count, each, &shape));
  TARN_TRY(tarn__tensor_new(t->table.allocator, dtype, &shape, to));
  const int64_t elements = tarn__shape_elements(&shape);
  const tarn_status status =
      elements ? tarn__tensor_copy_elements(to, 0, from, 0, elements) : TARN_OK;
  if (status != TARN_OK) tarn__tensor_clear(to);
  return status;
}

static tarn_status export(tarn_lookup *base, tarn_tensor *keys, tarn_tensor *values) {
  const hash_table *t = (const hash_table *)base;
  TARN_TRY(column(t, &t->keys, base->key_dtype, &base->key_shape, keys));
  const tarn_status status = column(t, &t->values, base->value_dtype, &base->value_shape, values);
  if (status != TARN_OK) tarn__tensor_clear(keys);
  return status;
}

tarn_status tarn__lookup_make_hash(const tarn_allocator *a, const tarn_lookup_spec *spec,
                                   const tarn_lookup *base, tarn_lookup **table) {
  static const tarn_lookup_methods methods = {size,   insert, find,   remove_keys,
                                              import, export, destroy};
  char text[TARN_SHAPE_TEXT];
  if (spec->kind == TARN_TABLE_TENSORS && spec->value_shape.rank != 1)
    return tarn_fail(TARN_INVALID, "Default value must be a vector, got shape %s",
                     tarn__shape_print(&spec->value_shape, text));
  hash_table *t = tarn__alloc_zero(a, sizeof *t);
  if (!t) return TARN_NO_MEMORY;
  t->table = *base;
  t->table.methods = &methods;
  t->seed = tarn__random_seed();
  *table = &t->table;
  return TARN_OK;
}
