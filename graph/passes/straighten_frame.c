/* A V1 loop as TensorFlow's front ends write it,
 *
 *   m = Merge(Enter(x), NextIteration(n));  c = LoopCond(f(m));  out, in = Switch(m, c)
 *   Exit(out);  n = g(in)
 *
 * becomes a straight loop: m is carried, f runs first, the loop ends when it says so, then g runs
 * on m itself. No value is dead for the loop's sake any more, Merge, Switch and LoopCond cost
 * nothing, and values of the body can have fixed places.
 *
 * A loop of another form stays as it is: more than one LoopCond, a condition that depends on what a
 * Switch let through, loop variables that are refs, results that are no Exit of a loop variable,
 * users of the last round's values inside. */
#include "graph/passes/passes.h"

#include <string.h>

typedef struct loop {
  tarn_block *block;
  int condition; /* the LoopCond step */
  int *uses;
  int *stands_for;   /* by value */
  int *variable;     /* by value: the loop variable that this Merge output is, or -1 */
  bool *conditional; /* by value: behind a Switch */
  bool *step_conditional;
  bool *first; /* by step: runs before the loop decides */
} loop;

static bool is(const tarn_step *step, tarn_step_kind kind, const char *op) {
  return !step->removed && step->kind == kind && (!op || (step->op && !strcmp(step->op->name, op)));
}

static bool find_condition(loop *l) {
  l->condition = -1;
  for (int at = 0; at < l->block->steps; at++) {
    if (!is(&l->block->step[at], TARN_STEP_PASS, "LoopCond")) continue;
    if (l->condition >= 0) return false;
    l->condition = at;
  }
  return l->condition >= 0;
}

static int input_of(const tarn_block *block, int value) {
  for (int i = 0; i < block->inputs; i++)
    if (block->input[i] == value) return i;
  return -1;
}

/* Every loop variable is a Merge of one Enter and one NextIteration, which nobody else uses. */
static bool find_variables(loop *l) {
  const tarn_block *block = l->block;
  int merges = 0;
  for (int v = 0; v < block->values; v++) l->variable[v] = -1;
  for (int at = 0; at < block->steps; at++) {
    const tarn_step *step = &block->step[at];
    if (!is(step, TARN_STEP_MERGE, NULL)) continue;
    int k = 0;
    while (k < block->loop_vars && (step->inputs != 2 || step->in[1] != block->carried[k])) k++;
    if (k == block->loop_vars) continue; /* of a cond in the body */
    const int input = input_of(block, step->in[0]);
    if (input < 0 || block->input_constant[input] || step->deref ||
        block->value[step->out[0]].is_ref || l->uses[step->in[0]] != 1 ||
        l->uses[step->in[1]] != 1 || (step->outputs > 1 && l->uses[step->out[1]]))
      return false;
    l->variable[step->out[0]] = k;
    merges++;
  }
  int entering = 0;
  for (int i = 0; i < block->inputs; i++) entering += !block->input_constant[i];
  return merges == block->loop_vars && entering == merges;
}

static bool loop_merge(const loop *l, const tarn_step *step) {
  return is(step, TARN_STEP_MERGE, NULL) && l->variable[step->out[0]] >= 0;
}
static bool loop_switch(const loop *l, const tarn_step *step) {
  return is(step, TARN_STEP_SWITCH, NULL) && step->in[1] == l->block->step[l->condition].out[0];
}

/* What runs in every round whatever the Switches say. */
static void find_conditional(loop *l) {
  tarn_block *block = l->block;
  for (int at = 0; at < block->steps; at++) {
    const tarn_step *step = &block->step[at];
    if (step->removed) continue;
    bool behind = false, all = step->inputs > 0;
    for (int i = 0; i < step->inputs; i++) {
      behind = behind || l->conditional[step->in[i]];
      all = all && l->conditional[step->in[i]];
    }
    if (step->kind == TARN_STEP_MERGE) behind = all && !loop_merge(l, step);
    for (int k = 0; k < step->controls; k++)
      behind = behind || l->step_conditional[step->control[k]];
    l->step_conditional[at] = behind;
    for (int k = 0; k < step->outputs; k++)
      l->conditional[step->out[k]] = behind || step->kind == TARN_STEP_SWITCH;
  }
}

/* The loop's Switches let a variable out or on; what they let out is the loop's result and nothing
 * else. */
static bool check_switches(const loop *l) {
  const tarn_block *block = l->block;
  int left = 0;
  for (int at = 0; at < block->steps; at++) {
    const tarn_step *step = &block->step[at];
    if (!is(step, TARN_STEP_SWITCH, NULL) || !loop_switch(l, step)) continue;
    if (step->deref || l->step_conditional[at] || block->value[step->in[0]].is_ref ||
        step->controls)
      return false;
    int results = 0;
    for (int i = 0; i < block->results; i++) results += block->result[i] == step->out[0];
    if (results != l->uses[step->out[0]]) return false;
    left += results;
  }
  return left == block->results;
}

static bool has_effect(const tarn_step *step) {
  switch (step->kind) {
    case TARN_STEP_KERNEL:
      return !step->op || (step->op->flags & TARN_OP_STATEFUL) || !step->outputs;
    case TARN_STEP_LOOP:
    case TARN_STEP_IF:
    case TARN_STEP_WHILE:
    case TARN_STEP_CALL:
      return true;
    default:
      return false;
  }
}

static void need(loop *l, int value) {
  const int at = l->block->value[value].producer;
  if (at >= 0 && !l->block->step[at].removed) l->first[at] = true;
}

/* The steps that decide, those with an effect that run in the last round too, the results, and all
 * that these need: backwards, as steps are in topological order. */
static void find_first(loop *l) {
  const tarn_block *block = l->block;
  l->first[l->condition] = true;
  for (int at = 0; at < block->steps; at++) {
    const tarn_step *step = &block->step[at];
    if (is(step, TARN_STEP_SWITCH, NULL) && loop_switch(l, step) && l->uses[step->out[0]])
      need(l, step->in[0]);
    if (!step->removed && !l->step_conditional[at] && has_effect(step)) l->first[at] = true;
  }
  for (int at = block->steps - 1; at >= 0; at--) {
    const tarn_step *step = &block->step[at];
    if (!l->first[at] || step->removed) continue;
    for (int i = 0; i < step->inputs; i++) need(l, step->in[i]);
    for (int k = 0; k < step->controls; k++)
      if (!block->step[step->control[k]].removed) l->first[step->control[k]] = true;
  }
}

/* Merges, Switches and LoopCond give way to the values that they pass on. */
static void name_values(loop *l) {
  tarn_block *block = l->block;
  for (int at = 0; at < block->steps; at++) {
    tarn_step *step = &block->step[at];
    if (step->removed) continue;
    if (loop_merge(l, step)) {
      const int m = step->out[0], k = l->variable[m];
      block->input[input_of(block, step->in[0])] = m;
      block->carried[k] = m;
      block->value[m].producer = -1;
    } else if (loop_switch(l, step)) {
      l->stands_for[step->out[0]] = l->stands_for[step->out[1]] = l->stands_for[step->in[0]];
    } else if (at == l->condition) {
      block->stop_value = l->stands_for[step->in[0]];
      l->stands_for[step->out[0]] = block->stop_value;
    } else {
      continue;
    }
    step->removed = true;
  }
  tarn__block_rename(block, l->stands_for);
}

/* The steps anew: those that come first, then the others; what is removed goes. */
static tarn_status arrange(loop *l) {
  tarn_block *block = l->block;
  tarn_arena *arena = block->plan->arena;
  tarn_step *steps = tarn__arena_array(arena, (size_t)block->steps + 1, sizeof *steps);
  int *now_at = tarn__arena_array(arena, (size_t)block->steps + 1, sizeof(int)), count = 0;
  if (!steps || !now_at) return TARN_NO_MEMORY;
  for (int round = 0; round < 2; round++) {
    for (int at = 0; at < block->steps; at++) {
      if (block->step[at].removed)
        now_at[at] = -1;
      else if (l->first[at] == !round) {
        steps[count] = block->step[at];
        now_at[at] = count++;
      }
    }
    if (!round) block->stop_at = count;
  }
  for (int v = 0; v < block->values; v++)
    if (block->value[v].producer >= 0) block->value[v].producer = now_at[block->value[v].producer];
  for (int at = 0; at < count; at++) {
    int kept = 0;
    for (int k = 0; k < steps[at].controls; k++)
      if (now_at[steps[at].control[k]] >= 0)
        steps[at].control[kept++] = now_at[steps[at].control[k]];
    steps[at].controls = kept;
  }
  block->step = steps;
  block->step_capacity = block->steps + 1;
  block->steps = count;
  return TARN_OK;
}

/* What may be dead: behind a Switch of a cond, and what leaves a loop that runs by dead values. */
static void find_dying(tarn_block *block) {
  block->has_dead = false;
  for (int v = 0; v < block->values; v++) block->value[v].may_die = false;
  for (int at = 0; at < block->steps; at++) {
    tarn_step *step = &block->step[at];
    bool dies = false, all = step->inputs > 0;
    for (int i = 0; i < step->inputs; i++) {
      dies = dies || block->value[step->in[i]].may_die;
      all = all && block->value[step->in[i]].may_die;
    }
    if (step->kind == TARN_STEP_MERGE) dies = all;
    const bool frame = step->kind == TARN_STEP_LOOP && !step->block[0]->straight;
    if (frame) dies = all;
    step->guards = 0;
    for (int k = 0; k < step->controls; k++)
      if (block->step[step->control[k]].may_die) {
        step->guard[step->guards++] = step->control[k];
        dies = true;
      }
    if (step->kind == TARN_STEP_GATE && step->op && !strcmp(step->op->name, "ControlTrigger"))
      dies = false;
    step->may_die = dies;
    for (int k = 0; k < step->outputs; k++) {
      tarn_value *v = &block->value[step->out[k]];
      v->may_die = dies || step->kind == TARN_STEP_SWITCH || frame;
      block->has_dead = block->has_dead || v->may_die;
    }
  }
}

void tarn__loop_drop_invariants(tarn_block *block) {
  int kept = 0;
  for (int k = 0; k < block->loop_vars; k++) {
    if (block->next[k] == block->carried[k]) {
      block->input_constant[input_of(block, block->carried[k])] = true;
      continue;
    }
    block->carried[kept] = block->carried[k];
    block->next[kept++] = block->next[k];
  }
  block->loop_vars = kept;
}

static tarn_status straighten(tarn_block *block) {
  tarn_arena *arena = block->plan->arena;
  const size_t values = (size_t)block->values + 1, steps = (size_t)block->steps + 1;
  loop l = {.block = block,
            .uses = tarn__block_uses(block),
            .stands_for = tarn__block_aliases(block),
            .variable = tarn__arena_array(arena, values, sizeof(int)),
            .conditional = tarn__arena_array(arena, values, sizeof(bool)),
            .step_conditional = tarn__arena_array(arena, steps, sizeof(bool)),
            .first = tarn__arena_array(arena, steps, sizeof(bool))};
  if (!l.uses || !l.stands_for || !l.variable || !l.conditional || !l.step_conditional || !l.first)
    return TARN_NO_MEMORY;
  if (!find_condition(&l) || !find_variables(&l)) return TARN_OK;
  find_conditional(&l);
  if (l.step_conditional[l.condition] || !check_switches(&l)) return TARN_OK;
  find_first(&l);
  name_values(&l);
  TARN_TRY(arrange(&l));
  find_dying(block);
  block->straight = true;
  tarn__loop_drop_invariants(block);
  return TARN_OK;
}

tarn_status tarn__pass_straighten_frame(tarn_builder *b, tarn_block *block) {
  (void)b;
  bool any = false;
  for (int at = 0; at < block->steps; at++) {
    const tarn_step *step = &block->step[at];
    if (step->removed || step->kind != TARN_STEP_LOOP || step->block[0]->straight) continue;
    TARN_TRY(straighten(step->block[0]));
    any = any || step->block[0]->straight;
  }
  if (any) find_dying(block);    /* what leaves these loops is alive now */
  return TARN_OK;
}
