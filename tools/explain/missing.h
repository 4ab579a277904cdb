/* Ops that cannot run, on the path to which fetch, and what a user can do about it. */
#ifndef TARN_TOOLS_EXPLAIN_MISSING_H
#define TARN_TOOLS_EXPLAIN_MISSING_H

#include "graph/session.h"

#include <jansson.h>
#include <stdio.h>

/* A list, a row for each node that a fetch or target needs, that no feed replaces and that cannot
 * run:
 *
 *   {"node", "op", "why", "wanted_by", "path": [nodes from it to wanted_by],
 *    "feed": [tensors that could be fed instead], "fetch": [tensors that go into it]}
 *
 * NULL: no memory, or a name that is not in the graph (tarn_error says). Looks into functions;
 * recursion is seen once. */
json_t *tarn__missing_find(const tarn_graph *graph, const tarn_run_request *request);
/* The list as text, a paragraph for each; nothing for an empty list. */
void tarn__missing_print(FILE *to, const json_t *list);

#endif
