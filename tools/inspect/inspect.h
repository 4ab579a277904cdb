/* What `tarn inspect` finds out about a model, for its two ways of printing. */
#ifndef TARN_TOOLS_INSPECT_INSPECT_H
#define TARN_TOOLS_INSPECT_INSPECT_H

#include "core/bytes.h"
#include "loader/model/model.h"
#include "loader/model/variables.h"

typedef struct inspect_op {
  const char *name;
  size_t count;
  bool known;                    /* tarn has the op, or it is a function of the graph */
} inspect_op;

/* A tensor that a user would feed or fetch. */
typedef struct inspect_tensor {
  const char *name;              /* "x:0" */
  const char *op;
  tarn_dtype dtype;
  tarn_shape shape;              /* rank -1: not said */
  bool optional;                 /* has a default */
} inspect_tensor;

typedef struct inspect_facts {
  const tarn_model *model;
  const char *path;              /* as the user gave it */
  inspect_op *ops; size_t n_ops;               /* most frequent first; functions' nodes count */
  inspect_tensor *inputs; size_t n_inputs;     /* placeholders */
  inspect_tensor *outputs; size_t n_outputs;   /* what depends on an input and nobody consumes */
  tarn_variable_entry *variables; size_t n_variables;
  size_t nodes, functions, function_nodes, unknown;   /* unknown: ops that tarn does not have */
  const char *init;              /* an op that initialises all variables, or NULL */
  const char *command;           /* a command line that runs the model */
} inspect_facts;

/* Everything is in the arena or the model. */
TARN_MUST_CHECK tarn_status inspect_collect(const tarn_model *model, const char *path,
                                            tarn_arena *arena, inspect_facts *facts);
/* The ready command line, in the arena. (inspect_command.c) */
TARN_MUST_CHECK tarn_status inspect_command(const inspect_facts *facts, tarn_arena *arena,
                                            const char **command);
/* dtype and shape that a variable's node declares. */
tarn_dtype inspect_variable_dtype(const tarn_node *node);
tarn_shape inspect_variable_shape(const tarn_node *node);

#endif
