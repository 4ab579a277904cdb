/* How long kernels take on a device: marks in the queue round each, read when the queue is empty. A
 * trace that cannot be kept, for want of memory or of the device's help, is dropped without a word,
 * as other events are. */
#include "graph/exec/device.h"

typedef struct span {
  int label;
  tarn_mark *first, *last;
} span;

struct tarn_exec_times {
  tarn_mark *anchor;
  uint64_t anchor_ns;
  span *span;                  /* marks are kept for later runs */
  size_t used, made, room;
  tarn_trace_row *row;
  uint64_t row_of;             /* the trace's serial */
};

enum { SPANS = 256 };

static struct tarn_exec_times *times_of(tarn_exec *x) {
  struct tarn_exec_device *d = x->device;
  const tarn_device_api *api = d->backend->api;
  if (d->times || !api->mark_create) return d->times;
  struct tarn_exec_times *t = tarn__alloc_zero(x->shared->allocator, sizeof *t);
  if (t && api->mark_create(d->backend->device, &t->anchor) != TARN_OK) {
    tarn__free(x->shared->allocator, t, sizeof *t);
    t = NULL;
  }
  return d->times = t;
}

/* A span with marks of its own; NULL: there is none to be had. */
static span *next_span(tarn_exec *x, struct tarn_exec_times *t) {
  const tarn_allocator *a = x->shared->allocator;
  const tarn_device_api *api = x->device->backend->api;
  if (t->used == t->room) {
    const size_t room = t->room + SPANS;
    span *larger = tarn__alloc_zero(a, room * sizeof *larger);
    if (!larger) return NULL;
    for (size_t i = 0; i < t->made; i++) larger[i] = t->span[i];
    tarn__free(a, t->span, t->room * sizeof *t->span);
    t->span = larger;
    t->room = room;
  }
  if (t->used == t->made) {
    span *s = &t->span[t->made];
    if (!s->first && api->mark_create(x->device->backend->device, &s->first) != TARN_OK)
      return NULL;
    if (api->mark_create(x->device->backend->device, &s->last) != TARN_OK) return NULL;
    t->made++;
  }
  return &t->span[t->used];
}

bool tarn__exec_time_begin(tarn_exec *x, int label) {
  struct tarn_exec_times *t = times_of(x);
  const tarn_device_api *api = x->device->backend->api;
  if (!t) return false;
  if (!t->used) {   /* the one moment that both clocks know */
    if (tarn__exec_device_sync(x) != TARN_OK || api->mark(x->device->queue, t->anchor) != TARN_OK ||
        api->sync(x->device->queue) != TARN_OK)
      return false;
    t->anchor_ns = tarn__now_ns();
  }
  span *s = next_span(x, t);
  if (!s || api->mark(x->device->queue, s->first) != TARN_OK) return false;
  s->label = label;
  return true;
}

void tarn__exec_time_end(tarn_exec *x) {
  struct tarn_exec_times *t = x->device->times;
  if (x->device->backend->api->mark(x->device->queue, t->span[t->used].last) == TARN_OK) t->used++;
}

void tarn__exec_times_give(tarn_exec *x) {
  struct tarn_exec_times *t = x->device ? x->device->times : NULL;
  if (!t || !t->used) return;
  const tarn_device_api *api = x->device->backend->api;
  if (x->trace && t->row_of != tarn__trace_serial(x->trace)) {
    t->row = tarn__trace_row_add(x->trace, x->device->backend->info.name);
    t->row_of = tarn__trace_serial(x->trace);
  }
  const bool idle = tarn__exec_device_sync(x) == TARN_OK;
  for (size_t i = 0; i < t->used && idle && x->trace && t->row; i++) {
    double from, to;
    if (api->mark_between(t->anchor, t->span[i].first, &from) != TARN_OK ||
        api->mark_between(t->anchor, t->span[i].last, &to) != TARN_OK)
      continue;
    tarn__trace_row_tick(x->trace, t->row, t->span[i].label, t->anchor_ns + (uint64_t)(from * 1e3),
                         t->anchor_ns + (uint64_t)(to * 1e3));
  }
  t->used = 0;
}

void tarn__exec_times_free(tarn_exec *x) {
  struct tarn_exec_times *t = x->device->times;
  const tarn_allocator *a = x->shared->allocator;
  const tarn_device_api *api = x->device->backend->api;
  if (!t) return;
  for (size_t i = 0; i < t->room; i++) {
    if (t->span[i].first) api->mark_destroy(t->span[i].first);
    if (t->span[i].last) api->mark_destroy(t->span[i].last);
  }
  api->mark_destroy(t->anchor);
  tarn__free(a, t->span, t->room * sizeof *t->span);
  tarn__free(a, t, sizeof *t);
}
