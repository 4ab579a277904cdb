/* The tuples of one queue, in the order in which they are to leave. Not thread-safe: the queue
 * locks. */
#ifndef TARN_KERNELS_STATE_QUEUE_STORE_H
#define TARN_KERNELS_STATE_QUEUE_STORE_H

#include "kernels/cpu/random/stream.h"
#include "kernels/state/waiting/queue.h"

typedef struct tarn_queue_store {
  const tarn_allocator *allocator;
  tarn_queue_kind kind;
  int components;
  tarn_stream stream;            /* TARN_QUEUE_SHUFFLE */
  tarn_tensor *ring;             /* [room][components]; `count` tuples from `first` on */
  int64_t room, first, count;
} tarn_queue_store;

/* Room for one more. TARN_LIMIT, TARN_NO_MEMORY. */
TARN_MUST_CHECK tarn_status tarn__queue_store_reserve(tarn_queue_store *s);
/* Takes over a tuple; there must be room. */
void tarn__queue_store_push(tarn_queue_store *s, const tarn_tensor *tuple);
/* Gives the next tuple away; there must be one. */
void tarn__queue_store_pop(tarn_queue_store *s, tarn_tensor *tuple);
/* Takes n popped tuples back, to leave again in the same order (a shuffling queue: in any). Those
 * that find no room are lost: TARN_LIMIT, TARN_NO_MEMORY. */
TARN_MUST_CHECK tarn_status tarn__queue_store_return(tarn_queue_store *s, tarn_tensor *tuples,
                                                     int64_t n);
void tarn__queue_store_clear(tarn_queue_store *s);

#endif
