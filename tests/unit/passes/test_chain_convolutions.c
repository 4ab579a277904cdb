/* The pass that joins depthwise and 1x1 convolutions into chains: the numbers of the graph run as
 * it is written, and what must stay apart does. */
#include "kernels/kernel.h"
#include "tests/unit/graph/build_graph.h"
#include "tests/unit/suite.h"

#include <math.h>
#include <stdlib.h>

static tarn_graph *g;
static tarn_session *joined, *plain;
static int64_t size;       /* of the picture */
static void teardown(void) {
  tarn_session_destroy(joined);
  tarn_session_destroy(plain);
  tarn__graph_destroy(g);
  joined = plain = NULL;
  g = NULL;
}

static float *noise(int64_t n, unsigned seed) {
  static float x[1 << 16];
  ck_assert_int_le(n, 1 << 16);
  for (int64_t i = 0; i < n; i++) {
    seed = seed * 1664525u + 1013904223u;
    x[i] = -0.5f + (float)(seed >> 8) / (float)(1 << 24);
  }
  return x;
}

/* NAME = relu6(conv(x) + b): the filter is h x h x c x o, depthwise where o is 1. */
static void layer(const char *name, const char *x, int h, int c, int o, int stride) {
  char text[200], in[200];
  const bool depthwise = o == 1;
  const int channels = depthwise ? c : o;
  snprintf(text, sizeof text, "%s_w", name);
  floats(g, text, 4, (int64_t[]){h, h, c, o},
         noise((int64_t)h * h * c * o, (unsigned)(h + 7 * c + o)));
  snprintf(text, sizeof text, "%s_b", name);
  floats(g, text, 1, (int64_t[]){channels}, noise(channels, 5));
  char conv[100], sum[100];
  snprintf(conv, sizeof conv, "%s_conv", name);
  snprintf(in, sizeof in, "%s %s_w", x, name);
  snprintf(text, sizeof text, "T=float; strides=[1,%d,%d,1]; padding=SAME", stride, stride);
  node(g, conv, depthwise ? "DepthwiseConv2dNative" : "Conv2D", in, text);
  snprintf(sum, sizeof sum, "%s_sum", name);
  snprintf(in, sizeof in, "%s %s_b", conv, name);
  node(g, sum, "BiasAdd", in, "T=float");
  node(g, name, "Relu6", sum, "T=float");
}

static int chains(const tarn_plan *plan) {
  int n = 0;
  for (int i = 0; i < plan->root->steps; i++) {
    const tarn_step *s = &plan->root->step[i];
    n += !s->removed && s->op && !strcmp(s->op->name, "_FusedConvChain");
  }
  return n;
}

/* Runs the fetches with the pass and without: the same numbers; returns the number of chains. */
static int compare(const char *const *fetch, size_t fetches) {
  static const char *const off[] = {"chain_convolutions"};
  const int64_t dims[] = {1, size, size, 3};
  tarn_tensor *x = tensor(TARN_F32, 4, dims, NULL);
  memcpy(tarn_tensor_data(x), noise(dims[1] * dims[2] * 3, 9), tarn_tensor_bytes(x));
  const tarn_feed feed = {"x", x};
  OK(tarn__graph_finish(g));
  OK(tarn__session_create(g, NULL, &(tarn_session_options){.threads = 2}, NULL, &joined));
  OK(tarn__session_create(g, NULL, &(tarn_session_options){.threads = 1}, NULL, &plain));
  tarn__session_disable_passes(plain, off, 1);
  const tarn_run_request q = {.feeds = &feed, .n_feeds = 1, .fetches = fetch, .n_fetches = fetches};
  const tarn_plan *with, *without;
  OK(tarn__session_plan(joined, &q, false, &with));
  OK(tarn__session_plan(plain, &q, false, &without));
  ck_assert_int_eq(chains(without), 0);
  for (size_t f = 0; f < fetches; f++) {
    tarn_tensor *a, *b;
    OK(run_one(joined, "x", x, fetch[f], &a));
    OK(run_one(plain, "x", x, fetch[f], &b));
    ck_assert_int_eq(tarn_tensor_elements(a), tarn_tensor_elements(b));
    for (int64_t i = 0; i < tarn_tensor_elements(a); i++) {
      const double u = ((const float *)tarn_tensor_data_const(a))[i],
                   v = ((const float *)tarn_tensor_data_const(b))[i];
      ck_assert_msg(fabs(u - v) <= 1e-5 * (1 + fabs(v)), "element %lld is %g, expected %g",
                    (long long)i, u, v);
    }
    tarn_tensor_release(a);
    tarn_tensor_release(b);
  }
  tarn_tensor_release(x);
  return chains(with);
}

/* Chains need a machine with AVX2. */
static int here(int chains) { return tarn__target_refusal(TARN_TARGET_AVX2) ? 0 : chains; }

/* What is between the first product and the second depthwise stage is more than a megabyte. */
static void net(void) {
  size = 112;
  g = new_graph();
  node(g, "x", "Placeholder", "", "dtype=float; shape=[?,112,112,3]");
  layer("stem", "x", 3, 3, 20, 1);
  layer("deep1", "stem", 3, 20, 1, 1);
  layer("wide1", "deep1", 1, 20, 24, 1);
  layer("deep2", "wide1", 3, 24, 1, 2);
  layer("wide2", "deep2", 1, 24, 33, 1);
}

START_TEST(test_chain_joins_a_whole_net) {
  net();
  const char *fetch[] = {"wide2"};
  ck_assert_int_eq(compare(fetch, 1), here(1));
}
END_TEST

START_TEST(test_chain_ends_where_a_value_is_wanted) {
  net();
  const char *fetch[] = {"wide2", "wide1"};
  ck_assert_int_eq(compare(fetch, 2), here(2));
}
END_TEST

START_TEST(test_chain_leaves_a_wanted_depthwise_stage) {
  g = new_graph();
  node(g, "x", "Placeholder", "", "dtype=float; shape=[?,19,19,3]");
  size = 19;
  layer("deep", "x", 3, 3, 1, 1);
  layer("wide", "deep", 1, 3, 24, 1);
  const char *fetch[] = {"deep", "wide"};
  ck_assert_int_eq(compare(fetch, 2), 0);
}
END_TEST

SUITE_MAIN_TEARDOWN("chain_convolutions", teardown, test_chain_joins_a_whole_net,
                    test_chain_ends_where_a_value_is_wanted,
                    test_chain_leaves_a_wanted_depthwise_stage)
