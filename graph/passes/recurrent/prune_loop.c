/* What nobody needs of a straight loop goes: steps, variables, inputs, results; and the loop itself
 * when nothing is left that its surroundings see. */
#include <string.h>

#include "graph/passes/recurrent/recurrent.h"

static bool starts(const char *text, const char *with) {
  return !strncmp(text, with, strlen(with));
}

/* It does something besides giving values. Reads of arrays and variables are stateful ops, but
 * nobody notices when they do not take place. */
static bool has_effect(const tarn_step *step) {
  switch (step->kind) {
    case TARN_STEP_KERNEL:
      if (!step->op || step->node->problem || !step->outputs) return true;
      return step->op->flags & TARN_OP_STATEFUL && !starts(step->op->name, "TensorArrayRead") &&
             !starts(step->op->name, "TensorArraySize") &&
             !starts(step->op->name, "TensorArrayGather") &&
             strcmp(step->op->name, "ReadVariableOp") != 0;
    case TARN_STEP_LOOP:
    case TARN_STEP_IF:
    case TARN_STEP_WHILE:
    case TARN_STEP_CALL:
      return true;
    case TARN_STEP_VIEW:
    case TARN_STEP_PASS:
    case TARN_STEP_GATE:
    case TARN_STEP_SWITCH:
    case TARN_STEP_MERGE:
    case TARN_STEP_REF_SELECT:
      return false;
  }
  return true;
}

typedef struct needs {
  tarn_block *block;
  bool *value, *step;
} needs;

static void need(needs *n, int value) {
  n->value[value] = true;
  if (n->block->value[value].producer >= 0) n->step[n->block->value[value].producer] = true;
}

/* Backwards, until no variable is found to be needed any more. */
static void find_needed(needs *n, const bool *wanted) {
  tarn_block *block = n->block;
  need(n, block->stop_value);
  for (int i = 0; i < block->results; i++)
    if (wanted[i]) need(n, block->result[i]);
  for (int at = 0; at < block->steps; at++)
    if (!block->step[at].removed && has_effect(&block->step[at])) n->step[at] = true;
  for (bool changed = true; changed;) {
    changed = false;
    for (int at = block->steps - 1; at >= 0; at--) {
      const tarn_step *step = &block->step[at];
      if (step->removed || !n->step[at]) continue;
      for (int i = 0; i < step->inputs; i++) need(n, step->in[i]);
      for (int k = 0; k < step->controls; k++) /* order among effects alone */
        if (has_effect(&block->step[step->control[k]])) n->step[step->control[k]] = true;
    }
    for (int k = 0; k < block->loop_vars; k++)
      if (n->value[block->carried[k]] && !n->value[block->next[k]]) {
        need(n, block->next[k]);
        changed = true;
      }
  }
}

static void drop_variables(needs *n) {
  tarn_block *block = n->block;
  int kept = 0;
  for (int k = 0; k < block->loop_vars; k++) {
    if (!n->value[block->carried[k]]) continue;
    block->carried[kept] = block->carried[k];
    block->next[kept++] = block->next[k];
  }
  block->loop_vars = kept;
}

static void drop_inputs(needs *n, tarn_step *loop) {
  tarn_block *block = n->block;
  int kept = 0;
  for (int i = 0; i < block->inputs; i++) {
    if (!n->value[block->input[i]]) continue;
    block->input[kept] = block->input[i];
    block->input_constant[kept] = block->input_constant[i];
    loop->in[kept++] = loop->in[i];
  }
  block->inputs = loop->inputs = kept;
}

static void drop_results(tarn_block *block, tarn_block *parent, tarn_step *loop,
                         const bool *wanted) {
  int kept = 0;
  for (int i = 0; i < block->results; i++) {
    if (!wanted[i]) {
      parent->value[loop->out[i]].producer = -1;
      continue;
    }
    parent->value[loop->out[i]].output = kept;
    block->result[kept] = block->result[i];
    loop->out[kept++] = loop->out[i];
  }
  block->results = loop->outputs = kept;
}

static tarn_status copy_lists(tarn_builder *b, tarn_step *loop) {
  int *in = tarn__arena_array(b->arena, (size_t)loop->inputs + 1, sizeof *in);
  int *out = tarn__arena_array(b->arena, (size_t)loop->outputs + 1, sizeof *out);
  if (!in || !out) return TARN_NO_MEMORY;
  if (loop->inputs) memcpy(in, loop->in, (size_t)loop->inputs * sizeof *in);
  if (loop->outputs) memcpy(out, loop->out, (size_t)loop->outputs * sizeof *out);
  loop->in = in;
  loop->out = out;
  return TARN_OK;
}

tarn_status tarn__loop_prune(tarn_builder *b, tarn_block *parent, int at) {
  tarn_step *loop = &parent->step[at];
  tarn_block *block = loop->block[0];
  if (!block->straight || block->has_dead || block->results != loop->outputs) return TARN_OK;
  const int *uses = tarn__block_uses(parent);
  bool *wanted = tarn__arena_array(b->arena, (size_t)block->results + 1, sizeof(bool));
  needs n = {.block = block,
             .value = tarn__arena_array(b->arena, (size_t)block->values + 1, sizeof(bool)),
             .step = tarn__arena_array(b->arena, (size_t)block->steps + 1, sizeof(bool))};
  if (!uses || !wanted || !n.value || !n.step) return TARN_NO_MEMORY;
  bool any = false;
  for (int i = 0; i < block->results; i++) {
    wanted[i] = uses[loop->out[i]] > 0;
    any = any || wanted[i];
  }
  find_needed(&n, wanted);
  for (int s = 0; s < block->steps; s++) {
    if (!block->step[s].removed && has_effect(&block->step[s])) any = true;
    if (!n.step[s]) block->step[s].removed = true;
  }
  TARN_TRY(copy_lists(b, loop));
  drop_variables(&n);
  drop_results(block, parent, loop, wanted);
  drop_inputs(&n, loop);
  if (!any && !loop->may_die) loop->removed = true;
  return TARN_OK;
}
