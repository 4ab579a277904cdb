/* What tarn__graph_finish is made of, in order: nodes (op, attributes, outputs), edges, calls,
 * checks, cycles. Inside graph/ only. */
#ifndef TARN_GRAPH_RESOLVE_RESOLVE_H
#define TARN_GRAPH_RESOLVE_RESOLVE_H

#include "graph/graph.h"
#include "graph/signature/signature.h"

#define TARN_MAX_OUTPUTS 65536 /* of one node: a number attribute from a file allocates by it */
#define TARN_MAX_GRAPH_OUTPUTS (1 << 24) /* of all nodes of a graph together */

/* Notes what is wrong with a node, unless something is noted already. */
#define TARN_PROBLEM(graph, node, status, ...) \
  ((node)->problem                             \
       ? TARN_OK                               \
       : tarn__node_problem((node), (status), tarn__arena_printf((graph)->arena, __VA_ARGS__)))
tarn_status tarn__node_problem(tarn_node *node, tarn_status status, const char *text);

/* A node that calls a function of the library by using its name as op; NULL for others. */
tarn_graph *tarn__node_callee(const tarn_graph *graph, const tarn_node *node);

/* Each walks all nodes of one graph. */
tarn_status tarn__resolve_nodes(tarn_graph *graph);
tarn_status tarn__resolve_edges(tarn_graph *graph);
tarn_status tarn__resolve_calls(tarn_graph *graph,
                                bool *changed); /* again while something changed */
tarn_status tarn__resolve_checks(tarn_graph *graph);
tarn_status tarn__resolve_cycles(const tarn_graph *graph);

/* The functions that a node of a known op names fit it; what does not becomes its problem.
 * (resolve_calls.c) */
tarn_status tarn__resolve_call(tarn_graph *graph, tarn_node *node);

#endif
