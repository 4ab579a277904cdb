/* Splits and slices that lie in their input's memory: where they may, and that nothing that is
 * written later is seen through them. */
#include "tests/unit/passes/passes.h"
#include "tests/unit/suite.h"

static int parts(const tarn_plan *plan) {
  int n = 0;
  for (int at = 0; at < plan->root->steps; at++)
    n += !plan->root->step[at].removed && plan->root->step[at].part;
  return n;
}
static void gives(int rank, const int64_t *dims, int wanted) {
  tarn_tensor *x = noise_tensor(rank, dims, 7, -2, 2);
  const tarn_feed feed = {"x", x};
  pass_test_same(&t, "share_parts", &feed, 1, "y", 0);
  ck_assert_int_eq(parts(pass_test_plan(t.with, &feed, 1, "y")), wanted);
  ck_assert_int_eq(parts(pass_test_plan(t.without, &feed, 1, "y")), 0);
  tarn_tensor_release(x);
}
static void begin(void) {
  setup();
  node(t.graph, "x", "Placeholder", "", "dtype=float");
  node(t.graph, "a", "Tanh", "x", "T=float");
}

/* Gates of batch 1 are runs of the product; those of batch 2 are not. */
START_TEST(test_parts_of_splits) {
  for (int batch = 1; batch < 3; batch++) {
    begin();
    integer(t.graph, "axis", 1);
    node(t.graph, "s", "Split", "axis a", "T=float; num_split=3");
    node(t.graph, "i", "Sigmoid", "s:1", "T=float");
    node(t.graph, "j", "Softplus", "s:2", "T=float");
    node(t.graph, "y", "AddN", "i j s:0", "T=float; N=3");
    gives(2, (int64_t[]){batch, 33}, batch == 1);
    teardown();
  }
  begin();
  integer(t.graph, "axis", 0);
  ints("sizes", 3, (int32_t[]){1, 2, 1});
  node(t.graph, "s", "SplitV", "a sizes axis", "T=float; Tlen=int32; num_split=3");
  node(t.graph, "u", "Unpack", "s:1", "T=float; num=2; axis=0");
  node(t.graph, "y", "AddN", "u u:1", "T=float; N=2");
  gives(3, (int64_t[]){4, 3, 5}, 2);
}
END_TEST

START_TEST(test_parts_of_slices) {
  static const struct {
    int32_t begin[3], size[3];
    int wanted;
  } cases[] = {{{1, 0, 0}, {2, 3, 5}, 1}, {{2, 1, 0}, {1, 2, 5}, 1}, {{2, 1, 3}, {1, 1, 2}, 1},
               {{1, 1, 0}, {2, 2, 5}, 0}, {{0, 0, 1}, {1, 3, 2}, 0}, {{3, 2, 4}, {1, 1, 1}, 1}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    begin();
    ints("b", 3, cases[i].begin);
    ints("n", 3, cases[i].size);
    node(t.graph, "s", "Slice", "a b n", "T=float; Index=int32");
    node(t.graph, "y", "Neg", "s", "T=float");
    gives(3, (int64_t[]){4, 3, 5}, cases[i].wanted);
    teardown();
  }
  for (int back = 0; back < 2; back++) { /* a[1:3], a[2:0:-1] */
    begin();
    ints("b", 1, (int32_t[]){back ? 2 : 1});
    ints("e", 1, (int32_t[]){back ? 0 : 3});
    ints("k", 1, (int32_t[]){back ? -1 : 1});
    node(t.graph, "s", "StridedSlice", "a b e k", "T=float; Index=int32");
    node(t.graph, "y", "Neg", "s", "T=float");
    gives(3, (int64_t[]){4, 3, 5}, !back);
    teardown();
  }
}
END_TEST

/* What overwrites its input in place must leave alone a tensor of which a part is still wanted, and
 * a part must not be taken over as if it began where the whole does. */
START_TEST(test_parts_and_overwriting) {
  begin();
  ints("b", 1, (int32_t[]){1});
  ints("n", 1, (int32_t[]){15});
  node(t.graph, "s", "Slice", "a b n", "T=float; Index=int32"); /* as many lines as the whole */
  node(t.graph, "c", "Neg", "a", "T=float");
  node(t.graph, "d", "Softplus", "c", "T=float");
  node(t.graph, "m", "Max", "d zero", "T=float; Tidx=int32");
  integer(t.graph, "zero", 0);
  node(t.graph, "e", "Neg", "s", "T=float");
  node(t.graph, "f", "Max", "e zero", "T=float; Tidx=int32");
  node(t.graph, "g", "AddV2", "e f", "T=float");
  node(t.graph, "y", "AddV2", "g m", "T=float");
  gives(1, (int64_t[]){16}, 1);
}
END_TEST

/* A fetched part outlives its run. */
START_TEST(test_parts_as_results) {
  begin();
  integer(t.graph, "axis", 0);
  node(t.graph, "s", "Split", "axis a", "T=float; num_split=2");
  node(t.graph, "y", "Identity", "s:1", "T=float");
  gives(2, (int64_t[]){4, 7}, 1);
}
END_TEST

/* A ref variable's memory is written in place. */
START_TEST(test_parts_not_of_variables) {
  setup();
  floats(t.graph, "low", 1, (int64_t[]){4}, (float[]){1, 2, 3, 4});
  floats(t.graph, "high", 1, (int64_t[]){4}, (float[]){5, 6, 7, 8});
  ints("b", 1, (int32_t[]){1});
  ints("n", 1, (int32_t[]){2});
  node(t.graph, "v", "VariableV2", "", "dtype=float; shape=[4]");
  node(t.graph, "init", "Assign", "v low", "T=float");
  node(t.graph, "read", "Identity", "v", "T=float");
  node(t.graph, "s", "Slice", "read b n", "T=float; Index=int32");
  node(t.graph, "set", "Assign", "v high ^s", "T=float");
  node(t.graph, "y", "Identity", "s ^set", "T=float");
  pass_test_sessions(&t, "share_parts", 1);
  OK(run_target(t.with, "init"));
  ck_assert_double_eq(first(t.with, NULL, NULL, "y"), 2);
}
END_TEST

SUITE_MAIN_TEARDOWN("parts", teardown, test_parts_of_splits, test_parts_of_slices,
                    test_parts_and_overwriting, test_parts_as_results, test_parts_not_of_variables)
