/* Finishing a graph, second half: input texts become edges; then what flows along them is checked,
 * and that they make no cycle. */
#include "core/bytes.h"
#include "graph/resolve/resolve.h"

#include <stdio.h>

/* ---- from texts to edges ------------------------------------------------------------------- */

/* A number of at most TARN_MAX_OUTPUTS from text of digits; -1 otherwise. */
static int read_index(const char *text, size_t bytes) {
  int value = 0;
  if (bytes == 0) return -1;
  for (size_t i = 0; i < bytes; i++) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
    if (value > TARN_MAX_OUTPUTS) return -1;
  }
  return value;
}

/* "out_arg" and k of a function's body to an index over all outputs; -1: there is no such
 * argument. */
static int output_by_name(const tarn_graph *g, const tarn_node *producer, const char *arg,
                          size_t bytes, int k) {
  if (!producer->op) {
    const tarn_graph *callee = tarn__node_callee(g, producer);
    if (!callee) return k;   /* an unknown op: it cannot run, so any output does */
    for (size_t i = 0; i < callee->rets; i++)
      if (strlen(callee->ret_name[i]) == bytes && memcmp(callee->ret_name[i], arg, bytes) == 0)
        return k == 0 ? (int)i : -1;
    return -1;
  }
  const tarn_signature *s;
  if (producer->outputs < 0 || tarn__signature_of(producer->op, &s) != TARN_OK) return k;
  int64_t before = 0;
  for (size_t i = 0; i < s->outputs; i++) {
    int64_t count = tarn__arg_count(&s->output[i], &producer->attrs);
    if (strlen(s->output[i].name) == bytes && memcmp(s->output[i].name, arg, bytes) == 0)
      return k < count ? (int)(before + k) : -1;
    before += count;
  }
  return -1;
}

/* "node", "node:1", in functions also "node:out_arg" and "node:out_arg:1". used: for nodes whose
 * outputs are not known, how many others use, by node id. */
static tarn_status resolve_text(const tarn_graph *g, const char *who, const char *text, int *used,
                                tarn_edge *edge) {
  char shown[160];
  const char *colon = strchr(text, ':');
  size_t bytes = colon ? (size_t)(colon - text) : strlen(text);
  tarn_node *producer = tarn__map_get(&g->by_name, text, bytes);
  if (!producer)
    return tarn_fail(TARN_CORRUPT, "'%s' takes '%s', but there is no such node", who,
                     tarn__printable(text, strlen(text), shown, sizeof shown));
  int index = 0;
  /* A body names outputs by their argument, but for the body's own arguments. */
  const bool by_name = g->function && strcmp(producer->op_name, "_Arg") != 0;
  if (by_name && !colon) index = -1;
  if (colon) {
    const char *rest = colon + 1;
    const char *second = strchr(rest, ':');
    index = by_name ? -1 : read_index(rest, strlen(rest));
    if (by_name) {
      size_t arg_bytes = second ? (size_t)(second - rest) : strlen(rest);
      int k = second ? read_index(second + 1, strlen(second + 1)) : 0;
      index = k < 0 ? -1 : output_by_name(g, producer, rest, arg_bytes, k);
    }
  }
  if (index < 0 || (producer->outputs >= 0 && index >= producer->outputs) ||
      index >= TARN_MAX_OUTPUTS)
    return tarn_fail(TARN_CORRUPT, "'%s' takes '%s', but '%s' (%s) has no such output", who,
                     tarn__printable(text, strlen(text), shown, sizeof shown), producer->name,
                     producer->op_name);
  if (producer->outputs < 0 && used[producer->id] <= index) used[producer->id] = index + 1;
  *edge = (tarn_edge){producer, index};
  return TARN_OK;
}

static tarn_status resolve_control(const tarn_graph *g, const char *who, const char *name,
                                   tarn_node **node) {
  *node = tarn__map_get(&g->by_name, name, strlen(name));
  if (*node) return TARN_OK;
  char shown[160];
  return tarn_fail(TARN_CORRUPT, "'%s' waits for '%s', but there is no such node", who,
                   tarn__printable(name, strlen(name), shown, sizeof shown));
}

static tarn_status connect(tarn_graph *g, tarn_node *n, int *used) {
  for (int i = 0; i < n->texts; i++) {
    if (n->input_text[i][0] == '^') n->controls++;
    else n->inputs++;
    if (n->controls && n->input_text[i][0] != '^')
      return tarn_fail(TARN_CORRUPT, "'%s' has data input %d after a control input", n->name,
                       n->inputs - 1);
  }
  if (n->inputs) {
    n->in = tarn__arena_array(g->arena, (size_t)n->inputs, sizeof *n->in);
    n->in_dtype = tarn__arena_array(g->arena, (size_t)n->inputs, sizeof *n->in_dtype);
    n->in_is_ref = tarn__arena_array(g->arena, (size_t)n->inputs, sizeof *n->in_is_ref);
    if (!n->in || !n->in_dtype || !n->in_is_ref) return TARN_NO_MEMORY;
  }
  if (n->controls &&
      !(n->control = tarn__arena_array(g->arena, (size_t)n->controls, sizeof(tarn_node *))))
    return TARN_NO_MEMORY;
  int inputs = 0, controls = 0;
  for (int i = 0; i < n->texts; i++) {
    const char *text = n->input_text[i];
    if (*text == '^') TARN_TRY(resolve_control(g, n->name, text + 1, &n->control[controls++]));
    else TARN_TRY(resolve_text(g, n->name, text, used, &n->in[inputs++]));
  }
  return TARN_OK;
}

static tarn_status connect_results(tarn_graph *g, int *used) {
  if (g->rets && !(g->ret = tarn__arena_array(g->arena, g->rets, sizeof *g->ret)))
    return TARN_NO_MEMORY;
  for (size_t i = 0; i < g->rets; i++)
    TARN_TRY_IN(resolve_text(g, g->function, g->ret_text[i], used, &g->ret[i]),
                "resolving result '%s'", g->ret_name[i]);
  if (g->control_rets &&
      !(g->control_ret = tarn__arena_array(g->arena, g->control_rets, sizeof *g->control_ret)))
    return TARN_NO_MEMORY;
  for (size_t i = 0; i < g->control_rets; i++)
    TARN_TRY(resolve_control(g, g->function, g->control_ret_text[i], &g->control_ret[i]));
  return TARN_OK;
}

tarn_status tarn__resolve_edges(tarn_graph *graph) {
  int *used = tarn__arena_array(graph->arena, graph->count + 1, sizeof *used);
  if (!used) return TARN_NO_MEMORY;
  for (size_t i = 0; i < graph->count; i++) TARN_TRY(connect(graph, graph->nodes[i], used));
  TARN_TRY(connect_results(graph, used));
  int64_t total = 0;
  for (size_t i = 0; i < graph->count; i++) {
    tarn_node *n = graph->nodes[i];
    if (n->outputs >= 0) continue;
    n->outputs = used[n->id];
    if ((total += n->outputs) > TARN_MAX_GRAPH_OUTPUTS)
      return tarn_fail(TARN_LIMIT, "unknown ops have more than %d outputs", TARN_MAX_GRAPH_OUTPUTS);
    if (!n->outputs) continue;
    n->out_dtype = tarn__arena_array(graph->arena, (size_t)n->outputs, sizeof *n->out_dtype);
    n->out_is_ref = tarn__arena_array(graph->arena, (size_t)n->outputs, sizeof *n->out_is_ref);
    if (!n->out_dtype || !n->out_is_ref) return TARN_NO_MEMORY;
  }
  return TARN_OK;
}

/* ---- calls of functions by their own name -------------------------------------------------- */

/* Results whose dtypes have become known reach the caller's outputs. */
tarn_status tarn__resolve_calls(tarn_graph *graph, bool *changed) {
  for (size_t i = 0; i < graph->count; i++) {
    tarn_node *n = graph->nodes[i];
    tarn_graph *callee = n->op || n->problem ? NULL : tarn__node_callee(graph, n);
    for (int k = 0; callee && k < n->outputs; k++) {
      tarn_edge from = callee->ret[k];
      if (n->out_dtype[k] != TARN_NO_DTYPE || from.node->out_dtype[from.index] == TARN_NO_DTYPE)
        continue;
      n->out_dtype[k] = from.node->out_dtype[from.index];
      *changed = true;
    }
  }
  return TARN_OK;
}

static bool has_state(const tarn_graph *body) {
  for (size_t i = 0; i < body->count; i++)
    if (!body->nodes[i]->op || (body->nodes[i]->op->flags & TARN_OP_STATEFUL)) return true;
  return false;
}

static tarn_status set_types(tarn_graph *g, tarn_node *n, const char *name, const tarn_dtype *types,
                             int count) {
  tarn_attr list = {.kind = TARN_ATTR_LIST, .element = TARN_ATTR_TYPE,
                    .list = {.count = (size_t)count, .type = types}};
  return tarn__attr_set(g->arena, &n->attrs, name, &list);
}

/* The node becomes a PartitionedCall: the same thing in today's notation. */
static tarn_status modernise_call(tarn_graph *g, tarn_node *n, const tarn_graph *callee) {
  if ((size_t)n->inputs != callee->args)
    return TARN_PROBLEM(g, n, TARN_INVALID, "function '%s' has %zu arguments, got %d inputs",
                        n->op_name, callee->args, n->inputs);
  const tarn_op *op =
      tarn__op_find(has_state(callee) ? "StatefulPartitionedCall" : "PartitionedCall");
  if (!op) return TARN_PROBLEM(g, n, TARN_UNSUPPORTED, "unsupported op: PartitionedCall");
  for (int i = 0; i < n->inputs; i++)
    n->in_dtype[i] = callee->arg[i]->outputs ? callee->arg[i]->out_dtype[0] : TARN_NO_DTYPE;
  tarn_attrs *given = tarn__arena_alloc(g->arena, sizeof *given);
  if (!given) return TARN_NO_MEMORY;
  *given = n->attrs;             /* the node's own attributes are the function's */
  n->attrs = (tarn_attrs){0};
  tarn_attr f = {.kind = TARN_ATTR_FUNC, .func = {callee->function, given}};
  TARN_TRY(tarn__attr_set(g->arena, &n->attrs, "f", &f));
  TARN_TRY(set_types(g, n, "Tin", n->in_dtype, n->inputs));
  TARN_TRY(set_types(g, n, "Tout", n->out_dtype, n->outputs));
  const tarn_signature *s;
  TARN_TRY(tarn__signature_of(op, &s));
  for (size_t i = 0; i < s->attrs; i++)
    if (s->attr[i].has_default && !tarn__attr_find(&n->attrs, s->attr[i].name))
      TARN_TRY(tarn__attr_set(g->arena, &n->attrs, s->attr[i].name, &s->attr[i].initial));
  n->op = op;
  return TARN_OK;
}

/* ---- what flows along the edges ------------------------------------------------------------ */

static tarn_status inputs_by_signature(tarn_graph *g, tarn_node *n) {
  const tarn_signature *s;
  TARN_TRY(tarn__signature_of(n->op, &s));
  int64_t total = 0;
  for (size_t i = 0; i < s->inputs; i++) {
    int64_t count = tarn__arg_count(&s->input[i], &n->attrs);
    /* A number attribute may be anything: the sum stops growing once it is absurd. */
    total += count < 0 || count > INT32_MAX || total > INT32_MAX ? INT32_MAX : count;
  }
  if (total != n->inputs)
    return TARN_PROBLEM(g, n, TARN_INVALID, "expected %lld inputs, got %d", (long long)total,
                        n->inputs);
  int k = 0;
  for (size_t i = 0; i < s->inputs; i++) {
    int64_t count = tarn__arg_count(&s->input[i], &n->attrs);
    for (int64_t j = 0; j < count; j++, k++) {
      n->in_dtype[k] = tarn__arg_dtype(&s->input[i], &n->attrs, j);
      n->in_is_ref[k] = s->input[i].is_ref;
    }
  }
  return TARN_OK;
}

static tarn_status check_edges(tarn_graph *g, tarn_node *n) {
  char name[80];
  for (int i = 0; i < n->inputs; i++) {
    tarn_edge from = n->in[i];
    tarn_dtype got = from.node->out_dtype[from.index], wanted = n->in_dtype[i];
    if (got == TARN_NO_DTYPE || wanted == TARN_NO_DTYPE) continue;
    if (got != wanted)
      return TARN_PROBLEM(g, n, TARN_DTYPE, "input '%s' is %s, expected %s (from '%s:%d')",
                          tarn__node_input_name(n, i, name, sizeof name), tarn_dtype_name(got),
                          tarn_dtype_name(wanted), from.node->name, from.index);
    if (n->in_is_ref[i] && !from.node->out_is_ref[from.index])
      return TARN_PROBLEM(
          g, n, TARN_DTYPE, "input '%s' must be a variable's reference, '%s:%d' is a value",
          tarn__node_input_name(n, i, name, sizeof name), from.node->name, from.index);
  }
  return TARN_OK;
}

static tarn_status parse_params(tarn_graph *g, tarn_node *n) {
  if (n->op->params_bytes && !(n->params = tarn__arena_alloc(g->arena, n->op->params_bytes)))
    return TARN_NO_MEMORY;
  if (!n->op->parse) return TARN_OK;
  tarn_status status = n->op->parse(&n->attrs, n->params);
  if (status == TARN_OK || status == TARN_NO_MEMORY) return status;
  return TARN_PROBLEM(g, n, status, "%s", tarn_error());
}

tarn_status tarn__resolve_checks(tarn_graph *graph) {
  for (size_t i = 0; i < graph->count; i++) {
    tarn_node *n = graph->nodes[i];
    if (n->problem) continue;
    tarn_graph *callee = n->op ? NULL : tarn__node_callee(graph, n);
    if (callee) TARN_TRY(modernise_call(graph, n, callee));
    else TARN_TRY(inputs_by_signature(graph, n));
    if (!n->problem) TARN_TRY(check_edges(graph, n));
    if (!n->problem) TARN_TRY(parse_params(graph, n));
    if (!n->problem && n->op) TARN_TRY(tarn__resolve_call(graph, n));
  }
  return TARN_OK;
}

/* "filter", "values[2]" of a signature's argument list; text unset when the index is outside. */
const char *tarn__node_input_name(const tarn_node *node, int i, char *text, size_t bytes) {
  const tarn_signature *s;
  int64_t before = 0;
  snprintf(text, bytes, "%d", i);
  if (!node->op || tarn__signature_of(node->op, &s) != TARN_OK) return text;
  for (size_t a = 0; a < s->inputs; a++) {
    int64_t count = tarn__arg_count(&s->input[a], &node->attrs);
    if (count < 0) break;
    if (i - before < count) {
      if (s->input[a].number_attr || s->input[a].list_attr)
        snprintf(text, bytes, "%s[%lld]", s->input[a].name, (long long)(i - before));
      else
        snprintf(text, bytes, "%s", s->input[a].name);
      break;
    }
    before += count;
  }
  return text;
}
