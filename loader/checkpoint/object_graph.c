/* TF2's object graphs: the string scalar _CHECKPOINTABLE_OBJECT_GRAPH holds a TrackableObjectGraph,
 * whose attributes tie the names of variables (full_name, "dense/kernel") to the keys of their
 * entries ("layer/kernel/.ATTRIBUTES/ VARIABLE_VALUE").
 *
 *   TrackableObjectGraph: nodes 1 -> TrackableObject: attributes 2 -> name 1, full_name 2,
 * checkpoint_key 3 */
#include "core/map.h"
#include "loader/checkpoint/checkpoint.h"

static const char graph_key[] = "_CHECKPOINTABLE_OBJECT_GRAPH";

struct tarn_object_graph {
  tarn_arena *arena;
  tarn_map keys; /* full name to checkpoint key */
};

static tarn_status attribute_read(tarn_object_graph *g, const tarn_wire_field *in) {
  tarn_wire w;
  const char *name = NULL, *key = NULL;
  size_t name_bytes = 0, key_bytes = 0;
  TARN_TRY(tarn__wire_message(in, "TrackableObject.SerializedTensor", &w));
  for (;;) {
    tarn_wire_field f;
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) break;
    if (f.number == 2) TARN_TRY(tarn__wire_text(&f, &name, &name_bytes));
    if (f.number == 3) TARN_TRY(tarn__wire_text(&f, &key, &key_bytes));
  }
  if (name_bytes == 0 || key_bytes == 0) return TARN_OK; /* an attribute that is no variable's */
  char *name_copy = tarn__arena_strndup(g->arena, name, name_bytes);
  char *key_copy = name_copy ? tarn__arena_strndup(g->arena, key, key_bytes) : NULL;
  if (!key_copy) return TARN_NO_MEMORY;
  return tarn__map_put(&g->keys, name_copy, name_bytes, key_copy);
}

static tarn_status graph_parse(tarn_object_graph *g, const tarn_string *text) {
  tarn_wire w = tarn__wire(text->data, text->size, 0, "TrackableObjectGraph"), node;
  for (;;) {
    tarn_wire_field f, n;
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) return TARN_OK;
    if (f.number != 1) continue;
    TARN_TRY(tarn__wire_message(&f, "TrackableObject", &node));
    for (;;) {
      TARN_TRY(tarn__wire_next(&node, &n));
      if (n.number == 0) break;
      if (n.number == 2) TARN_TRY(attribute_read(g, &n));
    }
  }
}

tarn_status tarn__object_graph_read(const tarn_checkpoint *c, const tarn_allocator *a,
                                    tarn_object_graph **graph) {
  size_t i;
  if (!tarn__checkpoint_find(c, graph_key, sizeof graph_key - 1, &i))
    return tarn_fail(TARN_NOT_FOUND, "the checkpoint has no object graph (%s)", graph_key);
  tarn_tensor text;
  TARN_TRY(tarn__checkpoint_read(c, a, i, &text));
  tarn_arena *arena = NULL;
  tarn_object_graph *g = NULL;
  tarn_status status = TARN_OK;
  if (text.dtype != TARN_STRING || tarn__tensor_elements(&text) != 1)
    status = tarn_fail(TARN_CORRUPT, "the object graph is not one string");
  if (status == TARN_OK) status = tarn__arena_create(a, &arena);
  if (status == TARN_OK && !(g = tarn__arena_alloc(arena, sizeof *g))) {
    tarn__arena_destroy(arena);
    status = TARN_NO_MEMORY;
  }
  if (g) {
    g->arena = arena;
    tarn__map_init(&g->keys, a);
    status = graph_parse(g, text.data);
    if (status == TARN_OK)
      *graph = g;
    else
      tarn__object_graph_destroy(g);
  }
  if (status != TARN_OK)
    tarn__context("reading the object graph of '%s'", tarn__checkpoint_prefix(c));
  tarn__tensor_clear(&text);
  return status;
}

void tarn__object_graph_destroy(tarn_object_graph *g) {
  if (!g) return;
  tarn__map_clear(&g->keys);
  tarn__arena_destroy(g->arena);
}

const char *tarn__object_graph_key(const tarn_object_graph *g, const char *full_name,
                                   size_t bytes) {
  return tarn__map_get(&g->keys, full_name, bytes);
}

tarn_status tarn__checkpoint_find_by_full_name(const tarn_checkpoint *c, const tarn_allocator *a,
                                               const char *full_name, size_t bytes, size_t *i) {
  tarn_object_graph *g = NULL;
  TARN_TRY(tarn__object_graph_read(c, a, &g));
  const char *key = tarn__object_graph_key(g, full_name, bytes);
  char shown[256];
  tarn_status status = key ? tarn__checkpoint_need(c, key, strlen(key), i)
                           : tarn_fail(TARN_NOT_FOUND, "no variable '%s' in the object graph",
                                       tarn__printable(full_name, bytes, shown, sizeof shown));
  tarn__object_graph_destroy(g);
  return status;
}
