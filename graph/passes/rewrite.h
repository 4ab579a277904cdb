/* What passes ask of steps and values, and how they change them. */
#ifndef TARN_GRAPH_PASSES_REWRITE_H
#define TARN_GRAPH_PASSES_REWRITE_H

#include "graph/passes/passes.h"

/* The op of a step that runs a kernel or is a view; "" for all others, and for those that cannot
 * run. */
const char *tarn__step_op(const tarn_step *step);
static inline bool tarn__step_is(const tarn_step *step, const char *op) {
  return !strcmp(tarn__step_op(step), op);
}
/* Whether an op's name is one of n. */
bool tarn__op_among(const char *op, const char *const *names, size_t n);
/* Nothing but its outputs tells whether the step runs, and they follow from its inputs' elements:
 * no state, no refs or handles, nobody waits for it, nothing else makes it dead. Steps that it
 * waits for do not count. */
bool tarn__step_pure(const tarn_block *block, const tarn_step *step);
/* Whether the node's device string names a device of this kind ("CPU", "GPU"). */
bool tarn__step_asks_for(const tarn_step *step, const char *kind);
/* Two steps may become one: always, unless there is a device and one of them must stay off it. */
bool tarn__same_side(const tarn_builder *b, const tarn_step *x, const tarn_step *y);
/* Known elements of a value, or NULL. */
static inline const tarn_tensor *tarn__value_known(const tarn_block *block, int value) {
  const tarn_tensor *t = &block->value[value].constant;
  return t->dtype && t->data ? t : NULL;
}
/* The value's memory may be that of a ref variable, which is written in place: who gave a copy of
 * it must go on doing so. */
bool tarn__value_may_change(const tarn_builder *b, const tarn_block *block, int value);

/* An op with attributes as a node of the plan, with one output. `like`: what it is called after;
 * attrs: with all that the op declares. NULL after a failure, *status tells. */
const tarn_node *tarn__rewrite_node(tarn_builder *b, const char *name, const char *op,
                                    const tarn_attrs *attrs, tarn_dtype out, tarn_status *status);
/* The step runs `node` on these inputs from now on; outputs, controls and guards stay. */
tarn_status tarn__rewrite_step(tarn_builder *b, tarn_step *step, const tarn_node *node,
                               const int *inputs, int n);
/* A constant vector of int32. */
tarn_status tarn__rewrite_ints(tarn_builder *b, tarn_block *block, const int64_t *x, int n,
                               int *value);
/* Attributes in the plan's arena, copied from `from` (may be NULL). */
tarn_status tarn__rewrite_attrs(tarn_builder *b, const tarn_attrs *from, tarn_attrs **attrs);
tarn_status tarn__rewrite_set_type(tarn_builder *b, tarn_attrs *attrs, const char *name,
                                   tarn_dtype dtype);
tarn_status tarn__rewrite_set_int(tarn_builder *b, tarn_attrs *attrs, const char *name, int64_t i);
tarn_status tarn__rewrite_set_bool(tarn_builder *b, tarn_attrs *attrs, const char *name, bool yes);
tarn_status tarn__rewrite_set_ints(tarn_builder *b, tarn_attrs *attrs, const char *name,
                                   const int64_t *x, int n);
tarn_status tarn__rewrite_set_string(tarn_builder *b, tarn_attrs *attrs, const char *name,
                                     const char *text);

/* The step that takes each value when there is just one such step and nothing else wants the value;
 * else -1. An array of block->values in the plan's arena; NULL: no memory. */
int *tarn__block_only_users(tarn_block *block);

/* order[count]: every step of the block once, new ones where they belong; what refers to steps by
 * number follows. Not for straight loops. */
tarn_status tarn__block_reorder(tarn_block *block, const int *order, int count);

#endif
