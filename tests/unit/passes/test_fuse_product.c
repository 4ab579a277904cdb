/* The pass that joins products with what follows them: every pattern gives the numbers of the graph
 * run as it is written, and what must not be joined is not. */
#include "tests/unit/graph/build_graph.h"
#include "tests/unit/suite.h"

#include <math.h>
#include <stdlib.h>

static tarn_graph *g;
static tarn_session *fused, *plain;
static void setup(void) {
  g = new_graph();
  fused = plain = NULL;
}
static void teardown(void) {
  tarn_session_destroy(fused);
  tarn_session_destroy(plain);
  tarn__graph_destroy(g);
}

enum { N = 2, H = 9, W = 7, C = 5, O = 8 };

static float *noise(int n, unsigned seed, float low, float high) {
  static float x[4096];
  ck_assert_int_le(n, 4096);
  for (int i = 0; i < n; i++) {
    seed = seed * 1664525u + 1013904223u;
    x[i] = low + (high - low) * (float)(seed >> 8) / (float)(1 << 24);
  }
  return x;
}
static void vector(const char *name, unsigned seed, float low, float high) {
  floats(g, name, 1, (int64_t[]){O}, noise(O, seed, low, high));
}

/* conv(x) of 8 channels, or a depthwise or matrix product; "p" is its name. */
static void product(const char *kind) {
  if (!strcmp(kind, "MatMul")) {
    node(g, "x", "Placeholder", "", "dtype=float; shape=[?,5]");
    floats(g, "w", 2, (int64_t[]){C, O}, noise(C * O, 1, -1, 1));
    node(g, "p", "MatMul", "x w", "T=float");
  } else if (!strcmp(kind, "Conv2D")) {
    node(g, "x", "Placeholder", "", "dtype=float; shape=[?,9,7,5]");
    floats(g, "w", 4, (int64_t[]){3, 3, C, O}, noise(9 * C * O, 2, -1, 1));
    node(g, "p", "Conv2D", "x w", "T=float; strides=[1,1,1,1]; padding=SAME");
  } else {
    node(g, "x", "Placeholder", "", "dtype=float; shape=[?,9,7,4]");
    floats(g, "w", 4, (int64_t[]){3, 3, 4, 2}, noise(9 * 4 * 2, 3, -1, 1));
    node(g, "p", "DepthwiseConv2dNative", "x w", "T=float; strides=[1,1,1,1]; padding=SAME");
  }
}
static tarn_tensor *input_of(const char *kind) {
  const bool flat = !strcmp(kind, "MatMul");
  const int64_t dims[] = {N, flat ? C : H, W, !strcmp(kind, "Conv2D") ? C : 4};
  tarn_tensor *x = tensor(TARN_F32, flat ? 2 : 4, dims, NULL);
  memcpy(tarn_tensor_data(x), noise((int)tarn_tensor_elements(x), 9, -1, 1), tarn_tensor_bytes(x));
  return x;
}

static int count_ops(const tarn_plan *plan, const char *op) {
  int n = 0;
  for (int i = 0; i < plan->root->steps; i++) {
    const tarn_step *t = &plan->root->step[i];
    n += !t->removed && t->op && !strcmp(t->op->name, op);
  }
  return n;
}

/* Runs "y" with the pass and without it: the same numbers. Returns the fused plan's number of
 * running steps. */
static int compare(const char *kind, const char *fused_op, int wanted) {
  /* Some chains begin with the same product, and would share it. */
  static const char *const off[] = {"merge_equal", "fuse_elementwise", "fuse_product"};
  const char *fetch = "y";
  tarn_tensor *x = input_of(kind), *a, *b;
  const tarn_feed feed = {"x", x};
  OK(tarn__graph_finish(g));
  OK(tarn__session_create(g, NULL, &(tarn_session_options){.threads = 1}, NULL, &fused));
  OK(tarn__session_create(g, NULL, &(tarn_session_options){.threads = 1}, NULL, &plain));
  tarn__session_disable_passes(fused, off, 2);
  tarn__session_disable_passes(plain, off, 3);
  const tarn_run_request q = {.feeds = &feed, .n_feeds = 1, .fetches = &fetch, .n_fetches = 1};
  const tarn_plan *with, *without;
  if (tarn__graph_node(g, "init")) {
    OK(run_target(fused, "init"));
    OK(run_target(plain, "init"));
  }
  OK(tarn__session_plan(fused, &q, false, &with));
  OK(tarn__session_plan(plain, &q, false, &without));
  ck_assert_int_eq(count_ops(without, fused_op), 0);
  ck_assert_int_eq(count_ops(with, fused_op), wanted);
  for (int round = 0; round < 3; round++) {              /* packed in the first */
    OK(run_one(fused, "x", x, "y", &a));
    OK(run_one(plain, "x", x, "y", &b));
    ck_assert_int_eq(tarn_tensor_elements(a), tarn_tensor_elements(b));
    for (int64_t i = 0; i < tarn_tensor_elements(a); i++) {
      const double u = ((const float *)tarn_tensor_data_const(a))[i],
                   v = ((const float *)tarn_tensor_data_const(b))[i];
      ck_assert_msg(fabs(u - v) <= 3e-5 * (1 + fabs(v)), "%s: element %lld is %g, expected %g",
                    kind, (long long)i, u, v);
    }
    tarn_tensor_release(a);
    tarn_tensor_release(b);
  }
  tarn_tensor_release(x);
  int running = 0;
  for (int i = 0; i < with->root->steps; i++) running += !with->root->step[i].removed;
  return running;
}

static const char *const kinds[][2] = {{"Conv2D", "_FusedConv2D"},
                                       {"DepthwiseConv2dNative", "_FusedDepthwiseConv2dNative"},
                                       {"MatMul", "_FusedMatMul"}};
#define EACH_KIND for (int k = 0; k < 3; teardown(), g = NULL, fused = plain = NULL, k++)

START_TEST(test_fuse_bias_and_activation) {
  static const char *const activations[] = {"Relu", "Relu6", "Elu", "Tanh", "Sigmoid"};
  for (int i = 0; i < 5; i++)
    EACH_KIND {
      setup();
      product(kinds[k][0]);
      vector("b", 4, -2, 2);
      node(g, "bias", "BiasAdd", "p b", "T=float");
      node(g, "y", activations[i], "bias", "T=float");
      /* convolutions leave what they do not do while they store */
      ck_assert_int_eq(compare(kinds[k][0], kinds[k][1], 1), i < 2 || k == 2 ? 1 : 2);
    }
}
END_TEST

/* Relu and Relu6 by Maximum and Minimum, with as many steps as are left. */
START_TEST(test_fuse_clips) {
  static const struct {
    struct {
      const char *op;
      float with;   /* < 0: of one tensor */
    } step[4];
    int left;
  } forms[] = {{{{"Maximum", 0}}, 1},
               {{{"Maximum", 0}, {"Minimum", 6}}, 1},
               {{{"Minimum", 6}, {"Maximum", 0}}, 1},
               {{{"Relu", -1}, {"Minimum", 6}, {"Maximum", 0}}, 1},
               {{{"Relu6", -1}, {"Minimum", 6}}, 1},
               {{{"Minimum", 6}, {"Maximum", 1}}, 3},
               {{{"Minimum", 6}, {"Neg", -1}}, 3},
               {{{"Maximum", 0}, {"Minimum", 5}}, 2},
               {{{"Relu", -1}, {"Maximum", 2}}, 2}};
  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
    EACH_KIND {
      setup();
      product(kinds[k][0]);
      vector("b", 4, -9, 9);
      node(g, "bias", "BiasAdd", "p b", "T=float");
      char before[16] = "bias", inputs[48], limit[16], name[16];
      for (int n = 0; n < 4 && forms[i].step[n].op; n++) {
        const float with = forms[i].step[n].with;
        const bool last = n == 3 || !forms[i].step[n + 1].op;
        snprintf(name, sizeof name, last ? "y" : "s%d", n);
        snprintf(limit, sizeof limit, "k%d", n);
        if (with >= 0) number(g, limit, with);
        if (with < 0) snprintf(inputs, sizeof inputs, "%s", before);
        else
          snprintf(inputs, sizeof inputs, "%s %s", n & 1 ? limit : before, n & 1 ? before : limit);
        node(g, name, forms[i].step[n].op, inputs, "T=float");
        snprintf(before, sizeof before, "%s", name);
      }
      ck_assert_int_eq(compare(kinds[k][0], kinds[k][1], 1), forms[i].left);
    }
}
END_TEST

START_TEST(test_fuse_scale_and_shift) {
  EACH_KIND {
    setup();
    product(kinds[k][0]);
    vector("m", 5, 0.5f, 2);
    vector("a", 6, -1, 1);
    vector("c", 7, -1, 1);
    node(g, "scaled", "Mul", "m p", "T=float");
    node(g, "shifted", "AddV2", "scaled a", "T=float");
    node(g, "less", "Sub", "shifted c", "T=float");
    node(g, "again", "Mul", "less m", "T=float");
    node(g, "y", "Relu", "again", "T=float");
    ck_assert_int_eq(compare(kinds[k][0], kinds[k][1], 1), 1);
  }
}
END_TEST

START_TEST(test_fuse_batch_norm) {
  for (int k = 0; k < 2; k++) {
    setup();
    product(kinds[k][0]);
    vector("scale", 5, 0.5f, 2);
    vector("offset", 6, -1, 1);
    vector("mean", 7, -1, 1);
    vector("variance", 8, 0.1f, 2);
    node(g, "bn", "FusedBatchNormV3", "p scale offset mean variance",
         "T=float; U=float; is_training=false; epsilon=0.01");
    node(g, "y", "Relu", "bn", "T=float");
    ck_assert_int_eq(compare(kinds[k][0], kinds[k][1], 1), 1);
    teardown();
    fused = plain = NULL;
    g = NULL;
  }
}
END_TEST

/* As tf.nn.batch_normalization writes it, and as others do: (y - mean) / deviation * scale +
 * offset. */
START_TEST(test_fuse_batch_norm_in_pieces) {
  EACH_KIND {
    setup();
    product(kinds[k][0]);
    vector("scale", 5, 0.5f, 2);
    vector("offset", 6, -1, 1);
    vector("mean", 7, -1, 1);
    vector("variance", 8, 0.1f, 2);
    number(g, "epsilon", 0.01f);
    node(g, "v", "AddV2", "variance epsilon", "T=float");
    node(g, "r", "Rsqrt", "v", "T=float");
    node(g, "m", "Mul", "r scale", "T=float");
    node(g, "ym", "Mul", "p m", "T=float");
    node(g, "mm", "Mul", "mean m", "T=float");
    node(g, "s", "Sub", "offset mm", "T=float");
    node(g, "a", "AddV2", "ym s", "T=float");
    node(g, "y", "Relu", "a", "T=float");
    ck_assert_int_eq(compare(kinds[k][0], kinds[k][1], 1), 1);
    teardown();
    fused = plain = NULL;
    setup();
    product(kinds[k][0]);
    vector("scale", 5, 0.5f, 2);
    vector("offset", 6, -1, 1);
    vector("mean", 7, -1, 1);
    vector("deviation", 8, 0.1f, 2);
    node(g, "c", "Sub", "p mean", "T=float");
    node(g, "n", "RealDiv", "c deviation", "T=float");
    node(g, "t", "Mul", "scale n", "T=float");
    node(g, "y", "AddV2", "offset t", "T=float");
    ck_assert_int_eq(compare(kinds[k][0], kinds[k][1], 1), 1);
    teardown();
    fused = plain = NULL;
    g = NULL;
  }
}
END_TEST

/* A division by zero gives infinities of the sign that the product has. */
START_TEST(test_fuse_leaves_divisions_by_zero) {
  setup();
  product("Conv2D");
  floats(g, "zeros", 1, (int64_t[]){O}, (float[O]){1, 1, 0, 1, 1, 1, 1, 1});
  node(g, "d", "RealDiv", "p zeros", "T=float");
  node(g, "y", "Tanh", "d", "T=float");
  compare("Conv2D", "_FusedConv2D", 0);
}
END_TEST

START_TEST(test_fuse_residual_sum) {
  EACH_KIND {
    setup();
    product(kinds[k][0]);
    vector("b", 4, -2, 2);
    node(g, "side", "Tanh", "p2", "T=float");
    if (k == 2) node(g, "p2", "MatMul", "x w", "T=float");
    else node(g, "p2", kinds[k][0], "x w", "T=float; strides=[1,1,1,1]; padding=SAME");
    node(g, "bias", "BiasAdd", "p b", "T=float");
    node(g, "sum", "AddV2", "side bias", "T=float");
    node(g, "y", "Relu", "sum", "T=float");
    compare(kinds[k][0], kinds[k][1], k == 2 ? 2 : 1);   /* Tanh is not a convolution's */
  }
}
END_TEST

START_TEST(test_fuse_pad) {
  setup();
  node(g, "x", "Placeholder", "", "dtype=float; shape=[?,9,7,5]");
  constant(g, "by", "", TARN_I32, 2, (int64_t[]){4, 2}, (int32_t[]){0, 0, 2, 1, 3, 0, 0, 0});
  node(g, "wide", "Pad", "x by", "T=float; Tpaddings=int32");
  floats(g, "w", 4, (int64_t[]){3, 3, C, O}, noise(9 * C * O, 2, -1, 1));
  node(g, "p", "Conv2D", "wide w", "T=float; strides=[1,2,2,1]; padding=VALID");
  node(g, "y", "Relu", "p", "T=float");
  ck_assert_int_eq(compare("Conv2D", "_FusedConv2D", 1), 1);
}
END_TEST

/* Somebody else looks at a result in between, or waits for it: it must be there. */
START_TEST(test_fuse_leaves_results_that_others_use) {
  setup();
  product("Conv2D");
  vector("b", 4, -2, 2);
  node(g, "bias", "BiasAdd", "p b", "T=float");
  node(g, "r", "Relu", "bias", "T=float");
  node(g, "y", "AddV2", "r p", "T=float");
  compare("Conv2D", "_FusedConv2D", 0);
}
END_TEST

/* Scaling by a vector over another axis, by the tensor itself, or of padded channels-first data is
 * something else. */
START_TEST(test_fuse_refuses_what_is_no_channel_vector) {
  setup();
  product("Conv2D");
  floats(g, "rows", 4, (int64_t[]){1, H, 1, 1}, noise(H, 5, 0.5f, 2));
  node(g, "m", "Mul", "p rows", "T=float");
  node(g, "y", "Mul", "m m", "T=float");
  compare("Conv2D", "_FusedConv2D", 0);
}
END_TEST

START_TEST(test_fuse_after_the_activation_nothing_is_folded) {
  EACH_KIND {
    setup();
    product(kinds[k][0]);
    vector("b", 4, -2, 2);
    node(g, "r", "Relu", "p", "T=float");
    node(g, "s", "Mul", "r b", "T=float");
    node(g, "t", "AddV2", "s b", "T=float");
    node(g, "y", "Relu", "t", "T=float");
    compare(kinds[k][0], kinds[k][1], 1);
  }
}
END_TEST

START_TEST(test_fuse_transposed_weights) {
  setup();
  node(g, "x", "Placeholder", "", "dtype=float; shape=[?,5]");
  floats(g, "w", 2, (int64_t[]){O, C}, noise(C * O, 1, -1, 1));
  node(g, "p", "MatMul", "x w", "T=float; transpose_b=true");
  vector("m", 5, 0.5f, 2);
  node(g, "s", "Mul", "p m", "T=float");
  node(g, "b", "AddV2", "s m", "T=float");
  node(g, "y", "Relu", "b", "T=float");
  compare("MatMul", "_FusedMatMul", 0);
}
END_TEST

/* Variables that nothing writes count as known; a ref variable taken as it is as well. */
START_TEST(test_fuse_variables) {
  setup();
  node(g, "x", "Placeholder", "", "dtype=float; shape=[?,9,7,5]");
  floats(g, "w0", 4, (int64_t[]){3, 3, C, O}, noise(9 * C * O, 2, -1, 1));
  vector("b0", 5, -1, 1);
  node(g, "w", "VariableV2", "", "dtype=float; shape=[3,3,5,8]");
  node(g, "b", "VariableV2", "", "dtype=float; shape=[8]");
  node(g, "set_w", "Assign", "w w0", "T=float");
  node(g, "set_b", "Assign", "b b0", "T=float");
  node(g, "init", "NoOp", "^set_w ^set_b", "");
  node(g, "p", "Conv2D", "x w", "T=float; strides=[1,1,1,1]; padding=SAME");
  node(g, "s", "Mul", "p b", "T=float");
  node(g, "y", "AddV2", "s b", "T=float");
  ck_assert_int_eq(compare("Conv2D", "_FusedConv2D", 1), 1);     /* the handles are gone */
}
END_TEST

/* Chains over one filter that use the same vectors in other ways: each has packed weights of its
 * own. */
START_TEST(test_fuse_chains_on_one_filter_stay_apart) {
  setup();
  product("Conv2D");
  vector("m", 5, 0.5f, 2);
  vector("a", 6, -1, 1);
  static const char *const conv = "T=float; strides=[1,1,1,1]; padding=SAME";
  node(g, "p1", "Conv2D", "x w", conv);
  node(g, "p2", "Conv2D", "x w", conv);
  node(g, "p3", "Conv2D", "x w", conv);
  node(g, "s1", "Mul", "p1 m", "T=float");       /* p m + a */
  node(g, "r1", "AddV2", "s1 a", "T=float");
  node(g, "s2", "AddV2", "p2 m", "T=float");     /* (p + m) a */
  node(g, "r2", "Mul", "s2 a", "T=float");
  node(g, "s3", "Mul", "p3 m", "T=float");       /* p m - a */
  node(g, "r3", "Sub", "s3 a", "T=float");
  vector("mean", 7, -1, 1);
  vector("variance", 8, 0.001f, 0.01f);
  static const char *const epsilon[] = {"0.001", "0.5"};
  char attrs[100], name[8], from[40];
  for (int i = 0; i < 2; i++) {                  /* the same norm but for epsilon */
    snprintf(name, sizeof name, "q%d", i);
    node(g, name, "Conv2D", "x w", conv);
    snprintf(from, sizeof from, "%s m a mean variance", name);
    snprintf(attrs, sizeof attrs, "T=float; U=float; is_training=false; epsilon=%s", epsilon[i]);
    snprintf(name, sizeof name, "bn%d", i);
    node(g, name, "FusedBatchNormV3", from, attrs);
  }
  node(g, "all", "AddN", "r1 r2 r3 bn0 bn1", "N=5; T=float");
  node(g, "y", "AddV2", "all p", "T=float");
  compare("Conv2D", "_FusedConv2D", 6);      /* the five, and p with the sum */
}
END_TEST

SUITE_MAIN_TEARDOWN("fuse_product", teardown, test_fuse_bias_and_activation, test_fuse_clips,
                    test_fuse_scale_and_shift, test_fuse_batch_norm,
                    test_fuse_batch_norm_in_pieces, test_fuse_leaves_divisions_by_zero,
                    test_fuse_residual_sum,
                    test_fuse_pad, test_fuse_leaves_results_that_others_use,
                    test_fuse_refuses_what_is_no_channel_vector,
                    test_fuse_after_the_activation_nothing_is_folded, test_fuse_transposed_weights,
                    test_fuse_variables, test_fuse_chains_on_one_filter_stay_apart)
