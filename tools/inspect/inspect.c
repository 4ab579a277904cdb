/* Collecting what `tarn inspect` shows: see inspect.h. */
#include "tools/inspect/inspect.h"

#include "tools/run/ends.h"

#include <stdlib.h>
#include <string.h>

static bool starts_with(const char *text, const char *start) {
  return strncmp(text, start, strlen(start)) == 0;
}

static bool ends_with(const char *text, const char *end) {
  size_t n = strlen(text), m = strlen(end);
  return n >= m && strcmp(text + n - m, end) == 0;
}

tarn_dtype inspect_variable_dtype(const tarn_node *node) {
  const tarn_attr *dtype = tarn__attr_find(&node->attrs, "dtype");
  return dtype && dtype->kind == TARN_ATTR_TYPE ? dtype->type.dtype : TARN_NO_DTYPE;
}

tarn_shape inspect_variable_shape(const tarn_node *node) {
  const tarn_attr *shape = tarn__attr_find(&node->attrs, "shape");
  return shape && shape->kind == TARN_ATTR_SHAPE ? *shape->shape : (tarn_shape){.rank = -1};
}

/* ---- ops ---- */

static int by_count(const void *a, const void *b) {
  const inspect_op *x = a, *y = b;
  if (x->count != y->count) return x->count < y->count ? 1 : -1;
  return strcmp(x->name, y->name);
}

/* seen maps names to 1 + their index. */
static tarn_status count_nodes(const tarn_graph *graph, inspect_facts *f, tarn_map *seen) {
  for (size_t i = 0; i < graph->count; i++) {
    const tarn_node *n = graph->nodes[i];
    if (strcmp(n->op_name, "_Arg") == 0) continue; /* a function's argument: ours, not the file's */
    uintptr_t at = (uintptr_t)tarn__map_get(seen, n->op_name, strlen(n->op_name));
    if (!at) {
      at = f->n_ops + 1;
      TARN_TRY(tarn__map_put(seen, n->op_name, strlen(n->op_name), (void *)at));
      f->ops[f->n_ops++] =
          (inspect_op){n->op_name, 0, n->op || tarn__graph_function(graph, n->op_name)};
    }
    f->ops[at - 1].count++;
  }
  return TARN_OK;
}

static tarn_status count_ops(inspect_facts *f, tarn_arena *arena) {
  const tarn_graph *graph = f->model->meta.graph;
  const tarn_library *library = graph->library;
  f->nodes = graph->count;
  f->functions = library ? library->count : 0;
  for (size_t i = 0; i < f->functions; i++)
    f->function_nodes += library->bodies[i]->count - library->bodies[i]->args;
  f->ops = tarn__arena_array(arena, f->nodes + f->function_nodes, sizeof *f->ops);
  if (!f->ops) return TARN_NO_MEMORY;
  tarn_map seen;
  tarn__map_init(&seen, tarn__allocator_default());
  tarn_status status = count_nodes(graph, f, &seen);
  for (size_t i = 0; i < f->functions && status == TARN_OK; i++)
    status = count_nodes(library->bodies[i], f, &seen);
  tarn__map_clear(&seen);
  if (status != TARN_OK) return status;
  if (f->n_ops) qsort(f->ops, f->n_ops, sizeof *f->ops, by_count);
  for (size_t i = 0; i < f->n_ops; i++) f->unknown += !f->ops[i].known;
  return TARN_OK;
}

/* ---- likely inputs and outputs ---- */

static bool is_placeholder(const tarn_node *n) { return starts_with(n->op_name, "Placeholder"); }

/* The saver's own nodes: the tensor of its file name, and, where that has a scope ("save/Const"),
 * all of the scope. */
static bool is_saver_node(const inspect_facts *f, const tarn_node *n) {
  const char *filename = f->model->meta.saver.filename_tensor, *slash = strrchr(filename, '/');
  size_t bytes = strcspn(filename, ":"), scope = slash ? (size_t)(slash - filename) + 1 : 0;
  if (strlen(n->name) == bytes && memcmp(filename, n->name, bytes) == 0) return true;
  return scope && strncmp(n->name, filename, scope) == 0;
}

/* What nobody fetches although nobody consumes it: state changes, summaries, files, what shapes are
 * made of. */
static bool is_bookkeeping(const tarn_node *n) {
  static const char *const starts[] = {
      "Assign", "Scatter", "Apply", "ResourceApply",         "Save", "Restore", "Const", "Assert",
      "Shape",  "Size",    "Rank",  "BroadcastGradientArgs", "Exit"};
  if (starts_with(n->name, "gradients/") || strstr(n->name, "/gradients/"))
    return true; /* TensorFlow's own scope */
  for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++)
    if (starts_with(n->op_name, starts[i])) return true;
  bool read = strcmp(n->op_name, "Identity") == 0 && n->inputs == 1 && n->in[0].node &&
              tarn__is_variable(n->in[0].node);
  return read || ends_with(n->op_name, "Summary") || tarn__is_variable(n) || is_placeholder(n);
}

/* The type of output 0 where it is known. An unknown op's attribute T or dtype says it often. */
static tarn_dtype output_dtype(const tarn_node *n) {
  if (n->out_dtype && n->outputs > 0 && n->out_dtype[0] != TARN_NO_DTYPE) return n->out_dtype[0];
  const tarn_attr *t = tarn__attr_find(&n->attrs, "dtype");
  if (!t) t = tarn__attr_find(&n->attrs, "T");
  return t && t->kind == TARN_ATTR_TYPE ? t->type.dtype : TARN_NO_DTYPE;
}

/* Exporters may leave the shapes of all outputs in a hint. */
static tarn_shape output_shape(const tarn_node *n) {
  const tarn_attr *hint = tarn__attr_find(&n->attrs, "_output_shapes");
  if (hint && hint->kind == TARN_ATTR_LIST && hint->element == TARN_ATTR_SHAPE &&
      hint->list.count > 0)
    return hint->list.shape[0];
  return (tarn_shape){.rank = -1};
}

static tarn_status add(tarn_arena *arena, inspect_tensor *list, size_t *n, const tarn_node *node,
                       tarn_dtype dtype, const tarn_shape *shape) {
  const char *name = tarn__arena_printf(arena, "%s:0", node->name);
  if (!name) return TARN_NO_MEMORY;
  list[(*n)++] = (inspect_tensor){.name = name,
                                  .op = node->op_name,
                                  .dtype = dtype,
                                  .shape = *shape,
                                  .optional = strcmp(node->op_name, "PlaceholderWithDefault") == 0};
  return TARN_OK;
}

/* Marks what depends on an input. Nodes come in any order, so marks spread until nothing changes; a
 * graph in order needs one sweep and one more to see it, and 64 bound what loops and odd orders
 * cost. */
static void mark_dependents(const tarn_graph *graph, bool *depends) {
  bool changed = true;
  for (int sweep = 0; sweep < 64 && changed; sweep++) {
    changed = false;
    for (size_t i = 0; i < graph->count; i++) {
      const tarn_node *n = graph->nodes[i];
      for (int k = 0; k < n->inputs && !depends[i]; k++)
        if (n->in[k].node && depends[n->in[k].node->id]) depends[i] = changed = true;
    }
  }
}

static tarn_status find_tensors(inspect_facts *f, tarn_arena *arena) {
  const tarn_graph *graph = f->model->meta.graph;
  bool *depends = tarn__arena_array(arena, graph->count, sizeof *depends);
  bool *end;
  f->inputs = tarn__arena_array(arena, graph->count, sizeof *f->inputs);
  f->outputs = tarn__arena_array(arena, graph->count, sizeof *f->outputs);
  if (!depends || !f->inputs || !f->outputs) return TARN_NO_MEMORY;
  TARN_TRY(tarn__graph_ends(graph, arena, &end));
  for (size_t i = 0; i < graph->count; i++) {
    const tarn_node *n = graph->nodes[i];
    if (!is_placeholder(n) || is_saver_node(f, n)) continue;
    depends[i] = true;
    tarn_shape shape = inspect_variable_shape(n);
    TARN_TRY(add(arena, f->inputs, &f->n_inputs, n, output_dtype(n), &shape));
  }
  mark_dependents(graph, depends);
  bool any = f->n_inputs > 0;
  for (size_t i = 0; i < graph->count; i++) {
    const tarn_node *n = graph->nodes[i];
    if (!end[i] || (any && !depends[i]) || is_bookkeeping(n) || is_saver_node(f, n) ||
        (n->op && n->outputs < 1)) continue;
    tarn_shape shape = output_shape(n);
    TARN_TRY(add(arena, f->outputs, &f->n_outputs, n, output_dtype(n), &shape));
  }
  return TARN_OK;
}

/* TensorFlow names the op that tf.global_variables_initializer() makes "init". */
static void find_init(inspect_facts *f) {
  static const char *const names[] = {"init", "init_all_vars_op", "global_variables_initializer"};
  for (size_t i = 0; i < sizeof names / sizeof names[0] && !f->init; i++) {
    const tarn_node *n = tarn__graph_node(f->model->meta.graph, names[i]);
    if (n && strcmp(n->op_name, "NoOp") == 0) f->init = n->name;
  }
}

tarn_status inspect_collect(const tarn_model *model, const char *path, tarn_arena *arena,
                            inspect_facts *f) {
  *f = (inspect_facts){.model = model, .path = path};
  TARN_TRY(count_ops(f, arena));
  TARN_TRY(find_tensors(f, arena));
  TARN_TRY(tarn__variable_entries(model, arena, &f->variables, &f->n_variables));
  find_init(f);
  return inspect_command(f, arena, &f->command);
}
