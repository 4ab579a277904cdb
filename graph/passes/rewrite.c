#include "graph/passes/rewrite.h"

#include <string.h>
#include <strings.h>

const char *tarn__step_op(const tarn_step *step) {
  const bool computes = step->kind == TARN_STEP_KERNEL || step->kind == TARN_STEP_VIEW;
  return computes && !step->removed && step->op && !step->node->problem ? step->op->name : "";
}

bool tarn__op_among(const char *op, const char *const *names, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (!strcmp(op, names[i])) return true;
  return false;
}

static bool plain(const tarn_value *v) {
  return !v->is_ref && v->dtype != TARN_RESOURCE && v->dtype != TARN_VARIANT;
}

bool tarn__step_pure(const tarn_block *block, const tarn_step *step) {
  if (!tarn__step_op(step)[0] || step->kept || step->guards || step->deref || !step->outputs ||
      step->op->flags & (TARN_OP_STATEFUL | TARN_OP_CONTROL))
    return false;
  for (int i = 0; i < step->inputs; i++)
    if (!plain(&block->value[step->in[i]])) return false;
  for (int k = 0; k < step->outputs; k++)
    if (!plain(&block->value[step->out[k]])) return false;
  return true;
}

bool tarn__value_may_change(const tarn_builder *b, const tarn_block *block, int value) {
  if (!b->written.count) return false;
  for (;;) {
    const tarn_value *v = &block->value[value];
    if (v->constant.dtype) return false;
    if (v->producer < 0) return block != b->plan->root; /* feeds do not change */
    const tarn_step *step = &block->step[v->producer];
    if (step->kind == TARN_STEP_KERNEL) /* variables of the resource kind are copied */
      return v->storage == TARN_STORE_VARIABLE && block->value[step->in[0]].is_ref;
    if (step->kind != TARN_STEP_VIEW || step->deref || !step->inputs) return true;
    value = step->in[0];
  }
}

/* "/job:worker/device:GPU:0", "/gpu:0": the part behind the last slash. */
bool tarn__step_asks_for(const tarn_step *step, const char *kind) {
  const char *device = step->node && step->node->device ? step->node->device : "";
  const char *last = strrchr(device, '/');
  if (!last) return false;
  last++;
  if (!strncasecmp(last, "device:", 7)) last += 7;
  return !strncasecmp(last, kind, strlen(kind));
}

bool tarn__same_side(const tarn_builder *b, const tarn_step *x, const tarn_step *y) {
  return !b->context->device || tarn__step_asks_for(x, "CPU") == tarn__step_asks_for(y, "CPU");
}

const tarn_node *tarn__rewrite_node(tarn_builder *b, const char *name, const char *op,
                                    const tarn_attrs *attrs, tarn_dtype out, tarn_status *status) {
  const tarn_op *entry = tarn__op_find(op);
  tarn_node *node = tarn__arena_alloc(b->arena, sizeof *node);
  tarn_dtype *dtype = tarn__arena_alloc(b->arena, sizeof *dtype);
  bool *is_ref = tarn__arena_alloc(b->arena, sizeof *is_ref);
  *status = entry ? TARN_NO_MEMORY : tarn_fail(TARN_NOT_FOUND, "there is no op '%s'", op);
  if (!entry || !node || !dtype || !is_ref) return NULL;
  *dtype = out;
  *is_ref = false;
  *node = (tarn_node){.id = -1,
                      .name = name,
                      .op_name = entry->name,
                      .device = "",
                      .op = entry,
                      .attrs = *attrs,
                      .outputs = 1,
                      .out_dtype = dtype,
                      .out_is_ref = is_ref};
  if (entry->parse) {
    node->params = tarn__arena_alloc(b->arena, entry->params_bytes);
    if (!node->params) return NULL;
    memset(node->params, 0, entry->params_bytes);
    *status = entry->parse(&node->attrs, node->params);
    if (*status != TARN_OK) return NULL;
  }
  *status = TARN_OK;
  return node;
}

tarn_status tarn__rewrite_step(tarn_builder *b, tarn_step *step, const tarn_node *node,
                               const int *inputs, int n) {
  int *in = tarn__arena_array(b->arena, (size_t)n + 1, sizeof *in);
  if (!in) return TARN_NO_MEMORY;
  memcpy(in, inputs, (size_t)n * sizeof *in);
  if (step->node && step->node->device && *step->node->device && !*node->device) {
    tarn_node *there = tarn__arena_alloc(b->arena, sizeof *there);
    if (!there) return TARN_NO_MEMORY;
    *there = *node;
    there->device = step->node->device;
    node = there;
  }
  step->kind = node->op->flags & TARN_OP_VIEW ? TARN_STEP_VIEW : TARN_STEP_KERNEL;
  step->node = node;
  step->op = node->op;
  step->attrs = &node->attrs;
  step->params = node->params;
  step->in = in;
  step->inputs = n;
  step->deref = NULL;
  return TARN_OK;
}

tarn_status tarn__rewrite_ints(tarn_builder *b, tarn_block *block, const int64_t *x, int n,
                               int *value) {
  const tarn_shape shape = tarn__shape_vector(n);
  tarn_tensor t = {0};
  TARN_TRY(tarn__tensor_new_raw(b->context->allocator, TARN_I32, &shape, &t));
  for (int i = 0; i < n; i++) ((int32_t *)t.data)[i] = (int32_t)x[i];
  *value = tarn__block_add_constant(block, &t);
  return *value < 0 ? TARN_NO_MEMORY : TARN_OK;
}

tarn_status tarn__rewrite_attrs(tarn_builder *b, const tarn_attrs *from, tarn_attrs **attrs) {
  tarn_attrs *made = tarn__arena_alloc(b->arena, sizeof *made);
  if (!made) return TARN_NO_MEMORY;
  *made = (tarn_attrs){0};
  for (size_t i = 0; from && i < from->count; i++)
    TARN_TRY(tarn__attr_set(b->arena, made, from->rows[i].name, &from->rows[i].value));
  *attrs = made;
  return TARN_OK;
}

tarn_status tarn__rewrite_set_type(tarn_builder *b, tarn_attrs *attrs, const char *name,
                                   tarn_dtype dtype) {
  const tarn_attr a = {.kind = TARN_ATTR_TYPE, .type = {dtype, false}};
  return tarn__attr_set(b->arena, attrs, name, &a);
}
tarn_status tarn__rewrite_set_int(tarn_builder *b, tarn_attrs *attrs, const char *name, int64_t i) {
  const tarn_attr a = {.kind = TARN_ATTR_INT, .i = i};
  return tarn__attr_set(b->arena, attrs, name, &a);
}
tarn_status tarn__rewrite_set_bool(tarn_builder *b, tarn_attrs *attrs, const char *name, bool yes) {
  const tarn_attr a = {.kind = TARN_ATTR_BOOL, .b = yes};
  return tarn__attr_set(b->arena, attrs, name, &a);
}
tarn_status tarn__rewrite_set_string(tarn_builder *b, tarn_attrs *attrs, const char *name,
                                     const char *text) {
  const tarn_attr a = {.kind = TARN_ATTR_STRING, .s = {text, strlen(text)}};
  return tarn__attr_set(b->arena, attrs, name, &a);
}
tarn_status tarn__rewrite_set_ints(tarn_builder *b, tarn_attrs *attrs, const char *name,
                                   const int64_t *x, int n) {
  int64_t *copy = tarn__arena_array(b->arena, (size_t)n + 1, sizeof *copy);
  if (!copy) return TARN_NO_MEMORY;
  memcpy(copy, x, (size_t)n * sizeof *copy);
  tarn_attr a = {.kind = TARN_ATTR_LIST, .element = TARN_ATTR_INT};
  a.list.count = (size_t)n;
  a.list.i = copy;
  return tarn__attr_set(b->arena, attrs, name, &a);
}

int *tarn__block_only_users(tarn_block *block) {
  int *uses = tarn__block_uses(block);
  int *user = tarn__arena_array(block->plan->arena, (size_t)block->values + 1, sizeof(int));
  if (!uses || !user) return NULL;
  for (int v = 0; v < block->values; v++) user[v] = -1;
  for (int at = 0; at < block->steps; at++)
    for (int i = 0; !block->step[at].removed && i < block->step[at].inputs; i++)
      if (uses[block->step[at].in[i]] == 1) user[block->step[at].in[i]] = at;
  return user;
}

tarn_status tarn__block_reorder(tarn_block *block, const int *order, int count) {
  tarn_arena *arena = block->plan->arena;
  tarn_step *steps = tarn__arena_array(arena, (size_t)count + 1, sizeof *steps);
  int *now_at = tarn__arena_array(arena, (size_t)block->steps + 1, sizeof(int));
  if (!steps || !now_at) return TARN_NO_MEMORY;
  for (int i = 0; i < count; i++) {
    steps[i] = block->step[order[i]];
    now_at[order[i]] = i;
  }
  for (int v = 0; v < block->values; v++)
    if (block->value[v].producer >= 0) block->value[v].producer = now_at[block->value[v].producer];
  for (int i = 0; i < count; i++) {
    for (int k = 0; k < steps[i].controls; k++) steps[i].control[k] = now_at[steps[i].control[k]];
    for (int k = 0; k < steps[i].guards; k++) steps[i].guard[k] = now_at[steps[i].guard[k]];
  }
  block->step = steps;
  block->steps = count;
  block->step_capacity = count + 1;
  return TARN_OK;
}
