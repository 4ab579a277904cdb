/* Queue runners: threads from a MetaGraph's collection fill a queue that the test takes from. */
#include "tarn.h"

#include "graph/session.h"
#include "kernels/state/waiting/wait.h"

#include "files.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

/* Counts to 100 in a local variable, by two threads, into a queue with room for 3. */
static const char head[] =
    "graph_def {"
    " node { name: 'zero' op: 'Const' attr { key: 'dtype' value { type: DT_INT32 } }"
    "  attr { key: 'value' value { tensor { dtype: DT_INT32 tensor_shape { } int_val: 0 } } } }"
    " node { name: 'count' op: 'VariableV2' attr { key: 'dtype' value { type: DT_INT32 } } attr { "
    "key: 'shape' value { shape { } } } }"
    " node { name: 'count/Assign' op: 'Assign' input: 'count' input: 'zero' attr { key: 'T' value "
    "{ type: DT_INT32 } } }"
    " node { name: 'up_to' op: 'CountUpTo' input: 'count' attr { key: 'T' value { type: DT_INT32 } "
    "} attr { key: 'limit' value { i: 100 } } }"
    " node { name: 'queue' op: 'FIFOQueueV2' attr { key: 'component_types' value { list { type: "
    "DT_INT32 } } }"
    "  attr { key: 'shapes' value { list { shape { } } } } attr { key: 'capacity' value { i: 3 } } "
    "}"
    " node { name: 'enqueue' op: 'QueueEnqueueV2' input: 'queue' input: 'up_to' attr { key: "
    "'Tcomponents' value { list { type: DT_INT32 } } } }"
    " node { name: 'name' op: 'Const' attr { key: 'dtype' value { type: DT_STRING } }"
    "  attr { key: 'value' value { tensor { dtype: DT_STRING tensor_shape { } string_val: "
    "'nothing' } } } }"
    " node { name: 'file' op: 'ReadFile' input: 'name' }"
    " node { name: 'fails' op: 'NoOp' input: '^file' }"
    " node { name: 'close' op: 'QueueCloseV2' input: 'queue' }"
    " node { name: 'cancel' op: 'QueueCloseV2' input: 'queue' attr { key: "
    "'cancel_pending_enqueues' value { b: true } } }"
    " node { name: 'dequeue' op: 'QueueDequeueV2' input: 'queue' attr { key: 'component_types' "
    "value { list { type: DT_INT32 } } } }"
    "}"
    "collection_def { key: 'local_variables' value { bytes_list { value: "
    "'\\n\\007count:0\\022\\014count/Assign' } } }";

static const char good[] = "collection_def { key: 'queue_runners' value { bytes_list {"
  " value: '\\n\\005queue\\022\\007enqueue\\022\\007enqueue\\032\\005close\"\\006cancel' } } }";
static const char bad[] = "collection_def { key: 'queue_runners' value { bytes_list {"
  " value: '\\n\\005queue\\022\\005fails\\032\\005close\"\\006cancel' } } }";
static const char absent[] = "collection_def { key: 'queue_runners' value { bytes_list {"
  " value: '\\n\\005queue\\022\\006absent' } } }";

static tarn_session *session;

static void open_model(const char *runners) {
  const char *path = file("runners.pbtxt");
  tarn_model *model;
  FILE *to = fopen(path, "w");
  ck_assert_ptr_nonnull(to);
  fprintf(to, "%s%s", head, runners);
  fclose(to);
  ck_assert_ok(tarn_model_load(path, NULL, &model));
  ck_assert_ok(tarn_session_create(model, NULL, &session));
  tarn_model_destroy(model);
}

static void teardown(void) {
  tarn_session_destroy(session);
  session = NULL;
  files_end();
}

static tarn_status take(int32_t *value) {
  tarn_tensor *y;
  const tarn_status status =
      tarn_session_run(session, NULL, 0, (const char *[]){"dequeue"}, 1, NULL, 0, &y);
  if (status != TARN_OK) return status;
  *value = *(const int32_t *)tarn_tensor_data_const(y);
  tarn_tensor_release(y);
  return TARN_OK;
}

START_TEST(test_queue_runners_fill_until_the_data_end) {
  tarn_queue_runners *runners;
  bool seen[100] = {false};
  open_model(good);
  ck_assert_msg(tarn_queue_runners_start(session, &runners) == TARN_OK, "%s", tarn_error());
  for (int i = 0; i < 100; i++) {
    int32_t value = -1;
    ck_assert_msg(take(&value) == TARN_OK, "%s", tarn_error());
    ck_assert(value >= 0 && value < 100 && !seen[value]);
    seen[value] = true;
  }
  int32_t value;
  ck_assert_int_eq(take(&value), TARN_END);
  ck_assert_int_eq(tarn_queue_runners_stop(runners), TARN_OK);
}
END_TEST

START_TEST(test_queue_runners_stop_while_they_wait_for_room) {
  tarn_queue_runners *runners;
  int32_t value;
  open_model(good);
  ck_assert_int_eq(tarn_queue_runners_start(session, &runners), TARN_OK);
  ck_assert_int_eq(take(&value), TARN_OK);
  ck_assert_int_eq(tarn_queue_runners_stop(runners), TARN_OK);
  while (take(&value) == TARN_OK) {}   /* what was there stays */
  ck_assert_int_eq(take(&value), TARN_END);
}
END_TEST

START_TEST(test_queue_runners_hand_on_a_failure) {
  tarn_queue_runners *runners;
  int32_t value;
  open_model(bad);
  ck_assert_int_eq(tarn_queue_runners_start(session, &runners), TARN_OK);
  ck_assert_int_eq(take(&value), TARN_END);
  ck_assert_int_eq(tarn_queue_runners_stop(runners), TARN_REFUSED);
  ck_assert_msg(strstr(tarn_error(), "filling queue 'queue' by 'fails'"), "%s", tarn_error());
}
END_TEST

START_TEST(test_queue_runners_of_an_op_that_is_absent) {
  tarn_queue_runners *runners;
  open_model(absent);
  ck_assert_int_eq(tarn_queue_runners_start(session, &runners), TARN_NOT_FOUND);
}
END_TEST

START_TEST(test_queue_runners_of_a_model_without_any) {
  tarn_queue_runners *runners;
  open_model("");
  ck_assert_int_eq(tarn_queue_runners_start(session, &runners), TARN_OK);
  ck_assert_int_eq(tarn_queue_runners_stop(runners), TARN_OK);
  ck_assert_int_eq(tarn_queue_runners_stop(NULL), TARN_OK);
}
END_TEST

START_TEST(test_queue_runners_absent_the_wait_is_told) {
  int32_t value;
  open_model(good);
  atomic_store(&tarn__session_activity(session)->parties, 1);
  ck_assert_int_eq(take(&value), TARN_FAILED);
  ck_assert_msg(strstr(tarn_error(), "for ever"), "%s", tarn_error());
}
END_TEST

SUITE_MAIN_TEARDOWN("queue_runners", teardown, test_queue_runners_fill_until_the_data_end,
                    test_queue_runners_stop_while_they_wait_for_room,
                    test_queue_runners_hand_on_a_failure,
                    test_queue_runners_of_an_op_that_is_absent,
                    test_queue_runners_of_a_model_without_any,
                    test_queue_runners_absent_the_wait_is_told)
