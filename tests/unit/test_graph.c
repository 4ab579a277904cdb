/* Building and finishing graphs: names, attributes, dtypes, functions, cycles, and what goes wrong
 * with each. */
#include "graph/graph.h"
#include "tests/unit/suite.h"

#include <stdio.h>

static tarn_graph *graph;

static void setup(void) {
  ck_assert_int_eq(tarn__graph_create(tarn__allocator_default(), &graph), TARN_OK);
}
static void teardown(void) { tarn__graph_destroy(graph); }

static tarn_node *add_to(tarn_graph *g, const char *name, const char *op,
                         const char *const *inputs) {
  tarn_node *n;
  ck_assert_int_eq(tarn__graph_add(g, name, op, "", &n), TARN_OK);
  for (; inputs && *inputs; inputs++)
    ck_assert_int_eq(tarn__node_add_input(g, n, *inputs), TARN_OK);
  return n;
}
#define ADD(g, name, op, ...) add_to(g, name, op, (const char *const[]){__VA_ARGS__, NULL})
#define ADD0(g, name, op) add_to(g, name, op, NULL)

static void set_type(tarn_graph *g, tarn_node *n, const char *name, tarn_dtype dtype) {
  tarn_attr a = {.kind = TARN_ATTR_TYPE, .type = {dtype, false}};
  ck_assert_int_eq(tarn__attr_set(g->arena, &n->attrs, name, &a), TARN_OK);
}
static void set_int(tarn_graph *g, tarn_node *n, const char *name, int64_t i) {
  tarn_attr a = {.kind = TARN_ATTR_INT, .i = i};
  ck_assert_int_eq(tarn__attr_set(g->arena, &n->attrs, name, &a), TARN_OK);
}
static void set_string(tarn_graph *g, tarn_node *n, const char *name, const char *s) {
  tarn_attr a = {.kind = TARN_ATTR_STRING, .s = {s, strlen(s)}};
  ck_assert_int_eq(tarn__attr_set(g->arena, &n->attrs, name, &a), TARN_OK);
}
static tarn_node *placeholder(const char *name, tarn_dtype dtype) {
  tarn_node *n = ADD0(graph, name, "Placeholder");
  set_type(graph, n, "dtype", dtype);
  return n;
}
static void finish(void) {
  ck_assert_msg(tarn__graph_finish(graph) == TARN_OK, "%s", tarn_error());
}
static void finish_fails(tarn_status status, const char *text) {
  ck_assert_int_eq(tarn__graph_finish(graph), status);
  ck_assert_msg(strstr(tarn_error(), text) != NULL, "expected '%s' in: %s", text, tarn_error());
}
static void has_problem(const tarn_node *n, tarn_status status, const char *text) {
  ck_assert_msg(n->problem != NULL, "node %s is well", n->name);
  ck_assert_int_eq(n->problem_status, status);
  ck_assert_msg(strstr(n->problem, text) != NULL, "expected '%s' in: %s", text, n->problem);
}

START_TEST(test_graph_resolves_in_any_order) {
  tarn_node *y = ADD(graph, "y", "Identity", "x:0", "^go");
  set_type(graph, y, "T", TARN_F32);
  tarn_node *x = placeholder("x", TARN_F32);
  tarn_node *go = ADD0(graph, "go", "NoOp");
  finish();
  ck_assert_ptr_null(y->problem);
  ck_assert_int_eq(y->inputs, 1);
  ck_assert_int_eq(y->controls, 1);
  ck_assert_ptr_eq(y->in[0].node, x);
  ck_assert_ptr_eq(y->control[0], go);
  ck_assert_int_eq(y->outputs, 1);
  ck_assert_int_eq(y->out_dtype[0], TARN_F32);
  ck_assert_int_eq(go->outputs, 0);
  ck_assert_int_eq(tarn__attr_shape(&x->attrs, "shape")->rank, -1);   /* the default */
}
END_TEST

START_TEST(test_graph_finds_by_text) {
  tarn_node *x = placeholder("a/x", TARN_F32);
  ADD0(graph, "init", "NoOp");
  finish();
  tarn_edge e;
  ck_assert_int_eq(tarn__graph_find(graph, "a/x", &e), TARN_OK);
  ck_assert_ptr_eq(e.node, x);
  ck_assert_int_eq(e.index, 0);
  ck_assert_int_eq(tarn__graph_find(graph, "a/x:0", &e), TARN_OK);
  ck_assert_int_eq(tarn__graph_find(graph, "^a/x", &e), TARN_OK);
  ck_assert_int_eq(e.index, -1);
  ck_assert_int_eq(tarn__graph_find(graph, "init", &e), TARN_OK);
  static const char *const wrong[] = {"a/x:1",  "a/x:",   "a/x:-1", "a/x:99999999999999",
                                      "a/x:0x", "init:0", "",       ":"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    ck_assert_msg(tarn__graph_find(graph, wrong[i], &e) == TARN_NOT_FOUND, "'%s' was found",
                  wrong[i]);
  ck_assert_int_eq(tarn__graph_find(graph, "a/y", &e), TARN_NOT_FOUND);
  ck_assert_msg(strstr(tarn_error(), "a/x") != NULL, "no nearest name in: %s", tarn_error());
}
END_TEST

START_TEST(test_graph_refuses_bad_names) {
  static const char *const wrong[] = {"", "a:b", "^a", "a b", "a\n"};
  tarn_node *n;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    ck_assert_int_eq(tarn__graph_add(graph, wrong[i], "NoOp", "", &n), TARN_CORRUPT);
  ADD0(graph, "a", "NoOp");
  ck_assert_int_eq(tarn__graph_add(graph, "a", "NoOp", "", &n), TARN_CORRUPT);
}
END_TEST

START_TEST(test_graph_refuses_missing_inputs) {
  ADD(graph, "y", "Identity", "nowhere");
  finish_fails(TARN_CORRUPT, "nowhere");
}
END_TEST

START_TEST(test_graph_refuses_missing_controls) {
  ADD(graph, "y", "NoOp", "^nowhere");
  finish_fails(TARN_CORRUPT, "nowhere");
}
END_TEST

START_TEST(test_graph_refuses_missing_outputs) {
  placeholder("x", TARN_F32);
  set_type(graph, ADD(graph, "y", "Identity", "x:1"), "T", TARN_F32);
  finish_fails(TARN_CORRUPT, "no such output");
}
END_TEST

START_TEST(test_graph_keeps_unknown_ops) {
  placeholder("x", TARN_F32);
  tarn_node *u = ADD(graph, "u", "Frobnicate", "x");
  tarn_node *y = ADD(graph, "y", "Identity", "u:2");
  set_type(graph, y, "T", TARN_I32);
  finish();
  has_problem(u, TARN_UNSUPPORTED, "Frobnicate");
  ck_assert_int_eq(u->outputs, 3);
  ck_assert_int_eq(u->out_dtype[2], TARN_NO_DTYPE);
  ck_assert_ptr_null(y->problem);
}
END_TEST

START_TEST(test_graph_refuses_absurd_outputs_of_unknown_ops) {
  ADD0(graph, "u", "Frobnicate");
  ADD(graph, "y", "Frobnicate", "u:2147483647");
  finish_fails(TARN_CORRUPT, "no such output");
}
END_TEST

START_TEST(test_graph_notes_attribute_problems) {
  placeholder("x", TARN_F32);
  tarn_node *missing = ADD(graph, "missing", "Identity", "x");
  tarn_node *kind = ADD(graph, "kind", "Identity", "x");
  set_int(graph, kind, "T", 1);
  tarn_node *minimum = ADD0(graph, "minimum", "_Arg");
  set_type(graph, minimum, "T", TARN_F32);
  set_int(graph, minimum, "index", -1);
  tarn_node *extra = ADD(graph, "extra", "Identity", "x");
  set_type(graph, extra, "T", TARN_F32);
  set_int(graph, extra, "_hint", 1);
  set_int(graph, extra, "new_in_some_version", 1);
  finish();
  has_problem(missing, TARN_INVALID, "'T' is missing");
  has_problem(kind, TARN_INVALID, "is int, expected type");
  has_problem(minimum, TARN_INVALID, "at least 0");
  ck_assert_ptr_null(extra->problem);
}
END_TEST

START_TEST(test_graph_notes_input_problems) {
  placeholder("x", TARN_F32);
  tarn_node *few = ADD0(graph, "few", "Identity");
  set_type(graph, few, "T", TARN_F32);
  tarn_node *many = ADD(graph, "many", "Identity", "x", "x");
  set_type(graph, many, "T", TARN_F32);
  tarn_node *wrong = ADD(graph, "wrong", "Identity", "x");
  set_type(graph, wrong, "T", TARN_I32);
  tarn_node *ref = ADD(graph, "ref", "RefIdentity", "x");
  set_type(graph, ref, "T", TARN_F32);
  tarn_node *merge = ADD(graph, "merge", "Merge", "x");
  set_type(graph, merge, "T", TARN_F32);
  set_int(graph, merge, "N", INT64_MAX);
  finish();
  has_problem(few, TARN_INVALID, "got 0");
  has_problem(many, TARN_INVALID, "got 2");
  has_problem(wrong, TARN_DTYPE, "'input' is float, expected int32");
  has_problem(ref, TARN_DTYPE, "reference");
  has_problem(merge, TARN_INVALID, "got 1");
}
END_TEST

START_TEST(test_graph_refuses_cycles) {
  set_type(graph, ADD(graph, "a", "Identity", "b"), "T", TARN_F32);
  set_type(graph, ADD(graph, "b", "Identity", "a"), "T", TARN_F32);
  finish_fails(TARN_CORRUPT, "depends on itself");
}
END_TEST

START_TEST(test_graph_refuses_control_cycles) {
  ADD(graph, "a", "NoOp", "^a");
  finish_fails(TARN_CORRUPT, "depends on itself");
}
END_TEST

START_TEST(test_graph_allows_loops) {
  placeholder("x", TARN_F32);
  tarn_node *enter = ADD(graph, "enter", "Enter", "x");
  set_type(graph, enter, "T", TARN_F32);
  set_string(graph, enter, "frame_name", "loop");
  tarn_node *merge = ADD(graph, "merge", "Merge", "enter", "next");
  set_type(graph, merge, "T", TARN_F32);
  set_int(graph, merge, "N", 2);
  tarn_node *next = ADD(graph, "next", "NextIteration", "merge");
  set_type(graph, next, "T", TARN_F32);
  finish();
  ck_assert_ptr_null(merge->problem);
  ck_assert_int_eq(merge->outputs, 2);
  ck_assert_int_eq(merge->out_dtype[1], TARN_I32);
  ck_assert(!tarn__attr_bool(&enter->attrs, "is_constant"));
  ck_assert_int_eq(tarn__attr_int(&enter->attrs, "parallel_iterations"), 10);
}
END_TEST

START_TEST(test_graph_takes_deep_chains) {
  char name[32], before[32];
  placeholder("n0", TARN_F32);
  for (int i = 1; i < 200000; i++) {
    snprintf(name, sizeof name, "n%d", i);
    snprintf(before, sizeof before, "n%d", i - 1);
    set_type(graph, ADD(graph, name, "Identity", before), "T", TARN_F32);
  }
  finish();
}
END_TEST

/* f(a, b) = (b, a): two results by name, called in both notations. */
static tarn_graph *swap_function(void) {
  tarn_graph *f;
  tarn_node *n;
  ck_assert_int_eq(tarn__graph_add_function(graph, "swap", &f), TARN_OK);
  ck_assert_int_eq(tarn__graph_add_arg(f, "a", TARN_F32, &n), TARN_OK);
  ck_assert_int_eq(tarn__graph_add_arg(f, "b", TARN_I32, &n), TARN_OK);
  tarn_node *both = ADD(f, "both", "IdentityN", "a", "b");
  static const tarn_dtype types[] = {TARN_F32, TARN_I32};
  tarn_attr list = {
      .kind = TARN_ATTR_LIST, .element = TARN_ATTR_TYPE, .list = {.count = 2, .type = types}};
  ck_assert_int_eq(tarn__attr_set(f->arena, &both->attrs, "T", &list), TARN_OK);
  ck_assert_int_eq(tarn__graph_add_ret(f, "first", "both:output:1"), TARN_OK);
  ck_assert_int_eq(tarn__graph_add_ret(f, "second", "a"), TARN_OK);
  ck_assert_int_eq(tarn__graph_add_control_ret(f, "both"), TARN_OK);
  return f;
}

START_TEST(test_graph_resolves_functions) {
  tarn_graph *f = swap_function();
  finish();
  ck_assert_ptr_eq(tarn__graph_function(graph, "swap"), f);
  ck_assert_ptr_null(tarn__graph_function(graph, "swop"));
  ck_assert_ptr_eq(f->ret[0].node, tarn__graph_node(f, "both"));
  ck_assert_int_eq(f->ret[0].index, 1);
  ck_assert_ptr_eq(f->ret[1].node, f->arg[0]);
  ck_assert_ptr_eq(f->control_ret[0], tarn__graph_node(f, "both"));
}
END_TEST

START_TEST(test_graph_modernises_calls_by_name) {
  swap_function();
  placeholder("x", TARN_F32);
  placeholder("i", TARN_I32);
  tarn_node *call = ADD(graph, "call", "swap", "x", "i");
  tarn_node *y = ADD(graph, "y", "Identity", "call:1");
  set_type(graph, y, "T", TARN_F32);
  tarn_node *bad = ADD(graph, "bad", "swap", "i", "i");
  tarn_node *few = ADD(graph, "few", "swap", "x");
  /* A call inside a function, its result by name. */
  tarn_graph *g;
  tarn_node *n;
  ck_assert_int_eq(tarn__graph_add_function(graph, "outer", &g), TARN_OK);
  ck_assert_int_eq(tarn__graph_add_arg(g, "p", TARN_F32, &n), TARN_OK);
  ck_assert_int_eq(tarn__graph_add_arg(g, "q", TARN_I32, &n), TARN_OK);
  ADD(g, "inner", "swap", "p", "q");
  ck_assert_int_eq(tarn__graph_add_ret(g, "r", "inner:second:0"), TARN_OK);
  tarn_node *nested = ADD(graph, "nested", "outer", "x", "i");
  finish();
  ck_assert_msg(!call->problem, "%s", call->problem);
  ck_assert_str_eq(call->op->name, "PartitionedCall");
  ck_assert_str_eq(tarn__attr_func(&call->attrs, "f").name, "swap");
  ck_assert_int_eq(call->outputs, 2);
  ck_assert_int_eq(call->out_dtype[0], TARN_I32);
  ck_assert_uint_eq(tarn__attr_list(&call->attrs, "Tout")->list.count, 2);
  ck_assert_ptr_null(y->problem);
  has_problem(bad, TARN_DTYPE, "int32, expected float");
  has_problem(few, TARN_INVALID, "2 arguments, got 1");
  ck_assert_int_eq(g->ret[0].index, 1);
  ck_assert_int_eq(nested->out_dtype[0], TARN_F32);
}
END_TEST

START_TEST(test_graph_refuses_bad_function_texts) {
  tarn_graph *f = swap_function();
  ck_assert_int_eq(tarn__graph_add_ret(f, "third", "both:nothing:0"), TARN_OK);
  finish_fails(TARN_CORRUPT, "both:nothing:0");
}
END_TEST

START_TEST(test_graph_survives_recursion) {
  tarn_graph *f;
  tarn_node *n;
  ck_assert_int_eq(tarn__graph_add_function(graph, "f", &f), TARN_OK);
  ck_assert_int_eq(tarn__graph_add_arg(f, "a", TARN_F32, &n), TARN_OK);
  ADD(f, "self", "f", "a");
  ck_assert_int_eq(tarn__graph_add_ret(f, "r", "self:r:0"), TARN_OK);
  finish();
  ck_assert_int_eq(f->ret[0].index, 0);
}
END_TEST

/* Every allocation fails in turn: the status says so, and nothing is left behind. */
START_TEST(test_graph_survives_every_failing_allocation) {
  bool done = false;
  for (long at = 0; !done; at++) {
    tarn_failing failing;
    tarn__failing_init(&failing, at, true);
    tarn_graph *g = NULL, *f = NULL;
    tarn_node *n = NULL;
    tarn_status status = tarn__graph_create(&failing.allocator, &g);
    if (status == TARN_OK) status = tarn__graph_add_function(g, "f", &f);
    if (status == TARN_OK) status = tarn__graph_add_arg(f, "a", TARN_F32, &n);
    if (status == TARN_OK) status = tarn__graph_add_ret(f, "r", "a");
    if (status == TARN_OK) status = tarn__graph_add(g, "u", "Frobnicate", "", &n);
    for (int i = 0; i < 400 && status == TARN_OK; i++) {
      char name[32];
      snprintf(name, sizeof name, "node_%d", i);
      status = tarn__graph_add(g, name, "f", "", &n);
      if (status == TARN_OK) status = tarn__node_add_input(g, n, "u");
    }
    if (status == TARN_OK) status = tarn__graph_finish(g);
    ck_assert_msg(status == TARN_OK || status == TARN_NO_MEMORY, "%s", tarn_error());
    done = status == TARN_OK;
    tarn__graph_destroy(g);
    ck_assert_int_eq(failing.live, 0);
  }
}
END_TEST

SUITE_MAIN_FIXTURE("graph", setup, teardown, test_graph_resolves_in_any_order,
                   test_graph_finds_by_text, test_graph_refuses_bad_names,
                   test_graph_refuses_missing_inputs, test_graph_refuses_missing_controls,
                   test_graph_refuses_missing_outputs, test_graph_keeps_unknown_ops,
                   test_graph_refuses_absurd_outputs_of_unknown_ops,
                   test_graph_notes_attribute_problems, test_graph_notes_input_problems,
                   test_graph_refuses_cycles, test_graph_refuses_control_cycles,
                   test_graph_allows_loops, test_graph_takes_deep_chains,
                   test_graph_resolves_functions, test_graph_modernises_calls_by_name,
                   test_graph_refuses_bad_function_texts, test_graph_survives_recursion,
                   test_graph_survives_every_failing_allocation)
