/* Concats and packs whose inputs are made where the output has them: what is there already need not
 * be copied. */
#ifndef TARN_GRAPH_PLAN_MEMORY_JOINS_H
#define TARN_GRAPH_PLAN_MEMORY_JOINS_H

#include "graph/plan/builder.h"

/* One step that could be one. */
typedef struct tarn_join {
  int step;
  size_t *at; /* [step->inputs]: byte of the output that each begins at; SIZE_MAX: not joined */
  bool *made; /* [step->inputs]: the value behind it can be made in place */
} tarn_join;

/* What would do, of values on the host or on the device: found[*count]. Once storage of constants
 * is known and views are marked. */
tarn_status tarn__joins_find(tarn_builder *b, const tarn_block *block, bool device,
                             const bool *is_held, tarn_join **found, int *count);
/* Values lie within the output from now on, or no longer; false: too few can to be worth it. */
bool tarn__join_do(tarn_block *block, const tarn_join *join);
void tarn__join_undo(tarn_block *block, const tarn_join *join);

/* The value whose elements `value` shares, from the first byte on; -1: a part of another. */
int tarn__value_whole(const tarn_block *block, int value);
/* The outermost value that v lies within (itself, if in none), and at which byte. */
int tarn__value_around(const tarn_block *block, int v, size_t *at);

#endif
