/* A ring for queues in order of coming; a plain array for the others, whose ring never turns. See
 * queue_store.h. */
#include "kernels/state/waiting/queue_store.h"

#include "core/memory.h"

#include <string.h>

static size_t tuple_bytes(const tarn_queue_store *s) {
  return (size_t)s->components * sizeof(tarn_tensor);
}

static tarn_tensor *at(const tarn_queue_store *s, int64_t i) {
  return s->ring + (s->first + i) % s->room * s->components;
}

static void move(const tarn_queue_store *s, int64_t to, int64_t from) {
  if (to != from) memcpy(at(s, to), at(s, from), tuple_bytes(s));
}

tarn_status tarn__queue_store_reserve(tarn_queue_store *s) {
  if (s->count < s->room) return TARN_OK;
  const int64_t room = s->room ? 2 * s->room : 16;
  size_t bytes;
  if (tarn__mul_overflow((size_t)room, tuple_bytes(s), &bytes))
    return tarn_fail(TARN_LIMIT, "a queue of %lld tuples", (long long)room);
  tarn_tensor *grown = tarn__alloc(s->allocator, bytes);
  if (!grown) return TARN_NO_MEMORY;
  for (int64_t i = 0; i < s->count; i++)
    memcpy(grown + i * s->components, at(s, i), tuple_bytes(s));
  tarn__free(s->allocator, s->ring, (size_t)s->room * tuple_bytes(s));
  s->ring = grown;
  s->room = room;
  s->first = 0;
  return TARN_OK;
}

/* ---- by priority: a heap, whose ties leave as C++'s heaps let them ------------------------ */

static int64_t priority(const tarn_tensor *tuple) { return *(const int64_t *)tuple->data; }

/* The tuple, which is nowhere in the heap, goes into the gap at `gap` or above. */
static void rise(tarn_queue_store *s, int64_t gap, const tarn_tensor *tuple) {
  while (gap > 0) {
    const int64_t parent = (gap - 1) / 2;
    if (priority(at(s, parent)) <= priority(tuple)) break;
    move(s, gap, parent);
    gap = parent;
  }
  memcpy(at(s, gap), tuple, tuple_bytes(s));
}

/* The gap at the top sinks to the last level, always to the smaller child (the right one of
 * equals); the last tuple fills it and rises. */
static void close_gap(tarn_queue_store *s, const tarn_tensor *last) {
  int64_t gap = 0;
  while (2 * gap + 2 < s->count) {
    const int64_t right = 2 * gap + 2,
                  child = priority(at(s, right)) > priority(at(s, right - 1)) ? right - 1 : right;
    move(s, gap, child);
    gap = child;
  }
  if (2 * gap + 1 < s->count) {
    move(s, gap, 2 * gap + 1);
    gap = 2 * gap + 1;
  }
  rise(s, gap, last);
}

/* ---- all of them --------------------------------------------------------------------------- */

void tarn__queue_store_push(tarn_queue_store *s, const tarn_tensor *tuple) {
  const int64_t end = s->count++;
  if (s->kind == TARN_QUEUE_PRIORITY) rise(s, end, tuple);
  else memcpy(at(s, end), tuple, tuple_bytes(s));
}

void tarn__queue_store_pop(tarn_queue_store *s, tarn_tensor *tuple) {
  int64_t chosen = 0;
  if (s->kind == TARN_QUEUE_SHUFFLE) chosen = tarn__stream_word(&s->stream) % (uint32_t)s->count;
  memcpy(tuple, at(s, chosen), tuple_bytes(s));
  s->count--;
  if (s->kind == TARN_QUEUE_SHUFFLE) move(s, chosen, s->count);   /* the last one fills the gap */
  else if (s->kind != TARN_QUEUE_PRIORITY) s->first = (s->first + 1) % s->room;
  else if (s->count) close_gap(s, at(s, s->count));
}

tarn_status tarn__queue_store_return(tarn_queue_store *s, tarn_tensor *tuples, int64_t n) {
  const bool in_order = s->kind == TARN_QUEUE_FIFO || s->kind == TARN_QUEUE_PADDING;
  tarn_status status = TARN_OK;
  for (int64_t i = 0; i < n; i++) {
    tarn_tensor *tuple = tuples + (in_order ? n - 1 - i : i) * s->components;
    if (status == TARN_OK) status = tarn__queue_store_reserve(s);
    if (status != TARN_OK) {
      for (int k = 0; k < s->components; k++) tarn__tensor_clear(&tuple[k]);
    } else if (in_order) {
      s->first = (s->first + s->room - 1) % s->room;
      s->count++;
      memcpy(at(s, 0), tuple, tuple_bytes(s));
    } else {
      tarn__queue_store_push(s, tuple);
    }
  }
  return status;
}

void tarn__queue_store_clear(tarn_queue_store *s) {
  for (int64_t i = 0; i < s->count; i++)
    for (int k = 0; k < s->components; k++) tarn__tensor_clear(&at(s, i)[k]);
  tarn__free(s->allocator, s->ring, (size_t)s->room * tuple_bytes(s));
  s->ring = NULL;
  s->room = s->first = s->count = 0;
}
