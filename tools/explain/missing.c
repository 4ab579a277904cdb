#include "tools/explain/missing.h"

#include "kernels/kernel.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_TENSORS = 4, MOST_PATH = 12 };

/* How a node was reached on the way back from a fetch. */
typedef struct reached {
  bool seen;
  int user, input; /* who takes its output, and as which input; input -1: a control edge; user -1:
                      the fetch */
} reached;

typedef struct search {
  const tarn_graph *graph;
  const tarn_run_request *request;
  reached *node; /* by id */
  int *queue;
  size_t head, tail;
} search;

static json_t *text(const char *s) {
  char printable[400];
  return json_string(tarn__printable(s, strlen(s), printable, sizeof printable));
}

/* Why the node itself cannot run, or NULL. */
static const char *own_problem(const tarn_node *n) {
  size_t kernels;
  if (!n->op) return "the op is not known";
  if (n->problem) return n->problem;
  if (n->op->flags & (TARN_OP_CONTROL | TARN_OP_VIEW)) return NULL;
  tarn__kernels_of(n->op->name, &kernels);
  return kernels ? NULL : "there is no kernel for it";
}

/* The functions that a node calls join the list, once each. */
static tarn_status add_functions(const tarn_graph *graph, const tarn_node *n, tarn_map *seen,
                                 const tarn_graph **body, size_t *bodies) {
  for (size_t i = 0; i < n->attrs.count; i++) {
    const tarn_attr *a = &n->attrs.rows[i].value;
    const bool one = a->kind == TARN_ATTR_FUNC,
               many = a->kind == TARN_ATTR_LIST && a->element == TARN_ATTR_FUNC;
    const size_t count = one ? 1 : many ? a->list.count : 0;
    for (size_t k = 0; k < count; k++) {
      const tarn_graph *f = tarn__graph_function(graph, one ? a->func.name : a->list.func[k].name);
      if (!f || tarn__map_get(seen, f->function, strlen(f->function))) continue;
      TARN_TRY(tarn__map_put(seen, f->function, strlen(f->function), seen));
      body[(*bodies)++] = f;
    }
  }
  return TARN_OK;
}

/* Why the node cannot run, itself or in a function that it calls: a new string, or NULL. */
static json_t *problem_of(const tarn_graph *graph, const tarn_node *n) {
  const char *own = own_problem(n);
  if (own) { /* without the place in our source, which is for errors */
    const char *place = strrchr(own, '[');
    const size_t bytes = place && place > own && own[strlen(own) - 1] == ']'
                             ? (size_t)(place - own - 1)
                             : strlen(own);
    char printable[600];
    return json_string(tarn__printable(own, bytes, printable, sizeof printable));
  }
  if (!graph->library) return NULL;
  json_t *why = NULL;
  tarn_map seen;
  const tarn_graph **body = calloc(graph->library->count + 1, sizeof *body);
  size_t bodies = 0;
  tarn__map_init(&seen, graph->allocator);
  bool going = body && add_functions(graph, n, &seen, body, &bodies) == TARN_OK;
  for (size_t b = 0; going && b < bodies && !why; b++)
    for (size_t i = 0; i < body[b]->count && going && !why; i++) {
      const tarn_node *inner = body[b]->nodes[i];
      own = own_problem(inner);
      if (own)
        why = json_sprintf("in function '%s', node '%s' (%s): %s", body[b]->function, inner->name,
                           inner->op_name, own);
      else
        going = add_functions(graph, inner, &seen, body, &bodies) == TARN_OK;
    }
  tarn__map_clear(&seen);
  free(body);
  return why;
}

static bool is_fed(const search *s, const tarn_node *n, int index) {
  for (size_t i = 0; i < s->request->n_feeds; i++) {
    tarn_edge e;
    if (tarn__graph_find(s->graph, s->request->feeds[i].name, &e) == TARN_OK && e.node == n &&
        e.index == index)
      return true;
  }
  return false;
}

static void reach(search *s, const tarn_node *n, int user, int input) {
  if (s->node[n->id].seen) return;
  s->node[n->id] = (reached){true, user, input};
  s->queue[s->tail++] = n->id;
}

/* Whether a tensor can be given by a user. */
static bool can_be_fed(tarn_dtype dtype) {
  return tarn__dtype_in(dtype, TARN_PLAIN) || dtype == TARN_STRING;
}

static json_t *tensor_text(const tarn_node *n, int index, tarn_dtype dtype) {
  return json_sprintf("%s:%d (%s)", n->name, index, tarn_dtype_name(dtype));
}

/* The tensors between the node and what is wanted: its own outputs that are used, else the first
 * one further on that a user can make. */
static json_t *to_feed(const search *s, const tarn_node *n) {
  json_t *list = json_array();
  for (size_t i = 0; i < s->graph->count && json_array_size(list) < MOST_TENSORS; i++) {
    const tarn_node *user = s->graph->nodes[i];
    for (int k = 0; s->node[user->id].seen && k < user->inputs; k++) {
      if (user->in[k].node != n) continue;
      const tarn_dtype dtype = n->op && !n->problem ? n->out_dtype[user->in[k].index]
                               : user->in_dtype     ? user->in_dtype[k]
                                                    : TARN_NO_DTYPE;
      if (dtype && can_be_fed(dtype))
        json_array_append_new(list, tensor_text(n, user->in[k].index, dtype));
    }
  }
  int at = n->id;
  while (!json_array_size(list) && s->node[at].user >= 0) {
    at = s->node[at].user;
    const tarn_node *later = s->graph->nodes[at];
    if (later->op && !later->problem && later->outputs && can_be_fed(later->out_dtype[0]))
      json_array_append_new(list, tensor_text(later, 0, later->out_dtype[0]));
  }
  return list;
}

static json_t *to_fetch(const tarn_node *n) {
  json_t *list = json_array();
  for (int i = 0; i < n->inputs && json_array_size(list) < MOST_TENSORS; i++) {
    const tarn_node *from = n->in[i].node;
    const tarn_dtype dtype =
        from->op && !from->problem ? from->out_dtype[n->in[i].index] : TARN_NO_DTYPE;
    if (can_be_fed(dtype) && strcmp(from->op_name, "Const") &&
        strncmp(from->op_name, "Placeholder", 11))
      json_array_append_new(list, tensor_text(from, n->in[i].index, dtype));
  }
  return list;
}

static json_t *path_of(const search *s, const tarn_node *n) {
  json_t *path = json_array();
  int length = 1;
  for (int at = n->id; s->node[at].user >= 0; at = s->node[at].user) length++;
  for (int at = n->id, i = 0; at >= 0; at = s->node[at].user, i++) {
    if (length <= MOST_PATH || i < MOST_PATH / 2 || i >= length - MOST_PATH / 2)
      json_array_append_new(path, text(s->graph->nodes[at]->name));
    else if (i == MOST_PATH / 2)
      json_array_append_new(path, json_sprintf("(%d more)", length - MOST_PATH));
  }
  return path;
}

/* Back from one fetch or target to the feeds. */
static void search_from(search *s, const char *wanted, const tarn_node *start, json_t *list,
                        bool *named) {
  memset(s->node, 0, s->graph->count * sizeof *s->node);
  s->head = s->tail = 0;
  reach(s, start, -1, 0);
  while (s->head < s->tail) { /* breadth first: paths are the shortest */
    const tarn_node *n = s->graph->nodes[s->queue[s->head++]];
    for (int i = 0; i < n->inputs; i++)
      if (!is_fed(s, n->in[i].node, n->in[i].index)) reach(s, n->in[i].node, n->id, i);
    for (int i = 0; i < n->controls; i++) reach(s, n->control[i], n->id, -1);
  }
  for (size_t i = 0; i < s->tail; i++) {
    const tarn_node *n = s->graph->nodes[s->queue[i]];
    json_t *why = named[n->id] ? NULL : problem_of(s->graph, n);
    if (!why) continue;
    named[n->id] = true;
    json_t *row = json_object();
    json_object_set_new(row, "node", text(n->name));
    json_object_set_new(row, "op", text(n->op_name));
    json_object_set_new(row, "why", why);
    json_object_set_new(row, "wanted_by", text(wanted));
    json_object_set_new(row, "path", path_of(s, n));
    json_object_set_new(row, "feed", to_feed(s, n));
    json_object_set_new(row, "fetch", to_fetch(n));
    json_array_append_new(list, row);
  }
}

json_t *tarn__missing_find(const tarn_graph *graph, const tarn_run_request *request) {
  search s = {.graph = graph, .request = request};
  json_t *list = json_array();
  bool *named = calloc(graph->count + 1, sizeof *named);
  s.node = calloc(graph->count + 1, sizeof *s.node);
  s.queue = calloc(graph->count + 1, sizeof *s.queue);
  bool good = list && named && s.node && s.queue;
  for (size_t i = 0; good && i < request->n_fetches + request->n_targets; i++) {
    const char *name =
        i < request->n_fetches ? request->fetches[i] : request->targets[i - request->n_fetches];
    tarn_edge e;
    good = tarn__graph_find(graph, name, &e) == TARN_OK;
    if (good && !is_fed(&s, e.node, e.index)) search_from(&s, name, e.node, list, named);
  }
  free(named);
  free(s.node);
  free(s.queue);
  if (good) return list;
  json_decref(list);
  return NULL;
}

static void print_list(FILE *to, const char *before, const json_t *list, const char *between) {
  size_t i;
  const json_t *item;
  json_array_foreach(list, i, item)
      fprintf(to, "%s%s", i ? between : before, json_string_value(item));
  if (json_array_size(list)) fputc('\n', to);
}

void tarn__missing_print(FILE *to, const json_t *list) {
  size_t i;
  const json_t *row;
  json_array_foreach(list, i, row) {
    fprintf(to, "missing: '%s' (%s): %s\n", json_string_value(json_object_get(row, "node")),
            json_string_value(json_object_get(row, "op")),
            json_string_value(json_object_get(row, "why")));
    fprintf(to, "  wanted by %s:\n", json_string_value(json_object_get(row, "wanted_by")));
    print_list(to, "    ", json_object_get(row, "path"), " -> ");
    print_list(to, "  feed instead: ", json_object_get(row, "feed"), ", ");
    print_list(to, "  or fetch what goes into it: ", json_object_get(row, "fetch"), ", ");
  }
}
