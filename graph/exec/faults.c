/* What the work of steps finds wrong with their inputs' elements, looked at when a run's work is
 * done: a copy of a few hundred bytes behind it, for plans that have such steps. */
#include <string.h>

#include "graph/exec/device.h"
#include "kernels/fault.h"

enum { AFTER, BEFORE, RECORDS }; /* of the host's memory */

tarn_status tarn__exec_faults_create(tarn_exec *x) {
  struct tarn_exec_device *d = x->device;
  const tarn_device_api *api = d->backend->api;
  void *memory;
  TARN_TRY(api->alloc_host(d->backend->device, RECORDS * sizeof(tarn_fault), &memory));
  d->found = memory;
  memset(d->found, 0, RECORDS * sizeof(tarn_fault));
  TARN_TRY(tarn__device_charge(d->budget, sizeof(tarn_fault)));
  d->charged += sizeof(tarn_fault);
  TARN_TRY(api->alloc(d->backend->device, sizeof(tarn_fault), &memory));
  d->fault = memory;
  return api->upload(d->backend->device, d->fault, &d->found[BEFORE], sizeof(tarn_fault));
}

void tarn__exec_faults_destroy(tarn_exec *x) {
  const struct tarn_exec_device *d = x->device;
  if (d->fault) d->backend->api->free(d->backend->device, d->fault);
  if (d->found) d->backend->api->free_host(d->backend->device, d->found);
}

/* The step that a record names, or NULL. */
static const tarn_step *step_of(const tarn_plan *plan, int64_t number) {
  const int64_t block = (number - 1) >> 32, at = (number - 1) & UINT32_MAX;
  if (number <= 0 || block >= plan->blocks || at >= plan->block[block]->steps) return NULL;
  return &plan->block[block]->step[at];
}

static tarn_status look(tarn_exec *x) {
  struct tarn_exec_device *d = x->device;
  const tarn_device_api *api = d->backend->api;
  TARN_TRY(api->copy_out(d->queue, &d->found[AFTER], d->fault, sizeof(tarn_fault)));
  TARN_TRY(tarn__exec_device_sync(x));
  if (!d->found[AFTER].step) return TARN_OK;
  TARN_TRY(api->copy_in(d->queue, d->fault, &d->found[BEFORE], sizeof(tarn_fault)));
  TARN_TRY(tarn__exec_device_sync(x));
  const tarn_step *step = step_of(x->plan, d->found[AFTER].step);
  const tarn_status status = tarn__fault_fail(&d->found[AFTER]);
  if (step) tarn__context("running node '%s' (%s)", step->name, step->op ? step->op->name : "");
  return status;
}

tarn_status tarn__exec_faults_check(tarn_exec *x) {
  tarn__exec_queue_enter(x);
  const tarn_status status = look(x);
  tarn__exec_queue_leave(x);
  return status;
}
