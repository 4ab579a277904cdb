/* The session's allocator: blocks come back for the next run, the limit holds, and the last block
 * may be freed late. */
#include "graph/session/store.h"
#include "tests/unit/graph/build_graph.h"
#include "tests/unit/suite.h"

#include <pthread.h>

static tarn_failing base;
static tarn_store *store;

static void start(size_t limit) {
  tarn__failing_init(&base, -1, false);
  OK(tarn__store_create(&base.allocator, limit, &store));
}
static void *get(size_t bytes) { return tarn__alloc(tarn__store_allocator(store), bytes); }
static void put(void *memory, size_t bytes) {
  tarn__free(tarn__store_allocator(store), memory, bytes);
}

START_TEST(test_store_keeps_what_comes_back) {
  start(0);
  void *a = get(1000);
  memset(a, 1, 1000);
  put(a, 1000);
  const long asked = base.count;
  ck_assert_ptr_eq(get(1010), a);            /* of the same class */
  ck_assert_int_eq(base.count, asked);
  void *b = get(1000);
  ck_assert_ptr_ne(a, b);
  put(a, 1010);
  put(b, 1000);
  tarn__store_close(store);
  ck_assert_int_eq(base.live, 0);
}
END_TEST

/* A block holds what was asked for whatever class it fell into, and goes back whole: every size to
 * 5000, and beyond. */
START_TEST(test_store_of_every_size) {
  start(0);
  for (size_t n = 0; n < 5000; n++) {
    unsigned char *p = get(n);
    ck_assert_ptr_nonnull(p);
    ck_assert_uint_eq((uintptr_t)p % TARN_ALIGN, 0);
    memset(p, 0xA5, n);
    put(p, n);
  }
  for (int bits = 12; bits <= 24; bits++)
    for (int d = -1; d <= 1; d++) {
      const size_t n = ((size_t)1 << bits) + (size_t)(long)d;
      unsigned char *p = get(n), *q = get(n);
      memset(p, 1, n);
      memset(q, 2, n);
      ck_assert_int_eq(p[n - 1], 1);
      put(p, n);
      put(q, n);
    }
  ck_assert_uint_le(tarn__store_used(store), (64 << 20));
  tarn__store_close(store);
  ck_assert_int_eq(base.live, 0);
}
END_TEST

START_TEST(test_store_gives_back_what_it_keeps_before_it_refuses) {
  start(1 << 20);
  const size_t used = tarn__store_used(store);
  /* half a megabyte is kept */
  for (size_t n = 1 << 10; n <= (size_t)1 << 18; n *= 2) put(get(n), n);
  ck_assert_uint_gt(tarn__store_used(store), used + (1 << 18));
  void *large = get(900 << 10);
  ck_assert_ptr_nonnull(large);
  ck_assert_ptr_null(get(900 << 10));
  ck_assert(tarn__store_limit_hit(store));
  put(large, 900 << 10);
  ck_assert_uint_le(tarn__store_peak(store), 1 << 20);
  tarn__store_close(store);
  ck_assert_int_eq(base.live, 0);
}
END_TEST

START_TEST(test_store_ends_with_its_last_block) {
  start(0);
  void *a = get(100), *large = get(20 << 20);
  put(get(64), 64);
  const tarn_allocator *from = tarn__store_allocator(store);
  tarn__store_close(store);
  ck_assert_int_gt(base.live, 2);
  tarn__free(from, a, 100);
  tarn__free(from, large, 20 << 20);
  ck_assert_int_eq(base.live, 0);
  tarn__store_close(NULL);
}
END_TEST

START_TEST(test_store_without_memory) {
  for (long n = 0; n < 3; n++) {        /* two of its own, then the first block */
    tarn__failing_init(&base, n, true);
    store = NULL;
    const tarn_status status = tarn__store_create(&base.allocator, 0, &store);
    if (status == TARN_OK) {
      ck_assert_ptr_null(get(100));
      ck_assert(!tarn__store_limit_hit(store));
      tarn__store_close(store);
    } else {
      ck_assert_int_eq(status, TARN_NO_MEMORY);
    }
    ck_assert_int_eq(base.live, 0);
  }
}
END_TEST

static void *churn(void *argument) {
  unsigned seed = (unsigned)(uintptr_t)argument;
  void *held[16] = {0};
  size_t size[16] = {0};
  for (int i = 0; i < 4000; i++) {
    seed = seed * 1664525u + 1013904223u;
    const int k = (int)(seed >> 28);
    if (held[k]) {
      if (*(unsigned char *)held[k] != (unsigned char)k) return "overwritten";
      put(held[k], size[k]);
    }
    size[k] = (seed >> 8) % 20000 + 1;
    held[k] = get(size[k]);
    if (!held[k]) return "no memory";
    memset(held[k], k, size[k]);
  }
  for (int k = 0; k < 16; k++)
    if (held[k]) put(held[k], size[k]);
  return NULL;
}

START_TEST(test_store_serves_many_threads) {
  start(0);
  pthread_t thread[4];
  for (uintptr_t i = 0; i < 4; i++) pthread_create(&thread[i], NULL, churn, (void *)(i + 1));
  for (int i = 0; i < 4; i++) {
    void *what;
    pthread_join(thread[i], &what);
    ck_assert_msg(!what, "%s", what ? (const char *)what : "");
  }
  tarn__store_close(store);
  ck_assert_int_eq(base.live, 0);
}
END_TEST

SUITE_MAIN("store", test_store_keeps_what_comes_back, test_store_of_every_size,
           test_store_gives_back_what_it_keeps_before_it_refuses,
           test_store_ends_with_its_last_block, test_store_without_memory,
           test_store_serves_many_threads)
