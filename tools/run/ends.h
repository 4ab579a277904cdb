/* What a caller is likely to want of a graph without a signature. */
#ifndef TARN_TOOLS_RUN_ENDS_H
#define TARN_TOOLS_RUN_ENDS_H

#include "graph/graph.h"

/* end[id], allocated in the arena: no node takes what the node makes, and it could be fetched: it
 * is not inside of a V1 loop, nor one of the pivots by which V1 control flow starts its branches.
 * TARN_NO_MEMORY. */
tarn_status tarn__graph_ends(const tarn_graph *graph, tarn_arena *arena, bool **end);

#endif
