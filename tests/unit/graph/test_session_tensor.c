/* Tensors that a session keeps between runs: each under a name of its own, until it is deleted. */
#include "tests/unit/graph/one_graph.h"

static void add_nodes(void) {
  node(g, "x", "Placeholder", "", "dtype=DT_FLOAT");
  node(g, "handle", "Placeholder", "", "dtype=DT_STRING");
  node(g, "keep", "GetSessionHandle", "x", "T=DT_FLOAT");
  node(g, "get", "GetSessionTensor", "handle", "dtype=DT_FLOAT");
  node(g, "get_other", "GetSessionTensor", "handle", "dtype=DT_INT32");
  node(g, "forget", "DeleteSessionTensor", "handle", "");
  s = session_on(g);
}

/* The name under which x is kept. */
static tarn_tensor *keep(float value) {
  tarn_tensor *x = scalar_f(value), *name = NULL;
  const tarn_status status =
      tarn_session_run(s, &(tarn_feed){"x:0", x}, 1, (const char *[]){"keep:0"}, 1, NULL, 0, &name);
  ck_assert_msg(status == TARN_OK, "%s", tarn_error());
  tarn_tensor_release(x);
  return name;
}

static tarn_status get(tarn_tensor *name, const char *fetch, float *value) {
  tarn_tensor *y = NULL;
  const tarn_status status =
      tarn_session_run(s, &(tarn_feed){"handle:0", name}, 1, &fetch, 1, NULL, 0, &y);
  if (status == TARN_OK) *value = *(const float *)tarn_tensor_data(y);
  tarn_tensor_release(y);
  return status;
}

static tarn_status forget(tarn_tensor *name) {
  return tarn_session_run(s, &(tarn_feed){"handle:0", name}, 1, NULL, 0, (const char *[]){"forget"},
                          1, NULL);
}

START_TEST(test_session_tensor_stays) {
  add_nodes();
  tarn_tensor *two = keep(2), *three = keep(3);
  float value = 0;
  ck_assert_int_eq(get(two, "get:0", &value), TARN_OK);
  ck_assert_float_eq(value, 2);
  ck_assert_int_eq(get(three, "get:0", &value), TARN_OK);
  ck_assert_float_eq(value, 3);
  ck_assert_int_eq(get(two, "get_other:0", &value), TARN_DTYPE);
  tarn_tensor_release(two);
  tarn_tensor_release(three);
}
END_TEST

START_TEST(test_session_tensor_goes) {
  add_nodes();
  tarn_tensor *two = keep(2), *three = keep(3);
  float value = 0;
  ck_assert_int_eq(forget(two), TARN_OK);
  ck_assert_int_eq(get(two, "get:0", &value), TARN_INVALID);
  ck_assert_int_eq(forget(two), TARN_INVALID);
  ck_assert_int_eq(get(three, "get:0", &value), TARN_OK);
  ck_assert_float_eq(value, 3);
  tarn_tensor_release(two);
  tarn_tensor_release(three);
}
END_TEST

SUITE_MAIN_FIXTURE("session_tensor", setup, teardown, test_session_tensor_stays,
                   test_session_tensor_goes)
