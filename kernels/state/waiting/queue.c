/* Queues: who waits, who is served, closing. The tuples are in queue_store.c. */
#include "kernels/state/waiting/queue.h"

#include "core/memory.h"
#include "core/random.h"
#include "kernels/cpu/flow/pieces.h"
#include "kernels/state/waiting/queue_store.h"
#include "kernels/state/waiting/wait.h"

#include <string.h>

/* One call that puts or takes, in the line of its sort. */
typedef struct attempt {
  struct attempt *next;
} attempt;

struct tarn_queue {
  tarn_object object;
  const tarn_allocator *allocator;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  tarn_queue_store store;
  attempt *putting, *taking;     /* the first is served */
  bool closing;                  /* closed when `putting` is empty */
  bool closed, cancelled;
  bool has_shapes;
  int64_t capacity, min_after, seed, seed2;
  char *name;
  size_t bytes;                  /* of this block: the struct, dtypes, shapes, name */
  tarn_dtype *dtype;
  tarn_shape *shape;
};

static void destroy(void *object) {
  tarn_queue *q = object;
  tarn__queue_store_clear(&q->store);
  pthread_cond_destroy(&q->changed);
  pthread_mutex_destroy(&q->lock);
  tarn__free(q->allocator, q, q->bytes);
}

const tarn_object_type tarn__queue_type = {.name = "Queue", .destroy = destroy};

typedef struct request {
  const char *name;
  const tarn_queue_spec *spec;
} request;

static tarn_status create(const tarn_allocator *a, const void *argument, void **object) {
  const request *r = argument;
  const tarn_queue_spec *s = r->spec;
  const size_t n = (size_t)s->components, name = strlen(r->name) + 1;
  const size_t bytes = sizeof(tarn_queue) + n * (sizeof(tarn_shape) + sizeof(tarn_dtype)) + name;
  tarn_queue *q = tarn__alloc_zero(a, bytes);
  if (!q) return TARN_NO_MEMORY;
  if (pthread_mutex_init(&q->lock, NULL) != 0) goto no_lock;
  if (pthread_cond_init(&q->changed, NULL) != 0) {
    pthread_mutex_destroy(&q->lock);
    goto no_lock;
  }
  tarn__object_init(&q->object, &tarn__queue_type);
  q->allocator = a;
  q->bytes = bytes;
  q->shape = (tarn_shape *)(q + 1);
  q->dtype = (tarn_dtype *)(q->shape + n);
  q->name = memcpy(q->dtype + n, r->name, name);
  memcpy(q->dtype, s->dtypes, n * sizeof *q->dtype);
  if (s->shapes) memcpy(q->shape, s->shapes, n * sizeof *q->shape);
  q->has_shapes = s->shapes != NULL;
  q->capacity = s->capacity;
  q->min_after = s->kind == TARN_QUEUE_SHUFFLE ? s->min_after_dequeue : 0;
  q->seed = s->seed;
  q->seed2 = s->seed2;
  tarn_philox g;
  if (s->seed || s->seed2) tarn__philox_init(&g, (uint64_t)s->seed, (uint64_t)s->seed2);
  else tarn__philox_init(&g, tarn__random_seed(), tarn__random_seed());
  q->store = (tarn_queue_store){
      .allocator = a, .kind = s->kind, .components = s->components, .stream = tarn__stream(g)};
  *object = q;
  return TARN_OK;
no_lock:
  tarn__free(a, q, bytes);
  return tarn_fail(TARN_NO_MEMORY, "no lock for queue '%s'", r->name);
}

static const char *kind_name(tarn_queue_kind kind) {
  static const char *const names[] = {
#define X(name, text) [TARN_QUEUE_##name] = text,
    TARN_QUEUE_KIND_MAP(X)
#undef X
  };
  return names[kind];
}

/* The queue was made by another node; this one must mean the same. */
static tarn_status matches(const tarn_queue *q, const tarn_queue_spec *s) {
  char had[TARN_SHAPE_TEXT], wanted[TARN_SHAPE_TEXT];
  if (q->store.kind != s->kind)
    return tarn_fail(TARN_INVALID, "Shared queue '%s' is a %s, not a %s", q->name,
                     kind_name(q->store.kind), kind_name(s->kind));
  if (q->capacity != s->capacity)
    return tarn_fail(TARN_INVALID,
                     "Shared queue '%s' has capacity %lld but requested capacity was %lld", q->name,
                     (long long)q->capacity, (long long)s->capacity);
  if (q->store.components != s->components)
    return tarn_fail(TARN_INVALID, "Shared queue '%s' has %d components but %d were requested",
                     q->name, q->store.components, s->components);
  if (q->has_shapes != (s->shapes != NULL))
    return tarn_fail(TARN_INVALID,
                     "Shared queue '%s' has %s component shapes, unlike the requested one", q->name,
                     q->has_shapes ? "known" : "no");
  for (int k = 0; k < s->components; k++) {
    if (q->dtype[k] != s->dtypes[k])
      return tarn_fail(TARN_INVALID,
                       "Shared queue '%s' has component %d of %s but requested was %s", q->name, k,
                       tarn_dtype_name(q->dtype[k]), tarn_dtype_name(s->dtypes[k]));
    if (s->shapes && !tarn__shape_equal(&q->shape[k], &s->shapes[k]))
      return tarn_fail(TARN_INVALID,
                       "Shared queue '%s' has component %d of shape %s but requested was %s",
                       q->name, k, tarn__shape_print(&q->shape[k], had),
                       tarn__shape_print(&s->shapes[k], wanted));
  }
  if (s->kind != TARN_QUEUE_SHUFFLE) return TARN_OK;
  if (q->min_after != s->min_after_dequeue)
    return tarn_fail(TARN_INVALID,
                     "Shared queue '%s' has min_after_dequeue %lld but requested was %lld", q->name,
                     (long long)q->min_after, (long long)s->min_after_dequeue);
  if ((s->seed || s->seed2) && (q->seed != s->seed || q->seed2 != s->seed2))
    return tarn_fail(
        TARN_INVALID,
        "Shared queue '%s' has random seeds (%lld, %lld) but requested seeds are (%lld, %lld)",
        q->name, (long long)q->seed, (long long)q->seed2, (long long)s->seed, (long long)s->seed2);
  return TARN_OK;
}

tarn_status tarn__queue_get(tarn_resources *resources, const char *name,
                            const tarn_queue_spec *spec, tarn_queue **queue) {
  const request r = {name, spec};
  void *object;
  TARN_TRY(tarn__resources_get(resources, &tarn__queue_type, name, create, &r, &object));
  const tarn_status status = matches(object, spec);
  if (status != TARN_OK) tarn__object_release(object);
  else *queue = object;
  return status;
}

/* ---- lines ----------------------------------------------------------------------------------- */

static void join(attempt **line, attempt *me) {
  while (*line) line = &(*line)->next;
  me->next = NULL;
  *line = me;
}

static void leave(tarn_queue *q, attempt **line, attempt *me) {
  while (*line != me) line = &(*line)->next;
  *line = me->next;
  if (q->closing && !q->putting) q->closed = true;
  pthread_cond_broadcast(&q->changed);
}

/* ---- putting --------------------------------------------------------------------------------- */

static tarn_status is_closed(const tarn_queue *q) {
  return tarn_fail(TARN_CANCELLED, "%s '%s' is closed.", kind_name(q->store.kind), q->name);
}

static tarn_status append(tarn_queue *q, const tarn_tensor *tuple) {
  const int n = q->store.components;
  tarn_tensor own[64], *kept = own;
  tarn_status status = tarn__queue_store_reserve(&q->store);
  if (status != TARN_OK) return status;
  const size_t bytes = (size_t)n * sizeof *kept;
  if (n > 64 && !(kept = tarn__alloc(q->allocator, bytes))) return TARN_NO_MEMORY;
  int done = 0;
  for (; done < n && status == TARN_OK; done++)
    status = tarn__tensor_own(q->allocator, &tuple[done], &kept[done]);
  if (status == TARN_OK) tarn__queue_store_push(&q->store, kept);
  else
    for (int k = 0; k + 1 < done; k++) tarn__tensor_clear(&kept[k]);
  if (kept != own) tarn__free(q->allocator, kept, bytes);
  if (status == TARN_OK) pthread_cond_broadcast(&q->changed);
  return status;
}

/* Waits until `me` is served and there is room, and puts. The lock is held. */
static tarn_status put_one(tarn_queue *q, const tarn_run *run, const attempt *me,
                           const tarn_tensor *tuple) {
  tarn_waiting w = tarn__waiting(run);
  tarn_status status = TARN_OK;
  while (status == TARN_OK && !q->cancelled &&
         (q->putting != me || (q->capacity >= 0 && q->store.count >= q->capacity)))
    status = tarn__wait(&w, &q->changed, &q->lock, "room in queue", q->name);
  tarn__wait_end(&w);
  if (status == TARN_OK && q->cancelled) status = is_closed(q);
  return status == TARN_OK ? append(q, tuple) : status;
}

tarn_status tarn__queue_put(tarn_queue *queue, const tarn_run *run, const tarn_tensor *tuple) {
  tarn_queue *q = queue;
  tarn_status status;
  attempt me;
  pthread_mutex_lock(&q->lock);
  if (q->closed || q->closing) {
    status = is_closed(q);
  } else {
    join(&q->putting, &me);
    status = put_one(q, run, &me, tuple);
    leave(q, &q->putting, &me);
  }
  pthread_mutex_unlock(&q->lock);
  return status;
}

static tarn_status put_row(tarn_queue *q, const tarn_run *run, const attempt *me,
                           const tarn_tensor *components, int64_t row, tarn_tensor *tuple) {
  for (int k = 0; k < q->store.components; k++)
    tarn__piece(&components[k], row, 1, true, &tuple[k]);
  const tarn_status status = put_one(q, run, me, tuple);
  for (int k = 0; k < q->store.components; k++) tarn__tensor_clear(&tuple[k]);
  return status;
}

tarn_status tarn__queue_put_rows(tarn_queue *queue, const tarn_run *run,
                                 const tarn_tensor *components) {
  tarn_queue *q = queue;
  const int64_t rows = components[0].shape.dim[0];
  const size_t bytes = (size_t)q->store.components * sizeof(tarn_tensor);
  tarn_tensor *tuple = tarn__alloc(q->allocator, bytes);
  tarn_status status = TARN_OK;
  attempt me;
  if (!tuple) return TARN_NO_MEMORY;
  pthread_mutex_lock(&q->lock);
  if (q->closed || q->closing) {
    status = is_closed(q);
  } else {
    join(&q->putting, &me);
    for (int64_t i = 0; i < rows && status == TARN_OK; i++)
      status = put_row(q, run, &me, components, i, tuple);
    leave(q, &q->putting, &me);
  }
  pthread_mutex_unlock(&q->lock);
  tarn__free(q->allocator, tuple, bytes);
  return status;
}

/* ---- taking ---------------------------------------------------------------------------------- */

/* The first of the line takes what there is. *done: no more is to come. */
static tarn_status take_some(tarn_queue *q, int64_t n, bool up_to, tarn_tensor *tuples,
                             int64_t *taken, bool *done) {
  const int64_t had = *taken, here = q->store.count;
  if (q->closed && here < n - had && (!up_to || here + had == 0))
    return tarn_fail(
        TARN_END,
        "%s '%s' is closed and has insufficient elements (requested %lld, current size %lld)",
        kind_name(q->store.kind), q->name, (long long)n, (long long)(here + had));
  const int64_t stay = q->closed ? 0 : q->min_after;
  while (*taken < n && q->store.count > stay)
    tarn__queue_store_pop(&q->store, tuples + (*taken)++ * q->store.components);
  if (*taken > had) pthread_cond_broadcast(&q->changed);
  *done = *taken == n || q->closed;
  return TARN_OK;
}

tarn_status tarn__queue_take(tarn_queue *queue, const tarn_run *run, int64_t n, bool up_to,
                             tarn_tensor *tuples, int64_t *taken) {
  tarn_queue *q = queue;
  tarn_status status = TARN_OK;
  tarn_waiting w = tarn__waiting(run);
  attempt me;
  bool done = false;
  int64_t got = 0;
  pthread_mutex_lock(&q->lock);
  join(&q->taking, &me);
  for (;;) {
    if (q->taking == &me) status = take_some(q, n, up_to, tuples, &got, &done);
    if (status != TARN_OK || done) break;
    status = tarn__wait(&w, &q->changed, &q->lock, "elements of queue", q->name);
    if (status != TARN_OK) break;
  }
  tarn__wait_end(&w);
  if (status != TARN_OK && got > 0) {
    const tarn_status back = tarn__queue_store_return(&q->store, tuples, got);
    if (back != TARN_OK) status = back;
  }
  leave(q, &q->taking, &me);
  pthread_mutex_unlock(&q->lock);
  if (status == TARN_OK) *taken = got;
  return status;
}

/* ---- closing, and what there is -------------------------------------------------------------- */

tarn_status tarn__queue_close(tarn_queue *queue, const tarn_run *run, bool cancel_pending) {
  tarn_queue *q = queue;
  tarn_status status = TARN_OK;
  tarn_waiting w = tarn__waiting(run);
  pthread_mutex_lock(&q->lock);
  if (q->closed && !cancel_pending) {
    status =
        tarn_fail(TARN_CANCELLED, "%s '%s' is already closed.", kind_name(q->store.kind), q->name);
  } else {
    if (cancel_pending) q->cancelled = true;
    if (cancel_pending || !q->putting) q->closed = true;
    q->closing = true;
    pthread_cond_broadcast(&q->changed);
    while (status == TARN_OK && !q->closed)
      status = tarn__wait(&w, &q->changed, &q->lock, "room in queue", q->name);
    tarn__wait_end(&w);
  }
  pthread_mutex_unlock(&q->lock);
  return status;
}

int64_t tarn__queue_size(tarn_queue *queue) {
  pthread_mutex_lock(&queue->lock);
  const int64_t count = queue->store.count;
  pthread_mutex_unlock(&queue->lock);
  return count;
}

bool tarn__queue_is_closed(tarn_queue *queue) {
  pthread_mutex_lock(&queue->lock);
  const bool closed = queue->closed;
  pthread_mutex_unlock(&queue->lock);
  return closed;
}

const tarn_shape *tarn__queue_shape(const tarn_queue *queue, int k) {
  return queue->has_shapes ? &queue->shape[k] : NULL;
}
int tarn__queue_components(const tarn_queue *queue) { return queue->store.components; }
bool tarn__queue_pads(const tarn_queue *queue) { return queue->store.kind == TARN_QUEUE_PADDING; }
bool tarn__queue_gives_fewer(const tarn_queue *queue) {
  return queue->store.kind != TARN_QUEUE_PRIORITY;
}
tarn_dtype tarn__queue_dtype(const tarn_queue *queue, int k) { return queue->dtype[k]; }
const char *tarn__queue_kind_name(const tarn_queue *queue) { return kind_name(queue->store.kind); }
const char *tarn__queue_name(const tarn_queue *queue) { return queue->name; }

tarn_status tarn__queue_check(const tarn_queue *queue, int count, const tarn_tensor *const *tensors,
                              bool drop_dim) {
  char had[TARN_SHAPE_TEXT], got[TARN_SHAPE_TEXT];
  if (count != queue->store.components)
    return tarn_fail(TARN_INVALID, "queue '%s' has tuples of %d tensors, got %d", queue->name,
                     queue->store.components, count);
  for (int k = 0; k < count; k++) {
    tarn_shape s = tensors[k]->shape;
    if (tensors[k]->dtype != queue->dtype[k])
      return tarn_fail(TARN_DTYPE, "Type mismatch in tuple component %d. Expected %s, got %s", k,
                       tarn_dtype_name(queue->dtype[k]), tarn_dtype_name(tensors[k]->dtype));
    if (drop_dim) {
      if (s.rank < 1 || s.dim[0] != tensors[0]->shape.dim[0])
        return tarn_fail(TARN_SHAPE,
                         "tuple component %d: all components must have the same first dim, got %s",
                         k, tarn__shape_print(&s, got));
      s = tarn__piece_rest(&s);
    }
    if (queue->has_shapes && !tarn__shape_compatible(&queue->shape[k], &s))
      return tarn_fail(TARN_SHAPE, "Shape mismatch in tuple component %d. Expected %s, got %s", k,
                       tarn__shape_print(&queue->shape[k], had), tarn__shape_print(&s, got));
    if (queue->store.kind == TARN_QUEUE_PRIORITY && k == 0 && s.rank != 0)
      return tarn_fail(TARN_SHAPE, "a priority must be a scalar, got %s",
                       tarn__shape_print(&s, got));
  }
  return TARN_OK;
}
