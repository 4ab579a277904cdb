/* A queue does its work when somebody waits for it, and a recording is a list of work. */
#include "device.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct work {
  tarn_status (*run)(void *argument);
  void (*drop)(void *argument);
  void *argument;
} work;

typedef struct list {
  work *item;
  size_t count, room;
} list;

struct tarn_recording {
  list done;
  int waits;   /* in queues: it may not be destroyed */
};
struct tarn_queue {
  list wait, noted;
  bool noting;
};

static void drop_all(list *l) {
  for (size_t i = 0; i < l->count; i++)
    if (l->item[i].drop) l->item[i].drop(l->item[i].argument);
  free(l->item);
  *l = (list){0};
}

tarn_status queue_put(tarn_queue *q, tarn_status (*run)(void *), void (*drop)(void *),
                      void *argument) {
  list *l = q->noting ? &q->noted : &q->wait;
  if (l->count == l->room) {
    const size_t room = l->room ? 2 * l->room : 64;
    work *larger = realloc(l->item, room * sizeof *larger);
    if (!larger) {
      if (drop) drop(argument);
      return test_fail(TARN_NO_MEMORY, "no memory for the queue");
    }
    l->item = larger;
    l->room = room;
  }
  l->item[l->count++] = (work){run, drop, argument};
  return TARN_OK;
}

tarn_status queue_create(tarn_device *device, tarn_queue **queue) {
  (void)device;
  TARN_TRY(test_may_fail("a queue"));
  *queue = calloc(1, sizeof **queue);
  return *queue ? TARN_OK : test_fail(TARN_NO_MEMORY, "no memory for a queue");
}

void queue_destroy(tarn_queue *q) {
  (void)queue_sync(q);
  drop_all(&q->noted);
  free(q);
}

static atomic_long waits, copies_in, copies_out;

void queue_counts(test_device_counts *counts) {
  *counts = (test_device_counts){waits, copies_in, copies_out};
}

tarn_status queue_sync(tarn_queue *q) {
  waits++;
  tarn_status status = test_may_fail("waiting for the queue");
  if (q->noting) return test_fail(TARN_INVALID, "a queue that notes its work cannot be waited for");
  memory_open();
  for (size_t i = 0; i < q->wait.count && status == TARN_OK; i++)
    status = q->wait.item[i].run(q->wait.item[i].argument);
  memory_close();
  drop_all(&q->wait);
  return status;
}

/* ---- recordings */

tarn_status record_begin(tarn_queue *q) {
  TARN_TRY(test_may_fail("beginning a recording"));
  q->noting = true;
  return TARN_OK;
}

tarn_status record_end(tarn_queue *q, tarn_recording **recording) {
  q->noting = false;
  tarn_status status = test_may_fail("ending a recording");
  tarn_recording *r = status == TARN_OK ? calloc(1, sizeof *r) : NULL;
  if (!r) {
    drop_all(&q->noted);
    return status == TARN_OK ? test_fail(TARN_NO_MEMORY, "no memory for a recording") : status;
  }
  r->done = q->noted;
  q->noted = (list){0};
  *recording = r;
  return TARN_OK;
}

static tarn_status again(void *argument) {
  const tarn_recording *r = argument;
  for (size_t i = 0; i < r->done.count; i++)
    TARN_TRY(r->done.item[i].run(r->done.item[i].argument));
  return TARN_OK;
}
static void left(void *argument) { ((tarn_recording *)argument)->waits--; }

tarn_status replay(tarn_queue *q, tarn_recording *r) {
  TARN_TRY(test_may_fail("replaying"));
  r->waits++;
  return queue_put(q, again, left, r);
}

void recording_destroy(tarn_recording *r) {
  if (r->waits) abort();   /* a queue still has it */
  drop_all(&r->done);
  free(r);
}

/* ---- copies */

typedef struct copy {
  void *to;
  const void *from;
  size_t bytes;
} copy;

static tarn_status move(void *argument) {
  const copy *c = argument;
  if (c->bytes) memmove(c->to, c->from, c->bytes);
  return TARN_OK;
}

static tarn_status put_copy(tarn_queue *q, void *to, bool to_device, const void *from,
                            bool from_device, size_t bytes) {
  TARN_TRY(test_may_fail("a copy"));
  if (bytes && (memory_holds(to, bytes) != to_device || memory_holds(from, bytes) != from_device))
    return test_fail(TARN_INVALID, "a copy between the wrong sides");
  copy *c = malloc(sizeof *c);
  if (!c) return test_fail(TARN_NO_MEMORY, "no memory for a copy");
  *c = (copy){to, from, bytes};
  return queue_put(q, move, free, c);
}

tarn_status copy_in(tarn_queue *q, void *to, const void *from, size_t bytes) {
  copies_in++;
  return put_copy(q, to, true, from, false, bytes);
}
tarn_status copy_out(tarn_queue *q, void *to, const void *from, size_t bytes) {
  copies_out++;
  return put_copy(q, to, false, from, true, bytes);
}
tarn_status copy_within(tarn_queue *q, void *to, const void *from, size_t bytes) {
  return put_copy(q, to, true, from, true, bytes);
}

/* ---- marks */

struct tarn_mark {
  struct timespec at;
};

tarn_status mark_create(tarn_device *device, tarn_mark **mark) {
  (void)device;
  TARN_TRY(test_may_fail("a mark"));
  *mark = calloc(1, sizeof **mark);
  return *mark ? TARN_OK : test_fail(TARN_NO_MEMORY, "no memory for a mark");
}

void mark_destroy(tarn_mark *mark) { free(mark); }

static tarn_status pass(void *argument) {
  tarn_mark *m = argument;
  clock_gettime(CLOCK_MONOTONIC, &m->at);
  return TARN_OK;
}

tarn_status mark_put(tarn_queue *q, tarn_mark *mark) {
  TARN_TRY(test_may_fail("marking"));
  return queue_put(q, pass, NULL, mark);
}

tarn_status mark_between(const tarn_mark *a, const tarn_mark *b, double *us) {
  *us = (double)(b->at.tv_sec - a->at.tv_sec) * 1e6 + (double)(b->at.tv_nsec - a->at.tv_nsec) / 1e3;
  return TARN_OK;
}
