/* One kernel step: its inputs gathered, its outputs made, its kernel chosen where the plan could
 * not. */
#include "graph/exec/binding.h"
#include "graph/exec/device.h"
#include "kernels/state/variable.h"

#include <stdio.h>
#include <string.h>

tarn_status tarn__exec_input(tarn_slots *f, const tarn_step *step, int i, tarn_tensor *read,
                             const tarn_tensor **in) {
  tarn_tensor *slot = &f->value[step->in[i]];
  *in = slot;
  if (!step->deref || !step->deref[i]) return TARN_OK;
  if (!slot->dtype) return tarn_fail(TARN_INVALID, "input %d has no value", i);
  tarn_variable *v = tarn__object_get(slot, 0);
  if (!v || v->object.type != &tarn__variable_type)
    return tarn_fail(TARN_INVALID, "input %d is no variable", i);
  TARN_TRY(tarn__variable_read(v, read));
  *in = read;
  return TARN_OK;
}

/* The binding for shapes that are known only now; kept in the context as long as they stay the
 * same. */
static tarn_status late_binding(tarn_exec *x, const tarn_slots *f, const tarn_step *step, int at,
                                tarn_binding **binding) {
  tarn_shape *out = x->shape + step->inputs;
  for (int i = 0; i < step->inputs; i++) {
    x->shape[i] = x->in[i]->shape;
    x->dtype[i] = x->in[i]->dtype;
  }
  TARN_TRY(tarn__step_infer(step, x->dtype, x->shape, x->in, out));
  tarn_binding **kept = &x->late[f->block->id][at];
  if (*kept && tarn__binding_fits(*kept, x->dtype, x->shape, out)) {
    *binding = *kept;
    return TARN_OK;
  }
  const tarn_allocator *a = x->shared->allocator;
  tarn_binding *made;
  for (int i = 0; i < step->inputs; i++)
    x->stable[i] = f->block->value[step->in[i]].storage == TARN_STORE_CONSTANT;
  TARN_TRY(tarn__binding_make(a, NULL, step, x->dtype, x->shape, out, x->stable,
                              &x->shared->planning->machine, x->shared->planning->backend,
                              x->shared->planning->precision, x->shared->planning->tuning,
                              &made));
  if (made->scratch_bytes > x->scratch_bytes) {
    void *larger = tarn__alloc(a, made->scratch_bytes);
    if (!larger) {
      tarn__binding_free(a, made);
      return TARN_NO_MEMORY;
    }
    tarn__free(a, x->scratch, x->scratch_bytes);
    x->scratch = larger;
    x->scratch_bytes = made->scratch_bytes;
  }
  tarn__binding_free(a, *kept);
  tarn__exec_label_forget(x, f->block, at);
  *kept = made;
  *binding = made;
  return TARN_OK;
}

/* Output 0 may take over the buffer of an input that dies here and belongs to nobody else. */
static bool take_over(tarn_slots *f, const tarn_step *step, int at, const tarn_shape *shape,
                      tarn_tensor *out) {
  if (!step->op->inplace || step->op->inplace > step->inputs) return false;
  const int i = step->op->inplace - 1, v = step->in[i];
  tarn_tensor *in = &f->value[v];
  const tarn_value *value = &f->block->value[v];
  const tarn_dtype dtype = step->node->out_dtype[0];
  /* Of variants the kernel is told by the shared buffer that nobody else sees what it holds. */
  if (value->storage != TARN_STORE_RUN || value->last_use != at ||
      (value->producer < 0 && !value->carried) || (step->deref && step->deref[i]) ||
      in->dtype != dtype || !tarn__shape_equal(&in->shape, shape) || !tarn__tensor_unique(in) ||
      dtype == TARN_STRING || dtype == TARN_RESOURCE)
    return false;
  for (int k = 0; k < step->inputs; k++)
    if (k != i && f->value[step->in[k]].buffer == in->buffer) return false;
  tarn__tensor_share(in, out);
  return true;
}

static tarn_status make_outputs(tarn_exec *x, tarn_slots *f, const tarn_step *step, int at,
                                const tarn_problem *p) {
  for (int i = 0; i < step->outputs; i++) {
    tarn_tensor *out = &f->value[step->out[i]];
    x->out[i] = out;
    const tarn_value *v = &f->block->value[step->out[i]];
    if (v->storage == TARN_STORE_ARENA) {
      if (out->buffer)
        tarn__tensor_clear(out); /* a kernel gave a tensor of its own in the last round */
      out->dtype = p->out_dtype[i];
      out->shape.rank = p->out_shape[i].rank;
      for (int d = 0; d < out->shape.rank; d++) out->shape.dim[d] = p->out_shape[i].dim[d];
      out->data = (char *)(v->on_device ? x->device->arena : x->arena) + v->offset;
      out->buffer = NULL;
      continue;
    }
    if (v->storage == TARN_STORE_VARIABLE) {   /* the variable says where */
      tarn__tensor_clear(out);
      continue;
    }
    /* the step says where, or it is nowhere */
    if (v->storage == TARN_STORE_PREPARED || v->storage == TARN_STORE_LEFT_OUT) {
      *out = (tarn_tensor){.dtype = p->out_dtype[i], .shape = p->out_shape[i]};
      continue;
    }
    if (v->storage == TARN_STORE_CONSTANT) {   /* computed already, but another output was not */
      x->out[i] = &x->spare[i];
      out = x->out[i];
    }
    tarn__tensor_clear(out);
    if (p->out_shape[i].rank < 0) continue;
    if (i == 0 && take_over(f, step, at, &p->out_shape[0], out)) continue;
    TARN_TRY(tarn__tensor_new_raw(x->run->allocator, p->out_dtype[i], &p->out_shape[i], out));
  }
  return TARN_OK;
}

/* Packed weights make their originals superfluous, here and in the plan. */
static void spend(tarn_exec *x, tarn_slots *f, const tarn_step *step) {
  for (int i = 0; i < step->inputs && i < 32; i++) {
    tarn_tensor *slot = &f->value[step->in[i]];
    if (!(step->spends >> i & 1u) || !slot->buffer) continue;
    pthread_mutex_lock(&x->shared->prepared->lock);
    tarn_tensor *both[] = {slot, &f->block->value[step->in[i]].constant};
    for (int k = 0; k < 2; k++) {
      const tarn_dtype dtype = both[k]->dtype;
      const tarn_shape shape = both[k]->shape;
      tarn__tensor_clear(both[k]);
      both[k]->dtype = dtype;    /* what it was stays known */
      both[k]->shape = shape;
    }
    pthread_mutex_unlock(&x->shared->prepared->lock);
  }
}

static void describe(const tarn_exec *x, const tarn_step *step, int gathered) {
  char text[TARN_SHAPE_TEXT], line[512];
  int at = 0;
  line[0] = 0;
  for (int i = 0; i < gathered && at < (int)sizeof line - 80; i++)
    at += snprintf(line + at, sizeof line - (size_t)at, "%s%s%s", i ? ", " : " with inputs ",
                   tarn_dtype_name(x->in[i]->dtype), tarn__shape_print(&x->in[i]->shape, text));
  tarn__context("running node '%s' (%s)%s", step->name,
                step->op ? step->op->name : step->node->op_name, line);
}

static tarn_status run(tarn_exec *x, tarn_slots *f, const tarn_step *step, int at) {
  tarn_status status = TARN_OK;
  int gathered = 0;
  tarn_held held = {.count = 0};
  const uint64_t start = x->trace ? tarn__now_ns() : 0;
  tarn_pool *pool = x->alone ? NULL : x->shared->pool;
  if (!step->op || step->node->problem) {
    status = tarn_fail(step->op ? step->node->problem_status : TARN_UNSUPPORTED, "%s",
                       step->node->problem ? step->node->problem : "unsupported op");
    goto done;
  }
  for (; gathered < step->inputs; gathered++) {
    x->read[gathered].dtype = TARN_NO_DTYPE;
    x->read[gathered].buffer = NULL;
    const int i = gathered;
    if (step->deref) status = tarn__exec_input(f, step, i, &x->read[i], &x->in[i]);
    else x->in[i] = &f->value[step->in[i]];
    if (status == TARN_OK && !x->in[i]->dtype)
      status = tarn_fail(TARN_INVALID, "input %d has no value", i);
    if (status != TARN_OK) goto done;
  }
  tarn_binding *binding = step->binding;
  if (!binding) TARN_GOTO(late_binding(x, f, step, at, &binding));
  else if (step->deref)
    for (int i = 0; i < step->inputs; i++)
      if (step->deref[i] && !tarn__shape_equal(&x->in[i]->shape, &binding->problem.in_shape[i])) {
        char had[TARN_SHAPE_TEXT], wanted[TARN_SHAPE_TEXT];
        status = tarn_fail(TARN_SHAPE, "variable of input %d has shape %s, declared as %s", i,
                           tarn__shape_print(&x->in[i]->shape, had),
                           tarn__shape_print(&binding->problem.in_shape[i], wanted));
        goto done;
      }
  TARN_GOTO(make_outputs(x, f, step, at, &binding->problem));
  const void *prepared = NULL;
  if (binding->prepared_bytes)
    TARN_GOTO(tarn__prepared_get(x->shared->prepared, binding, x->in, pool, &prepared));
  if (step->spends) spend(x, f, step);
  void *scratch = x->scratch;
  tarn_queue *queue = NULL;
  const bool constant = prepared && step->on_device && tarn__device_is_copy(binding->kernel);
  if (step->on_device) {
    if (tarn__device_has_variable(step)) {
      bool finished;
      TARN_GOTO(tarn__exec_variables_begin(x, step, binding, &held, &finished));
      if (finished) goto done;
    }
    for (int i = 0; i < step->inputs && x->device->dry; i++) tarn__exec_trail(x, x->in[i]->data);
    if (x->device->dry && !constant) goto done;
    queue = x->device->queue;
    scratch = x->device->scratch;
    if (tarn__device_is_copy(binding->kernel) && !constant)
      TARN_GOTO(tarn__exec_device_stage(x, tarn__device_staged(&binding->problem), &scratch));
  }
  const tarn_call call = {.problem = &binding->problem,
                          .in = x->in,
                          .out = x->out,
                          .scratch = scratch,
                          .queue = queue,
                          .prepared = prepared,
                          .pool = pool,
                          .run = x->run,
                          .turn = x->turn,
                          .fault = step->on_device ? x->device->fault : NULL,
                          .fault_step = tarn__exec_fault_step(f->block, at)};
  if (x->trace && !constant) {
    const int label = tarn__exec_label(x, f->block, step, at, binding);
    const bool timed = queue && tarn__exec_time_begin(x, label);
    tarn__trace_enter(x->trace, label);
    status = tarn__kernel_run(binding->kernel.kernel, &call);
    if (timed) tarn__exec_time_end(x);
    else tarn__trace_tick(x->trace, label, false, start, tarn__now_ns());
    tarn__trace_enter(NULL, -1);
  } else {
    status = tarn__kernel_run(binding->kernel.kernel, &call);
  }
done:
  tarn__exec_variables_end(&held);
  if (status != TARN_OK) describe(x, step, gathered);
  for (int i = 0; i < gathered; i++)
    if (x->read[i].buffer) tarn__tensor_clear(&x->read[i]);
  for (int i = 0; i < step->outputs; i++)
    if (x->spare[i].buffer) tarn__tensor_clear(&x->spare[i]);
  return status;
}

tarn_status tarn__exec_kernel(tarn_exec *x, tarn_slots *f, const tarn_step *step, int at) {
  if (!step->on_device) return run(x, f, step, at);
  tarn__exec_queue_enter(x);
  const tarn_status status = run(x, f, step, at);
  tarn__exec_queue_leave(x);
  return status;
}
