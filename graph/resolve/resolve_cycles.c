/* Finishing a graph, last: no cycle but those of while loops, which pass an edge from NextIteration
 * to Merge. Kahn's algorithm: nodes without unmet inputs are taken away one by one; what stays is
 * on or behind a cycle. */
#include "graph/resolve/resolve.h"

static bool is_back_edge(const tarn_node *from, const tarn_node *to) {
  return (strcmp(from->op_name, "NextIteration") == 0 && strcmp(to->op_name, "Merge") == 0) ||
         (strcmp(from->op_name, "RefNextIteration") == 0 && strcmp(to->op_name, "RefMerge") == 0);
}

/* Consumers of node i: to[first[i] .. first[i + 1]); one entry an edge. */
typedef struct consumers {
  size_t *first, *fill, *unmet, *ready;
  tarn_node **to;
} consumers;

static void count_or_list(const tarn_graph *g, consumers *c, bool list) {
  for (size_t i = 0; i < g->count; i++) {
    tarn_node *n = g->nodes[i];
    for (int k = 0; k < n->inputs + n->controls; k++) {
      const tarn_node *from = k < n->inputs ? n->in[k].node : n->control[k - n->inputs];
      if (k < n->inputs && is_back_edge(from, n)) continue;
      if (list) {
        c->to[c->fill[from->id]++] = n;
      } else {
        c->first[from->id + 1]++;
        c->unmet[n->id]++;
      }
    }
  }
}

/* From a node that was left over: backwards over others left over comes round to a cycle within
 * count steps. */
static tarn_status report(const tarn_graph *g, const consumers *c) {
  const tarn_node *n = NULL;
  for (size_t i = 0; i < g->count && !n; i++)
    if (c->unmet[i]) n = g->nodes[i];
  for (size_t step = 0; step < g->count; step++) {
    const tarn_node *before = NULL;
    for (int k = 0; k < n->inputs + n->controls && !before; k++) {
      const tarn_node *from = k < n->inputs ? n->in[k].node : n->control[k - n->inputs];
      if (c->unmet[from->id] && !(k < n->inputs && is_back_edge(from, n))) before = from;
    }
    if (!before) break;
    n = before;
  }
  return tarn_fail(TARN_CORRUPT, "node '%s' (%s) depends on itself", n->name, n->op_name);
}

tarn_status tarn__resolve_cycles(const tarn_graph *graph) {
  /* Scratch that dies with this call, so not from the graph's own arena. */
  tarn_arena *arena;
  size_t edges = 0;
  for (size_t i = 0; i < graph->count; i++)
    edges += (size_t)graph->nodes[i]->inputs + (size_t)graph->nodes[i]->controls;
  TARN_TRY(tarn__arena_create(graph->allocator, &arena));
  tarn_status status = TARN_NO_MEMORY;
  consumers c = {
      .first = tarn__arena_array(arena, graph->count + 2, sizeof(size_t)),
      .fill = tarn__arena_array(arena, graph->count + 1, sizeof(size_t)),
      .unmet = tarn__arena_array(arena, graph->count + 1, sizeof(size_t)),
      .ready = tarn__arena_array(arena, graph->count + 1, sizeof(size_t)),
      .to = tarn__arena_array(arena, edges + 1, sizeof(tarn_node *)),
  };
  if (!c.first || !c.fill || !c.unmet || !c.ready || !c.to) goto done;
  count_or_list(graph, &c, false);
  for (size_t i = 0; i < graph->count; i++) {
    c.first[i + 1] += c.first[i];
    c.fill[i] = c.first[i];
  }
  count_or_list(graph, &c, true);

  size_t taken = 0, waiting = 0;
  for (size_t i = 0; i < graph->count; i++)
    if (!c.unmet[i]) c.ready[waiting++] = i;
  for (; taken < waiting; taken++) {
    size_t i = c.ready[taken];
    for (size_t k = c.first[i]; k < c.first[i + 1]; k++)
      if (--c.unmet[c.to[k]->id] == 0) c.ready[waiting++] = (size_t)c.to[k]->id;
  }
  status = taken == graph->count ? TARN_OK : report(graph, &c);
done:
  tarn__arena_destroy(arena);
  return status;
}
