/* Where a session's variables live on its device: memory for their values, and one queue for all
 * work that reads or writes them. Everything that goes through that queue has one order, so a value
 * that is written in place is safe from work of other runs, and memory that nobody holds any more
 * may be given to the next at once.
 *
 * Locks are taken in this order: the residence, then variables (by address, where there are
 * several), then what is inside. Whoever puts work into the queue holds the residence's lock.
 *
 * Thread-safe. */
#ifndef TARN_KERNELS_STATE_RESIDENCE_H
#define TARN_KERNELS_STATE_RESIDENCE_H

#include "core/tensor/tensor.h"
#include "kernels/device.h"

typedef struct tarn_residence tarn_residence;

/* Memory of one value on the device. */
typedef struct tarn_room {
  struct tarn_room *next;
  tarn_residence *residence;
  void *memory;
  size_t bytes; /* of memory; at least what the value has */
  atomic_int users;
} tarn_room;

/* What a value of so many bytes takes there. */
static inline size_t tarn__room_bytes(size_t bytes) {
  return (bytes / TARN_ALIGN + 1) * TARN_ALIGN;
}

/* One reference (tarn__object_release gives it back); nothing is asked of the device yet. The
 * budget is charged for the memory, and outlives the residence. */
tarn_status tarn__residence_create(const tarn_allocator *a, const tarn_backend *backend,
                                   tarn_device_budget *budget, tarn_residence **residence);
/* A thread may hold the lock several times. */
void tarn__residence_lock(tarn_residence *r);
void tarn__residence_unlock(tarn_residence *r);

/* ---- with the lock held */

/* The queue, which is made when it is first asked for. */
tarn_status tarn__residence_queue(tarn_residence *r, tarn_queue **queue);
/* Room for so many bytes, with one user. TARN_LIMIT, TARN_NO_MEMORY. */
tarn_status tarn__room_take(tarn_residence *r, size_t bytes, tarn_room **room);
/* Copies from and to any memory of the host, which is free when they return, in order with the work
 * in the queue. */
tarn_status tarn__room_upload(tarn_room *room, const void *from, size_t bytes);
tarn_status tarn__room_download(const tarn_room *room, void *to, size_t bytes);
/* A copy from the device's memory, as work in the queue. */
tarn_status tarn__room_copy(tarn_room *room, const void *from, size_t bytes);

/* ---- without it */

/* A user less; after the last the room is free for the next. NULL passes. */
void tarn__room_leave(tarn_room *room);
/* A tensor of the elements there, which uses the room as long as its buffer is. */
tarn_status tarn__room_tensor(tarn_room *room, tarn_dtype dtype, const tarn_shape *shape,
                              tarn_tensor *out);
/* Nobody but the caller uses it. */
static inline bool tarn__room_is_sole(const tarn_room *room) {
  return atomic_load_explicit(&((tarn_room *)(uintptr_t)room)->users, memory_order_acquire) == 1;
}

#endif
