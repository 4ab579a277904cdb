/* MutableDenseHashTable: keys in buckets, of which the empty ones hold a key that the program gave
 * up for it. What a table exports, and a checkpoint keeps, are the buckets themselves: so hash,
 * probing (the n-th probe steps n on) and growth are TensorFlow's. */
#include "kernels/state/table/table.h"

#include "core/memory.h"

#include <string.h>

typedef struct dense_table {
  tarn_lookup table;
  tarn_tensor empty, deleted;    /* one key each; deleted may be TARN_NO_DTYPE */
  tarn_tensor keys, values;      /* [buckets, width] each */
  int64_t buckets, count;
  float max_load;
} dense_table;

static void destroy(tarn_lookup *base) {
  dense_table *t = (dense_table *)base;
  tarn__tensor_clear(&t->empty);
  tarn__tensor_clear(&t->deleted);
  tarn__tensor_clear(&t->keys);
  tarn__tensor_clear(&t->values);
  tarn__free(base->allocator, t, sizeof *t);
}

static int64_t size(const tarn_lookup *t) { return ((const dense_table *)t)->count; }

/* ---- hashes ---------------------------------------------------------------------------------- */

/* MurmurHash64A (Appleby), with the seed that TensorFlow gives it. */
static uint64_t hash_text(const char *data, size_t bytes) {
  const uint64_t m = 0xc6a4a7935bd1e995u;
  uint64_t h = 0xdecafcaffeu ^ bytes * m;
  size_t i = 0;
  for (; i + 8 <= bytes; i += 8) {
    uint64_t k;
    memcpy(&k, data + i, sizeof k);   /* little-endian, as all machines that tarn runs on */
    k *= m;
    k ^= k >> 47;
    h = (h ^ k * m) * m;
  }
  if (i < bytes) {
    uint64_t rest = 0;
    for (size_t j = bytes; j > i; j--) rest = rest << 8 | (unsigned char)data[j - 1];
    h = (h ^ rest) * m;
  }
  h = (h ^ h >> 47) * m;
  return h ^ h >> 47;
}

static uint64_t hash_element(const tarn_tensor *keys, int64_t i) {
  if (keys->dtype != TARN_STRING) return (uint64_t)tarn__tensor_int(keys, i);
  const tarn_string *s = (const tarn_string *)keys->data + i;
  return hash_text(s->size ? s->data : "", s->size);
}

static uint64_t hash(const tarn_tensor *keys, int64_t i, int64_t width) {
  if (width == 1) return hash_element(keys, i);
  uint64_t h = 0;
  for (int64_t k = 0; k < width; k++)
    h ^= hash_element(keys, i * width + k) + 0x9e3779b97f4a7800u + (h << 10) + (h >> 4);
  return h;
}

/* ---- buckets --------------------------------------------------------------------------------- */

static bool is_key(const dense_table *t, const tarn_tensor *special, const tarn_tensor *keys,
                   int64_t i) {
  return special->dtype != TARN_NO_DTYPE &&
         tarn__lookup_same(special, 0, keys, i, t->table.key_width);
}

static tarn_status check_key(const dense_table *t, const tarn_tensor *keys, int64_t i) {
  if (is_key(t, &t->empty, keys, i))
    return tarn_fail(TARN_INVALID, "Using the empty_key as a table key is not allowed");
  if (is_key(t, &t->deleted, keys, i))
    return tarn_fail(TARN_INVALID, "Using the deleted_key as a table key is not allowed");
  return TARN_OK;
}

/* The bucket of a key, or the first one that is free for it: an empty one, or with `reuse` a
 * deleted one. */
static tarn_status bucket_of(const dense_table *t, const tarn_tensor *keys, int64_t i, bool reuse,
                             int64_t *at, bool *found) {
  const int64_t mask = t->buckets - 1, width = t->table.key_width;
  *at = (int64_t)(hash(keys, i, width) & (uint64_t)mask);
  for (int64_t probes = 1; probes <= t->buckets; probes++) {
    *found = tarn__lookup_same(&t->keys, *at, keys, i, width);
    if (*found || is_key(t, &t->empty, &t->keys, *at) ||
        (reuse && is_key(t, &t->deleted, &t->keys, *at)))
      return TARN_OK;
    *at = (*at + probes) & mask;
  }
  return tarn_fail(TARN_FAILED, "no bucket of %lld is empty", (long long)t->buckets);
}

static tarn_status put(tarn_tensor *to, int64_t at, const tarn_tensor *from, int64_t i,
                       int64_t width) {
  return width ? tarn__tensor_copy_elements(to, at * width, from, i * width, width) : TARN_OK;
}

static tarn_status allocate(dense_table *t, int64_t buckets) {
  const tarn_shape k = {.rank = 2, .dim = {buckets, t->table.key_width}},
                   v = {.rank = 2, .dim = {buckets, t->table.value_width}};
  tarn_tensor keys, values;
  TARN_TRY(tarn__tensor_new(t->table.allocator, t->table.key_dtype, &k, &keys));
  tarn_status status = tarn__tensor_new(t->table.allocator, t->table.value_dtype, &v, &values);
  if (status != TARN_OK) {
    tarn__tensor_clear(&keys);
    return status;
  }
  for (int64_t i = 0; i < buckets && status == TARN_OK; i++)
    status = put(&keys, i, &t->empty, 0, t->table.key_width);
  if (status != TARN_OK) {
    tarn__tensor_clear(&keys);
    tarn__tensor_clear(&values);
    return status;
  }
  tarn__tensor_clear(&t->keys);
  tarn__tensor_clear(&t->values);
  t->keys = keys;
  t->values = values;
  t->buckets = buckets;
  t->count = 0;
  return TARN_OK;
}

/* others: empty and deleted keys are passed over, not refused. */
static tarn_status put_all(dense_table *t, const tarn_tensor *keys, const tarn_tensor *values,
                           int64_t n, bool others) {
  for (int64_t i = 0; i < n; i++) {
    int64_t at;
    bool found;
    if (others && (is_key(t, &t->empty, keys, i) || is_key(t, &t->deleted, keys, i))) continue;
    TARN_TRY(check_key(t, keys, i));
    TARN_TRY(bucket_of(t, keys, i, true, &at, &found));
    if (!found) {
      TARN_TRY(put(&t->keys, at, keys, i, t->table.key_width));
      t->count++;
    }
    TARN_TRY(put(&t->values, at, values, i, t->table.value_width));
  }
  return TARN_OK;
}

static tarn_status grow(dense_table *t, int64_t buckets) {
  const int64_t had = t->buckets;
  tarn_tensor keys, values;
  tarn__tensor_share(&t->keys, &keys);
  tarn__tensor_share(&t->values, &values);
  tarn_status status = allocate(t, buckets);
  if (status == TARN_OK) status = put_all(t, &keys, &values, had, true);
  tarn__tensor_clear(&keys);
  tarn__tensor_clear(&values);
  return status;
}

/* ---- methods --------------------------------------------------------------------------------- */

static tarn_status insert(tarn_lookup *base, const tarn_tensor *keys, const tarn_tensor *values,
                          int64_t n) {
  dense_table *t = (dense_table *)base;
  int64_t buckets = t->buckets;
  while ((float)(t->count + n) > (float)buckets * t->max_load) {
    if (buckets > INT64_MAX / 4)
      return tarn_fail(TARN_LIMIT, "a table of %lld buckets", (long long)buckets);
    buckets *= 2;
  }
  if (buckets != t->buckets) TARN_TRY(grow(t, buckets));
  return put_all(t, keys, values, n, false);
}

static tarn_status find(tarn_lookup *base, const tarn_tensor *keys, int64_t n,
                        const tarn_tensor *otherwise, int step, tarn_tensor *values) {
  const dense_table *t = (const dense_table *)base;
  for (int64_t i = 0; i < n; i++) {
    int64_t at;
    bool found;
    TARN_TRY(check_key(t, keys, i));
    TARN_TRY(bucket_of(t, keys, i, false, &at, &found));
    TARN_TRY(
        put(values, i, found ? &t->values : otherwise, found ? at : i * step, base->value_width));
  }
  return TARN_OK;
}

static tarn_status remove_keys(tarn_lookup *base, const tarn_tensor *keys, int64_t n) {
  dense_table *t = (dense_table *)base;
  if (t->deleted.dtype == TARN_NO_DTYPE)
    return tarn_fail(TARN_FAILED, "the table has no deleted_key, so nothing can be removed");
  for (int64_t i = 0; i < n; i++) {
    int64_t at;
    bool found;
    TARN_TRY(check_key(t, keys, i));
    TARN_TRY(bucket_of(t, keys, i, false, &at, &found));
    if (!found) continue;
    TARN_TRY(put(&t->keys, at, &t->deleted, 0, base->key_width));
    t->count--;
  }
  return TARN_OK;
}

static tarn_status import(tarn_lookup *base, const tarn_tensor *keys, const tarn_tensor *values) {
  dense_table *t = (dense_table *)base;
  tarn_tensor own_keys, own_values;
  const int64_t n = keys->shape.rank == 2 ? keys->shape.dim[0] : -1;
  if (n < 4 || (n & (n - 1)) != 0 || keys->shape.dim[1] != base->key_width)
    return tarn_fail(TARN_SHAPE, "expected keys of buckets, [a power of 2, %lld]",
                     (long long)base->key_width);
  if (values->shape.rank != 2 || values->shape.dim[0] != n ||
      values->shape.dim[1] != base->value_width)
    return tarn_fail(TARN_SHAPE, "expected values of shape [%lld, %lld]", (long long)n,
                     (long long)base->value_width);
  TARN_TRY(tarn__tensor_copy(base->allocator, keys, &own_keys));
  const tarn_status status = tarn__tensor_copy(base->allocator, values, &own_values);
  if (status != TARN_OK) {
    tarn__tensor_clear(&own_keys);
    return status;
  }
  tarn__tensor_clear(&t->keys);
  tarn__tensor_clear(&t->values);
  t->keys = own_keys;
  t->values = own_values;
  t->buckets = n;
  t->count = 0;
  for (int64_t i = 0; i < n; i++)
    t->count += !is_key(t, &t->empty, &t->keys, i) && !is_key(t, &t->deleted, &t->keys, i);
  return TARN_OK;
}

static tarn_status export(tarn_lookup *base, tarn_tensor *keys, tarn_tensor *values) {
  const dense_table *t = (const dense_table *)base;
  TARN_TRY(tarn__tensor_copy(base->allocator, &t->keys, keys));
  const tarn_status status = tarn__tensor_copy(base->allocator, &t->values, values);
  if (status != TARN_OK) tarn__tensor_clear(keys);
  return status;
}

static tarn_status check_spec(const tarn_lookup_spec *s, int64_t width) {
  if (width < 1) return tarn_fail(TARN_SHAPE, "the empty_key has no elements");
  if (s->empty_key->shape.rank > 1)
    return tarn_fail(TARN_SHAPE, "Empty key must be a scalar or a vector");
  if (s->deleted_key && !tarn__shape_equal(&s->deleted_key->shape, &s->empty_key->shape))
    return tarn_fail(TARN_SHAPE, "Empty and deleted keys must have same shape");
  if (s->deleted_key && tarn__lookup_same(s->empty_key, 0, s->deleted_key, 0, width))
    return tarn_fail(TARN_INVALID, "Empty and deleted keys cannot be equal");
  if (!(s->max_load > 0 && s->max_load < 1))
    return tarn_fail(TARN_INVALID, "max_load_factor must be between 0 and 1, got: %g",
                     (double)s->max_load);
  if (s->buckets < 4 || (s->buckets & (s->buckets - 1)) != 0)
    return tarn_fail(TARN_INVALID,
                     "Number of buckets must be at least 4 and a power of 2, got: %lld",
                     (long long)s->buckets);
  return TARN_OK;
}

tarn_status tarn__lookup_make_dense(const tarn_allocator *a, const tarn_lookup_spec *spec,
                                    const tarn_lookup *base, tarn_lookup **table) {
  static const tarn_lookup_methods methods = {size,   insert, find,   remove_keys,
                                              import, export, destroy};
  TARN_TRY(check_spec(spec, base->key_width));
  dense_table *t = tarn__alloc_zero(a, sizeof *t);
  if (!t) return TARN_NO_MEMORY;
  t->table = *base;
  t->table.methods = &methods;
  t->max_load = spec->max_load;
  tarn_status status = tarn__tensor_copy(a, spec->empty_key, &t->empty);
  if (status == TARN_OK && spec->deleted_key)
    status = tarn__tensor_copy(a, spec->deleted_key, &t->deleted);
  if (status == TARN_OK) status = allocate(t, spec->buckets);
  if (status != TARN_OK) {
    destroy(&t->table);
    return status;
  }
  *table = &t->table;
  return TARN_OK;
}
