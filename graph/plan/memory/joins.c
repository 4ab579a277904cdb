/* Inputs follow one another in the output when the dims in front of the joined axis are 1: parts of
 * a sequence, states of batch 1, what unrolled cells gave.
 *
 *   a = Tanh(p); b = Relu(q); y = ConcatV2(a, b, 0)     a and b are written into y's memory
 *
 * Only values that a kernel of the block makes and that nobody wants afterwards, who would keep the
 * whole output alive: no feeds, constants, results, nor what something keeps. Those that are left
 * are copied when the step runs. */
#include "graph/plan/memory/joins.h"

#include <string.h>

#include "graph/passes/rewrite.h"
#include "kernels/params/array.h"

int tarn__value_whole(const tarn_block *block, int value) {
  for (; block->value[value].view_of >= 0; value = block->value[value].view_of)
    if (block->step[block->value[value].producer].part) return -1;
  return value;
}

int tarn__value_around(const tarn_block *block, int v, size_t *at) {
  *at = 0;
  for (; block->value[v].within >= 0; v = block->value[v].within) *at += block->value[v].within_at;
  return v;
}

static size_t bytes_of(const tarn_value *v) {
  return (size_t)tarn__shape_elements(&v->shape) * tarn_dtype_bytes(v->dtype);
}

/* The inputs that are joined, [first, end), and the axis. */
static bool joined_inputs(const tarn_block *block, const tarn_step *step, int *first, int *end,
                          int *axis) {
  const char *op = step->op->name;
  const int rank = block->value[step->out[0]].shape.rank;
  *first = 0;
  *end = step->inputs;
  if (!strcmp(op, "Pack"))
    return tarn__shape_axis(((const tarn_axis_params *)step->params)->axis, rank, axis) == TARN_OK;
  const bool v2 = !strcmp(op, "ConcatV2");
  if (!v2 && strcmp(op, "Concat")) return false;
  const tarn_tensor *t = tarn__value_known(block, step->in[v2 ? step->inputs - 1 : 0]);
  if (v2)
    --*end;
  else
    ++*first;
  return t && tarn__tensor_elements(t) == 1 &&
         tarn__shape_axis(tarn__tensor_int(t, 0), rank, axis) == TARN_OK;
}

static bool placed(const tarn_block *block, int v, const bool *is_held) {
  const tarn_value *x = &block->value[v];
  if (x->constant.dtype || x->storage == TARN_STORE_PREPARED || x->storage == TARN_STORE_VARIABLE ||
      x->is_ref || x->last_use == INT32_MAX || is_held[v] || x->carried || x->producer < 0 ||
      x->within >= 0 || !tarn__shape_known(&x->shape) || !tarn__dtype_in(x->dtype, TARN_PLAIN))
    return false;
  const tarn_step *step = &block->step[x->producer];
  return step->kind == TARN_STEP_KERNEL && step->binding && !step->part && !step->removed;
}

static tarn_status look_at(tarn_builder *b, const tarn_block *block, int at, const bool *is_held,
                           tarn_join *join, bool *found) {
  const tarn_step *step = &block->step[at];
  int first, end, axis;
  *found = false;
  if (step->removed || step->kind != TARN_STEP_KERNEL || !step->binding || step->deref ||
      step->outputs != 1 || !step->op || !joined_inputs(block, step, &first, &end, &axis) ||
      !placed(block, step->out[0], is_held))
    return TARN_OK;
  const tarn_shape *y = &block->value[step->out[0]].shape;
  for (int d = 0; d < axis; d++)
    if (y->dim[d] != 1) return TARN_OK;
  *join = (tarn_join){
      .step = at,
      .at = tarn__arena_array(b->arena, (size_t)step->inputs + 1, sizeof *join->at),
      .made = tarn__arena_array(b->arena, (size_t)step->inputs + 1, sizeof *join->made)};
  if (!join->at || !join->made) return TARN_NO_MEMORY;
  size_t next = 0;
  for (int i = 0; i < step->inputs; i++) {
    const tarn_value *x = &block->value[step->in[i]];
    join->at[i] = SIZE_MAX;
    if (i < first || i >= end) continue;
    if (!tarn__shape_known(&x->shape) || x->is_ref) return TARN_OK;
    join->at[i] = next;
    next += bytes_of(x);
    const int whole = tarn__value_whole(block, step->in[i]);
    join->made[i] = whole >= 0 && placed(block, whole, is_held) && bytes_of(x) > 0 &&
                    block->value[whole].last_use == at &&
                    bytes_of(&block->value[whole]) == bytes_of(x);
  }
  *found = next == bytes_of(&block->value[step->out[0]]);
  return TARN_OK;
}

tarn_status tarn__joins_find(tarn_builder *b, const tarn_block *block, bool device,
                             const bool *is_held, tarn_join **found, int *count) {
  *count = 0;
  *found = NULL;
  if (tarn__pass_disabled(b, "join_in_place")) return TARN_OK;
  for (int at = 0; at < block->steps; at++) {
    tarn_join join;
    bool yes;
    TARN_TRY(look_at(b, block, at, is_held, &join, &yes));
    if (!yes || block->value[block->step[at].out[0]].on_device != device) continue;
    if (!*found &&
        !(*found = tarn__arena_array(b->arena, (size_t)(block->steps - at), sizeof **found)))
      return TARN_NO_MEMORY;
    (*found)[(*count)++] = join;
  }
  return TARN_OK;
}

bool tarn__join_do(tarn_block *block, const tarn_join *join) {
  tarn_step *step = &block->step[join->step];
  size_t there = 0;
  for (int i = 0; i < step->inputs; i++) {
    if (!join->made[i]) continue;
    const int v = tarn__value_whole(block, step->in[i]);
    if (block->value[v].within >= 0) continue; /* of another, or twice in this one */
    block->value[v].within = step->out[0];
    block->value[v].within_at = join->at[i];
    there += bytes_of(&block->value[v]);
  }
  step->join = join->at;
  if (2 * there >= bytes_of(&block->value[step->out[0]])) return true;
  tarn__join_undo(block, join); /* copying is the kernel's job, which has threads */
  return false;
}

void tarn__join_undo(tarn_block *block, const tarn_join *join) {
  tarn_step *step = &block->step[join->step];
  for (int i = 0; i < step->inputs; i++) {
    const int v = join->made[i] ? tarn__value_whole(block, step->in[i]) : -1;
    if (v >= 0 && block->value[v].within == step->out[0]) block->value[v].within = -1;
  }
  step->join = NULL;
}
