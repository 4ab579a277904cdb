#include "kernels/state/residence.h"

#include <pthread.h>
#include <string.h>

#include "core/memory.h"

enum { MOST_SPARE = 8 };    /* rooms kept for the next value of their size */
enum { STAGING = 1 << 20 }; /* bytes that downloads pass through at a time */
enum { SMALL = 4096, SMALL_ROOM = 16 * SMALL };

struct tarn_residence {
  tarn_object object;
  const tarn_allocator *allocator;
  const tarn_backend *backend;
  tarn_device_budget *budget;
  pthread_mutex_t lock;       /* recursive */
  tarn_queue *queue;          /* NULL: nobody has asked */
  void *staging;              /* STAGING bytes for downloads, then SMALL_ROOM for small uploads */
  size_t staged;              /* of the latter: bytes that copies in the queue may still read */
  pthread_mutex_t spare_lock; /* taken last */
  tarn_room *spare;           /* rooms without users, which work in the queue may still touch */
  int spares;
};

static void room_free(tarn_residence *r, tarn_room *room) {
  r->backend->api->free(r->backend->device, room->memory);
  tarn__device_refund(r->budget, room->bytes);
  tarn__free(r->allocator, room, sizeof *room);
}

/* The queue is idle. */
static void free_spare(tarn_residence *r) {
  pthread_mutex_lock(&r->spare_lock);
  tarn_room *room = r->spare;
  r->spare = NULL;
  r->spares = 0;
  pthread_mutex_unlock(&r->spare_lock);
  for (tarn_room *next; room; room = next) {
    next = room->next;
    room_free(r, room);
  }
}

static void destroy(void *object) {
  tarn_residence *r = object;
  const tarn_device_api *api = r->backend->api;
  if (r->queue) (void)api->sync(r->queue);
  free_spare(r);
  if (r->staging) api->free_host(r->backend->device, r->staging);
  if (r->queue) api->queue_destroy(r->queue);
  pthread_mutex_destroy(&r->lock);
  pthread_mutex_destroy(&r->spare_lock);
  tarn__free(r->allocator, r, sizeof *r);
}

static const tarn_object_type residence_type = {.name = "Residence", .destroy = destroy};

static bool init_locks(tarn_residence *r) {
  pthread_mutexattr_t again;
  if (pthread_mutexattr_init(&again) != 0) return false;
  bool made = pthread_mutexattr_settype(&again, PTHREAD_MUTEX_RECURSIVE) == 0 &&
              pthread_mutex_init(&r->lock, &again) == 0;
  pthread_mutexattr_destroy(&again);
  if (made && pthread_mutex_init(&r->spare_lock, NULL) != 0) {
    pthread_mutex_destroy(&r->lock);
    made = false;
  }
  return made;
}

tarn_status tarn__residence_create(const tarn_allocator *a, const tarn_backend *backend,
                                   tarn_device_budget *budget, tarn_residence **residence) {
  tarn_residence *r = tarn__alloc_zero(a, sizeof *r);
  if (!r) return TARN_NO_MEMORY;
  if (!init_locks(r)) {
    tarn__free(a, r, sizeof *r);
    return tarn_fail(TARN_NO_MEMORY, "no mutex for variables on the device");
  }
  tarn__object_init(&r->object, &residence_type);
  r->allocator = a;
  r->backend = backend;
  r->budget = budget;
  *residence = r;
  return TARN_OK;
}

void tarn__residence_lock(tarn_residence *r) {
  pthread_mutex_lock(&r->lock);
}
void tarn__residence_unlock(tarn_residence *r) {
  pthread_mutex_unlock(&r->lock);
}

tarn_status tarn__residence_queue(tarn_residence *r, tarn_queue **queue) {
  if (!r->queue) TARN_TRY(r->backend->api->queue_create(r->backend->device, &r->queue));
  *queue = r->queue;
  return TARN_OK;
}

static tarn_status sync(tarn_residence *r) {
  return r->queue ? r->backend->api->sync(r->queue) : TARN_OK;
}

/* A room without users of just that size, or NULL; and how many there are of others. */
static tarn_room *find_spare(tarn_residence *r, size_t bytes, int *others) {
  tarn_room *found = NULL;
  pthread_mutex_lock(&r->spare_lock);
  for (tarn_room **at = &r->spare; *at && !found; at = &(*at)->next)
    if ((*at)->bytes == bytes) {
      found = *at;
      *at = found->next;
      r->spares--;
      break;
    }
  *others = r->spares;
  pthread_mutex_unlock(&r->spare_lock);
  return found;
}

static tarn_status make(tarn_residence *r, size_t bytes, tarn_room **room) {
  tarn_room *made = tarn__alloc_zero(r->allocator, sizeof *made);
  if (!made) return TARN_NO_MEMORY;
  tarn_status status = tarn__device_charge(r->budget, bytes);
  if (status == TARN_OK) {
    status = r->backend->api->alloc(r->backend->device, bytes, &made->memory);
    if (status != TARN_OK) tarn__device_refund(r->budget, bytes);
  }
  if (status != TARN_OK) {
    tarn__free(r->allocator, made, sizeof *made);
    return status;
  }
  made->bytes = bytes;
  *room = made;
  return TARN_OK;
}

tarn_status tarn__room_take(tarn_residence *r, size_t bytes, tarn_room **room) {
  const size_t whole = tarn__room_bytes(bytes);
  int others;
  tarn_room *found = find_spare(r, whole, &others);
  if (!found && others < MOST_SPARE) {
    const tarn_status status = make(r, whole, &found);
    if (status != TARN_OK && (!others || (status != TARN_NO_MEMORY && status != TARN_LIMIT)))
      return status;
  }
  if (!found) { /* without those that are kept there is more */
    TARN_TRY(sync(r));
    free_spare(r);
    TARN_TRY(make(r, whole, &found));
  }
  found->next = NULL;
  found->residence = tarn__object_retain(r);
  atomic_init(&found->users, 1);
  *room = found;
  return TARN_OK;
}

void tarn__room_leave(tarn_room *room) {
  if (!room || atomic_fetch_sub_explicit(&room->users, 1, memory_order_acq_rel) != 1) return;
  tarn_residence *r = room->residence;
  pthread_mutex_lock(&r->spare_lock);
  room->next = r->spare;
  r->spare = room;
  r->spares++;
  pthread_mutex_unlock(&r->spare_lock);
  tarn__object_release(r);
}

static void leave(void *room) {
  tarn__room_leave(room);
}

tarn_status tarn__room_tensor(tarn_room *room, tarn_dtype dtype, const tarn_shape *shape,
                              tarn_tensor *out) {
  TARN_TRY(
      tarn__tensor_wrap(room->residence->allocator, dtype, shape, room->memory, leave, room, out));
  atomic_fetch_add_explicit(&room->users, 1, memory_order_relaxed);
  return TARN_OK;
}

static tarn_status take_staging(tarn_residence *r) {
  if (r->staging) return TARN_OK;
  return r->backend->api->alloc_host(r->backend->device, STAGING + SMALL_ROOM, &r->staging);
}

/* Scalars that the host counts on with (rates, powers of beta) go up with the work of the queue. */
static tarn_status upload_small(tarn_room *room, const void *from, size_t bytes) {
  tarn_residence *r = room->residence;
  tarn_queue *queue;
  TARN_TRY(tarn__residence_queue(r, &queue));
  TARN_TRY(take_staging(r));
  if (r->staged + bytes > SMALL_ROOM) {
    TARN_TRY(sync(r));
    r->staged = 0;
  }
  char *at = (char *)r->staging + STAGING + r->staged;
  memcpy(at, from, bytes);
  r->staged += bytes;
  return r->backend->api->copy_in(queue, room->memory, at, bytes);
}

/* A large upload is no work of the queue, so what is there comes first. */
tarn_status tarn__room_upload(tarn_room *room, const void *from, size_t bytes) {
  tarn_residence *r = room->residence;
  if (!bytes) return TARN_OK;
  if (bytes <= SMALL) return upload_small(room, from, bytes);
  TARN_TRY(sync(r));
  return r->backend->api->upload(r->backend->device, room->memory, from, bytes);
}

tarn_status tarn__room_download(const tarn_room *room, void *to, size_t bytes) {
  tarn_residence *r = room->residence;
  const tarn_device_api *api = r->backend->api;
  tarn_queue *queue;
  TARN_TRY(tarn__residence_queue(r, &queue));
  TARN_TRY(take_staging(r));
  for (size_t done = 0; done < bytes;) {
    const size_t piece = bytes - done < STAGING ? bytes - done : STAGING;
    TARN_TRY(api->copy_out(queue, r->staging, (const char *)room->memory + done, piece));
    TARN_TRY(api->sync(queue));
    memcpy((char *)to + done, r->staging, piece);
    done += piece;
  }
  return TARN_OK;
}

tarn_status tarn__room_copy(tarn_room *room, const void *from, size_t bytes) {
  tarn_residence *r = room->residence;
  tarn_queue *queue;
  TARN_TRY(tarn__residence_queue(r, &queue));
  return r->backend->api->copy_within(queue, room->memory, from, bytes);
}
