/* Tuples that are not whole, in a list; whole ones in a queue's store, by the number of the
 * insertion that began them. See barrier.h. */
#include "kernels/state/waiting/barrier.h"

#include "core/bytes.h"
#include "core/memory.h"
#include "kernels/cpu/flow/pieces.h"
#include "kernels/state/waiting/queue_store.h"
#include "kernels/state/waiting/wait.h"

#include <string.h>

/* A tuple in parts: number, key, components (TARN_NO_DTYPE: not there yet). */
typedef struct partial {
  struct partial *next;
  int given;
  tarn_tensor tuple[];
} partial;

struct tarn_barrier {
  tarn_object object;
  const tarn_allocator *allocator;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  tarn_queue_store ready;
  partial *parts;
  int64_t incomplete, number;    /* number of the next insertion */
  bool closed, cancelled;
  char *name;
  size_t block;                  /* bytes of this block: the struct, dtypes, shapes, name */
  int components;
  tarn_dtype *dtype;
  tarn_shape *shape;
};

static size_t part_block(const tarn_barrier *b) {
  return sizeof(partial) + (size_t)(b->components + 2) * sizeof(tarn_tensor);
}

static void drop(tarn_barrier *b, partial *p, bool tensors) {
  for (int k = 0; k < b->components + 2 && tensors; k++) tarn__tensor_clear(&p->tuple[k]);
  tarn__free(b->allocator, p, part_block(b));
}

static void drop_parts(tarn_barrier *b) {
  for (partial *p = b->parts, *next; p; p = next) {
    next = p->next;
    drop(b, p, true);
  }
  b->parts = NULL;
  b->incomplete = 0;
}

static void destroy(void *object) {
  tarn_barrier *b = object;
  drop_parts(b);
  tarn__queue_store_clear(&b->ready);
  pthread_cond_destroy(&b->changed);
  pthread_mutex_destroy(&b->lock);
  tarn__free(b->allocator, b, b->block);
}

const tarn_object_type tarn__barrier_type = {.name = "Barrier", .destroy = destroy};

typedef struct request {
  const char *name;
  const tarn_barrier_spec *spec;
} request;

static tarn_status create(const tarn_allocator *a, const void *argument, void **object) {
  const request *r = argument;
  const size_t n = (size_t)r->spec->components, name = strlen(r->name) + 1;
  const size_t block = sizeof(tarn_barrier) + n * (sizeof(tarn_shape) + sizeof(tarn_dtype)) + name;
  tarn_barrier *b = tarn__alloc_zero(a, block);
  if (!b) return TARN_NO_MEMORY;
  if (pthread_mutex_init(&b->lock, NULL) != 0) goto no_lock;
  if (pthread_cond_init(&b->changed, NULL) != 0) {
    pthread_mutex_destroy(&b->lock);
    goto no_lock;
  }
  tarn__object_init(&b->object, &tarn__barrier_type);
  b->allocator = a;
  b->block = block;
  b->components = r->spec->components;
  b->number = INT64_MIN;
  b->shape = (tarn_shape *)(b + 1);
  b->dtype = (tarn_dtype *)(b->shape + n);
  memcpy(b->shape, r->spec->shapes, n * sizeof *b->shape);
  memcpy(b->dtype, r->spec->dtypes, n * sizeof *b->dtype);
  b->name = memcpy(b->dtype + n, r->name, name);
  b->ready = (tarn_queue_store){
      .allocator = a, .kind = TARN_QUEUE_PRIORITY, .components = b->components + 2};
  *object = b;
  return TARN_OK;
no_lock:
  tarn__free(a, b, block);
  return tarn_fail(TARN_NO_MEMORY, "no lock for barrier '%s'", r->name);
}

tarn_status tarn__barrier_get(tarn_resources *resources, const char *name,
                              const tarn_barrier_spec *spec, tarn_barrier **barrier) {
  const request r = {name, spec};
  void *object;
  TARN_TRY(tarn__resources_get(resources, &tarn__barrier_type, name, create, &r, &object));
  tarn_barrier *b = object;
  bool same = b->components == spec->components;
  for (int k = 0; k < spec->components && same; k++)
    same = b->dtype[k] == spec->dtypes[k] && tarn__shape_equal(&b->shape[k], &spec->shapes[k]);
  if (same) {
    *barrier = b;
    return TARN_OK;
  }
  tarn__object_release(b);
  return tarn_fail(TARN_INVALID, "shared barrier '%s' has other components", name);
}

int tarn__barrier_components(const tarn_barrier *b) { return b->components; }
tarn_dtype tarn__barrier_dtype(const tarn_barrier *b, int k) { return b->dtype[k]; }
const tarn_shape *tarn__barrier_shape(const tarn_barrier *b, int k) { return &b->shape[k]; }

/* ---- inserting ------------------------------------------------------------------------------ */

static partial **find(tarn_barrier *b, const tarn_string *key) {
  partial **link = &b->parts;
  for (; *link; link = &(*link)->next) {
    const tarn_string *other = (*link)->tuple[1].data;
    if (other->size == key->size &&
        (key->size == 0 || memcmp(other->data, key->data, key->size) == 0))
      break;
  }
  return link;
}

/* A tuple that has its number and key alone. */
static tarn_status begin(tarn_barrier *b, const tarn_string *key, partial **made) {
  const tarn_shape scalar = tarn__shape_scalar();
  partial *p = tarn__alloc_zero(b->allocator, part_block(b));
  if (!p) return TARN_NO_MEMORY;
  tarn_status status = tarn__tensor_new(b->allocator, TARN_I64, &scalar, &p->tuple[0]);
  if (status == TARN_OK)
    status = tarn__tensor_new(b->allocator, TARN_STRING, &scalar, &p->tuple[1]);
  if (status == TARN_OK)
    status = tarn__string_set(&p->tuple[1], 0, key->size ? key->data : "", key->size);
  if (status != TARN_OK) {
    drop(b, p, true);
    return status;
  }
  *(int64_t *)p->tuple[0].data = b->number;
  *made = p;
  return TARN_OK;
}

static tarn_status insert(tarn_barrier *b, const tarn_string *key, int component,
                          const tarn_tensor *values, int64_t row, bool *fresh) {
  char shown[64];
  partial **link = find(b, key);
  if (!*link) {
    if (b->closed)
      return tarn_fail(TARN_CANCELLED,
                       "Barrier %s is closed, but attempted to insert a brand new key: %s", b->name,
                       tarn__printable(key->size ? key->data : "", key->size, shown, sizeof shown));
    TARN_TRY(begin(b, key, link));
    b->incomplete++;
    *fresh = true;
  }
  partial *p = *link;
  tarn_tensor *to = &p->tuple[2 + component];
  if (to->dtype != TARN_NO_DTYPE)
    return tarn_fail(TARN_INVALID, "Key %s already has a value for component %d in barrier %s",
                     tarn__printable(key->size ? key->data : "", key->size, shown, sizeof shown),
                     component, b->name);
  if (p->given + 1 == b->components) TARN_TRY(tarn__queue_store_reserve(&b->ready));
  tarn__piece(values, row, 1, true, to);
  if (++p->given < b->components) return TARN_OK;
  *link = p->next;
  b->incomplete--;
  tarn__queue_store_push(&b->ready, p->tuple);
  drop(b, p, false);
  return TARN_OK;
}

tarn_status tarn__barrier_insert(tarn_barrier *b, const tarn_tensor *keys, int component,
                                 const tarn_tensor *values) {
  const int64_t n = tarn__tensor_elements(keys);
  tarn_status status = TARN_OK;
  bool fresh = false;
  pthread_mutex_lock(&b->lock);
  if (b->closed && (b->cancelled || (n && !b->parts)))
    status = tarn_fail(TARN_CANCELLED, "Barrier %s is closed. Number of new insertions: %lld.",
                       b->name, (long long)n);
  for (int64_t i = 0; i < n && status == TARN_OK; i++)
    status = insert(b, (const tarn_string *)keys->data + i, component, values, i, &fresh);
  if (status == TARN_OK && fresh) b->number++;
  pthread_cond_broadcast(&b->changed);
  pthread_mutex_unlock(&b->lock);
  return status;
}

/* ---- taking and closing ---------------------------------------------------------------------- */

/* Once it is closed: how many will be given, or TARN_END. */
static tarn_status settle(const tarn_barrier *b, bool fewer, int64_t *n) {
  const int64_t ready = b->ready.count, to_come = fewer ? 0 : b->incomplete;
  if (fewer && ready < *n) *n = ready;
  if (ready + to_come >= (*n > 1 ? *n : 1)) return TARN_OK;
  return tarn_fail(
      TARN_END,
      "Barrier '%s' is closed and has insufficient elements (requested %lld, total size %lld)",
      b->name, (long long)*n, (long long)(ready + to_come));
}

tarn_status tarn__barrier_take(tarn_barrier *b, const tarn_run *run, int64_t n, bool fewer,
                               tarn_tensor *tuples, int64_t *taken) {
  tarn_waiting w = tarn__waiting(run);
  tarn_status status = TARN_OK;
  int64_t wanted = n;
  pthread_mutex_lock(&b->lock);
  for (;;) {
    if (b->closed) status = settle(b, fewer, &wanted);
    if (status != TARN_OK || b->ready.count >= wanted) break;
    status = tarn__wait(&w, &b->changed, &b->lock, "elements of barrier", b->name);
    if (status != TARN_OK) break;
  }
  tarn__wait_end(&w);
  for (*taken = 0; status == TARN_OK && *taken < wanted; ++*taken)
    tarn__queue_store_pop(&b->ready, tuples + *taken * (b->components + 2));
  pthread_mutex_unlock(&b->lock);
  return status;
}

tarn_status tarn__barrier_close(tarn_barrier *b, bool cancel) {
  tarn_status status = TARN_OK;
  pthread_mutex_lock(&b->lock);
  if (b->closed && (b->cancelled || !cancel))
    status = tarn_fail(TARN_CANCELLED, "Barrier '%s' is already closed.", b->name);
  if (status == TARN_OK) {
    b->closed = true;
    b->cancelled = cancel;
    if (cancel) drop_parts(b);
    pthread_cond_broadcast(&b->changed);
  }
  pthread_mutex_unlock(&b->lock);
  return status;
}

int64_t tarn__barrier_ready(tarn_barrier *b) {
  pthread_mutex_lock(&b->lock);
  const int64_t count = b->ready.count;
  pthread_mutex_unlock(&b->lock);
  return count;
}
int64_t tarn__barrier_incomplete(tarn_barrier *b) {
  pthread_mutex_lock(&b->lock);
  const int64_t count = b->incomplete;
  pthread_mutex_unlock(&b->lock);
  return count;
}
