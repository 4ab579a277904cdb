/* Steps without effect whose outputs nobody uses go, backwards, so that a whole chain goes at once.
 * What stays: state, targets, steps that others wait for, steps that cannot run (their error is the
 * plan's to report). Constants that nobody uses any more give their memory back. */
#include <string.h>

#include "graph/passes/passes.h"

/* The handle of a variable that was read while planning: to make it alone does nothing. */
static bool is_handle(const char *op) {
  return !strcmp(op, "VariableV2") || !strcmp(op, "Variable") || !strcmp(op, "VarHandleOp");
}

static bool may_go(const tarn_step *step) {
  if (step->removed || step->kept || !step->outputs || step->kind > TARN_STEP_PASS) return false;
  if (step->kind != TARN_STEP_KERNEL) return true;
  if (!step->op || step->node->problem) return false;
  return !(step->op->flags & TARN_OP_STATEFUL) || is_handle(step->op->name);
}

static void drop_constants(tarn_block *block, int *uses) {
  for (int i = 0; i < block->inputs; i++) uses[block->input[i]]++;
  for (int at = 0; at < block->steps; at++) /* an output that the plan knows of a step that runs */
    for (int k = 0; !block->step[at].removed && k < block->step[at].outputs; k++)
      uses[block->step[at].out[k]]++;
  for (int v = 0; v < block->values; v++)
    if (!uses[v]) tarn__tensor_clear(&block->value[v].constant);
}

tarn_status tarn__pass_remove_unused(tarn_builder *b, tarn_block *block) {
  int *uses = tarn__block_uses(block);
  (void)b;
  if (!uses) return TARN_NO_MEMORY;
  for (int at = block->steps - 1; at >= 0; at--) {
    tarn_step *step = &block->step[at];
    bool used = !may_go(step);
    for (int k = 0; !used && k < step->outputs; k++) used = uses[step->out[k]];
    if (used) continue;
    step->removed = true;
    for (int i = 0; i < step->inputs; i++) uses[step->in[i]]--;
  }
  drop_constants(block, uses);
  return TARN_OK;
}
