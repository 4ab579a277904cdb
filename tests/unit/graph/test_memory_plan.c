/* The arena of a plan, checked against lifetimes that are worked out here anew: no two values that
 * are needed at the same time share bytes, and the peak stays near what must live at once. */
#include "tests/unit/graph/one_graph.h"

enum { ROWS = 16, COLS = 64, BYTES = ROWS * COLS * 4 };

/* With steps as they are written, so that there is something to lay out. */
static const tarn_plan *plan_of(const char *fetch) {
  static const char *const off[] = {"simplify", "merge_equal", "fuse_elementwise"};
  tarn_tensor *x = tensor(TARN_F32, 2, (int64_t[]){ROWS, COLS}, NULL);
  const tarn_plan *plan;
  const tarn_feed feed = {"x", x};
  if (!s) {
    s = session_on(g);
    tarn__session_disable_passes(s, off, sizeof off / sizeof *off);
  }
  OK(tarn__session_plan(
      s, &(tarn_run_request){.feeds = &feed, .n_feeds = 1, .fetches = &fetch, .n_fetches = 1},
      false, &plan));
  tarn_tensor_release(x);
  return plan;
}
static void input(void) { node(g, "x", "Placeholder", "", "dtype=float; shape=[?,?]"); }

/* The value whose bytes value v of the arena shows, through views and ops that hand their input on.
 */
static int behind(const tarn_block *block, int v) {
  for (;;) {
    const int p = block->value[v].producer;
    if (p < 0 || block->value[v].storage == TARN_STORE_ARENA) return v;
    const tarn_step *t = &block->step[p];
    if ((t->kind != TARN_STEP_VIEW && t->kind != TARN_STEP_PASS) || !t->inputs) return v;
    v = t->in[t->kind == TARN_STEP_PASS && block->value[v].output < t->inputs
                  ? block->value[v].output
                  : 0];
  }
}

/* Every value of the arena lies in it; values whose lives meet are apart, unless the later one is
 * written by the very step that reads the earlier one for the last time, in place. Returns how many
 * values the arena holds. */
static int check_arena(const tarn_plan *plan) {
  const tarn_block *block = plan->root;
  int *last = calloc((size_t)block->values + 1, sizeof *last), count = 0;
  for (int v = 0; v < block->values; v++) last[v] = block->value[v].producer;
  for (int at = 0; at < block->steps; at++)
    for (int i = 0; i < block->step[at].inputs && !block->step[at].removed; i++) {
      const int v = behind(block, block->step[at].in[i]);
      if (last[v] < at) last[v] = at;
    }
  for (int i = 0; i < block->results; i++)
    /* results outlive the run */
    ck_assert_int_ne(block->value[behind(block, block->result[i])].storage, TARN_STORE_ARENA);
  for (int a = 0; a < block->values; a++) {
    const tarn_value *x = &block->value[a];
    if (x->storage != TARN_STORE_ARENA || block->step[x->producer].removed) continue;
    const size_t x_bytes = (size_t)tarn__shape_elements(&x->shape) * tarn_dtype_bytes(x->dtype);
    ck_assert_uint_eq(x->offset % TARN_ALIGN, 0);
    ck_assert_uint_le(x->offset + x_bytes, plan->arena_bytes);
    count++;
    for (int b = 0; b < block->values; b++) {
      const tarn_value *y = &block->value[b];
      if (a == b || y->storage != TARN_STORE_ARENA || block->step[y->producer].removed) continue;
      /* x is there when y is made */
      if (y->producer < x->producer || y->producer > last[a]) continue;
      const size_t y_bytes = (size_t)tarn__shape_elements(&y->shape) * tarn_dtype_bytes(y->dtype);
      if (x->offset >= y->offset + y_bytes || y->offset >= x->offset + x_bytes) continue;
      const tarn_step *writer = &block->step[y->producer];
      const bool in_place = y->producer == last[a] && writer->op->inplace && y->output == 0 &&
                            x->offset == y->offset &&
                            behind(block, writer->in[writer->op->inplace - 1]) == a;
      ck_assert_msg(in_place, "'%s' overwrites '%s', which is needed until step %d", writer->name,
                    block->step[x->producer].name, last[a]);
    }
  }
  free(last);
  ck_assert_uint_ge(plan->arena_bytes, plan->lower_bound_bytes);
  return count;
}

static void same_as_reference(const char *fetch) {
  tarn_session *slow;
  tarn_tensor *x = tensor(TARN_F32, 2, (int64_t[]){ROWS, COLS}, NULL), *y, *want;
  for (int i = 0; i < ROWS * COLS; i++)
    ((float *)tarn_tensor_data(x))[i] = (float)(i % 37 - 18) / 16;
  OK(tarn__session_create(g, NULL, &(tarn_session_options){.threads = 1, .backend = "reference"},
                          NULL, &slow));
  OK(run_one(slow, "x", x, fetch, &want));
  for (int round = 0; round < 2; round++) {
    OK(run_one(s, "x", x, fetch, &y));
    for (int64_t i = 0; i < tarn_tensor_elements(y); i++)
      ck_assert_double_eq_tol(((const float *)tarn_tensor_data_const(y))[i],
                              ((const float *)tarn_tensor_data_const(want))[i], 1e-5);
    tarn_tensor_release(y);
  }
  tarn_tensor_release(x);
  tarn_tensor_release(want);
  tarn_session_destroy(slow);
}

START_TEST(test_memory_plan_of_a_chain) {
  setup();
  input();
  const char *before = "x";
  static const char names[8][4] = {"a", "b", "c", "d", "e", "f", "g", "h"};
  for (int i = 0; i < 8; i++) {   /* Softmax may not write in place: two places take turns */
    node(g, names[i], "Softmax", before, "T=float");
    before = names[i];
  }
  node(g, "y", "Neg", before, "T=float");
  const tarn_plan *plan = plan_of("y");
  ck_assert_int_eq(check_arena(plan), 8);
  ck_assert_uint_le(plan->arena_bytes, 2 * BYTES);
  same_as_reference("y");
}
END_TEST

START_TEST(test_memory_plan_in_place) {
  setup();
  input();
  node(g, "m", "Softmax", "x", "T=float");
  node(g, "a", "Neg", "m", "T=float");
  node(g, "b", "Square", "a", "T=float");
  node(g, "c", "Exp", "b", "T=float");
  node(g, "y", "Softmax", "c", "T=float");
  const tarn_plan *plan = plan_of("y");
  ck_assert_int_eq(check_arena(plan), 4);
  ck_assert_uint_eq(plan->arena_bytes, BYTES);         /* one place, handed from op to op */
  same_as_reference("y");
}
END_TEST

START_TEST(test_memory_plan_of_a_diamond) {
  setup();
  input();
  node(g, "top", "Softmax", "x", "T=float");
  node(g, "left", "Exp", "top", "T=float");
  node(g, "right", "Square", "top", "T=float");       /* the last to read top: may take its place */
  node(g, "sum", "AddV2", "left right", "T=float");
  node(g, "y", "Softmax", "sum", "T=float");
  const tarn_plan *plan = plan_of("y");
  ck_assert_int_eq(check_arena(plan), 4);
  ck_assert_uint_le(plan->arena_bytes, 2 * BYTES);
  ck_assert_uint_eq(plan->arena_bytes, plan->lower_bound_bytes);
  same_as_reference("y");
}
END_TEST

/* A view keeps its source alive, and an op that reads both the source and its view must not write
 * over them. */
START_TEST(test_memory_plan_of_views) {
  setup();
  input();
  constant(g, "flat", "", TARN_I32, 1, (int64_t[]){1}, (int32_t[]){ROWS * COLS});
  constant(g, "back", "", TARN_I32, 1, (int64_t[]){2}, (int32_t[]){ROWS, COLS});
  node(g, "m", "Softmax", "x", "T=float");
  node(g, "view", "Reshape", "m flat", "T=float; Tshape=int32");
  node(g, "again", "Reshape", "view back", "T=float; Tshape=int32");
  node(g, "n", "Exp", "m", "T=float");                 /* m has other readers: not in place */
  node(g, "mix", "Sub", "again n", "T=float");
  node(g, "both", "Mul", "mix again", "T=float");
  node(g, "self", "AddV2", "both m", "T=float");
  node(g, "y", "Softmax", "self", "T=float");
  check_arena(plan_of("y"));
  same_as_reference("y");
}
END_TEST

/* What is broadcast is read again after its place could have been written. */
START_TEST(test_memory_plan_of_broadcasts) {
  setup();
  input();
  integer(g, "axis", 0);
  node(g, "m", "Softmax", "x", "T=float");
  node(g, "row", "Sum", "m axis", "T=float; Tidx=int32; keep_dims=true");
  node(g, "soft", "Exp", "row", "T=float");
  node(g, "wide", "AddV2", "soft m", "T=float");
  node(g, "y", "Softmax", "wide", "T=float");
  check_arena(plan_of("y"));
  same_as_reference("y");
}
END_TEST

/* Many ops between random earlier values: the checker above is the oracle, the numbers are the
 * second one. */
START_TEST(test_memory_plan_of_random_graphs) {
  static const char *const ops[] = {"Neg",   "Square", "Softmax", "Tanh",
                                    "AddV2", "Mul",    "Maximum", "Identity"};
  unsigned seed = 1;
  for (int round = 0; round < 12; round++) {
    setup();
    input();
    char name[16], in[64];
    node(g, "n0", "Softmax", "x", "T=float");
    for (int i = 1; i <= 40; i++) {
      seed = seed * 1664525u + 1013904223u;
      const int op = (int)(seed >> 24) % 8, a = (int)(seed >> 16 & 255) % i,
                b = (int)(seed >> 8 & 255) % i;
      const int from = i - 1 - a % (i < 6 ? i : 6), other = i - 1 - b % (i < 12 ? i : 12);
      snprintf(name, sizeof name, "n%d", i);
      if (op >= 4 && op < 7) snprintf(in, sizeof in, "n%d n%d", from, other);
      else snprintf(in, sizeof in, "n%d", from);
      node(g, name, ops[op], in, "T=float");
    }
    node(g, "y", "Softmax", "n40", "T=float");
    check_arena(plan_of("y"));
    same_as_reference("y");
    if (round < 11) {
      teardown();
      s = NULL;
      g = NULL;
    }
  }
}
END_TEST

/* Not in place, and no arena: what a loop takes, strings, results, and what is known only while it
 * runs. */
START_TEST(test_memory_plan_leaves_the_rest_to_the_run) {
  setup();
  input();
  node(g, "m", "Abs", "x", "T=float");
  node(g, "where", "Where", "m", "T=float");
  node(g, "y", "Neg", "m", "T=float");
  const tarn_plan *plan = plan_of("y");
  ck_assert_int_eq(plan->root->value[plan->root->result[0]].storage, TARN_STORE_RUN);
  const tarn_plan *found = plan_of("where");
  ck_assert_int_eq(found->root->value[found->root->result[0]].storage, TARN_STORE_RUN);
  check_arena(plan);
  check_arena(found);
}
END_TEST

/* BlockLSTM's gates are computed only where somebody wants them. */
START_TEST(test_memory_plan_leaves_out_what_nobody_reads) {
  enum { UNITS = 5 };
  setup();
  node(g, "x", "Placeholder", "", "dtype=float; shape=[?,?]");
  float waves[2 * UNITS * 4 * UNITS];
  for (int i = 0; i < 2 * UNITS * 4 * UNITS; i++) waves[i] = (float)((i * 37) % 23 - 11) / 13.0f;
  constant(g, "steps", "", TARN_I64, 0, NULL, (int64_t[]){2});
  constant(g, "shape", "", TARN_I32, 1, (int64_t[]){3}, (int32_t[]){3, -1, UNITS});
  floats(g, "w", 2, (int64_t[]){2 * UNITS, 4 * UNITS}, waves);
  floats(g, "b", 1, (int64_t[]){4 * UNITS}, waves + 3);
  floats(g, "p", 1, (int64_t[]){UNITS}, waves + 7);
  floats(g, "s", 2, (int64_t[]){1, UNITS}, waves + 9);
  node(g, "xs", "Reshape", "x shape", "T=float; Tshape=int32");
  node(g, "layer", "BlockLSTM", "steps xs s s w p p p b", "T=float; cell_clip=0.4");
  s = session_on(g);
  tarn_tensor *x = tensor(TARN_F32, 2, (int64_t[]){3, UNITS}, waves + 11), *two[2], *all[7];
  const tarn_feed feed = {"x", x};
  const char *const fetches[] = {"layer:0", "layer:1", "layer:2", "layer:3",
                                 "layer:4", "layer:5", "layer:6"};
  const char *const some[] = {"layer:1", "layer:6"};
  const tarn_run_request q = {.feeds = &feed, .n_feeds = 1, .fetches = some, .n_fetches = 2};
  const tarn_plan *plan;
  OK(tarn__session_plan(s, &q, false, &plan));
  const tarn_block *block = plan->root;
  const tarn_step *step = &block->step[block->value[block->result[1]].producer];
  ck_assert_int_eq(step->outputs, 7);
  for (int o = 0; o < 7; o++)
    ck_assert_int_eq(block->value[step->out[o]].storage == TARN_STORE_LEFT_OUT, o != 1 && o != 6);
  OK(tarn_session_run(s, &feed, 1, some, 2, NULL, 0, two));
  OK(tarn_session_run(s, &feed, 1, fetches, 7, NULL, 0, all));
  for (int i = 0; i < 2; i++) {
    const float *a = two[i]->data, *b = all[i ? 6 : 1]->data;
    for (int k = 0; k < 3 * UNITS; k++) ck_assert_float_eq_tol(a[k], b[k], 1e-6f);
    ck_assert_float_ne(a[UNITS], 0);
    ck_assert_float_eq(a[2 * UNITS], 0); /* beyond the last step */
    tarn_tensor_release(two[i]);
  }
  for (int i = 0; i < 7; i++) tarn_tensor_release(all[i]);
  tarn_tensor_release(x);
}
END_TEST

SUITE_MAIN_TEARDOWN("memory_plan", teardown, test_memory_plan_of_a_chain, test_memory_plan_in_place,
                    test_memory_plan_of_a_diamond, test_memory_plan_of_views,
                    test_memory_plan_of_broadcasts, test_memory_plan_of_random_graphs,
                    test_memory_plan_leaves_the_rest_to_the_run,
                    test_memory_plan_leaves_out_what_nobody_reads)
