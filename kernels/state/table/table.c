/* What all tables have in common: names, checks, locks. See table.h. */
#include "kernels/state/table/table.h"

#include "core/memory.h"

#include <string.h>

static void destroy(void *object) {
  tarn_lookup *t = object;
  pthread_mutex_destroy(&t->lock);
  t->methods->destroy(t);
}

const tarn_object_type tarn__lookup_type = {.name = "LookupTable", .destroy = destroy};

static const char *kind_name(tarn_lookup_kind kind) {
  static const char *const names[] = {
#define X(name, text) [TARN_TABLE_##name] = text,
    TARN_TABLE_KIND_MAP(X)
#undef X
  };
  return names[kind];
}

bool tarn__lookup_same(const tarn_tensor *x, int64_t i, const tarn_tensor *y, int64_t j,
                       int64_t width) {
  const size_t each = tarn_dtype_bytes(x->dtype), bytes = (size_t)width * each;
  if (x->dtype != TARN_STRING)
    return memcmp((const char *)x->data + (size_t)i * bytes,
                  (const char *)y->data + (size_t)j * bytes, bytes) == 0;
  const tarn_string *a = (const tarn_string *)x->data + i * width,
                    *b = (const tarn_string *)y->data + j * width;
  for (int64_t k = 0; k < width; k++)
    if (a[k].size != b[k].size || (a[k].size && memcmp(a[k].data, b[k].data, a[k].size) != 0))
      return false;
  return true;
}

tarn_status tarn__lookup_column(int64_t n, const tarn_shape *each, tarn_shape *shape) {
  int64_t dims[TARN_MAX_RANK];
  if (each->rank >= TARN_MAX_RANK)
    return tarn_fail(TARN_LIMIT, "a table of tensors of rank %d", each->rank);
  dims[0] = n;
  for (int d = 0; d < each->rank; d++) dims[d + 1] = each->dim[d];
  return tarn__shape_make(each->rank + 1, dims, shape);
}

/* ---- making -------------------------------------------------------------------------------- */

tarn_status tarn__lookup_new(const tarn_allocator *a, const tarn_lookup_spec *s,
                             tarn_lookup **table) {
  tarn_lookup base = {.allocator = a,
                      .kind = s->kind,
                      .key_dtype = s->keys,
                      .value_dtype = s->values,
                      .value_shape = s->value_shape,
                      .key_shape = s->empty_key ? s->empty_key->shape : tarn__shape_scalar()},
              *made;
  base.key_width = tarn__shape_elements(&base.key_shape);
  base.value_width = tarn__shape_elements(&base.value_shape);
  TARN_TRY(s->kind == TARN_TABLE_DENSE ? tarn__lookup_make_dense(a, s, &base, &made)
                                       : tarn__lookup_make_hash(a, s, &base, &made));
  if (pthread_mutex_init(&made->lock, NULL) != 0) {
    made->methods->destroy(made);
    return tarn_fail(TARN_NO_MEMORY, "no mutex for a table");
  }
  tarn__object_init(&made->object, &tarn__lookup_type);
  *table = made;
  return TARN_OK;
}

static tarn_status create(const tarn_allocator *a, const void *argument, void **object) {
  tarn_lookup *table;
  TARN_TRY(tarn__lookup_new(a, argument, &table));
  *object = table;
  return TARN_OK;
}

tarn_status tarn__lookup_get(tarn_resources *resources, const char *name,
                             const tarn_lookup_spec *spec, tarn_lookup **table) {
  void *object;
  TARN_TRY(tarn__resources_get(resources, &tarn__lookup_type, name, create, spec, &object));
  tarn_lookup *t = object;
  if (t->kind == spec->kind && t->key_dtype == spec->keys && t->value_dtype == spec->values &&
      tarn__shape_equal(&t->value_shape, &spec->value_shape)) {
    *table = t;
    return TARN_OK;
  }
  const tarn_status status = tarn_fail(
      TARN_INVALID, "table '%s' is a %s from %s to %s, wanted is a %s from %s to %s", name,
      kind_name(t->kind), tarn_dtype_name(t->key_dtype), tarn_dtype_name(t->value_dtype),
      kind_name(spec->kind), tarn_dtype_name(spec->keys), tarn_dtype_name(spec->values));
  tarn__object_release(t);
  return status;
}

/* ---- checks -------------------------------------------------------------------------------- */

static tarn_status check_types(const tarn_lookup *t, tarn_dtype keys, tarn_dtype values) {
  if (t->key_dtype == keys && t->value_dtype == values) return TARN_OK;
  return tarn_fail(TARN_DTYPE, "a table from %s to %s, used as one from %s to %s",
                   tarn_dtype_name(t->key_dtype), tarn_dtype_name(t->value_dtype),
                   tarn_dtype_name(keys), tarn_dtype_name(values));
}

/* The shape of values for such keys: theirs, without the key's dims at the end, and the value's
 * dims. */
static tarn_status values_shape(const tarn_lookup *t, const tarn_shape *keys, tarn_shape *shape) {
  char had[TARN_SHAPE_TEXT], wanted[TARN_SHAPE_TEXT];
  int64_t dims[2 * TARN_MAX_RANK];
  const int lead = keys->rank - t->key_shape.rank;
  bool fits = lead >= 0 && (lead > 0 || t->key_shape.rank == 0);
  for (int d = 0; d < t->key_shape.rank && fits; d++)
    fits = keys->dim[lead + d] == t->key_shape.dim[d];
  if (!fits)
    return tarn_fail(TARN_SHAPE, "Expected keys whose shape ends in %s, got %s",
                     tarn__shape_print(&t->key_shape, wanted), tarn__shape_print(keys, had));
  if (lead + t->value_shape.rank > TARN_MAX_RANK)
    return tarn_fail(TARN_LIMIT, "values of rank %d", lead + t->value_shape.rank);
  for (int d = 0; d < lead; d++) dims[d] = keys->dim[d];
  for (int d = 0; d < t->value_shape.rank; d++) dims[lead + d] = t->value_shape.dim[d];
  return tarn__shape_make(lead + t->value_shape.rank, dims, shape);
}

static tarn_status check_pairs(const tarn_lookup *t, const tarn_tensor *keys,
                               const tarn_tensor *values) {
  char had[TARN_SHAPE_TEXT], wanted[TARN_SHAPE_TEXT];
  tarn_shape shape;
  TARN_TRY(check_types(t, keys->dtype, values->dtype));
  TARN_TRY(values_shape(t, &keys->shape, &shape));
  if (tarn__shape_equal(&shape, &values->shape)) return TARN_OK;
  return tarn_fail(TARN_SHAPE, "Expected shape %s for value, got %s",
                   tarn__shape_print(&shape, wanted), tarn__shape_print(&values->shape, had));
}

/* How many keys there are; a table of keys without elements has none. */
static int64_t count(const tarn_lookup *t, const tarn_tensor *keys) {
  return t->key_width ? tarn__tensor_elements(keys) / t->key_width : 0;
}

/* ---- what ops do --------------------------------------------------------------------------- */

int64_t tarn__lookup_size(tarn_lookup *t) {
  pthread_mutex_lock(&t->lock);
  const int64_t n = t->methods->size(t);
  pthread_mutex_unlock(&t->lock);
  return n;
}

tarn_status tarn__lookup_initialize(tarn_lookup *t, const tarn_tensor *keys,
                                    const tarn_tensor *values) {
  char text[TARN_SHAPE_TEXT];
  tarn_status status;
  if (t->kind != TARN_TABLE_HASH)
    return tarn_fail(TARN_INVALID, "a %s is not initializable", kind_name(t->kind));
  if (keys->shape.rank != 1)
    return tarn_fail(TARN_SHAPE, "Keys must be a vector, but received shape %s",
                     tarn__shape_print(&keys->shape, text));
  TARN_TRY(check_pairs(t, keys, values));
  const int64_t n = count(t, keys);
  if (n == 0) return tarn_fail(TARN_INVALID, "keys and values cannot be empty tensors.");
  pthread_mutex_lock(&t->lock);
  if (!t->filled) {
    status = t->methods->insert(t, keys, values, n);
    t->filled = status == TARN_OK;
  } else {
    status = n == t->methods->size(t)
                 ? TARN_OK
                 : tarn_fail(TARN_FAILED, "Table was already initialized with different data.");
  }
  pthread_mutex_unlock(&t->lock);
  return status;
}

static tarn_status refuse(const tarn_lookup *t, const char *what) {
  if (t->kind != TARN_TABLE_HASH) return TARN_OK;
  return tarn_fail(TARN_FAILED, "%s is not supported by a HashTable, which is initialized once",
                   what);
}

tarn_status tarn__lookup_insert(tarn_lookup *t, const tarn_tensor *keys,
                                const tarn_tensor *values) {
  TARN_TRY(refuse(t, "Insert"));
  TARN_TRY(check_pairs(t, keys, values));
  pthread_mutex_lock(&t->lock);
  const tarn_status status = t->methods->insert(t, keys, values, count(t, keys));
  pthread_mutex_unlock(&t->lock);
  return status;
}

tarn_status tarn__lookup_remove(tarn_lookup *t, const tarn_tensor *keys) {
  tarn_shape shape;
  TARN_TRY(refuse(t, "Remove"));
  TARN_TRY(check_types(t, keys->dtype, t->value_dtype));
  TARN_TRY(values_shape(t, &keys->shape, &shape));
  pthread_mutex_lock(&t->lock);
  const tarn_status status = t->methods->remove(t, keys, count(t, keys));
  pthread_mutex_unlock(&t->lock);
  return status;
}

tarn_status tarn__lookup_find_shape(const tarn_lookup *t, const tarn_tensor *keys,
                                    const tarn_tensor *otherwise, tarn_shape *shape) {
  char had[TARN_SHAPE_TEXT], one[TARN_SHAPE_TEXT], all[TARN_SHAPE_TEXT];
  TARN_TRY(check_types(t, keys->dtype, otherwise->dtype));
  TARN_TRY(values_shape(t, &keys->shape, shape));
  if (tarn__shape_equal(&otherwise->shape, &t->value_shape) ||
      tarn__shape_equal(&otherwise->shape, shape))
    return TARN_OK;
  return tarn_fail(TARN_SHAPE, "Expected shape %s or %s for default value, got %s",
                   tarn__shape_print(&t->value_shape, one), tarn__shape_print(shape, all),
                   tarn__shape_print(&otherwise->shape, had));
}

tarn_status tarn__lookup_find(tarn_lookup *t, const tarn_tensor *keys, const tarn_tensor *otherwise,
                              tarn_tensor *values) {
  /* A hash table takes the first of the defaults for all keys. */
  const bool each =
      t->kind != TARN_TABLE_HASH && !tarn__shape_equal(&otherwise->shape, &t->value_shape);
  const int64_t n = count(t, keys);
  tarn_status status = TARN_OK;
  pthread_mutex_lock(&t->lock);
  if (t->kind == TARN_TABLE_HASH && !t->filled)
    status = tarn_fail(TARN_FAILED, "Table not initialized.");
  else if (n && !tarn__tensor_elements(otherwise) && t->value_width)
    status = tarn_fail(TARN_SHAPE, "the default value is empty");
  else if (n) status = t->methods->find(t, keys, n, otherwise, each ? 1 : 0, values);
  pthread_mutex_unlock(&t->lock);
  return status;
}

tarn_status tarn__lookup_import(tarn_lookup *t, const tarn_tensor *keys,
                                const tarn_tensor *values) {
  if (t->kind == TARN_TABLE_HASH) return tarn__lookup_initialize(t, keys, values);
  TARN_TRY(check_types(t, keys->dtype, values->dtype));
  if (t->kind != TARN_TABLE_DENSE)
    TARN_TRY(check_pairs(t, keys, values)); /* a dense table imports its buckets */
  pthread_mutex_lock(&t->lock);
  const tarn_status status = t->methods->import(t, keys, values);
  pthread_mutex_unlock(&t->lock);
  return status;
}

tarn_status tarn__lookup_export(tarn_lookup *t, tarn_tensor *keys, tarn_tensor *values) {
  tarn_status status;
  pthread_mutex_lock(&t->lock);
  if (t->kind == TARN_TABLE_HASH && !t->filled)
    status = tarn_fail(TARN_FAILED, "HashTable is not initialized.");
  else status = t->methods->export(t, keys, values);
  pthread_mutex_unlock(&t->lock);
  return status;
}
