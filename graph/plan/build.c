/* Making a plan: the parts in order, and what is settled between them. */
#include "core/trace/trace.h"
#include "graph/exec/prepared.h"
#include "graph/export/freeze.h"
#include "graph/passes/rewrite.h"
#include "graph/plan/builder.h"
#include "graph/plan/lanes.h"

#include "kernels/state/variable.h"

#include <string.h>

/* Ops that cost much and can do nothing but give their results: they cannot fail once their shapes
 * are known. Training graphs of TensorFlow 1 wait for the gradient of their first layer's input,
 * which nobody reads. */
static bool only_computes(const tarn_step *step) {
  static const char *const ops[] = {"Conv2DBackpropInput", "Conv3DBackpropInputV2",
                                    "DepthwiseConv2dNativeBackpropInput", "MatMul"};
  if (step->kind != TARN_STEP_KERNEL || !step->op || step->node->problem || step->may_die)
    return false;
  return tarn__op_among(step->op->name, ops, sizeof ops / sizeof *ops);
}

/* Which of a step's control inputs may be dead, and which steps somebody waits for. */
static tarn_status guards(tarn_builder *b, tarn_block *block) {
  for (int at = 0; at < block->steps; at++) {
    tarn_step *step = &block->step[at];
    step->guard = tarn__arena_array(b->arena, (size_t)step->controls + 1, sizeof(int));
    if (!step->guard) return TARN_NO_MEMORY;
    for (int k = 0; k < step->controls; k++) {
      if (!only_computes(&block->step[step->control[k]])) block->step[step->control[k]].kept = true;
      if (block->step[step->control[k]].may_die) step->guard[step->guards++] = step->control[k];
    }
  }
  return TARN_OK;
}

/* Steps whose outputs are all constants need not run; where they may be dead they still say so.
 * Steps whose variables were all frozen read no variable any more. */
static void settle(tarn_block *block) {
  for (int at = 0; at < block->steps; at++) {
    tarn_step *step = &block->step[at];
    bool reads = false;
    for (int i = 0; step->deref && i < step->inputs; i++) reads = reads || step->deref[i];
    if (!reads) step->deref = NULL;
    if (step->removed || !step->outputs ||
        (step->kind != TARN_STEP_KERNEL && step->kind != TARN_STEP_VIEW &&
         step->kind != TARN_STEP_PASS))
      continue;
    bool constant = true;
    for (int k = 0; k < step->outputs; k++)
      constant = constant && block->value[step->out[k]].constant.dtype;
    if (!constant) continue;
    if (step->may_die) {
      step->kind = TARN_STEP_GATE;
    } else {
      step->removed = true;
    }
  }
}

/* A part of planning ends and the next begins. */
static void note(const tarn_builder *b, const char *part, uint64_t *since) {
  if (!b->context->trace) return;
  const uint64_t now = tarn__now_ns();
  tarn__trace_span(b->context->trace, "plan", part, NULL, *since, now);
  *since = now;
}

static tarn_status build(tarn_builder *b, tarn_expansion *expansion) {
  tarn_plan *plan = b->plan;
  uint64_t since = b->context->trace ? tarn__now_ns() : 0;
  TARN_TRY(tarn__plan_order(b, expansion, plan->root));
  for (int i = 0; i < plan->blocks; i++) TARN_TRY(guards(b, plan->block[i]));
  note(b, "order", &since);
  TARN_TRY(tarn__plan_shapes(b, plan->root));
  for (int i = 0; i < plan->blocks; i++) settle(plan->block[i]);
  note(b, "shapes", &since);
  const bool runs = b->context->purpose == TARN_FOR_RUN;
  if (!runs) TARN_TRY(tarn__export_freeze_reads(b));
  TARN_TRY(tarn__plan_passes(b));
  note(b, "passes", &since);
  if (!runs) return tarn__export_make_weights(b);
  for (int i = 0; i < plan->blocks; i++) TARN_TRY(tarn__plan_bind(b, plan->block[i]));
  note(b, "kernels", &since);
  if (b->unsupported.size) {
    plan->unsupported = tarn__arena_strndup(b->arena, b->unsupported.data, b->unsupported.size);
    if (!plan->unsupported) return TARN_NO_MEMORY;
    if (!b->context->explain) return tarn__fail(TARN_UNSUPPORTED, NULL, 0, "%s", plan->unsupported);
  }
  TARN_TRY(tarn__plan_devices(b));
  for (int i = 0; i < plan->blocks; i++) TARN_TRY(tarn__plan_lanes(b, plan->block[i]));
  TARN_TRY(tarn__plan_memory(b));
  note(b, "memory", &since);
  return TARN_OK;
}

static tarn_status start(const tarn_plan_context *context, tarn_graph *graph, tarn_builder *b) {
  const tarn_allocator *a = context->allocator;
  tarn_plan *plan = tarn__alloc_zero(a, sizeof *plan);
  if (!plan) return TARN_NO_MEMORY;
  plan->allocator = a;
  plan->graph = graph;
  *b = (tarn_builder){.context = context, .plan = plan};
  tarn__map_init(&b->written, a);
  tarn__map_init(&b->reshaped, a);
  tarn__map_init(&b->frozen, a);
  tarn__map_init(&b->named, a);
  tarn__map_init(&b->looked_at, a);
  tarn__bytes_init(&b->unsupported, a);
  TARN_TRY(tarn__arena_create(a, &plan->arena));
  b->arena = plan->arena;
  return tarn__block_create(b, NULL, &plan->root);
}

static void finish(tarn_builder *b, tarn_status status, tarn_plan **plan) {
  tarn__map_clear(&b->written);
  tarn__map_clear(&b->reshaped);
  tarn__map_clear(&b->frozen);
  tarn__map_clear(&b->named);
  tarn__map_clear(&b->looked_at);
  tarn__bytes_clear(&b->unsupported);
  if (status == TARN_OK) *plan = b->plan;
  else tarn__plan_destroy(b->plan);
}

tarn_status tarn__plan_make(const tarn_plan_context *context, tarn_graph *graph,
                            const tarn_plan_request *request, tarn_plan **plan) {
  tarn_builder b = {0};
  tarn_expansion expansion = {0};
  tarn_status status;
  TARN_GOTO(start(context, graph, &b));
  tarn_value *fed = tarn__arena_array(b.arena, request->n_feeds + 1, sizeof *fed);
  if (!fed) {
    status = TARN_NO_MEMORY;
    goto done;
  }
  for (size_t i = 0; i < request->n_feeds; i++)
    fed[i] = (tarn_value){.dtype = request->feed_tensors[i]->dtype,
                          .shape = request->feed_tensors[i]->shape};
  const uint64_t began = context->trace ? tarn__now_ns() : 0;
  TARN_GOTO(tarn__plan_expand(&b, graph, request, false, "", &expansion));
  tarn__trace_span(context->trace, "plan", "expand", NULL, began, tarn__now_ns());
  expansion.fed_value = fed;
  TARN_GOTO(build(&b, &expansion));
done:
  finish(&b, status, plan);
  return status;
}

tarn_status tarn__plan_make_body(const tarn_plan_context *context, tarn_graph *body,
                                 const tarn_shape *args, tarn_plan **plan) {
  tarn_builder b = {0};
  tarn_status status;
  tarn_expansion expansion = {0};
  tarn_plan_context plain = *context;
  plain.resources = NULL;        /* handles come as arguments: nothing is known to be constant */
  TARN_GOTO(start(&plain, body, &b));
  b.stack[b.stacked++] = body->function;
  tarn_edge *feeds = tarn__arena_array(b.arena, body->args + 1, sizeof *feeds);
  tarn_value *fed = tarn__arena_array(b.arena, body->args + 1, sizeof *fed);
  if (!feeds || !fed) {
    status = TARN_NO_MEMORY;
    goto done;
  }
  for (size_t i = 0; i < body->args; i++) {
    feeds[i] = (tarn_edge){body->arg[i], 0};
    fed[i].dtype = body->arg[i]->out_dtype[0];
    if (args) fed[i].shape = args[i];
    else fed[i].shape.rank = -1;
  }
  const tarn_plan_request request = {
      .feeds = feeds, .n_feeds = body->args, .fetches = body->ret, .n_fetches = body->rets};
  TARN_GOTO(tarn__plan_expand(&b, body, &request, true, body->function, &expansion));
  expansion.fed_value = fed;
  TARN_GOTO(build(&b, &expansion));
done:
  finish(&b, status, plan);
  return status;
}

void tarn__plan_destroy(tarn_plan *plan) {
  if (!plan) return;
  for (int i = 0; i < plan->blocks; i++)
    for (int v = 0; v < plan->block[i]->values; v++)
      tarn__tensor_clear(&plan->block[i]->value[v].constant);
  for (int i = 0; i < plan->blocks; i++)
    for (int at = 0; at < plan->block[i]->steps; at++)
      if (plan->block[i]->step[at].binding)
        tarn__prepared_release(plan->block[i]->step[at].binding->prepared);
  for (size_t i = 0; i < plan->frozens; i++) tarn__object_release(plan->frozen[i].variable);
  tarn__arena_destroy(plan->arena);
  tarn__free(plan->allocator, plan, sizeof *plan);
}
