/* The passes `simplify` and `merge_equal`: what goes, what must stay, and that no bit changes. */
#include "tests/unit/passes/passes.h"
#include "tests/unit/suite.h"

/* "y" of x of these dims: as many kernels with every pass as said, and the same bits without. */
static void gives(const char *pass, int rank, const int64_t *dims, int kernels) {
  tarn_tensor *x = noise_tensor(rank, dims, 7, -2, 2);
  const tarn_feed feed = {"x", x};
  pass_test_same(&t, pass, &feed, 1, "y", 0);
  ck_assert_int_eq(running_ops(pass_test_plan(t.with, &feed, 1, "y"), NULL), kernels);
  tarn_tensor_release(x);
}
static void placeholder(void) {
  node(t.graph, "x", "Placeholder", "", "dtype=float");
}

START_TEST(test_simplify_neutral_numbers) {
  static const struct {
    const char *op;
    float number;
    bool first; /* the number comes first */
    int kernels;
  } cases[] = {
      {"AddV2", -0.0f, false, 0},  {"AddV2", -0.0f, true, 0},  {"AddV2", 0.0f, false, 1},
      {"Sub", 0.0f, false, 0},     {"Sub", -0.0f, false, 1},   {"Sub", 0.0f, true, 1},
      {"Mul", 1.0f, false, 0},     {"Mul", 1.0f, true, 0},     {"Mul", 0.0f, false, 1},
      {"RealDiv", 1.0f, false, 0}, {"RealDiv", 1.0f, true, 1}, {"Maximum", 0.0f, false, 1}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    setup();
    placeholder();
    number(t.graph, "c", cases[i].number);
    node(t.graph, "y", cases[i].op, cases[i].first ? "c x" : "x c", "T=float");
    gives("simplify", 2, (int64_t[]){3, 5}, cases[i].kernels);
    teardown();
  }
}
END_TEST

/* x * 1 with a one of a larger shape repeats x. */
START_TEST(test_simplify_keeps_broadcasts) {
  setup();
  placeholder();
  floats(t.graph, "ones", 2, (int64_t[]){2, 3}, (float[]){1, 1, 1, 1, 1, 1});
  node(t.graph, "y", "Mul", "x ones", "T=float");
  gives("simplify", 1, (int64_t[]){3}, 1);
}
END_TEST

START_TEST(test_simplify_transposes) {
  static const struct {
    int32_t a[3], b[3];
    int64_t dims[3];
    int kernels;
  } cases[] = {{{1, 2, 0}, {2, 0, 1}, {2, 3, 4}, 0}, /* there and back */
               {{1, 2, 0}, {1, 2, 0}, {2, 3, 4}, 1}, /* two turns are one */
               {{0, 1, 2}, {0, 1, 2}, {2, 3, 4}, 0},
               {{1, 0, 2}, {0, 1, 2}, {1, 3, 4}, 0}, /* only a dim of 1 moves: a reshape */
               {{0, 2, 1}, {0, 1, 2}, {2, 3, 4}, 1}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    setup();
    placeholder();
    ints("p", 3, cases[i].a);
    ints("q", 3, cases[i].b);
    node(t.graph, "a", "Transpose", "x p", "T=float");
    node(t.graph, "y", "Transpose", "a q", "T=float");
    gives("simplify", 3, cases[i].dims, cases[i].kernels);
    teardown();
  }
}
END_TEST

START_TEST(test_simplify_views) {
  setup();
  placeholder();
  ints("flat", 1, (int32_t[]){-1});
  ints("back", 2, (int32_t[]){2, 6});
  node(t.graph, "a", "Reshape", "x flat", "T=float");
  integer(t.graph, "axis", 1);
  node(t.graph, "b", "ExpandDims", "a axis", "T=float");
  node(t.graph, "c", "Squeeze", "b", "T=float; squeeze_dims=[1]");
  node(t.graph, "d", "Reshape", "c back", "T=float");
  node(t.graph, "y", "Neg", "d", "T=float");
  tarn_tensor *x = noise_tensor(2, (int64_t[]){2, 6}, 7, -2, 2);
  const tarn_feed feed = {"x", x};
  pass_test_same(&t, "simplify", &feed, 1, "y", 0);
  const tarn_plan *plan = pass_test_plan(t.with, &feed, 1, "y");
  ck_assert_int_eq(running_ops(plan, "Reshape"), 0);
  ck_assert_int_eq(running_ops(plan, "Squeeze"), 0);
  ck_assert_int_eq(running_ops(plan, "Neg"), 1);
  tarn_tensor_release(x);
}
END_TEST

/* Slices and splits of what was just put together; across two parts they stay. */
START_TEST(test_simplify_parts_of_a_concat) {
  static const struct {
    int32_t begin[2], size[2];
    int kernels;
  } cases[] = {{{0, 0}, {2, 3}, 1},  /* a itself */
               {{0, 3}, {2, 3}, 1},  /* b itself */
               {{1, 4}, {1, 2}, 2},  /* within b */
               {{0, 2}, {2, 2}, 4}}; /* of both */
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    setup();
    placeholder();
    node(t.graph, "a", "Tanh", "x", "T=float");
    node(t.graph, "b", "Sigmoid", "x", "T=float");
    integer(t.graph, "axis", -1);
    node(t.graph, "ab", "ConcatV2", "a b axis", "N=2; T=float; Tidx=int32");
    ints("begin", 2, cases[i].begin);
    ints("size", 2, cases[i].size);
    node(t.graph, "y", "Slice", "ab begin size", "T=float; Index=int32");
    gives("simplify", 2, (int64_t[]){2, 3}, cases[i].kernels);
    teardown();
  }
  setup();
  placeholder();
  node(t.graph, "a", "Tanh", "x", "T=float");
  node(t.graph, "b", "Sigmoid", "x", "T=float");
  integer(t.graph, "axis", 1);
  node(t.graph, "ab", "ConcatV2", "a b axis", "N=2; T=float; Tidx=int32");
  node(t.graph, "s", "Split", "axis ab", "num_split=2; T=float");
  node(t.graph, "y", "Softplus", "s:1", "T=float");
  tarn_tensor *x = noise_tensor(2, (int64_t[]){2, 3}, 7, -2, 2);
  const tarn_feed feed = {"x", x};
  pass_test_same(&t, "simplify", &feed, 1, "y", 0);
  const tarn_plan *plan = pass_test_plan(t.with, &feed, 1, "y");
  ck_assert_int_eq(
      running_ops(plan, "Split") + running_ops(plan, "ConcatV2") + running_ops(plan, "Tanh"), 0);
  tarn_tensor_release(x);
}
END_TEST

START_TEST(test_simplify_casts) {
  static const struct {
    const char *by, *to;
    int kernels;
  } cases[] = {{"double", "float", 0}, {"float", "float", 0}, {"double", "half", 1},
               {"half", "float", 2},   {"int32", "float", 2}, {"double", "int32", 2}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char a[64], b[64];
    setup();
    placeholder();
    snprintf(a, sizeof a, "SrcT=float; DstT=%s", cases[i].by);
    snprintf(b, sizeof b, "SrcT=%s; DstT=%s", cases[i].by, cases[i].to);
    node(t.graph, "a", "Cast", "x", a);
    node(t.graph, "y", "Cast", "a", b);
    gives("simplify", 2, (int64_t[]){3, 5}, cases[i].kernels);
    teardown();
  }
}
END_TEST

/* What keeps its shape by counts of one and widths of zero keeps all. */
START_TEST(test_simplify_what_changes_nothing) {
  setup();
  placeholder();
  ints("ones", 2, (int32_t[]){1, 1});
  ints("whole", 2, (int32_t[]){3, 5});
  ints("start", 2, (int32_t[]){0, 0});
  constant(t.graph, "none", "", TARN_I32, 2, (int64_t[]){2, 2}, (int32_t[]){0, 0, 0, 0});
  node(t.graph, "a", "Tile", "x ones", "T=float");
  node(t.graph, "b", "Pad", "a none", "T=float");
  node(t.graph, "c", "BroadcastTo", "b whole", "T=float");
  node(t.graph, "d", "Slice", "c start whole", "T=float; Index=int32");
  node(t.graph, "e", "StridedSlice", "d start whole ones", "T=float; Index=int32");
  node(t.graph, "f", "AddN", "e", "N=1; T=float");
  node(t.graph, "g", "Neg", "f", "T=float");
  node(t.graph, "y", "Neg", "g", "T=float");
  gives("simplify", 2, (int64_t[]){3, 5}, 0);
}
END_TEST

/* Turned round, a slice keeps its shape and nothing else. */
START_TEST(test_simplify_keeps_reversing_slices) {
  setup();
  placeholder();
  ints("begin", 1, (int32_t[]){0});
  ints("end", 1, (int32_t[]){0});
  ints("back", 1, (int32_t[]){-1});
  node(t.graph, "y", "StridedSlice", "x begin end back",
       "T=float; Index=int32; begin_mask=1; end_mask=1");
  gives("simplify", 1, (int64_t[]){4}, 1);
}
END_TEST

/* A ref variable is written in place: what copied its value before that write still does. */
START_TEST(test_simplify_keeps_copies_of_variables) {
  setup();
  number(t.graph, "five", 5);
  number(t.graph, "one", 1);
  number(t.graph, "nine", 9);
  node(t.graph, "v", "VariableV2", "", "dtype=float; shape=[]");
  node(t.graph, "init", "Assign", "v five", "T=float");
  node(t.graph, "read", "Identity", "v", "T=float");
  node(t.graph, "copy", "Mul", "read one", "T=float");
  node(t.graph, "set", "Assign", "v nine ^copy", "T=float");
  node(t.graph, "y", "Identity", "copy ^set", "T=float");
  pass_test_sessions(&t, "simplify", 1);
  OK(run_target(t.with, "init"));
  ck_assert_double_eq(first(t.with, NULL, NULL, "y"), 5);
}
END_TEST

START_TEST(test_merge_equal_steps) {
  setup();
  placeholder();
  number(t.graph, "c1", 3);
  number(t.graph, "c2", 3);
  number(t.graph, "c3", 4);
  node(t.graph, "a", "Maximum", "x c1", "T=float");
  node(t.graph, "b", "Maximum", "x c2", "T=float");
  node(t.graph, "c", "Maximum", "x c3", "T=float");
  node(t.graph, "d", "LeakyRelu", "x", "T=float; alpha=0.5");
  node(t.graph, "e", "LeakyRelu", "x", "T=float; alpha=0.25");
  node(t.graph, "f", "LeakyRelu", "x", "T=float; alpha=0.5");
  node(t.graph, "y", "AddN", "a b c d e f", "N=6; T=float");
  gives("merge_equal", 2, (int64_t[]){3, 5}, 5);
}
END_TEST

/* Random numbers, and reads of a variable around a write, are not the same. */
START_TEST(test_merge_equal_leaves_state) {
  setup();
  ints("shape", 1, (int32_t[]){4});
  node(t.graph, "a", "RandomUniform", "shape", "T=int32; dtype=float; seed=1; seed2=2");
  node(t.graph, "b", "RandomUniform", "shape", "T=int32; dtype=float; seed=1; seed2=2");
  node(t.graph, "y", "AddN", "a b", "N=2; T=float");
  pass_test_sessions(&t, "merge_equal", 1);
  ck_assert_int_eq(running_ops(pass_test_plan(t.with, NULL, 0, "y"), "RandomUniform"), 2);
}
END_TEST

/* An error of a step that is merged or looks useless is still raised. */
START_TEST(test_simplify_keeps_errors) {
  setup();
  node(t.graph, "i", "Placeholder", "", "dtype=int32");
  integer(t.graph, "zero", 0);
  integer(t.graph, "one", 1);
  node(t.graph, "a", "FloorDiv", "i one", "T=int32");
  node(t.graph, "b", "FloorDiv", "a zero", "T=int32");
  node(t.graph, "c", "FloorDiv", "i zero", "T=int32");
  node(t.graph, "y", "AddV2", "b c", "T=int32");
  pass_test_sessions(&t, "simplify", 1);
  tarn_tensor *i = scalar_i(7), *y;
  FAILS(run_one(t.with, "i", i, "y", &y), TARN_INVALID, "division by zero");
  tarn_tensor_release(i);
}
END_TEST

/* A target runs although nobody uses its result. */
START_TEST(test_targets_run) {
  setup();
  integer(t.graph, "zero", 0);
  node(t.graph, "v", "VariableV2", "", "dtype=int32; shape=[]");
  node(t.graph, "init", "Assign", "v zero", "T=int32");
  integer(t.graph, "one", 1);
  node(t.graph, "bad", "FloorDiv", "one v", "T=int32");
  node(t.graph, "later", "AssignAdd", "v one", "T=int32");
  node(t.graph, "all", "NoOp", "^later", "");
  pass_test_sessions(&t, "simplify", 1);
  OK(run_target(t.with, "init"));
  FAILS(run_target(t.with, "bad"), TARN_INVALID, "division by zero");
}
END_TEST

SUITE_MAIN_TEARDOWN("simplify", teardown, test_simplify_neutral_numbers,
                    test_simplify_keeps_broadcasts, test_simplify_transposes, test_simplify_views,
                    test_simplify_parts_of_a_concat, test_simplify_casts,
                    test_simplify_what_changes_nothing, test_simplify_keeps_reversing_slices,
                    test_simplify_keeps_copies_of_variables, test_merge_equal_steps,
                    test_merge_equal_leaves_state, test_simplify_keeps_errors, test_targets_run)
