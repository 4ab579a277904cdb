/* Plans with a pass and without it, for the tests of passes: the same results, and what was made of
 * the steps. */
#ifndef TARN_TESTS_UNIT_PASSES_PASSES_H
#define TARN_TESTS_UNIT_PASSES_PASSES_H

#include <math.h>

#include "tests/unit/graph/build_graph.h"
#include "tests/unit/suite.h"

/* The graph of a test, a session with every pass and one without the pass (or without any). */
typedef struct pass_test {
  tarn_graph *graph;
  tarn_session *with, *without;
  const char *off[1];
} pass_test;

static inline void pass_test_begin(pass_test *t) {
  *t = (pass_test){.graph = new_graph()};
}
static inline void pass_test_end(pass_test *t) {
  tarn_session_destroy(t->with);
  tarn_session_destroy(t->without);
  tarn__graph_destroy(t->graph);
  *t = (pass_test){0};
}
/* The suite's own. */
static pass_test t;
static inline void setup(void) {
  pass_test_begin(&t);
}
static inline void teardown(void) {
  pass_test_end(&t);
}
/* A constant vector of the graph. */
static inline void ints(const char *name, int n, const int32_t *x) {
  constant(t.graph, name, "", TARN_I32, 1, (int64_t[]){n}, x);
}

static inline void pass_test_sessions(pass_test *test, const char *pass, int threads) {
  if (test->with) return;
  test->off[0] = pass;
  OK(tarn__graph_finish(test->graph));
  OK(tarn__session_create(test->graph, NULL, &(tarn_session_options){.threads = threads}, NULL,
                          &test->with));
  OK(tarn__session_create(test->graph, NULL, &(tarn_session_options){.threads = threads}, NULL,
                          &test->without));
  tarn__session_disable_passes(test->without, test->off, 1);
}

/* Steps of the root that run this op; NULL: any kernel. */
static inline int running_ops(const tarn_plan *plan, const char *op) {
  int n = 0;
  for (int i = 0; i < plan->root->steps; i++) {
    const tarn_step *step = &plan->root->step[i];
    if (step->removed) continue;
    n += op ? step->op && !strcmp(step->op->name, op) : step->kind == TARN_STEP_KERNEL;
  }
  return n;
}

static inline const tarn_plan *pass_test_plan(tarn_session *s, const tarn_feed *feeds, size_t n,
                                              const char *fetch) {
  const tarn_plan *plan;
  const tarn_run_request q = {.feeds = feeds, .n_feeds = n, .fetches = &fetch, .n_fetches = 1};
  OK(tarn__session_plan(s, &q, false, &plan));
  return plan;
}

/* The fetch is the same with the pass and without it, within `relative`; 0: to the bit. */
static inline void pass_test_same(pass_test *test, const char *pass, const tarn_feed *feeds,
                                  size_t n, const char *fetch, double relative) {
  tarn_tensor *a = NULL, *b = NULL;
  pass_test_sessions(test, pass, 1);
  for (int round = 0; round < 2; round++) {
    OK(tarn_session_run(test->with, feeds, n, &fetch, 1, NULL, 0, &a));
    OK(tarn_session_run(test->without, feeds, n, &fetch, 1, NULL, 0, &b));
    ck_assert_int_eq(tarn_tensor_dtype(a), tarn_tensor_dtype(b));
    ck_assert_int_eq(tarn_tensor_rank(a), tarn_tensor_rank(b));
    for (int d = 0; d < tarn_tensor_rank(a); d++)
      ck_assert_int_eq(tarn_tensor_dim(a, d), tarn_tensor_dim(b, d));
    if (relative == 0) {
      ck_assert_mem_eq(tarn_tensor_data_const(a), tarn_tensor_data_const(b), tarn_tensor_bytes(b));
    } else {
      const float *x = tarn_tensor_data_const(a), *y = tarn_tensor_data_const(b);
      for (int64_t i = 0; i < tarn_tensor_elements(b); i++)
        ck_assert_msg(fabs((double)x[i] - (double)y[i]) <= relative * (1 + fabs((double)y[i])),
                      "%s: element %lld is %g, expected %g", fetch, (long long)i, (double)x[i],
                      (double)y[i]);
    }
    tarn_tensor_release(a);
    tarn_tensor_release(b);
  }
}

/* Numbers in [low, high), the same for a seed; 0.0 and -0.0 among them. */
static inline tarn_tensor *noise_tensor(int rank, const int64_t *dims, unsigned seed, float low,
                                        float high) {
  tarn_tensor *made = tensor(TARN_F32, rank, dims, NULL);
  float *x = tarn_tensor_data(made);
  const int64_t n = tarn_tensor_elements(made);
  for (int64_t i = 0; i < n; i++) {
    seed = seed * 1664525u + 1013904223u;
    x[i] = low + (high - low) * (float)(seed >> 8) / (float)(1 << 24);
  }
  if (low < 0 && n > 2) x[0] = -0.0f, x[1] = 0.0f;
  return made;
}

#endif
