/* Queues of tuples of tensors, first in first out or in random order. Waits for room or elements look at the run's cancel flag
 * and deadline some hundred times a second. Thread-safe. */
#ifndef TARN_KERNELS_STATE_QUEUE_H
#define TARN_KERNELS_STATE_QUEUE_H

#include "kernels/run.h"
#include "kernels/state/resources.h"

typedef struct tarn_queue tarn_queue;

extern const tarn_object_type tarn__queue_type;

typedef struct tarn_queue_spec {
  int components;
  const tarn_dtype *dtypes;
  const tarn_shape *shapes;      /* [components], or NULL: any */
  int64_t capacity;              /* -1: no bound */
  bool shuffles;
  int64_t min_after_dequeue, seed, seed2;   /* of a shuffling queue */
} tarn_queue_spec;

/* The queue of that name; retained for the caller. TARN_INVALID when it was made with other types. */
tarn_status tarn__queue_get(tarn_resources *resources, const char *name, const tarn_queue_spec *spec, tarn_queue **queue);
/* Waits for room and keeps the tuple. TARN_CANCELLED once closed. */
tarn_status tarn__queue_put(tarn_queue *queue, const tarn_run *run, const tarn_tensor *tuple);
/* Waits until `least` tuples may be taken, or the queue is closed; then takes up to `most` of them into tuples
 * [most][components], which the caller clears. TARN_END when it is closed and has fewer than `least`. */
tarn_status tarn__queue_take(tarn_queue *queue, const tarn_run *run, int64_t least, int64_t most, tarn_tensor *tuples, int64_t *taken);
void tarn__queue_close(tarn_queue *queue, bool cancel_pending);
int64_t tarn__queue_size(tarn_queue *queue);
bool tarn__queue_is_closed(tarn_queue *queue);
int tarn__queue_components(const tarn_queue *queue);
/* The shape that every tuple has at component k, unknown in places; NULL: the queue takes any. */
const tarn_shape *tarn__queue_shape(const tarn_queue *queue, int k);
/* TARN_DTYPE, TARN_SHAPE or TARN_INVALID when the tensors are none of this queue's tuples; drop_dim: each has one dim more. */
tarn_status tarn__queue_check(const tarn_queue *queue, int count, const tarn_tensor *const *tensors, bool drop_dim);

#endif
