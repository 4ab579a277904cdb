/* Control flow as TensorFlow's executor has it: dead sides, loops in loops, functions, and what
 * goes wrong in each. */
#include "tests/unit/graph/one_graph.h"

#include <pthread.h>

static void go(void) { s = session_on(g); }

/* p ? x + 1 : x * 10, V1: "y", and which side it was: "y:1" (0 the sum's, as Merge takes it
 * first). */
static void add_cond(void) {
  node(g, "p", "Placeholder", "", "dtype=bool; shape=[]");
  number(g, "x", 3);
  number(g, "one", 1);
  number(g, "ten", 10);
  node(g, "sw", "Switch", "x p", "T=float");
  node(g, "sum", "AddV2", "sw:1 one", "T=float");
  node(g, "mul", "Mul", "sw:0 ten", "T=float");
  node(g, "y", "Merge", "sum mul", "T=float; N=2");
}

START_TEST(test_exec_takes_the_side_of_the_predicate) {
  setup();
  add_cond();
  go();
  ck_assert_double_eq(first(s, "p", scalar_b(true), "y"), 4);
  ck_assert_double_eq(first(s, "p", scalar_b(false), "y"), 30);
  ck_assert_double_eq(first(s, "p", scalar_b(true), "y:1"), 0);
  ck_assert_double_eq(first(s, "p", scalar_b(false), "y:1"), 1);
}
END_TEST

START_TEST(test_exec_dead_sides_cannot_be_fetched) {
  setup();
  add_cond();
  go();
  tarn_tensor *p = scalar_b(true), *y = NULL;
  FAILS(run_one(s, "p", p, "mul", &y), TARN_FAILED, "branch that was not taken");
  ck_assert_ptr_null(y);
  OK(run_one(s, "p", p, "sum", &y));
  tarn_tensor_release(y);
  tarn_tensor_release(p);
}
END_TEST

/* A write that only a control edge ties to a side happens with that side alone; ControlTrigger runs
 * after dead ones too. */
START_TEST(test_exec_control_edges_carry_deadness) {
  setup();
  add_cond();
  node(g, "v", "VariableV2", "", "dtype=float; shape=[]");
  number(g, "zero", 0);
  node(g, "init", "Assign", "v zero", "T=float");
  node(g, "pin", "Identity", "sw:1", "T=float");
  node(g, "group", "NoOp", "^pin", "");
  node(g, "count", "AssignAdd", "v one ^group", "T=float");
  node(g, "trigger", "ControlTrigger", "^count", "");
  node(g, "always", "AssignAdd", "v ten ^trigger", "T=float");
  go();
  OK(run_target(s, "init"));
  const char *target = "always";
  for (int taken = 0; taken < 2; taken++) {
    tarn_tensor *p = scalar_b(taken);
    OK(tarn_session_run(s, &(tarn_feed){"p", p}, 1, NULL, 0, &target, 1, NULL));
    tarn_tensor_release(p);
    ck_assert_double_eq(first(s, NULL, NULL, "v"), taken ? 21 : 10);
  }
}
END_TEST

START_TEST(test_exec_merge_of_dead_inputs_is_dead) {
  setup();
  add_cond();
  node(g, "both", "Merge", "sum sum", "T=float; N=2");
  node(g, "z", "Neg", "both", "T=float");
  node(g, "last", "Merge", "z mul", "T=float; N=2");
  go();
  ck_assert_double_eq(first(s, "p", scalar_b(false), "last"), 30);
  ck_assert_double_eq(first(s, "p", scalar_b(true), "last"), -4);
  tarn_tensor *p = scalar_b(false), *y = NULL;
  FAILS(run_one(s, "p", p, "both:1", &y), TARN_FAILED, "branch that was not taken");
  tarn_tensor_release(p);
}
END_TEST

START_TEST(test_exec_loops_run_as_often_as_they_should) {
  setup();
  node(g, "limit", "Placeholder", "", "dtype=int32; shape=[]");
  number(g, "x", 1);
  add_loop(g, "x");
  go();
  for (int n = 0; n < 12; n++) {
    ck_assert_double_eq(first(s, "limit", scalar_i(n), "x_out"), 1 << n);
    ck_assert_double_eq(first(s, "limit", scalar_i(n), "i_out"), n);
  }
  ck_assert_double_eq(first(s, "limit", scalar_i(-5), "x_out"), 1);
}
END_TEST

/* The loop stands in one side of a conditional: dead with it, and the other side's value comes
 * out. */
START_TEST(test_exec_loops_are_entered_dead) {
  setup();
  node(g, "p", "Placeholder", "", "dtype=bool; shape=[]");
  integer(g, "limit_value", 3);
  number(g, "x", 5);
  node(g, "x_side", "Switch", "x p", "T=float");
  node(g, "limit_side", "Switch", "limit_value p", "T=int32");
  node(g, "limit", "Identity", "limit_side:1", "T=int32");
  integer(g, "zero0", 0);
  node(g, "start", "Switch", "zero0 p", "T=int32");
  number(g, "two", 2);
  integer(g, "one", 1);
  node(g, "x_in", "Enter", "x_side:1", "T=float; frame_name=loop");
  invariant(g, "loop", "int32", "limit");
  invariant(g, "loop", "int32", "one");
  carried(g, "loop", "int32", "i", "start:1", "i_add");
  node(g, "xm", "Merge", "x_in x_next", "T=float; N=2");
  node(g, "less", "Less", "i limit_in", "T=int32");
  node(g, "cond", "LoopCond", "less", "");
  node(g, "x_sw", "Switch", "xm cond", "T=float");
  node(g, "i_add", "AddV2", "i_sw:1 one_in", "T=int32");
  node(g, "x_neg", "Neg", "x_sw:1", "T=float");
  node(g, "x_next", "NextIteration", "x_neg", "T=float");
  node(g, "out", "Exit", "x_sw", "T=float");
  node(g, "other", "Mul", "x_side:0 two", "T=float");
  node(g, "y", "Merge", "out other", "T=float; N=2");
  go();
  ck_assert_double_eq(first(s, "p", scalar_b(true), "y"), -5);
  ck_assert_double_eq(first(s, "p", scalar_b(false), "y"), 10);
  ck_assert_double_eq(first(s, "p", scalar_b(true), "y"), -5);
}
END_TEST

/* (a, b) <- (b, a): what is carried moves at once, not one after the other. */
START_TEST(test_exec_loops_swap_what_they_carry) {
  setup();
  node(g, "limit", "Placeholder", "", "dtype=int32; shape=[]");
  number(g, "a0", 1);
  number(g, "b0", 2);
  integer(g, "zero", 0);
  integer(g, "one", 1);
  invariant(g, "f", "int32", "limit");
  invariant(g, "f", "int32", "one");
  carried(g, "f", "int32", "i", "zero", "add");
  carried(g, "f", "float", "a", "a0", "b_sw:1");
  carried(g, "f", "float", "b", "b0", "a_sw:1");
  node(g, "less", "Less", "i limit_in", "T=int32");
  node(g, "cond", "LoopCond", "less", "");
  node(g, "add", "AddV2", "i_sw:1 one_in", "T=int32");
  node(g, "a_out", "Exit", "a_sw", "T=float");
  node(g, "b_out", "Exit", "b_sw", "T=float");
  go();
  for (int n = 0; n < 5; n++) {
    ck_assert_double_eq(first(s, "limit", scalar_i(n), "a_out"), n % 2 ? 2 : 1);
    ck_assert_double_eq(first(s, "limit", scalar_i(n), "b_out"), n % 2 ? 1 : 2);
  }
}
END_TEST

/* for i < limit: for j < i: total += 1. */
START_TEST(test_exec_loops_nest) {
  setup();
  node(g, "limit", "Placeholder", "", "dtype=int32; shape=[]");
  integer(g, "zero", 0);
  integer(g, "one", 1);
  invariant(g, "outer", "int32", "limit");
  invariant(g, "outer", "int32", "one");
  carried(g, "outer", "int32", "i", "zero", "i_add");
  carried(g, "outer", "int32", "t", "zero", "u_out");
  node(g, "less", "Less", "i limit_in", "T=int32");
  node(g, "cond", "LoopCond", "less", "");
  node(g, "i_live", "Identity", "i_sw:1", "T=int32");
  node(g, "j_in", "Enter", "j_start", "T=int32; frame_name=inner");
  node(g, "j_start", "Sub", "i_live i_live", "T=int32");
  node(g, "u_in", "Enter", "t_sw:1", "T=int32; frame_name=inner");
  node(g, "i_const", "Enter", "i_live", "T=int32; frame_name=inner; is_constant=true");
  node(g, "one_in2", "Enter", "one_in", "T=int32; frame_name=inner; is_constant=true");
  node(g, "j", "Merge", "j_in j_next", "T=int32; N=2");
  node(g, "u", "Merge", "u_in u_next", "T=int32; N=2");
  node(g, "less2", "Less", "j i_const", "T=int32");
  node(g, "cond2", "LoopCond", "less2", "");
  node(g, "j_sw", "Switch", "j cond2", "T=int32");
  node(g, "u_sw", "Switch", "u cond2", "T=int32");
  node(g, "j_add", "AddV2", "j_sw:1 one_in2", "T=int32");
  node(g, "u_add", "AddV2", "u_sw:1 one_in2", "T=int32");
  node(g, "j_next", "NextIteration", "j_add", "T=int32");
  node(g, "u_next", "NextIteration", "u_add", "T=int32");
  node(g, "u_out", "Exit", "u_sw", "T=int32");
  node(g, "i_add", "AddV2", "i_live one_in", "T=int32");
  node(g, "total", "Exit", "t_sw", "T=int32");
  go();
  for (int n = 0; n < 7; n++)
    ck_assert_double_eq(first(s, "limit", scalar_i(n), "total"), n * (n - 1) / 2);
}
END_TEST

/* ---- functions ----------------------------------------------------------------------------- */

static tarn_graph *function(const char *name) {
  tarn_graph *f;
  OK(tarn__graph_add_function(g, name, &f));
  return f;
}
static void arg(tarn_graph *f, const char *name, tarn_dtype dtype) {
  tarn_node *n;
  OK(tarn__graph_add_arg(f, name, dtype, &n));
}
static void ret(tarn_graph *f, const char *name, const char *text) {
  OK(tarn__graph_add_ret(f, name, text));
}

/* fact(n) = n < 1 ? 1 : n * fact(n - 1), by If and a call of itself. */
static void add_factorial(void) {
  tarn_graph *f = function("fact"), *stop = function("stop"), *next = function("next");
  arg(f, "n", TARN_F32);
  number(f, "one", 1);
  node(f, "small", "Less", "n one:output:0", "T=float");
  node(f, "if", "If", "small:z:0 n",
       "Tcond=bool; Tin=[float]; Tout=[float]; then_branch=stop; else_branch=next");
  ret(f, "y", "if:output:0");
  arg(stop, "n", TARN_F32);
  number(stop, "one", 1);
  ret(stop, "y", "one:output:0");
  arg(next, "n", TARN_F32);
  number(next, "one", 1);
  node(next, "less", "Sub", "n one:output:0", "T=float");
  node(next, "call", "PartitionedCall", "less:z:0", "Tin=[float]; Tout=[float]; f=fact");
  node(next, "mul", "Mul", "n call:output:0", "T=float");
  ret(next, "y", "mul:z:0");
  node(g, "n", "Placeholder", "", "dtype=float; shape=[]");
  node(g, "y", "PartitionedCall", "n", "Tin=[float]; Tout=[float]; f=fact");
}

START_TEST(test_exec_functions_call_themselves) {
  setup();
  add_factorial();
  go();
  ck_assert_double_eq(first(s, "n", scalar_f(0), "y"), 1);
  ck_assert_double_eq(first(s, "n", scalar_f(5), "y"), 120);
  ck_assert_double_eq(first(s, "n", scalar_f(10), "y"), 3628800);
}
END_TEST

START_TEST(test_exec_recursion_is_limited) {
  setup();
  add_factorial();
  go();
  tarn_tensor *n = scalar_f(1e6f), *y = NULL;
  FAILS(run_one(s, "n", n, "y", &y), TARN_LIMIT, "deep");
  tarn_tensor_release(n);
  ck_assert_double_eq(first(s, "n", scalar_f(3), "y"), 6);
}
END_TEST

START_TEST(test_exec_while_and_case) {
  setup();
  tarn_graph *c = function("c"), *b = function("b");
  arg(c, "i", TARN_I32);
  arg(c, "x", TARN_F32);
  integer(c, "limit", 4);
  node(c, "less", "Less", "i limit:output:0", "T=int32");
  ret(c, "y", "less:z:0");
  arg(b, "i", TARN_I32);
  arg(b, "x", TARN_F32);
  integer(b, "one", 1);
  node(b, "i1", "AddV2", "i one:output:0", "T=int32");
  node(b, "x1", "Square", "x", "T=float");
  ret(b, "a", "i1:z:0");
  ret(b, "b", "x1:y:0");
  static const char *const ops[] = {"Neg", "Square", "Abs"};
  for (int k = 0; k < 3; k++) {
    tarn_graph *f = function(ops[k]);
    arg(f, "x", TARN_F32);
    node(f, "r", ops[k], "x", "T=float");
    ret(f, "y", "r:y:0");
  }
  node(g, "i", "Placeholder", "", "dtype=int32; shape=[]");
  number(g, "x", 2);
  node(g, "loop", "While", "i x", "T=[int32, float]; cond=c; body=b");
  number(g, "minus", -3);
  node(g, "case", "Case", "i minus", "Tin=[float]; Tout=[float]; branches=Neg,Square,Abs");
  go();
  ck_assert_double_eq(first(s, "i", scalar_i(4), "loop:1"), 2);
  ck_assert_double_eq(first(s, "i", scalar_i(1), "loop:1"), 256);
  ck_assert_double_eq(first(s, "i", scalar_i(1), "loop:0"), 4);
  ck_assert_double_eq(first(s, "i", scalar_i(0), "case"), 3);
  ck_assert_double_eq(first(s, "i", scalar_i(1), "case"), 9);
  ck_assert_double_eq(first(s, "i", scalar_i(2), "case"), 3);
  ck_assert_double_eq(first(s, "i", scalar_i(7), "case"), 3);    /* beyond: the last */
  ck_assert_double_eq(first(s, "i", scalar_i(-1), "case"), 3);
}
END_TEST

START_TEST(test_exec_errors_name_the_node) {
  setup();
  node(g, "x", "Placeholder", "", "dtype=float");
  node(g, "y", "Placeholder", "", "dtype=float");
  node(g, "tower/sum", "AddV2", "x y", "T=float");
  go();
  tarn_tensor *x = vector_f(2, (float[]){1, 2}), *y = vector_f(3, (float[]){1, 2, 3}), *out = NULL;
  const tarn_feed feeds[] = {{"x", x}, {"y", y}};
  FAILS(tarn_session_run(s, feeds, 2, (const char *[]){"tower/sum"}, 1, NULL, 0, &out), TARN_SHAPE,
        "tower/sum");
  tarn_tensor_release(x);
  tarn_tensor_release(y);
}
END_TEST

static void keep_line(void *context, const char *line) { strncat(context, line, 200); }

START_TEST(test_exec_prints_to_the_session) {
  setup();
  char lines[1024] = "";
  node(g, "x", "Placeholder", "", "dtype=float; shape=[2]");
  node(g, "y", "Print", "x x", "T=float; U=[float]; message='here '");
  go();
  tarn__session_set_print(s, keep_line, lines);
  ck_assert_double_eq(first(s, "x", vector_f(2, (float[]){7, 8}), "y"), 7);
  ck_assert_msg(strstr(lines, "here ") && strstr(lines, "7") && strstr(lines, "8"), "printed: %s",
                lines);
}
END_TEST

/* Loops, calls that plan their function while they run, and late shapes, from several threads at
 * once. */
static void *run_all(void *argument) {
  int *wrong = argument;
  for (int i = 0; i < 12; i++) {
    tarn_tensor *n = scalar_f((float)(i % 6)), *limit = scalar_i(i), *out[3] = {NULL};
    const tarn_feed feeds[] = {{"n", n}, {"limit", limit}};
    static const float factorial[] = {1, 1, 2, 6, 24, 120};
    if (tarn_session_run(s, feeds, 2, (const char *[]){"y", "x_out", "range"}, 3, NULL, 0, out) !=
        TARN_OK) {
      ++*wrong;
    } else {
      *wrong += *(const float *)tarn_tensor_data_const(out[0]) != factorial[i % 6];
      *wrong += *(const float *)tarn_tensor_data_const(out[1]) != (float)(1 << i);
      *wrong += tarn_tensor_elements(out[2]) != i;
    }
    for (int k = 0; k < 3; k++) tarn_tensor_release(out[k]);
    tarn_tensor_release(n);
    tarn_tensor_release(limit);
  }
  return NULL;
}

START_TEST(test_exec_control_flow_on_many_threads) {
  setup();
  add_factorial();
  node(g, "limit", "Placeholder", "", "dtype=int32; shape=[]");
  number(g, "x", 1);
  add_loop(g, "x");
  node(g, "range", "Range", "zero i_out one", "Tidx=int32");
  go();
  pthread_t thread[4];
  int wrong[4] = {0};
  for (int i = 0; i < 4; i++) pthread_create(&thread[i], NULL, run_all, &wrong[i]);
  for (int i = 0; i < 4; i++) pthread_join(thread[i], NULL);
  for (int i = 0; i < 4; i++) ck_assert_int_eq(wrong[i], 0);
}
END_TEST

SUITE_MAIN_TEARDOWN("exec", teardown, test_exec_takes_the_side_of_the_predicate,
                    test_exec_dead_sides_cannot_be_fetched, test_exec_control_edges_carry_deadness,
                    test_exec_merge_of_dead_inputs_is_dead,
                    test_exec_loops_run_as_often_as_they_should, test_exec_loops_are_entered_dead,
                    test_exec_loops_swap_what_they_carry, test_exec_loops_nest,
                    test_exec_functions_call_themselves, test_exec_recursion_is_limited,
                    test_exec_while_and_case, test_exec_errors_name_the_node,
                    test_exec_prints_to_the_session, test_exec_control_flow_on_many_threads)
