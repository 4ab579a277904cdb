/* Work on the device that is the same in each run of a context: recorded at the second run, then
 * replayed. The steps are walked all the same, since later ones look at what they leave in their
 * slots, and variables may have moved: the trail of addresses that the walk has met says whether
 * the recording still holds. */
#include "graph/exec/device.h"

enum { MOST_AGAIN = 8 }; /* variables that move all the time are not worth it */

static tarn_status record(tarn_exec *x, tarn_slots *f, int from, int until,
                          struct tarn_exec_recording *r) {
  const tarn_device_api *api = x->device->backend->api;
  char text[TARN_ERROR_BYTES];
  TARN_TRY(api->record_begin(x->device->queue));
  tarn_status status = tarn__exec_each_step(x, f, from, until);
  if (status != TARN_OK) tarn__error_save(text, sizeof text);
  const tarn_status ended = api->record_end(x->device->queue, &r->made);
  if (status == TARN_OK) return ended;
  tarn__error_restore(text);
  return status;
}

/* Variables are found and brought to the device, and nothing is put into the queue. */
static tarn_status walk_dry(tarn_exec *x, tarn_slots *f, int from, int until) {
  struct tarn_exec_device *d = x->device;
  d->trail = 0;
  d->spoilt = false;
  d->dry_from = from;
  d->dry = true;
  const tarn_status status = tarn__exec_each_step(x, f, from, until);
  d->dry = false;
  return status;
}

/* The recording is of other addresses. */
static tarn_status forget(tarn_exec *x, struct tarn_exec_recording *r) {
  TARN_TRY(tarn__exec_device_sync(x));
  x->device->backend->api->recording_destroy(r->made);
  r->made = NULL;
  if (++r->again > MOST_AGAIN) r->runs = -1;
  return TARN_OK;
}

static tarn_status run(tarn_exec *x, tarn_slots *f, int from, int until,
                       struct tarn_exec_recording *r) {
  struct tarn_exec_device *d = x->device;
  /* what a trace wants to see is each kernel by itself */
  if (x->trace || r->runs <= 0) {
    if (!r->runs) r->runs = 1;
    return tarn__exec_each_step(x, f, from, until);
  }
  TARN_TRY(walk_dry(x, f, from, until));
  const uint64_t trail = d->trail;
  if (d->spoilt)
    r->runs = -1;
  else if (r->made && r->trail != trail)
    TARN_TRY(forget(x, r));
  if (r->runs < 0) return tarn__exec_each_step(x, f, from, until);
  if (!r->made) {
    const tarn_status status = record(x, f, from, until, r);
    if (status != TARN_OK) { /* nothing was done: perhaps it only cannot be recorded */
      r->runs = -1;
      return tarn__exec_each_step(x, f, from, until);
    }
    r->trail = trail;
  }
  const tarn_status status = d->backend->api->replay(d->queue, r->made);
  for (int at = from; at < until; at++) /* what the dry walk has left */
    for (int k = 0; k < f->block->step[at].releases; k++)
      tarn__tensor_clear(&f->value[f->block->step[at].release[k]]);
  return status;
}

tarn_status tarn__exec_recorded(tarn_exec *x, tarn_slots *f, int from) {
  const tarn_step *step = &f->block->step[from];
  tarn__exec_queue_enter(x);
  const tarn_status status =
      run(x, f, from, step->record_until, &x->device->recording[step->recording]);
  tarn__exec_queue_leave(x);
  return status;
}
