/* Queues of tuples of tensors: first in first out, in random order, or by priority. Waits end as
 * wait.h says. Who waits to put is served in the order of coming, and so is who waits to take.
 * Thread-safe. */
#ifndef TARN_KERNELS_STATE_QUEUE_H
#define TARN_KERNELS_STATE_QUEUE_H

#include "kernels/run.h"
#include "kernels/state/resources.h"

typedef struct tarn_queue tarn_queue;

extern const tarn_object_type tarn__queue_type;

/* X(name, TensorFlow's name for messages) */
#define TARN_QUEUE_KIND_MAP(X)     \
  X(FIFO, "FIFOQueue")             \
  X(PADDING, "PaddingFIFOQueue")   \
  X(SHUFFLE, "RandomShuffleQueue") \
  X(PRIORITY, "PriorityQueue")

typedef enum tarn_queue_kind {
#define X(name, text) TARN_QUEUE_##name,
  TARN_QUEUE_KIND_MAP(X)
#undef X
} tarn_queue_kind;

typedef struct tarn_queue_spec {
  tarn_queue_kind kind;
  int components;
  const tarn_dtype *dtypes;      /* of a priority queue, the first is int64 */
  const tarn_shape
      *shapes; /* [components], or NULL: any; unknown in places only where tuples are padded */
  int64_t capacity;              /* -1: no bound */
  int64_t min_after_dequeue, seed, seed2;   /* of a shuffling queue */
} tarn_queue_spec;

/* The queue of that name; retained for the caller. TARN_INVALID when it was made otherwise. */
tarn_status tarn__queue_get(tarn_resources *resources, const char *name,
                            const tarn_queue_spec *spec, tarn_queue **queue);
/* Waits for room and keeps the tuple. TARN_CANCELLED once closed. */
tarn_status tarn__queue_put(tarn_queue *queue, const tarn_run *run, const tarn_tensor *tuple);
/* Each row of the components (which own their buffers) as a tuple, one after another, with none of
 * another in between; rows that found room stay when the rest fails. */
tarn_status tarn__queue_put_rows(tarn_queue *queue, const tarn_run *run,
                                 const tarn_tensor *components);
/* Takes n tuples into tuples[n][components], which the caller clears, as they come; *taken is n.
 * TARN_END when the queue is closed and has fewer: then none is taken, unless up_to allows for
 * fewer and there is one at least. */
tarn_status tarn__queue_take(tarn_queue *queue, const tarn_run *run, int64_t n, bool up_to,
                             tarn_tensor *tuples, int64_t *taken);
/* No more tuples may come. Those that wait for room still come in, and this waits for them;
 * cancel_pending: they fail. TARN_CANCELLED when it is closed already, unless cancel_pending. */
tarn_status tarn__queue_close(tarn_queue *queue, const tarn_run *run, bool cancel_pending);
int64_t tarn__queue_size(tarn_queue *queue);
bool tarn__queue_is_closed(tarn_queue *queue);
int tarn__queue_components(const tarn_queue *queue);
bool tarn__queue_pads(const tarn_queue *queue);
/* Whether a closed queue gives what it has left to who asks for more at most; TensorFlow's priority
 * queues do not. */
bool tarn__queue_gives_fewer(const tarn_queue *queue);
tarn_dtype tarn__queue_dtype(const tarn_queue *queue, int k);
/* The shape that every tuple has at component k, unknown in places; NULL: the queue takes any. */
const tarn_shape *tarn__queue_shape(const tarn_queue *queue, int k);
/* "FIFOQueue" and so on, and the name. */
const char *tarn__queue_kind_name(const tarn_queue *queue);
const char *tarn__queue_name(const tarn_queue *queue);
/* TARN_DTYPE, TARN_SHAPE or TARN_INVALID when the tensors are none of this queue's tuples;
 * drop_dim: each has one dim more. */
tarn_status tarn__queue_check(const tarn_queue *queue, int count, const tarn_tensor *const *tensors,
                              bool drop_dim);

#endif
