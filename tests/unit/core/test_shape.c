/* Shapes: checked products, broadcasting, axes, text. */
#include <stdint.h>
#include <string.h>

#include "core/tensor/shape.h"
#include "tests/unit/suite.h"

#define SHAPE(...)                                                                 \
  ((tarn_shape){.rank = (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), \
                .dim = {__VA_ARGS__}})

START_TEST(test_shape_make_checks) {
  tarn_shape s = {.rank = 77};
  const int64_t good[] = {2, 0, 3}, negative[] = {2, -1}, large[] = {INT64_MAX, 2};
  const int64_t hidden[] = {INT64_MAX, 4, 0}, ones[TARN_MAX_RANK + 1] = {0};
  ck_assert_int_eq(tarn__shape_make(2, negative, &s), TARN_INVALID);
  ck_assert_int_eq(tarn__shape_make(-1, good, &s), TARN_INVALID);
  ck_assert_int_eq(tarn__shape_make(TARN_MAX_RANK + 1, ones, &s), TARN_INVALID);
  ck_assert_int_eq(tarn__shape_make(2, large, &s), TARN_LIMIT);
  /* The strides of an empty tensor must fit too. */
  ck_assert_int_eq(tarn__shape_make(3, hidden, &s), TARN_LIMIT);
  ck_assert_int_eq(s.rank, 77);
  ck_assert_int_eq(tarn__shape_make(3, good, &s), TARN_OK);
  ck_assert_int_eq(tarn__shape_elements(&s), 0);
  ck_assert_int_eq(tarn__shape_make(0, NULL, &s), TARN_OK);
  ck_assert_int_eq(tarn__shape_elements(&s), 1);
}
END_TEST

START_TEST(test_shape_bytes_check) {
  int64_t elements = -5;
  size_t bytes = 7;
  tarn_shape s = SHAPE(INT64_MAX / 4), lie = {.rank = 1000}, negative = SHAPE(3, -4);
  ck_assert_int_eq(tarn__shape_bytes(&s, 8, &elements, &bytes), TARN_LIMIT);
  ck_assert_int_eq(tarn__shape_bytes(&lie, 8, &elements, &bytes), TARN_INVALID);
  ck_assert_int_eq(tarn__shape_bytes(&negative, 8, &elements, &bytes), TARN_INVALID);
  ck_assert_int_eq(elements, -5);
  ck_assert_uint_eq(bytes, 7);
  s = SHAPE(3, 5);
  ck_assert_int_eq(tarn__shape_bytes(&s, 8, &elements, &bytes), TARN_OK);
  ck_assert_int_eq(elements, 15);
  ck_assert_uint_eq(bytes, 120);
}
END_TEST

START_TEST(test_shape_comparisons) {
  tarn_shape a = SHAPE(2, 3), partly = SHAPE(2, -1), other = SHAPE(3, 3), unknown = {.rank = -1};
  tarn_shape longer = SHAPE(2, 3, 1), scalar = tarn__shape_scalar(), vector = tarn__shape_vector(4);
  ck_assert(tarn__shape_known(&a) && tarn__shape_known(&scalar));
  ck_assert(!tarn__shape_known(&partly) && !tarn__shape_known(&unknown));
  ck_assert(tarn__shape_equal(&a, &(tarn_shape){.rank = 2, .dim = {2, 3, 99}}));
  ck_assert(!tarn__shape_equal(&a, &longer) && !tarn__shape_equal(&a, &other));
  ck_assert(tarn__shape_compatible(&partly, &a) && tarn__shape_compatible(&unknown, &vector));
  ck_assert(!tarn__shape_compatible(&partly, &other) && !tarn__shape_compatible(&a, &longer));
}
END_TEST

static void check_broadcast(tarn_shape a, tarn_shape b, tarn_shape wanted) {
  tarn_shape got;
  ck_assert_int_eq(tarn__shape_broadcast(&a, &b, &got), TARN_OK);
  ck_assert(tarn__shape_equal(&got, &wanted));
  ck_assert_int_eq(tarn__shape_broadcast(&b, &a, &got), TARN_OK);
  ck_assert(tarn__shape_equal(&got, &wanted));
}

START_TEST(test_shape_broadcasts_as_numpy) {
  check_broadcast(SHAPE(2, 3), SHAPE(3), SHAPE(2, 3));
  check_broadcast(SHAPE(2, 1), SHAPE(1, 5), SHAPE(2, 5));
  check_broadcast(SHAPE(4, 1, 3), SHAPE(2, 1), SHAPE(4, 2, 3));
  check_broadcast(SHAPE(2, 3), tarn__shape_scalar(), SHAPE(2, 3));
  check_broadcast(SHAPE(0), SHAPE(1), SHAPE(0));
  tarn_shape a = SHAPE(2, 3), b = SHAPE(2), out = {.rank = 5};
  ck_assert_int_eq(tarn__shape_broadcast(&a, &b, &out), TARN_SHAPE);
  ck_assert_ptr_nonnull(strstr(tarn_error(), "[2,3] and [2] do not broadcast: 3 against 2"));
  ck_assert_int_eq(out.rank, 5);
  a = SHAPE(0, 1), b = SHAPE(2);
  check_broadcast(a, b, SHAPE(0, 2));
  a = SHAPE(INT64_MAX / 2, 1), b = SHAPE(1, 8);
  ck_assert_int_eq(tarn__shape_broadcast(&a, &b, &out), TARN_LIMIT);
}
END_TEST

START_TEST(test_shape_axis_counts_from_the_end) {
  int axis = -9;
  ck_assert_int_eq(tarn__shape_axis(-1, 3, &axis), TARN_OK);
  ck_assert_int_eq(axis, 2);
  ck_assert_int_eq(tarn__shape_axis(0, 1, &axis), TARN_OK);
  ck_assert_int_eq(axis, 0);
  const int64_t bad[] = {3, -4, INT64_MIN, INT64_MAX};
  for (int i = 0; i < 4; i++) ck_assert_int_eq(tarn__shape_axis(bad[i], 3, &axis), TARN_SHAPE);
  ck_assert_int_eq(tarn__shape_axis(0, 0, &axis), TARN_SHAPE);
}
END_TEST

START_TEST(test_shape_print_fits) {
  char text[TARN_SHAPE_TEXT];
  tarn_shape s = SHAPE(2, -1, 3), scalar = tarn__shape_scalar(), unknown = {.rank = -1};
  ck_assert_str_eq(tarn__shape_print(&s, text), "[2,?,3]");
  ck_assert_str_eq(tarn__shape_print(&scalar, text), "[]");
  ck_assert_str_eq(tarn__shape_print(&unknown, text), "?");
  tarn_shape large = {.rank = TARN_MAX_RANK};
  for (int i = 0; i < TARN_MAX_RANK; i++) large.dim[i] = INT64_MAX;
  tarn__shape_print(&large, text);
  ck_assert_uint_lt(strlen(text), TARN_SHAPE_TEXT);
  ck_assert_str_eq(text + strlen(text) - 4, "...]");
}
END_TEST

SUITE_MAIN("shape", test_shape_make_checks, test_shape_bytes_check, test_shape_comparisons,
           test_shape_broadcasts_as_numpy, test_shape_axis_counts_from_the_end,
           test_shape_print_fits)
