/* The message of a failure: what, where, and the chain of contexts, always bounded. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/status.h"
#include "tests/unit/suite.h"

START_TEST(test_status_texts_are_there) {
  ck_assert_str_eq(tarn_status_text(TARN_OK), "ok");
  ck_assert_str_eq(tarn_status_text(TARN_SHAPE), "shapes do not fit");
  ck_assert_str_eq(tarn_status_text((tarn_status)999), "unknown status");
  ck_assert_str_eq(tarn_version(), "0.1.0");
}
END_TEST

static void *first_look(void *text) {
  *(const char **)text = strdup(tarn_error());
  return NULL;
}

START_TEST(test_status_message_is_of_this_thread) {
  (void)tarn__fail(TARN_IO, "core/x.c", 7, "mine");
  pthread_t thread;
  const char *seen = NULL;
  ck_assert_int_eq(pthread_create(&thread, NULL, first_look, &seen), 0);
  (void)pthread_join(thread, NULL);
  ck_assert_ptr_nonnull(seen);
  ck_assert_str_eq(seen, "");
  free((void *)(uintptr_t)seen);
  ck_assert_str_eq(tarn_error(), "mine [core/x.c:7]");
}
END_TEST

static tarn_status fails(void) {
  return tarn__fail(TARN_SHAPE, "graph/ops/array.c", 41, "axis %d of %d", 5, 3);
}

static tarn_status caller(void) {
  TARN_TRY_IN(fails(), "inferring node '%s'", "decoder/slice_2");
  return TARN_OK;
}

static tarn_status outer_caller(void) {
  TARN_TRY_IN(caller(), "importing 'model.pb'");
  return TARN_OK;
}

START_TEST(test_status_contexts_are_indented_lines) {
  ck_assert_int_eq(outer_caller(), TARN_SHAPE);
  ck_assert_str_eq(tarn_error(),
                   "axis 5 of 3 [graph/ops/array.c:41]\n"
                   "  while inferring node 'decoder/slice_2'\n"
                   "  while importing 'model.pb'");
  char brief[64], cut[5];
  tarn__error_brief(brief, sizeof brief);
  ck_assert_str_eq(brief, "axis 5 of 3");
  tarn__error_brief(cut, sizeof cut);
  ck_assert_str_eq(cut, "axis");
}
END_TEST

START_TEST(test_status_fail_replaces_and_may_quote_itself) {
  (void)fails();
  (void)tarn__fail(TARN_IO, "a.c", 1, "again: %s", tarn_error());
  ck_assert_str_eq(tarn_error(), "again: axis 5 of 3 [graph/ops/array.c:41] [a.c:1]");
}
END_TEST

START_TEST(test_status_long_texts_are_cut) {
  static char text[3 * TARN_ERROR_BYTES];
  memset(text, 'x', sizeof text - 1);
  (void)tarn__fail(TARN_IO, "core/x.c", 12, "%s", text);
  size_t size = strlen(tarn_error());
  ck_assert_uint_eq(size, TARN_ERROR_BYTES - 1);
  ck_assert_str_eq(tarn_error() + size - 18, "x... [core/x.c:12]");
  tarn__context("no room for this");
  ck_assert_uint_eq(strlen(tarn_error()), size);

  /* Contexts stop whole, never in the middle of a line. */
  (void)tarn__fail(TARN_IO, "core/x.c", 12, "short");
  for (int i = 0; i < 1000; i++) tarn__context("doing thing %d", i);
  size = strlen(tarn_error());
  ck_assert_uint_lt(size, TARN_ERROR_BYTES);
  ck_assert_uint_gt(size, TARN_ERROR_BYTES - 64);
  const char *last = strrchr(tarn_error(), '\n');
  int number = -1;
  ck_assert_int_eq(sscanf(last, "\n  while doing thing %d", &number), 1);
  ck_assert_int_gt(number, 100);
}
END_TEST

START_TEST(test_status_saves_and_restores) {
  char saved[TARN_ERROR_BYTES], little[4];
  (void)fails();
  tarn__error_save(saved, sizeof saved);
  tarn__error_save(little, sizeof little);
  ck_assert_str_eq(little, "axi");
  (void)tarn__fail(TARN_IO, "a.c", 1, "other");
  tarn__error_restore(saved);
  ck_assert_str_eq(tarn_error(), saved);
}
END_TEST

SUITE_MAIN("status", test_status_texts_are_there, test_status_message_is_of_this_thread,
           test_status_contexts_are_indented_lines, test_status_fail_replaces_and_may_quote_itself,
           test_status_long_texts_are_cut, test_status_saves_and_restores)
