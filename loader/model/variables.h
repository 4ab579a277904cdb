/* A model's variables and their names in checkpoints. */
#ifndef TARN_LOADER_MODEL_VARIABLES_H
#define TARN_LOADER_MODEL_VARIABLES_H

#include "loader/checkpoint/slice.h"
#include "loader/model/model.h"

/* Whether a node holds a variable: VariableV2, Variable, VarHandleOp, AutoReloadVariable. */
bool tarn__is_variable(const tarn_node *node);

/* A variable of the graph as a checkpoint has it. */
typedef struct tarn_variable_entry {
  const tarn_node *node;
  const char *key;               /* the entry's name */
  bool sliced;                   /* a part of the entry: */
  tarn_shape full;               /* of the whole */
  tarn_slice slice;
  bool local;                    /* in the collection local_variables only: savers leave it out */
} tarn_variable_entry;

/* All variables of the main graph in the order of their nodes, from `arena`. The key is what the
 * graph's own saver uses (the names of its RestoreV2 nodes and the Assign ops behind them), else
 * the name of the whole of a partitioned variable (VariableDef), else the node's name. */
TARN_MUST_CHECK tarn_status tarn__variable_entries(const tarn_model *model, tarn_arena *arena,
                                                   tarn_variable_entry **entries, size_t *count);

#endif
