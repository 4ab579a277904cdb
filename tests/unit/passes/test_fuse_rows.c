/* Softmax, its logarithm and layer norm written by hand, in the forms that they are written in. */
#include "tests/unit/passes/passes.h"
#include "tests/unit/suite.h"

static void op(const char *name, const char *kind, const char *inputs) {
  node(t.graph, name, kind, inputs, "T=float");
}
static void reduce(const char *name, const char *kind, const char *x, bool keep) {
  char inputs[64];
  snprintf(inputs, sizeof inputs, "%s last", x);
  node(t.graph, name, kind, inputs,
       keep ? "T=float; Tidx=int32; keep_dims=true" : "T=float; Tidx=int32");
}
static void begin(void) {
  setup();
  node(t.graph, "x", "Placeholder", "", "dtype=float");
  constant(t.graph, "last", "", TARN_I32, 1, (int64_t[]){1}, (int32_t[]){-1});
}

/* "y" is the op, the only kernel of the plan when `found`. */
static void gives(const char *made, bool found) {
  tarn_tensor *x = noise_tensor(3, (int64_t[]){3, 5, 37}, 7, -3, 4);
  const tarn_feed feed = {"x", x};
  pass_test_same(&t, "fuse_rows", &feed, 1, "y", 2e-6);
  const tarn_plan *plan = pass_test_plan(t.with, &feed, 1, "y");
  ck_assert_int_eq(running_ops(plan, made), found);
  if (found) ck_assert_int_eq(running_ops(plan, NULL), 1);
  tarn_tensor_release(x);
}

START_TEST(test_rows_softmax) {
  begin();
  reduce("m", "Max", "x", true);
  op("d", "Sub", "x m");
  op("e", "Exp", "d");
  reduce("s", "Sum", "e", true);
  op("y", "RealDiv", "e s");
  gives("Softmax", true);
  teardown();
  begin();
  reduce("m", "Max", "x", true);
  op("d", "Sub", "x m");
  op("e", "Exp", "d");
  reduce("s", "Sum", "e", true);
  op("l", "Log", "s");
  op("y", "Sub", "d l");
  gives("LogSoftmax", true);
}
END_TEST

/* Without the maximum, with that of others, or over another axis, it is something else. */
START_TEST(test_rows_leaves_what_is_no_softmax) {
  begin();
  op("e", "Exp", "x");
  reduce("s", "Sum", "e", true);
  op("y", "RealDiv", "e s");
  gives("Softmax", false);
  teardown();
  begin();
  op("n", "Neg", "x");
  reduce("m", "Max", "n", true);
  op("d", "Sub", "x m");
  op("e", "Exp", "d");
  reduce("s", "Sum", "e", true);
  op("y", "RealDiv", "e s");
  gives("Softmax", false);
  teardown();
  begin();
  constant(t.graph, "first", "", TARN_I32, 0, NULL, (int32_t[]){1});
  node(t.graph, "m", "Max", "x first", "T=float; Tidx=int32; keep_dims=true");
  op("d", "Sub", "x m");
  op("e", "Exp", "d");
  node(t.graph, "s", "Sum", "e first", "T=float; Tidx=int32; keep_dims=true");
  op("y", "RealDiv", "e s");
  gives("Softmax", false);
}
END_TEST

static void parameters(void) {
  static float scale[37], offset[37];
  for (int i = 0; i < 37; i++) {
    scale[i] = 0.5f + (float)i / 20;
    offset[i] = (float)(i - 20) / 30;
  }
  floats(t.graph, "scale", 1, (int64_t[]){37}, scale);
  floats(t.graph, "offset", 2, (int64_t[]){1, 37}, offset);
  number(t.graph, "epsilon", 0.01f);
}
static void moments(void) {
  reduce("m", "Mean", "x", true);
  op("sm", "StopGradient", "m");
  op("sd", "SquaredDifference", "x sm");
  reduce("v", "Mean", "sd", true);
  op("ve", "AddV2", "v epsilon");
  op("r", "Rsqrt", "ve");
}

START_TEST(test_rows_layer_norm) {
  for (int with_scale = 0; with_scale < 2; with_scale++) { /* tf.nn.batch_normalization */
    begin();
    parameters();
    moments();
    op("k", with_scale ? "Mul" : "Identity", with_scale ? "r scale" : "r");
    op("xk", "Mul", "x k");
    op("mk", "Mul", "m k");
    op("rest", "Sub", "offset mk");
    op("y", "AddV2", "xk rest");
    gives("_LayerNorm", true);
    teardown();
  }
  begin(); /* by the book */
  parameters();
  moments();
  op("c", "Sub", "x m");
  op("n", "Mul", "c r");
  op("ns", "Mul", "scale n");
  op("y", "AddV2", "offset ns");
  gives("_LayerNorm", true);
  teardown();
  begin(); /* with a deviation */
  parameters();
  reduce("m", "Mean", "x", true);
  op("c", "Sub", "x m");
  op("sq", "Square", "c");
  reduce("v", "Mean", "sq", true);
  op("ve", "AddV2", "epsilon v");
  op("dev", "Sqrt", "ve");
  op("n", "RealDiv", "c dev");
  op("ns", "Mul", "n scale");
  op("y", "AddV2", "ns offset");
  gives("_LayerNorm", true);
}
END_TEST

START_TEST(test_rows_leaves_what_is_no_layer_norm) {
  begin(); /* the variance of something else */
  parameters();
  moments();
  op("z", "Tanh", "x");
  reduce("zm", "Mean", "z", true);
  op("c", "Sub", "z zm");
  op("n", "Mul", "c r");
  op("y", "AddV2", "n offset");
  gives("_LayerNorm", false);
  teardown();
  begin(); /* an offset for each row */
  parameters();
  moments();
  op("c", "Sub", "x m");
  op("n", "Mul", "c r");
  op("y", "AddV2", "n v");
  gives("_LayerNorm", false);
}
END_TEST

SUITE_MAIN_TEARDOWN("fuse_rows", teardown, test_rows_softmax, test_rows_leaves_what_is_no_softmax,
                    test_rows_layer_norm, test_rows_leaves_what_is_no_layer_norm)
