/* The thread pool: every chunk runs once, whoever runs it; failures, nesting, many callers, sleep.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/thread/threads.h"
#include "tests/unit/suite.h"

static tarn_pool *pool_of(int threads) {
  tarn_pool *pool;
  ck_assert_int_eq(tarn__pool_create(tarn__allocator_default(), threads, &pool), TARN_OK);
  ck_assert_int_eq(tarn__pool_threads(pool), threads);
  return pool;
}

/* Counts the visits of each chunk, and checks that no two chunks run at once under one index. */
typedef struct visits {
  int *counts; /* not atomic: the sanitizer would tell if two threads ran one chunk */
  int threads;
  atomic_int busy[8];
  atomic_int clashes;
} visits;

static tarn_status visit(void *argument, int64_t chunk, int worker) {
  visits *v = argument;
  if (worker < 0 || worker >= v->threads || atomic_fetch_add(&v->busy[worker], 1) != 0)
    atomic_fetch_add(&v->clashes, 1);
  v->counts[chunk]++;
  if (worker >= 0 && worker < v->threads) atomic_fetch_sub(&v->busy[worker], 1);
  return TARN_OK;
}

static void check_loop(tarn_pool *pool, int64_t chunks) {
  visits v = {.counts = calloc((size_t)chunks + 1, sizeof(int)),
              .threads = tarn__pool_threads(pool)};
  ck_assert_int_eq(tarn__pool_run(pool, chunks, visit, &v), TARN_OK);
  for (int64_t i = 0; i < chunks; i++) ck_assert_int_eq(v.counts[i], 1);
  ck_assert_int_eq(atomic_load(&v.clashes), 0);
  free(v.counts);
}

START_TEST(test_pool_runs_every_chunk_once) {
  const int64_t sizes[] = {0, 1, 2, 3, 7, 64, 1000};
  check_loop(NULL, 10);
  for (int threads = 1; threads <= 5; threads += 2) {
    tarn_pool *pool = pool_of(threads);
    for (int repeat = 0; repeat < 300; repeat++)
      for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) check_loop(pool, sizes[i]);
    tarn__pool_destroy(pool);
  }
}
END_TEST

/* More than one word can hold: the loop runs in pieces. */
START_TEST(test_pool_runs_long_loops) {
  tarn_pool *pool = pool_of(2);
  check_loop(pool, ((int64_t)1 << 20) + 5);
  tarn__pool_destroy(pool);
}
END_TEST

/* What each thread was given, in its order. */
typedef struct walk {
  int64_t chunks[2][64];
  int count[2];
} walk;

static tarn_status note(void *argument, int64_t chunk, int worker) {
  walk *w = argument;
  w->chunks[worker][w->count[worker]++] = chunk;
  for (volatile int i = 0; i < 2000;) i = i + 1; /* so that the other one comes in time */
  return TARN_OK;
}

START_TEST(test_pool_gives_two_threads_a_half_each_to_walk_through) {
  tarn_pool *pool = pool_of(2);
  for (int repeat = 0; repeat < 200; repeat++) {
    walk w = {.count = {0}};
    ck_assert_int_eq(tarn__pool_run(pool, 64, note, &w), TARN_OK);
    ck_assert_int_eq(w.count[0] + w.count[1], 64);
    for (int worker = 0; worker < 2; worker++)
      for (int i = 0; i < w.count[worker]; i++) {
        const int64_t chunk = w.chunks[worker][i];
        ck_assert_int_eq(chunk, worker == 0 ? i : 63 - i);
        const int64_t next = tarn__pool_next(pool, chunk, 64, worker);
        if (i + 1 < w.count[worker]) ck_assert_int_eq(w.chunks[worker][i + 1], next);
      }
  }
  ck_assert_int_eq(tarn__pool_next(pool, 63, 64, 0), -1);
  ck_assert_int_eq(tarn__pool_next(pool, 0, 64, 1), -1);
  ck_assert_int_eq(tarn__pool_next(NULL, 3, 5, 0), 4);
  ck_assert_int_eq(tarn__pool_next(NULL, 4, 5, 0), -1);
  tarn__pool_destroy(pool);
}
END_TEST

START_TEST(test_pool_refuses_absurd_sizes) {
  tarn_pool *pool = NULL;
  ck_assert_int_eq(tarn__pool_create(tarn__allocator_default(), -1, &pool), TARN_INVALID);
  ck_assert_int_eq(tarn__pool_create(tarn__allocator_default(), 257, &pool), TARN_INVALID);
  ck_assert_ptr_null(pool);
  ck_assert_int_eq(tarn__pool_threads(NULL), 1);
  tarn__pool_destroy(NULL);
}
END_TEST

typedef struct failing_loop {
  int64_t bad;
  atomic_int ran;
} failing_loop;

static tarn_status fail_at(void *argument, int64_t chunk, int worker) {
  (void)worker;
  failing_loop *f = argument;
  atomic_fetch_add(&f->ran, 1);
  if (chunk == f->bad) return tarn_fail(TARN_SHAPE, "chunk %lld is bad", (long long)chunk);
  return TARN_OK;
}

START_TEST(test_pool_hands_code_and_text_to_the_caller) {
  tarn_pool *pool = pool_of(3);
  for (int64_t bad = 0; bad < 200; bad++) {
    failing_loop f = {.bad = bad};
    char wanted[64];
    ck_assert_int_eq(tarn__pool_run(pool, 200, fail_at, &f), TARN_SHAPE);
    (void)snprintf(wanted, sizeof wanted, "chunk %lld is bad [", (long long)bad);
    ck_assert_msg(strstr(tarn_error(), wanted) == tarn_error(), "%s", tarn_error());
  }
  /* A failure of chunk 0 leaves most of a long loop not started. */
  failing_loop f = {.bad = 0};
  ck_assert_int_eq(tarn__pool_run(pool, 100000000, fail_at, &f), TARN_SHAPE);
  ck_assert_int_lt(atomic_load(&f.ran), 100000000);
  check_loop(pool, 100);
  tarn__pool_destroy(pool);
}
END_TEST

typedef struct nest {
  tarn_pool *pool;
  atomic_int inner;
  atomic_int elsewhere;
} nest;

typedef struct nest_chunk {
  nest *n;
  pthread_t thread;
  int worker;
} nest_chunk;

static tarn_status inner_body(void *argument, int64_t chunk, int worker) {
  (void)chunk;
  nest_chunk *c = argument;
  if (!pthread_equal(c->thread, pthread_self()) || c->worker != worker)
    atomic_fetch_add(&c->n->elsewhere, 1);
  atomic_fetch_add(&c->n->inner, 1);
  return TARN_OK;
}

static tarn_status outer_body(void *argument, int64_t chunk, int worker) {
  (void)chunk;
  nest *n = argument;
  nest_chunk c = {.n = n, .thread = pthread_self(), .worker = worker};
  return tarn__pool_run(n->pool, 5, inner_body, &c);
}

START_TEST(test_pool_runs_nested_loops_on_the_calling_thread) {
  tarn_pool *pool = pool_of(4);
  nest n = {.pool = pool};
  for (int i = 0; i < 100; i++) ck_assert_int_eq(tarn__pool_run(pool, 20, outer_body, &n), TARN_OK);
  ck_assert_int_eq(atomic_load(&n.inner), 100 * 20 * 5);
  ck_assert_int_eq(atomic_load(&n.elsewhere), 0);
  tarn__pool_destroy(pool);
}
END_TEST

typedef struct caller {
  tarn_pool *pool;
  int number, wrong;
} caller;

static tarn_status add_one(void *argument, int64_t chunk, int worker) {
  (void)worker;
  ((int *)argument)[chunk]++;
  return TARN_OK;
}

static void *call_often(void *argument) {
  caller *c = argument;
  for (int repeat = 0; repeat < 400; repeat++) {
    int counts[37] = {0}, chunks = 1 + (repeat + c->number) % 37;
    if (repeat % 10 == 0) {
      failing_loop f = {.bad = chunks - 1};
      if (tarn__pool_run(c->pool, chunks, fail_at, &f) != TARN_SHAPE) c->wrong++;
      continue;
    }
    if (tarn__pool_run(c->pool, chunks, add_one, counts) != TARN_OK) c->wrong++;
    for (int i = 0; i < 37; i++) c->wrong += counts[i] != (i < chunks);
    if (repeat % 50 == 0) (void)usleep(200); /* long enough for the workers to go to sleep */
  }
  return NULL;
}

/* More callers than slots, so that queueing and running alone both happen. */
START_TEST(test_pool_serves_many_callers_at_once) {
  enum { CALLERS = 12 };
  tarn_pool *pool = pool_of(3);
  caller callers[CALLERS];
  pthread_t threads[CALLERS];
  for (int i = 0; i < CALLERS; i++) {
    callers[i] = (caller){.pool = pool, .number = i};
    ck_assert_int_eq(pthread_create(&threads[i], NULL, call_often, &callers[i]), 0);
  }
  for (int i = 0; i < CALLERS; i++) {
    (void)pthread_join(threads[i], NULL);
    ck_assert_int_eq(callers[i].wrong, 0);
  }
  tarn__pool_destroy(pool);
}
END_TEST

static tarn_status doze(void *argument, int64_t chunk, int worker) {
  (void)worker;
  if (chunk % 2 == 0) (void)usleep(300);
  ((int *)argument)[chunk]++;
  return TARN_OK;
}

/* Owners and workers that both go to sleep and are woken again. */
START_TEST(test_pool_wakes_those_asleep) {
  tarn_pool *pool = pool_of(4);
  for (int repeat = 0; repeat < 100; repeat++) {
    int counts[6] = {0};
    ck_assert_int_eq(tarn__pool_run(pool, 6, doze, counts), TARN_OK);
    for (int i = 0; i < 6; i++) ck_assert_int_eq(counts[i], 1);
    (void)usleep((useconds_t)(repeat % 3) * 400);
  }
  tarn__pool_destroy(pool);
}
END_TEST

START_TEST(test_pool_idle_uses_no_cpu) {
  tarn_pool *pool = pool_of(4);
  check_loop(pool, 100);
  (void)usleep(20000);
  struct timespec before, after;
  (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
  (void)usleep(300000);
  (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
  double used =
      (double)(after.tv_sec - before.tv_sec) + (double)(after.tv_nsec - before.tv_nsec) * 1e-9;
  ck_assert_msg(used < 0.003, "%g s of CPU in 0.3 s of idleness", used);
  tarn__pool_destroy(pool);
}
END_TEST

START_TEST(test_pool_comes_and_goes) {
  for (int i = 0; i < 200; i++) {
    tarn_pool *pool = pool_of(1 + i % 4);
    if (i % 2) check_loop(pool, 8);
    tarn__pool_destroy(pool);
  }
}
END_TEST

START_TEST(test_pool_reports_failed_allocation) {
  tarn_failing failing;
  tarn__failing_init(&failing, 0, false);
  tarn_pool *pool = NULL;
  ck_assert_int_eq(tarn__pool_create(&failing.allocator, 2, &pool), TARN_NO_MEMORY);
  ck_assert_ptr_null(pool);
  ck_assert_int_eq(failing.live, 0);
}
END_TEST

START_TEST(test_cpu_count_is_within_the_machine) {
  ck_assert_int_ge(tarn__cpu_count(), 1);
  ck_assert_int_le(tarn__cpu_count(), (int)sysconf(_SC_NPROCESSORS_CONF));
}
END_TEST

START_TEST(test_cpu_count_honours_the_affinity_mask) {
  cpu_set_t before, one;
  ck_assert_int_eq(sched_getaffinity(0, sizeof before, &before), 0);
  CPU_ZERO(&one);
  for (size_t cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; cpu++)
    if (CPU_ISSET(cpu, &before)) CPU_SET(cpu, &one);
  ck_assert_int_eq(sched_setaffinity(0, sizeof one, &one), 0);
  int count = tarn__cpu_count();
  ck_assert_int_eq(sched_setaffinity(0, sizeof before, &before), 0);
  ck_assert_int_eq(count, 1);
}
END_TEST

SUITE_MAIN("threads", test_pool_runs_every_chunk_once, test_pool_runs_long_loops,
           test_pool_gives_two_threads_a_half_each_to_walk_through, test_pool_refuses_absurd_sizes,
           test_pool_hands_code_and_text_to_the_caller,
           test_pool_runs_nested_loops_on_the_calling_thread, test_pool_serves_many_callers_at_once,
           test_pool_wakes_those_asleep, test_pool_idle_uses_no_cpu, test_pool_comes_and_goes,
           test_pool_reports_failed_allocation, test_cpu_count_is_within_the_machine,
           test_cpu_count_honours_the_affinity_mask)
