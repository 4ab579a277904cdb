/* Two lists of tuples, whole and not, by ascending keys; a staging area without keys numbers its
 * tuples. See staging.h. */
#include "kernels/state/waiting/staging.h"

#include "core/memory.h"
#include "kernels/state/waiting/wait.h"

#include <string.h>

typedef struct tuple {
  struct tuple *next;
  int64_t key;
  int given;                     /* components that are there: not TARN_NO_DTYPE */
  tarn_tensor component[];
} tuple;

struct tarn_staging {
  tarn_object object;
  const tarn_allocator *allocator;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  int64_t capacity, memory_limit;
  size_t bytes;                  /* in whole tuples */
  tuple *whole, *parts;
  int64_t wholes, incomplete, next_key;
  int components;
  char *name;
  size_t block;                  /* bytes of this block: the struct, dtypes, name */
  tarn_dtype dtype[];
};

static size_t tuple_block(const tarn_staging *s) {
  return sizeof(tuple) + (size_t)s->components * sizeof(tarn_tensor);
}

static void drop(tarn_staging *s, tuple *t) {
  for (int k = 0; k < s->components; k++) tarn__tensor_clear(&t->component[k]);
  tarn__free(s->allocator, t, tuple_block(s));
}

static void empty(tarn_staging *s) {
  tuple *lists[] = {s->whole, s->parts};
  for (int i = 0; i < 2; i++)
    for (tuple *t = lists[i], *next; t; t = next) {
      next = t->next;
      drop(s, t);
    }
  s->whole = s->parts = NULL;
  s->wholes = s->incomplete = 0;
  s->bytes = 0;
}

static void destroy(void *object) {
  tarn_staging *s = object;
  empty(s);
  pthread_cond_destroy(&s->changed);
  pthread_mutex_destroy(&s->lock);
  tarn__free(s->allocator, s, s->block);
}

const tarn_object_type tarn__staging_type = {.name = "StagingArea", .destroy = destroy};

typedef struct request {
  const char *name;
  const tarn_staging_spec *spec;
} request;

static tarn_status create(const tarn_allocator *a, const void *argument, void **object) {
  const request *r = argument;
  const size_t dtypes = (size_t)r->spec->components * sizeof(tarn_dtype),
               name = strlen(r->name) + 1;
  const size_t block = sizeof(tarn_staging) + dtypes + name;
  tarn_staging *s = tarn__alloc_zero(a, block);
  if (!s) return TARN_NO_MEMORY;
  if (pthread_mutex_init(&s->lock, NULL) != 0) goto no_lock;
  if (pthread_cond_init(&s->changed, NULL) != 0) {
    pthread_mutex_destroy(&s->lock);
    goto no_lock;
  }
  tarn__object_init(&s->object, &tarn__staging_type);
  s->allocator = a;
  s->block = block;
  s->components = r->spec->components;
  s->capacity = r->spec->capacity;
  s->memory_limit = r->spec->memory_limit;
  memcpy(s->dtype, r->spec->dtypes, dtypes);
  s->name = memcpy((char *)s->dtype + dtypes, r->name, name);
  *object = s;
  return TARN_OK;
no_lock:
  tarn__free(a, s, block);
  return tarn_fail(TARN_NO_MEMORY, "no lock for staging area '%s'", r->name);
}

tarn_status tarn__staging_get(tarn_resources *resources, const char *name,
                              const tarn_staging_spec *spec, tarn_staging **staging) {
  const request r = {name, spec};
  void *object;
  TARN_TRY(tarn__resources_get(resources, &tarn__staging_type, name, create, &r, &object));
  *staging = object;
  return TARN_OK;
}

/* ---- lists ---------------------------------------------------------------------------------- */

/* The link to the tuple of this key, or to where it belongs. */
static tuple **link_of(tuple **list, int64_t key) {
  while (*list && (*list)->key < key) list = &(*list)->next;
  return list;
}

static bool is(tuple *const *link, int64_t key) { return *link && (*link)->key == key; }

static tuple *unlink_at(tuple **link) {
  tuple *t = *link;
  *link = t->next;
  return t;
}

static void insert(tuple **link, tuple *t) {
  t->next = *link;
  *link = t;
}

static size_t bytes_of(const tarn_staging *s, const tuple *t) {
  size_t bytes = 0;
  for (int k = 0; k < s->components; k++)
    if (t->component[k].dtype != TARN_NO_DTYPE)
      bytes += tarn__tensor_bytes(&t->component[k]); /* of tensors that are there */
  return bytes;
}

static tarn_status check_indices(const tarn_staging *s, const tarn_tensor *indices, int n) {
  if (!indices && n > s->components)
    return tarn_fail(TARN_INVALID, "%d values for staging area '%s' of %d", n, s->name,
                     s->components);
  if (!indices) return TARN_OK;
  if (tarn__tensor_elements(indices) != n)
    return tarn_fail(TARN_INVALID, "%lld indices for %d values",
                     (long long)tarn__tensor_elements(indices), n);
  for (int i = 0; i < n; i++) {
    const int64_t k = tarn__tensor_int(indices, i);
    if (k < 0 || k >= s->components)
      return tarn_fail(TARN_INVALID, "Index %lld is out of bounds %d", (long long)k, s->components);
    if (i && k <= tarn__tensor_int(indices, i - 1))
      return tarn_fail(TARN_INVALID, "Indices are not strictly ordered");
  }
  return TARN_OK;
}

static int index_at(const tarn_tensor *indices, int i) {
  return indices ? (int)tarn__tensor_int(indices, i) : i;
}

/* ---- putting -------------------------------------------------------------------------------- */

/* Components into a tuple; those that were there must not be given again. */
static tarn_status give(tarn_staging *s, tuple *t, const tarn_tensor *indices,
                        const tarn_tensor *const *values, int n) {
  for (int i = 0; i < n; i++) {
    const int k = index_at(indices, i);
    if (values[i]->dtype != s->dtype[k])
      return tarn_fail(TARN_DTYPE, "component %d is %s, got %s", k, tarn_dtype_name(s->dtype[k]),
                       tarn_dtype_name(values[i]->dtype));
    if (t->component[k].dtype != TARN_NO_DTYPE)
      return tarn_fail(TARN_INVALID,
                       "The tensor for index '%d' for key '%lld' was already initialized", k,
                       (long long)t->key);
  }
  for (int i = 0; i < n; i++) {
    TARN_TRY(tarn__tensor_own(s->allocator, values[i], &t->component[index_at(indices, i)]));
    t->given++;
  }
  return TARN_OK;
}

static bool has_room(const tarn_staging *s, size_t bytes) {
  return (s->capacity <= 0 || s->wholes < s->capacity) &&
         (s->memory_limit <= 0 || s->bytes + bytes <= (size_t)s->memory_limit);
}

/* A whole tuple joins the others once there is room; one whose key is there already is dropped.
 * Takes t. */
static tarn_status join(tarn_staging *s, const tarn_run *run, tuple *t, bool keyed) {
  const size_t bytes = bytes_of(s, t);
  tarn_waiting w = tarn__waiting(run);
  tarn_status status = TARN_OK;
  if (s->memory_limit > 0 && bytes > (size_t)s->memory_limit)
    status = tarn_fail(TARN_LIMIT,
                       "tensors of %zu bytes for staging area '%s' with a memory limit of %lld",
                       bytes, s->name, (long long)s->memory_limit);
  while (status == TARN_OK && !has_room(s, bytes))
    status = tarn__wait(&w, &s->changed, &s->lock, "room in staging area", s->name);
  tarn__wait_end(&w);
  if (!keyed) t->key = s->next_key++;
  tuple **link = link_of(&s->whole, t->key);
  if (status != TARN_OK || is(link, t->key)) {
    drop(s, t);
    return status;
  }
  insert(link, t);
  s->wholes++;
  s->bytes += bytes;
  pthread_cond_broadcast(&s->changed);
  return TARN_OK;
}

static tarn_status put(tarn_staging *s, const tarn_run *run, const int64_t *key,
                       const tarn_tensor *indices, const tarn_tensor *const *values, int n) {
  TARN_TRY(check_indices(s, indices, n));
  tuple **link = key ? link_of(&s->parts, *key) : NULL, *t;
  if (n < s->components && !key)
    return tarn_fail(TARN_INVALID, "%d values for staging area '%s' of %d", n, s->name,
                     s->components);
  const bool more = n < s->components && is(link, *key);   /* of a tuple that has begun */
  if (more) {
    TARN_TRY(give(s, *link, indices, values, n));
    if ((*link)->given < s->components) return TARN_OK;
    t = unlink_at(link);
    s->incomplete--;
    return join(s, run, t, true);
  }
  t = tarn__alloc_zero(s->allocator, tuple_block(s));
  if (!t) return TARN_NO_MEMORY;
  if (key) t->key = *key;
  const tarn_status status = give(s, t, indices, values, n);
  if (status != TARN_OK) {
    drop(s, t);
    return status;
  }
  if (n == s->components) return join(s, run, t, key != NULL);
  insert(link, t);
  s->incomplete++;
  return TARN_OK;
}

tarn_status tarn__staging_put(tarn_staging *s, const tarn_run *run, const int64_t *key,
                              const tarn_tensor *indices, const tarn_tensor *const *values, int n) {
  pthread_mutex_lock(&s->lock);
  const tarn_status status = put(s, run, key, indices, values, n);
  pthread_mutex_unlock(&s->lock);
  return status;
}

/* ---- taking --------------------------------------------------------------------------------- */

static tuple **find(tarn_staging *s, tarn_staging_place place) {
  tuple **link = &s->whole;
  if (place.key) {
    link = link_of(link, *place.key);
    return is(link, *place.key) ? link : NULL;
  }
  for (int64_t i = 0; i < place.place && *link; i++) link = &(*link)->next;
  return *link ? link : NULL;
}

static tarn_status hand_out(tarn_staging *s, tuple **link, const tarn_tensor *indices, bool stay,
                            const tarn_dtype *dtypes, tarn_tensor *values, int n) {
  tuple *t = *link;
  for (int i = 0; i < n; i++) {
    const int k = index_at(indices, i);
    if (s->dtype[k] != dtypes[i])
      return tarn_fail(TARN_DTYPE, "component %d is %s, asked for as %s", k,
                       tarn_dtype_name(s->dtype[k]), tarn_dtype_name(dtypes[i]));
    if (t->component[k].dtype == TARN_NO_DTYPE)
      return tarn_fail(TARN_INVALID,
                       "Tensor at index '%d' for key '%lld' has already been removed.", k,
                       (long long)t->key);
  }
  for (int i = 0; i < n; i++) {
    tarn_tensor *x = &t->component[index_at(indices, i)];
    tarn__tensor_share(x, &values[i]);
    if (stay) continue;
    s->bytes -= tarn__tensor_bytes(x);
    tarn__tensor_clear(x);
    t->given--;
  }
  if (!stay && t->given == 0) {
    drop(s, unlink_at(link));
    s->wholes--;
  }
  if (!stay) pthread_cond_broadcast(&s->changed);
  return TARN_OK;
}

tarn_status tarn__staging_take(tarn_staging *s, const tarn_run *run, tarn_staging_place place,
                               const tarn_tensor *indices, bool stay, const tarn_dtype *dtypes,
                               tarn_tensor *values, int n, int64_t *key) {
  tarn_waiting w = tarn__waiting(run);
  tuple **link = NULL;
  pthread_mutex_lock(&s->lock);
  tarn_status status = check_indices(s, indices, n);
  while (status == TARN_OK && !(link = find(s, place)))
    status = tarn__wait(&w, &s->changed, &s->lock, "elements of staging area", s->name);
  tarn__wait_end(&w);
  if (status == TARN_OK) {
    if (key) *key = (*link)->key;
    status = hand_out(s, link, indices, stay, dtypes, values, n);
  }
  pthread_mutex_unlock(&s->lock);
  return status;
}

static int64_t peek(tarn_staging *s, const int64_t *count) {
  pthread_mutex_lock(&s->lock);
  const int64_t value = *count;
  pthread_mutex_unlock(&s->lock);
  return value;
}
int64_t tarn__staging_size(tarn_staging *s) { return peek(s, &s->wholes); }
int64_t tarn__staging_incomplete(tarn_staging *s) { return peek(s, &s->incomplete); }

void tarn__staging_clear(tarn_staging *s) {
  pthread_mutex_lock(&s->lock);
  empty(s);
  pthread_cond_broadcast(&s->changed);
  pthread_mutex_unlock(&s->lock);
}
