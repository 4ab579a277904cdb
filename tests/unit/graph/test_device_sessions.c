/* Runs at the same time on one device, the one of tests/device: of two sessions that train a model
 * of their own each, and of many threads of one session, whose steps write, read and fetch the same
 * variables, on the device and on the host. Sums of whole numbers come out the same in any order.
 */
#include <pthread.h>

#include "tests/unit/graph/build_graph.h"
#include "tests/unit/suite.h"

enum { N = 96, TURNS = 24, THREADS = 3 };

static tarn_graph *g;
static void teardown(void) {
  tarn__graph_destroy(g);
  g = NULL;
}

/* `up` adds 2 x to v, `down` subtracts x from it by a step of descent, `mean` is the device's look
 * at v, `read` the host's; `both` goes up and reads what it was before or after. */
static void model(bool resource) {
  float zero[N] = {0};
  const char *typed = resource ? "dtype=float" : "T=float";
  g = new_graph();
  node(g, "x", "Placeholder", "", "dtype=float; shape=[96]");
  floats(g, "zero", 1, (int64_t[]){N}, zero);
  floats(g, "one", 0, NULL, (float[]){1});
  node(g, "v", resource ? "VarHandleOp" : "VariableV2", "", "dtype=float; shape=[96]");
  node(g, "init", resource ? "AssignVariableOp" : "Assign", "v zero", typed);
  node(g, "xx", "AddV2", "x x", "T=float");
  node(g, "up", resource ? "AssignAddVariableOp" : "AssignAdd", "v xx", typed);
  node(g, "down", resource ? "ResourceApplyGradientDescent" : "ApplyGradientDescent", "v one x",
       "T=float");
  node(g, "read", resource ? "ReadVariableOp" : "Identity", "v", typed);
  node(g, "twice", "AddV2", "read read", "T=float");
  node(g, "late", resource ? "ReadVariableOp" : "Identity", "v ^up", typed);
  node(g, "both", "AddV2", "late x", "T=float");
  OK(tarn__graph_finish(g));
}

static tarn_session *session_on_device(void) {
  tarn_session *s;
  OK(tarn__session_create(g, NULL, &(tarn_session_options){.threads = 1, .backend = "cuda"}, NULL,
                          &s));
  const char *init = "init";
  OK(tarn_session_run(s, NULL, 0, NULL, 0, &init, 1, NULL));
  return s;
}

typedef struct worker {
  tarn_session *s;
  int number;
  tarn_status status;
  char why[200];
} worker;

/* Up and down by x, which makes x; and a look at it from either side. */
static tarn_status turn(const worker *w, const tarn_feed *x, int t) {
  const char *const steps[] = {"up", "down"}, *const looks[] = {"read", "twice", "both"};
  tarn_tensor *y;
  for (int k = 0; k < 2; k++)
    TARN_TRY(tarn_session_run(w->s, x, 1, NULL, 0, &steps[(t + k) % 2], 1, NULL));
  const char *look = looks[(t + w->number) % 3];
  if (t % 3) return TARN_OK;
  TARN_TRY(tarn_session_run(w->s, x, 1, &look, 1, NULL, 0, &y));
  tarn_tensor_release(y);
  if (strcmp(look, "both")) return TARN_OK; /* which has gone up */
  for (int k = 0; k < 2; k++) TARN_TRY(tarn_session_run(w->s, x, 1, NULL, 0, &steps[1], 1, NULL));
  return TARN_OK;
}

static void *work(void *argument) {
  worker *w = argument;
  tarn_tensor *x = tensor(TARN_F32, 1, (int64_t[]){N}, NULL);
  for (int i = 0; i < N; i++) ((float *)tarn_tensor_data(x))[i] = (float)(i % 5 + w->number);
  const tarn_feed feed = {"x", x};
  for (int t = 0; t < TURNS && w->status == TARN_OK; t++) w->status = turn(w, &feed, t);
  if (w->status != TARN_OK) snprintf(w->why, sizeof w->why, "%s", tarn_error());
  tarn_tensor_release(x);
  return NULL;
}

/* Each turn of each worker has added its x once. */
static void check_sum(tarn_session *s, int workers, int first) {
  const char *fetch = "read";
  tarn_tensor *y;
  OK(tarn_session_run(s, NULL, 0, &fetch, 1, NULL, 0, &y));
  for (int i = 0; i < N; i++) {
    float want = 0;
    for (int k = 0; k < workers; k++) want += (float)(TURNS * (i % 5 + first + k));
    ck_assert_float_eq(((const float *)tarn_tensor_data_const(y))[i], want);
  }
  tarn_tensor_release(y);
}

static void at_the_same_time(bool resource, int sessions) {
  model(resource);
  tarn_session *s[2] = {session_on_device(), sessions > 1 ? session_on_device() : NULL};
  worker each[2 * THREADS];
  pthread_t thread[2 * THREADS];
  for (int i = 0; i < sessions * THREADS; i++) {
    each[i] = (worker){.s = s[i / THREADS], .number = i};
    ck_assert_int_eq(pthread_create(&thread[i], NULL, work, &each[i]), 0);
  }
  for (int i = 0; i < sessions * THREADS; i++) pthread_join(thread[i], NULL);
  for (int i = 0; i < sessions * THREADS; i++)
    ck_assert_msg(each[i].status == TARN_OK, "worker %d: %s", i, each[i].why);
  for (int k = 0; k < sessions; k++) {
    check_sum(s[k], THREADS, k * THREADS);
    tarn_session_destroy(s[k]);
  }
  teardown();
}

START_TEST(test_device_sessions_one) {
  at_the_same_time(false, 1);
  at_the_same_time(true, 1);
}
END_TEST

START_TEST(test_device_sessions_two) {
  at_the_same_time(false, 2);
  at_the_same_time(true, 2);
}
END_TEST

/* A session goes while another works. */
START_TEST(test_device_sessions_come_and_go) {
  model(true);
  tarn_session *stays = session_on_device();
  worker w = {.s = stays};
  pthread_t thread;
  ck_assert_int_eq(pthread_create(&thread, NULL, work, &w), 0);
  for (int i = 0; i < 6; i++) {
    tarn_session *s = session_on_device();
    worker other = {.s = s};
    work(&other);
    ck_assert_msg(other.status == TARN_OK, "%s", other.why);
    check_sum(s, 1, 0);
    tarn_session_destroy(s);
  }
  pthread_join(thread, NULL);
  ck_assert_msg(w.status == TARN_OK, "%s", w.why);
  check_sum(stays, 1, 0);
  tarn_session_destroy(stays);
}
END_TEST

SUITE_MAIN_TEARDOWN("device_sessions", teardown, test_device_sessions_one, test_device_sessions_two,
                    test_device_sessions_come_and_go)
