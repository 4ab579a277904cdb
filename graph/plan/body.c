/* Bodies of functional control flow, and variables that a plan may take for constants. */
#include "graph/plan/builder.h"
#include "graph/session.h"
#include "kernels/state/resources.h"
#include "kernels/state/variable.h"

#include <string.h>

tarn_status tarn__plan_body(tarn_builder *b, tarn_graph *body, const char *prefix,
                            const tarn_node *const *variable, tarn_block *parent,
                            tarn_block **block) {
  const size_t args = body->args;
  tarn_edge *feeds = tarn__arena_array(b->arena, args + 1, sizeof *feeds);
  tarn_value *fed = tarn__arena_array(b->arena, args + 1, sizeof *fed);
  if (!feeds || !fed) return TARN_NO_MEMORY;
  for (size_t i = 0; i < args; i++) {
    feeds[i] = (tarn_edge){body->arg[i], 0};
    fed[i].dtype = body->arg[i]->out_dtype[0];
    fed[i].shape.rank = -1;
    fed[i].variable = variable ? variable[i] : NULL;
  }
  const tarn_plan_request request = {
      .feeds = feeds, .n_feeds = args, .fetches = body->ret, .n_fetches = body->rets};
  tarn_block *made;
  TARN_TRY(tarn__block_create(b, parent, &made));
  tarn_expansion expansion;
  TARN_TRY(tarn__plan_expand(b, body, &request, true, prefix, &expansion));
  expansion.fed_value = fed;
  TARN_TRY(tarn__plan_order(b, &expansion, made));
  *block = made;
  return TARN_OK;
}

tarn_status tarn__plan_check_call(const char *node, const tarn_graph *body, const tarn_dtype *in,
                                  int inputs, const tarn_dtype *out, int outputs) {
  if (body->args != (size_t)inputs || body->rets != (size_t)outputs)
    return tarn_fail(
        TARN_INVALID,
        "function '%s' takes %zu arguments and gives %zu results, node '%s' has %d and %d",
        body->function, body->args, body->rets, node, inputs, outputs);
  for (int i = 0; i < inputs; i++) {
    if (body->arg[i]->problem)
      return tarn_fail(body->arg[i]->problem_status, "argument %d of function '%s': %s", i,
                       body->function, body->arg[i]->problem);
    const tarn_dtype wanted = body->arg[i]->out_dtype[0];
    if (wanted && in[i] && wanted != in[i])
      return tarn_fail(TARN_DTYPE, "argument %d of function '%s' is %s, node '%s' gives %s", i,
                       body->function, tarn_dtype_name(wanted), node, tarn_dtype_name(in[i]));
  }
  for (int i = 0; out && i < outputs; i++) {
    const tarn_edge *ret = &body->ret[i];
    const tarn_dtype given = ret->node->op && ret->index < ret->node->outputs
                                 ? ret->node->out_dtype[ret->index]
                                 : TARN_NO_DTYPE;
    if (given && out[i] && given != out[i])
      return tarn_fail(TARN_DTYPE, "result %d of function '%s' is %s, node '%s' expects %s", i,
                       body->function, tarn_dtype_name(given), node, tarn_dtype_name(out[i]));
  }
  return TARN_OK;
}

tarn_status tarn__plan_freeze(tarn_builder *b, const tarn_node *node, tarn_tensor *value) {
  *value = (tarn_tensor){0};
  if (!b->context->resources) return TARN_OK;
  const tarn_string name = tarn__node_variable_name(node);
  if (tarn__map_get(&b->written, name.data, name.size)) return TARN_OK;
  if (b->context->volatile_variables &&
      tarn__map_get(b->context->volatile_variables, name.data, name.size))
    return TARN_OK;
  tarn_plan *plan = b->plan;
  const size_t known = (size_t)(uintptr_t)tarn__map_get(&b->frozen, name.data, name.size);
  const char *key =
      known ? plan->frozen[known - 1].name : tarn__arena_strndup(b->arena, name.data, name.size);
  if (!key) return TARN_NO_MEMORY;
  tarn_variable *v = known ? plan->frozen[known - 1].variable
                           : tarn__resources_find(b->context->resources, &tarn__variable_type, key);
  if (!v) return TARN_OK;
  tarn_tensor read = {0};
  if (tarn__variable_read(v, &read) != TARN_OK) {   /* not initialised: not our error to report */
    if (!known) tarn__object_release(v);
    return TARN_OK;
  }
  if (known) {
    *value = read;
    return TARN_OK;
  }
  if (plan->frozens == plan->frozen_capacity) {
    const size_t wanted = plan->frozen_capacity ? 2 * plan->frozen_capacity : 64;
    tarn_frozen *larger = tarn__arena_array(b->arena, wanted, sizeof *larger);
    if (!larger) {
      tarn__tensor_clear(&read);
      tarn__object_release(v);
      return TARN_NO_MEMORY;
    }
    if (plan->frozens) memcpy(larger, plan->frozen, plan->frozens * sizeof *larger);
    plan->frozen = larger;
    plan->frozen_capacity = wanted;
  }
  plan->frozen[plan->frozens++] =
      (tarn_frozen){.name = key, .variable = v, .contents = tarn__tensor_contents(&read)};
  const tarn_status status =
      tarn__map_put(&b->frozen, key, name.size, (void *)(uintptr_t)plan->frozens);
  if (status != TARN_OK) {
    tarn__tensor_clear(&read);
    return status;
  }
  *value = read;
  return TARN_OK;
}
