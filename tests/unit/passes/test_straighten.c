/* Passes that straighten loops and forward identities: the numbers of the graph run as it is
 * written, a plan of the expected form, and loops that must stay as they are. */
#include "tests/unit/passes/with_without.h"

static void go(void) {
  static const char *const off[] = {"all"};
  go_without(off);
}

/* How many straight loops the plan of a fetch has. */
static int straight_loops(tarn_session *s, const char *feed, tarn_tensor *x, const char *fetch) {
  const tarn_feed f = {feed, x};
  const tarn_run_request q = {
      .feeds = &f, .n_feeds = feed ? 1 : 0, .fetches = &fetch, .n_fetches = 1};
  const tarn_plan *plan;
  OK(tarn__session_plan(s, &q, false, &plan));
  int n = 0;
  for (int i = 0; i < plan->blocks; i++) n += plan->block[i]->straight;
  tarn_tensor_release(x);
  return n;
}

/* With the passes and without: `loops` straight ones, and the same number for each limit. */
static void same(const char *feed, const char *fetch, int loops, const double *wanted, int n) {
  ck_assert_int_eq(straight_loops(with, feed, scalar_i(3), fetch), loops);
  ck_assert_int_eq(straight_loops(without, feed, scalar_i(3), fetch), 0);
  for (int round = 0; round < 2; round++)
    for (int i = 0; i < n; i++) {
      ck_assert_double_eq(first(with, feed, scalar_i(i), fetch), wanted[i]);
      ck_assert_double_eq(first(without, feed, scalar_i(i), fetch), wanted[i]);
    }
}

static void limit(void) {
  node(g, "limit", "Placeholder", "", "dtype=int32; shape=[]");
}

START_TEST(test_straighten_a_frame) {
  setup();
  limit();
  number(g, "x", 3);
  add_loop(g, "x");
  go();
  same("limit", "x_out", 1, (double[]){3, 6, 12, 24, 48}, 5);
  same("limit", "i_out", 1, (double[]){0, 1, 2, 3, 4}, 5);
}
END_TEST

/* i counts; `next_a` and `next_b` are what a and b become; stop when i reaches the limit. */
static void frame_of_three(const char *next_a, const char *next_b) {
  limit();
  integer(g, "zero", 0);
  integer(g, "one", 1);
  number(g, "a0", 1);
  number(g, "b0", 2);
  invariant(g, "f", "int32", "limit");
  invariant(g, "f", "int32", "one");
  carried(g, "f", "int32", "i", "zero", "add");
  carried(g, "f", "float", "a", "a0", next_a);
  carried(g, "f", "float", "b", "b0", next_b);
  node(g, "less", "Less", "i limit_in", "T=int32");
  node(g, "cond", "LoopCond", "less", "");
  node(g, "add", "AddV2", "i_sw:1 one_in", "T=int32");
  node(g, "a_out", "Exit", "a_sw", "T=float");
  node(g, "b_out", "Exit", "b_sw", "T=float");
}

START_TEST(test_straighten_keeps_swaps) {
  setup();
  frame_of_three("b_sw:1", "a_sw:1");
  go();
  same("limit", "a_out", 1, (double[]){1, 2, 1, 2}, 4);
  same("limit", "b_out", 1, (double[]){2, 1, 2, 1}, 4);
}
END_TEST

/* One variable is another's old value, and the other is computed from both. */
START_TEST(test_straighten_fibonacci) {
  setup();
  frame_of_three("b_sw:1", "sum");
  node(g, "sum", "AddV2", "a_sw:1 b_sw:1", "T=float");
  go();
  same("limit", "a_out", 1, (double[]){1, 2, 3, 5, 8, 13}, 6);
  same("limit", "b_out", 1, (double[]){2, 3, 5, 8, 13, 21}, 6);
}
END_TEST

/* a does not change: it enters once. b is a * the rounds so far. */
START_TEST(test_straighten_invariants) {
  setup();
  frame_of_three("a_same", "sum");
  node(g, "a_same", "Identity", "a_sw:1", "T=float");
  node(g, "sum", "AddV2", "b_sw:1 a_same", "T=float");
  go();
  same("limit", "b_out", 1, (double[]){2, 3, 4, 5}, 4);
  const tarn_feed f = {"limit", scalar_i(1)};
  const char *fetch = "b_out";
  const tarn_plan *plan;
  OK(tarn__session_plan(
      with, &(tarn_run_request){.feeds = &f, .n_feeds = 1, .fetches = &fetch, .n_fetches = 1},
      false, &plan));
  for (int i = 0; i < plan->blocks; i++)
    if (plan->block[i]->straight) ck_assert_int_eq(plan->block[i]->loop_vars, 2);
  tarn_tensor_release(f.tensor);
}
END_TEST

/* A cond in the body: its own dead values stay. */
START_TEST(test_straighten_around_a_cond) {
  setup();
  frame_of_three("merged", "b_sw:1");
  node(g, "even", "FloorMod", "i_sw:1 two_in", "T=int32");
  integer(g, "two", 2);
  invariant(g, "f", "int32", "two");
  invariant(g, "f", "int32", "zero");
  node(g, "is_even", "Equal", "even zero_in", "T=int32");
  node(g, "side", "Switch", "a_sw:1 is_even", "T=float");
  node(g, "twice", "AddV2", "side:1 side:1", "T=float");
  node(g, "minus", "Neg", "side", "T=float");
  node(g, "merged", "Merge", "minus twice", "T=float; N=2");
  go();
  same("limit", "a_out", 1, (double[]){1, 2, -2, -4, 4}, 5);
}
END_TEST

/* A value of the condition is also the body's. */
START_TEST(test_straighten_shares_with_the_condition) {
  setup();
  frame_of_three("grown", "b_sw:1");
  node(g, "as_float", "Cast", "less_int", "SrcT=int32; DstT=float");
  node(g, "less_int", "Sub", "limit_in i", "T=int32");
  node(g, "grown", "AddV2", "a_sw:1 as_float", "T=float");
  go();
  same("limit", "a_out", 1, (double[]){1, 2, 4, 7}, 4);
}
END_TEST

/* The last round's value is used inside the loop: not the form that can be straightened. */
START_TEST(test_straighten_leaves_users_of_the_last_round) {
  setup();
  frame_of_three("b_sw:1", "a_sw:1");
  node(g, "last", "Neg", "a_sw", "T=float");
  node(g, "last_out", "Exit", "last", "T=float");
  go();
  same("limit", "last_out", 0, (double[]){-1, -2, -1}, 3);
}
END_TEST

/* ---- While --------------------------------------------------------------------------------- */

static tarn_graph *function(const char *name, const char *const *args, const tarn_dtype *dtypes,
                            int n) {
  tarn_graph *f;
  tarn_node *added;
  OK(tarn__graph_add_function(g, name, &f));
  for (int i = 0; i < n; i++) OK(tarn__graph_add_arg(f, args[i], dtypes[i], &added));
  return f;
}
static void ret(tarn_graph *f, const char *name, const char *text) {
  OK(tarn__graph_add_ret(f, name, text));
}

static const char *const args[] = {"i", "limit", "x", "y"};
static const tarn_dtype dtypes[] = {TARN_I32, TARN_I32, TARN_F32, TARN_F32};

static void condition(void) {
  tarn_graph *f = function("c", args, dtypes, 4);
  node(f, "less", "Less", "i limit", "T=int32");
  ret(f, "on", "less:z:0");
}
static void while_loop(const char *op) {
  limit();
  integer(g, "zero", 0);
  number(g, "x", 1);
  number(g, "y", 2);
  node(g, "loop", op, "zero limit x y", "T=[int32, int32, float, float]; cond=c; body=b");
}

/* x and y change places; the limit goes through. */
static void test_while(const char *op) {
  condition();
  tarn_graph *b = function("b", args, dtypes, 4);
  integer(b, "one", 1);
  node(b, "add", "AddV2", "i one:output:0", "T=int32");
  node(b, "sum", "AddV2", "x y", "T=float");
  ret(b, "i1", "add:z:0");
  ret(b, "l1", "limit");
  ret(b, "x1", "y");
  ret(b, "y1", "sum:z:0");
  while_loop(op);
  go();
  same("limit", "loop:2", 1, (double[]){1, 2, 3, 5, 8}, 5);
  same("limit", "loop:3", 1, (double[]){2, 3, 5, 8, 13}, 5);
  same("limit", "loop:1", 1, (double[]){0, 1, 2}, 3);
}
START_TEST(test_straighten_while) {
  setup();
  test_while("While");
}
END_TEST
START_TEST(test_straighten_stateless_while) {
  setup();
  test_while("StatelessWhile");
}
END_TEST

/* A While in the body of a While: both become straight. */
START_TEST(test_straighten_nested_whiles) {
  setup();
  condition();
  tarn_graph *inner = function("inner", args, dtypes, 4), *b = function("b", args, dtypes, 4);
  integer(inner, "one", 1);
  node(inner, "add", "AddV2", "i one:output:0", "T=int32");
  node(inner, "sum", "AddV2", "x y", "T=float");
  ret(inner, "i1", "add:z:0");
  ret(inner, "l1", "limit");
  ret(inner, "x1", "sum:z:0");
  ret(inner, "y1", "y");
  integer(b, "one", 1);
  integer(b, "zero", 0);
  node(b, "add", "AddV2", "i one:output:0", "T=int32");
  node(b, "again", "While", "zero:output:0 add:z:0 x y",
       "T=[int32, int32, float, float]; cond=c; body=inner");
  ret(b, "i1", "add:z:0");
  ret(b, "l1", "limit");
  ret(b, "x1", "again:output:2");
  ret(b, "y1", "y");
  while_loop("While");
  go();
  same("limit", "loop:2", 2, (double[]){1, 3, 7, 13, 21}, 5);
}
END_TEST

/* A list that a loop fills: each element is what its round wrote, and an earlier list is not
 * changed by later writes. */
START_TEST(test_straighten_lists_keep_their_values) {
  setup();
  static const char *const names[] = {"i", "limit", "list"};
  static const tarn_dtype types[] = {TARN_I32, TARN_I32, TARN_VARIANT};
  tarn_graph *c = function("c", names, types, 3), *b = function("b", names, types, 3);
  node(c, "less", "Less", "i limit", "T=int32");
  ret(c, "on", "less:z:0");
  integer(b, "one", 1);
  node(b, "add", "AddV2", "i one:output:0", "T=int32");
  node(b, "set", "TensorListSetItem", "list i add:z:0", "element_dtype=int32");
  ret(b, "i1", "add:z:0");
  ret(b, "l1", "limit");
  ret(b, "list1", "set:output_handle:0");
  limit();
  integer(g, "zero", 0);
  integer(g, "many", 6);
  integer(g, "none", 0);
  constant(g, "scalar", "", TARN_I32, 1, (int64_t[]){0}, NULL);
  node(g, "empty", "TensorListReserve", "scalar many", "element_dtype=int32; shape_type=int32");
  node(g, "start", "TensorListSetItem", "empty none many", "element_dtype=int32");
  node(g, "loop", "While", "zero limit start", "T=[int32, int32, variant]; cond=c; body=b");
  node(g, "filled", "TensorListStack", "loop:2 scalar", "element_dtype=int32; num_elements=-1");
  constant(g, "axis", "", TARN_I32, 1, (int64_t[]){1}, (int32_t[]){0});
  node(g, "sum", "Sum", "filled axis", "T=int32; Tidx=int32");
  node(g, "before", "TensorListGetItem", "start none scalar ^loop", "element_dtype=int32");
  go();
  same("limit", "sum", 1, (double[]){6, 1, 3, 6, 10, 15, 21}, 7);
  same("limit", "before", 1, (double[]){6, 6, 6, 6}, 4);
}
END_TEST

/* ---- identities ---------------------------------------------------------------------------- */

static int running(tarn_session *s, const char *fetch) {
  const tarn_plan *plan;
  OK(tarn__session_plan(s, &(tarn_run_request){.fetches = &fetch, .n_fetches = 1}, false, &plan));
  int n = 0;
  for (int i = 0; i < plan->root->steps; i++) n += !plan->root->step[i].removed;
  return n;
}

START_TEST(test_forward_identity_chains) {
  setup();
  node(g, "x", "RandomUniform", "shape", "T=int32; dtype=float; seed=1; seed2=2");
  constant(g, "shape", "", TARN_I32, 1, (int64_t[]){0}, NULL);
  node(g, "a", "Identity", "x", "T=float");
  node(g, "b", "StopGradient", "a", "T=float");
  node(g, "c", "Identity", "b", "T=float");
  node(g, "y", "Floor", "c", "T=float");
  go();
  ck_assert_int_eq(running(without, "y") - running(with, "y"), 3);
  ck_assert_double_eq(first(with, NULL, NULL, "y"), 0);
}
END_TEST

/* An Identity of a ref variable is a read at its place: what is assigned later is not seen by what
 * was read before. */
START_TEST(test_forward_identity_leaves_reads) {
  setup();
  node(g, "v", "VariableV2", "", "dtype=float; shape=[]");
  number(g, "one", 1);
  number(g, "nine", 9);
  node(g, "init", "Assign", "v one", "T=float");
  node(g, "read", "Identity", "v", "T=float");
  node(g, "copy", "AddV2", "read one", "T=float");
  node(g, "later", "Assign", "v nine ^copy", "T=float");
  node(g, "sum", "AddV2", "copy later", "T=float");
  go();
  OK(run_target(with, "init"));
  ck_assert_double_eq(first(with, NULL, NULL, "sum"), 11);
}
END_TEST

SUITE_MAIN_TEARDOWN("straighten", teardown, test_straighten_a_frame, test_straighten_keeps_swaps,
                    test_straighten_fibonacci, test_straighten_invariants,
                    test_straighten_around_a_cond, test_straighten_shares_with_the_condition,
                    test_straighten_leaves_users_of_the_last_round, test_straighten_while,
                    test_straighten_stateless_while, test_straighten_nested_whiles,
                    test_straighten_lists_keep_their_values, test_forward_identity_chains,
                    test_forward_identity_leaves_reads)
