/* Work of a session that is recorded at its second run, on the emulated device with each call of
 * the runtime that can fail failing once: what can only not be recorded is done all the same. */
#include <dlfcn.h>

#include "graph/case/case_input.h"
#include "kernels/device.h"
#include "tests/unit/graph/build_graph.h"
#include "tests/unit/suite.h"

enum { SIDE = 4, N = SIDE * SIDE, RUNS = 4 };

static long (*fail_at)(long calls); /* gives how many were left */

static tarn_graph *g;
static void teardown(void) {
  tarn__graph_destroy(g);
  g = NULL;
}

/* Powers of x: products, which no pass joins. */
static tarn_session *powers(void) {
  static const char *const nodes[][2] = {{"a", "x x"}, {"b", "a x"}, {"y", "b x"}};
  tarn_session *s;
  g = new_graph();
  node(g, "x", "Placeholder", "", "dtype=float; shape=[4,4]");
  for (int i = 0; i < 3; i++)
    node(g, nodes[i][0], "MatMul", nodes[i][1], "T=float")->device = "/device:GPU:0";
  OK(tarn__graph_finish(g));
  OK(tarn__session_create(g, NULL, &(tarn_session_options){.threads = 1, .backend = "cuda"}, NULL,
                          &s));
  return s;
}

/* All elements are v: those of its fourth power are 64 v^4. */
static tarn_status run(tarn_session *s, double v) {
  tarn_tensor *x = tensor(TARN_F32, 2, (int64_t[]){SIDE, SIDE}, NULL), *y = NULL;
  for (int i = 0; i < N; i++) tarn__element_put(x, i, v, 0);
  const char *fetch = "y";
  const tarn_status status = tarn_session_run(s, &(tarn_feed){"x", x}, 1, &fetch, 1, NULL, 0, &y);
  for (int i = 0; i < N && status == TARN_OK; i++)
    ck_assert_double_eq(tarn__element_get(y, i), SIDE * SIDE * SIDE * v * v * v * v);
  tarn_tensor_release(x);
  tarn_tensor_release(y);
  return status;
}

START_TEST(what_cannot_be_recorded_is_done) {
  int recorded = 0, done = 0;
  for (long call = 0; call < 100; call++) {
    tarn_session *s = powers();
    OK(run(s, 1));
    fail_at(call);
    const tarn_status status = run(s, 2);
    const bool failed = fail_at(-1) < 0;
    done += failed && status == TARN_OK;
    for (int i = 0; i < RUNS; i++) OK(run(s, 0.5 * i));
    tarn_session_destroy(s);
    teardown();
    if (!failed) break;
    recorded++;
  }
  ck_assert_int_ge(recorded, 5);
  /* the capture's begin, a launch or product in it, its end, and what is made of it */
  ck_assert_int_ge(done, 3);
}
END_TEST

int main(void) {
  const tarn_backend *backend;
  if (tarn__backend_cuda(&backend) != TARN_OK) {
    printf("%s\n", tarn_error());
    return EXIT_FAILURE;
  }
  void *module = dlopen(getenv("TARN_CUDA_MODULE"), RTLD_NOW | RTLD_NOLOAD);
  *(void **)&fail_at = module ? dlsym(module, "tarn_emulated_fail") : NULL;
  if (!fail_at) {
    printf("not the emulated device\n");
    return EXIT_FAILURE;
  }
  const TTest *const tests[] = {what_cannot_be_recorded_is_done, NULL};
  return suite_run("recordings", NULL, teardown, tests);
}
