/* Sessions: many threads, plans that come and go, variables that change under them, limits, and
 * what requests get wrong. */
#include "tests/unit/graph/one_graph.h"

#include "core/trace/trace.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

static void go(int threads) { s = session_with(g, &(tarn_session_options){.threads = threads}); }

/* y = relu(x w) w', x: [?, 64]. */
static void add_network(void) {
  static float w[64 * 64];
  for (int i = 0; i < 64 * 64; i++) w[i] = (float)((i * 7919) % 201 - 100) / 100;
  node(g, "x", "Placeholder", "", "dtype=float; shape=[?, 64]");
  floats(g, "w", 2, (int64_t[]){64, 64}, w);
  node(g, "h", "MatMul", "x w", "T=float");
  node(g, "r", "Relu", "h", "T=float");
  node(g, "y", "MatMul", "r w", "T=float");
}
static tarn_tensor *batch(int rows, int seed) {
  tarn_tensor *x = tensor(TARN_F32, 2, (int64_t[]){rows, 64}, NULL);
  float *p = tarn_tensor_data(x);
  for (int i = 0; i < rows * 64; i++) p[i] = (float)((i + seed) % 17 - 8) / 8;
  return x;
}
static void add_variable(void) {
  node(g, "v", "VariableV2", "", "dtype=float; shape=[]");
  node(g, "read", "Identity", "v", "T=float");
  number(g, "one", 1);
  node(g, "init", "Assign", "v one", "T=float");
  node(g, "count", "AssignAdd", "v one", "T=float");
  node(g, "double", "AddV2", "read read", "T=float");
}
/* while true: x += 1. */
static void add_endless_loop(void) {
  number(g, "zero", 0);
  number(g, "one", 1);
  node(g, "in", "Enter", "zero", "T=float; frame_name=f");
  node(g, "step", "Enter", "one", "T=float; frame_name=f; is_constant=true");
  node(g, "m", "Merge", "in next", "T=float; N=2");
  node(g, "yes", "GreaterEqual", "m m", "T=float");
  node(g, "cond", "LoopCond", "yes", "");
  node(g, "sw", "Switch", "m cond", "T=float");
  node(g, "add", "AddV2", "sw:1 step", "T=float");
  node(g, "next", "NextIteration", "add", "T=float");
  node(g, "never", "Exit", "sw", "T=float");
}

/* ---- many threads --------------------------------------------------------------------------- */

enum { THREADS = 6, ROUNDS = 40 };

typedef struct job {
  tarn_tensor *x, *want;
  int failures;
} job;

static void *run_job(void *argument) {
  job *j = argument;
  for (int i = 0; i < ROUNDS; i++) {
    tarn_tensor *y = NULL;
    if (run_one(s, "x", j->x, "y", &y) != TARN_OK ||
        memcmp(tarn_tensor_data_const(y), tarn_tensor_data_const(j->want), tarn_tensor_bytes(y)))
      j->failures++;
    tarn_tensor_release(y);
  }
  return NULL;
}

START_TEST(test_session_runs_on_many_threads) {
  setup();
  add_network();
  go(2);
  job jobs[THREADS];
  pthread_t thread[THREADS];
  for (int i = 0; i < THREADS; i++) {
    jobs[i] = (job){.x = batch(1 + i / 2, i)};       /* pairs share a plan */
    OK(run_one(s, "x", jobs[i].x, "y", &jobs[i].want));
  }
  for (int i = 0; i < THREADS; i++) pthread_create(&thread[i], NULL, run_job, &jobs[i]);
  for (int i = 0; i < THREADS; i++) {
    pthread_join(thread[i], NULL);
    ck_assert_int_eq(jobs[i].failures, 0);
    tarn_tensor_release(jobs[i].x);
    tarn_tensor_release(jobs[i].want);
  }
}
END_TEST

/* All first runs at once: plans are made by whoever comes first, once. */
START_TEST(test_session_first_runs_at_once) {
  setup();
  add_network();
  go(1);
  tarn_session *other;
  OK(tarn__session_create(g, NULL, &(tarn_session_options){.threads = 1}, NULL, &other));
  job jobs[THREADS];
  pthread_t thread[THREADS];
  tarn_session *mine = s;
  for (int i = 0; i < THREADS; i++) {
    jobs[i] = (job){.x = batch(4, i)};
    s = other;
    OK(run_one(s, "x", jobs[i].x, "y", &jobs[i].want));
    s = mine;
  }
  for (int i = 0; i < THREADS; i++) pthread_create(&thread[i], NULL, run_job, &jobs[i]);
  for (int i = 0; i < THREADS; i++) {
    pthread_join(thread[i], NULL);
    ck_assert_int_eq(jobs[i].failures, 0);
    tarn_tensor_release(jobs[i].x);
    tarn_tensor_release(jobs[i].want);
  }
  tarn_session_destroy(other);
}
END_TEST

static void *count_up(void *argument) {
  int *failures = argument;
  for (int i = 0; i < ROUNDS; i++) *failures += run_target(s, "count") != TARN_OK;
  return NULL;
}
static void *read_often(void *argument) {
  int *failures = argument;
  double last = 0;
  for (int i = 0; i < ROUNDS; i++) {
    tarn_tensor *y = NULL;
    if (run_one(s, NULL, NULL, "double", &y) != TARN_OK) {
      ++*failures;
      continue;
    }
    const double v = *(const float *)tarn_tensor_data_const(y);
    *failures += v < last;                  /* it only grows */
    last = v;
    tarn_tensor_release(y);
  }
  return NULL;
}

START_TEST(test_session_variables_change_under_runs) {
  setup();
  add_variable();
  go(1);
  OK(run_target(s, "init"));
  pthread_t thread[4];
  int failures[4] = {0};
  for (int i = 0; i < 4; i++)
    pthread_create(&thread[i], NULL, i % 2 ? read_often : count_up, &failures[i]);
  for (int i = 0; i < 4; i++) pthread_join(thread[i], NULL);
  for (int i = 0; i < 4; i++) ck_assert_int_eq(failures[i], 0);
  ck_assert_double_eq(first(s, NULL, NULL, "double"), 2 * (1 + 2 * ROUNDS));
}
END_TEST

START_TEST(test_session_numbers_do_not_depend_on_threads) {
  setup();
  add_network();
  OK(tarn__graph_finish(g));
  tarn_tensor *x = batch(33, 5), *want = NULL;
  for (int threads = 1; threads < 8; threads += 2) {
    tarn_session *one;
    tarn_tensor *y;
    OK(tarn__session_create(g, NULL, &(tarn_session_options){.threads = threads}, NULL, &one));
    OK(run_one(one, "x", x, "y", &y));
    if (want)
      ck_assert_mem_eq(tarn_tensor_data_const(y), tarn_tensor_data_const(want),
                       tarn_tensor_bytes(want));
    else want = tarn_tensor_retain(y);
    tarn_tensor_release(y);
    tarn_session_destroy(one);
  }
  tarn_tensor_release(want);
  tarn_tensor_release(x);
}
END_TEST

/* ---- limits --------------------------------------------------------------------------------- */

static atomic_bool ended;

/* Again and again: the first may come before the run does. */
static void *cancel_soon(void *argument) {
  while (!atomic_load(&ended)) {
    usleep(50000);
    tarn_session_cancel(argument);
  }
  return NULL;
}

START_TEST(test_session_cancel_ends_an_endless_loop) {
  setup();
  add_endless_loop();
  go(1);
  pthread_t thread;
  tarn_tensor *y = NULL;
  atomic_store(&ended, false);
  pthread_create(&thread, NULL, cancel_soon, s);
  FAILS(run_one(s, NULL, NULL, "never", &y), TARN_CANCELLED, "cancelled");
  atomic_store(&ended, true);
  pthread_join(thread, NULL);
  ck_assert_double_eq(first(s, NULL, NULL, "one"), 1);     /* the next run is another run */
  tarn_session_cancel(s);                                  /* nothing is under way */
  ck_assert_double_eq(first(s, NULL, NULL, "one"), 1);
}
END_TEST

START_TEST(test_session_time_limit_ends_an_endless_loop) {
  setup();
  add_endless_loop();
  s = session_with(g, &(tarn_session_options){.threads = 1, .time_limit_s = 0.05});
  tarn_tensor *y = NULL;
  const uint64_t start = tarn__now_ns();
  FAILS(run_one(s, NULL, NULL, "never", &y), TARN_LIMIT, "time");
  ck_assert_double_lt((double)(tarn__now_ns() - start) * 1e-9, 10);
  ck_assert_double_eq(first(s, NULL, NULL, "one"), 1);
}
END_TEST

START_TEST(test_session_memory_limit) {
  setup();
  node(g, "n", "Placeholder", "", "dtype=int32; shape=[1]");
  number(g, "x", 1);
  node(g, "fill", "Fill", "n x", "T=float");
  s = session_with(g, &(tarn_session_options){.threads = 1, .memory_limit = 4 << 20});
  const int64_t one = 1;
  tarn_tensor *y = NULL, *much = tensor(TARN_I32, 1, &one, (int32_t[]){100 << 20});
  tarn_tensor *half = tensor(TARN_I32, 1, &one, (int32_t[]){450 << 10}),
              *little = tensor(TARN_I32, 1, &one, (int32_t[]){1000});
  FAILS(run_one(s, "n", much, "fill", &y), TARN_LIMIT, "4194304");
  OK(run_one(s, "n", little, "fill", &y));
  tarn_tensor_release(y);
  /* What the session keeps for the next run is no reason to refuse one: blocks of many sizes, each
   * below the limit. */
  for (int n = 1; n < 8; n++) {
    const int32_t wanted = 60000 * n;
    tarn_tensor *size = tensor(TARN_I32, 1, &one, &wanted);
    OK(run_one(s, "n", size, "fill", &y));
    tarn_tensor_release(y);
    tarn_tensor_release(size);
  }
  OK(run_one(s, "n", half, "fill", &y));
  tarn_tensor_release(y);
  ck_assert_uint_le(tarn__session_memory(s).peak, 4 << 20);
  tarn_tensor_release(much);
  tarn_tensor_release(half);
  tarn_tensor_release(little);
}
END_TEST

/* ---- plans ---------------------------------------------------------------------------------- */

static const tarn_plan *plan_of(const char *fetch) {
  const tarn_plan *plan;
  OK(tarn__session_plan(s, &(tarn_run_request){.fetches = &fetch, .n_fetches = 1}, false, &plan));
  return plan;
}

START_TEST(test_session_keeps_a_bounded_number_of_plans) {
  setup();
  node(g, "x", "Placeholder", "", "dtype=float; shape=[?]");
  node(g, "y", "Neg", "x", "T=float");
  go(1);
  size_t after_many = 0;
  for (int n = 1; n <= 600; n++) {
    tarn_tensor *x = tensor(TARN_F32, 1, (int64_t[]){n % 300 + 1}, NULL);
    first(s, "x", x, "y");
    if (n == 200) after_many = tarn__session_memory(s).used;
  }
  ck_assert_uint_lt(tarn__session_memory(s).used, 2 * after_many);
}
END_TEST

START_TEST(test_session_plan_stays_as_long_as_the_session) {
  setup();
  add_variable();
  node(g, "x", "Placeholder", "", "dtype=float; shape=[?]");
  node(g, "y", "Neg", "x", "T=float");
  go(1);
  OK(run_target(s, "init"));
  const tarn_plan *plan = plan_of("double");
  const int values = plan->root->values;
  for (int n = 1; n < 200; n++) first(s, "x", tensor(TARN_F32, 1, (int64_t[]){n}, NULL), "y");
  OK(run_target(s, "count"));
  ck_assert_double_eq(first(s, NULL, NULL, "double"), 4);
  ck_assert_int_eq(plan->root->values, values);       /* under the address sanitizer: still there */
  ck_assert_uint_eq(plan->frozens, 1);
}
END_TEST

START_TEST(test_session_plans_made_too_early_are_made_again) {
  setup();
  add_variable();
  go(1);
  tarn_tensor *y = NULL;
  FAILS(run_one(s, NULL, NULL, "double", &y), TARN_FAILED, "v");
  OK(run_target(s, "init"));
  ck_assert_double_eq(first(s, NULL, NULL, "double"), 2);
  ck_assert_uint_eq(plan_of("double")->frozens, 1);
}
END_TEST

START_TEST(test_session_variables_are_frozen_and_refreshed) {
  setup();
  add_variable();
  go(1);
  OK(run_target(s, "init"));
  for (int i = 0; i < 10; i++) ck_assert_double_eq(first(s, NULL, NULL, "double"), 2);
  ck_assert_uint_eq(plan_of("double")->frozens, 1);
  ck_assert_uint_eq(plan_of("count")->frozens, 0);       /* it writes the variable */
  OK(run_target(s, "count"));
  ck_assert_double_eq(first(s, NULL, NULL, "double"), 4);    /* steady before: frozen again */
  ck_assert_uint_eq(plan_of("double")->frozens, 1);
  OK(run_target(s, "count"));
  ck_assert_double_eq(first(s, NULL, NULL, "double"), 6);    /* changed soon: not any more */
  ck_assert_uint_eq(plan_of("double")->frozens, 0);
  OK(run_target(s, "count"));
  ck_assert_double_eq(first(s, NULL, NULL, "double"), 8);
}
END_TEST

/* A variable that was destroyed and made again is another one: what was taken for a constant is not
 * the old one's value. */
START_TEST(test_session_variables_are_destroyed_and_made_again) {
  setup();
  node(g, "v", "VarHandleOp", "", "dtype=float; shape=[]");
  node(g, "x", "Placeholder", "", "dtype=float; shape=[]");
  node(g, "set", "AssignVariableOp", "v x", "dtype=float");
  node(g, "read", "ReadVariableOp", "v", "dtype=float");
  node(g, "destroy", "DestroyResourceOp", "v", "");
  node(g, "y", "Neg", "read", "T=float");
  go(1);
  const char *target = "set";
  for (int i = 1; i < 8; i++) {
    tarn_tensor *x = scalar_f((float)i), *y = NULL;
    OK(tarn_session_run(s, &(tarn_feed){"x", x}, 1, NULL, 0, &target, 1, NULL));
    tarn_tensor_release(x);
    for (int k = 0; k < 5; k++) ck_assert_double_eq(first(s, NULL, NULL, "y"), -i);
    OK(run_target(s, "destroy"));
    const tarn_status gone = run_one(s, NULL, NULL, "y", &y);
    ck_assert_msg(gone == TARN_FAILED || gone == TARN_NOT_FOUND, "%s",
                  gone ? tarn_error() : "it still has a value");
  }
}
END_TEST

START_TEST(test_session_explaining_does_not_spoil_the_run) {
  setup();
  tarn_node *n;
  node(g, "x", "Placeholder", "", "dtype=float; shape=[]");
  static const char *const odd[] = {"Frobnicate", "Oddify"};
  for (int i = 0; i < 2; i++) {
    OK(tarn__graph_add(g, odd[i], odd[i], "", &n));
    OK(tarn__node_add_input(g, n, "x"));
  }
  OK(tarn__graph_add(g, "sum", "Blend", "", &n));
  OK(tarn__node_add_input(g, n, "Frobnicate"));
  OK(tarn__node_add_input(g, n, "Oddify"));
  go(1);
  tarn_tensor *x = scalar_f(1), *y = NULL;
  const tarn_feed feed = {"x", x};
  const char *fetch = "sum";
  const tarn_plan *plan;
  OK(tarn__session_plan(
      s, &(tarn_run_request){.feeds = &feed, .n_feeds = 1, .fetches = &fetch, .n_fetches = 1}, true,
      &plan));
  ck_assert_ptr_nonnull(plan->unsupported);
  FAILS(run_one(s, "x", x, "sum", &y), TARN_UNSUPPORTED,
        "unsupported op: Frobnicate (node 'Frobnicate')");
  /* all at once */
  ck_assert_ptr_nonnull(strstr(tarn_error(), "unsupported op: Oddify (node 'Oddify')"));
  ck_assert_ptr_nonnull(strstr(tarn_error(), "unsupported op: Blend (node 'sum')"));
  tarn_tensor_release(x);
}
END_TEST

/* ---- requests ------------------------------------------------------------------------------- */

START_TEST(test_session_feeds_of_tensors_in_between) {
  setup();
  add_network();
  go(1);
  tarn_tensor *h = batch(2, 3), *y = NULL;
  OK(run_one(s, "h:0", h, "r", &y));               /* x is not needed then */
  for (int i = 0; i < 128; i++) {
    const float v = ((const float *)tarn_tensor_data_const(h))[i];
    ck_assert_double_eq(((const float *)tarn_tensor_data_const(y))[i], v > 0 ? v : 0);
  }
  tarn_tensor_release(y);
  OK(run_one(s, "h", h, "h", &y));                 /* what is fed is fetched, as a copy */
  ck_assert_ptr_ne(tarn_tensor_data_const(y), tarn_tensor_data_const(h));
  ck_assert_mem_eq(tarn_tensor_data_const(y), tarn_tensor_data_const(h), tarn_tensor_bytes(h));
  tarn_tensor_release(y);
  tarn_tensor_release(h);
}
END_TEST

START_TEST(test_session_wrong_requests_say_what_is_wrong) {
  setup();
  add_network();
  node(g, "nothing", "NoOp", "", "");
  go(1);
  tarn_tensor *x = batch(1, 1), *wrong = scalar_i(3),
              *short_one = tensor(TARN_F32, 2, (int64_t[]){1, 63}, NULL), *y = NULL;
  const tarn_feed twice[] = {{"x", x}, {"x:0", x}};
  FAILS(tarn_session_run(s, twice, 2, (const char *[]){"y"}, 1, NULL, 0, &y), TARN_INVALID,
        "fed twice");
  FAILS(run_one(s, "x", wrong, "y", &y), TARN_DTYPE, "is int32, expected float");
  FAILS(run_one(s, "x", short_one, "y", &y), TARN_SHAPE, "[1,63]");
  FAILS(run_one(s, "x", NULL, "y", &y), TARN_INVALID, "no tensor");
  FAILS(run_one(s, "nothing", x, "y", &y), TARN_INVALID, "names no tensor");
  FAILS(run_one(s, "^x", x, "y", &y), TARN_INVALID, "names no tensor");
  FAILS(run_one(s, "xx", x, "y", &y), TARN_NOT_FOUND, "'x'");
  FAILS(run_one(s, "x", x, "yy", &y), TARN_NOT_FOUND, "'y'");
  FAILS(run_one(s, "x", x, "nothing", &y), TARN_INVALID, "run it as a target");
  FAILS(run_one(s, NULL, NULL, "y", &y), TARN_INVALID, "placeholder 'x' (float[?,64]) must be fed");
  FAILS(run_target(s, "nothin"), TARN_NOT_FOUND, "'nothing'");
  ck_assert_ptr_null(y);
  tarn_tensor_release(x);
  tarn_tensor_release(wrong);
  tarn_tensor_release(short_one);
}
END_TEST

START_TEST(test_session_variable_set_checks) {
  setup();
  add_variable();
  go(1);
  const tarn_node *v = tarn__graph_node(g, "v");
  tarn_tensor right = tensor_value(TARN_F32, 0, NULL, (float[]){5}),
              type = tensor_value(TARN_I32, 0, NULL, NULL),
              shape = tensor_value(TARN_F32, 1, (int64_t[]){2}, NULL);
  FAILS(tarn__session_variable_set(s, v, &type), TARN_DTYPE, "'v' is float, the value int32");
  FAILS(tarn__session_variable_set(s, v, &shape), TARN_SHAPE, "[2]");
  FAILS(tarn__session_variable_set(s, tarn__graph_node(g, "one"), &right), TARN_INVALID,
        "no variable");
  tarn_tensor *y = NULL;
  FAILS(run_one(s, NULL, NULL, "double", &y), TARN_FAILED, "v");
  OK(tarn__session_variable_set(s, v, &right));
  ck_assert_double_eq(first(s, NULL, NULL, "double"), 10);
  tarn__tensor_clear(&right);
  tarn__tensor_clear(&type);
  tarn__tensor_clear(&shape);
}
END_TEST

START_TEST(test_session_results_outlive_it) {
  setup();
  add_network();
  tarn_allocator mine = *tarn__allocator_default();
  s = session_with(g, &(tarn_session_options){.threads = 2, .allocator = &mine});
  tarn_tensor *x = batch(3, 1), *y = NULL, *twice[2];
  OK(run_one(s, "x", x, "y", &y));
  OK(tarn_session_run(s, &(tarn_feed){"x", x}, 1, (const char *[]){"r", "r:0"}, 2, NULL, 0, twice));
  /* the caller's alone */
  ck_assert_ptr_ne(tarn_tensor_data(twice[0]), tarn_tensor_data(twice[1]));
  tarn_session_destroy(s);
  s = NULL;
  /* and the options' allocator is not asked for again */
  memset(&mine, 0, sizeof mine);
  ((float *)tarn_tensor_data(y))[0] = 1;
  ck_assert_mem_eq(tarn_tensor_data(twice[0]), tarn_tensor_data(twice[1]),
                   tarn_tensor_bytes(twice[0]));
  tarn_tensor_release(twice[0]);
  tarn_tensor_release(twice[1]);
  tarn_tensor_release(y);
  tarn_tensor_release(x);
}
END_TEST

START_TEST(test_session_steady_runs_ask_for_nothing) {
  setup();
  add_network();
  tarn_failing counting;
  tarn__failing_init(&counting, -1, false);
  s = session_with(g, &(tarn_session_options){.threads = 1, .allocator = &counting.allocator});
  tarn_tensor *x = batch(3, 1), *y;
  long before = 0;
  for (int i = 0; i < 10; i++) {
    OK(run_one(s, "x", x, "y", &y));
    tarn_tensor_release(y);
    if (i == 2) before = counting.count;
  }
  ck_assert_int_eq(counting.count, before);
  tarn_tensor_release(x);
  tarn_session_destroy(s);
  s = NULL;
  ck_assert_int_eq(counting.live, 0);
}
END_TEST

SUITE_MAIN_TEARDOWN(
    "session", teardown, test_session_runs_on_many_threads, test_session_first_runs_at_once,
    test_session_variables_change_under_runs, test_session_numbers_do_not_depend_on_threads,
    test_session_cancel_ends_an_endless_loop, test_session_time_limit_ends_an_endless_loop,
    test_session_memory_limit, test_session_keeps_a_bounded_number_of_plans,
    test_session_plan_stays_as_long_as_the_session, test_session_variables_are_frozen_and_refreshed,
    test_session_variables_are_destroyed_and_made_again,
    test_session_plans_made_too_early_are_made_again,
    test_session_explaining_does_not_spoil_the_run, test_session_feeds_of_tensors_in_between,
    test_session_wrong_requests_say_what_is_wrong, test_session_variable_set_checks,
    test_session_results_outlive_it, test_session_steady_runs_ask_for_nothing)
