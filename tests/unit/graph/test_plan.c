/* What plans look like: what goes in, what is folded, what is dropped, and what a loop becomes. */
#include "tests/unit/graph/one_graph.h"

/* The plan as the graph is written: these are not about the optimiser. */
static const tarn_plan *plan_of(const tarn_feed *feeds, size_t n, const char *fetch) {
  static const char *const off[] = {"simplify", "merge_equal", "fuse_elementwise"};
  const tarn_plan *plan;
  if (!s) {
    s = session_on(g);
    tarn__session_disable_passes(s, off, sizeof off / sizeof *off);
  }
  OK(tarn__session_plan(
      s, &(tarn_run_request){.feeds = feeds, .n_feeds = n, .fetches = &fetch, .n_fetches = 1},
      false, &plan));
  return plan;
}
/* The step of a node that runs, or NULL. */
static const tarn_step *step(const tarn_block *block, const char *name) {
  for (int i = 0; i < block->steps; i++)
    if (!block->step[i].removed && !strcmp(block->step[i].name, name)) return &block->step[i];
  return NULL;
}
static int running(const tarn_block *block) {
  int n = 0;
  for (int i = 0; i < block->steps; i++) n += !block->step[i].removed;
  return n;
}
static void is_shape(const tarn_shape *shape, const char *text) {
  char got[TARN_SHAPE_TEXT];
  ck_assert_str_eq(tarn__shape_print(shape, got), text);
}

START_TEST(test_plan_holds_only_what_is_needed) {
  setup();
  node(g, "x", "Placeholder", "", "dtype=float");
  node(g, "a", "Neg", "x", "T=float");
  node(g, "b", "Square", "a", "T=float");
  node(g, "c", "Square", "b", "T=float");
  tarn_tensor *x = scalar_f(1);
  const tarn_plan *plan = plan_of(&(tarn_feed){"x", x}, 1, "b");
  ck_assert_int_eq(running(plan->root), 2);
  ck_assert_ptr_nonnull(step(plan->root, "a"));
  ck_assert_ptr_null(step(plan->root, "c"));
  /* a feed in between cuts the rest off */
  ck_assert_int_eq(running(plan_of(&(tarn_feed){"a", x}, 1, "b")->root), 1);
  tarn_tensor_release(x);
}
END_TEST

START_TEST(test_plan_folds_what_is_known) {
  setup();
  node(g, "x", "Placeholder", "", "dtype=float");
  number(g, "two", 2);
  node(g, "four", "Mul", "two two", "T=float");
  node(g, "y", "Mul", "x four", "T=float");
  tarn_tensor *x = scalar_f(3);
  const tarn_plan *plan = plan_of(&(tarn_feed){"x", x}, 1, "y");
  ck_assert_int_eq(running(plan->root), 1);
  const tarn_value *four = &plan->root->value[step(plan->root, "y")->in[1]];
  ck_assert_int_eq(four->storage, TARN_STORE_CONSTANT);
  ck_assert_double_eq(*(const float *)four->constant.data, 4);
  ck_assert_double_eq(first(s, "x", x, "y"), 12);
}
END_TEST

START_TEST(test_plan_does_not_fold_what_is_random) {
  setup();
  constant(g, "shape", "", TARN_I32, 1, (int64_t[]){1}, (int32_t[]){4});
  node(g, "r", "RandomUniform", "shape", "T=int32; dtype=float");
  node(g, "y", "Neg", "r", "T=float");
  s = session_on(g);
  const double one = first(s, NULL, NULL, "y");
  ck_assert_double_ne(one, first(s, NULL, NULL, "y"));
}
END_TEST

START_TEST(test_plan_knows_shapes_from_the_feeds) {
  setup();
  node(g, "x", "Placeholder", "", "dtype=float");
  node(g, "shape", "Shape", "x", "T=float; out_type=int32");
  node(g, "like", "Reshape", "y shape", "T=float; Tshape=int32");
  node(g, "y", "Neg", "x", "T=float");
  tarn_tensor *x = tensor(TARN_F32, 2, (int64_t[]){3, 5}, NULL);
  const tarn_plan *plan = plan_of(&(tarn_feed){"x", x}, 1, "like");
  ck_assert_ptr_null(step(plan->root, "shape"));       /* folded: the feed's shape is known */
  is_shape(&plan->root->value[plan->root->result[0]].shape, "[3,5]");
  ck_assert_ptr_nonnull(step(plan->root, "y")->binding);
  tarn_tensor_release(x);
}
END_TEST

START_TEST(test_plan_makes_a_loop_a_block) {
  setup();
  node(g, "limit", "Placeholder", "", "dtype=int32; shape=[]");
  node(g, "x", "Placeholder", "", "dtype=float");
  add_loop(g, "x");
  tarn_tensor *limit = scalar_i(3), *x = tensor(TARN_F32, 2, (int64_t[]){2, 3}, NULL);
  const tarn_feed feeds[] = {{"limit", limit}, {"x", x}};
  const tarn_plan *plan = plan_of(feeds, 2, "x_out");
  ck_assert_int_eq(plan->blocks, 2);
  const tarn_step *loop = step(plan->root, "loop");
  ck_assert_ptr_nonnull(loop);
  ck_assert_int_eq(loop->kind, TARN_STEP_LOOP);
  const tarn_block *body = loop->block[0];
  ck_assert_ptr_eq(body->parent, plan->root);
  ck_assert_int_eq(body->loop_vars, 2);
  const tarn_step *mul = step(body, "x_mul");
  ck_assert_ptr_nonnull(mul->binding);                 /* x keeps its shape: known in the body */
  is_shape(&mul->binding->problem.out_shape[0], "[2,3]");
  is_shape(&plan->root->value[plan->root->result[0]].shape, "[2,3]");
  tarn_tensor_release(limit);
  tarn_tensor_release(x);
}
END_TEST

/* Shapes that a loop changes are not known in it. */
START_TEST(test_plan_gives_up_shapes_that_grow) {
  setup();
  integer(g, "zero", 0);
  integer(g, "three", 3);
  integer(g, "one", 1);
  floats(g, "x", 1, (int64_t[]){2}, (float[]){1, 2});
  node(g, "limit", "Enter", "three", "T=int32; frame_name=f; is_constant=true");
  node(g, "step", "Enter", "one", "T=int32; frame_name=f; is_constant=true");
  node(g, "axis", "Enter", "zero", "T=int32; frame_name=f; is_constant=true");
  node(g, "x_in", "Enter", "x", "T=float; frame_name=f");
  carried(g, "f", "int32", "i", "zero", "i_add");
  node(g, "m", "Merge", "x_in x_next", "T=float; N=2");
  node(g, "less", "Less", "i limit", "T=int32");
  node(g, "cond", "LoopCond", "less", "");
  node(g, "x_sw", "Switch", "m cond", "T=float");
  node(g, "i_add", "AddV2", "i_sw:1 step", "T=int32");
  node(g, "twice", "ConcatV2", "x_sw:1 x_sw:1 axis", "N=2; T=float; Tidx=int32");
  node(g, "x_next", "NextIteration", "twice", "T=float");
  node(g, "y", "Exit", "x_sw", "T=float");
  const tarn_plan *plan = plan_of(NULL, 0, "y");
  ck_assert_int_lt(plan->root->value[plan->root->result[0]].shape.rank, 0);
  tarn_tensor *y;
  OK(run_one(s, NULL, NULL, "y", &y));
  ck_assert_int_eq(tarn_tensor_dim(y, 0), 16);
  for (int i = 0; i < 16; i++)
    ck_assert_double_eq(((const float *)tarn_tensor_data_const(y))[i], 1 + i % 2);
  tarn_tensor_release(y);
}
END_TEST

START_TEST(test_plan_expands_calls_in_place) {
  setup();
  tarn_graph *f;
  tarn_node *n;
  OK(tarn__graph_add_function(g, "f", &f));
  OK(tarn__graph_add_arg(f, "a", TARN_F32, &n));
  node(f, "neg", "Neg", "a", "T=float");
  OK(tarn__graph_add_ret(f, "r", "neg:y:0"));
  node(g, "x", "Placeholder", "", "dtype=float");
  node(g, "c1", "PartitionedCall", "x", "Tin=[float]; Tout=[float]; f=f");
  node(g, "c2", "PartitionedCall", "c1", "Tin=[float]; Tout=[float]; f=f");
  tarn_tensor *x = scalar_f(3);
  const tarn_plan *plan = plan_of(&(tarn_feed){"x", x}, 1, "c2");
  ck_assert_int_eq(plan->blocks, 1);
  ck_assert_ptr_nonnull(step(plan->root, "c1/neg"));
  ck_assert_ptr_nonnull(step(plan->root, "c2/neg"));
  ck_assert_double_eq(first(s, "x", x, "c2"), 3);
}
END_TEST

START_TEST(test_plan_steps_come_after_what_they_need) {
  setup();
  node(g, "limit", "Placeholder", "", "dtype=int32; shape=[]");
  number(g, "x", 1);
  node(g, "late", "Neg", "x_out", "T=float");
  add_loop(g, "x");
  tarn_tensor *limit = scalar_i(2);
  const tarn_plan *plan = plan_of(&(tarn_feed){"limit", limit}, 1, "late");
  for (int b = 0; b < plan->blocks; b++) {
    const tarn_block *block = plan->block[b];
    for (int at = 0; at < block->steps; at++) {
      const tarn_step *t = &block->step[at];
      for (int i = 0; i < t->inputs && !t->removed; i++)
        ck_assert_int_lt(block->value[t->in[i]].producer, at);
      for (int i = 0; i < t->controls && !t->removed; i++) ck_assert_int_lt(t->control[i], at);
    }
  }
  tarn_tensor_release(limit);
}
END_TEST

START_TEST(test_plan_refuses_fetches_inside_loops) {
  setup();
  node(g, "limit", "Placeholder", "", "dtype=int32; shape=[]");
  number(g, "x", 1);
  add_loop(g, "x");
  tarn_tensor *limit = scalar_i(2), *y = NULL;
  s = session_on(g);
  FAILS(run_one(s, "limit", limit, "x_mul", &y), TARN_INVALID, "inside loop 'loop'");
  tarn_tensor_release(limit);
}
END_TEST

/* y = x reshaped to what is popped, of two pushes: the shape of x, and `second`. */
static void pushed_and_popped(const int32_t *second) {
  setup();
  node(g, "x", "Placeholder", "", "dtype=float");
  node(g, "shape", "Shape", "x", "T=float");
  integer(g, "most", 4);
  constant(g, "second", "", TARN_I32, 1, (int64_t[]){2}, second);
  node(g, "stack", "StackV2", "most", "elem_type=int32");
  node(g, "push", "StackPushV2", "stack shape", "T=int32");
  node(g, "push2", "StackPushV2", "stack second ^push", "T=int32");
  node(g, "pop", "StackPopV2", "stack ^push2", "elem_type=int32");
  node(g, "neg", "Neg", "x", "T=float");
  node(g, "y", "Reshape", "neg pop", "T=float; Tshape=int32");
}

START_TEST(test_plan_knows_what_all_pushes_left) {
  static const int32_t second[][2] = {{2, 3}, {3, 2}};
  for (int w = 0; w < 2; w++) {
    if (w) teardown();
    pushed_and_popped(second[w]);
    tarn_tensor *x = tensor(TARN_F32, 2, (int64_t[]){2, 3}, (float[6]){0}), *y;
    const tarn_plan *plan = plan_of(&(tarn_feed){"x", x}, 1, "y");
    const tarn_step *last = step(plan->root, "y");
    if (w == 0)
      is_shape(&plan->root->value[last->out[0]].shape, "[2,3]");
    else
      ck_assert_int_lt(plan->root->value[last->out[0]].shape.rank, 0);
    OK(run_one(s, "x", x, "y", &y));
    ck_assert_int_eq(y->shape.dim[0], second[w][0]);
    tarn_tensor_release(x);
    tarn_tensor_release(y);
  }
}
END_TEST

/* Written through one node, gathered through another: the gradient of a source is one array. */
START_TEST(test_plan_knows_gradients_of_one_array) {
  setup();
  node(g, "x", "Placeholder", "", "dtype=float");
  integer(g, "size", 1);
  integer(g, "at", 0);
  constant(g, "all", "", TARN_I32, 1, (int64_t[]){1}, (int32_t[]){0});
  node(g, "array", "TensorArrayV3", "size", "dtype=float");
  for (int k = 0; k < 2; k++)
    node(g, k ? "second" : "first", "TensorArrayGradV3", "array array:1", "source=gradients");
  node(g, "other", "TensorArrayGradV3", "array array:1", "source=others");
  node(g, "write", "TensorArrayWriteV3", "first at x first:1", "T=float");
  node(g, "y", "TensorArrayGatherV3", "second all write", "dtype=float");
  node(g, "z", "TensorArrayGatherV3", "other all write", "dtype=float");
  tarn_tensor *x = tensor(TARN_F32, 2, (int64_t[]){2, 3}, (float[]){1, 2, 3, 4, 5, 6}), *y;
  const tarn_plan *plan = plan_of(&(tarn_feed){"x", x}, 1, "y");
  is_shape(&plan->root->value[step(plan->root, "y")->out[0]].shape, "[1,2,3]");
  OK(run_one(s, "x", x, "y", &y));
  ck_assert_mem_eq(tarn_tensor_data_const(x), tarn_tensor_data_const(y), tarn_tensor_bytes(x));
  plan = plan_of(&(tarn_feed){"x", x}, 1, "z");
  ck_assert_int_lt(plan->root->value[step(plan->root, "z")->out[0]].shape.rank, 0);
  tarn_tensor_release(x);
  tarn_tensor_release(y);
}
END_TEST

SUITE_MAIN_TEARDOWN("plan", teardown, test_plan_holds_only_what_is_needed,
                    test_plan_folds_what_is_known, test_plan_does_not_fold_what_is_random,
                    test_plan_knows_shapes_from_the_feeds, test_plan_makes_a_loop_a_block,
                    test_plan_gives_up_shapes_that_grow, test_plan_expands_calls_in_place,
                    test_plan_steps_come_after_what_they_need,
                    test_plan_refuses_fetches_inside_loops, test_plan_knows_what_all_pushes_left,
                    test_plan_knows_gradients_of_one_array)
