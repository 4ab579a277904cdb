/* Shapes along the steps of a block, and elements where they are known: constants, variables that
 * nothing writes (frozen), and what follows from them and from shapes (constant folding).
 *
 * As a plan is made for the shapes fed, most shapes are known exactly. A loop's variables are first
 * taken to keep the shape they enter with; when the body gives another, they are unknown in the
 * next round. Folding itself is a pass (passes/fold_constants.c), run from here. */
#include "graph/exec/binding.h"
#include "graph/passes/passes.h"
#include "graph/plan/arrays.h"

#include <string.h>

enum { ROUNDS = 4 };
#define PENDING (-2)             /* rank of a loop variable in the first round */

static tarn_status shapes_of(tarn_builder *b, tarn_block *block);

/* What a step sees of one input. */
typedef struct seen {
  tarn_dtype dtype;
  tarn_shape shape;              /* rank < 0: not known */
  const tarn_tensor *elements;   /* NULL: not known */
} seen;

tarn_status tarn__plan_declared(tarn_builder *b, const tarn_node *variable, tarn_shape *shape) {
  shape->rank = -1;
  if (!variable) return TARN_OK;
  const tarn_string name = tarn__node_variable_name(variable);
  if (tarn__map_get(&b->reshaped, name.data, name.size)) return TARN_OK;
  const tarn_attr *attr = tarn__attr_find(&variable->attrs, "shape");
  if (attr && attr->kind == TARN_ATTR_SHAPE && tarn__shape_known(attr->shape))
    *shape = *attr->shape;
  return TARN_OK;
}

/* A frozen variable becomes a constant of the block; -1 in *value when it is not frozen. */
static tarn_status frozen_value(tarn_builder *b, tarn_block *block, const tarn_node *variable,
                                int *value) {
  *value = -1;
  if (!variable) return TARN_OK;
  tarn_tensor read;
  TARN_TRY(tarn__plan_freeze(b, variable, &read));
  if (!read.dtype) return TARN_OK;
  *value = tarn__block_add_constant(block, &read);
  return *value < 0 ? TARN_NO_MEMORY : TARN_OK;
}

static tarn_status see(tarn_builder *b, tarn_block *block, int at, int i, seen *s) {
  tarn_step *step = &block->step[at];
  const tarn_value *v = &block->value[step->in[i]];
  if (step->deref && step->deref[i]) {
    int constant = -1;
    if (!v->may_die) TARN_TRY(frozen_value(b, block, v->variable, &constant));
    v = &block->value[step->in[i]];
    if (constant >= 0) {
      step->in[i] = constant;
      step->deref[i] = false;
    } else {
      *s = (seen){.dtype = v->dtype};
      return tarn__plan_declared(b, v->variable, &s->shape);
    }
    v = &block->value[step->in[i]];
  }
  *s = (seen){.dtype = v->dtype, .shape = v->shape};
  if (v->is_ref) s->shape = tarn__shape_scalar();
  if (v->constant.dtype) s->elements = &v->constant;
  return TARN_OK;
}

static void set_shape(tarn_block *block, int value, const tarn_shape *shape) {
  block->value[value].shape = *shape;
}

static void set_constant(tarn_block *block, int value, const tarn_tensor *t) {
  tarn__tensor_clear(&block->value[value].constant);
  tarn__tensor_share(t, &block->value[value].constant);
  block->value[value].shape = t->shape;
}

/* The arrays that a step's inputs and outputs need while it is looked at. */
typedef struct arrays {
  tarn_dtype *dtype;
  tarn_shape *shape;
  const tarn_tensor **value;
} arrays;

static tarn_status arrays_for(tarn_builder *b, const tarn_step *step, arrays *a) {
  const size_t n = (size_t)(step->inputs + step->outputs) + 1;
  if (n > b->scratch_count) {
    b->scratch_count = 2 * n + 32;
    b->scratch_shape = tarn__arena_array(b->arena, b->scratch_count, sizeof(tarn_shape));
    b->scratch_dtype = tarn__arena_array(b->arena, b->scratch_count, sizeof(tarn_dtype));
    b->scratch_value = tarn__arena_array(b->arena, b->scratch_count, sizeof(tarn_tensor *));
    if (!b->scratch_shape || !b->scratch_dtype || !b->scratch_value) {
      b->scratch_count = 0;
      return TARN_NO_MEMORY;
    }
  }
  *a = (arrays){b->scratch_dtype, b->scratch_shape, b->scratch_value};
  return TARN_OK;
}

/* TensorArrayV3 of a known size that does not grow. */
static tarn_status array_made(tarn_builder *b, const tarn_step *step, const arrays *a) {
  const tarn_attr *grows = tarn__attr_find(step->attrs, "dynamic_size");
  if (!grows || grows->kind != TARN_ATTR_BOOL || grows->b || !a->value[0] ||
      a->dtype[0] != TARN_I32 || tarn__tensor_elements(a->value[0]) != 1)
    return TARN_OK;
  return tarn__plan_array_size(b, step->node, tarn__tensor_int(a->value[0], 0));
}

/* A step on a TensorArray or a stack: output 0's shape, or its value, where they follow from the
 * other steps. */
static tarn_status array_shapes(tarn_builder *b, tarn_block *block, int at, const tarn_node *maker,
                                const arrays *a) {
  const tarn_step *step = &block->step[at];
  tarn_shape shape;
  tarn_array_value known;
  TARN_TRY(
      tarn__plan_array_step(b, maker, block->id, at, step, a->shape, a->value, &shape, &known));
  if (step->outputs && shape.rank >= 0) set_shape(block, step->out[0], &shape);
  if (!known.dtype || b->context->purpose == TARN_FOR_FREEZE) return TARN_OK;
  tarn_tensor t;
  TARN_TRY(tarn__tensor_new_raw(b->context->allocator, known.dtype, &known.shape, &t));
  for (int64_t i = 0; i < tarn__tensor_elements(&t); i++)
    if (known.dtype == TARN_I32)
      ((int32_t *)t.data)[i] = (int32_t)known.element[i];
    else
      ((int64_t *)t.data)[i] = known.element[i];
  set_constant(block, step->out[0], &t);
  tarn__tensor_clear(&t);
  return TARN_OK;
}

/* Rows of a variable, whose declared shape has more to say than its handle. */
static tarn_status gathered_shape(tarn_builder *b, tarn_block *block, const tarn_step *step) {
  tarn_shape out = {.rank = -1}, rows;
  const tarn_shape *at = &block->value[step->in[1]].shape;
  TARN_TRY(tarn__plan_declared(b, block->value[step->in[0]].variable, &rows));
  if (tarn__shape_known(&rows) && rows.rank >= 1 && tarn__shape_known(at) &&
      !tarn__attr_int(step->attrs, "batch_dims") && at->rank + rows.rank - 1 <= TARN_MAX_RANK) {
    out = *at;
    for (int i = 1; i < rows.rank; i++) out.dim[out.rank++] = rows.dim[i];
  }
  set_shape(block, step->out[0], &out);
  return TARN_OK;
}

static tarn_status kernel_shapes(tarn_builder *b, tarn_block *block, int at) {
  tarn_step *step = &block->step[at];
  if (!step->op || step->node->problem) return TARN_OK;
  if (!strcmp(step->op->name, "Const") || !strcmp(step->op->name, "HostConst")) {
    set_constant(block, step->out[0], tarn__attr_tensor(step->attrs, "value"));
    return TARN_OK;
  }
  if (!strcmp(step->op->name, "ReadVariableOp")) {
    const tarn_node *variable = block->value[step->in[0]].variable;
    tarn_shape shape;
    int constant;
    TARN_TRY(frozen_value(b, block, variable, &constant));
    step = &block->step[at];
    if (constant >= 0) {
      const tarn_tensor read = block->value[constant].constant;
      set_constant(block, step->out[0], &read);
      return TARN_OK;
    }
    TARN_TRY(tarn__plan_declared(b, variable, &shape));
    set_shape(block, step->out[0], &shape);
    return TARN_OK;
  }
  if (!strcmp(step->op->name, "ResourceGather")) return gathered_shape(b, block, step);
  arrays a;
  TARN_TRY(arrays_for(b, step, &a));
  bool all_shapes = true;
  for (int i = 0; i < step->inputs; i++) {
    seen s;
    TARN_TRY(see(b, block, at, i, &s));
    step = &block->step[at];
    a.dtype[i] = s.dtype;
    a.shape[i] = s.shape;
    a.value[i] = s.elements;
    all_shapes = all_shapes && tarn__shape_known(&s.shape);
  }
  const tarn_node *maker =
      step->inputs && a.dtype[0] == TARN_RESOURCE ? block->value[step->in[0]].variable : NULL;
  if (maker) TARN_TRY(tarn__plan_array_gradient(b, step, maker));
  if (maker && tarn__plan_makes_array(maker)) TARN_TRY(array_shapes(b, block, at, maker, &a));
  if (tarn__plan_makes_array(step->node) && step->inputs && step->out[0] >= 0)
    TARN_TRY(array_made(b, step, &a));
  if (!all_shapes) return TARN_OK;
  if (maker && tarn__plan_makes_array(maker) && block->value[step->out[0]].shape.rank >= 0)
    return TARN_OK;
  tarn_shape *out = a.shape + step->inputs;
  const tarn_status status = tarn__step_infer(step, a.dtype, a.shape, a.value, out);
  if (status != TARN_OK) {
    if (status == TARN_NO_MEMORY) return status;
    /* What may be dead may never run: its error is the run's to report. */
    if (step->may_die || block->parent || b->context->explain) return TARN_OK;
    char text[TARN_SHAPE_TEXT];
    for (int i = 0; i < step->inputs; i++)
      tarn__context("input %d: %s%s", i, tarn_dtype_name(a.dtype[i]),
                    tarn__shape_print(&a.shape[i], text));
    tarn__context("inferring node '%s' (%s)", step->name, step->op->name);
    return status;
  }
  for (int i = 0; i < step->outputs; i++) set_shape(block, step->out[i], &out[i]);
  if (step->kind == TARN_STEP_VIEW) {
    if (a.value[0] && tarn__shape_known(&out[0]) && b->context->purpose != TARN_FOR_FREEZE) {
      tarn_tensor view;
      tarn__tensor_share(a.value[0], &view);
      view.shape = out[0];
      if (view.dtype == step->node->out_dtype[0]) set_constant(block, step->out[0], &view);
      tarn__tensor_clear(&view);
    }
    return TARN_OK;
  }
  return tarn__fold_step(b, block, at, a.dtype, a.shape, a.value);
}

static tarn_status pass_shapes(tarn_builder *b, tarn_block *block, int at) {
  for (int i = 0; i < block->step[at].outputs; i++) {
    seen s;
    const int from = i < block->step[at].inputs ? i : 0;
    TARN_TRY(see(b, block, at, from, &s));
    const int out = block->step[at].out[i];
    if (s.elements && block->step[at].kind == TARN_STEP_PASS &&
        b->context->purpose != TARN_FOR_FREEZE) {
      const tarn_tensor t = *s.elements;
      set_constant(block, out, &t);
    } else {
      set_shape(block, out, &s.shape);
    }
  }
  return TARN_OK;
}

static tarn_status switch_shapes(tarn_builder *b, tarn_block *block, int at) {
  seen s;
  TARN_TRY(see(b, block, at, 0, &s));
  for (int i = 0; i < 2; i++) set_shape(block, block->step[at].out[i], &s.shape);
  return TARN_OK;
}

static tarn_status merge_shapes(tarn_builder *b, tarn_block *block, int at) {
  tarn_shape joint = {.rank = PENDING};
  for (int i = 0; i < block->step[at].inputs; i++) {
    seen s;
    TARN_TRY(see(b, block, at, i, &s));
    if (s.shape.rank == PENDING) continue;
    if (joint.rank == PENDING) joint = s.shape;
    else if (!tarn__shape_known(&s.shape) || !tarn__shape_known(&joint) ||
             !tarn__shape_equal(&joint, &s.shape))
      joint.rank = -1;
  }
  if (joint.rank == PENDING) joint.rank = -1;
  const tarn_shape scalar = tarn__shape_scalar();
  set_shape(block, block->step[at].out[0], &joint);
  if (block->step[at].outputs > 1) set_shape(block, block->step[at].out[1], &scalar);
  return TARN_OK;
}

/* Forgets what an earlier round found. */
static void forget(tarn_block *block) {
  for (int v = 0; v < block->values; v++) {
    tarn_value *value = &block->value[v];
    bool outside = value->producer < 0 && value->constant.dtype;
    for (int i = 0; outside && i < block->inputs; i++) outside = block->input[i] != v;
    if (outside) continue;       /* a frozen variable */
    tarn__tensor_clear(&value->constant);
    value->shape.rank = -1;
  }
}

static tarn_status set_input(tarn_builder *b, tarn_block *block, int at, int i, tarn_block *body,
                             int input, bool elements) {
  seen s;
  TARN_TRY(see(b, block, at, i, &s));
  set_shape(body, body->input[input], &s.shape);
  if (!body->value[body->input[input]].dtype) body->value[body->input[input]].dtype = s.dtype;
  if (elements && s.elements) {
    const tarn_tensor t = *s.elements;
    set_constant(body, body->input[input], &t);
  }
  return TARN_OK;
}

static tarn_status loop_shapes(tarn_builder *b, tarn_block *block, int at) {
  tarn_block *body = block->step[at].block[0];
  const int vars = body->loop_vars;
  tarn_shape *assumed = tarn__arena_array(b->arena, (size_t)vars + 1, sizeof *assumed);
  if (!assumed) return TARN_NO_MEMORY;
  for (int k = 0; k < vars; k++) assumed[k].rank = PENDING;
  for (int round = 0;; round++) {
    forget(body);
    for (int i = 0; i < block->step[at].inputs; i++)
      TARN_TRY(set_input(b, block, at, i, body, i, body->input_constant[i]));
    for (int k = 0; k < vars; k++) set_shape(body, body->carried[k], &assumed[k]);
    TARN_TRY(shapes_of(b, body));
    bool changed = false;
    for (int k = 0; k < vars; k++) {
      tarn_shape next = body->value[body->next[k]].shape;
      if (!tarn__shape_known(&next) || (round >= ROUNDS && !tarn__shape_equal(&next, &assumed[k])))
        next.rank = -1;
      if (assumed[k].rank == -1) next.rank = -1;   /* once unknown, for good: this ends */
      if (next.rank != assumed[k].rank ||
          (next.rank >= 0 && !tarn__shape_equal(&next, &assumed[k]))) {
        changed = true;
        assumed[k] = next;
      }
    }
    if (!changed) break;
  }
  for (int i = 0; i < block->step[at].outputs; i++)
    set_shape(block, block->step[at].out[i], &body->value[body->result[i]].shape);
  return TARN_OK;
}

static tarn_status if_shapes(tarn_builder *b, tarn_block *block, int at) {
  const int outputs = block->step[at].outputs;
  tarn_shape *joint = tarn__arena_array(b->arena, (size_t)outputs + 1, sizeof *joint);
  if (!joint) return TARN_NO_MEMORY;
  for (int i = 0; i < outputs; i++) joint[i].rank = PENDING;
  for (int k = 0; k < block->step[at].blocks; k++) {
    tarn_block *body = block->step[at].block[k];
    if (body) {
      forget(body);
      for (int i = 0; i < body->inputs; i++)
        TARN_TRY(set_input(b, block, at, i + 1, body, i, true));
      TARN_TRY(shapes_of(b, body));
    }
    for (int i = 0; i < outputs; i++) {
      const tarn_shape *s = body && i < body->results ? &body->value[body->result[i]].shape : NULL;
      if (s && tarn__shape_known(s) && joint[i].rank == PENDING) joint[i] = *s;
      else if (!s || !tarn__shape_known(s) || !tarn__shape_equal(s, &joint[i])) joint[i].rank = -1;
    }
  }
  for (int i = 0; i < outputs; i++) set_shape(block, block->step[at].out[i], &joint[i]);
  return TARN_OK;
}

static tarn_status while_shapes(tarn_builder *b, tarn_block *block, int at) {
  tarn_step *step = &block->step[at];
  const int vars = step->inputs;
  tarn_shape *assumed = tarn__arena_array(b->arena, (size_t)vars + 1, sizeof *assumed);
  if (!assumed) return TARN_NO_MEMORY;
  tarn_block *cond = step->block[0], *body = step->block[1];
  for (int k = 0; k < vars; k++) {
    seen s;
    TARN_TRY(see(b, block, at, k, &s));
    assumed[k] = s.shape;
  }
  for (int round = 0;; round++) {
    bool changed = false;
    for (int which = 0; which < 2; which++) {
      tarn_block *inner = which ? body : cond;
      if (!inner) continue;
      forget(inner);
      for (int k = 0; k < vars && k < inner->inputs; k++) {
        const bool invariant = body && k < body->results && body->result[k] == body->input[k];
        TARN_TRY(set_input(b, block, at, k, inner, k, invariant));
        if (!invariant) set_shape(inner, inner->input[k], &assumed[k]);
      }
      TARN_TRY(shapes_of(b, inner));
    }
    for (int k = 0; k < vars; k++) {
      tarn_shape next =
          body && k < body->results ? body->value[body->result[k]].shape : (tarn_shape){.rank = -1};
      if (assumed[k].rank < 0) continue;
      if (!tarn__shape_known(&next) || round >= ROUNDS || !tarn__shape_equal(&next, &assumed[k])) {
        if (tarn__shape_known(&next) && tarn__shape_equal(&next, &assumed[k])) continue;
        assumed[k].rank = -1;
        changed = true;
      }
    }
    if (!changed) break;
  }
  for (int k = 0; k < block->step[at].outputs && k < vars; k++)
    set_shape(block, block->step[at].out[k], &assumed[k]);
  return TARN_OK;
}

static tarn_status step_shapes(tarn_builder *b, tarn_block *block, int at) {
  switch (block->step[at].kind) {
    case TARN_STEP_KERNEL:
    case TARN_STEP_VIEW: return kernel_shapes(b, block, at);
    case TARN_STEP_PASS: return pass_shapes(b, block, at);
    case TARN_STEP_SWITCH: return switch_shapes(b, block, at);
    case TARN_STEP_MERGE: return merge_shapes(b, block, at);
    case TARN_STEP_LOOP: return loop_shapes(b, block, at);
    case TARN_STEP_IF: return if_shapes(b, block, at);
    case TARN_STEP_WHILE: return while_shapes(b, block, at);
    case TARN_STEP_GATE:
    case TARN_STEP_REF_SELECT:
    case TARN_STEP_CALL: return TARN_OK;
  }
  return TARN_OK;
}

static tarn_status shapes_of(tarn_builder *b, tarn_block *block) {
  for (int at = 0; at < block->steps; at++)
    if (!block->step[at].removed) TARN_TRY(step_shapes(b, block, at));
  return TARN_OK;
}

tarn_status tarn__plan_shapes_again(tarn_builder *b, tarn_block *block, int at) {
  const tarn_step *step = &block->step[at];
  if (step->removed || !step->op || step->node->problem || step->op->flags & TARN_OP_STATEFUL ||
      (step->kind != TARN_STEP_KERNEL && step->kind != TARN_STEP_VIEW))
    return TARN_OK;
  bool unknown = false, known = true;
  for (int k = 0; k < step->outputs; k++)
    unknown = unknown || !tarn__shape_known(&block->value[step->out[k]].shape);
  for (int i = 0; i < step->inputs; i++)
    known = known && tarn__shape_known(&block->value[step->in[i]].shape);
  return unknown && known ? kernel_shapes(b, block, at) : TARN_OK;
}

tarn_status tarn__plan_shapes(tarn_builder *b, tarn_block *block) {
  tarn_shape *inputs = tarn__arena_array(b->arena, (size_t)block->inputs + 1, sizeof *inputs);
  if (!inputs) return TARN_NO_MEMORY;
  for (int i = 0; i < block->inputs; i++) inputs[i] = block->value[block->input[i]].shape;
  for (;;) {                     /* ends: each time an array more is given up */
    b->again = false;
    TARN_TRY(shapes_of(b, block));
    if (!b->again) return TARN_OK;
    forget(block);
    for (int i = 0; i < block->inputs; i++) block->value[block->input[i]].shape = inputs[i];
  }
}
