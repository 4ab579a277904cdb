/* Trees of elementwise steps as one: the same bits as one by one, and what must not be taken in. */
#include "tests/unit/passes/passes.h"
#include "tests/unit/suite.h"

static void placeholder(const char *name) {
  node(t.graph, name, "Placeholder", "", "dtype=float");
}
static void op(const char *name, const char *kind, const char *inputs) {
  node(t.graph, name, kind, inputs, "T=float");
}

/* "y" of x of these dims is one kernel of so many, with the bits that it has without the pass. */
static void gives(int rank, const int64_t *dims, int fused, int kernels) {
  tarn_tensor *x = noise_tensor(rank, dims, 7, -2, 2);
  const tarn_feed feed = {"x", x};
  pass_test_same(&t, "fuse_elementwise", &feed, 1, "y", 0);
  const tarn_plan *plan = pass_test_plan(t.with, &feed, 1, "y");
  ck_assert_int_eq(running_ops(plan, "_Elementwise"), fused);
  ck_assert_int_eq(running_ops(plan, NULL), kernels);
  tarn_tensor_release(x);
}

START_TEST(test_elementwise_chain_in_every_shape) {
  static const struct {
    int64_t dims[3];
    int rank;
  } shapes[] = {{{0}, 0},    {{1}, 1},        {{17}, 1},      {{2048}, 1},      {{2049}, 1},
                {{0, 5}, 2}, {{70, 5000}, 2}, {{3, 4, 5}, 3}, {{300, 31, 7}, 3}};
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    setup();
    placeholder("x");
    number(t.graph, "c", 0.7f);
    op("a", "Mul", "x c");
    op("b", "Tanh", "a");
    op("d", "AddV2", "b x");
    op("y", "Sigmoid", "d");
    gives(shapes[i].rank, shapes[i].dims, 1, 1);
    teardown();
  }
}
END_TEST

START_TEST(test_elementwise_broadcasts) {
  setup();
  placeholder("x");
  static float row[50], column[130];
  for (int i = 0; i < 50; i++) row[i] = (float)i / 7;
  for (int i = 0; i < 130; i++) column[i] = 3 - (float)i / 9;
  floats(t.graph, "row", 1, (int64_t[]){50}, row);
  floats(t.graph, "column", 2, (int64_t[]){130, 1}, column);
  op("a", "Sub", "x row");
  op("b", "Mul", "column a");
  op("c", "Maximum", "b row");
  op("y", "RealDiv", "c column");
  gives(2, (int64_t[]){130, 50}, 1, 1);
}
END_TEST

/* x sigmoid(x), and gelu both ways; powers become products. */
START_TEST(test_elementwise_activations) {
  setup();
  placeholder("x");
  op("s", "Sigmoid", "x");
  op("swish", "Mul", "x s");
  number(t.graph, "half", 0.5f);
  number(t.graph, "one", 1);
  number(t.graph, "root", 0.70710678f);
  op("e1", "Mul", "swish root");
  op("e2", "Erf", "e1");
  op("e3", "AddV2", "e2 one");
  op("e4", "Mul", "half swish");
  op("y", "Mul", "e4 e3");
  gives(2, (int64_t[]){9, 333}, 1, 1);
  teardown();
  setup();
  placeholder("x");
  number(t.graph, "three", 3);
  number(t.graph, "c1", 0.044715f);
  number(t.graph, "c2", 0.7978846f);
  number(t.graph, "half", 0.5f);
  number(t.graph, "one", 1);
  op("p", "Pow", "x three");
  op("a", "Mul", "c1 p");
  op("b", "AddV2", "x a");
  op("c", "Mul", "c2 b");
  op("d", "Tanh", "c");
  op("e", "AddV2", "one d");
  op("f", "Mul", "half e");
  op("y", "Mul", "x f");
  tarn_tensor *x = noise_tensor(2, (int64_t[]){9, 333}, 7, -4, 4);
  const tarn_feed feed = {"x", x};
  pass_test_same(&t, "fuse_elementwise", &feed, 1, "y", 3e-7);
  ck_assert_int_eq(running_ops(pass_test_plan(t.with, &feed, 1, "y"), NULL), 1);
  tarn_tensor_release(x);
}
END_TEST

/* x relu6(x + 3) / 6 as Keras and as MobileNet v3 write it, and max(x, x / 5) beside LeakyRelu: a
 * loop each, behind whatever makes x. */
START_TEST(test_elementwise_hard_activations) {
  for (int form = 0; form < 5; form++) {
    setup();
    placeholder("x");
    number(t.graph, "three", 3);
    number(t.graph, "zero", 0);
    number(t.graph, "six", 6);
    number(t.graph, "sixth", 1.0f / 6);
    number(t.graph, "fifth", 0.2f);
    op("a", "AddV2", "x three");
    op("clipped", "Minimum", "a six");
    op("r", form ? "Maximum" : "Relu6", form ? "clipped zero" : "a");
    op("s", "Mul", "r sixth");
    op("hard", "Mul", "x s");
    op("xr", "Mul", "x r");
    op("small", "Mul", "x fifth");
    node(t.graph, "leaky", "LeakyRelu", "x", "T=float; alpha=0.2");
    op("y", form == 2 ? "RealDiv" : form == 3 ? "Maximum" : "AddV2",
       form == 2 ? "xr six" : form == 3 ? "small x" : form == 4 ? "leaky x" : "hard x");
    gives(2, (int64_t[]){9, 333}, 1, 1);
    teardown();
  }
  setup();
}
END_TEST

/* A result that somebody else uses stays; one that is broadcast afterwards is not computed
 * larger. */
START_TEST(test_elementwise_leaves_what_others_use) {
  setup();
  placeholder("x");
  op("a", "Neg", "x");
  op("b", "Exp", "a");
  op("c", "Tanh", "b");
  integer(t.graph, "axis", 0);
  node(t.graph, "sum", "Sum", "b axis", "T=float; keep_dims=true");
  op("y", "AddV2", "c sum");
  gives(2, (int64_t[]){6, 40}, 2, 3); /* neg and exp; sum; tanh and add */
  teardown();
  setup();
  placeholder("x");
  floats(t.graph, "wide", 2, (int64_t[]){2, 3}, (float[]){1, 2, 3, 4, 5, 6});
  op("a", "Neg", "x");
  op("b", "Exp", "a");
  op("c", "Mul", "b wide");
  op("y", "Tanh", "c");
  gives(1, (int64_t[]){3}, 2, 2);
}
END_TEST

START_TEST(test_elementwise_large_trees_are_cut) {
  setup();
  placeholder("x");
  char name[16], from[32];
  for (int i = 0; i < 100; i++) {
    snprintf(name, sizeof name, i < 99 ? "n%d" : "y", i);
    snprintf(from, sizeof from, i ? "n%d" : "x", i - 1);
    op(name, i % 2 ? "Neg" : "Tanh", from);
  }
  gives(1, (int64_t[]){100}, 4, 4);
  teardown();
  setup();
  for (int i = 0; i < 40; i++) {
    snprintf(name, sizeof name, "k%d", i);
    floats(t.graph, name, 1, (int64_t[]){2}, (float[]){(float)i, 1});
  }
  placeholder("x");
  for (int i = 0; i < 40; i++) {
    snprintf(name, sizeof name, i < 39 ? "n%d" : "y", i);
    snprintf(from, sizeof from, i ? "n%d k%d" : "x k%d", i ? i - 1 : 0, i);
    op(name, "Maximum", from);
  }
  gives(1, (int64_t[]){2}, 4, 4);
}
END_TEST

/* The value of a ref variable is read where the graph reads it. */
START_TEST(test_elementwise_reads_variables_in_their_place) {
  setup();
  number(t.graph, "five", 5);
  number(t.graph, "nine", 9);
  node(t.graph, "v", "VariableV2", "", "dtype=float; shape=[]");
  node(t.graph, "init", "Assign", "v five", "T=float");
  op("read", "Identity", "v");
  op("a", "Neg", "read");
  node(t.graph, "b", "Square", "a", "T=float");
  node(t.graph, "set", "Assign", "v nine ^b", "T=float");
  op("c", "Identity", "b");
  node(t.graph, "y", "Neg", "c ^set", "T=float");
  pass_test_sessions(&t, "fuse_elementwise", 1);
  OK(run_target(t.with, "init"));
  ck_assert_double_eq(first(t.with, NULL, NULL, "y"), -25);
}
END_TEST

/* The branch that is not taken stays dead. */
START_TEST(test_elementwise_in_branches) {
  setup();
  placeholder("x");
  node(t.graph, "p", "Placeholder", "", "dtype=bool; shape=[]");
  node(t.graph, "s", "Switch", "x p", "T=float");
  op("a", "Neg", "s:0");
  op("b", "Tanh", "a");
  op("c", "Exp", "s:1");
  op("d", "Square", "c");
  node(t.graph, "y", "Merge", "b d", "T=float; N=2");
  pass_test_sessions(&t, "fuse_elementwise", 1);
  for (int taken = 0; taken < 2; taken++) {
    tarn_tensor *x = scalar_f(0.5f), *p = scalar_b(taken != 0), *y;
    const tarn_feed feeds[] = {{"x", x}, {"p", p}};
    const char *fetch = "y";
    OK(tarn_session_run(t.with, feeds, 2, &fetch, 1, NULL, 0, &y));
    ck_assert_double_eq_tol((double)*(const float *)tarn_tensor_data_const(y),
                            taken ? exp(0.5) * exp(0.5) : tanh(-0.5), 1e-6);
    ck_assert_int_eq(running_ops(pass_test_plan(t.with, feeds, 2, "y"), "_Elementwise"), 2);
    tarn_tensor_release(x);
    tarn_tensor_release(p);
    tarn_tensor_release(y);
  }
}
END_TEST

/* Results do not depend on the number of threads. */
START_TEST(test_elementwise_threads) {
  setup();
  placeholder("x");
  op("a", "Softplus", "x");
  op("b", "Tanh", "a");
  op("y", "Mul", "x b");
  tarn_session *two;
  OK(tarn__graph_finish(t.graph));
  OK(tarn__session_create(t.graph, NULL, &(tarn_session_options){.threads = 1}, NULL, &t.with));
  OK(tarn__session_create(t.graph, NULL, &(tarn_session_options){.threads = 3}, NULL, &two));
  tarn_tensor *x = noise_tensor(2, (int64_t[]){999, 301}, 7, -4, 4), *a, *b;
  OK(run_one(t.with, "x", x, "y", &a));
  OK(run_one(two, "x", x, "y", &b));
  ck_assert_mem_eq(tarn_tensor_data_const(a), tarn_tensor_data_const(b), tarn_tensor_bytes(a));
  tarn_tensor_release(a);
  tarn_tensor_release(b);
  tarn_tensor_release(x);
  tarn_session_destroy(two);
}
END_TEST

SUITE_MAIN_TEARDOWN("fuse_elementwise", teardown, test_elementwise_chain_in_every_shape,
                    test_elementwise_broadcasts, test_elementwise_activations,
                    test_elementwise_hard_activations, test_elementwise_leaves_what_others_use,
                    test_elementwise_large_trees_are_cut,
                    test_elementwise_reads_variables_in_their_place, test_elementwise_in_branches,
                    test_elementwise_threads)
