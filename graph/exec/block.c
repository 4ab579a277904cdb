/* The walk over a block's steps. */
#include "graph/exec/binding.h"
#include "graph/exec/device.h"

#include <string.h>

static bool is_dead(const tarn_slots *f, const tarn_step *step) {
  for (int i = 0; i < step->inputs; i++)
    if (f->dead[step->in[i]]) return true;
  for (int k = 0; k < step->guards; k++)
    if (f->step_dead[step->guard[k]]) return true;
  return false;
}

static void set_dead(tarn_slots *f, const tarn_step *step, int at, bool dead) {
  f->step_dead[at] = dead;
  for (int k = 0; k < step->outputs; k++) f->dead[step->out[k]] = dead;
}

/* Output value takes a second reference on an input. Handles stay handles; a ref that is wanted by
 * value is read. */
static tarn_status pass_on(tarn_slots *f, const tarn_step *step, int i, int out) {
  tarn_tensor *to = &f->value[out];
  if (to->buffer) tarn__tensor_clear(to);
  if (!step->deref) {
    tarn__tensor_share(&f->value[step->in[i]], to);
    return TARN_OK;
  }
  tarn_tensor read = {0};
  const tarn_tensor *in;
  tarn__tensor_clear(to);
  TARN_TRY(tarn__exec_input(f, step, i, &read, &in));
  if (in == &read) *to = read;
  else tarn__tensor_share(in, to);
  return TARN_OK;
}

static tarn_status run_view(tarn_exec *x, tarn_slots *f, const tarn_step *step) {
  const int out = step->out[0];
  const tarn_value *v = &f->block->value[out];
  TARN_TRY(pass_on(f, step, 0, out));
  tarn_tensor *t = &f->value[out];
  tarn_shape shape = v->shape;
  if (shape.rank < 0 || step->deref) {
    tarn_tensor read = {0};
    tarn_status status = TARN_OK;
    int i = 0;
    for (; i < step->inputs && status == TARN_OK; i++) {
      if (i == 0) x->in[0] = t;
      /* a shape from a ref variable: one at most */
      else status = tarn__exec_input(f, step, i, &read, &x->in[i]);
      if (status == TARN_OK) {
        x->shape[i] = x->in[i]->shape;
        x->dtype[i] = x->in[i]->dtype;
      }
    }
    if (status == TARN_OK)
      status = tarn__step_infer(step, x->dtype, x->shape, x->in, x->shape + step->inputs);
    shape = x->shape[step->inputs];
    tarn__tensor_clear(&read);
    TARN_TRY(status);
    if (shape.rank < 0) return tarn_fail(TARN_SHAPE, "the shape of the result is not known");
  }
  if (v->dtype != t->dtype && tarn__dtype_in(v->dtype, TARN_PLAIN) &&
      tarn__dtype_in(t->dtype, TARN_PLAIN) &&
      (size_t)tarn__shape_elements(&shape) * tarn_dtype_bytes(v->dtype) == tarn__tensor_bytes(t)) {
    t->dtype = v->dtype; /* Bitcast */
    t->shape = shape;
    return TARN_OK;
  }
  if (tarn__shape_elements(&shape) != tarn__tensor_elements(t))
    return tarn_fail(TARN_SHAPE, "a view of %lld elements cannot have %lld",
                     (long long)tarn__tensor_elements(t), (long long)tarn__shape_elements(&shape));
  t->shape = shape;
  return TARN_OK;
}

/* Outputs that lie in an input's memory. */
static tarn_status run_parts(tarn_slots *f, const tarn_step *step) {
  const tarn_tensor *from = &f->value[step->in[step->part_of]];
  if (!from->dtype) return tarn_fail(TARN_INVALID, "input %d has no value", step->part_of);
  for (int k = 0; k < step->outputs; k++) {
    tarn_tensor *to = &f->value[step->out[k]];
    tarn__tensor_clear(to);
    tarn__tensor_share(from, to);
    to->data = (char *)to->data + step->part[k];
    to->shape = f->block->value[step->out[k]].shape;
  }
  return TARN_OK;
}

/* The inputs in one piece: those that were not made there are copied. */
static tarn_status run_join(tarn_exec *x, tarn_slots *f, const tarn_step *step) {
  const tarn_value *v = &f->block->value[step->out[0]];
  tarn_tensor *to = &f->value[step->out[0]];
  to->dtype = v->dtype;
  to->shape = v->shape;
  to->data = (char *)(v->on_device ? x->device->arena : x->arena) + v->offset;
  to->buffer = NULL;
  for (int i = 0; i < step->inputs; i++) {
    const tarn_tensor *from = &f->value[step->in[i]];
    if (step->join[i] == SIZE_MAX) continue;
    if (!from->dtype) return tarn_fail(TARN_INVALID, "input %d has no value", i);
    char *place = (char *)to->data + step->join[i];
    if (from->data == place || !tarn__tensor_bytes(from)) continue;
    if (!v->on_device) memcpy(place, from->data, tarn__tensor_bytes(from));
    else if (x->device->dry)
      tarn__exec_trail(x, from->data);
    else
      TARN_TRY(tarn__exec_device_move(x, place, from->data, tarn__tensor_bytes(from)));
  }
  return TARN_OK;
}

static tarn_status run_switch(tarn_slots *f, const tarn_step *step) {
  tarn_tensor read = {0};
  const tarn_tensor *predicate;
  TARN_TRY(tarn__exec_input(f, step, 1, &read, &predicate));
  if (predicate->dtype != TARN_BOOL || tarn__tensor_elements(predicate) != 1) {
    tarn__tensor_clear(&read);
    return tarn_fail(TARN_INVALID, "the predicate must be one bool");
  }
  const bool taken = *(const bool *)predicate->data;
  tarn_tensor *other = &f->value[step->out[!taken]];
  if (read.buffer) tarn__tensor_clear(&read);
  f->dead[step->out[!taken]] = true;
  if (other->dtype) tarn__tensor_clear(other);
  return pass_on(f, step, 0, step->out[taken]);
}

static tarn_status run_merge(tarn_exec *x, tarn_slots *f, const tarn_step *step, int at) {
  for (int i = 0; i < step->inputs; i++) {
    if (f->dead[step->in[i]]) continue;
    TARN_TRY(pass_on(f, step, i, step->out[0]));
    set_dead(f, step, at, false);
    if (step->outputs < 2 || f->block->value[step->out[1]].last_use <= at)
      return TARN_OK; /* nobody asks which */
    tarn_tensor *index = &f->value[step->out[1]];
    const tarn_shape scalar = tarn__shape_scalar();
    tarn__tensor_clear(index);
    TARN_TRY(tarn__tensor_new_raw(x->run->allocator, TARN_I32, &scalar, index));
    *(int32_t *)index->data = i;
    return TARN_OK;
  }
  set_dead(f, step, at, true);
  return TARN_OK;
}

static tarn_status run_ref_select(tarn_slots *f, const tarn_step *step) {
  tarn_tensor read = {0};
  const tarn_tensor *index;
  TARN_TRY(tarn__exec_input(f, step, 0, &read, &index));
  const int64_t i =
      tarn__tensor_elements(index) == 1 && (index->dtype == TARN_I32 || index->dtype == TARN_I64)
          ? tarn__tensor_int(index, 0)
          : -1;
  tarn__tensor_clear(&read);
  if (i < 0 || i >= step->inputs - 1)
    return tarn_fail(TARN_INVALID, "index %lld of %d inputs", (long long)i, step->inputs - 1);
  return pass_on(f, step, (int)i + 1, step->out[0]);
}

/* A step with steps inside: a row of its own in the trace, around theirs. */
static tarn_status run_blocks(tarn_exec *x, tarn_slots *f, const tarn_step *step, int at) {
  const uint64_t start = x->trace ? tarn__now_ns() : 0;
  tarn_status status = TARN_OK;
  switch ((int)step->kind) {
    case TARN_STEP_LOOP: status = tarn__exec_loop(x, f, step); break;
    case TARN_STEP_IF: status = tarn__exec_if(x, f, step); break;
    case TARN_STEP_WHILE: status = tarn__exec_while(x, f, step); break;
    case TARN_STEP_CALL: status = tarn__exec_call(x, f, step); break;
    default: break;
  }
  if (x->trace)
    tarn__trace_tick(x->trace, tarn__exec_label(x, f->block, step, at, NULL), false, start,
                     tarn__now_ns());
  return status;
}

static tarn_status run_step(tarn_exec *x, tarn_slots *f, const tarn_step *step, int at) {
  switch (step->kind) {
    case TARN_STEP_KERNEL:
      return step->part   ? run_parts(f, step)
             : step->join ? run_join(x, f, step)
                          : tarn__exec_kernel(x, f, step, at);
    case TARN_STEP_VIEW: return run_view(x, f, step);
    case TARN_STEP_PASS:
      for (int k = 0; k < step->outputs; k++)
        TARN_TRY(pass_on(f, step, k < step->inputs ? k : 0, step->out[k]));
      return TARN_OK;
    case TARN_STEP_GATE: return TARN_OK;
    case TARN_STEP_SWITCH: return run_switch(f, step);
    case TARN_STEP_MERGE: return run_merge(x, f, step, at);
    case TARN_STEP_REF_SELECT: return run_ref_select(f, step);
    case TARN_STEP_LOOP:
    case TARN_STEP_IF:
    case TARN_STEP_WHILE:
    case TARN_STEP_CALL: return run_blocks(x, f, step, at);
  }
  return TARN_OK;
}

/* What later steps were bound for must be what came: a variable may have been given another shape
 * since. */
static tarn_status check_outputs(const tarn_slots *f, const tarn_step *step) {
  for (int k = 0; k < step->outputs; k++) {
    const tarn_value *v = &f->block->value[step->out[k]];
    const tarn_tensor *t = &f->value[step->out[k]];
    if (v->shape.rank < 0 || v->is_ref || f->dead[step->out[k]] || !t->dtype ||
        v->storage == TARN_STORE_CONSTANT || tarn__shape_equal(&v->shape, &t->shape))
      continue;
    char had[TARN_SHAPE_TEXT], wanted[TARN_SHAPE_TEXT];
    return tarn_fail(TARN_SHAPE, "output %d has shape %s, declared as %s", k,
                     tarn__shape_print(&t->shape, had), tarn__shape_print(&v->shape, wanted));
  }
  return TARN_OK;
}

tarn_status tarn__exec_block(tarn_exec *x, tarn_slots *f) {
  x->turn++;
  return tarn__exec_steps(x, f, 0, f->block->steps);
}

/* Whether each run of the step says anew what of it is dead: slots begin with nothing dead, and
 * what cannot die stays so. */
static bool marks(const tarn_step *step) {
  switch (step->kind) {
    case TARN_STEP_MERGE: return false;   /* says so itself */
    case TARN_STEP_KERNEL:
    case TARN_STEP_VIEW:
    case TARN_STEP_PASS: return step->may_die;
    default: return true;
  }
}

tarn_status tarn__exec_steps(tarn_exec *x, tarn_slots *f, int from, int to) {
  if (f->block->sections) return tarn__exec_sections(x, f, from, to);
  if (!x->device) return tarn__exec_each_step(x, f, from, to);
  for (int at = from, next; at < to; at = next) {
    next = f->block->step[at].record_until;
    if (next) {
      TARN_TRY(tarn__exec_recorded(x, f, at));
      continue;
    }
    for (next = at + 1; next < to && !f->block->step[next].record_until;) next++;
    TARN_TRY(tarn__exec_each_step(x, f, at, next));
  }
  return TARN_OK;
}

tarn_status tarn__exec_each_step(tarn_exec *x, tarn_slots *f, int from, int to) {
  const tarn_block *block = f->block;
  for (int at = from; at < to; at++) {
    const tarn_step *step = &block->step[at];
    if (step->removed) continue;
    bool dead = false;
    if (step->may_die && step->kind != TARN_STEP_MERGE && step->kind != TARN_STEP_LOOP)
      dead = is_dead(f, step);
    else if (step->kind == TARN_STEP_GATE) continue;
    if (block->has_dead && marks(step)) set_dead(f, step, at, dead);
    if (!dead) {
      if ((++x->ticks & 15) == 0) TARN_TRY(tarn__run_check(x->run));
      tarn_status status = run_step(x, f, step, at);
      if (status == TARN_OK && !step->binding) status = check_outputs(f, step);
      if (status != TARN_OK) {
        if (step->kind != TARN_STEP_KERNEL)
          tarn__context("running '%s'%s%s%s", step->name, step->op ? " (" : "",
                        step->op ? step->op->name : "", step->op ? ")" : "");
        return status;
      }
    }
    for (int k = 0; k < step->releases;
         k++) /* what was there before a dry walk may be wanted again */
      if (!x->device || !x->device->dry ||
          block->value[step->release[k]].producer >= x->device->dry_from)
        tarn__tensor_clear(&f->value[step->release[k]]);
  }
  return TARN_OK;
}

/* ---- slots -------------------------------------------------------------------------------- */

tarn_status tarn__slots_take(tarn_exec *x, const tarn_block *block, tarn_slots **slots) {
  tarn_slots *f = x->free_slots[block->id];
  if (f) {
    x->free_slots[block->id] = f->next;
    *slots = f;
    return TARN_OK;
  }
  const size_t n = (size_t)block->values + 1, m = (size_t)block->steps + 1;
  const size_t bytes = sizeof *f + n * sizeof(tarn_tensor) + n + m;
  f = tarn__alloc_zero(x->shared->allocator, bytes);
  if (!f) return TARN_NO_MEMORY;
  f->block = block;
  f->value = (tarn_tensor *)(void *)(f + 1);
  f->dead = (bool *)(f->value + n);
  f->step_dead = f->dead + n;
  /* other runs may be giving constants up (kernel.c) */
  pthread_mutex_lock(&x->shared->prepared->lock);
  for (int v = 0; v < block->values; v++)
    if (block->value[v].constant.dtype) tarn__tensor_share(&block->value[v].constant, &f->value[v]);
  pthread_mutex_unlock(&x->shared->prepared->lock);
  *slots = f;
  return TARN_OK;
}

/* Empties what the run left (all of it, after a failure). */
void tarn__slots_give(tarn_exec *x, tarn_slots *f) {
  for (int v = 0; v < f->block->values; v++) {
    if (f->block->value[v].storage != TARN_STORE_CONSTANT) tarn__tensor_clear(&f->value[v]);
    f->dead[v] = false;
  }
  memset(f->step_dead, 0, (size_t)f->block->steps + 1);
  f->next = x->free_slots[f->block->id];
  x->free_slots[f->block->id] = f;
}
