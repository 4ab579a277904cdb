#include "graph/session/request.h"

#include <string.h>

static tarn_status check_feed(const tarn_edge *e, const tarn_feed *feed, const tarn_edge *earlier,
                              size_t n) {
  const tarn_node *node = e->node;
  const tarn_tensor *t = feed->tensor;
  if (!t) return tarn_fail(TARN_INVALID, "feed '%s' has no tensor", feed->name);
  for (size_t i = 0; i < n; i++)
    if (earlier[i].node == node && earlier[i].index == e->index)
      return tarn_fail(TARN_INVALID, "'%s' is fed twice", feed->name);
  if (node->op && node->out_dtype && node->out_dtype[e->index] &&
      node->out_dtype[e->index] != t->dtype)
    return tarn_fail(TARN_DTYPE, "feed '%s' is %s, expected %s", feed->name,
                     tarn_dtype_name(t->dtype), tarn_dtype_name(node->out_dtype[e->index]));
  const tarn_attr *shape = tarn__attr_find(&node->attrs, "shape");
  if (node->op && !strncmp(node->op->name, "Placeholder", 11) && shape &&
      shape->kind == TARN_ATTR_SHAPE && shape->shape->rank >= 0) {
    /* Graphs of TensorFlow before 0.12 wrote an unknown shape as []. */
    const bool unknown = shape->shape->rank == 0 && !strcmp(node->op->name, "Placeholder");
    if (!unknown && !tarn__shape_compatible(shape->shape, &t->shape)) {
      char want[TARN_SHAPE_TEXT], got[TARN_SHAPE_TEXT];
      return tarn_fail(TARN_SHAPE, "feed '%s' has shape %s, expected %s", feed->name,
                       tarn__shape_print(&t->shape, got), tarn__shape_print(shape->shape, want));
    }
  }
  return TARN_OK;
}

static tarn_status key_add(tarn_bytes *key, const tarn_edge *e, char kind) {
  const int32_t word[3] = {kind, e->node->id, e->index};
  return tarn__bytes_add(key, word, sizeof word);
}

void tarn__request_clear(tarn_session *s, tarn_request *r) {
  tarn__free(tarn__session_allocator(s), r->memory, r->bytes);
  tarn__bytes_clear(&r->key);
}

tarn_status tarn__request_resolve(tarn_session *s, const tarn_run_request *q, tarn_request *r) {
  const size_t n = q->n_feeds + q->n_fetches + q->n_targets + 1;
  *r = (tarn_request){.bytes = n * (sizeof(tarn_edge) + 2 * sizeof(void *)), .trace = q->trace};
  tarn__bytes_init(&r->key, tarn__session_allocator(s));
  r->memory = tarn__alloc_zero(tarn__session_allocator(s), r->bytes);
  if (!r->memory) return TARN_NO_MEMORY;
  r->feeds = r->memory;
  r->fetches = r->feeds + q->n_feeds;
  r->tensors = (const tarn_tensor **)(void *)(r->feeds + n);
  r->targets = (tarn_node **)(void *)(r->tensors + q->n_feeds);
  for (size_t i = 0; i < q->n_feeds; i++) {
    TARN_TRY_IN(tarn__graph_find(tarn__session_graph(s), q->feeds[i].name, &r->feeds[i]),
                "looking for feed '%s'", q->feeds[i].name);
    const tarn_node *fed = r->feeds[i].node;
    if (r->feeds[i].index < 0 || (fed->op && r->feeds[i].index >= fed->outputs))
      return tarn_fail(TARN_INVALID, "feed '%s' names no tensor: node '%s' (%s) has %d outputs",
                       q->feeds[i].name, fed->name, fed->op_name, fed->outputs);
    TARN_TRY(check_feed(&r->feeds[i], &q->feeds[i], r->feeds, i));
    r->tensors[i] = q->feeds[i].tensor;
    TARN_TRY(key_add(&r->key, &r->feeds[i], 'i'));
    const tarn_shape *shape = &r->tensors[i]->shape;
    const int32_t kind[2] = {(int32_t)r->tensors[i]->dtype, shape->rank};
    TARN_TRY(tarn__bytes_add(&r->key, kind, sizeof kind));
    TARN_TRY(tarn__bytes_add(&r->key, shape->dim, (size_t)shape->rank * sizeof shape->dim[0]));
  }
  for (size_t i = 0; i < q->n_fetches; i++) {
    TARN_TRY_IN(tarn__graph_find(tarn__session_graph(s), q->fetches[i], &r->fetches[i]),
                "looking for fetch '%s'", q->fetches[i]);
    const tarn_node *node = r->fetches[i].node;
    if (r->fetches[i].index < 0 || (node->op && r->fetches[i].index >= node->outputs))
      return tarn_fail(
          TARN_INVALID,
          "'%s' has no tensor to fetch: node '%s' (%s) has %d outputs; run it as a target",
          q->fetches[i], node->name, node->op_name, node->outputs);
    if (node->op && !node->problem &&
        (node->out_dtype[r->fetches[i].index] == TARN_RESOURCE ||
         node->out_dtype[r->fetches[i].index] == TARN_VARIANT))
      return tarn_fail(TARN_DTYPE, "'%s' is a %s and cannot be fetched", q->fetches[i],
                       tarn_dtype_name(node->out_dtype[r->fetches[i].index]));
    TARN_TRY(key_add(&r->key, &r->fetches[i], 'o'));
  }
  for (size_t i = 0; i < q->n_targets; i++) {
    tarn_edge e;
    TARN_TRY_IN(tarn__graph_find(tarn__session_graph(s), q->targets[i], &e),
                "looking for target '%s'", q->targets[i]);
    r->targets[i] = e.node;
    e.index = 0;
    TARN_TRY(key_add(&r->key, &e, 't'));
  }
  r->plan = (tarn_plan_request){.feeds = r->feeds,
                                .feed_tensors = r->tensors,
                                .n_feeds = q->n_feeds,
                                .fetches = r->fetches,
                                .n_fetches = q->n_fetches,
                                .targets = r->targets,
                                .n_targets = q->n_targets};
  return TARN_OK;
}
