#include "tools/run/stand_in.h"

#include <string.h>

/* A feed of zero elements in memory: planning looks at dtype and shape only. */
static tarn_status stand_in(tarn_model_run *r, const tarn_node *n, int64_t size, tarn_feed *feed,
                            bool *open) {
  const tarn_attr *attr = tarn__attr_find(&n->attrs, "shape");
  tarn_shape shape = {.rank = 0};
  if (attr && attr->kind == TARN_ATTR_SHAPE && attr->shape->rank > 0)
    shape = *attr->shape;
  else
    *open = *open || !attr || attr->kind != TARN_ATTR_SHAPE || attr->shape->rank < 0;
  for (int i = 0; i < shape.rank; i++)
    if (shape.dim[i] < 0) {
      shape.dim[i] = size;
      *open = true;
    }
  int64_t elements;
  size_t bytes;
  TARN_TRY_IN(tarn__shape_bytes(&shape, tarn_dtype_bytes(n->out_dtype[0]), &elements, &bytes),
              "placeholder '%s'", n->name);
  tarn_tensor *t = tarn__arena_alloc(r->arena, sizeof *t);
  if (!t) return TARN_NO_MEMORY;
  t->dtype = n->out_dtype[0];
  t->shape = shape;
  *feed = (tarn_feed){n->name, t};
  return TARN_OK;
}

tarn_status tarn__stand_in_feeds(tarn_model_run *r, const tarn_run_step *step, int64_t size,
                                 tarn_feed **feeds, size_t *count, bool *open) {
  const tarn_graph *g = tarn__session_graph(r->session);
  *feeds = tarn__arena_array(r->arena, g->count + step->n_feeds + 1, sizeof **feeds);
  if (!*feeds) return TARN_NO_MEMORY;
  *count = 0;
  *open = false;
  for (size_t i = 0; i < step->n_feeds; i++) (*feeds)[(*count)++] = step->feeds[i];
  for (size_t i = 0; i < g->count; i++) {
    const tarn_node *n = g->nodes[i];
    if (!n->op || n->problem || strncmp(n->op->name, "Placeholder", 11) ||
        !strcmp(n->op->name, "PlaceholderWithDefault"))
      continue;
    bool fed = false;
    for (size_t k = 0; k < step->n_feeds && !fed; k++) {
      tarn_edge e;
      fed = tarn__graph_find(g, step->feeds[k].name, &e) == TARN_OK && e.node == n;
    }
    if (!fed) TARN_TRY(stand_in(r, n, size, &(*feeds)[(*count)++], open));
  }
  return TARN_OK;
}
