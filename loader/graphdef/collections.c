/* Collections of a MetaGraphDef: the variables and queue runners are understood, lists of names and
 * of messages are kept, numbers and the rest are not needed. See metagraph.h. */
#include <inttypes.h>

#include "loader/graphdef/import.h"
#include "loader/graphdef/metagraph.h"

/* Packed or single integers into the dims of a shape. */
static tarn_status read_dims(const tarn_wire_field *f, tarn_shape *shape) {
  tarn_wire_values v;
  TARN_TRY(tarn__wire_values(f, TARN_WIRE_VARINT, &v));
  for (size_t i = 0; i < v.count; i++) {
    uint64_t value;
    TARN_TRY(tarn__wire_value(&v, &value));
    if (shape->rank == TARN_MAX_RANK || value > INT64_MAX)
      return tarn_fail(TARN_CORRUPT,
                       "offset %" PRIu64 ": a slice of dimension %d of %" PRIu64
                       ", expected at most %d dimensions, none negative",
                       f->offset, shape->rank, value, TARN_MAX_RANK);
    shape->dim[shape->rank++] = (int64_t)value;
  }
  return TARN_OK;
}

/* SaveSliceInfoDef. */
static tarn_status read_slice(tarn_import *im, tarn_wire w, tarn_variable_def *v) {
  v->full_name = "";
  for (;;) {
    tarn_wire_field f;
    TARN_TRY(tarn__wire_next(&w, &f));
    switch (f.number) {
      case 0: return TARN_OK;
      case 1: TARN_TRY(tarn__import_text(im, &f, &v->full_name)); break;
      case 2: TARN_TRY(read_dims(&f, &v->full_shape)); break;
      case 3: TARN_TRY(read_dims(&f, &v->offset)); break;
      case 4: TARN_TRY(read_dims(&f, &v->shape)); break;
    }
  }
}

static tarn_status read_variable(tarn_import *im, tarn_wire w, tarn_variable_def *v) {
  *v = (tarn_variable_def){.name = "", .initializer = "", .snapshot = "", .initial_value = ""};
  for (;;) {
    tarn_wire_field f;
    tarn_wire inner;
    TARN_TRY(tarn__wire_next(&w, &f));
    switch (f.number) {
      case 0: return TARN_OK;
      case 1: TARN_TRY(tarn__import_text(im, &f, &v->name)); break;
      case 2: TARN_TRY(tarn__import_text(im, &f, &v->initializer)); break;
      case 3: TARN_TRY(tarn__import_text(im, &f, &v->snapshot)); break;
      case 4:
        TARN_TRY(tarn__wire_message(&f, "SaveSliceInfoDef", &inner));
        TARN_TRY(read_slice(im, inner, v));
        break;
      case 5: TARN_TRY(tarn__wire_bool(&f, &v->is_resource)); break;
      case 6: TARN_TRY(tarn__import_text(im, &f, &v->initial_value)); break;
    }
  }
}

/* NodeList (strings) or BytesList: both are field 1, repeated. */
static tarn_status read_items(tarn_import *im, tarn_wire w, tarn_collection *c) {
  for (;;) {
    tarn_wire_field f;
    const char *data;
    size_t bytes;
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) return TARN_OK;
    if (f.number != 1) continue;
    TARN_TRY(tarn__metagraph_grow(im->graph->arena, &c->items, c->count, sizeof *c->items));
    TARN_TRY(tarn__wire_text(&f, &data, &bytes));
    if (c->names) {
      TARN_TRY(tarn__import_text(im, &f, &data));
    } else {
      data = tarn__arena_strndup(im->graph->arena, bytes ? data : "", bytes);
      if (!data) return TARN_NO_MEMORY;
    }
    c->items[c->count++] = (tarn_string){data, bytes};
  }
}

/* One VariableDef, unless it is known: `seen` maps names to 1 + their index, since the array moves
 * as it grows. */
static tarn_status add_variable(tarn_import *im, const tarn_variable_def *v, tarn_metagraph *meta,
                                tarn_map *seen) {
  uintptr_t known = (uintptr_t)tarn__map_get(seen, v->name, strlen(v->name));
  if (known) {
    tarn_variable_def *first = &meta->variables[known - 1];
    first->trainable = first->trainable || v->trainable;
    first->local = first->local && v->local;
    return TARN_OK;
  }
  TARN_TRY(tarn__metagraph_grow(im->graph->arena, &meta->variables, meta->n_variables,
                                sizeof *meta->variables));
  meta->variables[meta->n_variables++] = *v;
  return tarn__map_put(seen, v->name, strlen(v->name), (void *)(uintptr_t)meta->n_variables);
}

/* The serialized VariableDefs of a collection. Those of trainable_variables are marked; they are in
 * "variables" too. */
static tarn_status read_variables(tarn_import *im, const tarn_collection *c, tarn_metagraph *meta,
                                  bool trainable) {
  tarn_status status = TARN_OK;
  tarn_map seen;
  tarn__map_init(&seen, im->graph->allocator);
  for (size_t i = 0; i < meta->n_variables; i++)
    TARN_GOTO(tarn__map_put(&seen, meta->variables[i].name, strlen(meta->variables[i].name),
                            (void *)(uintptr_t)(i + 1)));
  for (size_t i = 0; i < c->count; i++) {
    tarn_variable_def v;
    status =
        read_variable(im, tarn__wire(c->items[i].data, c->items[i].size, 0, "VariableDef"), &v);
    if (status != TARN_OK) {
      tarn__context("reading variable %zu of the collection '%s'", i, c->key);
      goto done;
    }
    v.trainable = trainable;
    v.local = strcmp(c->key, "local_variables") == 0;
    TARN_GOTO(add_variable(im, &v, meta, &seen));
  }
done:
  tarn__map_clear(&seen);
  return status;
}

/* CollectionDef. */
static tarn_status read_value(tarn_import *im, tarn_wire w, tarn_collection *c) {
  for (;;) {
    tarn_wire_field f;
    tarn_wire inner;
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) return TARN_OK;
    if (f.number > 2) continue;
    c->names = f.number == 1;
    TARN_TRY(tarn__wire_message(&f, "CollectionDef list", &inner));
    TARN_TRY(read_items(im, inner, c));
  }
}

tarn_status tarn__collection_read(tarn_import *im, tarn_wire entry, tarn_metagraph *meta) {
  tarn_collection c = {.key = ""};
  tarn_wire_field f;
  for (tarn_wire w = entry;;) {
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) break;
    if (f.number == 1) TARN_TRY(tarn__import_text(im, &f, &c.key));
  }
  /* What control flow leaves for building gradients can be most of a file, and running needs none
   * of it. */
  if (strcmp(c.key, "while_context") == 0 || strcmp(c.key, "cond_context") == 0) return TARN_OK;
  for (tarn_wire w = entry;;) {
    tarn_wire inner;
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) break;
    if (f.number != 2) continue;
    TARN_TRY(tarn__wire_message(&f, "CollectionDef", &inner));
    TARN_TRY(read_value(im, inner, &c));
  }
  bool trainable = strcmp(c.key, "trainable_variables") == 0;
  bool variables = trainable || strcmp(c.key, "variables") == 0 ||
                   strcmp(c.key, "local_variables") == 0 || strcmp(c.key, "model_variables") == 0;
  if (variables && !c.names) return read_variables(im, &c, meta, trainable);
  if (strcmp(c.key, "queue_runners") == 0 && !c.names)
    TARN_TRY(tarn__queue_runners_read(im, &c, meta));
  TARN_TRY(tarn__metagraph_grow(im->graph->arena, &meta->collections, meta->n_collections,
                                sizeof *meta->collections));
  meta->collections[meta->n_collections++] = c;
  return TARN_OK;
}
