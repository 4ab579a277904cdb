#include "kernels/state/queue.h"

#include "core/memory.h"
#include "core/random.h"
#include "kernels/cpu/random/stream.h"

#include <pthread.h>
#include <time.h>

struct tarn_queue {
  tarn_object object;
  const tarn_allocator *allocator;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  int components;
  bool has_shapes, shuffles, closed, cancelled;
  int64_t capacity, min_after;
  tarn_stream stream;
  tarn_tensor *ring;             /* [room][components]; `count` tuples from `first` on */
  int64_t room, first, count;
  char *name;
  size_t bytes;                  /* of this block: the struct, dtypes, shapes, name */
  tarn_dtype *dtype;
  tarn_shape *shape;
};

static tarn_tensor *tuple_at(const tarn_queue *q, int64_t i) { return q->ring + (q->first + i) % q->room * q->components; }

static void destroy(void *object) {
  tarn_queue *q = object;
  for (int64_t i = 0; i < q->count; i++)
    for (int k = 0; k < q->components; k++) tarn__tensor_clear(&tuple_at(q, i)[k]);
  tarn__free(q->allocator, q->ring, (size_t)q->room * (size_t)q->components * sizeof(tarn_tensor));
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
  q->components = s->components;
  q->shape = (tarn_shape *)(q + 1);
  q->dtype = (tarn_dtype *)(q->shape + n);
  q->name = memcpy(q->dtype + n, r->name, name);
  memcpy(q->dtype, s->dtypes, n * sizeof *q->dtype);
  if (s->shapes) memcpy(q->shape, s->shapes, n * sizeof *q->shape);
  q->has_shapes = s->shapes != NULL;
  q->capacity = s->capacity;
  q->shuffles = s->shuffles;
  q->min_after = s->shuffles ? s->min_after_dequeue : 0;
  tarn_philox g;
  if (s->seed || s->seed2) tarn__philox_init(&g, (uint64_t)s->seed, (uint64_t)s->seed2);
  else tarn__philox_init(&g, tarn__random_seed(), tarn__random_seed());
  q->stream = tarn__stream(g);
  *object = q;
  return TARN_OK;
no_lock:
  tarn__free(a, q, bytes);
  return tarn_fail(TARN_NO_MEMORY, "no lock for queue '%s'", r->name);
}

tarn_status tarn__queue_get(tarn_resources *resources, const char *name, const tarn_queue_spec *spec, tarn_queue **queue) {
  const request r = {name, spec};
  void *object;
  TARN_TRY(tarn__resources_get(resources, &tarn__queue_type, name, create, &r, &object));
  tarn_queue *q = object;
  bool same = q->components == spec->components && q->shuffles == spec->shuffles;
  for (int k = 0; k < spec->components && same; k++) same = q->dtype[k] == spec->dtypes[k];
  if (!same) {
    tarn__object_release(q);
    return tarn_fail(TARN_INVALID, "Shared queue '%s' has other component types or another order", name);
  }
  *queue = q;
  return TARN_OK;
}

/* ---- waiting --------------------------------------------------------------------------------- */

/* Unlocks until something changed or a few milliseconds passed, so that a cancelled run does not wait for ever. */
static tarn_status wait_a_little(tarn_queue *q, const tarn_run *run) {
  struct timespec until;
  TARN_TRY(tarn__run_check(run));
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_nsec += 5000000;
  if (until.tv_nsec >= 1000000000) {
    until.tv_nsec -= 1000000000;
    until.tv_sec++;
  }
  pthread_cond_timedwait(&q->changed, &q->lock, &until);
  return TARN_OK;
}

static tarn_status make_room(tarn_queue *q) {
  if (q->count < q->room) return TARN_OK;
  const int64_t room = q->room ? 2 * q->room : 16;
  const size_t tuple = (size_t)q->components * sizeof(tarn_tensor);
  size_t bytes;
  if (tarn__mul_overflow((size_t)room, tuple, &bytes)) return tarn_fail(TARN_LIMIT, "queue '%s' is too long", q->name);
  tarn_tensor *grown = tarn__alloc(q->allocator, bytes);
  if (!grown) return TARN_NO_MEMORY;
  for (int64_t i = 0; i < q->count; i++) memcpy(grown + i * q->components, tuple_at(q, i), tuple);
  tarn__free(q->allocator, q->ring, (size_t)q->room * tuple);
  q->ring = grown;
  q->room = room;
  q->first = 0;
  return TARN_OK;
}

static tarn_status append(tarn_queue *q, const tarn_tensor *tuple) {
  TARN_TRY(make_room(q));
  tarn_tensor *to = tuple_at(q, q->count);
  for (int k = 0; k < q->components; k++) {
    const tarn_status status = tarn__tensor_own(q->allocator, &tuple[k], &to[k]);
    if (status == TARN_OK) continue;
    while (k-- > 0) tarn__tensor_clear(&to[k]);
    return status;
  }
  q->count++;
  pthread_cond_broadcast(&q->changed);
  return TARN_OK;
}

tarn_status tarn__queue_put(tarn_queue *queue, const tarn_run *run, const tarn_tensor *tuple) {
  tarn_queue *q = queue;
  tarn_status status = TARN_OK;
  pthread_mutex_lock(&q->lock);
  const bool was_closed = q->closed;
  while (status == TARN_OK && !was_closed && !q->cancelled && q->capacity >= 0 && q->count >= q->capacity) status = wait_a_little(q, run);
  if (status == TARN_OK) {
    if (was_closed || q->cancelled) status = tarn_fail(TARN_CANCELLED, "Queue '%s' is closed.", q->name);
    else status = append(q, tuple);
  }
  pthread_mutex_unlock(&q->lock);
  return status;
}

static void take_one(tarn_queue *q, tarn_tensor *to) {
  const size_t tuple = (size_t)q->components * sizeof *to;
  if (q->shuffles) {   /* the last one fills the gap */
    const int64_t i = tarn__stream_word(&q->stream) % (uint32_t)q->count;
    memcpy(to, tuple_at(q, i), tuple);
    if (i != q->count - 1) memcpy(tuple_at(q, i), tuple_at(q, q->count - 1), tuple);
  } else {
    memcpy(to, tuple_at(q, 0), tuple);
    q->first = (q->first + 1) % q->room;
  }
  q->count--;
}

tarn_status tarn__queue_take(tarn_queue *queue, const tarn_run *run, int64_t least, int64_t most, tarn_tensor *tuples, int64_t *taken) {
  tarn_queue *q = queue;
  tarn_status status = TARN_OK;
  pthread_mutex_lock(&q->lock);
  while (status == TARN_OK && !q->closed && q->count - q->min_after < least) status = wait_a_little(q, run);
  if (status == TARN_OK && q->count < least)
    status = tarn_fail(TARN_END, "Queue '%s' is closed and has insufficient elements (requested %lld, current size %lld)", q->name,
                       (long long)least, (long long)q->count);
  if (status == TARN_OK) {
    for (*taken = 0; *taken < most && q->count > (q->closed ? 0 : q->min_after); ++*taken)
      take_one(q, tuples + *taken * q->components);
    pthread_cond_broadcast(&q->changed);
  }
  pthread_mutex_unlock(&q->lock);
  return status;
}

void tarn__queue_close(tarn_queue *queue, bool cancel_pending) {
  pthread_mutex_lock(&queue->lock);
  queue->closed = true;
  if (cancel_pending) queue->cancelled = true;
  pthread_cond_broadcast(&queue->changed);
  pthread_mutex_unlock(&queue->lock);
}

int64_t tarn__queue_size(tarn_queue *queue) {
  pthread_mutex_lock(&queue->lock);
  const int64_t count = queue->count;
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

int tarn__queue_components(const tarn_queue *queue) { return queue->components; }

tarn_status tarn__queue_check(const tarn_queue *queue, int count, const tarn_tensor *const *tensors, bool drop_dim) {
  char had[TARN_SHAPE_TEXT], got[TARN_SHAPE_TEXT];
  if (count != queue->components)
    return tarn_fail(TARN_INVALID, "queue '%s' has tuples of %d tensors, got %d", queue->name, queue->components, count);
  for (int k = 0; k < count; k++) {
    tarn_shape s = tensors[k]->shape;
    if (tensors[k]->dtype != queue->dtype[k])
      return tarn_fail(TARN_DTYPE, "Type mismatch in tuple component %d. Expected %s, got %s", k, tarn_dtype_name(queue->dtype[k]),
                       tarn_dtype_name(tensors[k]->dtype));
    if (drop_dim) {
      if (s.rank < 1 || s.dim[0] != tensors[0]->shape.dim[0])
        return tarn_fail(TARN_SHAPE, "tuple component %d: all components must have the same first dim, got %s", k,
                         tarn__shape_print(&s, got));
      s.rank--;
      for (int d = 0; d < s.rank; d++) s.dim[d] = s.dim[d + 1];
    }
    if (queue->has_shapes && !tarn__shape_compatible(&queue->shape[k], &s))
      return tarn_fail(TARN_SHAPE, "Shape mismatch in tuple component %d. Expected %s, got %s", k,
                       tarn__shape_print(&queue->shape[k], had), tarn__shape_print(&s, got));
  }
  return TARN_OK;
}
