/* The root of a plan: placeholders for what is fed, names for what is fetched. */
#include "graph/export/export.h"

#include <string.h>

#include "graph/export/exporter.h"
#include "kernels/state/variable.h"

/* Where the values of frozen variables lie: constants are known by it. */
static tarn_status find_frozen(tarn_exporter *e) {
  const tarn_plan *plan = e->plan;
  e->frozen_data = tarn__arena_array(e->out->arena, plan->frozens + 1, sizeof(void *));
  if (!e->frozen_data) return TARN_NO_MEMORY;
  for (size_t i = 0; i < plan->frozens; i++) {
    tarn_variable *v = plan->frozen[i].variable;
    pthread_mutex_lock(&v->lock);
    e->frozen_data[i] = v->value.data;
    pthread_mutex_unlock(&v->lock);
  }
  return TARN_OK;
}

static tarn_status write_feed(tarn_place *p, size_t i) {
  tarn_exporter *e = p->scope->e;
  const tarn_edge *feed = &e->request->feeds[i];
  const int value = p->block->input[i];
  tarn_shape *shape = tarn__arena_alloc(e->out->arena, sizeof *shape);
  const char *name = feed->index
                         ? tarn__arena_printf(e->out->arena, "%s_%d", feed->node->name, feed->index)
                         : feed->node->name;
  tarn_node *node;
  if (!name || !shape) return TARN_NO_MEMORY;
  const tarn_attr *had = tarn__attr_find(&feed->node->attrs, "shape");
  shape->rank = -1;
  if (e->purpose == TARN_FOR_EXPORT)
    *shape = e->request->feed_tensors[i]->shape;
  else if (!strncmp(feed->node->op_name, "Placeholder", 11) && had && had->kind == TARN_ATTR_SHAPE)
    *shape = *had->shape;
  TARN_TRY(tarn__export_name(p->scope, name, true, &name));
  TARN_TRY(tarn__graph_add(e->out, name, "Placeholder", NULL, &node));
  TARN_TRY(tarn__export_set_type(p->scope, node, "dtype", e->request->feed_tensors[i]->dtype));
  TARN_TRY(tarn__export_set(p->scope, node, "shape",
                            (tarn_attr){.kind = TARN_ATTR_SHAPE, .shape = shape}));
  return tarn__export_output(p->scope, node, 0, &p->text[value]);
}

/* The node that a fetch names is not there: an Identity of that name, or an IdentityN where outputs
 * beyond the first are fetched. Its outputs that nobody fetches are the same as the first that
 * somebody does. */
static tarn_status write_result(tarn_place *p, const tarn_node *wanted, tarn_node **made) {
  tarn_exporter *e = p->scope->e;
  int most = 0, first = -1;
  for (size_t i = 0; i < e->request->n_fetches; i++) {
    const tarn_edge *f = &e->request->fetches[i];
    if (f->node != wanted) continue;
    if (f->index > most) most = f->index;
    if (first < 0) first = p->block->result[i];
  }
  tarn_dtype *types = tarn__arena_array(e->out->arena, (size_t)most + 1, sizeof *types);
  if (!types) return TARN_NO_MEMORY;
  TARN_TRY(tarn__graph_add(e->out, wanted->name, most ? "IdentityN" : "Identity", NULL, made));
  for (int k = 0; k <= most; k++) {
    int value = first;
    for (size_t i = 0; i < e->request->n_fetches; i++)
      if (e->request->fetches[i].node == wanted && e->request->fetches[i].index == k)
        value = p->block->result[i];
    const tarn_value *v = &p->block->value[value];
    types[k] = v->constant.dtype ? v->constant.dtype : v->dtype;
    TARN_TRY(tarn__export_input(p, *made, value));
  }
  tarn_attr list = {.kind = TARN_ATTR_LIST, .element = TARN_ATTR_TYPE};
  list.list.count = (size_t)most + 1;
  list.list.type = types;
  return most ? tarn__export_set(p->scope, *made, "T", list)
              : tarn__export_set_type(p->scope, *made, "T", types[0]);
}

/* What runs for its effect only must run when a result is fetched. */
static tarn_status wait_for_effects(tarn_place *p, tarn_node *result) {
  for (int at = 0; at < p->block->steps; at++) {
    const tarn_step *step = &p->block->step[at];
    if (!p->needed[at] || !p->node[at] || step->outputs || step->kind != TARN_STEP_KERNEL) continue;
    const char *text = tarn__arena_printf(p->scope->graph->arena, "^%s", p->node[at]);
    if (!text) return TARN_NO_MEMORY;
    TARN_TRY(tarn__node_add_input(p->scope->graph, result, text));
  }
  return TARN_OK;
}

static tarn_status write_results(tarn_place *p) {
  const tarn_plan_request *q = p->scope->e->request;
  for (size_t i = 0; i < q->n_fetches; i++) {
    tarn_node *made;
    if (tarn__graph_node(p->scope->graph, q->fetches[i].node->name)) continue;
    TARN_TRY_IN(write_result(p, q->fetches[i].node, &made), "writing result '%s'",
                q->fetches[i].node->name);
    TARN_TRY(wait_for_effects(p, made));
  }
  return TARN_OK;
}

static tarn_status write_root(tarn_exporter *e) {
  const tarn_block *root = e->plan->root;
  tarn_scope scope = {.e = e, .graph = e->out};
  tarn_place p;
  TARN_TRY(tarn__export_place(&scope, NULL, root, &p));
  for (int i = 0; i < root->results; i++) p.used[root->result[i]] = true;
  for (size_t i = 0; i < e->request->n_targets; i++)
    for (int at = 0; at < root->steps; at++)
      if (!root->step[at].removed && root->step[at].node == e->request->targets[i])
        p.needed[at] = true;
  TARN_TRY(tarn__export_mark(&p, true));
  for (size_t i = 0; i < e->request->n_feeds; i++)
    if (p.used[root->input[i]]) TARN_TRY(write_feed(&p, i));
  TARN_TRY(tarn__export_steps(&p));
  return write_results(&p);
}

tarn_status tarn__plan_export(const tarn_plan *plan, const tarn_plan_request *request,
                              tarn_purpose purpose, tarn_graph **graph) {
  tarn_exporter e = {.plan = plan, .request = request, .purpose = purpose};
  tarn_status status;
  TARN_TRY(tarn__graph_create(plan->allocator, &e.out));
  tarn__map_init(&e.reserved, plan->allocator);
  tarn__map_init(&e.frames, plan->allocator);
  e.out->producer = plan->graph->producer;
  e.out->min_consumer = plan->graph->min_consumer;
  for (size_t i = 0; i < request->n_fetches; i++) {
    const char *name = request->fetches[i].node->name;
    TARN_GOTO(tarn__map_put(&e.reserved, name, strlen(name), &e));
  }
  TARN_GOTO(find_frozen(&e));
  TARN_GOTO(write_root(&e));
  TARN_GOTO(tarn__graph_finish(e.out));
done:
  tarn__map_clear(&e.reserved);
  tarn__map_clear(&e.frames);
  if (status != TARN_OK)
    tarn__graph_destroy(e.out);
  else
    *graph = e.out;
  return status;
}
