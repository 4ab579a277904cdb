/* Loops of phases: every chunk once, after all of the phase before, whoever runs it. */
#include "core/thread/phases.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/unit/suite.h"

enum { PHASES = 400, CHUNKS = 23 };

/* A chunk's value is its number more than the sum of the phase before: wrong for good when a chunk
 * runs early, twice or never. Plain memory, so that the thread sanitizer tells of races. */
typedef struct sums {
  tarn_phases p;
  uint64_t value[PHASES][CHUNKS];
  int64_t fail_at; /* a phase; -1: none */
  int slow;        /* this worker sleeps now and then; -1: none */
} sums;

static tarn_status add_up(void *argument, int64_t phase, int64_t chunk, int worker) {
  sums *s = argument;
  uint64_t sum = (uint64_t)chunk + 1;
  if (phase == s->fail_at) return tarn_fail(TARN_INVALID, "phase %d", (int)phase);
  for (int64_t i = 0; phase && i < s->p.chunks[(phase - 1) % s->p.kinds]; i++)
    sum += s->value[phase - 1][i];
  if (worker == s->slow && (phase * 7 + chunk) % 91 == 0)
    (void)nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
  s->value[phase][chunk] += sum;
  return TARN_OK;
}

static sums *sums_of(int64_t phases, int kinds, int64_t first, int64_t second) {
  sums *s = calloc(1, sizeof *s);
  ck_assert_ptr_nonnull(s);
  s->p = (tarn_phases){
      .phases = phases, .kinds = kinds, .chunks = {first, second}, .body = add_up, .argument = s};
  s->fail_at = s->slow = -1;
  return s;
}

static void check_sums(tarn_pool *pool, int64_t phases, int kinds, int64_t first, int64_t second,
                       int slow) {
  sums *wanted = sums_of(phases, kinds, first, second),
       *got = sums_of(phases, kinds, first, second);
  for (int64_t phase = 0; phase < phases; phase++)
    for (int64_t i = 0; i < wanted->p.chunks[phase % kinds]; i++)
      ck_assert_int_eq(add_up(wanted, phase, i, 0), TARN_OK);
  got->slow = slow;
  ck_assert_int_eq(tarn__pool_run_phases(pool, &got->p), TARN_OK);
  ck_assert_mem_eq(got->value, wanted->value, sizeof got->value);
  free(wanted);
  free(got);
}

static tarn_pool *pool_of(int threads) {
  tarn_pool *pool;
  ck_assert_int_eq(tarn__pool_create(tarn__allocator_default(), threads, &pool), TARN_OK);
  return pool;
}

START_TEST(test_phases_run_in_order) {
  for (int threads = 0; threads <= 5; threads++) {
    tarn_pool *pool = threads ? pool_of(threads) : NULL;
    for (int repeat = 0; repeat < 20; repeat++) {
      check_sums(pool, PHASES, 1, CHUNKS, 0, -1);
      check_sums(pool, PHASES - 1, 2, CHUNKS, 3, -1);
      check_sums(pool, PHASES, 2, 1, 7, -1);
      check_sums(pool, PHASES, 1, 2, 0, -1);
      check_sums(pool, 1, 1, CHUNKS, 0, -1);
      check_sums(pool, 0, 1, CHUNKS, 0, -1);
      check_sums(pool, PHASES, 2, 5, 0, -1); /* a phase without chunks is over at once */
    }
    tarn__pool_destroy(pool);
  }
}
END_TEST

START_TEST(test_phases_go_on_without_who_sleeps) {
  tarn_pool *pool = pool_of(3);
  for (int slow = 0; slow < 3; slow++) check_sums(pool, PHASES, 2, CHUNKS, 4, slow);
  tarn__pool_destroy(pool);
}
END_TEST

START_TEST(test_phases_end_with_a_failure) {
  for (int threads = 1; threads <= 4; threads++) {
    tarn_pool *pool = pool_of(threads);
    for (int64_t at = 0; at < PHASES; at += 57) {
      sums *s = sums_of(PHASES, 1, CHUNKS, 0);
      char text[40];
      s->fail_at = at;
      ck_assert_int_eq(tarn__pool_run_phases(pool, &s->p), TARN_INVALID);
      (void)snprintf(text, sizeof text, "phase %d", (int)at);
      ck_assert_msg(strstr(tarn_error(), text) != NULL, "%s", tarn_error());
      for (int64_t phase = at; phase < PHASES; phase++) ck_assert_uint_eq(s->value[phase][0], 0);
      free(s);
    }
    tarn__pool_destroy(pool);
  }
}
END_TEST

typedef struct nested {
  tarn_pool *pool;
} nested;

static tarn_status inside(void *argument, int64_t chunk, int worker) {
  (void)chunk;
  (void)worker;
  check_sums(((nested *)argument)->pool, PHASES, 1, CHUNKS, 0, -1);
  return TARN_OK;
}

START_TEST(test_phases_run_inside_of_a_loop) {
  nested n = {pool_of(2)};
  ck_assert_int_eq(tarn__pool_run(n.pool, 6, inside, &n), TARN_OK);
  tarn__pool_destroy(n.pool);
}
END_TEST

/* A pool of two whose worker is kept away, and the order in which the other takes chunks. */
typedef struct lonely {
  tarn_pool *pool;
  atomic_int away;
  atomic_bool over;
  int64_t order[PHASES * CHUNKS];
  int64_t count;
} lonely;

static tarn_status stay_away(void *argument, int64_t chunk, int worker) {
  lonely *l = argument;
  (void)chunk;
  (void)worker;
  atomic_fetch_add(&l->away, 1);
  while (!atomic_load(&l->over)) (void)sched_yield();
  return TARN_OK;
}

static void *keep_away(void *argument) {
  lonely *l = argument;
  (void)tarn__pool_run(l->pool, 2, stay_away, l);
  return NULL;
}

static tarn_status note(void *argument, int64_t phase, int64_t chunk, int worker) {
  lonely *l = argument;
  (void)phase;
  (void)worker;
  l->order[l->count++] = chunk;
  return TARN_OK;
}

/* Who is alone walks all of it to and fro, as one thread does. */
START_TEST(test_phases_to_and_fro_alone) {
  lonely *l = calloc(1, sizeof *l);
  pthread_t other;
  ck_assert_ptr_nonnull(l);
  l->pool = pool_of(2);
  ck_assert_int_eq(pthread_create(&other, NULL, keep_away, l), 0);
  while (atomic_load(&l->away) != 2) (void)sched_yield();
  const tarn_phases p = {
      .phases = 6, .kinds = 1, .chunks = {CHUNKS}, .body = note, .argument = l};
  ck_assert_int_eq(tarn__pool_run_phases(l->pool, &p), TARN_OK);
  atomic_store(&l->over, true);
  ck_assert_int_eq(pthread_join(other, NULL), 0);
  ck_assert_int_eq(l->count, 6 * CHUNKS);
  for (int64_t i = 0; i < l->count; i++) {
    const int64_t at = i % CHUNKS;
    ck_assert_int_eq(l->order[i], i / CHUNKS % 2 ? CHUNKS - 1 - at : at);
  }
  tarn__pool_destroy(l->pool);
  free(l);
}
END_TEST

SUITE_MAIN("phases", test_phases_run_in_order, test_phases_go_on_without_who_sleeps,
           test_phases_end_with_a_failure, test_phases_run_inside_of_a_loop,
           test_phases_to_and_fro_alone)
