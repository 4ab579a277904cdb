/* Concats and packs whose inputs are made in the output's memory: where they may, that no value is
 * overwritten while it is wanted, and that joining never needs more memory. */
#include "tests/unit/passes/passes.h"
#include "tests/unit/suite.h"

/* Inputs that lie in the output of their concat. */
static int joined(const tarn_plan *plan) {
  int n = 0;
  for (int b = 0; b < plan->blocks; b++)
    for (int at = 0; at < plan->block[b]->steps; at++) {
      const tarn_step *step = &plan->block[b]->step[at];
      for (int k = 0; !step->removed && k < step->outputs; k++)
        n += plan->block[b]->value[step->out[k]].within >= 0;
    }
  return n;
}
static void gives(int rank, const int64_t *dims, int wanted) {
  tarn_tensor *x = noise_tensor(rank, dims, 7, -2, 2);
  const tarn_feed feed = {"x", x};
  pass_test_same(&t, "join_in_place", &feed, 1, "y", 0);
  const tarn_plan *with = pass_test_plan(t.with, &feed, 1, "y"),
                  *without = pass_test_plan(t.without, &feed, 1, "y");
  ck_assert_int_eq(joined(with), wanted);
  ck_assert_int_eq(joined(without), 0);
  ck_assert_uint_le(with->lower_bound_bytes, without->lower_bound_bytes);
  tarn_tensor_release(x);
}
static void begin(void) {
  setup();
  node(t.graph, "x", "Placeholder", "", "dtype=float");
  node(t.graph, "a", "Softmax", "x", "T=float");
  node(t.graph, "b", "LogSoftmax", "x", "T=float");
  integer(t.graph, "zero", 0);
  integer(t.graph, "one", 1);
}

/* Rows follow one another; columns do only where there is one row. */
START_TEST(test_joins_of_concats) {
  for (int axis = 0; axis < 2; axis++)
    for (int batch = 1; batch < 4; batch++) {
      begin();
      node(t.graph, "c", "ConcatV2", axis ? "a b one" : "a b zero", "T=float; N=2");
      node(t.graph, "y", "Softmax", "c", "T=float");
      gives(2, (int64_t[]){batch, 21}, batch == 1 || !axis ? 2 : 0);
      teardown();
    }
  begin();
  node(t.graph, "c", "Concat", "zero a b", "T=float; N=2");
  node(t.graph, "y", "Softmax", "c", "T=float");
  gives(2, (int64_t[]){3, 5}, 2);
}
END_TEST

START_TEST(test_joins_of_packs) {
  for (int axis = 0; axis < 3; axis++) {
    begin();
    char attrs[40];
    snprintf(attrs, sizeof attrs, "T=float; N=2; axis=%d", axis);
    node(t.graph, "c", "Pack", "a b", attrs);
    node(t.graph, "y", "Softmax", "c", "T=float");
    gives(2, (int64_t[]){1, 18}, axis < 2 ? 2 : 0);
    teardown();
  }
}
END_TEST

/* Through views, and one concat within another. */
START_TEST(test_joins_within_joins) {
  begin();
  ints("flat", 1, (int32_t[]){-1});
  node(t.graph, "ra", "Reshape", "a flat", "T=float");
  node(t.graph, "rb", "Reshape", "b flat", "T=float");
  node(t.graph, "ab", "ConcatV2", "ra rb zero ^d", "T=float; N=2");
  node(t.graph, "d", "Softmax", "ra", "T=float"); /* a is wanted beside */
  node(t.graph, "abd", "ConcatV2", "d ab zero", "T=float; N=2");
  node(t.graph, "y", "Softmax", "abd", "T=float");
  gives(2, (int64_t[]){3, 7}, 4);
}
END_TEST

/* The same value twice, feeds and constants are copied to where they belong. */
START_TEST(test_joins_with_copies) {
  begin();
  floats(t.graph, "k", 2, (int64_t[]){1, 5}, (float[]){1, 2, 3, 4, 5});
  node(t.graph, "c", "ConcatV2", "k a b a x zero", "T=float; N=5");
  node(t.graph, "y", "Softmax", "c", "T=float");
  gives(2, (int64_t[]){2, 5}, 0); /* 4 of 9 rows: not worth it */
  teardown();
  begin();
  floats(t.graph, "k", 2, (int64_t[]){1, 5}, (float[]){1, 2, 3, 4, 5});
  node(t.graph, "d", "Softsign", "b", "T=float");
  node(t.graph, "c", "ConcatV2", "k a b a d zero", "T=float; N=5");
  node(t.graph, "y", "Softmax", "c", "T=float");
  gives(2, (int64_t[]){2, 5}, 3);
}
END_TEST

/* What overwrites its input leaves alone what lies in a larger value; a value that is wanted after
 * the concat has a place of its own. */
START_TEST(test_joins_and_overwriting) {
  begin();
  node(t.graph, "n", "Softsign", "a", "T=float");
  node(t.graph, "c", "ConcatV2", "n b zero", "T=float; N=2");
  node(t.graph, "m", "Max", "c zero", "T=float; Tidx=int32");
  node(t.graph, "p", "Softplus", "c", "T=float");
  node(t.graph, "q", "Max", "p zero", "T=float; Tidx=int32");
  node(t.graph, "r", "Softplus", "n", "T=float"); /* n's last use, when c is gone */
  node(t.graph, "s", "AddV2", "r m", "T=float");
  node(t.graph, "u", "Softmax", "s", "T=float");
  node(t.graph, "y", "AddV2", "u q", "T=float");
  gives(2, (int64_t[]){4, 16}, 1);
}
END_TEST

/* A result belongs to the caller, and so do its parts. */
START_TEST(test_joins_not_of_results) {
  begin();
  node(t.graph, "c", "ConcatV2", "a b zero", "T=float; N=2");
  node(t.graph, "y", "Identity", "c", "T=float");
  gives(2, (int64_t[]){4, 7}, 0);
}
END_TEST

/* A long-lived part would hold the place of the whole: the least memory would be more. */
START_TEST(test_joins_only_where_memory_allows) {
  begin();
  ints("many", 2, (int32_t[]){50, 1});
  node(t.graph, "large", "Tile", "b many", "T=float; Tmultiples=int32");
  node(t.graph, "l", "Softmax", "large", "T=float");
  node(t.graph, "lm", "Max", "l zero", "T=float; Tidx=int32; keep_dims=true");
  node(t.graph, "more", "AddV2", "lm a", "T=float");
  ints("some", 2, (int32_t[]){20, 1});
  node(t.graph, "again", "Tile", "more some", "T=float; Tmultiples=int32");
  node(t.graph, "ten", "Tile", "a some", "T=float; Tmultiples=int32");
  node(t.graph, "e", "ConcatV2", "ten again zero", "T=float; N=2");
  node(t.graph, "f", "Max", "e zero", "T=float; Tidx=int32");
  node(t.graph, "z", "AddV2", "f lm", "T=float");
  node(t.graph, "y", "Softmax", "z", "T=float");
  tarn_tensor *x = noise_tensor(2, (int64_t[]){4, 64}, 7, -2, 2);
  const tarn_feed feed = {"x", x};
  pass_test_same(&t, "join_in_place", &feed, 1, "y", 0);
  ck_assert_uint_le(pass_test_plan(t.with, &feed, 1, "y")->lower_bound_bytes,
                    pass_test_plan(t.without, &feed, 1, "y")->lower_bound_bytes);
  tarn_tensor_release(x);
}
END_TEST

/* More joins than are tried one by one. */
START_TEST(test_joins_many) {
  begin();
  char name[16], before[16] = "a", inputs[48];
  for (int i = 0; i < 80; i++) {
    snprintf(name, sizeof name, "s%d", i);
    node(t.graph, name, "Softmax", before, "T=float");
    snprintf(inputs, sizeof inputs, "%s b zero", name);
    snprintf(before, sizeof before, "c%d", i);
    node(t.graph, before, "ConcatV2", inputs, "T=float; N=2");
    snprintf(name, sizeof name, "m%d", i);
    snprintf(inputs, sizeof inputs, "%s zero", before);
    node(t.graph, name, "Max", inputs, "T=float; Tidx=int32; keep_dims=true");
    snprintf(before, sizeof before, "n%d", i);
    snprintf(inputs, sizeof inputs, "%s a", name);
    node(t.graph, before, "AddV2", inputs, "T=float");
  }
  node(t.graph, "y", "Softmax", before, "T=float");
  tarn_tensor *x = noise_tensor(2, (int64_t[]){3, 33}, 7, -2, 2);
  const tarn_feed feed = {"x", x};
  pass_test_same(&t, "join_in_place", &feed, 1, "y", 0);
  ck_assert_int_ge(joined(pass_test_plan(t.with, &feed, 1, "y")), 75);
  tarn_tensor_release(x);
}
END_TEST

SUITE_MAIN_TEARDOWN("joins", teardown, test_joins_of_concats, test_joins_of_packs,
                    test_joins_within_joins, test_joins_with_copies, test_joins_and_overwriting,
                    test_joins_not_of_results, test_joins_only_where_memory_allows,
                    test_joins_many)
