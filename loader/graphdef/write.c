/* GraphDef, NodeDef and FunctionDef from a graph: see write.h. Field numbers are those of
 * schema.c. */
#include "loader/graphdef/write.h"

#include "loader/graphdef/write_attr.h"
#include "core/wire/wire.h"

static tarn_status add_text(tarn_bytes *b, uint32_t field, const char *text) {
  return *text ? tarn__wire_add_bytes(b, field, text, strlen(text)) : TARN_OK;
}

/* What a part leaves out is marked as absent in a copy; constants kept beside it are written by
 * themselves. */
static tarn_status write_attrs_of(const tarn_node *n, const tarn_graph_part *part, bool strict,
                                  tarn_bytes *b) {
  if (!part) return tarn__attrs_write(&n->attrs, strict, 5, b);
  for (size_t i = 0; i < n->attrs.count; i++) {
    struct tarn_attr_row *row = &n->attrs.rows[i];
    const tarn_attrs one = {.count = 1, .rows = row};
    uint64_t number;
    if (strcmp(row->name, "_class") == 0) continue;
    if (row->value.kind == TARN_ATTR_TENSOR && row->value.tensor &&
        part->beside(part->context, row->value.tensor, &number))
      TARN_TRY(tarn__attr_beside_write(row->name, row->value.tensor, number, 5, b));
    else TARN_TRY(tarn__attrs_write(&one, strict, 5, b));
  }
  return TARN_OK;
}

static tarn_status write_node(const tarn_node *n, const tarn_graph_part *part, bool strict,
                              uint32_t field, tarn_bytes *b) {
  size_t mark;
  TARN_TRY(tarn__wire_begin(b, field, &mark));
  TARN_TRY(add_text(b, 1, n->name));
  TARN_TRY(add_text(b, 2, n->op_name));
  for (int i = 0; i < n->texts; i++) TARN_TRY(add_text(b, 3, n->input_text[i]));
  TARN_TRY(add_text(b, 4, n->device));
  TARN_TRY_IN(write_attrs_of(n, part, strict, b), "writing node '%s' (%s)", n->name, n->op_name);
  return tarn__wire_end(b, mark);
}

/* OpDef.ArgDef. */
static tarn_status write_arg(const char *name, tarn_dtype dtype, uint32_t field, tarn_bytes *b) {
  size_t mark;
  TARN_TRY(tarn__wire_begin(b, field, &mark));
  TARN_TRY(add_text(b, 1, name));
  TARN_TRY(tarn__wire_add_int(b, 3, (uint64_t)dtype));
  return tarn__wire_end(b, mark);
}

/* Results that came of one list share its name; the later ones get a number. */
static tarn_status result_name(const tarn_graph *f, size_t i, tarn_bytes *name) {
  size_t before = 0;
  for (size_t k = 0; k < i; k++) before += strcmp(f->ret_name[k], f->ret_name[i]) == 0;
  name->size = 0;
  return before ? tarn__bytes_printf(name, "%s_%zu", f->ret_name[i], before)
                : tarn__bytes_printf(name, "%s", f->ret_name[i]);
}

static bool is_stateful(const tarn_graph *f) {
  for (size_t i = 0; i < f->count; i++)
    if (f->nodes[i]->op && (f->nodes[i]->op->flags & TARN_OP_STATEFUL)) return true;
  return false;
}

static tarn_status write_signature(const tarn_graph *f, tarn_bytes *name, tarn_bytes *b) {
  size_t mark;
  TARN_TRY(tarn__wire_begin(b, 1, &mark));
  TARN_TRY(add_text(b, 1, f->function));
  for (size_t i = 0; i < f->args; i++) {
    const tarn_attr *type = tarn__attr_find(&f->arg[i]->attrs, "T");
    TARN_TRY(write_arg(f->arg[i]->name,
                       type && type->kind == TARN_ATTR_TYPE ? type->type.dtype : TARN_NO_DTYPE, 2,
                       b));
  }
  for (size_t i = 0; i < f->rets; i++) {
    tarn_edge e = f->ret[i];
    TARN_TRY(result_name(f, i, name));
    TARN_TRY(write_arg(name->data, e.node->out_dtype ? e.node->out_dtype[e.index] : TARN_NO_DTYPE,
                       3, b));
  }
  if (is_stateful(f)) TARN_TRY(tarn__wire_add_int(b, 17, 1));
  for (size_t i = 0; i < f->control_rets; i++) TARN_TRY(add_text(b, 20, f->control_ret_text[i]));
  return tarn__wire_end(b, mark);
}

static tarn_status write_pair(const char *key, const char *value, uint32_t field, tarn_bytes *b) {
  size_t mark;
  TARN_TRY(tarn__wire_begin(b, field, &mark));
  TARN_TRY(add_text(b, 1, key));
  TARN_TRY(add_text(b, 2, value));
  return tarn__wire_end(b, mark);
}

static tarn_status write_function(const tarn_graph *f, const tarn_graph_part *part, bool strict,
                                  tarn_bytes *name, tarn_bytes *b) {
  size_t mark;
  TARN_TRY(tarn__wire_begin(b, 1, &mark));
  TARN_TRY(write_signature(f, name, b));
  for (size_t i = 0; i < f->count; i++)
    if (strcmp(f->nodes[i]->op_name, "_Arg") != 0)
      TARN_TRY(write_node(f->nodes[i], part, strict, 3, b));
  for (size_t i = 0; i < f->rets; i++) {
    TARN_TRY(result_name(f, i, name));
    TARN_TRY(write_pair(name->data, f->ret_text[i], 4, b));
  }
  for (size_t i = 0; i < f->control_rets; i++)
    TARN_TRY(write_pair(f->control_ret_text[i], f->control_ret_text[i], 6, b));
  return tarn__wire_end(b, mark);
}

static tarn_status write_library(const tarn_library *library, const tarn_graph_part *part,
                                 bool strict, tarn_bytes *name, tarn_bytes *b) {
  size_t mark;
  TARN_TRY(tarn__wire_begin(b, 2, &mark));
  for (size_t i = 0; i < library->count; i++) {
    const tarn_graph *body = library->bodies[i];
    if (part && !part->has_function(part->context, body)) continue;
    TARN_TRY_IN(write_function(body, part, strict, name, b), "writing function '%s'",
                body->function);
  }
  return tarn__wire_end(b, mark);
}

static tarn_status write_versions(const tarn_graph *graph, tarn_bytes *b) {
  size_t mark;
  if (!graph->producer && !graph->min_consumer) return TARN_OK;
  TARN_TRY(tarn__wire_begin(b, 4, &mark));
  if (graph->producer) TARN_TRY(tarn__wire_add_int(b, 1, (uint64_t)(int64_t)graph->producer));
  if (graph->min_consumer)
    TARN_TRY(tarn__wire_add_int(b, 2, (uint64_t)(int64_t)graph->min_consumer));
  return tarn__wire_end(b, mark);
}

tarn_status tarn__graphdef_write(const tarn_graph *graph, bool strict, tarn_bytes *b) {
  return tarn__graphdef_write_part(graph, NULL, strict, b);
}

tarn_status tarn__graphdef_write_part(const tarn_graph *graph, const tarn_graph_part *part,
                                      bool strict, tarn_bytes *b) {
  size_t start = b->size;
  for (size_t i = 0; i < graph->count; i++) {
    if (part && !part->has_node(part->context, graph->nodes[i])) continue;
    TARN_TRY(write_node(graph->nodes[i], part, strict, 1, b));
    if (b->size - start > INT32_MAX)
      return tarn_fail(TARN_LIMIT,
                       "the graph up to node '%s' is above 2 GiB, which a GraphDef cannot be",
                       graph->nodes[i]->name);
  }
  if (graph->library && graph->library->count) {
    tarn_bytes name;
    tarn__bytes_init(&name, b->allocator);
    tarn_status status = write_library(graph->library, part, strict, &name, b);
    tarn__bytes_clear(&name);
    TARN_TRY(status);
  }
  TARN_TRY(write_versions(graph, b));
  if (b->size - start > INT32_MAX)
    return tarn_fail(TARN_LIMIT, "the graph is above 2 GiB, which a GraphDef cannot be");
  return TARN_OK;
}
