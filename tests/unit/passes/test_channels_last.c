/* Networks with channels first give the same with channels last inside, and are transposed only
 * where they begin and end. */
#include "tests/unit/passes/passes.h"
#include "tests/unit/suite.h"

static void weights(const char *name, int rank, const int64_t *dims, unsigned seed) {
  tarn_tensor *w = noise_tensor(rank, dims, seed, 0.1f, 0.6f);
  floats(t.graph, name, rank, dims, tarn_tensor_data(w));
  tarn_tensor_release(w);
}
static void int_tensor(const char *name, int rank, const int64_t *dims, const int32_t *x) {
  constant(t.graph, name, "", TARN_I32, rank, dims, x);
}

/* The same numbers; so many transposes run, and nothing has channels first any more. */
static void gives(int transposes) {
  tarn_tensor *x = noise_tensor(4, (int64_t[]){2, 3, 12, 10}, 7, -2, 2);
  const tarn_feed feed = {"x", x};
  pass_test_same(&t, "channels_last", &feed, 1, "y", 2e-5);
  const tarn_plan *plan = pass_test_plan(t.with, &feed, 1, "y");
  ck_assert_int_eq(running_ops(plan, "Transpose"), transposes);
  for (int at = 0; at < plan->root->steps; at++) {
    const tarn_step *step = &plan->root->step[at];
    const tarn_attr *format =
        !step->removed && step->attrs ? tarn__attr_find(step->attrs, "data_format") : NULL;
    if (format) ck_assert_int_eq(format->s.data[1], 'H');
  }
  tarn_tensor_release(x);
}

static void convolution(const char *name, const char *x, int64_t in, int64_t out) {
  char filter[32], inputs[64];
  snprintf(filter, sizeof filter, "%s_w", name);
  snprintf(inputs, sizeof inputs, "%s %s", x, filter);
  weights(filter, 4, (int64_t[]){3, 3, in, out}, (unsigned)out);
  node(t.graph, name, "Conv2D", inputs,
       "T=float; strides=[1,1,2,1]; padding=SAME; data_format=NCHW");
}

START_TEST(test_channels_last_whole_network) {
  setup();
  node(t.graph, "x", "Placeholder", "", "dtype=float");
  convolution("c1", "x", 3, 8);
  weights("b", 1, (int64_t[]){8}, 5);
  node(t.graph, "bias", "BiasAdd", "c1 b", "T=float; data_format=NCHW");
  weights("scale", 1, (int64_t[]){8}, 6);
  weights("variance", 1, (int64_t[]){8}, 8);
  node(t.graph, "bn", "FusedBatchNormV3", "bias scale b b variance",
       "T=float; U=float; is_training=false; data_format=NCHW");
  node(t.graph, "r", "Relu", "bn", "T=float");
  node(t.graph, "m", "MaxPool", "r",
       "T=float; ksize=[1,1,2,3]; strides=[1,1,1,2]; padding=VALID; data_format=NCHW");
  int_tensor("by", 2, (int64_t[]){4, 2}, (int32_t[]){0, 0, 0, 0, 1, 2, 3, 4});
  node(t.graph, "p", "Pad", "m by", "T=float; Tpaddings=int32");
  convolution("c2", "p", 8, 8);
  convolution("c3", "p", 8, 8);
  weights("s", 3, (int64_t[]){8, 1, 1}, 9);
  node(t.graph, "c2s", "Mul", "c2 s", "T=float");
  node(t.graph, "sum", "AddV2", "c2s c3", "T=float");
  int_tensor("one", 0, NULL, (int32_t[]){1});
  node(t.graph, "both", "ConcatV2", "sum c3 one", "N=2; T=float; Tidx=int32");
  node(t.graph, "a", "AvgPool", "both",
       "T=float; ksize=[1,1,2,2]; strides=[1,1,1,1]; padding=SAME; data_format=NCHW");
  int_tensor("hw", 1, (int64_t[]){2}, (int32_t[]){2, -1});
  node(t.graph, "y", "Mean", "a hw", "T=float; Tidx=int32");
  gives(1);
}
END_TEST

/* What asks for channels first gets it, once. */
START_TEST(test_channels_last_ends_where_others_look) {
  setup();
  node(t.graph, "x", "Placeholder", "", "dtype=float");
  convolution("c1", "x", 3, 8);
  node(t.graph, "r", "Relu", "c1", "T=float");
  int_tensor("flat", 1, (int64_t[]){2}, (int32_t[]){2, -1});
  node(t.graph, "f", "Reshape", "r flat", "T=float");
  node(t.graph, "g", "Reshape", "r flat", "T=float");
  node(t.graph, "y", "AddV2", "f g", "T=float");
  gives(2);
}
END_TEST

/* A graph that transposes by itself loses its transposes. */
START_TEST(test_channels_last_takes_the_graphs_transposes) {
  setup();
  node(t.graph, "x", "Placeholder", "", "dtype=float");
  int_tensor("last", 1, (int64_t[]){4}, (int32_t[]){0, 2, 3, 1});
  int_tensor("first", 1, (int64_t[]){4}, (int32_t[]){0, 3, 1, 2});
  node(t.graph, "xl", "Transpose", "x last", "T=float");
  node(t.graph, "xs", "Square", "xl", "T=float");
  node(t.graph, "xf", "Transpose", "xs first", "T=float");
  convolution("c1", "xf", 3, 8);
  node(t.graph, "r", "Relu6", "c1", "T=float");
  node(t.graph, "y", "Transpose", "r last", "T=float");
  gives(1);
}
END_TEST

/* A mean over the channels keeps its place among the dims; over all but them, too. */
START_TEST(test_channels_last_reductions) {
  static const struct {
    int32_t axes[3];
    int n;
    const char *attrs;
    int transposes;
  } cases[] = {{{1, 0, 0}, 1, "T=float; Tidx=int32", 2},
               {{1, 0, 0}, 1, "T=float; Tidx=int32; keep_dims=true", 1},
               {{2, 3, 0}, 2, "T=float; Tidx=int32; keep_dims=true", 1},
               {{-1, -2, 1}, 3, "T=float; Tidx=int32", 1}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    setup();
    node(t.graph, "x", "Placeholder", "", "dtype=float");
    convolution("c1", "x", 3, 8);
    int_tensor("axes", 1, (int64_t[]){cases[i].n}, cases[i].axes);
    node(t.graph, "y", "Sum", "c1 axes", cases[i].attrs);
    gives(cases[i].transposes);
    teardown();
  }
}
END_TEST

SUITE_MAIN_TEARDOWN("channels_last", teardown, test_channels_last_whole_network,
                    test_channels_last_ends_where_others_look,
                    test_channels_last_takes_the_graphs_transposes, test_channels_last_reductions)
