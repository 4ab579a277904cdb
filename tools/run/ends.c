#include "tools/run/ends.h"

#include <string.h>

static bool is(const tarn_node *n, const char *op) { return strcmp(n->op_name, op) == 0; }
/* Ops of V1 control flow have twins for references: RefEnter, RefSwitch. */
static bool enters(const tarn_node *n) { return is(n, "Enter") || is(n, "RefEnter"); }
static bool exits(const tarn_node *n) { return is(n, "Exit") || is(n, "RefExit"); }
static bool switches(const tarn_node *n) { return is(n, "Switch") || is(n, "RefSwitch"); }

/* In how many loops a node's outputs are, as far as its inputs tell. */
static int depth_from_inputs(const tarn_node *n, const int *depth) {
  int most = 0;
  for (int k = 0; k < n->inputs + n->controls; k++) {
    const tarn_node *from = k < n->inputs ? n->in[k].node : n->control[k - n->inputs];
    if (from && depth[from->id] > most) most = depth[from->id];
  }
  return most + enters(n) - (exits(n) && most > 0);
}

tarn_status tarn__graph_ends(const tarn_graph *graph, tarn_arena *arena, bool **end) {
  int *depth = tarn__arena_array(arena, graph->count + 1, sizeof *depth);
  *end = tarn__arena_array(arena, graph->count + 1, sizeof **end);
  if (!depth || !*end) return TARN_NO_MEMORY;
  /* Nodes come in any order, so depths spread until nothing changes; a graph in order needs two
   * sweeps, and 64 bound what loops and odd orders cost. */
  bool changed = true;
  for (int sweep = 0; sweep < 64 && changed; sweep++) {
    changed = false;
    for (size_t i = 0; i < graph->count; i++) {
      const int now = depth_from_inputs(graph->nodes[i], depth);
      if (now > depth[i]) depth[i] = now, changed = true;
    }
  }
  for (size_t i = 0; i < graph->count; i++) {
    const tarn_node *n = graph->nodes[i], *from = n->inputs ? n->in[0].node : NULL;
    (*end)[i] = depth[i] == 0 && !(is(n, "Identity") && from && switches(from));
  }
  for (size_t i = 0; i < graph->count; i++)
    for (int k = 0; k < graph->nodes[i]->inputs; k++) {
      const tarn_node *from = graph->nodes[i]->in[k].node;
      if (from) (*end)[from->id] = false;
    }
  return TARN_OK;
}
