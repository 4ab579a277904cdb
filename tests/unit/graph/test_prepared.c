/* Packed weights: one copy for all plans and threads, fresh after a change, and originals that may
 * go once they are packed. */
#include "graph/exec/prepared.h"
#include "tests/unit/graph/one_graph.h"

/* ---- the cache by itself, with a kernel of the test's own ------------------------------------ */

static int made;
static bool refuse;
static tarn_status prepare(const tarn_problem *p, const tarn_tensor *const *in, void *memory,
                           tarn_pool *pool) {
  (void)p;
  (void)pool;
  made++;
  if (refuse) return tarn_fail(TARN_FAILED, "refused");
  memcpy(memory, in[0]->data, 16);
  return TARN_OK;
}
static const tarn_kernel kernel = {.op = "Test", .prepare = prepare};
static const tarn_kernel_file kernel_file = {&kernel, "test", TARN_TARGET_REFERENCE,
                                             "kernels/cpu/test/test.reference.c"};
static const bool yes[] = {true};

static tarn_binding binding(size_t bytes) {
  return (tarn_binding){.problem = {.op = "Test", .inputs = 1, .stable = yes},
                        .kernel = {&kernel, &kernel_file},
                        .prepared_bytes = bytes};
}

START_TEST(test_prepared_is_shared_while_the_elements_stay) {
  tarn_prepared_cache cache;
  OK(tarn__prepared_cache_init(&cache, tarn__allocator_default()));
  tarn_tensor w = tensor_value(TARN_F32, 1, (int64_t[]){4}, (float[]){1, 2, 3, 4});
  const tarn_tensor *in[] = {&w};
  tarn_binding a = binding(64), b = binding(64), other = binding(128), later = binding(64);
  const void *pa, *pb, *po, *pl;
  made = 0;
  OK(tarn__prepared_get(&cache, &a, in, NULL, &pa));
  OK(tarn__prepared_get(&cache, &a, in, NULL, &pb));
  OK(tarn__prepared_get(&cache, &b, in, NULL, &pb));
  ck_assert_ptr_eq(pa, pb);
  ck_assert_int_eq(made, 1);
  OK(tarn__prepared_get(&cache, &other, in, NULL, &po)); /* another size is another form */
  ck_assert_ptr_ne(pa, po);
  ((float *)w.data)[0] = 9;
  tarn__tensor_touch(&w);
  OK(tarn__prepared_get(&cache, &later, in, NULL, &pl));
  ck_assert_ptr_ne(pa, pl);
  ck_assert_double_eq(*(const float *)pl, 9);
  ck_assert_double_eq(*(const float *)pa, 1);
  tarn__prepared_release(a.prepared);
  ck_assert_double_eq(*(const float *)pb, 1); /* b still has it */
  tarn__prepared_release(b.prepared);
  tarn__prepared_release(other.prepared);
  tarn__prepared_release(later.prepared);
  ck_assert_ptr_null(cache.first);
  tarn__tensor_clear(&w);
  tarn__prepared_cache_clear(&cache);
}
END_TEST

START_TEST(test_prepared_is_not_shared_without_a_contents_number) {
  tarn_prepared_cache cache;
  OK(tarn__prepared_cache_init(&cache, tarn__allocator_default()));
  float x[4] = {1, 2, 3, 4};
  tarn_tensor w = {.dtype = TARN_F32, .shape = tarn__shape_vector(4), .data = x}; /* borrowed */
  const tarn_tensor *in[] = {&w};
  tarn_binding a = binding(64), b = binding(64);
  const void *pa, *pb;
  OK(tarn__prepared_get(&cache, &a, in, NULL, &pa));
  OK(tarn__prepared_get(&cache, &b, in, NULL, &pb));
  ck_assert_ptr_ne(pa, pb);
  tarn__prepared_release(a.prepared);
  tarn__prepared_release(b.prepared);
  tarn__prepared_cache_clear(&cache);
}
END_TEST

START_TEST(test_prepared_may_fail_and_be_tried_again) {
  tarn_failing failing;
  tarn_tensor w = tensor_value(TARN_F32, 1, (int64_t[]){4}, (float[]){1, 2, 3, 4});
  const tarn_tensor *in[] = {&w};
  const void *p;
  tarn__failing_init(&failing, 0, false);
  tarn_prepared_cache none;
  ck_assert_int_eq(tarn__prepared_cache_init(&none, &failing.allocator), TARN_NO_MEMORY);
  for (long n = 1; n < 6;
       n++) { /* after the store: the form, its memory, two arrays, the session's part */
    tarn__failing_init(&failing, n, false);
    tarn_prepared_cache cache;
    OK(tarn__prepared_cache_init(&cache, &failing.allocator));
    tarn_binding a = binding(64);
    ck_assert_int_eq(tarn__prepared_get(&cache, &a, in, NULL, &p), TARN_NO_MEMORY);
    ck_assert_int_eq(failing.live, 1);
    refuse = true;
    FAILS(tarn__prepared_get(&cache, &a, in, NULL, &p), TARN_FAILED, "refused");
    refuse = false;
    ck_assert_int_eq(failing.live, 1);
    OK(tarn__prepared_get(&cache, &a, in, NULL, &p));
    tarn__prepared_release(a.prepared);
    ck_assert_int_eq(failing.live, 1);
    tarn__prepared_cache_clear(&cache);
    ck_assert_int_eq(failing.live, 0);
  }
  tarn__tensor_clear(&w);
}
END_TEST

/* ---- in sessions ----------------------------------------------------------------------------- */

enum { K = 256, M = 256 };
static void add_weights(void) {
  static float w[K * M];
  for (int i = 0; i < K * M; i++) w[i] = (float)(i % 13 - 6) / 8;
  floats(g, "w0", 2, (int64_t[]){K, M}, w);
  node(g, "w", "VariableV2", "", "dtype=float; shape=[256,256]");
  node(g, "init", "Assign", "w w0", "T=float");
  node(g, "x", "Placeholder", "", "dtype=float; shape=[?,256]");
  node(g, "y", "MatMul", "x w", "T=float");
}
static tarn_tensor *ones(int rows) {
  tarn_tensor *x = tensor(TARN_F32, 2, (int64_t[]){rows, K}, NULL);
  for (int i = 0; i < rows * K; i++) ((float *)tarn_tensor_data(x))[i] = 1;
  return x;
}

/* A second plan with the same kernel costs no second copy of the weights: less than half a copy
 * more. */
START_TEST(test_prepared_weights_once_per_session) {
  setup();
  add_weights();
  s = session_on(g);
  OK(run_target(s, "init"));
  const double y = first(s, "x", ones(64), "y");
  const size_t before = tarn__session_memory(s).used;
  ck_assert_double_eq(first(s, "x", ones(65), "y"), y);
  ck_assert_double_eq(first(s, "x", ones(66), "y"), y);
  ck_assert_uint_lt(tarn__session_memory(s).used, before + K * M * sizeof(float));
}
END_TEST

START_TEST(test_prepared_weights_follow_the_variable) {
  setup();
  add_weights();
  number(g, "zero", 0);
  node(g, "none", "Mul", "w0 zero", "T=float");
  node(g, "wipe", "Assign", "w none", "T=float");
  s = session_on(g);
  OK(run_target(s, "init"));
  const double y = first(s, "x", ones(64), "y");
  ck_assert_double_ne(y, 0);
  for (int i = 0; i < 3; i++) {
    OK(run_target(s, "wipe"));
    ck_assert_double_eq(first(s, "x", ones(64), "y"), 0);
    OK(run_target(s, "init"));
    ck_assert_double_eq(first(s, "x", ones(64), "y"), y);
  }
}
END_TEST

/* A filter that was scaled while planning goes once it is packed; the plan still runs, on several
 * contexts, and again. */
static void *run_again(void *argument) {
  int *wrong = argument;
  for (int i = 0; i < 10; i++) {
    tarn_tensor *x = tensor(TARN_F32, 4, (int64_t[]){1, 16, 16, 64}, NULL), *y;
    for (int k = 0; k < 16 * 16 * 64; k++) ((float *)tarn_tensor_data(x))[k] = 1;
    if (run_one(s, "x", x, "y", &y) != TARN_OK) {
      ++*wrong;
    } else {
      const float v = ((const float *)tarn_tensor_data_const(y))[17 * 64];
      *wrong += !(v > 2 * 9 * 64 - 0.1f && v < 2 * 9 * 64 + 0.1f);
      tarn_tensor_release(y);
    }
    tarn_tensor_release(x);
  }
  return NULL;
}

START_TEST(test_prepared_originals_are_given_up) {
  setup();
  static float w[9 * 64 * 64], m[64];
  for (int i = 0; i < 9 * 64 * 64; i++) w[i] = 1;
  for (int i = 0; i < 64; i++) m[i] = 2;
  node(g, "x", "Placeholder", "", "dtype=float; shape=[?,16,16,64]");
  floats(g, "w", 4, (int64_t[]){3, 3, 64, 64}, w);
  floats(g, "m", 1, (int64_t[]){64}, m);
  node(g, "p", "Conv2D", "x w", "T=float; strides=[1,1,1,1]; padding=SAME");
  node(g, "s", "Mul", "p m", "T=float");
  node(g, "y", "Relu", "s", "T=float");
  s = session_on(g);
  tarn_tensor *x = tensor(TARN_F32, 4, (int64_t[]){1, 16, 16, 64}, NULL);
  const char *fetch = "y";
  const tarn_feed feed = {"x", x};
  const tarn_plan *plan;
  OK(tarn__session_plan(
      s, &(tarn_run_request){.feeds = &feed, .n_feeds = 1, .fetches = &fetch, .n_fetches = 1},
      false, &plan));
  tarn_tensor_release(x);
  const tarn_step *conv = NULL;
  for (int i = 0; i < plan->root->steps; i++)
    if (!plan->root->step[i].removed && plan->root->step[i].op &&
        !strcmp(plan->root->step[i].op->name, "_FusedConv2D"))
      conv = &plan->root->step[i];
  ck_assert_ptr_nonnull(conv);
  const bool gives_up = conv->spends & 2u; /* as the kernel of this machine says */
  ck_assert_ptr_nonnull(plan->root->value[conv->in[1]].constant.buffer);
  pthread_t thread[4];
  int wrong[4] = {0};
  for (int i = 0; i < 4; i++) pthread_create(&thread[i], NULL, run_again, &wrong[i]);
  for (int i = 0; i < 4; i++) pthread_join(thread[i], NULL);
  for (int i = 0; i < 4; i++) ck_assert_int_eq(wrong[i], 0);
  const tarn_tensor *left = &plan->root->value[conv->in[1]].constant;
  ck_assert_int_eq(left->dtype, TARN_F32);
  ck_assert_int_eq(left->shape.rank, 4);
  ck_assert_int_eq(left->buffer == NULL, gives_up);
  int late = 0;
  run_again(&late);
  ck_assert_int_eq(late, 0);
}
END_TEST

int main(void) {
  const TTest *const cache[] = {test_prepared_is_shared_while_the_elements_stay,
                                test_prepared_is_not_shared_without_a_contents_number,
                                test_prepared_may_fail_and_be_tried_again, NULL};
  const TTest *const sessions[] = {test_prepared_weights_once_per_session,
                                   test_prepared_weights_follow_the_variable,
                                   test_prepared_originals_are_given_up, NULL};
  const int failed = suite_run("prepared", NULL, NULL, cache);
  return suite_run("prepared in sessions", NULL, teardown, sessions) || failed;
}
