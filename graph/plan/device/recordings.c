/* Runs of steps whose work on the device is the same each time: kernels that may be recorded, at
 * fixed addresses, and between them steps that only pass memory on. The first time they run as they
 * are, the second time their work is recorded, and from then on one call replays it
 * (exec/recording.c). Variables are found each time; when one has moved, the work is recorded
 * anew. */
#include "graph/exec/device.h"
#include "graph/plan/device/device.h"

#include <string.h>

enum { FEWEST = 2 };   /* kernels that are worth it */

static bool fixed(const tarn_block *block, int v) {
  while (block->value[v].view_of >= 0) v = block->value[v].view_of;
  const tarn_storage s = block->value[v].storage;
  /* what a loop reads is where the block around it has it */
  if (block->value[v].on_device && block->value[v].producer < 0) return true;
  return s == TARN_STORE_ARENA || s == TARN_STORE_PREPARED || s == TARN_STORE_CONSTANT ||
         s == TARN_STORE_VARIABLE || s == TARN_STORE_LEFT_OUT;
}

/* The host's part of a step on a variable: it runs each time, recorded or not. */
static bool finds_variable(const tarn_step *step) {
  static const char *const ops[] = {"VariableV2", "Variable", "VarHandleOp"};
  for (size_t i = 0; step->op && i < sizeof ops / sizeof *ops; i++)
    if (!strcmp(step->op->name, ops[i])) return true;
  return tarn__device_is_read(step);
}

/* *work: it puts work into the queue. */
static bool recordable(const tarn_block *block, const tarn_step *step, bool *work) {
  *work = false;
  if (step->removed) return true;
  if (step->may_die) return false;
  if (step->kind == TARN_STEP_VIEW || step->kind == TARN_STEP_PASS || step->kind == TARN_STEP_GATE)
    return !step->deref;
  if (step->kind != TARN_STEP_KERNEL || !step->binding) return false;
  if (finds_variable(step)) return true;
  if (!step->on_device) return false;
  if (step->part) return true;
  if (tarn__device_is_copy(step->binding->kernel))
    return block->value[step->out[0]].storage == TARN_STORE_PREPARED;
  const tarn_kernel *k = step->binding->kernel.kernel;
  if (k->fleeting || k->host_out) return false;
  for (int i = 0; i < step->inputs; i++) {
    const bool host = tarn__host_input(k, step->inputs, i);
    if (step->binding->problem.in_dtype[i] == TARN_RESOURCE) continue;
    if (host ? block->value[step->in[i]].storage != TARN_STORE_CONSTANT
             : !fixed(block, step->in[i]))
      return false;
  }
  for (int o = 0; o < step->outputs; o++)
    if (!block->value[step->out[o]].is_ref && !fixed(block, step->out[o])) return false;
  *work = true;
  return true;
}

void tarn__device_recordings(tarn_builder *b, tarn_block *block) {
  for (int at = 0, end; at < block->steps; at = end + 1) {
    int first = -1, last = -1, kernels = 0;
    bool work;
    for (end = at; end < block->steps && recordable(block, &block->step[end], &work); end++)
      if (work) {
        if (first < 0) first = end;
        last = end;
        kernels++;
      }
    if (kernels < FEWEST) continue;
    block->step[first].record_until = last + 1;
    block->step[first].recording = b->plan->device.recordings++;
  }
}
