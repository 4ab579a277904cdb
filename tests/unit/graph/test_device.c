/* Plans whose steps run on a device, the one of tests/device: whose memory the host cannot touch,
 * whose work is done when it is waited for. */
#include "core/bytes.h"
#include "kernels/device.h"
#include "tests/device/device.h"
#include "tests/unit/graph/build_graph.h"
#include "tests/unit/suite.h"

#include <dlfcn.h>
#include <math.h>
#include <pthread.h>

enum { ROWS = 3, IN = 20, OUT = 7 };

static tarn_graph *g;
static void teardown(void) {
  unsetenv("TARN_TEST_DEVICE_FAIL");
  tarn__graph_destroy(g);
  g = NULL;
}

static tarn_session *session_for(const char *backend, size_t limit) {
  tarn_session *s;
  OK(tarn__session_create(
      g, NULL,
      &(tarn_session_options){.threads = 1, .backend = backend, .device_memory_limit = limit}, NULL,
      &s));
  return s;
}

static tarn_node *on(tarn_node *n, const char *device) {
  n->device = device;
  return n;
}

/* y = relu(x w + b), h = sqrt(y) on the host, z = h * h + x w: there, back and there again. deep =
 * softmax(y v): all there. */
static void layers(void) {
  float w[IN * OUT], b[OUT];
  g = new_graph();
  for (int i = 0; i < IN * OUT; i++) w[i] = (float)(i * 13 % 29 - 14) / 8;
  for (int i = 0; i < OUT; i++) b[i] = (float)i / 4 - 1;
  node(g, "x", "Placeholder", "", "dtype=float; shape=[3,20]");
  floats(g, "w", 2, (int64_t[]){IN, OUT}, w);
  floats(g, "b", 1, (int64_t[]){OUT}, b);
  node(g, "xw", "MatMul", "x w", "T=float");
  node(g, "xwb", "BiasAdd", "xw b", "T=float");
  node(g, "y", "Relu", "xwb", "T=float");
  on(node(g, "h", "Sqrt", "y", "T=float"), "/device:CPU:0");
  node(g, "hh", "Mul", "h h", "T=float");
  node(g, "z", "AddV2", "hh xw", "T=float");
  floats(g, "v", 2, (int64_t[]){OUT, IN}, w);
  node(g, "yv", "MatMul", "y v", "T=float");
  node(g, "deep", "Softmax", "yv", "T=float");
  OK(tarn__graph_finish(g));
}

static tarn_tensor *input(int turn) {
  tarn_tensor *x = tensor(TARN_F32, 2, (int64_t[]){ROWS, IN}, NULL);
  for (int i = 0; i < ROWS * IN; i++)
    ((float *)tarn_tensor_data(x))[i] = (float)((i * 7 + turn * 31) % 23 - 11) / 4;
  return x;
}

static void same_results(tarn_session *host, tarn_session *device, int turns, const char *fetch) {
  for (int turn = 0; turn < turns; turn++) {
    tarn_tensor *x = input(turn), *want, *got;
    OK(run_one(host, "x", x, fetch, &want));
    OK(run_one(device, "x", x, fetch, &got));
    ck_assert_uint_eq(tarn_tensor_bytes(want), tarn_tensor_bytes(got));
    ck_assert_mem_eq(tarn_tensor_data_const(want), tarn_tensor_data_const(got),
                     tarn_tensor_bytes(want));
    tarn_tensor *all[] = {x, want, got};
    for (int i = 0; i < 3; i++) tarn_tensor_release(all[i]);
  }
}

static int count_steps(const tarn_plan *plan, const char *op) {
  int n = 0;
  for (int b = 0; b < plan->blocks; b++)
    for (int at = 0; at < plan->block[b]->steps; at++) {
      const tarn_step *step = &plan->block[b]->step[at];
      n += !step->removed && step->op && !strcmp(step->op->name, op);
    }
  return n;
}

static const tarn_plan *plan_of(tarn_session *s, const char *fetch) {
  tarn_tensor *x = input(0);
  const tarn_feed feed = {"x", x};
  const tarn_run_request q = {.feeds = &feed, .n_feeds = 1, .fetches = &fetch, .n_fetches = 1};
  const tarn_plan *plan;
  OK(tarn__session_plan(s, &q, false, &plan));
  tarn_tensor_release(x);
  return plan;
}

START_TEST(test_device_runs_and_copies) {
  layers();
  tarn_session *host = session_for("reference", 0), *device = session_for("cuda", 0);
  same_results(host, device, 5, "z");
  const tarn_plan *plan = plan_of(device, "z");
  ck_assert_int_gt(plan->device.steps, 4);
  ck_assert_uint_gt(plan->device.arena_bytes, 0);
  ck_assert_int_ge(count_steps(plan, "_Upload"), 3);     /* x, w, h */
  ck_assert_int_eq(count_steps(plan, "_Download"), 2);   /* y, z */
  tarn_session_destroy(host);
  tarn_session_destroy(device);
}
END_TEST

/* A chain with nothing of the host in between is recorded, and gives the same in every later
 * run. */
START_TEST(test_device_records) {
  layers();
  tarn_session *host = session_for("reference", 0), *device = session_for("cuda", 0);
  ck_assert_int_eq(plan_of(device, "deep")->device.recordings, 1);
  same_results(host, device, 6, "deep");
  tarn_session_destroy(host);
  tarn_session_destroy(device);
}
END_TEST

static tarn_session *narrow_session(const char *precision) {
  tarn_session *s;
  OK(tarn__session_create(
      g, NULL, &(tarn_session_options){.threads = 1, .backend = "cuda", .precision = precision},
      NULL, &s));
  return s;
}

/* The largest difference from the reference's f32, as a share of the largest magnitude. */
static double narrow_error(const char *precision, const char *fetch, int *casts) {
  tarn_session *host = session_for("reference", 0), *device = narrow_session(precision);
  double worst = 0, magnitude = 0;
  *casts = count_steps(plan_of(device, fetch), "Cast");
  for (int turn = 0; turn < 4; turn++) {   /* the third is recorded */
    tarn_tensor *x = input(turn), *want, *got;
    OK(run_one(host, "x", x, fetch, &want));
    OK(run_one(device, "x", x, fetch, &got));
    ck_assert_int_eq(tarn_tensor_dtype(got), TARN_F32);
    ck_assert_uint_eq(tarn_tensor_bytes(want), tarn_tensor_bytes(got));
    const float *w = tarn_tensor_data_const(want), *y = tarn_tensor_data_const(got);
    for (size_t i = 0; i < tarn_tensor_bytes(want) / sizeof(float); i++) {
      worst = fmax(worst, fabs((double)w[i] - (double)y[i]));
      magnitude = fmax(magnitude, fabs((double)w[i]));
    }
    tarn_tensor *all[] = {x, want, got};
    for (int i = 0; i < 3; i++) tarn_tensor_release(all[i]);
  }
  tarn_session_destroy(host);
  tarn_session_destroy(device);
  return worst / magnitude;
}

/* fp16 rounds values to 11 bits and bf16 to 8: a few units of the last place behind two products.
 * The weights are eighths, which fp16 has exactly and bf16 not all. */
START_TEST(test_device_narrow) {
  static const struct {
    const char *precision;
    double least, most;
  } rows[] = {{"fp16", 0, 4 * 0x1p-11}, {"bf16", 1e-5, 4 * 0x1p-8}};
  int casts;
  layers();
  for (int i = 0; i < 2; i++)
    for (int k = 0; k < 2; k++) {
      const double error = narrow_error(rows[i].precision, k ? "z" : "yv", &casts);
      ck_assert_msg(error >= rows[i].least && error < rows[i].most, "%s: %g", rows[i].precision,
                    error);
      ck_assert_int_gt(casts, 1);   /* there and back */
    }
  ck_assert_double_eq(narrow_error("f32", "deep", &casts), 0);
  ck_assert_int_eq(casts, 0);
  ck_assert_double_eq(narrow_error("tf32", "deep", &casts), 0); /* the device for tests has none */
  ck_assert_int_eq(casts, 0);
}
END_TEST

/* What is asked of a device string: nothing runs on it when every node is the CPU's. */
START_TEST(test_device_strings_are_obeyed) {
  layers();
  for (size_t i = 0; i < g->count; i++)
    on(g->nodes[i], "/job:worker/replica:0/task:0/device:cpu:0");
  tarn_session *device = session_for("cuda", 0);
  ck_assert_int_eq(plan_of(device, "z")->device.steps, 0);
  tarn_session_destroy(device);
}
END_TEST

static int copies_in(const tarn_block *block) {
  int n = 0;
  for (int at = 0; at < block->steps; at++) {
    const tarn_step *step = &block->step[at];
    n += !step->removed && step->op &&
         (!strcmp(step->op->name, "_Upload") || !strcmp(step->op->name, "_Download"));
  }
  return n;
}

/* A loop whose body is the device's and whose condition is the host's: what it carries stays
 * there. */
START_TEST(test_device_in_loops) {
  g = new_graph();
  node(g, "limit", "Placeholder", "", "dtype=int32; shape=[]");
  node(g, "x", "Placeholder", "", "dtype=float; shape=[8]");
  add_loop(g, "x");
  tarn_session *device = session_with(g, &(tarn_session_options){.threads = 1, .backend = "cuda"});
  float from[8], want[8];
  for (int i = 0; i < 8; i++) from[i] = (float)i + 0.5f;
  for (int rounds = 0; rounds < 6; rounds++) {
    tarn_tensor *x = vector_f(8, from), *limit = scalar_i(rounds), *y;
    const tarn_feed feeds[] = {{"x", x}, {"limit", limit}};
    const char *fetch = "x_out";
    OK(tarn_session_run(device, feeds, 2, &fetch, 1, NULL, 0, &y));
    for (int i = 0; i < 8; i++) want[i] = from[i] * (float)(1 << rounds);
    ck_assert_mem_eq(tarn_tensor_data_const(y), want, sizeof want);
    tarn_tensor *all[] = {x, limit, y};
    for (int i = 0; i < 3; i++) tarn_tensor_release(all[i]);
  }
  tarn_tensor *x = vector_f(8, from), *limit = scalar_i(1);
  const tarn_feed feeds[] = {{"x", x}, {"limit", limit}};
  const char *fetch = "x_out";
  const tarn_run_request q = {.feeds = feeds, .n_feeds = 2, .fetches = &fetch, .n_fetches = 1};
  const tarn_plan *plan;
  OK(tarn__session_plan(device, &q, false, &plan));
  int loops = 0;
  for (int b = 0; b < plan->blocks; b++) {
    if (plan->block[b] == plan->root || !plan->block[b]->straight) continue;
    loops++;
    ck_assert_int_eq(plan->block[b]->loop_vars, 2);
    for (int at = 0; at < plan->block[b]->steps; at++) {
      const tarn_step *step = &plan->block[b]->step[at];
      if (step->op && !strcmp(step->op->name, "_Upload"))
        ck_assert_int_eq(plan->block[b]->value[step->out[0]].storage, TARN_STORE_PREPARED);
    }
    ck_assert_int_le(copies_in(plan->block[b]),
                     1); /* the two that x is multiplied by, which is there from the start */
  }
  ck_assert_int_eq(loops, 1);
  tarn_tensor_release(x);
  tarn_tensor_release(limit);
  tarn_session_destroy(device);
}
END_TEST

/* What the module counts. */
static test_device_counts counts(void) {
  static void (*get)(test_device_counts *);
  test_device_counts now;
  if (!get) {
    void *module = dlopen(getenv("TARN_CUDA_MODULE"), RTLD_NOW | RTLD_NOLOAD);
    ck_assert_ptr_nonnull(module);
    union {
      void *object;
      void (*function)(test_device_counts *);
    } entry = {dlsym(module, "tarn_test_device_counts")};
    ck_assert_ptr_nonnull(entry.object);
    get = entry.function;
  }
  get(&now);
  return now;
}

/* Waits for the device, and copies from it, of the third run of a loop of so many rounds. */
static test_device_counts counts_of(tarn_session *s, int rounds, const char *fetch, float want) {
  float from[8] = {1, 1, 1, 1, 1, 1, 1, 1};
  test_device_counts before = {0}, after = {0};
  for (int turn = 0; turn < 3; turn++) {
    tarn_tensor *x = vector_f(8, from), *limit = scalar_i(rounds), *y;
    const tarn_feed feeds[] = {{"x", x}, {"limit", limit}};
    if (turn) before = counts();
    OK(tarn_session_run(s, feeds, 2, &fetch, 1, NULL, 0, &y));
    after = counts();
    ck_assert_float_eq(((const float *)tarn_tensor_data_const(y))[7], want);
    tarn_tensor *all[] = {x, limit, y};
    for (int i = 0; i < 3; i++) tarn_tensor_release(all[i]);
  }
  return (test_device_counts){after.waits - before.waits, after.copies_in - before.copies_in,
                              after.copies_out - before.copies_out};
}

/* A counted loop decides on the host, where its counter is: no round waits for the device, also
 * where the body wants the counter there. */
START_TEST(test_device_counted_loops_do_not_wait) {
  for (int counter = 0; counter < 2; counter++) {
    g = new_graph();
    node(g, "limit", "Placeholder", "", "dtype=int32; shape=[]");
    node(g, "x", "Placeholder", "", "dtype=float; shape=[8]");
    add_loop(g, "x");
    if (counter) {   /* x + i in place of x * 2 */
      node(g, "i_f", "Cast", "i_sw:1", "SrcT=int32; DstT=float");
      node(g, "x_add", "AddV2", "x_sw:1 i_f", "T=float");
      tarn__graph_node(g, "x_next")->input_text[0] = "x_add";
    }
    OK(tarn__graph_finish(g));
    tarn_session *s = session_for("cuda", 0);
    const test_device_counts few = counts_of(s, 3, "x_out", counter ? 1 + 3 : 8),
                             many = counts_of(s, 20, "x_out", counter ? 1 + 190 : 1 << 20);
    ck_assert_int_eq(few.waits, many.waits);
    ck_assert_int_eq(few.copies_out, many.copies_out);
    ck_assert_int_eq(many.copies_in - few.copies_in, counter ? 17 : 0);
    tarn_session_destroy(s);
    teardown();
  }
}
END_TEST

START_TEST(test_device_memory_has_a_limit) {
  layers();
  tarn_session *small = session_for("cuda", 300), *enough = session_for("cuda", 1 << 20);
  tarn_tensor *x = input(0), *y;
  FAILS(run_one(small, "x", x, "z", &y), TARN_LIMIT, "the device's memory");
  OK(run_one(enough, "x", x, "z", &y));
  tarn_tensor_release(y);
  tarn_tensor_release(x);
  tarn_session_destroy(small);
  tarn_session_destroy(enough);
}
END_TEST

typedef struct runs {
  tarn_session *device;
  const float *want;
  bool same;
} runs;

static void *run_many(void *argument) {
  runs *r = argument;
  tarn_tensor *x = input(7), *y;
  r->same = true;
  for (int turn = 0; turn < 30 && r->same; turn++) {
    if (run_one(r->device, "x", x, turn % 2 ? "deep" : "z", &y) != TARN_OK) {
      r->same = false;
      break;
    }
    r->same = turn % 2 || !memcmp(tarn_tensor_data_const(y), r->want, tarn_tensor_bytes(y));
    tarn_tensor_release(y);
  }
  tarn_tensor_release(x);
  return NULL;
}

/* Each run has a context with a queue of its own; what is kept on the device is shared. */
START_TEST(test_device_from_many_threads) {
  layers();
  tarn_session *host = session_for("reference", 0), *device = session_for("cuda", 0);
  tarn_tensor *x = input(7), *want;
  OK(run_one(host, "x", x, "z", &want));
  runs each[4];
  pthread_t thread[4];
  for (int i = 0; i < 4; i++) {
    each[i] = (runs){device, tarn_tensor_data_const(want), false};
    ck_assert_int_eq(pthread_create(&thread[i], NULL, run_many, &each[i]), 0);
  }
  for (int i = 0; i < 4; i++) pthread_join(thread[i], NULL);
  for (int i = 0; i < 4; i++) ck_assert_msg(each[i].same, "thread %d", i);
  tarn_tensor_release(want);
  tarn_tensor_release(x);
  tarn_session_destroy(host);
  tarn_session_destroy(device);
}
END_TEST

/* Each call of the device fails in turn: an error that says so, nothing lost, and the next run is
 * well. */
START_TEST(test_device_may_fail_anywhere) {
  layers();
  tarn_session *host = session_for("reference", 0);
  bool failed = true;
  int at = 1;
  for (int passed = 0; passed < 2 && at < 200; passed = failed ? 0 : passed + 1, at++) {
    char text[16];
    snprintf(text, sizeof text, "%d", at);
    tarn_session *device = session_for("cuda", 0);
    setenv("TARN_TEST_DEVICE_FAIL", text, 1);
    failed = false;
    for (int turn = 0; turn < 3 && !failed; turn++) {   /* as it is, recorded, replayed */
      tarn_tensor *x = input(turn), *y;
      const tarn_status status = run_one(device, "x", x, at % 2 ? "z" : "deep", &y);
      if (status == TARN_OK) tarn_tensor_release(y);
      else
        ck_assert_msg(status == TARN_IO && strstr(tarn_error(), "as it was told to"), "%d: %s", at,
                      tarn_error());
      failed = status != TARN_OK;
      tarn_tensor_release(x);
    }
    unsetenv("TARN_TEST_DEVICE_FAIL");
    same_results(host, device, 3, "z");
    tarn_session_destroy(device);
  }
  ck_assert_int_gt(at, 10);
  ck_assert(!failed);
  tarn_session_destroy(host);
}
END_TEST

SUITE_MAIN_TEARDOWN("device", teardown, test_device_runs_and_copies, test_device_records,
                    test_device_narrow, test_device_strings_are_obeyed, test_device_in_loops,
                    test_device_counted_loops_do_not_wait,
                    test_device_from_many_threads, test_device_memory_has_a_limit,
                    test_device_may_fail_anywhere)
