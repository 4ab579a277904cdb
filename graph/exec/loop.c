/* Loops: straight ones (graph/passes/straighten_*.c), and V1 frames that no pass could straighten,
 * which run by dead values. */
#include "graph/exec/device.h"

#include <string.h>

void tarn__slots_enter(tarn_slots *inner, int input, const tarn_tensor *from, bool dead) {
  const int v = inner->block->input[input];
  if (inner->block->value[v].storage == TARN_STORE_CONSTANT) {
    inner->dead[v] = dead;
    return;
  }
  tarn__tensor_clear(&inner->value[v]);
  if (!dead && from->dtype) tarn__tensor_share(from, &inner->value[v]);
  inner->dead[v] = dead;
}

tarn_status tarn__slots_leave(tarn_exec *x, const tarn_slots *inner, int value, tarn_tensor *out) {
  tarn__tensor_clear(out);
  const tarn_tensor *from = &inner->value[value];
  if (from->dtype && inner->block->value[value].on_device)
    return tarn__exec_device_bring(x, from, out);
  return from->dtype ? tarn__tensor_own(x->run->allocator, from, out) : TARN_OK;
}

tarn_status tarn__exec_truth(const tarn_tensor *t, bool *yes) {
  /* TensorFlow: a tensor that is no scalar is true when it has elements */
  if (t->shape.rank != 0) {
    *yes = tarn__tensor_elements(t) > 0;
    return TARN_OK;
  }
  switch (t->dtype) {
    case TARN_BOOL:
      *yes = *(const bool *)t->data;
      return TARN_OK;
    case TARN_F32:
      *yes = *(const float *)t->data != 0;
      return TARN_OK;
    case TARN_F64:
      *yes = *(const double *)t->data != 0;
      return TARN_OK;
    case TARN_I32:
      *yes = *(const int32_t *)t->data != 0;
      return TARN_OK;
    case TARN_I64:
      *yes = *(const int64_t *)t->data != 0;
      return TARN_OK;
    case TARN_I16:
      *yes = *(const int16_t *)t->data != 0;
      return TARN_OK;
    case TARN_I8:
      *yes = *(const int8_t *)t->data != 0;
      return TARN_OK;
    case TARN_U8:
      *yes = *(const uint8_t *)t->data != 0;
      return TARN_OK;
    case TARN_STRING:
      *yes = ((const tarn_string *)t->data)->size > 0;
      return TARN_OK;
    default:
      return tarn_fail(TARN_DTYPE, "a condition cannot be %s", tarn_dtype_name(t->dtype));
  }
}

/* ---- frames ------------------------------------------------------------------------------- */

/* Between two iterations: what is carried moves, everything else of the finished one goes. */
static void turn(tarn_slots *f, tarn_tensor *carry, bool *carry_dead) {
  const tarn_block *block = f->block;
  for (int k = 0; k < block->loop_vars; k++) {
    carry_dead[k] = f->dead[block->next[k]];
    carry[k].dtype = TARN_NO_DTYPE;
    carry[k].buffer = NULL;
    if (!carry_dead[k]) tarn__tensor_share(&f->value[block->next[k]], &carry[k]);
  }
  for (int at = 0; at < block->steps; at++)
    for (int k = 0; k < block->step[at].outputs; k++) {
      const int v = block->step[at].out[k];
      if (block->value[v].storage == TARN_STORE_RUN) tarn__tensor_clear(&f->value[v]);
    }
  for (int i = 0; i < block->inputs; i++) {
    if (block->input_constant[i]) continue;
    const int v = block->input[i];
    if (block->value[v].storage == TARN_STORE_RUN) tarn__tensor_clear(&f->value[v]);
    f->dead[v] = true;
  }
  for (int k = 0; k < block->loop_vars; k++) {
    tarn_tensor *slot = &f->value[block->carried[k]];
    tarn__tensor_clear(slot);
    *slot = carry[k];
    f->dead[block->carried[k]] = carry_dead[k];
  }
}

static tarn_status iterate(tarn_exec *x, tarn_slots *f, tarn_tensor *exit, bool *exited,
                           tarn_tensor *carry, bool *carry_dead) {
  const tarn_block *block = f->block;
  for (;;) {
    TARN_TRY(tarn__run_check(x->run));
    TARN_TRY(tarn__exec_block(x, f));
    for (int i = 0; i < block->results; i++)
      if (!f->dead[block->result[i]]) {
        exited[i] = true;
        TARN_TRY(tarn__slots_leave(x, f, block->result[i], &exit[i]));
      }
    turn(f, carry, carry_dead);
    bool alive = false;
    for (int k = 0; k < block->loop_vars; k++) alive = alive || !carry_dead[k];
    if (!alive) return TARN_OK;
  }
}

static tarn_status run_frame(tarn_exec *x, tarn_slots *f, const tarn_step *step) {
  const tarn_block *block = step->block[0];
  const tarn_allocator *a = x->shared->allocator;
  bool all_dead = step->inputs > 0;
  for (int i = 0; i < step->inputs; i++) all_dead = all_dead && f->dead[step->in[i]];
  const int at = (int)(step - f->block->step);
  f->step_dead[at] = all_dead;
  for (int i = 0; i < step->outputs; i++) {
    tarn__tensor_clear(&f->value[step->out[i]]);
    f->dead[step->out[i]] = true;
  }
  if (all_dead) return TARN_OK;

  const size_t results = (size_t)block->results, vars = (size_t)block->loop_vars;
  const size_t bytes = (results + vars + 1) * (sizeof(tarn_tensor) + sizeof(bool));
  tarn_tensor *exit = tarn__alloc_zero(a, bytes);
  if (!exit) return TARN_NO_MEMORY;
  tarn_tensor *carry = exit + results;
  bool *exited = (bool *)(carry + vars), *carry_dead = exited + results;
  tarn_slots *inner = NULL;
  tarn_status status = tarn__slots_take(x, block, &inner);
  if (status == TARN_OK) {
    for (int i = 0; i < step->inputs; i++)
      tarn__slots_enter(inner, i, &f->value[step->in[i]], f->dead[step->in[i]]);
    for (int k = 0; k < block->loop_vars; k++) inner->dead[block->carried[k]] = true;
    status = iterate(x, inner, exit, exited, carry, carry_dead);
  }
  for (size_t i = 0; i < results; i++) {
    if (status == TARN_OK && exited[i]) {
      f->value[step->out[i]] = exit[i];
      f->dead[step->out[i]] = false;
    } else {
      tarn__tensor_clear(&exit[i]);
    }
  }
  if (inner) tarn__slots_give(x, inner);
  tarn__free(a, exit, bytes);
  return status;
}

/* ---- straight loops ------------------------------------------------------------------------ */

/* Elements of `from` to the place of a carried value, on the same side. */
static tarn_status move(tarn_exec *x, const tarn_value *value, void *to, const tarn_tensor *from) {
  const size_t bytes = tarn__tensor_bytes(from);
  if (value->on_device) return tarn__exec_device_move(x, to, from->data, bytes);
  memcpy(to, from->data, bytes);
  return TARN_OK;
}

/* The first values of what is carried, and what stays the same in every round. */
static tarn_status start(tarn_exec *x, tarn_slots *inner, const tarn_slots *f,
                         const tarn_step *step) {
  const tarn_block *block = inner->block;
  for (int i = 0; i < step->inputs; i++) {
    const int v = block->input[i];
    const tarn_value *value = &block->value[v];
    const tarn_tensor *from = &f->value[step->in[i]];
    if (value->storage != TARN_STORE_ARENA) {
      tarn__slots_enter(inner, i, from, false);
      continue;
    }
    if (from->dtype != value->dtype || !tarn__shape_equal(&from->shape, &value->shape)) {
      char had[TARN_SHAPE_TEXT], wanted[TARN_SHAPE_TEXT];
      return tarn_fail(TARN_SHAPE, "loop variable %d is %s%s, planned as %s%s", i,
                       tarn_dtype_name(from->dtype), tarn__shape_print(&from->shape, had),
                       tarn_dtype_name(value->dtype), tarn__shape_print(&value->shape, wanted));
    }
    tarn_tensor *slot = &inner->value[v];
    *slot = (tarn_tensor){.dtype = value->dtype, .shape = value->shape};
    slot->data = (char *)(value->on_device ? x->device->arena : x->arena) + value->offset;
    TARN_TRY(move(x, value, slot->data, from));
  }
  return TARN_OK;
}

/* Whether carried value k has a place and a merge passes its next one on, which may lie in the
 * place of another. */
static bool merged(const tarn_block *block, int k) {
  const tarn_value *n = &block->value[block->next[k]];
  return block->value[block->carried[k]].storage == TARN_STORE_ARENA &&
         n->storage == TARN_STORE_RUN && n->producer >= 0;
}

/* Between two rounds. A loop may swap what it carries: everything is taken before anything is
 * given. Values with a place are made by kernels, in places of their own, and are copied last, when
 * all that was borrowed from them has been; those that come through merges are copied to `merges`
 * first. */
static tarn_status carry(tarn_exec *x, tarn_slots *f, tarn_tensor *taken, char *merges) {
  const tarn_block *block = f->block;
  size_t at = 0;
  for (int k = 0; k < block->loop_vars; k++) {
    const int c = block->carried[k], n = block->next[k];
    if (block->has_dead && f->dead[n])
      return tarn_fail(TARN_INVALID, "loop variable %d is dead", k);
    if (merged(block, k)) {
      const size_t bytes = tarn__tensor_bytes(&f->value[c]);
      memcpy(merges + at, f->value[n].data, bytes);
      at += bytes;
    }
    if (block->value[c].storage == TARN_STORE_ARENA) continue;
    if (!f->value[n].dtype) return tarn_fail(TARN_INVALID, "loop variable %d has no value", k);
    const tarn_status status = tarn__tensor_own(x->run->allocator, &f->value[n], &taken[k]);
    if (status != TARN_OK) {
      while (k-- > 0) tarn__tensor_clear(&taken[k]);
      return status;
    }
  }
  for (int k = 0; k < block->loop_vars; k++) {
    const int c = block->carried[k], n = block->next[k];
    if (block->value[n].storage == TARN_STORE_RUN && block->value[n].producer >= 0)
      tarn__tensor_clear(&f->value[n]);
    if (block->value[c].storage == TARN_STORE_ARENA) continue;
    tarn__tensor_clear(&f->value[c]);
    f->value[c] = taken[k];
    taken[k] = (tarn_tensor){0};
  }
  at = 0;
  for (int k = 0; k < block->loop_vars; k++) {
    const int c = block->carried[k], n = block->next[k];
    if (block->value[c].storage != TARN_STORE_ARENA) continue;
    if (!merged(block, k)) {
      TARN_TRY(move(x, &block->value[c], f->value[c].data, &f->value[n]));
      continue;
    }
    const size_t bytes = tarn__tensor_bytes(&f->value[c]);
    memcpy(f->value[c].data, merges + at, bytes);
    at += bytes;
  }
  return TARN_OK;
}

static tarn_status rounds(tarn_exec *x, tarn_slots *f, tarn_tensor *taken, char *merges) {
  const tarn_block *block = f->block;
  for (;;) {
    bool on;
    TARN_TRY(tarn__run_check(x->run));
    x->turn++;
    TARN_TRY(tarn__exec_steps(x, f, 0, block->stop_at));
    TARN_TRY(tarn__exec_truth(&f->value[block->stop_value], &on));
    if (!on) return TARN_OK;
    TARN_TRY(tarn__exec_steps(x, f, block->stop_at, block->steps));
    TARN_TRY(carry(x, f, taken, merges));
  }
}

static tarn_status run_straight(tarn_exec *x, tarn_slots *f, const tarn_step *step) {
  const tarn_block *block = step->block[0];
  const tarn_allocator *a = x->shared->allocator;
  bool dead = false;
  for (int i = 0; i < step->inputs; i++) dead = dead || f->dead[step->in[i]];
  f->step_dead[step - f->block->step] = dead;
  for (int i = 0; i < step->outputs; i++) {
    tarn__tensor_clear(&f->value[step->out[i]]);
    f->dead[step->out[i]] = dead;
  }
  if (dead) return TARN_OK;
  size_t bytes = ((size_t)block->loop_vars + 1) * sizeof(tarn_tensor);
  const size_t merges_at = bytes;
  for (int k = 0; k < block->loop_vars; k++)
    if (merged(block, k))
      bytes += (size_t)tarn__shape_elements(&block->value[block->carried[k]].shape) *
               tarn_dtype_bytes(block->value[block->carried[k]].dtype);
  tarn_tensor *taken = tarn__alloc_zero(a, bytes);
  if (!taken) return TARN_NO_MEMORY;
  tarn_slots *inner = NULL;
  tarn_status status = tarn__slots_take(x, block, &inner);
  if (status == TARN_OK) status = start(x, inner, f, step);
  if (status == TARN_OK) status = rounds(x, inner, taken, (char *)taken + merges_at);
  for (int i = 0; i < block->results && status == TARN_OK; i++)
    status = tarn__slots_leave(x, inner, block->result[i], &f->value[step->out[i]]);
  if (inner) tarn__slots_give(x, inner);
  tarn__free(a, taken, bytes);
  return status;
}

tarn_status tarn__exec_loop(tarn_exec *x, tarn_slots *f, const tarn_step *step) {
  return step->block[0]->straight ? run_straight(x, f, step) : run_frame(x, f, step);
}
