/* Building a graph: nodes, functions, kept tensors, and finding nodes by name. Names and input
 * texts are copied into the graph's arena; graph/resolve/resolve.c turns the texts into edges. */
#include "graph/graph.h"

#include "core/bytes.h"

#include <limits.h>

/* A tensor that an attribute points to. */
struct tarn_kept {
  struct tarn_kept *next;
  tarn_tensor tensor;
};

/* Makes room for one more in an array that holds `count`; capacities are powers of two, so none is
 * stored. */
static tarn_status grow(tarn_arena *arena, void *array, size_t count, size_t bytes_each) {
  if (count != 0 && (count < 4 || (count & (count - 1)) != 0)) return TARN_OK;
  void *old;
  memcpy(&old, array, sizeof old);
  void *grown = tarn__arena_array(arena, count == 0 ? 4 : 2 * count, bytes_each);
  if (!grown) return TARN_NO_MEMORY;
  if (count) memcpy(grown, old, count * bytes_each);
  memcpy(array, &grown, sizeof grown);
  return TARN_OK;
}

tarn_status tarn__graph_create(const tarn_allocator *a, tarn_graph **graph) {
  tarn_arena *arena;
  TARN_TRY(tarn__arena_create(a, &arena));
  tarn_graph *g = tarn__arena_alloc(arena, sizeof *g);
  if (!g) {
    tarn__arena_destroy(arena);
    return TARN_NO_MEMORY;
  }
  g->arena = arena;
  g->allocator = a;
  tarn__map_init(&g->by_name, a);
  *graph = g;
  return TARN_OK;
}

void tarn__graph_destroy(tarn_graph *graph) {
  if (!graph) return;
  if (graph->library && !graph->function) {
    for (size_t i = 0; i < graph->library->count; i++)
      tarn__graph_destroy(graph->library->bodies[i]);
    tarn__map_clear(&graph->library->functions);
  }
  for (struct tarn_kept *k = graph->kept; k; k = k->next) tarn__tensor_clear(&k->tensor);
  tarn__map_clear(&graph->by_name);
  tarn__arena_destroy(graph->arena);
}

tarn_status tarn__graph_add_function(tarn_graph *graph, const char *name, tarn_graph **body) {
  if (graph->function)
    return tarn_fail(TARN_INVALID, "function '%s' inside function '%s'", name, graph->function);
  if (!graph->library) {
    tarn_library *library = tarn__arena_alloc(graph->arena, sizeof *library);
    if (!library) return TARN_NO_MEMORY;
    tarn__map_init(&library->functions, graph->allocator);
    graph->library = library;
  }
  tarn_library *library = graph->library;
  if (!*name) return tarn_fail(TARN_CORRUPT, "a function without a name");
  if (tarn__map_get(&library->functions, name, strlen(name)))
    return tarn_fail(TARN_CORRUPT, "two functions are called '%s'", name);
  TARN_TRY(grow(graph->arena, &library->bodies, library->count, sizeof *library->bodies));
  tarn_graph *made;
  TARN_TRY(tarn__graph_create(graph->allocator, &made));
  made->library = library;
  made->function = tarn__arena_strndup(made->arena, name, strlen(name));
  if (!made->function ||
      tarn__map_put(&library->functions, made->function, strlen(made->function), made) != TARN_OK) {
    made->function =
        made->function ? made->function : ""; /* so that destroy leaves the library alone */
    tarn__graph_destroy(made);
    return TARN_NO_MEMORY;
  }
  library->bodies[library->count++] = made;
  *body = made;
  return TARN_OK;
}

tarn_graph *tarn__graph_function(const tarn_graph *graph, const char *name) {
  return graph->library ? tarn__map_get(&graph->library->functions, name, strlen(name)) : NULL;
}

static const char *copy_text(tarn_graph *graph, const char *text) {
  return tarn__arena_strndup(graph->arena, text, strlen(text));
}

/* Anything but what the notation of inputs needs for itself: ':', a leading '^', blanks and control
 * bytes. */
static bool well_formed(const char *name) {
  if (!*name || *name == '^') return false;
  for (const char *c = name; *c; c++)
    if (*c == ':' || (unsigned char)*c <= ' ' || *c == 0x7f) return false;
  return true;
}

tarn_status tarn__graph_add(tarn_graph *graph, const char *name, const char *op, const char *device,
                            tarn_node **node) {
  if (!well_formed(name)) {
    char shown[80];
    return tarn_fail(TARN_CORRUPT, "'%s' cannot be the name of a node",
                     tarn__printable(name, strlen(name), shown, sizeof shown));
  }
  if (tarn__map_get(&graph->by_name, name, strlen(name)))
    return tarn_fail(TARN_CORRUPT, "two nodes are called '%s'", name);
  if (graph->count >= INT_MAX / 2) return tarn_fail(TARN_LIMIT, "more than %d nodes", INT_MAX / 2);
  TARN_TRY(grow(graph->arena, &graph->nodes, graph->count, sizeof *graph->nodes));
  tarn_node *n = tarn__arena_alloc(graph->arena, sizeof *n);
  if (!n) return TARN_NO_MEMORY;
  n->id = (int)graph->count;
  n->name = copy_text(graph, name);
  n->op_name = copy_text(graph, op);
  n->device = device && *device ? copy_text(graph, device) : "";
  if (!n->name || !n->op_name || !n->device) return TARN_NO_MEMORY;
  TARN_TRY(tarn__map_put(&graph->by_name, n->name, strlen(n->name), n));
  graph->nodes[graph->count++] = n;
  *node = n;
  return TARN_OK;
}

tarn_status tarn__node_add_input(tarn_graph *graph, tarn_node *node, const char *text) {
  if (node->texts >= INT_MAX / 2)
    return tarn_fail(TARN_LIMIT, "node '%s' has too many inputs", node->name);
  TARN_TRY(grow(graph->arena, &node->input_text, (size_t)node->texts, sizeof *node->input_text));
  const char *copy = copy_text(graph, text);
  if (!copy) return TARN_NO_MEMORY;
  node->input_text[node->texts++] = copy;
  return TARN_OK;
}

tarn_status tarn__graph_keep_tensor(tarn_graph *graph, tarn_tensor *value,
                                    const tarn_tensor **kept) {
  struct tarn_kept *k = tarn__arena_alloc(graph->arena, sizeof *k);
  if (!k) {
    tarn__tensor_clear(value);
    return TARN_NO_MEMORY;
  }
  tarn__tensor_share(value, &k->tensor);
  tarn__tensor_clear(value);
  k->next = graph->kept;
  graph->kept = k;
  *kept = &k->tensor;
  return TARN_OK;
}

tarn_status tarn__graph_add_arg(tarn_graph *body, const char *name, tarn_dtype dtype,
                                tarn_node **node) {
  tarn_node *made;
  TARN_TRY(grow(body->arena, &body->arg, body->args, sizeof *body->arg));
  TARN_TRY(tarn__graph_add(body, name, "_Arg", NULL, &made));
  tarn_attr type = {.kind = TARN_ATTR_TYPE, .type = {dtype, false}};
  tarn_attr index = {.kind = TARN_ATTR_INT, .i = (int64_t)body->args};
  TARN_TRY(tarn__attr_set(body->arena, &made->attrs, "T", &type));
  TARN_TRY(tarn__attr_set(body->arena, &made->attrs, "index", &index));
  body->arg[body->args++] = made;
  if (node) *node = made;
  return TARN_OK;
}

tarn_status tarn__graph_add_ret(tarn_graph *body, const char *name, const char *text) {
  TARN_TRY(grow(body->arena, &body->ret_text, body->rets, sizeof *body->ret_text));
  TARN_TRY(grow(body->arena, &body->ret_name, body->rets, sizeof *body->ret_name));
  const char *text_copy = copy_text(body, text), *name_copy = copy_text(body, name);
  if (!text_copy || !name_copy) return TARN_NO_MEMORY;
  body->ret_text[body->rets] = text_copy;
  body->ret_name[body->rets++] = name_copy;
  return TARN_OK;
}

tarn_status tarn__graph_add_control_ret(tarn_graph *body, const char *text) {
  TARN_TRY(grow(body->arena, &body->control_ret_text, body->control_rets,
                sizeof *body->control_ret_text));
  const char *copy = copy_text(body, text);
  if (!copy) return TARN_NO_MEMORY;
  body->control_ret_text[body->control_rets++] = copy;
  return TARN_OK;
}

tarn_node *tarn__graph_node(const tarn_graph *graph, const char *name) {
  return tarn__map_get(&graph->by_name, name, strlen(name));
}

/* Names the nearest nodes when memory allows, and at least what was looked for. */
static tarn_status not_found(const tarn_graph *graph, const char *wanted) {
  char nearest[400] = "";
  size_t bytes;
  const char **names = NULL;
  if (!tarn__mul_overflow(graph->count, sizeof *names, &bytes) && graph->count)
    names = tarn__alloc(graph->allocator, bytes);
  if (names) {
    for (size_t i = 0; i < graph->count; i++) names[i] = graph->nodes[i]->name;
    tarn__nearest(wanted, names, graph->count, nearest, sizeof nearest);
    tarn__free(graph->allocator, names, bytes);
  }
  return tarn_fail(TARN_NOT_FOUND, "no node is called '%s'%s", wanted, nearest);
}

tarn_status tarn__graph_find(const tarn_graph *graph, const char *text, tarn_edge *edge) {
  bool control = *text == '^';
  const char *name = text + control;
  const char *colon = control ? NULL : strrchr(name, ':');
  size_t bytes = colon ? (size_t)(colon - name) : strlen(name);
  tarn_node *node = tarn__map_get(&graph->by_name, name, bytes);
  if (!node) {
    char shown[200];
    return not_found(graph, tarn__printable(name, bytes, shown, sizeof shown));
  }
  int index = control ? -1 : 0;
  if (colon) {
    const char *digit = colon + 1;
    if (!*digit) index = -1;
    for (; *digit && index >= 0; digit++)
      index = *digit >= '0' && *digit <= '9' && index < 1 << 20 ? index * 10 + (*digit - '0') : -1;
    if (index < 0 || (node->op && index >= node->outputs))
      return tarn_fail(TARN_NOT_FOUND, "no output '%s': node '%s' (%s) has %d", colon, node->name,
                       node->op_name, node->outputs);
  }
  *edge = (tarn_edge){node, index};
  return TARN_OK;
}

tarn_string tarn__node_variable_name(const tarn_node *node) {
  const tarn_attr *shared = tarn__attr_find(&node->attrs, "shared_name");
  if (shared && shared->kind == TARN_ATTR_STRING && shared->s.size) return shared->s;
  return (tarn_string){node->name, strlen(node->name)};
}
