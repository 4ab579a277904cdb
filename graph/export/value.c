/* Names, constants, and what a step's input is called. */
#include <string.h>

#include "graph/export/exporter.h"
#include "graph/signature/signature.h"

tarn_status tarn__export_name(tarn_scope *s, const char *wanted, bool claim, const char **name) {
  const char *base = *wanted ? wanted : "value";
  while (*base == '_') base++; /* TensorFlow's node names begin with a letter, a digit or a dot */
  for (int n = 0;; n++) {
    const char *tried = n ? tarn__arena_printf(s->graph->arena, "%s_%d", base, n) : base;
    if (!tried) return TARN_NO_MEMORY;
    const size_t bytes = strlen(tried);
    const bool reserved =
        !claim && s->graph == s->e->out && tarn__map_get(&s->e->reserved, tried, bytes);
    if (reserved || tarn__map_get(&s->graph->by_name, tried, bytes)) continue;
    *name = tried;
    return TARN_OK;
  }
}

tarn_status tarn__export_node(tarn_scope *s, const char *wanted, const char *op, tarn_node **node) {
  const char *name;
  TARN_TRY(tarn__export_name(s, wanted, false, &name));
  return tarn__graph_add(s->graph, name, op, NULL, node);
}

tarn_status tarn__export_output(tarn_scope *s, const tarn_node *node, int k, const char **text) {
  tarn_arena *arena = s->graph->arena;
  *text = NULL;
  if (!s->graph->function) {
    *text = k ? tarn__arena_printf(arena, "%s:%d", node->name, k) : node->name;
    return *text ? TARN_OK : TARN_NO_MEMORY;
  }
  const tarn_op *op = tarn__op_find(node->op_name);
  const tarn_signature *signature;
  if (!op)
    return tarn_fail(TARN_UNSUPPORTED,
                     "node '%s' in a function: the outputs of op %s are not known", node->name,
                     node->op_name);
  TARN_TRY(tarn__signature_of(op, &signature));
  int64_t before = 0;
  for (size_t i = 0; i < signature->outputs; i++) {
    const int64_t count = tarn__arg_count(&signature->output[i], &node->attrs);
    if (k < before + count) {
      *text = tarn__arena_printf(arena, "%s:%s:%lld", node->name, signature->output[i].name,
                                 (long long)(k - before));
      return *text ? TARN_OK : TARN_NO_MEMORY;
    }
    before += count;
  }
  return tarn_fail(TARN_INVALID, "node '%s' (%s) has no output %d", node->name, node->op_name, k);
}

tarn_status tarn__export_set(tarn_scope *s, tarn_node *node, const char *name, tarn_attr value) {
  return tarn__attr_set(s->graph->arena, &node->attrs, name, &value);
}
tarn_status tarn__export_set_type(tarn_scope *s, tarn_node *node, const char *name, tarn_dtype t) {
  return tarn__export_set(s, node, name, (tarn_attr){.kind = TARN_ATTR_TYPE, .type = {t, false}});
}
tarn_status tarn__export_set_int(tarn_scope *s, tarn_node *node, const char *name, int64_t i) {
  return tarn__export_set(s, node, name, (tarn_attr){.kind = TARN_ATTR_INT, .i = i});
}

/* The Const of the same buffer and shape, so that no weights are written twice. */
static const char *written(const tarn_scope *s, const tarn_tensor *t) {
  for (int i = 0; i < s->constants; i++) {
    const tarn_tensor *c = s->constant[i].value;
    if (t->buffer && c->data == t->data && c->dtype == t->dtype &&
        tarn__shape_equal(&c->shape, &t->shape))
      return s->constant[i].text;
  }
  return NULL;
}

static tarn_status remember(tarn_scope *s, const tarn_tensor *kept, const char *text) {
  if (s->constants == s->constant_capacity) {
    const int wanted = s->constant_capacity ? 2 * s->constant_capacity : 32;
    tarn_written_constant *larger =
        tarn__arena_array(s->graph->arena, (size_t)wanted, sizeof *larger);
    if (!larger) return TARN_NO_MEMORY;
    if (s->constants) memcpy(larger, s->constant, (size_t)s->constants * sizeof *larger);
    s->constant = larger;
    s->constant_capacity = wanted;
  }
  s->constant[s->constants++] = (tarn_written_constant){kept, text};
  return TARN_OK;
}

tarn_status tarn__export_constant(tarn_scope *s, const char *wanted, const tarn_tensor *value,
                                  const char **text) {
  *text = written(s, value);
  if (*text) return TARN_OK;
  tarn_tensor shared;
  const tarn_tensor *kept;
  tarn_node *node;
  TARN_TRY(tarn__tensor_own(s->graph->allocator, value, &shared));
  TARN_TRY(tarn__graph_keep_tensor(s->graph, &shared, &kept));
  TARN_TRY(tarn__export_node(s, wanted, "Const", &node));
  TARN_TRY(tarn__export_set_type(s, node, "dtype", value->dtype));
  TARN_TRY(
      tarn__export_set(s, node, "value", (tarn_attr){.kind = TARN_ATTR_TENSOR, .tensor = kept}));
  TARN_TRY(tarn__export_output(s, node, 0, text));
  return remember(s, kept, *text);
}

static bool is_input(const tarn_block *block, int value) {
  if (block->value[value].producer >= 0) return false;
  for (int i = 0; i < block->inputs; i++)
    if (block->input[i] == value) return true;
  return false;
}

bool tarn__export_is_constant(const tarn_block *block, int value) {
  const tarn_value *v = &block->value[value];
  if (!v->constant.dtype || is_input(block, value)) return false;
  return v->producer < 0 || block->step[v->producer].removed ||
         block->step[v->producer].kind != TARN_STEP_GATE;
}

/* A variable's name, or what made the value. */
static const char *constant_name(const tarn_place *p, int value) {
  const tarn_exporter *e = p->scope->e;
  const tarn_value *v = &p->block->value[value];
  for (size_t i = 0; i < e->plan->frozens; i++)
    if (v->constant.data && e->frozen_data[i] == v->constant.data) return e->plan->frozen[i].name;
  if (v->producer < 0) return "constant";
  const char *name = p->block->step[v->producer].name;
  return v->output ? tarn__arena_printf(p->scope->graph->arena, "%s_%d", name, v->output) : name;
}

/* A node outside of a loop comes in through an Enter that gives it to every round. */
static tarn_status enter(tarn_place *p, const char *outside, tarn_dtype dtype, const char *wanted,
                         const char **text) {
  if (p->outer) {
    tarn_node *node;
    const char *name = tarn__arena_printf(p->scope->graph->arena, "%s/Enter", wanted),
               *from = outside;
    if (!name) return TARN_NO_MEMORY;
    if (p->outer->outer) TARN_TRY(enter(p->outer, outside, dtype, wanted, &from));
    TARN_TRY(tarn__export_node(p->scope, name, "Enter", &node));
    TARN_TRY(tarn__node_add_input(p->scope->graph, node, from));
    TARN_TRY(tarn__export_set_type(p->scope, node, "T", dtype));
    TARN_TRY(
        tarn__export_set(p->scope, node, "frame_name",
                         (tarn_attr){.kind = TARN_ATTR_STRING, .s = {p->frame, strlen(p->frame)}}));
    TARN_TRY(tarn__export_set(p->scope, node, "is_constant",
                              (tarn_attr){.kind = TARN_ATTR_BOOL, .b = true}));
    return tarn__export_output(p->scope, node, 0, text);
  }
  *text = outside;
  return TARN_OK;
}

tarn_status tarn__export_value(tarn_place *p, int value, const char **text) {
  const tarn_value *v = &p->block->value[value];
  *text = p->text[value];
  if (*text) return TARN_OK;
  if (tarn__export_is_constant(p->block, value)) {
    const char *name = constant_name(p, value), *outside;
    if (!name) return TARN_NO_MEMORY;
    TARN_TRY(tarn__export_constant(p->scope, name, &v->constant, &outside));
    TARN_TRY(enter(p, outside, v->dtype ? v->dtype : v->constant.dtype, name, text));
    p->text[value] = *text;
    return TARN_OK;
  }
  if (v->variable)
    return tarn_fail(
        TARN_UNSUPPORTED,
        "variable '%s' is used by its handle, which a graph without variables cannot have",
        v->variable->name);
  return tarn_fail(TARN_UNSUPPORTED, "a value of node '%s' cannot be written",
                   v->producer >= 0 ? p->block->step[v->producer].name : "?");
}

tarn_status tarn__export_input(tarn_place *p, tarn_node *node, int value) {
  const char *text;
  TARN_TRY(tarn__export_value(p, value, &text));
  return tarn__node_add_input(p->scope->graph, node, text);
}
