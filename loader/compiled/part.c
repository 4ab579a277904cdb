#include "loader/compiled/part.h"

#include "core/wire/tensor_message.h"
#include "loader/model/init_op.h"
#include "loader/model/queue_runners.h"

enum { BESIDE_BYTES = 1024 }; /* smaller constants stay in the graph */

/* ---- what is reached --------------------------------------------------------------------------
 */

typedef struct walk {
  compiled_part *part;
  const tarn_node **list; /* nodes of the main graph that were reached */
  size_t count;
} walk;

static void reach(walk *w, const tarn_node *node) {
  if (w->part->node[node->id]) return;
  w->part->node[node->id] = true;
  w->list[w->count++] = node;
}

static tarn_status add_function(compiled_part *part, const char *name, const tarn_graph **bodies,
                                size_t *count) {
  const tarn_graph *body = name ? tarn__graph_function(part->model->meta.graph, name) : NULL;
  if (!body || tarn__map_get(&part->functions, body->function, strlen(body->function)))
    return TARN_OK;
  TARN_TRY(tarn__map_put(&part->functions, body->function, strlen(body->function),
                         (void *)(uintptr_t)body));
  bodies[(*count)++] = body;
  return TARN_OK;
}

static tarn_status add_functions(compiled_part *part, const tarn_attrs *attrs,
                                 const tarn_graph **bodies, size_t *count) {
  for (size_t i = 0; i < attrs->count; i++) {
    const tarn_attr *a = &attrs->rows[i].value;
    if (a->kind == TARN_ATTR_FUNC) TARN_TRY(add_function(part, a->func.name, bodies, count));
    for (size_t k = 0;
         a->kind == TARN_ATTR_LIST && a->element == TARN_ATTR_FUNC && k < a->list.count; k++)
      TARN_TRY(add_function(part, a->list.func[k].name, bodies, count));
  }
  return TARN_OK;
}

static tarn_status reach_all(compiled_part *part, walk *w) {
  const tarn_graph *graph = part->model->meta.graph;
  const size_t most = graph->library ? graph->library->count : 0;
  const tarn_graph **bodies = tarn__arena_array(part->arena, most + 1, sizeof *bodies);
  size_t count = 0;
  if (!bodies) return TARN_NO_MEMORY;
  for (size_t at = 0; at < w->count; at++) {
    const tarn_node *node = w->list[at];
    for (int i = 0; i < node->inputs; i++) reach(w, node->in[i].node);
    for (int i = 0; i < node->controls; i++) reach(w, node->control[i]);
    TARN_TRY(add_functions(part, &node->attrs, bodies, &count));
  }
  for (size_t at = 0; at < count; at++) {
    for (size_t i = 0; i < bodies[at]->count; i++) {
      const tarn_node *node = bodies[at]->nodes[i];
      /* a call may name its function as an op */
      TARN_TRY(add_function(part, node->op_name, bodies, &count));
      TARN_TRY(add_functions(part, &node->attrs, bodies, &count));
    }
  }
  return TARN_OK;
}

static tarn_status roots(compiled_part *part, walk *w, const tarn_run_request *q) {
  const tarn_graph *graph = part->model->meta.graph;
  const size_t n = q->n_feeds + q->n_fetches + q->n_targets;
  tarn_edge *fed = tarn__arena_array(part->arena, n + 1, sizeof *fed), edge;
  const tarn_node **wanted = tarn__arena_array(part->arena, n + 1, sizeof *wanted);
  size_t n_wanted = 0;
  bool waits;
  if (!fed || !wanted) return TARN_NO_MEMORY;
  for (size_t i = 0; i < q->n_feeds; i++) {
    TARN_TRY_IN(tarn__graph_find(graph, q->feeds[i].name, &fed[i]), "looking for feed '%s'",
                q->feeds[i].name);
    reach(w, fed[i].node);
  }
  for (size_t i = 0; i < q->n_fetches + q->n_targets; i++) {
    const char *name = i < q->n_fetches ? q->fetches[i] : q->targets[i - q->n_fetches];
    TARN_TRY_IN(tarn__graph_find(graph, name, &edge), "looking for '%s'", name);
    wanted[n_wanted++] = edge.node;
    reach(w, edge.node);
  }
  TARN_TRY(
      tarn__queue_runners_needed(&part->model->meta, fed, q->n_feeds, wanted, n_wanted, &waits));
  return waits ? tarn_fail(TARN_UNSUPPORTED,
                           "the run waits at queues that queue runners fill, which a compiled file "
                           "does not have")
               : TARN_OK;
}

tarn_status tarn__compiled_part_find(compiled_part *part, const tarn_model *model,
                                     tarn_arena *arena, const tarn_run_request *requests,
                                     size_t n) {
  const tarn_graph *graph = model->meta.graph;
  *part = (compiled_part){.model = model, .arena = arena};
  tarn__map_init(&part->functions, model->allocator);
  walk w = {.part = part};
  part->node = tarn__arena_array(arena, graph->count + 1, sizeof(bool));
  w.list = tarn__arena_array(arena, graph->count + 1, sizeof *w.list);
  if (!part->node || !w.list) return TARN_NO_MEMORY;
  for (size_t i = 0; i < n; i++) TARN_TRY(roots(part, &w, &requests[i]));
  if (model->folder || model->compiled)
    TARN_TRY(tarn__model_init_op(&model->meta, arena, &part->init));
  if (part->init) {
    const tarn_node *init = tarn__graph_node(graph, part->init);
    if (model->meta.n_assets)
      return tarn_fail(
          TARN_UNSUPPORTED,
          "the model's initialisation '%s' reads its assets, which a compiled file does not have",
          part->init);
    if (init) reach(&w, init);
  }
  return reach_all(part, &w);
}

/* ---- writing ----------------------------------------------------------------------------------
 */

static bool has_node(void *context, const tarn_node *node) {
  return ((const compiled_part *)context)->node[node->id];
}

static bool has_function(void *context, const tarn_graph *body) {
  return tarn__map_get(&((const compiled_part *)context)->functions, body->function,
                       strlen(body->function)) != NULL;
}

/* A place in the list, made when the constant is first met. */
static bool beside(void *context, const tarn_tensor *t, uint64_t *number) {
  compiled_part *part = context;
  if (!tarn__dtype_in(t->dtype, TARN_PLAIN) || t->dtype == TARN_BOOL ||
      tarn__tensor_bytes(t) < BESIDE_BYTES)
    return false;
  for (size_t i = 0; i < part->constants; i++)
    if (part->constant[i] == t) {
      *number = i;
      return true;
    }
  if (part->constants == part->capacity) {
    const size_t larger = part->capacity ? 2 * part->capacity : 64;
    const tarn_tensor **list = tarn__arena_array(part->arena, larger, sizeof *list);
    if (!list) return false; /* it is written in full */
    if (part->constants) memcpy(list, part->constant, part->constants * sizeof *list);
    part->constant = list;
    part->capacity = larger;
  }
  *number = part->constants;
  part->constant[part->constants++] = t;
  return true;
}

static tarn_status text(tarn_bytes *b, uint32_t field, const char *words) {
  return tarn__wire_add_bytes(b, field, words, strlen(words));
}

static tarn_status write_info(const char *key, const char *name, tarn_dtype dtype,
                              const tarn_shape *shape, uint32_t field, tarn_bytes *b) {
  size_t entry, info;
  TARN_TRY(tarn__wire_begin(b, field, &entry));
  TARN_TRY(text(b, 1, key));
  TARN_TRY(tarn__wire_begin(b, 2, &info));
  TARN_TRY(text(b, 1, name));
  TARN_TRY(tarn__wire_add_int(b, 2, (uint64_t)dtype));
  if (shape && shape->rank >= 0) TARN_TRY(tarn__shape_message_write(shape, 3, b));
  TARN_TRY(tarn__wire_end(b, info));
  return tarn__wire_end(b, entry);
}

static tarn_status begin_signature(const char *key, tarn_bytes *b, size_t mark[2]) {
  TARN_TRY(tarn__wire_begin(b, 5, &mark[0]));
  TARN_TRY(text(b, 1, key));
  return tarn__wire_begin(b, 2, &mark[1]);
}

static tarn_status end_signature(const char *method, tarn_bytes *b, const size_t mark[2]) {
  if (*method) TARN_TRY(text(b, 3, method));
  TARN_TRY(tarn__wire_end(b, mark[1]));
  return tarn__wire_end(b, mark[0]);
}

static bool is_there(const compiled_part *part, const tarn_tensor_info *info, size_t n) {
  for (size_t i = 0; i < n; i++) {
    tarn_edge edge;
    if (!info[i].name[0] ||
        tarn__graph_find(part->model->meta.graph, info[i].name, &edge) != TARN_OK ||
        !part->node[edge.node->id])
      return false;
  }
  return n > 0;
}

/* A signature of which everything is there. */
static tarn_status write_signature(const compiled_part *part, const tarn_signature *s,
                                   bool *written, tarn_bytes *b) {
  size_t mark[2];
  *written = is_there(part, s->outputs, s->n_outputs) &&
             (!s->n_inputs || is_there(part, s->inputs, s->n_inputs));
  if (!*written) return TARN_OK;
  TARN_TRY(begin_signature(s->key, b, mark));
  for (size_t i = 0; i < s->n_inputs; i++)
    TARN_TRY(write_info(s->inputs[i].key, s->inputs[i].name, s->inputs[i].dtype,
                        &s->inputs[i].shape, 1, b));
  for (size_t i = 0; i < s->n_outputs; i++)
    TARN_TRY(write_info(s->outputs[i].key, s->outputs[i].name, s->outputs[i].dtype,
                        &s->outputs[i].shape, 2, b));
  return end_signature(s->method, b, mark);
}

/* A signature of a run's own names. */
static tarn_status write_names(const compiled_part *part, const tarn_run_request *q,
                               tarn_bytes *b) {
  size_t mark[2];
  tarn_edge edge;
  TARN_TRY(begin_signature("serving_default", b, mark));
  for (size_t i = 0; i < q->n_feeds; i++)
    TARN_TRY(write_info(q->feeds[i].name, q->feeds[i].name, q->feeds[i].tensor->dtype, NULL, 1, b));
  for (size_t i = 0; i < q->n_fetches; i++) {
    TARN_TRY(tarn__graph_find(part->model->meta.graph, q->fetches[i], &edge));
    const bool known = edge.node->op && edge.index >= 0 && edge.index < edge.node->outputs;
    TARN_TRY(write_info(q->fetches[i], q->fetches[i],
                        known ? edge.node->out_dtype[edge.index] : TARN_NO_DTYPE, NULL, 2, b));
  }
  return end_signature("", b, mark);
}

static tarn_status write_init(const char *op, tarn_bytes *b) {
  size_t entry, collection, list;
  TARN_TRY(tarn__wire_begin(b, 4, &entry));
  TARN_TRY(text(b, 1, "saved_model_main_op"));
  TARN_TRY(tarn__wire_begin(b, 2, &collection));
  TARN_TRY(tarn__wire_begin(b, 1, &list));
  TARN_TRY(text(b, 1, op));
  TARN_TRY(tarn__wire_end(b, list));
  TARN_TRY(tarn__wire_end(b, collection));
  return tarn__wire_end(b, entry);
}

tarn_status tarn__compiled_part_write(compiled_part *part, const tarn_run_request *requests,
                                      tarn_bytes *meta) {
  const tarn_metagraph *m = &part->model->meta;
  const tarn_graph_part what = {
      .context = part, .has_node = has_node, .has_function = has_function, .beside = beside};
  size_t mark;
  bool any = false, written;
  TARN_TRY(tarn__wire_begin(meta, 2, &mark));
  TARN_TRY(tarn__graphdef_write_part(m->graph, &what, false, meta));
  TARN_TRY(tarn__wire_end(meta, mark));
  for (size_t i = 0; i < m->n_signatures; i++) {
    TARN_TRY(write_signature(part, &m->signatures[i], &written, meta));
    any = any || written;
  }
  if (!any && requests[0].n_fetches) TARN_TRY(write_names(part, &requests[0], meta));
  return part->init ? write_init(part->init, meta) : TARN_OK;
}
