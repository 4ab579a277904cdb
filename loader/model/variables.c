/* Names of variables in checkpoints: see variables.h.
 *
 * A saver is a pattern in the graph, the same since the first TensorFlow:
 *
 *   Const names, Const slices -> RestoreV2 -> [Identity] -> Assign(variable, .)             (V1:
 * Restore, RestoreSlice) the same with AssignVariableOp(VarHandleOp, .), in the graph or in the
 * function that the restore op calls, whose arguments are then the handles. */
#include "loader/model/variables.h"

#include <stdlib.h>

bool tarn__is_variable(const tarn_node *node) {
  static const char *const ops[] = {"VariableV2", "Variable", "VarHandleOp", "AutoReloadVariable"};
  for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++)
    if (strcmp(node->op_name, ops[i]) == 0) return true;
  return false;
}

static bool is_op(const tarn_node *node, const char *op) { return strcmp(node->op_name, op) == 0; }

/* Through nodes that pass their first input on. */
static tarn_edge origin(tarn_edge e) {
  for (int steps = 0; steps < 64; steps++) {
    const tarn_node *n = e.node;
    if (n->inputs < 1 || !n->in[0].node ||
        !(is_op(n, "Identity") || is_op(n, "Cast") || is_op(n, "Reshape")))
      break;
    e = n->in[0];
  }
  return e;
}

/* Element k of a constant vector (or scalar) of strings; NULL data when it is none. */
static tarn_string constant_string(const tarn_node *node, int input, int64_t k) {
  if (input >= node->inputs || !node->in[input].node) return (tarn_string){NULL, 0};
  const tarn_node *c = origin(node->in[input]).node;
  const tarn_attr *value = is_op(c, "Const") ? tarn__attr_find(&c->attrs, "value") : NULL;
  if (!value || value->kind != TARN_ATTR_TENSOR || !value->tensor ||
      value->tensor->dtype != TARN_STRING || k >= tarn__tensor_elements(value->tensor))
    return (tarn_string){NULL, 0};
  return ((const tarn_string *)value->tensor->data)[k];
}

/* What a saver's restore reads for the value e: name and slice text. */
static bool restored(tarn_edge e, tarn_string *name, tarn_string *slice) {
  const tarn_node *n = e.node;
  bool v2 = is_op(n, "RestoreV2"), sliced = is_op(n, "RestoreSlice");
  if (!v2 && !sliced && !is_op(n, "Restore")) return false;
  *name = constant_string(n, 1, v2 ? e.index : 0);
  *slice = v2 || sliced ? constant_string(n, 2, v2 ? e.index : 0) : (tarn_string){"", 0};
  return name->data != NULL;
}

typedef struct finder {
  tarn_arena *arena;
  tarn_variable_entry **of_node;   /* by node id of the main graph; NULL where it is no variable */
  const tarn_graph *graph;
} finder;

static tarn_status set_key(finder *f, tarn_variable_entry *v, tarn_string name, tarn_string slice) {
  if (v->key || memchr(name.data, 0, name.size))
    return TARN_OK; /* a graph may have several savers: the first counts */
  if (slice.data && slice.size) {
    bool any;
    tarn_status status = tarn__slice_spec(slice.data, slice.size, &any, &v->full, &v->slice);
    if (status == TARN_NO_MEMORY) return status;
    v->sliced = status == TARN_OK && any;
  }
  v->key = tarn__arena_strndup(f->arena, name.data, name.size);
  return v->key ? TARN_OK : TARN_NO_MEMORY;
}

/* Looks at the assignments of `body`: the main graph, or a function called by `call` in it. */
static tarn_status find_assignments(finder *f, const tarn_graph *body, const tarn_node *call) {
  for (size_t i = 0; i < body->count; i++) {
    const tarn_node *n = body->nodes[i];
    tarn_string name, slice;
    if (!(is_op(n, "Assign") || is_op(n, "AssignVariableOp")) || n->inputs < 2 || !n->in[0].node ||
        !n->in[1].node)
      continue;
    if (!restored(origin(n->in[1]), &name, &slice)) continue;
    const tarn_node *target = origin(n->in[0]).node;
    for (size_t k = 0; call && k < body->args; k++) {
      if (target != body->arg[k]) continue;
      target = (int)k < call->inputs && call->in[k].node ? origin(call->in[k]).node : NULL;
      break;
    }
    if (!target || (size_t)target->id >= f->graph->count || f->graph->nodes[target->id] != target)
      continue;
    if (f->of_node[target->id]) TARN_TRY(set_key(f, f->of_node[target->id], name, slice));
  }
  return TARN_OK;
}

static tarn_status find_keys(finder *f, const tarn_model *model) {
  TARN_TRY(find_assignments(f, f->graph, NULL));
  const tarn_node *op = tarn__graph_node(f->graph, model->meta.saver.restore_op);
  const tarn_attr *func = op ? tarn__attr_find(&op->attrs, "f") : NULL;
  if (!func || func->kind != TARN_ATTR_FUNC) return TARN_OK;
  const tarn_graph *body = tarn__graph_function(f->graph, func->func.name);
  return body ? find_assignments(f, body, op) : TARN_OK;
}

/* What the variables collection says of a node: "NAME:0". */
static const tarn_variable_def *definition(const tarn_map *definitions, const tarn_node *node) {
  return tarn__map_get(definitions, node->name, strlen(node->name));
}

static void apply_definition(tarn_variable_entry *v, const tarn_variable_def *d) {
  v->local = d->local;
  if (v->key || !d->full_name || !*d->full_name) return;
  if (d->offset.rank != d->full_shape.rank || d->shape.rank != d->full_shape.rank) return;
  v->key = d->full_name;
  v->sliced = true;
  v->full = d->full_shape;
  v->slice.rank = d->full_shape.rank;
  for (int i = 0; i < v->slice.rank; i++) {
    v->slice.start[i] = d->offset.dim[i];
    v->slice.length[i] = d->shape.dim[i];
  }
}

static tarn_status fill(finder *f, const tarn_model *model, tarn_map *definitions,
                        tarn_variable_entry *entries, size_t count) {
  for (size_t i = 0; i < model->meta.n_variables; i++) {
    const tarn_variable_def *d = &model->meta.variables[i];
    size_t bytes = strcspn(d->name, ":");
    TARN_TRY(tarn__map_put(definitions, d->name, bytes, (void *)(uintptr_t)d));
  }
  TARN_TRY(find_keys(f, model));
  for (size_t i = 0; i < count; i++) {
    tarn_variable_entry *v = &entries[i];
    const tarn_variable_def *d = definition(definitions, v->node);
    if (d) apply_definition(v, d);
    if (!v->key) v->key = v->node->name;
  }
  return TARN_OK;
}

tarn_status tarn__variable_entries(const tarn_model *model, tarn_arena *arena,
                                   tarn_variable_entry **entries, size_t *count) {
  const tarn_graph *graph = model->meta.graph;
  size_t n = 0;
  for (size_t i = 0; i < graph->count; i++) n += tarn__is_variable(graph->nodes[i]);
  finder f = {.arena = arena,
              .graph = graph,
              .of_node = tarn__arena_array(arena, graph->count, sizeof *f.of_node)};
  tarn_variable_entry *found = tarn__arena_array(arena, n, sizeof *found);
  if (!found || !f.of_node) return TARN_NO_MEMORY;
  for (size_t i = 0, at = 0; i < graph->count; i++) {
    if (!tarn__is_variable(graph->nodes[i])) continue;
    found[at].node = graph->nodes[i];
    f.of_node[i] = &found[at++];
  }
  tarn_map definitions;
  tarn__map_init(&definitions, model->allocator);
  tarn_status status = fill(&f, model, &definitions, found, n);
  tarn__map_clear(&definitions);
  if (status != TARN_OK) return status;
  *entries = found;
  *count = n;
  return TARN_OK;
}
