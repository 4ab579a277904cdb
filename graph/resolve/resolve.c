/* Finishing a graph, first half: every node gets its op, complete attributes, and its outputs'
 * dtypes; then the whole is put together. The edges are made in resolve_edges.c. */
#include "core/bytes.h"
#include "graph/resolve/resolve.h"

tarn_status tarn__node_problem(tarn_node *node, tarn_status status, const char *text) {
  if (!text) return TARN_NO_MEMORY;
  if (node->problem && node->op)
    return TARN_OK; /* the first reason is the cause, perhaps the importer's; others follow from
                     * it */
  node->problem = text;
  node->problem_status = status;
  return TARN_OK;
}

tarn_graph *tarn__node_callee(const tarn_graph *graph, const tarn_node *node) {
  if (!graph->library || tarn__op_find(node->op_name)) return NULL;
  return tarn__graph_function(graph, node->op_name);
}

/* Defaults filled in; kinds, minimums and allowed values checked. Attributes that the op does not
 * declare stay: newer writers add some, and those that begin with '_' are hints. */
static tarn_status complete_attrs(tarn_graph *g, tarn_node *n, const tarn_signature *s) {
  for (size_t i = 0; i < s->attrs; i++) {
    const tarn_attr_def *def = &s->attr[i];
    const tarn_attr *value = tarn__attr_find(&n->attrs, def->name);
    if (!value && def->has_default) {
      TARN_TRY(tarn__attr_set(g->arena, &n->attrs, def->name, &def->initial));
    } else if (!value) {
      TARN_TRY(TARN_PROBLEM(g, n, TARN_INVALID, "attribute '%s' is missing", def->name));
    } else {
      const char *why = tarn__attr_refusal(g->arena, def, value);
      if (why) TARN_TRY(TARN_PROBLEM(g, n, TARN_INVALID, "%s", why));
    }
  }
  return TARN_OK;
}

static tarn_status make_outputs(tarn_graph *g, tarn_node *n, int outputs) {
  n->outputs = outputs;
  if (!outputs) return TARN_OK;
  n->out_dtype = tarn__arena_array(g->arena, (size_t)outputs, sizeof *n->out_dtype);
  n->out_is_ref = tarn__arena_array(g->arena, (size_t)outputs, sizeof *n->out_is_ref);
  return n->out_dtype && n->out_is_ref ? TARN_OK : TARN_NO_MEMORY;
}

static tarn_status outputs_by_signature(tarn_graph *g, tarn_node *n, const tarn_signature *s) {
  int64_t total = 0;
  for (size_t i = 0; i < s->outputs; i++) {
    int64_t count = tarn__arg_count(&s->output[i], &n->attrs);
    if (count < 0 || count > TARN_MAX_OUTPUTS - total)
      return TARN_PROBLEM(g, n, TARN_LIMIT, "output '%s' has %lld tensors, at most %d are allowed",
                          s->output[i].name, (long long)count, TARN_MAX_OUTPUTS);
    total += count;
  }
  TARN_TRY(make_outputs(g, n, (int)total));
  int k = 0;
  for (size_t i = 0; i < s->outputs; i++) {
    int64_t count = tarn__arg_count(&s->output[i], &n->attrs);
    for (int64_t j = 0; j < count; j++, k++) {
      n->out_dtype[k] = tarn__arg_dtype(&s->output[i], &n->attrs, j);
      n->out_is_ref[k] = s->output[i].is_ref;
    }
  }
  return TARN_OK;
}

/* outputs stays -1 where it cannot be known yet: an unknown op, or one with a problem. */
static tarn_status resolve_node(tarn_graph *g, tarn_node *n) {
  n->outputs = -1;
  n->op = tarn__op_find(n->op_name);
  if (!n->op) {
    tarn_graph *callee = tarn__node_callee(g, n);
    if (callee) {
      if (callee->rets > TARN_MAX_OUTPUTS)
        return TARN_PROBLEM(g, n, TARN_LIMIT, "function '%s' has %zu results", n->op_name,
                            callee->rets);
      return make_outputs(g, n, (int)callee->rets);
    }
    char shown[100];
    return TARN_PROBLEM(g, n, TARN_UNSUPPORTED, "unsupported op: %s",
                        tarn__printable(n->op_name, strlen(n->op_name), shown, sizeof shown));
  }
  const tarn_signature *s;
  tarn_status status = tarn__signature_of(n->op, &s);
  if (status == TARN_NO_MEMORY) return status;
  if (status != TARN_OK) return TARN_PROBLEM(g, n, status, "%s", tarn_error());
  TARN_TRY(complete_attrs(g, n, s));
  return n->problem ? TARN_OK : outputs_by_signature(g, n, s);
}

tarn_status tarn__resolve_nodes(tarn_graph *graph) {
  int64_t total = 0;
  for (size_t i = 0; i < graph->count; i++) {
    tarn_node *n = graph->nodes[i];
    TARN_TRY(resolve_node(graph, n));
    if (n->outputs > 0) total += n->outputs;
    if (total > TARN_MAX_GRAPH_OUTPUTS)
      return tarn_fail(TARN_LIMIT, "the nodes up to '%s' have more than %d outputs", n->name,
                       TARN_MAX_GRAPH_OUTPUTS);
  }
  return TARN_OK;
}

/* The main graph comes last: index count of the library. */
static tarn_graph *part(tarn_graph *graph, size_t i) {
  return graph->library && i < graph->library->count ? graph->library->bodies[i] : graph;
}

static tarn_status in_part(tarn_status status, const tarn_graph *g) {
  if (status != TARN_OK && g->function) tarn__context("resolving function '%s'", g->function);
  return status;
}

tarn_status tarn__graph_finish(tarn_graph *graph) {
  if (graph->function)
    return tarn_fail(TARN_INVALID, "function '%s' is finished with its main graph",
                     graph->function);
  size_t parts = (graph->library ? graph->library->count : 0) + 1;
  /* Edges need the signatures of all nodes, and calls those of all functions: so one walk of
   * everything a phase. */
  for (size_t i = 0; i < parts; i++) {
    tarn_graph *g = part(graph, i);
    TARN_TRY(in_part(tarn__resolve_nodes(g), g));
  }
  for (size_t i = 0; i < parts; i++) {
    tarn_graph *g = part(graph, i);
    TARN_TRY(in_part(tarn__resolve_edges(g), g));
  }
  /* A call's dtypes are its callee's, which may be those of a call in there. Each round settles one
   * level; dtypes of recursive calls, and of calls nested deeper than this, stay unknown and are
   * not checked. */
  bool changed = true;
  for (int round = 0; round < 32 && changed; round++) {
    changed = false;
    for (size_t i = 0; i < parts; i++) TARN_TRY(tarn__resolve_calls(part(graph, i), &changed));
  }
  for (size_t i = 0; i < parts; i++) {
    tarn_graph *g = part(graph, i);
    TARN_TRY(in_part(tarn__resolve_checks(g), g));
    TARN_TRY(in_part(tarn__resolve_cycles(g), g));
  }
  return TARN_OK;
}
