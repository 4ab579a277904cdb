/* Which steps run on the device: those that it has a kernel for, whose shapes are known. A step
 * that writes a variable there keeps it there (kernels/state/variable.h); an assignment goes where
 * the value is.
 *
 * What a node's own device string says is obeyed as far as it can be (TensorFlow's soft placement).
 * Arithmetic on shapes and single numbers stays on the host, unless what it needs is on the device
 * already: a copy costs more than it. What a loop reads in every round, and what it carries, stays
 * on the device when only steps there want it. */
#include "graph/plan/device/device.h"

#include "graph/exec/binding.h"
#include "graph/exec/device.h"
#include "graph/passes/rewrite.h"
#include "graph/tuning/tuning.h"

#include <string.h>

enum { FEW = 4 };   /* elements */
enum { STAGING = 65536 };   /* bytes at least: what a loop leaves passes through as well */

static bool small(const tarn_value *v) {
  return !tarn__dtype_in(v->dtype, TARN_FLOATS | TARN_COMPLEX) ||
         tarn__shape_elements(&v->shape) <= FEW;
}

static bool light(const tarn_block *block, const tarn_step *step) {
  for (int i = 0; i < step->inputs; i++)
    if (!small(&block->value[step->in[i]])) return false;
  for (int k = 0; k < step->outputs; k++)
    if (!small(&block->value[step->out[k]])) return false;
  return true;
}

static bool fed_by_device(const tarn_block *block, const tarn_step *step, const tarn_kernel *k) {
  for (int i = 0; i < step->inputs; i++)
    if (!tarn__host_input(k, step->inputs, i) && block->value[step->in[i]].on_device) return true;
  return false;
}

static bool is_handle(const tarn_value *v, const tarn_step *step, int i) {
  return !(step->deref && step->deref[i]) && (v->is_ref || v->dtype == TARN_RESOURCE);
}

static bool assigns(const tarn_block *block, const tarn_step *step) {
  return step->op &&
         (!strcmp(step->op->name, "Assign") || !strcmp(step->op->name, "AssignVariableOp")) &&
         is_handle(&block->value[step->in[0]], step, 0) && block->value[step->in[1]].on_device;
}

/* The device's kernel for the step, when it should run there. */
static bool goes(const tarn_builder *b, const tarn_block *block, const tarn_step *step,
                 tarn_kernel_ref *kernel) {
  const tarn_binding *binding = step->binding;
  if (step->removed || step->kind != TARN_STEP_KERNEL || !binding ||
      tarn__step_asks_for(step, "CPU"))
    return false;
  for (int i = 0; i < step->inputs; i++) {
    const tarn_value *v = &block->value[step->in[i]];
    const bool variable = is_handle(v, step, i) && step->op->flags & TARN_OP_STATEFUL;
    if (!variable && !tarn__dtype_in(v->dtype, TARN_PLAIN)) return false;
    if (!variable && v->is_ref && !(step->deref && step->deref[i])) return false;
  }
  for (int k = 0; k < step->outputs; k++) {
    const tarn_value *v = &block->value[step->out[k]];
    if (!v->is_ref && (!tarn__shape_known(&v->shape) || !tarn__dtype_in(v->dtype, TARN_PLAIN)))
      return false;
  }
  if (assigns(block, step)) {
    *kernel = tarn__device_assign_kernel();
    return true;
  }
  if (!tarn__backend_select(b->context->device, &binding->problem, &b->context->machine,
                            TARN_TARGETS, kernel))
    return false;
  if (b->context->tuning) /* what was measured, where it was */
    tarn__tuning_find_there(b->context->tuning, tarn__allocator_default(), step, &binding->problem,
                            b->context->device, kernel);
  return tarn__step_asks_for(step, "GPU") || !light(block, step) ||
         fed_by_device(block, step, kernel->kernel);
}

/* Values that share another's memory are where that is, as long as their shapes are known: what is
 * on the device has a fixed size. */
static void follow(tarn_block *block, const tarn_step *step) {
  if (step->kind != TARN_STEP_VIEW && step->kind != TARN_STEP_PASS) return;
  for (int k = 0; k < step->outputs && step->inputs; k++) {
    const int i = step->kind == TARN_STEP_PASS && k < step->inputs ? k : 0;
    tarn_value *out = &block->value[step->out[k]];
    out->on_device = block->value[step->in[i]].on_device && !(step->deref && step->deref[i]) &&
                     tarn__shape_known(&out->shape);
  }
}

/* ---- what a straight loop carries or reads stays on the device when only its steps want it
 * ---- */

static bool only_device_reads(const tarn_block *block, int v) {
  bool any = false;
  for (int at = 0; at < block->steps; at++) {
    const tarn_step *step = &block->step[at];
    for (int i = 0; i < step->inputs && !step->removed; i++) {
      if (step->in[i] != v) continue;
      if (!tarn__step_wants_device(step, i)) return false;
      any = true;
    }
  }
  return any && !(block->straight && block->stop_value == v);
}

static bool fixed_size(const tarn_value *v) {
  return !v->is_ref && !v->constant.dtype && tarn__dtype_in(v->dtype, TARN_PLAIN) &&
         tarn__shape_known(&v->shape);
}

/* The place that a carried value is given needs a kernel of the device to make the next one, in a
 * place of its own. */
static bool carried_there(const tarn_block *block, int k) {
  const tarn_value *c = &block->value[block->carried[k]], *n = &block->value[block->next[k]];
  return fixed_size(c) && fixed_size(n) && n->on_device && n->producer >= 0 && !n->may_die &&
         c->dtype == n->dtype && tarn__shape_equal(&c->shape, &n->shape) &&
         block->step[n->producer].kind == TARN_STEP_KERNEL &&
         only_device_reads(block, block->carried[k]);
}

static void keep_in_loop(tarn_block *block) {
  if (!block->straight || block->has_dead) return;
  for (int k = 0; k < block->loop_vars; k++)
    if (carried_there(block, k)) block->value[block->carried[k]].on_device = true;
  for (int i = 0; i < block->inputs; i++) {
    tarn_value *v = &block->value[block->input[i]];
    bool result = false;
    for (int r = 0; r < block->results; r++) result = result || block->result[r] == block->input[i];
    if (block->input_constant[i] && !result && fixed_size(v) &&
        only_device_reads(block, block->input[i]))
      v->on_device = true;
  }
}

static tarn_status place(tarn_builder *b, tarn_block *block);

/* The blocks of a step before it: what they take from it on the device must be there. */
static tarn_status place_inside(tarn_builder *b, const tarn_step *step) {
  for (int k = 0; k < step->blocks && !step->removed; k++) {
    if (!step->block[k]) continue;
    TARN_TRY(place(b, step->block[k]));
    if (step->kind == TARN_STEP_LOOP) keep_in_loop(step->block[k]);
  }
  return TARN_OK;
}

static tarn_status place(tarn_builder *b, tarn_block *block) {
  for (int at = 0; at < block->steps; at++) TARN_TRY(place_inside(b, &block->step[at]));
  for (int at = 0; at < block->steps; at++) {
    tarn_step *step = &block->step[at];
    tarn_kernel_ref kernel;
    if (step->removed) continue;
    follow(block, step);
    if (!goes(b, block, step, &kernel)) continue;
    step->on_device = true;
    tarn__binding_change(step->binding, kernel, b->context->machine.threads);
    for (int k = 0; k < step->outputs; k++)
      block->value[step->out[k]].on_device =
          !block->value[step->out[k]].is_ref && !(k < 32 && kernel.kernel->host_out >> k & 1u);
  }
  return TARN_OK;
}

/* Packed weights stand for the input that they were made of. */
static bool stands_packed(const tarn_step *step, int i) {
  const tarn_binding *binding = step->binding;
  return i < 32 && binding && binding->prepared_bytes && binding->problem.stable &&
         binding->problem.stable[i] && binding->kernel.kernel->spent >> i & 1u;
}

bool tarn__step_wants_device(const tarn_step *step, int i) {
  if (step->kind == TARN_STEP_LOOP)
    return step->block[0]->value[step->block[0]->input[i]].on_device;
  return step->on_device && step->binding->problem.in_dtype[i] != TARN_RESOURCE &&
         !tarn__host_input(step->binding->kernel.kernel, step->inputs, i) &&
         !stands_packed(step, i);
}

bool tarn__step_wants_host(const tarn_block *block, const tarn_step *step, int i) {
  switch (step->kind) {
    case TARN_STEP_VIEW:   /* its other inputs say which shape */
      return i > 0 ? step->deref || block->value[step->out[0]].shape.rank < 0
                   : !block->value[step->out[0]].on_device;
    case TARN_STEP_PASS:
      for (int k = 0; k < step->outputs; k++)
        if ((k < step->inputs ? k : 0) == i && !block->value[step->out[k]].on_device) return true;
      return false;
    case TARN_STEP_GATE: return false;
    default: break;
  }
  if (step->on_device || step->kind == TARN_STEP_LOOP) return !tarn__step_wants_device(step, i);
  return !(step->op && step->op->flags & TARN_OP_FROM_SHAPES && step->kind == TARN_STEP_KERNEL);
}

tarn_status tarn__plan_devices(tarn_builder *b) {
  tarn_plan *plan = b->plan;
  if (!b->context->device) return TARN_OK;
  plan->device.wanted = true;
  plan->scratch_bytes = 0;
  TARN_TRY(place(b, plan->root));
  for (int i = 0; i < plan->blocks; i++) {
    tarn_block *block = plan->block[i];
    TARN_TRY(tarn__device_copies(b, block));
    for (int at = 0; at < block->steps; at++) {
      const tarn_step *step = &block->step[at];
      if (!step->binding || step->removed) continue;
      size_t *most = step->on_device ? &plan->device.scratch_bytes : &plan->scratch_bytes;
      if (step->binding->scratch_bytes > *most) *most = step->binding->scratch_bytes;
      plan->device.steps += step->on_device;
      plan->device.variables = plan->device.variables || tarn__device_has_variable(step);
      plan->device.faults =
          plan->device.faults || (step->on_device && step->binding->kernel.kernel->faults);
    }
  }
  if (plan->device.steps && plan->device.staging_bytes < STAGING)
    plan->device.staging_bytes = STAGING;
  return TARN_OK;
}
