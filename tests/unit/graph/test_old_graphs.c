/* What only graphs of TensorFlow before 1.0 have: TensorArrays whose handles are names, and the
 * words with which ops that need another process are refused. */
#include "tests/unit/graph/one_graph.h"

/* array = [x0, x1] of the kind that `kind` names, its first flow 0; "flow" after both writes. */
static void add_array(const char *kind) {
  char op[64];
  integer(g, "two", 2);
  integer(g, "i0", 0);
  integer(g, "i1", 1);
  number(g, "flow0", 0);
  floats(g, "x0", 1, (int64_t[]){2}, (float[]){1, 2});
  floats(g, "x1", 1, (int64_t[]){2}, (float[]){3, 4});
  snprintf(op, sizeof op, "TensorArray%s", kind);
  node(g, "array", op, "two", "dtype=float");
  snprintf(op, sizeof op, "TensorArrayWrite%s", kind);
  node(g, "w0", op, "array i0 x0 flow0", "T=float");
  node(g, "flow", op, "array i1 x1 w0", "T=float");
}

static void expect(const char *fetch, int64_t n, const float *wanted) {
  tarn_tensor *y = NULL;
  OK(run_one(s, NULL, NULL, fetch, &y));
  ck_assert_uint_eq(tarn_tensor_bytes(y), (size_t)n * sizeof(float));
  for (int64_t i = 0; i < n; i++)
    ck_assert_double_eq(((const float *)tarn_tensor_data_const(y))[i], wanted[i]);
  tarn_tensor_release(y);
}

static void read_back(const char *kind) {
  char op[64];
  setup();
  add_array(kind);
  constant(g, "both", "", TARN_I32, 1, (int64_t[]){2}, (int32_t[]){1, 0});
  snprintf(op, sizeof op, "TensorArrayRead%s", kind);
  node(g, "read", op, "array i1 flow", "dtype=float");
  snprintf(op, sizeof op, "TensorArrayGather%s", kind);
  node(g, "gather", op, "array both flow", "dtype=float");
  snprintf(op, sizeof op, "TensorArrayConcat%s", kind);
  node(g, "concat", op, "array flow", "dtype=float");
  snprintf(op, sizeof op, "TensorArraySize%s", kind);
  node(g, "size", op, "array flow", "");
  snprintf(op, sizeof op, "TensorArrayClose%s", kind);
  node(g, "close", op, "array ^flow", "");
  s = session_on(g);
  for (int run = 0; run < 3;
       run++) { /* each run has an array of its own: nothing is written twice */
    expect("read", 2, (float[]){3, 4});
    expect("gather", 4, (float[]){3, 4, 1, 2});
    expect("concat", 4, (float[]){1, 2, 3, 4});
    ck_assert_double_eq(first(s, NULL, NULL, "size"), 2);
    OK(run_target(s, "close"));
  }
}

START_TEST(test_old_arrays_read_what_was_written) {
  read_back("");
  teardown();
  read_back("V2");
}
END_TEST

START_TEST(test_old_arrays_pack_and_unpack) {
  setup();
  add_array("");
  node(g, "packed", "TensorArrayPack", "array flow", "dtype=float");
  node(g, "other", "TensorArray", "two", "dtype=float");
  node(g, "spread", "TensorArrayUnpack", "other packed flow0", "T=float");
  node(g, "second", "TensorArrayRead", "other i1 spread", "dtype=float");
  s = session_on(g);
  expect("packed", 4, (float[]){1, 2, 3, 4});
  expect("second", 2, (float[]){3, 4});
}
END_TEST

START_TEST(test_old_gradient_arrays_add_up) {
  setup();
  add_array("V2");
  node(g, "grad", "TensorArrayGradV2", "array flow", "source=gradients");
  node(g, "g0", "TensorArrayWriteV2", "grad i0 x0 flow", "T=float");
  node(g, "g1", "TensorArrayWriteV2", "grad i0 x1 g0", "T=float");
  node(g, "sum", "TensorArrayReadV2", "grad i0 g1", "dtype=float");
  s = session_on(g);
  expect("sum", 2, (float[]){4, 6});
}
END_TEST

START_TEST(test_old_arrays_are_found_by_name_only) {
  setup();
  number(g, "flow", 0);
  node(g, "handle", "Placeholder", "", "dtype=string");
  node(g, "size", "TensorArraySizeV2", "handle flow", "");
  s = session_on(g);
  tarn_tensor *names = tensor(TARN_STRING, 1, (int64_t[]){2}, NULL), *y = NULL;
  FAILS(run_one(s, "handle", names, "size", &y), TARN_NOT_FOUND, "there is no TensorArray");
  tarn_tensor_release(names);
}
END_TEST

/* Refused where a run needs them, and not before: feeding what they give is enough. */
START_TEST(test_python_is_refused_unless_fed) {
  setup();
  number(g, "x", 1);
  node(g, "python", "PyFunc", "x", "token=pyfunc_0; Tin=[float]; Tout=[float]");
  node(g, "y", "Neg", "python", "T=float");
  s = session_on(g);
  tarn_tensor *y = NULL;
  FAILS(run_one(s, NULL, NULL, "y", &y), TARN_UNSUPPORTED, "feed what the node gives");
  ck_assert_double_eq(first(s, "python", scalar_f(3), "y"), -3);
}
END_TEST

SUITE_MAIN_TEARDOWN("old_graphs", teardown, test_old_arrays_read_what_was_written,
                    test_old_arrays_pack_and_unpack, test_old_gradient_arrays_add_up,
                    test_old_arrays_are_found_by_name_only, test_python_is_refused_unless_fed)
