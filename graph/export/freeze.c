#include "graph/export/freeze.h"

#include <string.h>

#include "graph/plan/fold.h"

bool tarn__export_allows(const char *pass, tarn_purpose purpose) {
  static const struct {
    const char *name;
    bool any_shape;
  } rows[] = {{"forward_identity", true},
              {"channels_last", false},
              {"simplify", false},
              {"merge_equal", true},
              {"fuse_product", true}};
  if (purpose == TARN_FOR_RUN) return true;
  if (purpose == TARN_FOR_FREEZE) return false;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (!strcmp(rows[i].name, pass)) return rows[i].any_shape || purpose == TARN_FOR_EXPORT;
  return false;
}

bool tarn__export_reads_handle(const char *op) {
  static const char *const readers[] = {"ResourceGather", "ResourceGatherNd", "VariableShape",
                                        "VarIsInitializedOp"};
  for (size_t i = 0; i < sizeof readers / sizeof *readers; i++)
    if (!strcmp(op, readers[i])) return true;
  return false;
}

tarn_status tarn__export_freeze_reads(tarn_builder *b) {
  for (int i = 0; i < b->plan->blocks; i++) {
    tarn_block *block = b->plan->block[i];
    for (int at = 0; at < block->steps; at++) {
      const tarn_step *step = &block->step[at];
      if (step->removed || step->kind != TARN_STEP_KERNEL || !step->op || step->node->problem ||
          !tarn__export_reads_handle(step->op->name))
        continue;
      const tarn_node *variable = block->value[step->in[0]].variable;
      tarn_tensor value;
      if (!variable) continue;
      TARN_TRY(tarn__plan_freeze(b, variable, &value));
      if (!value.dtype) continue;
      const int constant = tarn__block_add_constant(block, &value);
      if (constant < 0) return TARN_NO_MEMORY;
      block->step[at].in[0] = constant;
    }
  }
  return TARN_OK;
}

tarn_status tarn__export_make_weights(tarn_builder *b) {
  for (int i = 0; i < b->plan->blocks; i++) {
    tarn_block *block = b->plan->block[i];
    for (int v = 0; v < block->values; v++)
      if (tarn__fold_of(&block->value[v].constant))
        TARN_TRY(tarn__fold_make(b->context->allocator, &block->value[v].constant));
  }
  return TARN_OK;
}
