/* Queues: order, bounds, closing, and that a wait ends with its run. */
#include "core/trace/trace.h"
#include "kernels/state/waiting/queue.h"
#include "kernels/state/waiting/wait.h"

#include "tests/unit/suite.h"

#include <check.h>
#include <pthread.h>
#include <string.h>

static tarn_resources *table;

static tarn_queue *queue(const char *name, int64_t capacity, bool shuffles) {
  static const tarn_dtype dtypes[] = {TARN_I32};
  const tarn_queue_spec spec = {.components = 1,
                                .dtypes = dtypes,
                                .capacity = capacity,
                                .kind = shuffles ? TARN_QUEUE_SHUFFLE : TARN_QUEUE_FIFO,
                                .seed = 7,
                                .seed2 = 9};
  tarn_queue *q;
  if (!table) ck_assert_int_eq(tarn__resources_create(tarn__allocator_default(), &table), TARN_OK);
  ck_assert_int_eq(tarn__queue_get(table, name, &spec, &q), TARN_OK);
  return q;
}
static void teardown(void) {
  tarn__resources_destroy(table);
  table = NULL;
}
static tarn_status put(tarn_queue *q, const tarn_run *run, int32_t value) {
  const tarn_tensor t = {.dtype = TARN_I32, .shape = {.rank = 0}, .data = &value};
  return tarn__queue_put(q, run, &t);
}
/* The value, or minus the status. */
static int32_t take(tarn_queue *q, const tarn_run *run) {
  tarn_tensor t;
  int64_t taken;
  const tarn_status status = tarn__queue_take(q, run, 1, false, &t, &taken);
  if (status != TARN_OK) return -(int32_t)status;
  const int32_t value = *(const int32_t *)t.data;
  tarn__tensor_clear(&t);
  return value;
}

START_TEST(test_queue_keeps_order_and_empties_when_closed) {
  tarn_queue *q = queue("q", -1, false);
  for (int32_t i = 0; i < 100; i++) ck_assert_int_eq(put(q, NULL, i), TARN_OK);
  for (int32_t i = 0; i < 50; i++) ck_assert_int_eq(take(q, NULL), i);
  for (int32_t i = 100; i < 150; i++) ck_assert_int_eq(put(q, NULL, i), TARN_OK);
  ck_assert_int_eq(tarn__queue_close(q, NULL, false), TARN_OK);
  ck_assert_int_eq(put(q, NULL, 1), TARN_CANCELLED);
  for (int32_t i = 50; i < 150; i++) ck_assert_int_eq(take(q, NULL), i);
  ck_assert_int_eq(take(q, NULL), -TARN_END);
  tarn__object_release(q);
}
END_TEST

START_TEST(test_queue_shuffling_gives_each_once) {
  tarn_queue *q = queue("s", -1, true);
  bool seen[64] = {false};
  int moved = 0;
  for (int32_t i = 0; i < 64; i++) ck_assert_int_eq(put(q, NULL, i), TARN_OK);
  for (int32_t i = 0; i < 64; i++) {
    const int32_t value = take(q, NULL);
    ck_assert(value >= 0 && value < 64 && !seen[value]);
    seen[value] = true;
    moved += value != i;
  }
  ck_assert_int_gt(moved, 32);
  tarn__object_release(q);
}
END_TEST

START_TEST(test_queue_waits_end_with_the_run) {
  tarn_queue *q = queue("w", 1, false);
  atomic_uint cancels = 1;       /* one more than before the run */
  const tarn_run late = {.deadline_ns = tarn__now_ns() + 20000000}, stopped = {.cancels = &cancels};
  ck_assert_int_eq(take(q, &late), -TARN_LIMIT);
  ck_assert_int_eq(take(q, &stopped), -TARN_CANCELLED);
  ck_assert_int_eq(put(q, NULL, 1), TARN_OK);
  ck_assert_int_eq(put(q, &stopped, 2), TARN_CANCELLED);
  ck_assert_int_eq(tarn__queue_size(q), 1);
  tarn__object_release(q);
}
END_TEST

static void *producer(void *argument) {
  for (int32_t i = 0; i < 500; i++)
    if (put(argument, NULL, i) != TARN_OK) break;
  return NULL;
}

START_TEST(test_queue_bounds_hold_between_threads) {
  tarn_queue *q = queue("t", 3, false);
  pthread_t thread;
  ck_assert_int_eq(pthread_create(&thread, NULL, producer, q), 0);
  for (int32_t i = 0; i < 500; i++) {
    ck_assert_int_le(tarn__queue_size(q), 3);
    ck_assert_int_eq(take(q, NULL), i);
  }
  pthread_join(thread, NULL);
  tarn__object_release(q);
}
END_TEST

/* More than the queue holds at a time comes as it is put; a batch that cannot be filled is given
 * back in its order. */
START_TEST(test_queue_takes_more_than_it_holds) {
  tarn_queue *q = queue("m", 3, false);
  pthread_t thread;
  tarn_tensor batch[100];
  int64_t taken = 0;
  ck_assert_int_eq(pthread_create(&thread, NULL, producer, q), 0);
  for (int round = 0; round < 5; round++) {
    ck_assert_int_eq(tarn__queue_take(q, NULL, 100, false, batch, &taken), TARN_OK);
    ck_assert_int_eq(taken, 100);
    for (int i = 0; i < 100; i++) {
      ck_assert_int_eq(*(const int32_t *)batch[i].data, round * 100 + i);
      tarn__tensor_clear(&batch[i]);
    }
  }
  pthread_join(thread, NULL);
  for (int32_t i = 0; i < 2; i++) ck_assert_int_eq(put(q, NULL, i), TARN_OK);
  const tarn_run late = {.deadline_ns = tarn__now_ns() + 20000000};
  ck_assert_int_eq(tarn__queue_take(q, &late, 3, false, batch, &taken), TARN_LIMIT);
  ck_assert_int_eq(tarn__queue_close(q, NULL, false), TARN_OK);
  ck_assert_int_eq(tarn__queue_close(q, NULL, false), TARN_CANCELLED);
  ck_assert_int_eq(tarn__queue_take(q, NULL, 3, false, batch, &taken), TARN_END);
  ck_assert_int_eq(tarn__queue_take(q, NULL, 3, true, batch, &taken), TARN_OK);
  ck_assert_int_eq(taken, 2);
  for (int32_t i = 0; i < 2; i++) {
    ck_assert_int_eq(*(const int32_t *)batch[i].data, i);
    tarn__tensor_clear(&batch[i]);
  }
  tarn__object_release(q);
}
END_TEST

static void *closer(void *argument) {
  return tarn__queue_close(argument, NULL, false) == TARN_OK ? argument : NULL;
}

/* Who waited for room before the closing still comes in; the closing waits for him. */
START_TEST(test_queue_closes_behind_those_who_wait) {
  tarn_queue *q = queue("c", 1, false);
  pthread_t putting, closing;
  void *closed;
  ck_assert_int_eq(pthread_create(&putting, NULL, producer, q),
                   0); /* 500, of which one finds room */
  while (tarn__queue_size(q) == 0) {}
  const tarn_run late = {.deadline_ns = tarn__now_ns() + 20000000};
  ck_assert_int_eq(put(q, &late, -1), TARN_LIMIT);
  ck_assert_int_eq(pthread_create(&closing, NULL, closer, q), 0);
  int32_t last = -1;
  for (int32_t value; (value = take(q, NULL)) != -(int32_t)TARN_END; last = value)
    ck_assert_int_eq(value, last + 1);
  ck_assert_int_ge(last, 0);
  pthread_join(putting, NULL);
  pthread_join(closing, &closed);
  ck_assert_ptr_eq(closed, q);
  ck_assert(tarn__queue_is_closed(q));
  tarn__object_release(q);
}
END_TEST

/* A wait that nobody can end fails, and says so. */
START_TEST(test_queue_waits_of_all_parties_fail) {
  tarn_queue *q = queue("d", 1, false);
  tarn_activity activity = {.parties = 1};
  const tarn_run run = {.activity = &activity};
  ck_assert_int_eq(take(q, &run), -(int32_t)TARN_FAILED);
  ck_assert_ptr_nonnull(strstr(tarn_error(), "for ever"));
  ck_assert_int_eq(put(q, &run, 5), TARN_OK);
  ck_assert_int_eq(put(q, &run, 5), TARN_FAILED);
  ck_assert_uint_eq(atomic_load(&activity.waiting), 0);
  tarn__object_release(q);
}
END_TEST

SUITE_MAIN_TEARDOWN("queue", teardown, test_queue_keeps_order_and_empties_when_closed,
                    test_queue_shuffling_gives_each_once, test_queue_waits_end_with_the_run,
                    test_queue_bounds_hold_between_threads, test_queue_takes_more_than_it_holds,
                    test_queue_closes_behind_those_who_wait, test_queue_waits_of_all_parties_fail)
