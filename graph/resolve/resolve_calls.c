/* Nodes that name functions: that each function takes what the node gives and answers what the node
 * promises. The plan and the executor count on it. A function that is not there is found when a
 * plan reaches its caller. */
#include "graph/resolve/resolve.h"

#include <string.h>

static bool is_op(const tarn_node *node, const char *op) { return strcmp(node->op->name, op) == 0; }

static bool differ(tarn_dtype a, tarn_dtype b) {
  return a != b && a != TARN_NO_DTYPE && b != TARN_NO_DTYPE;
}

/* Arguments of f against the node's inputs from `first` on. */
static tarn_status check_arguments(tarn_graph *g, tarn_node *n, const tarn_graph *f, int first) {
  if (f->args != (size_t)(n->inputs - first))
    return TARN_PROBLEM(g, n, TARN_INVALID, "function '%s' takes %zu arguments, got %d",
                        f->function, f->args, n->inputs - first);
  for (size_t i = 0; i < f->args; i++) {
    const tarn_node *arg = f->arg[i];
    const tarn_attr *type = tarn__attr_find(&arg->attrs, "T");
    if (arg->problem) return TARN_PROBLEM(g, n, arg->problem_status, "%s", arg->problem);
    tarn_dtype wanted = type && type->kind == TARN_ATTR_TYPE ? type->type.dtype : TARN_NO_DTYPE;
    tarn_dtype got = n->in_dtype[first + (int)i];
    if (differ(wanted, got))
      return TARN_PROBLEM(g, n, TARN_DTYPE, "argument '%s' of function '%s' is %s, got %s",
                          arg->name, f->function, tarn_dtype_name(wanted), tarn_dtype_name(got));
  }
  return TARN_OK;
}

static tarn_status check_results(tarn_graph *g, tarn_node *n, const tarn_graph *f,
                                 const tarn_dtype *wanted, int count) {
  if (f->rets != (size_t)count)
    return TARN_PROBLEM(g, n, TARN_INVALID, "function '%s' has %zu results, expected %d",
                        f->function, f->rets, count);
  for (int i = 0; i < count && wanted; i++) {
    tarn_edge e = f->ret[i];
    tarn_dtype got =
        e.node->out_dtype && e.index < e.node->outputs ? e.node->out_dtype[e.index] : TARN_NO_DTYPE;
    if (differ(got, wanted[i]))
      return TARN_PROBLEM(g, n, TARN_DTYPE, "result '%s' of function '%s' is %s, expected %s",
                          f->ret_name[i], f->function, tarn_dtype_name(got),
                          tarn_dtype_name(wanted[i]));
  }
  return TARN_OK;
}

static tarn_status check_function(tarn_graph *g, tarn_node *n, tarn_func func, int first,
                                  const tarn_dtype *results, int count) {
  const tarn_graph *f = func.name ? tarn__graph_function(g, func.name) : NULL;
  if (!f || n->problem) return TARN_OK;
  TARN_TRY(check_arguments(g, n, f, first));
  return n->problem ? TARN_OK : check_results(g, n, f, results, count);
}

tarn_status tarn__resolve_call(tarn_graph *g, tarn_node *n) {
  if (is_op(n, "PartitionedCall") || is_op(n, "StatefulPartitionedCall"))
    return check_function(g, n, tarn__attr_func(&n->attrs, "f"), 0, n->out_dtype, n->outputs);
  if (is_op(n, "If") || is_op(n, "StatelessIf") || is_op(n, "_If")) {
    TARN_TRY(check_function(g, n, tarn__attr_func(&n->attrs, "then_branch"), 1, n->out_dtype,
                            n->outputs));
    return check_function(g, n, tarn__attr_func(&n->attrs, "else_branch"), 1, n->out_dtype,
                          n->outputs);
  }
  if (is_op(n, "While") || is_op(n, "StatelessWhile") || is_op(n, "_While")) {
    TARN_TRY(check_function(g, n, tarn__attr_func(&n->attrs, "cond"), 0, NULL, 1));
    return check_function(g, n, tarn__attr_func(&n->attrs, "body"), 0, n->in_dtype, n->inputs);
  }
  if (is_op(n, "Case") || is_op(n, "StatelessCase")) {
    const tarn_attr *branches = tarn__attr_list(&n->attrs, "branches");
    for (size_t i = 0; i < branches->list.count; i++)
      TARN_TRY(check_function(g, n, branches->list.func[i], 1, n->out_dtype, n->outputs));
  }
  return TARN_OK;
}
