/* Functional control flow: a block becomes a function of the new graph, without the handles of
 * variables that are constants now. */
#include <stdio.h>
#include <string.h>

#include "graph/export/exporter.h"

/* What a handle came from, through Identity. */
static int source_of(const tarn_block *block, int value) {
  for (;;) {
    const int at = block->value[value].producer;
    if (at < 0) return value;
    const tarn_step *step = &block->step[at];
    if ((step->kind != TARN_STEP_VIEW && step->kind != TARN_STEP_PASS) || !step->inputs)
      return value;
    const int i = block->value[value].output;
    value = step->in[i < step->inputs ? i : 0];
  }
}

static bool is_variable(const tarn_node *maker) {
  return maker && (!strcmp(maker->op_name, "VarHandleOp") ||
                   !strcmp(maker->op_name, "VariableV2") || !strcmp(maker->op_name, "Variable"));
}

tarn_status tarn__export_kept(tarn_place *p, const tarn_step *step, int *first, bool **keep) {
  *first = step->kind == TARN_STEP_WHILE ? 0 : 1;
  const int n = step->inputs - *first;
  *keep = tarn__arena_array(p->scope->graph->arena, (size_t)n + 1, sizeof **keep);
  if (!*keep) return TARN_NO_MEMORY;
  for (int i = 0; i < n; i++) {
    const tarn_value *v = &p->block->value[step->in[*first + i]];
    (*keep)[i] = true;
    bool inner = true;
    for (int k = 0; k < step->blocks; k++) inner = inner && step->block[k];
    if (!inner || v->dtype != TARN_RESOURCE || !is_variable(v->variable)) continue;
    const tarn_block *body = step->kind == TARN_STEP_WHILE ? step->block[1] : NULL;
    (*keep)[i] = body && source_of(body, body->result[i]) != body->input[i];
  }
  return TARN_OK;
}

/* ---- functions that are copied ------------------------------------------------------------- */

static tarn_status copy_node(tarn_exporter *e, tarn_graph *to, const tarn_node *from) {
  tarn_node *node;
  if (!strcmp(from->op_name, "_Arg")) return TARN_OK;
  TARN_TRY(tarn__graph_add(to, from->name, from->op_name, NULL, &node));
  for (int i = 0; i < from->texts; i++)
    TARN_TRY(tarn__node_add_input(to, node, from->input_text[i]));
  for (size_t i = 0; i < from->attrs.count; i++)
    if (from->attrs.rows[i].name[0] != '_')
      TARN_TRY(tarn__attr_set(to->arena, &node->attrs, from->attrs.rows[i].name,
                              &from->attrs.rows[i].value));
  return tarn__export_functions(e, &from->attrs);
}

static tarn_status copy_function(tarn_exporter *e, const char *name) {
  const tarn_graph *from = tarn__graph_function(e->plan->graph, name);
  tarn_graph *to;
  if (!from || tarn__graph_function(e->out, name)) return TARN_OK;
  TARN_TRY(tarn__graph_add_function(e->out, name, &to));
  for (size_t i = 0; i < from->args; i++) {
    const tarn_attr *type = tarn__attr_find(&from->arg[i]->attrs, "T");
    TARN_TRY(tarn__graph_add_arg(
        to, from->arg[i]->name,
        type && type->kind == TARN_ATTR_TYPE ? type->type.dtype : TARN_NO_DTYPE, NULL));
  }
  for (size_t i = 0; i < from->count; i++) TARN_TRY(copy_node(e, to, from->nodes[i]));
  for (size_t i = 0; i < from->rets; i++)
    TARN_TRY(tarn__graph_add_ret(to, from->ret_name[i], from->ret_text[i]));
  for (size_t i = 0; i < from->control_rets; i++)
    TARN_TRY(tarn__graph_add_control_ret(to, from->control_ret_text[i]));
  return TARN_OK;
}

tarn_status tarn__export_functions(tarn_exporter *e, const tarn_attrs *attrs) {
  for (size_t i = 0; i < attrs->count; i++) {
    const tarn_attr *a = &attrs->rows[i].value;
    if (a->kind == TARN_ATTR_FUNC) TARN_TRY(copy_function(e, a->func.name));
    if (a->kind == TARN_ATTR_LIST && a->element == TARN_ATTR_FUNC)
      for (size_t k = 0; k < a->list.count; k++) TARN_TRY(copy_function(e, a->list.func[k].name));
  }
  return TARN_OK;
}

/* ---- functions that are made of blocks ----------------------------------------------------- */

static tarn_status function_name(const tarn_exporter *e, const char *wanted, const char **name) {
  for (int n = 0;; n++) {
    *name = n ? tarn__arena_printf(e->out->arena, "%s_%d", wanted, n) : wanted;
    if (!*name) return TARN_NO_MEMORY;
    if (!tarn__graph_function(e->out, *name) &&
        (!n || !tarn__graph_function(e->plan->graph, *name)))
      return TARN_OK;
  }
}

/* The function of a step's block. keep: of the arguments; keep_result: of the results, NULL: all.
 */
static tarn_status write_function(tarn_place *outer, const tarn_step *step, int which, int first,
                                  const bool *keep, const bool *keep_result, const char **name) {
  tarn_exporter *e = outer->scope->e;
  const tarn_block *block = step->block[which];
  *name = step->block_name[which];
  if (!block) return copy_function(e, *name);
  tarn_graph *body;
  TARN_TRY(function_name(e, step->block_name[which], name));
  TARN_TRY(tarn__graph_add_function(e->out, *name, &body));
  tarn_scope scope = {.e = e, .graph = body};
  tarn_place p;
  TARN_TRY(tarn__export_place(&scope, NULL, block, &p));
  for (int i = 0; i < block->inputs; i++) {
    if (!keep[i]) continue;
    char text[32];
    tarn_node *arg;
    snprintf(text, sizeof text, "arg_%d", i);
    TARN_TRY(tarn__graph_add_arg(body, text, step->node->in_dtype[first + i], &arg));
    p.text[block->input[i]] = arg->name;
  }
  for (int i = 0; i < block->results; i++)
    if (!keep_result || keep_result[i]) p.used[block->result[i]] = true;
  TARN_TRY(tarn__export_mark(&p, true));
  TARN_TRY_IN(tarn__export_steps(&p), "writing function '%s'", *name);
  for (int i = 0; i < block->results; i++) {
    char text[32];
    const char *value;
    if (keep_result && !keep_result[i]) continue;
    snprintf(text, sizeof text, "ret_%d", i);
    TARN_TRY(tarn__export_value(&p, block->result[i], &value));
    TARN_TRY(tarn__graph_add_ret(body, text, value));
  }
  for (int at = 0; at < block->steps; at++)
    if (p.needed[at] && p.node[at] && !block->step[at].outputs &&
        block->step[at].kind == TARN_STEP_KERNEL)
      TARN_TRY(tarn__graph_add_control_ret(body, p.node[at]));
  return TARN_OK;
}

static tarn_status set_function(tarn_scope *s, tarn_node *node, const char *attr,
                                const char *function) {
  return tarn__export_set(s, node, attr,
                          (tarn_attr){.kind = TARN_ATTR_FUNC, .func = {.name = function}});
}

/* The dtypes of the arguments that stay. */
static tarn_status set_types(tarn_scope *s, tarn_node *node, const char *attr,
                             const tarn_dtype *dtype, int n, const bool *keep) {
  tarn_dtype *types = tarn__arena_array(s->graph->arena, (size_t)n + 1, sizeof *types);
  size_t count = 0;
  if (!types) return TARN_NO_MEMORY;
  for (int i = 0; i < n; i++)
    if (keep[i]) types[count++] = dtype[i];
  tarn_attr list = {.kind = TARN_ATTR_LIST, .element = TARN_ATTR_TYPE};
  list.list.count = count;
  list.list.type = types;
  return tarn__export_set(s, node, attr, list);
}

static tarn_status set_branches(tarn_place *p, const tarn_step *step, const bool *keep,
                                tarn_node *node) {
  tarn_func *branch =
      tarn__arena_array(p->scope->graph->arena, (size_t)step->blocks + 1, sizeof *branch);
  if (!branch) return TARN_NO_MEMORY;
  for (int k = 0; k < step->blocks; k++)
    TARN_TRY(write_function(p, step, k, 1, keep, NULL, &branch[k].name));
  tarn_attr list = {.kind = TARN_ATTR_LIST, .element = TARN_ATTR_FUNC};
  list.list.count = (size_t)step->blocks;
  list.list.func = branch;
  return tarn__export_set(p->scope, node, "branches", list);
}

tarn_status tarn__export_control(tarn_place *p, int at) {
  const tarn_step *step = &p->block->step[at];
  tarn_scope *s = p->scope;
  const char *op = step->op->name, *names[2];
  const bool loops = step->kind == TARN_STEP_WHILE;
  tarn_node *node;
  bool *keep;
  int first;
  TARN_TRY(tarn__export_kept(p, step, &first, &keep));
  const int n = step->inputs - first;
  TARN_TRY(tarn__export_node(s, step->name, op[0] == '_' ? op + 1 : op, &node));
  for (size_t i = 0; i < step->attrs->count; i++)
    if (step->attrs->rows[i].name[0] != '_')
      TARN_TRY(tarn__export_set(s, node, step->attrs->rows[i].name, step->attrs->rows[i].value));
  tarn_attr none = {.kind = TARN_ATTR_LIST, .element = TARN_ATTR_SHAPE};
  if (tarn__attr_find(step->attrs, "output_shapes"))
    TARN_TRY(tarn__export_set(s, node, "output_shapes", none));
  TARN_TRY(set_types(s, node, loops ? "T" : "Tin", step->node->in_dtype + first, n, keep));
  if (strstr(op, "Case")) {
    TARN_TRY(set_branches(p, step, keep, node));
  } else {
    for (int k = 0; k < 2; k++)
      TARN_TRY(write_function(p, step, k, first, keep, loops && k ? keep : NULL, &names[k]));
    TARN_TRY(set_function(s, node, loops ? "cond" : "then_branch", names[0]));
    TARN_TRY(set_function(s, node, loops ? "body" : "else_branch", names[1]));
  }
  for (int i = 0; i < step->inputs; i++)
    if (i < first || keep[i - first]) TARN_TRY(tarn__export_input(p, node, step->in[i]));
  TARN_TRY(tarn__export_wait(p, at, node));
  int given = 0;
  for (int k = 0; k < step->outputs; k++) {
    if (loops && !keep[k]) continue;
    TARN_TRY(tarn__export_output(s, node, given++, &p->text[step->out[k]]));
  }
  p->node[at] = node->name;
  return TARN_OK;
}
