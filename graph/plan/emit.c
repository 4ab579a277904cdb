/* Instances in their order become steps and values of blocks; a frame becomes a block of its own,
 * run by one Loop step. */
#include "graph/plan/orderer.h"

#include <string.h>

static tarn_status new_output(orderer *o, tarn_block *block, int instance, int output, int step,
                              int *value) {
  const tarn_instance *x = &o->x->instance[instance];
  tarn_dtype dtype = TARN_NO_DTYPE;
  bool is_ref = false;
  if (x->node && x->feed < 0 && x->node->op) {
    dtype = x->node->out_dtype[output];
    is_ref = x->node->out_is_ref[output];
  }
  *value = tarn__block_add_value(block, dtype, NULL);
  if (*value < 0) return TARN_NO_MEMORY;
  tarn_value *v = &block->value[*value];
  v->is_ref = is_ref;
  v->producer = step;
  v->output = output;
  o->value[instance][output] = *value;
  return TARN_OK;
}

static tarn_status add_input(orderer *o, tarn_block *block, int value, bool constant) {
  if (block->inputs == block->input_capacity) {
    const int wanted = block->input_capacity ? 2 * block->input_capacity : 8;
    int *input = tarn__arena_array(o->b->arena, (size_t)wanted, sizeof *input);
    bool *is_constant = tarn__arena_array(o->b->arena, (size_t)wanted, sizeof *is_constant);
    if (!input || !is_constant) return TARN_NO_MEMORY;
    if (block->inputs) {
      memcpy(input, block->input, (size_t)block->inputs * sizeof *input);
      memcpy(is_constant, block->input_constant, (size_t)block->inputs * sizeof *is_constant);
    }
    block->input = input;
    block->input_constant = is_constant;
    block->input_capacity = wanted;
  }
  block->input[block->inputs] = value;
  block->input_constant[block->inputs++] = constant;
  return TARN_OK;
}

/* The Loop step that runs `block`, while it is being filled: the parent's last step. */
static tarn_step *loop_step(tarn_block *block) {
  return &block->parent->step[block->parent->steps - 1];
}

/* A value of the block around a loop, as a constant input of the loop. */
static tarn_status import(orderer *o, tarn_block *block, int outer, int *value) {
  tarn_step *loop = loop_step(block);
  for (int i = 0; i < loop->inputs; i++)
    if (loop->in[i] == outer && block->input_constant[i]) {
      *value = block->input[i];
      return TARN_OK;
    }
  const tarn_value *from = &block->parent->value[outer];
  *value = tarn__block_add_value(block, from->dtype, NULL);
  if (*value < 0) return TARN_NO_MEMORY;
  from = &block->parent->value[outer];
  block->value[*value].is_ref = from->is_ref;
  block->value[*value].variable = from->variable;
  block->value[*value].may_die = from->may_die;
  TARN_TRY(add_input(o, block, *value, true));
  return tarn__order_append(o->b->arena, &loop->in, &loop->inputs, outer);
}

tarn_status tarn__emit_value(orderer *o, tarn_block *block, tarn_frame *frame, tarn_use use,
                             int *value) {
  const tarn_instance *from = &o->x->instance[use.from];
  if (from->frame == frame) {
    if (use.index >= tarn__instance_outputs(from))
      return tarn_fail(TARN_CORRUPT, "node '%s' has no output %d", from->name, use.index);
    *value = o->value[use.from][use.index];
    if (*value < 0) { /* what a loop carries is wanted before it is made */
      TARN_TRY(new_output(o, block, use.from, use.index, -1, value));
      block->value[*value].may_die = true;
    }
    return TARN_OK;
  }
  int outer;
  TARN_TRY(tarn__emit_value(o, block->parent, frame->parent, use, &outer));
  return import(o, block, outer, value);
}

/* Steps of this block that must run before instance i: of its control inputs, those in the same
 * frame. */
static tarn_status find_controls(orderer *o, int i, int **list, int *count) {
  const tarn_instance *x = &o->x->instance[i];
  *list = NULL;
  *count = 0;
  for (int k = 0; k < x->controls; k++) {
    if (tarn__instance_skipped(o, x->control[k])) continue;
    const int unit = tarn__unit_in(o, x->control[k], x->inside);
    if (unit < 0 || o->step_of[unit] < 0) continue; /* outside this loop: ordered there */
    TARN_TRY(tarn__order_append(o->b->arena, list, count, o->step_of[unit]));
  }
  return TARN_OK;
}

static tarn_status controls_of(orderer *o, int i, tarn_block *block, int step) {
  int *control, count;
  TARN_TRY(find_controls(o, i, &control, &count));
  block->step[step].control = control;
  block->step[step].controls = count;
  return TARN_OK;
}

/* A NextIteration becomes no step: what it waits for is kept by its variable. */
static tarn_status remember_waits(orderer *o, int i, tarn_block *block) {
  const int k = block->loop_vars;
  if ((k & (k - 1)) == 0) {
    struct tarn_waits *larger =
        tarn__arena_array(o->b->arena, k ? (size_t)k * 2 : 1, sizeof *larger);
    if (!larger) return TARN_NO_MEMORY;
    if (k) memcpy(larger, block->next_waits, (size_t)k * sizeof *larger);
    block->next_waits = larger;
  }
  return find_controls(o, i, &block->next_waits[k].step, &block->next_waits[k].steps);
}

static tarn_step_kind kind_of(const tarn_instance *x) {
  if (!x->node) return TARN_STEP_GATE;
  const tarn_node *n = x->node;
  if (!n->op || n->problem) return TARN_STEP_KERNEL;
  const char *op = n->op->name;
  if (n->op->flags & TARN_OP_CONTROL) {
    if (!strcmp(op, "Switch") || !strcmp(op, "RefSwitch")) return TARN_STEP_SWITCH;
    if (!strcmp(op, "Merge") || !strcmp(op, "RefMerge")) return TARN_STEP_MERGE;
    if (!strcmp(op, "RefSelect")) return TARN_STEP_REF_SELECT;
    if (!strcmp(op, "If") || !strcmp(op, "StatelessIf") || !strcmp(op, "_If") ||
        !strcmp(op, "Case") || !strcmp(op, "StatelessCase"))
      return TARN_STEP_IF;
    if (!strcmp(op, "While") || !strcmp(op, "StatelessWhile") || !strcmp(op, "_While"))
      return TARN_STEP_WHILE;
    if (strstr(op, "PartitionedCall")) return TARN_STEP_CALL;
    if (n->outputs == 0) return TARN_STEP_GATE;
    /* LoopCond, RefIdentity, ...; Const, Placeholder */
    return n->inputs ? TARN_STEP_PASS : TARN_STEP_KERNEL;
  }
  if (!strcmp(op, "NoOp") || !strcmp(op, "ControlTrigger")) return TARN_STEP_GATE;
  if (!strcmp(op, "IdentityN")) return TARN_STEP_PASS;
  if (n->op->flags & TARN_OP_VIEW) return TARN_STEP_VIEW;
  return TARN_STEP_KERNEL;
}

static bool handle_maker(const tarn_node *n) {
  return tarn__plan_makes_array(n) || !strcmp(n->op->name, "VariableV2") ||
         !strcmp(n->op->name, "Variable") || !strcmp(n->op->name, "VarHandleOp");
}

/* Ops that take a variable's handle and only read through it. */
static bool only_reads(const char *op) {
  static const char *const readers[] = {
      "Identity",
      "ReadVariableOp",
      "ResourceGather",
      "ResourceGatherNd",
      "Switch",
      "RefSwitch",
      "Merge",
      "RefMerge",
      "Enter",
      "RefEnter",
      "Exit",
      "RefExit",
      "NextIteration",
      "IsVariableInitialized",
      "VarIsInitializedOp",
      "VariableShape",
      "RefIdentity",
      "RefSelect",
      "IdentityN",
      "LoopCond",
      "While",
      "StatelessWhile",
      "If",
      "StatelessIf",
      "Case",
      "StatelessCase",
      "_If",
      "_While",
  };
  for (size_t i = 0; i < sizeof readers / sizeof *readers; i++)
    if (!strcmp(op, readers[i])) return true;
  return false;
}

/* Remembers that the plan may write a variable, and whether it may give it another shape. */
static tarn_status note_write(orderer *o, const tarn_node *variable, const tarn_instance *writer) {
  const tarn_string name = tarn__node_variable_name(variable);
  TARN_TRY(tarn__map_put(&o->b->written, name.data, name.size, o->b));
  const tarn_attr *validate = tarn__attr_find(&writer->node->attrs, "validate_shape");
  const tarn_attr *shape = tarn__attr_find(&variable->attrs, "shape");
  /* a resource variable holds its declared shape whatever is assigned (kernels/state/variable.c) */
  const bool holds = shape && shape->kind == TARN_ATTR_SHAPE && tarn__shape_known(shape->shape);
  const bool keeps_shape = tarn__instance_is(writer, "Assign")
                               ? validate && validate->b
                               : holds || !tarn__instance_is(writer, "AssignVariableOp");
  return keeps_shape ? TARN_OK : tarn__map_put(&o->b->reshaped, name.data, name.size, o->b);
}

static tarn_status emit_instance(orderer *o, int i, tarn_block *block) {
  tarn_instance *x = &o->x->instance[i];
  if (x->feed >= 0) { /* a feed or an argument: a block input, made at the start */
    return TARN_OK;
  }
  int value;
  if (tarn__instance_enters(x)) {
    int outer;
    TARN_TRY(tarn__emit_value(o, block->parent, x->inside->parent, x->in[0], &outer));
    TARN_TRY(new_output(o, block, i, 0, -1, &value));
    tarn_value *v = &block->value[value];
    v->variable = block->parent->value[outer].variable;
    v->is_ref = block->parent->value[outer].is_ref && x->node->out_is_ref[0];
    const bool constant = tarn__attr_bool(&x->node->attrs, "is_constant");
    v->may_die = !constant || block->parent->value[outer].may_die;
    TARN_TRY(add_input(o, block, value, constant));
    tarn_step *loop = loop_step(block);
    return tarn__order_append(o->b->arena, &loop->in, &loop->inputs, outer);
  }
  if (tarn__instance_exits(x)) {
    TARN_TRY(tarn__emit_value(o, block, x->inside, x->in[0], &value));
    TARN_TRY(tarn__order_append(o->b->arena, &block->result, &block->results, value));
    int outer;
    const int loop_at = block->parent->steps - 1;
    TARN_TRY(new_output(o, block->parent, i, 0, loop_at, &outer));
    tarn_step *loop = loop_step(block);
    block->parent->value[outer].output = loop->outputs;
    block->parent->value[outer].may_die = true;
    return tarn__order_append(o->b->arena, &loop->out, &loop->outputs, outer);
  }
  if (tarn__instance_next(x)) {
    TARN_TRY(tarn__emit_value(o, block, x->inside, x->in[0], &value));
    /* its Merge comes later in the order (loops that swap what they carry) */
    if (o->value[i][0] < 0) {
      int carried;
      TARN_TRY(new_output(o, block, i, 0, -1, &carried));
      block->value[carried].may_die = true;
    }
    int vars = block->loop_vars;
    TARN_TRY(remember_waits(o, i, block));
    TARN_TRY(tarn__order_append(o->b->arena, &block->carried, &vars, o->value[i][0]));
    TARN_TRY(tarn__order_append(o->b->arena, &block->next, &block->loop_vars, value));
    return TARN_OK;
  }
  const tarn_step_kind kind = kind_of(x);
  tarn_step *step = tarn__block_add_step(block, kind);
  if (!step) return TARN_NO_MEMORY;
  const int at = block->steps - 1;
  o->step_of[i] = at;
  step->name = x->name;
  step->node = x->node;
  if (x->node) {
    step->op = x->node->op;
    step->attrs = &x->node->attrs;
    step->params = x->node->params;
  }
  int *in = tarn__arena_array(o->b->arena, (size_t)x->inputs + 1, sizeof(int));
  const int outputs = tarn__instance_outputs(x);
  int *out = tarn__arena_array(o->b->arena, (size_t)outputs + 1, sizeof(int));
  bool *deref = tarn__arena_array(o->b->arena, (size_t)x->inputs + 1, sizeof(bool));
  if (!in || !out || !deref) return TARN_NO_MEMORY;
  bool may_die = false, any_deref = false;
  for (int k = 0; k < x->inputs; k++) {
    TARN_TRY(tarn__emit_value(o, block, x->inside, x->in[k], &in[k]));
    const tarn_value *v = &block->value[in[k]];
    may_die = may_die || v->may_die;
    deref[k] = v->is_ref && kind != TARN_STEP_GATE &&
               !(x->node && x->node->op && k < x->node->inputs && x->node->in_is_ref[k]);
    any_deref = any_deref || deref[k];
    if (v->variable && !deref[k] && x->node && x->node->op && !only_reads(x->node->op->name))
      TARN_TRY(note_write(o, v->variable, x));
  }
  step = &block->step[at];
  step->in = in;
  step->inputs = x->inputs;
  step->out = out;
  step->outputs = outputs;
  step->deref = any_deref ? deref : NULL;
  TARN_TRY(controls_of(o, i, block, at));
  step = &block->step[at];
  for (int k = 0; k < step->controls; k++)
    may_die = may_die || block->step[step->control[k]].may_die;
  if (kind == TARN_STEP_MERGE) {
    may_die = step->inputs > 0;
    for (int k = 0; k < step->inputs; k++) may_die = may_die && block->value[in[k]].may_die;
  }
  if (tarn__instance_is(x, "ControlTrigger")) may_die = false; /* runs after dead steps too */
  step->may_die = may_die;
  for (int k = 0; k < outputs; k++) {
    if (o->value[i][k] >= 0) {
      out[k] = o->value[i][k];
      block->value[out[k]].producer = at;
      block->value[out[k]].output = k;
    } else {
      TARN_TRY(new_output(o, block, i, k, at, &out[k]));
    }
    tarn_value *v = &block->value[out[k]];
    v->may_die = may_die || kind == TARN_STEP_SWITCH;
    if (kind == TARN_STEP_KERNEL && x->node->op && k == 0 && handle_maker(x->node))
      v->variable = x->node;
    if ((kind == TARN_STEP_PASS || kind == TARN_STEP_VIEW) && !(deref[k < x->inputs ? k : 0]) &&
        x->inputs)
      v->variable = block->value[in[k < x->inputs ? k : 0]].variable;
    if (kind == TARN_STEP_SWITCH && !deref[0]) v->variable = block->value[in[0]].variable;
    if (kind == TARN_STEP_MERGE && k == 0 && !deref[0]) v->variable = block->value[in[0]].variable;
    /* Ops that hand their ref input on (Assign, ApplyAdam, ScatterUpdate): the same variable. */
    if (kind == TARN_STEP_KERNEL && v->is_ref && x->inputs && !v->variable)
      v->variable = block->value[in[0]].variable;
    if (v->may_die) block->has_dead = true;
  }
  if (kind == TARN_STEP_IF || kind == TARN_STEP_WHILE) TARN_TRY(tarn__emit_bodies(o, block, at));
  if (kind == TARN_STEP_CALL)
    block->step[at].callee =
        tarn__graph_function(o->b->plan->graph, tarn__attr_func(step->attrs, "f").name);
  return TARN_OK;
}

tarn_status tarn__emit_frame(orderer *o, tarn_frame *frame, tarn_block *block) {
  for (int k = 0; k < o->units; k++) {
    const int unit = o->order[k];
    if (unit < o->x->count) {
      const tarn_instance *x = &o->x->instance[unit];
      if (x->inside != frame || tarn__instance_skipped(o, unit)) continue;
      TARN_TRY_IN(emit_instance(o, unit, block), "planning node '%s'", x->name);
      continue;
    }
    tarn_frame *child = o->frame[unit - o->x->count];
    if (child->parent != frame) continue;
    tarn_block *body;
    TARN_TRY(tarn__block_create(o->b, block, &body));
    tarn_step *step = tarn__block_add_step(block, TARN_STEP_LOOP);
    tarn_block **list = tarn__arena_alloc(o->b->arena, sizeof *list);
    if (!step || !list) return TARN_NO_MEMORY;
    list[0] = body;
    step->block = list;
    step->blocks = 1;
    step->name = child->name;
    step->may_die = false;
    o->step_of[unit] = block->steps - 1;
    body->has_dead = true;
    TARN_TRY_IN(tarn__emit_frame(o, child, body), "planning loop '%s'", child->name);
    /* The loop is dead only when all that enters it is. */
    step = &block->step[o->step_of[unit]];
    bool dies = step->inputs > 0;
    for (int i = 0; i < step->inputs; i++) dies = dies && block->value[step->in[i]].may_die;
    step->may_die = dies;
    if (step->outputs) block->has_dead = true;
  }
  return TARN_OK;
}
