/* What the sessions of a model share: the mapped variables and their packed forms; and that a write
 * stays in its session. */
#include "graph/session.h"
#include "loader/model/model.h"
#include "tests/unit/loader/files.h"

enum { N = 128 };

static tarn_model *model;
static tarn_session *one, *two;

static void teardown(void) {
  tarn_session_destroy(one);
  tarn_session_destroy(two);
  tarn_model_destroy(model);
  one = two = NULL;
  model = NULL;
  files_end();
}

/* y = x w for a variable w [128, 128] of the kind, which "set" doubles. */
static void open_both(bool ref, size_t limit) {
  char text[4000];
  snprintf(
      text, sizeof text,
      "node { name: 'x' op: 'Placeholder' attr { key: 'dtype' value { type: DT_FLOAT } } }\n"
      "node { name: 'w' op: '%s' attr { key: 'dtype' value { type: DT_FLOAT } } attr { key: "
      "'shape' value { shape { dim { size: 128 } "
      "dim { size: 128 } } } } }\n"
      "node { name: 'w/read' op: '%s' input: 'w' attr { key: '%s' value { type: DT_FLOAT } } }\n"
      "node { name: 'y' op: 'MatMul' input: ['x', 'w/read'] attr { key: 'T' value { type: DT_FLOAT "
      "} } }\n"
      "node { name: 'twice' op: 'Add' input: ['w/read', 'w/read'] attr { key: 'T' value { type: "
      "DT_FLOAT } } }\n"
      "node { name: 'set' op: '%s' input: ['w', 'twice'] attr { key: '%s' value { type: DT_FLOAT } "
      "} }\n"
      "node { name: 'add' op: '%s' input: ['w', 'w/read'] attr { key: '%s' value { type: DT_FLOAT "
      "} } }\n",
      ref ? "VariableV2" : "VarHandleOp", ref ? "Identity" : "ReadVariableOp", ref ? "T" : "dtype",
      ref ? "Assign" : "AssignVariableOp", ref ? "T" : "dtype",
      ref ? "AssignAdd" : "AssignAddVariableOp", ref ? "T" : "dtype");
  file_put("m.pbtxt", text, strlen(text));
  tarn_tensor *w;
  ck_assert_ok(tarn_tensor_create(TARN_F32, 2, (int64_t[]){N, N}, &w));
  for (int i = 0; i < N * N; i++) ((float *)tarn_tensor_data(w))[i] = (float)(i % 7 - 3);
  ck_assert_ok(tarn_checkpoint_write(file("c"), 1, (const char *[]){"w"}, &w));
  tarn_tensor_release(w);
  ck_assert_ok(tarn_model_load(file("m.pbtxt"), NULL, &model));
  ck_assert_ok(tarn_session_create(
      model, &(tarn_session_options){.threads = 1, .memory_limit = limit}, &one));
  ck_assert_ok(tarn_session_create(
      model, &(tarn_session_options){.threads = 1, .memory_limit = limit}, &two));
  ck_assert_ok(tarn_session_restore(one, file("c")));
  ck_assert_ok(tarn_session_restore(two, file("c")));
}

static tarn_status run(tarn_session *s, float *sum) {
  const char *fetch = "y";
  tarn_tensor *x, *y;
  ck_assert_ok(tarn_tensor_create(TARN_F32, 2, (int64_t[]){64, N}, &x));
  for (int i = 0; i < 64 * N; i++) ((float *)tarn_tensor_data(x))[i] = (float)(i % 5);
  const tarn_status status = tarn_session_run(s, &(tarn_feed){"x", x}, 1, &fetch, 1, NULL, 0, &y);
  tarn_tensor_release(x);
  if (status != TARN_OK) return status;
  *sum = 0;
  for (int i = 0; i < 64 * N; i++) *sum += ((const float *)tarn_tensor_data_const(y))[i];
  tarn_tensor_release(y);
  return TARN_OK;
}

static const void *where(tarn_session *s) {
  tarn_tensor w = {0};
  ck_assert_ok(tarn__session_variable_get(s, tarn__graph_node(tarn__session_graph(s), "w"), &w));
  const void *data = w.data;
  tarn__tensor_clear(&w);
  return data;
}

static int forms(void) {
  int n = 0;
  for (const tarn_packed *p = model->packed->first; p; p = p->next) n++;
  return n;
}

static void check_kind(bool ref) {
  float a, b, c;
  open_both(ref, 0);
  ck_assert_ptr_eq(where(one), where(two));
  ck_assert_ok(run(one, &a));
  const int made = forms();
  ck_assert_ok(run(two, &b));
  ck_assert_float_eq(a, b);
  ck_assert_int_eq(forms(), made);    /* none was packed again */
  for (int add = 0; add < 2; add++) { /* what one session writes the other does not see */
    const char *target = add ? "add" : "set";
    ck_assert_ok(tarn_session_run(one, NULL, 0, NULL, 0, &target, 1, NULL));
    ck_assert_ok(run(one, &c));
    ck_assert_float_eq(c, (add ? 4 : 2) * a);
    ck_assert_ok(run(two, &b));
    ck_assert_float_eq(a, b);
    ck_assert_ptr_ne(where(one), where(two));
  }
  ck_assert_ok(tarn_session_restore(one, file("c")));
  ck_assert_ok(run(one, &c));
  ck_assert_float_eq(c, a);
}

START_TEST(test_shared_by_sessions_of_ref_variables) {
  check_kind(true);
}
END_TEST
START_TEST(test_shared_by_sessions_of_resource_variables) {
  check_kind(false);
}
END_TEST

/* A checkpoint that was replaced is read anew. */
START_TEST(test_shared_until_the_checkpoint_is_another) {
  float a, b;
  open_both(false, 0);
  ck_assert_ok(run(one, &a));
  tarn_tensor *w;
  ck_assert_ok(tarn_tensor_create(TARN_F32, 2, (int64_t[]){N, N}, &w));
  ck_assert_ok(tarn_checkpoint_write(file("c"), 1, (const char *[]){"w"}, &w));
  tarn_tensor_release(w);
  ck_assert_ok(tarn_session_restore(two, file("c")));
  ck_assert_ok(run(two, &b));
  ck_assert_float_eq(b, 0);
  ck_assert_ok(run(one, &b));
  ck_assert_float_eq(a, b);
}
END_TEST

/* Shared forms count for each session that uses them. */
START_TEST(test_shared_forms_count_against_limits) {
  float a;
  open_both(true, (size_t)1 << 20);
  ck_assert_ok(run(one, &a));
  const size_t with = tarn__session_memory(one).used;
  ck_assert_ok(run(two, &a));
  ck_assert_uint_eq(tarn__session_memory(one).used, with);
  teardown();
  open_both(true, (size_t)100 << 10); /* too little for the packed weights of 64 KiB and the rest */
  ck_assert_int_eq(run(one, &a), TARN_LIMIT);
}
END_TEST

START_TEST(test_prepare_does_what_the_first_run_would) {
  float a;
  const char *fetch = "y";
  open_both(true, 0);
  tarn_tensor *x;
  ck_assert_ok(tarn_tensor_create(TARN_F32, 2, (int64_t[]){64, N}, &x));
  ck_assert_ok(tarn_session_prepare(one, &(tarn_feed){"x", x}, 1, &fetch, 1, NULL, 0));
  const int made = forms();
  const size_t used = tarn__session_memory(one).used;
  ck_assert_ok(tarn_session_prepare(one, &(tarn_feed){"x", x}, 1, &fetch, 1, NULL, 0));
  ck_assert_uint_le(tarn__session_memory(one).used, used + 1024); /* no second context */
  ck_assert_ok(run(one, &a));
  ck_assert_int_eq(forms(), made);
  fetch = "nothing";
  ck_assert_int_eq(tarn_session_prepare(one, &(tarn_feed){"x", x}, 1, &fetch, 1, NULL, 0),
                   TARN_NOT_FOUND);
  tarn_tensor_release(x);
}
END_TEST

int main(void) {
  const TTest *const tests[] = {
      test_shared_by_sessions_of_ref_variables,    test_shared_by_sessions_of_resource_variables,
      test_shared_until_the_checkpoint_is_another, test_shared_forms_count_against_limits,
      test_prepare_does_what_the_first_run_would,  NULL};
  return suite_run("shared", NULL, teardown, tests);
}
