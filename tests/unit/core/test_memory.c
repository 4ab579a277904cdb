/* Allocators and the arena: alignment, limits, failure, and that everything comes back. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "tests/unit/suite.h"

START_TEST(test_alloc_is_aligned_and_zero_bytes_are_unique) {
  const tarn_allocator *a = tarn__allocator_default();
  void *none = tarn__alloc(a, 0), *other = tarn__alloc(a, 0);
  ck_assert_ptr_nonnull(none);
  ck_assert_ptr_nonnull(other);
  ck_assert_ptr_ne(none, other);
  for (size_t bytes = 1; bytes < 5000; bytes = bytes * 3 + 1) {
    unsigned char *memory = tarn__alloc_zero(a, bytes);
    ck_assert_uint_eq((uintptr_t)memory % TARN_ALIGN, 0);
    for (size_t i = 0; i < bytes; i++) ck_assert_uint_eq(memory[i], 0);
    tarn__free(a, memory, bytes);
  }
  tarn__free(a, none, 0);
  tarn__free(a, other, 0);
  tarn__free(a, NULL, 0);
}
END_TEST

START_TEST(test_alloc_failure_has_a_message) {
  tarn_failing f;
  tarn__failing_init(&f, 0, false);
  ck_assert_ptr_null(tarn__alloc_zero(&f.allocator, 12345));
  ck_assert_ptr_nonnull(strstr(tarn_error(), "no memory for 12345 bytes"));
  ck_assert_ptr_null(tarn__alloc(tarn__allocator_default(), SIZE_MAX - 100));
}
END_TEST

START_TEST(test_checked_products_tell_overflow) {
  size_t bytes;
  int64_t n;
  ck_assert(tarn__mul_overflow(SIZE_MAX / 2, (size_t)3, &bytes));
  ck_assert(!tarn__mul_overflow((size_t)7, (size_t)6, &bytes));
  ck_assert_uint_eq(bytes, 42);
  ck_assert(tarn__add_overflow(INT64_MAX, (int64_t)1, &n));
}
END_TEST

START_TEST(test_failing_fails_the_nth) {
  tarn_failing f;
  tarn__failing_init(&f, 2, false);
  void *blocks[5];
  for (int i = 0; i < 5; i++) blocks[i] = tarn__alloc(&f.allocator, 10);
  for (int i = 0; i < 5; i++) ck_assert_int_eq(blocks[i] == NULL, i == 2);
  ck_assert_int_eq(f.count, 5);
  ck_assert_int_eq(f.live, 4);
  for (int i = 0; i < 5; i++) tarn__free(&f.allocator, blocks[i], 10);
  ck_assert_int_eq(f.live, 0);

  tarn__failing_init(&f, 1, true);
  for (int i = 0; i < 5; i++) blocks[i] = tarn__alloc(&f.allocator, 10);
  for (int i = 0; i < 5; i++) ck_assert_int_eq(blocks[i] == NULL, i >= 1);
  tarn__free(&f.allocator, blocks[0], 10);
  ck_assert_int_eq(f.live, 0);
}
END_TEST

START_TEST(test_limited_counts_and_refuses) {
  tarn_failing f;
  tarn__failing_init(&f, -1, false);
  tarn_limited *limited;
  ck_assert_int_eq(tarn__limited_create(&f.allocator, 1000, &limited), TARN_OK);
  const tarn_allocator *a = tarn__limited_allocator(limited);
  void *x = tarn__alloc(a, 600), *y = tarn__alloc(a, 400);
  ck_assert(!tarn__limited_hit(limited));
  ck_assert_uint_eq(tarn__limited_used(limited), 1000);
  ck_assert_ptr_null(tarn__alloc(a, 1));
  ck_assert(tarn__limited_hit(limited));
  ck_assert_ptr_null(tarn__alloc(a, SIZE_MAX));
  tarn__free(a, x, 600);
  ck_assert_uint_eq(tarn__limited_used(limited), 400);
  ck_assert_uint_eq(tarn__limited_peak(limited), 1000);
  /* A block may outlive the owner: what it came from stays until it is freed. */
  tarn__limited_destroy(limited);
  ck_assert_int_eq(f.live, 2);
  tarn__free(a, y, 400);
  ck_assert_int_eq(f.live, 0);
}
END_TEST

START_TEST(test_limited_without_limit_only_counts) {
  tarn_limited *limited;
  ck_assert_int_eq(tarn__limited_create(tarn__allocator_default(), 0, &limited), TARN_OK);
  void *x = tarn__alloc(tarn__limited_allocator(limited), 1 << 20);
  ck_assert_ptr_nonnull(x);
  ck_assert_uint_eq(tarn__limited_peak(limited), 1 << 20);
  tarn__free(tarn__limited_allocator(limited), x, 1 << 20);
  tarn__limited_destroy(limited);

  tarn_failing f;
  tarn__failing_init(&f, 0, false);
  ck_assert_int_eq(tarn__limited_create(&f.allocator, 0, &limited), TARN_NO_MEMORY);
  ck_assert_int_eq(f.live, 0);
}
END_TEST

/* Objects of many sizes that do not overlap, aligned and zeroed. */
static tarn_status fill(const tarn_allocator *a) {
  tarn_arena *arena;
  TARN_TRY(tarn__arena_create(a, &arena));
  tarn_status status = TARN_OK;
  unsigned char *objects[200];
  for (size_t i = 0; i < 200 && status == TARN_OK; i++) {
    size_t bytes = i * i * 7 % 9000;
    objects[i] = tarn__arena_alloc(arena, bytes);
    if (!objects[i]) {
      status = TARN_NO_MEMORY;
      break;
    }
    ck_assert_uint_eq((uintptr_t)objects[i] % 16, 0);
    size_t wrong = 0;
    for (size_t k = 0; k < bytes; k++) wrong += objects[i][k] != 0;
    ck_assert_uint_eq(wrong, 0);
    memset(objects[i], (int)i, bytes);
  }
  size_t overwritten = 0;
  for (size_t i = 0; i < 200 && status == TARN_OK; i++)
    for (size_t k = 0; k < i * i * 7 % 9000; k++) overwritten += objects[i][k] != (i & 255);
  ck_assert_uint_eq(overwritten, 0);
  tarn__arena_destroy(arena);
  return status;
}

START_TEST(test_arena_survives_every_failed_allocation) {
  long n = 0;
  for (;; n++) {
    tarn_failing f;
    tarn__failing_init(&f, n, false);
    tarn_status status = fill(&f.allocator);
    ck_assert_int_eq(f.live, 0);
    if (status == TARN_OK) break;
    ck_assert_int_eq(status, TARN_NO_MEMORY);
    ck_assert_ptr_nonnull(strstr(tarn_error(), "no memory"));
  }
  ck_assert_int_gt(n, 5);
}
END_TEST

START_TEST(test_arena_strings_and_arrays) {
  tarn_arena *arena;
  ck_assert_int_eq(tarn__arena_create(tarn__allocator_default(), &arena), TARN_OK);
  ck_assert_str_eq(tarn__arena_strndup(arena, "abcdef", 3), "abc");
  ck_assert_str_eq(tarn__arena_strndup(arena, NULL, 0), "");
  ck_assert_str_eq(tarn__arena_printf(arena, "%s/%d", "x", 7), "x/7");
  ck_assert_ptr_nonnull(tarn__arena_array(arena, 3, 5));
  ck_assert_ptr_null(tarn__arena_array(arena, SIZE_MAX / 2, 3));
  ck_assert_ptr_null(tarn__arena_alloc(arena, SIZE_MAX));
  ck_assert_ptr_null(tarn__arena_strndup(arena, "x", SIZE_MAX));
  tarn__arena_destroy(arena);
  tarn__arena_destroy(NULL);
}
END_TEST

SUITE_MAIN("memory", test_alloc_is_aligned_and_zero_bytes_are_unique,
           test_alloc_failure_has_a_message, test_checked_products_tell_overflow,
           test_failing_fails_the_nth, test_limited_counts_and_refuses,
           test_limited_without_limit_only_counts, test_arena_survives_every_failed_allocation,
           test_arena_strings_and_arrays)
