/* Kernels for the steps: chosen now where all shapes are known, checked to exist where they are
 * not. Missing ops are gathered, one line each, so that a user sees all of them at once. */
#include "graph/exec/binding.h"
#include "graph/plan/builder.h"
#include "graph/plan/fold.h"

#include <string.h>

static tarn_status missing(tarn_builder *b, const char *at, const char *op, const char *why) {
  if (tarn__map_get(&b->named, op, strlen(op))) return TARN_OK;
  char printable[256], node[256];
  tarn__printable(op, strlen(op), printable, sizeof printable);
  tarn__printable(at, strlen(at), node, sizeof node);
  TARN_TRY(tarn__map_put(&b->named, op, strlen(op), b));
  return tarn__bytes_printf(&b->unsupported, "%sunsupported op: %s (node '%s'%s%s)",
                            b->unsupported.size ? "\n" : "", printable, node, why ? ": " : "",
                            why ? why : "");
}

/* The functions that attributes name, where no one has looked at them yet. */
static tarn_status add_functions(tarn_builder *b, const tarn_attrs *attrs,
                                 const tarn_graph **bodies, size_t *count) {
  for (size_t i = 0; i < attrs->count; i++) {
    if (attrs->rows[i].value.kind != TARN_ATTR_FUNC) continue;
    const tarn_graph *body = tarn__graph_function(b->plan->graph, attrs->rows[i].value.func.name);
    if (!body || tarn__map_get(&b->looked_at, body->function, strlen(body->function))) continue;
    TARN_TRY(tarn__map_put(&b->looked_at, body->function, strlen(body->function), b));
    bodies[(*count)++] = body;
  }
  return TARN_OK;
}

/* Functions that a kernel will call are planned when they are called, which is late to hear of ops
 * that nobody knows. */
static tarn_status look_inside(tarn_builder *b, const tarn_attrs *attrs) {
  bool calls = false;
  for (size_t i = 0; i < attrs->count; i++)
    calls = calls || attrs->rows[i].value.kind == TARN_ATTR_FUNC;
  if (!calls || !b->plan->graph->library) return TARN_OK;
  const tarn_graph **bodies =
      tarn__arena_array(b->arena, b->plan->graph->library->count + 1, sizeof(tarn_graph *));
  size_t count = 0;
  if (!bodies) return TARN_NO_MEMORY;
  TARN_TRY(add_functions(b, attrs, bodies, &count));
  for (size_t at = 0; at < count; at++)
    for (size_t k = 0; k < bodies[at]->count; k++) {
      const tarn_node *node = bodies[at]->nodes[k];
      if (node->op) {
        TARN_TRY(add_functions(b, &node->attrs, bodies, &count));
        continue;
      }
      const char *name = tarn__arena_printf(b->arena, "%s/%s", bodies[at]->function, node->name);
      if (!name) return TARN_NO_MEMORY;
      TARN_TRY(missing(b, name, node->op_name, NULL));
    }
  return TARN_OK;
}

static tarn_status bind_kernel(tarn_builder *b, tarn_block *block, tarn_step *step) {
  const tarn_node *node = step->node;
  if (!step->op) return missing(b, step->name, node->op_name, NULL);
  if (node->problem) {
    if (node->problem_status == TARN_UNSUPPORTED)
      return missing(b, step->name, node->op_name, node->problem);
    if (b->context->explain) return TARN_OK;
    return tarn_fail(node->problem_status, "node '%s' (%s): %s", step->name, node->op_name,
                     node->problem);
  }
  if (!strcmp(step->op->name, "Placeholder") || !strcmp(step->op->name, "PlaceholderV2")) {
    if (b->context->explain || step->may_die || block->parent) return TARN_OK;
    char text[TARN_SHAPE_TEXT] = "?";
    const tarn_attr *shape = tarn__attr_find(step->attrs, "shape");
    if (shape && shape->kind == TARN_ATTR_SHAPE) tarn__shape_print(shape->shape, text);
    return tarn_fail(TARN_INVALID, "placeholder '%s' (%s%s) must be fed", step->name,
                     tarn_dtype_name(node->out_dtype[0]), text);
  }
  size_t kernels;
  tarn__kernels_of(step->op->name, &kernels);
  if (!kernels) return missing(b, step->name, step->op->name, NULL);
  TARN_TRY(look_inside(b, step->attrs));

  const size_t n = (size_t)(step->inputs + step->outputs) + 1;
  tarn_shape *shape = tarn__arena_array(b->arena, n, sizeof *shape);
  tarn_dtype *dtype = tarn__arena_array(b->arena, n, sizeof *dtype);
  const tarn_tensor **value = tarn__arena_array(b->arena, n, sizeof *value);
  bool *stable = tarn__arena_array(b->arena, n, sizeof *stable);
  if (!shape || !dtype || !value || !stable) return TARN_NO_MEMORY;
  for (int i = 0; i < step->inputs; i++) {
    const tarn_value *v = &block->value[step->in[i]];
    dtype[i] = v->dtype;
    shape[i] = v->is_ref ? tarn__shape_scalar() : v->shape;
    if (step->deref && step->deref[i]) TARN_TRY(tarn__plan_declared(b, v->variable, &shape[i]));
    else if (v->is_ref) dtype[i] = TARN_RESOURCE;
    if (shape[i].rank < 0) return TARN_OK;
    if (v->constant.dtype && !v->is_ref) {
      if (!tarn__fold_of(&v->constant)) value[i] = &v->constant;
      stable[i] = true;
    }
  }
  const tarn_status inferred = tarn__step_infer(step, dtype, shape, value, shape + step->inputs);
  /* the run reports it */
  if (inferred != TARN_OK) return inferred == TARN_NO_MEMORY ? inferred : TARN_OK;
  /* rows of a variable, whose shape its handle does not tell */
  if (b->context->device && !strcmp(step->op->name, "ResourceGather"))
    shape[step->inputs] = block->value[step->out[0]].shape;
  for (int i = 0; i < step->outputs; i++)
    if (shape[step->inputs + i].rank < 0) return TARN_OK;
  const tarn_status status =
      tarn__binding_make(NULL, b->arena, step, dtype, shape, shape + step->inputs, stable,
                         &b->context->machine, b->context->backend, b->context->precision,
                         b->context->tuning, &step->binding);
  if (status == TARN_UNSUPPORTED) {
    if (step->may_die) return TARN_OK;
    return missing(b, step->name, step->op->name, tarn_error());
  }
  TARN_TRY(status);
  for (int i = 0; i < step->outputs; i++)
    if (!block->value[step->out[i]].is_ref)
      block->value[step->out[i]].shape = shape[step->inputs + i];
  if (step->binding->scratch_bytes > b->plan->scratch_bytes)
    b->plan->scratch_bytes = step->binding->scratch_bytes;
  return TARN_OK;
}

tarn_status tarn__plan_bind(tarn_builder *b, tarn_block *block) {
  for (int at = 0; at < block->steps; at++) {
    tarn_step *step = &block->step[at];
    if (step->removed) continue;
    if (step->kind == TARN_STEP_KERNEL)
      TARN_TRY_IN(bind_kernel(b, block, step), "planning node '%s'", step->name);
    else if (step->kind == TARN_STEP_VIEW && step->node->problem && !b->context->explain)
      return tarn_fail(step->node->problem_status, "node '%s' (%s): %s", step->name,
                       step->node->op_name, step->node->problem);
  }
  return TARN_OK;
}
