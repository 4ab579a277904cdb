/* Splits, slices and unpacks that are one run of their input's elements: no kernel need run. */
#ifndef TARN_GRAPH_PLAN_MEMORY_PARTS_H
#define TARN_GRAPH_PLAN_MEMORY_PARTS_H

#include "graph/plan/builder.h"

/* Sets step->part where outputs can share their input's memory. Before lifetimes are worked out. */
tarn_status tarn__plan_parts(tarn_builder *b, tarn_block *block);

#endif
