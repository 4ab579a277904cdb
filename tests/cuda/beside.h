/* A graph whose steps run on the CPU and, beside it, on the device that TARN_CUDA_MODULE names. */
#ifndef TARN_TESTS_CUDA_BESIDE_H
#define TARN_TESTS_CUDA_BESIDE_H

#include <math.h>

#include "graph/case/case_input.h"
#include "tests/unit/graph/build_graph.h"
#include "tests/unit/suite.h"

static tarn_graph *g;
static void teardown(void) {
  tarn__graph_destroy(g);
  g = NULL;
}

static inline tarn_session *session_for(const char *backend) {
  tarn_session *s;
  OK(tarn__session_create(g, NULL, &(tarn_session_options){.threads = 1, .backend = backend}, NULL,
                          &s));
  return s;
}

/* Whether all of the steps of such ops, of which there are so many, are the device's. */
static inline bool are_there(tarn_session *s, const tarn_feed *feeds, size_t n, const char *target,
                             const char *op, int wanted) {
  const tarn_run_request q = {.feeds = feeds, .n_feeds = n, .targets = &target, .n_targets = 1};
  const tarn_plan *plan;
  int found = 0;
  bool there = true;
  OK(tarn__session_plan(s, &q, false, &plan));
  for (int at = 0; at < plan->root->steps; at++) {
    const tarn_step *step = &plan->root->step[at];
    if (step->removed || !step->op || !strstr(step->op->name, op)) continue;
    there = there && step->on_device;
    found++;
  }
  return there && found == wanted;
}

static inline void same(const char *what, const char *dtype, double tolerance,
                        const tarn_tensor *want, const tarn_tensor *got) {
  ck_assert_int_eq(tarn_tensor_elements(want), tarn_tensor_elements(got));
  for (int64_t i = 0; i < tarn_tensor_elements(want); i++) {
    const double a = tarn__element_get(want, i), b = tarn__element_get(got, i);
    ck_assert_msg(fabs(a - b) <= tolerance * (fabs(a) + 1),
                  "%s of %s: element %d is %.9g, not %.9g", what, dtype, (int)i, b, a);
  }
}

#endif
