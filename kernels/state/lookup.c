/* Open addressing over indices into the pairs, which stay in the order they came. */
#include "kernels/state/lookup.h"

#include "core/memory.h"
#include "core/random.h"

#include <pthread.h>

struct tarn_lookup {
  tarn_object object;
  const tarn_allocator *allocator;
  pthread_mutex_t lock;
  tarn_dtype key_dtype, value_dtype;
  bool is_mutable, filled;
  uint64_t seed;                 /* so that a file cannot choose collisions */
  tarn_tensor keys, values;      /* [room] each; `count` are used */
  int64_t room, count;
  int64_t *slot;                 /* [slots], a power of two at least 2 room: 1 + index, or 0 */
  int64_t slots;
};

static void destroy(void *object) {
  tarn_lookup *t = object;
  tarn__tensor_clear(&t->keys);
  tarn__tensor_clear(&t->values);
  tarn__free(t->allocator, t->slot, (size_t)t->slots * sizeof *t->slot);
  pthread_mutex_destroy(&t->lock);
  tarn__free(t->allocator, t, sizeof *t);
}

const tarn_object_type tarn__lookup_type = {.name = "LookupTable", .destroy = destroy};

typedef struct request {
  tarn_dtype keys, values;
  bool is_mutable;
} request;

static tarn_status create(const tarn_allocator *a, const void *argument, void **object) {
  const request *r = argument;
  tarn_lookup *t = tarn__alloc_zero(a, sizeof *t);
  if (!t) return TARN_NO_MEMORY;
  if (pthread_mutex_init(&t->lock, NULL) != 0) {
    tarn__free(a, t, sizeof *t);
    return tarn_fail(TARN_NO_MEMORY, "no mutex for a table");
  }
  tarn__object_init(&t->object, &tarn__lookup_type);
  t->allocator = a;
  t->key_dtype = r->keys;
  t->value_dtype = r->values;
  t->is_mutable = r->is_mutable;
  t->seed = tarn__random_seed();
  *object = t;
  return TARN_OK;
}

tarn_status tarn__lookup_get(tarn_resources *resources, const char *name, tarn_dtype keys, tarn_dtype values, bool is_mutable,
                             tarn_lookup **table) {
  const request r = {keys, values, is_mutable};
  void *object;
  TARN_TRY(tarn__resources_get(resources, &tarn__lookup_type, name, create, &r, &object));
  tarn_lookup *t = object;
  if (t->key_dtype != keys || t->value_dtype != values || t->is_mutable != is_mutable) {
    tarn__object_release(t);
    return tarn_fail(TARN_INVALID, "table '%s' was made with other types", name);
  }
  *table = t;
  return TARN_OK;
}

tarn_dtype tarn__lookup_keys(const tarn_lookup *table) { return table->key_dtype; }
tarn_dtype tarn__lookup_values(const tarn_lookup *table) { return table->value_dtype; }

int64_t tarn__lookup_size(tarn_lookup *table) {
  pthread_mutex_lock(&table->lock);
  const int64_t count = table->count;
  pthread_mutex_unlock(&table->lock);
  return count;
}

/* ---- keys ------------------------------------------------------------------------------------ */

static void key_bytes(const tarn_tensor *t, int64_t i, const char **data, size_t *bytes) {
  if (t->dtype == TARN_STRING) {
    const tarn_string *s = (const tarn_string *)t->data + i;
    *data = s->size ? s->data : "";
    *bytes = s->size;
  } else {
    *bytes = tarn_dtype_bytes(t->dtype);
    *data = (const char *)t->data + (size_t)i * *bytes;
  }
}

static uint64_t hash(const tarn_lookup *t, const char *data, size_t bytes) {
  uint64_t h = t->seed ^ bytes;
  for (size_t i = 0; i < bytes; i++) {
    h = (h ^ (unsigned char)data[i]) * 0x9e3779b97f4a7c15u;
    h ^= h >> 29;
  }
  return h ^ h >> 32;
}

/* Where the key is, or the empty slot where it belongs. */
static int64_t place(const tarn_lookup *t, const tarn_tensor *keys, int64_t i) {
  const char *data, *other;
  size_t bytes, others;
  key_bytes(keys, i, &data, &bytes);
  uint64_t at = hash(t, data, bytes) & (uint64_t)(t->slots - 1);
  for (; t->slot[at]; at = (at + 1) & (uint64_t)(t->slots - 1)) {
    key_bytes(&t->keys, t->slot[at] - 1, &other, &others);
    if (others == bytes && memcmp(other, data, bytes) == 0) break;
  }
  return (int64_t)at;
}

/* ---- growing --------------------------------------------------------------------------------- */

static tarn_status larger(tarn_lookup *t, tarn_tensor *column, tarn_dtype dtype, int64_t room) {
  tarn_tensor grown;
  const tarn_shape shape = tarn__shape_vector(room);
  TARN_TRY(tarn__tensor_new(t->allocator, dtype, &shape, &grown));
  const tarn_status status = t->count ? tarn__tensor_copy_elements(&grown, 0, column, 0, t->count) : TARN_OK;
  if (status != TARN_OK) {
    tarn__tensor_clear(&grown);
    return status;
  }
  tarn__tensor_clear(column);
  *column = grown;
  return TARN_OK;
}

static tarn_status reserve(tarn_lookup *t, int64_t more) {
  int64_t room = t->room ? t->room : 16;
  if (more > INT32_MAX - t->count) return tarn_fail(TARN_LIMIT, "a table of more than %d keys", INT32_MAX);
  while (room < t->count + more) room *= 2;
  if (room == t->room) return TARN_OK;
  int64_t *slot = tarn__alloc_zero(t->allocator, (size_t)room * 2 * sizeof *slot);
  if (!slot) return TARN_NO_MEMORY;
  tarn_status status = larger(t, &t->keys, t->key_dtype, room);
  if (status == TARN_OK) status = larger(t, &t->values, t->value_dtype, room);
  if (status != TARN_OK) {
    tarn__free(t->allocator, slot, (size_t)room * 2 * sizeof *slot);
    return status;
  }
  tarn__free(t->allocator, t->slot, (size_t)t->slots * sizeof *slot);
  t->slot = slot;
  t->slots = room * 2;
  t->room = room;
  for (int64_t i = 0; i < t->count; i++) t->slot[place(t, &t->keys, i)] = i + 1;
  return TARN_OK;
}

static bool same_value(const tarn_lookup *t, int64_t at, const tarn_tensor *values, int64_t i) {
  const char *a, *b;
  size_t m, n;
  key_bytes(&t->values, at, &a, &m);
  key_bytes(values, i, &b, &n);
  return m == n && memcmp(a, b, m) == 0;
}

static tarn_status insert(tarn_lookup *t, const tarn_tensor *keys, const tarn_tensor *values, bool clear) {
  const int64_t n = tarn__tensor_elements(keys);
  if (!t->is_mutable && t->filled) return TARN_OK;   /* initialised already: TensorFlow does not fill it again */
  if (clear && t->slots) {
    memset(t->slot, 0, (size_t)t->slots * sizeof *t->slot);
    t->count = 0;
  }
  TARN_TRY(reserve(t, n));
  for (int64_t i = 0; i < n; i++) {
    const int64_t at = place(t, keys, i);
    if (t->slot[at]) {
      const int64_t had = t->slot[at] - 1;
      if (!t->is_mutable && !same_value(t, had, values, i))
        return tarn_fail(TARN_FAILED, "HashTable has different value for same key: pair %lld", (long long)i);
      TARN_TRY(tarn__tensor_copy_elements(&t->values, had, values, i, 1));
      continue;
    }
    TARN_TRY(tarn__tensor_copy_elements(&t->keys, t->count, keys, i, 1));
    TARN_TRY(tarn__tensor_copy_elements(&t->values, t->count, values, i, 1));
    t->slot[at] = ++t->count;
  }
  t->filled = true;
  return TARN_OK;
}

tarn_status tarn__lookup_insert(tarn_lookup *table, const tarn_tensor *keys, const tarn_tensor *values, bool clear) {
  pthread_mutex_lock(&table->lock);
  const tarn_status status = insert(table, keys, values, clear);
  pthread_mutex_unlock(&table->lock);
  return status;
}

tarn_status tarn__lookup_find(tarn_lookup *table, const tarn_tensor *keys, const tarn_tensor *otherwise, tarn_tensor *values) {
  const int64_t n = tarn__tensor_elements(keys);
  tarn_status status = TARN_OK;
  pthread_mutex_lock(&table->lock);
  if (!table->is_mutable && !table->filled) status = tarn_fail(TARN_FAILED, "Table not initialized.");
  for (int64_t i = 0; i < n && status == TARN_OK; i++) {
    const int64_t found = table->slots ? table->slot[place(table, keys, i)] : 0;
    status = tarn__tensor_copy_elements(values, i, found ? &table->values : otherwise, found ? found - 1 : 0, 1);
  }
  pthread_mutex_unlock(&table->lock);
  return status;
}

tarn_status tarn__lookup_export(tarn_lookup *table, tarn_tensor *keys, tarn_tensor *values) {
  pthread_mutex_lock(&table->lock);
  const tarn_shape shape = tarn__shape_vector(table->count);
  tarn_status status = tarn__tensor_new(table->allocator, table->key_dtype, &shape, keys);
  if (status == TARN_OK) {
    status = tarn__tensor_new(table->allocator, table->value_dtype, &shape, values);
    if (status == TARN_OK && table->count) {
      status = tarn__tensor_copy_elements(keys, 0, &table->keys, 0, table->count);
      if (status == TARN_OK) status = tarn__tensor_copy_elements(values, 0, &table->values, 0, table->count);
      if (status != TARN_OK) tarn__tensor_clear(values);
    }
    if (status != TARN_OK) tarn__tensor_clear(keys);
  }
  pthread_mutex_unlock(&table->lock);
  return status;
}
