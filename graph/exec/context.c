/* The context that holds what a run needs: its slots, arena and scratch, and one step's arguments.
 */
#include <string.h>

#include "core/file.h"
#include "graph/exec/binding.h"
#include "graph/exec/device.h"

static int most_arguments(const tarn_plan *plan) {
  int most = 1;
  for (int b = 0; b < plan->blocks; b++)
    for (int at = 0; at < plan->block[b]->steps; at++) {
      const tarn_step *step = &plan->block[b]->step[at];
      if (step->inputs + step->outputs > most) most = step->inputs + step->outputs;
    }
  return most + 1;
}

bool tarn__exec_room_create(tarn_exec *x, size_t scratch_bytes) {
  const tarn_allocator *a = x->shared->allocator;
  const size_t n = (size_t)most_arguments(x->plan);
  x->in = tarn__alloc_zero(a, n * sizeof *x->in);
  x->out = tarn__alloc_zero(a, n * sizeof *x->out);
  x->read = tarn__alloc_zero(a, n * sizeof *x->read);
  x->spare = tarn__alloc_zero(a, n * sizeof *x->spare);
  x->shape = tarn__alloc_zero(a, n * sizeof *x->shape);
  x->dtype = tarn__alloc_zero(a, n * sizeof *x->dtype);
  x->stable = tarn__alloc_zero(a, n * sizeof *x->stable);
  x->scratch_bytes = scratch_bytes ? scratch_bytes : TARN_ALIGN;
  x->scratch = tarn__alloc(a, x->scratch_bytes);
  return x->in && x->out && x->read && x->spare && x->shape && x->dtype && x->stable && x->scratch;
}

void tarn__exec_room_free(tarn_exec *x) {
  const tarn_allocator *a = x->shared->allocator;
  const size_t n = (size_t)most_arguments(x->plan);
  tarn__free(a, x->in, n * sizeof *x->in);
  tarn__free(a, x->out, n * sizeof *x->out);
  tarn__free(a, x->read, n * sizeof *x->read);
  tarn__free(a, x->spare, n * sizeof *x->spare);
  tarn__free(a, x->shape, n * sizeof *x->shape);
  tarn__free(a, x->dtype, n * sizeof *x->dtype);
  tarn__free(a, x->stable, n * sizeof *x->stable);
  tarn__free(a, x->scratch, x->scratch_bytes);
}

tarn_status tarn__exec_create(const tarn_exec_shared *shared, const tarn_plan *plan,
                              tarn_exec **exec) {
  const tarn_allocator *a = shared->allocator;
  tarn_exec *x = tarn__alloc_zero(a, sizeof *x);
  if (!x) return TARN_NO_MEMORY;
  x->shared = shared;
  x->plan = plan;
  const size_t blocks = (size_t)plan->blocks;
  bool complete = tarn__exec_room_create(x, plan->scratch_bytes);
  x->free_slots = tarn__alloc_zero(a, blocks * sizeof *x->free_slots);
  x->late = tarn__alloc_zero(a, blocks * sizeof *x->late);
  x->arena = tarn__alloc(a, plan->arena_bytes);
  complete = complete && x->free_slots && x->late && x->arena && tarn__exec_lanes_create(x);
  for (size_t b = 0; complete && b < blocks; b++) {
    x->late[b] = tarn__alloc_zero(a, ((size_t)plan->block[b]->steps + 1) * sizeof(tarn_binding *));
    complete = x->late[b] != NULL;
  }
  const tarn_status status = complete ? tarn__exec_device_create(x) : TARN_NO_MEMORY;
  if (status != TARN_OK) {
    tarn__exec_destroy(x);
    return status;
  }
  tarn__pages_large(x->arena, plan->arena_bytes);
  tarn__pages_large(x->scratch, x->scratch_bytes);
  *exec = x;
  return TARN_OK;
}

void tarn__exec_destroy(tarn_exec *x) {
  if (!x) return;
  const tarn_allocator *a = x->shared->allocator;
  tarn__exec_device_destroy(x);
  const size_t blocks = (size_t)x->plan->blocks;
  for (size_t b = 0; b < blocks; b++) {
    const tarn_block *block = x->plan->block[b];
    for (tarn_slots *f = x->free_slots ? x->free_slots[b] : NULL, *next; f; f = next) {
      next = f->next;
      for (int v = 0; v < block->values; v++) tarn__tensor_clear(&f->value[v]);
      const size_t values = (size_t)block->values + 1;
      tarn__free(a, f,
                 sizeof *f + values * sizeof(tarn_tensor) + values + (size_t)block->steps + 1);
    }
    if (!x->late || !x->late[b]) continue;
    for (int at = 0; at < block->steps; at++) tarn__binding_free(a, x->late[b][at]);
    tarn__free(a, x->late[b], ((size_t)block->steps + 1) * sizeof(tarn_binding *));
  }
  tarn__exec_lanes_free(x);
  tarn__exec_room_free(x);
  tarn__free(a, x->free_slots, blocks * sizeof *x->free_slots);
  tarn__free(a, x->late, blocks * sizeof *x->late);
  tarn__free(a, x->arena, x->plan->arena_bytes);
  tarn__exec_labels_free(x);
  tarn__free(a, x, sizeof *x);
}

tarn_status tarn__exec_run(tarn_exec *x, tarn_run *run, tarn_trace *trace,
                           const tarn_tensor *const *inputs, tarn_tensor *out) {
  const tarn_block *root = x->plan->root;
  tarn_slots *f;
  x->run = run;
  x->trace = trace;
  TARN_TRY(tarn__slots_take(x, root, &f));
  for (int i = 0; i < root->inputs; i++) {
    tarn_tensor *slot = &f->value[root->input[i]];
    tarn__tensor_clear(slot);
    tarn__tensor_share(inputs[i], slot);
  }
  tarn_status status = tarn__exec_block(x, f);
  /* what fails in the work on variables fails in this run */
  if (status == TARN_OK && x->device && x->device->fault)
    status = tarn__exec_faults_check(x);
  else if (status == TARN_OK && x->device && x->device->residence)
    status = tarn__exec_device_sync(x);
  if (x->device && trace) tarn__exec_times_give(x);
  int done = 0;
  for (; done < root->results && status == TARN_OK; done++) {
    tarn_tensor *slot = &f->value[root->result[done]];
    out[done].dtype = TARN_NO_DTYPE;
    out[done].buffer = NULL;
    if (f->dead[root->result[done]]) continue;
    if (slot->dtype) status = tarn__tensor_own(run->allocator, slot, &out[done]);
  }
  if (status != TARN_OK) {
    while (done-- > 0) tarn__tensor_clear(&out[done]);
    if (x->device) { /* nothing of this run is under way when the next begins */
      char text[TARN_ERROR_BYTES];
      tarn__error_save(text, sizeof text);
      (void)(x->device->fault ? tarn__exec_faults_check(x) : tarn__exec_device_sync(x));
      tarn__error_restore(text);
    }
  }
  tarn__slots_give(x, f);
  return status;
}
