/* The name map and the nearest names. */
#include <stdio.h>
#include <string.h>

#include "core/map.h"
#include "tests/unit/suite.h"

enum { NAMES = 2000 };
static char names[NAMES][32];

static void make_names(void) {
  for (int i = 0; i < NAMES; i++) (void)snprintf(names[i], sizeof names[i], "layer_%d/kernel", i);
}

static tarn_status fill(tarn_map *map) {
  for (int i = 0; i < NAMES; i++)
    TARN_TRY(tarn__map_put(map, names[i], strlen(names[i]), names[i]));
  return TARN_OK;
}

START_TEST(test_map_finds_what_was_put) {
  tarn_map map;
  make_names();
  tarn__map_init(&map, tarn__allocator_default());
  ck_assert_ptr_null(tarn__map_get(&map, "x", 1));
  ck_assert_int_eq(fill(&map), TARN_OK);
  ck_assert_uint_eq(map.count, NAMES);
  for (int i = 0; i < NAMES; i++) {
    ck_assert_ptr_eq(tarn__map_get(&map, names[i], strlen(names[i])), names[i]);
    ck_assert_ptr_null(tarn__map_get(&map, names[i], strlen(names[i]) - 1));
  }
  /* An existing key takes the new value. */
  ck_assert_int_eq(tarn__map_put(&map, names[7], strlen(names[7]), &map), TARN_OK);
  ck_assert_uint_eq(map.count, NAMES);
  ck_assert_ptr_eq(tarn__map_get(&map, names[7], strlen(names[7])), &map);
  tarn__map_clear(&map);
  ck_assert_ptr_null(tarn__map_get(&map, names[7], strlen(names[7])));
}
END_TEST

START_TEST(test_map_takes_any_bytes_and_no_null) {
  tarn_map map;
  int a, b, c;
  tarn__map_init(&map, tarn__allocator_default());
  ck_assert_int_eq(tarn__map_put(&map, "a\0b", 3, &a), TARN_OK);
  ck_assert_int_eq(tarn__map_put(&map, "a\0c", 3, &b), TARN_OK);
  ck_assert_int_eq(tarn__map_put(&map, "", 0, &c), TARN_OK);
  ck_assert_ptr_eq(tarn__map_get(&map, "a\0b", 3), &a);
  ck_assert_ptr_eq(tarn__map_get(&map, "a\0c", 3), &b);
  ck_assert_ptr_eq(tarn__map_get(&map, NULL, 0), &c);
  ck_assert_ptr_null(tarn__map_get(&map, "a", 1));
  ck_assert_int_eq(tarn__map_put(&map, "x", 1, NULL), TARN_INVALID);
  ck_assert_uint_eq(map.count, 3);
  tarn__map_clear(&map);
}
END_TEST

START_TEST(test_map_survives_every_failed_allocation) {
  make_names();
  long n = 0;
  for (;; n++) {
    tarn_failing f;
    tarn_map map;
    tarn__failing_init(&f, n, false);
    tarn__map_init(&map, &f.allocator);
    tarn_status status = fill(&map);
    /* What was put before the failure is still there. */
    for (size_t i = 0; i < map.count; i++)
      ck_assert_ptr_eq(tarn__map_get(&map, names[i], strlen(names[i])), names[i]);
    tarn__map_clear(&map);
    ck_assert_int_eq(f.live, 0);
    if (status == TARN_OK) break;
    ck_assert_int_eq(status, TARN_NO_MEMORY);
  }
  ck_assert_int_gt(n, 5);
}
END_TEST

START_TEST(test_nearest_names) {
  const char *const list[] = {"conv1/kernel", "conv1/bias", "dense/kernel", "softmax", "x"};
  char text[128];
  ck_assert_str_eq(tarn__nearest("sofmax", list, 5, text, sizeof text), ", nearest: 'softmax'");
  ck_assert_str_eq(tarn__nearest("conv1/kernal", list, 5, text, sizeof text),
                   ", nearest: 'conv1/kernel'");
  ck_assert_str_eq(tarn__nearest("conv1", list, 5, text, sizeof text),
                   ", nearest: 'conv1/kernel', 'conv1/bias'");
  ck_assert_str_eq(tarn__nearest("quite_another", list, 5, text, sizeof text), "");
  ck_assert_str_eq(tarn__nearest("anything", NULL, 0, text, sizeof text), "");
  /* What does not fit is left out whole. */
  ck_assert_str_eq(tarn__nearest("conv1", list, 5, text, 30), ", nearest: 'conv1/kernel'");
  ck_assert_str_eq(tarn__nearest("softmax", list, 5, text, 5), "");
}
END_TEST

START_TEST(test_nearest_is_bounded_and_printable) {
  static char large[4000], text[600];
  memset(large, 'a', sizeof large - 1);
  large[1] = '\x1b';
  const char *const list[] = {large, large, large, large};
  tarn__nearest(large, list, 4, text, sizeof text);
  ck_assert_uint_lt(strlen(text), sizeof text);
  ck_assert_ptr_nonnull(strstr(text, "'a\\x1baaa"));
}
END_TEST

SUITE_MAIN("map", test_map_finds_what_was_put, test_map_takes_any_bytes_and_no_null,
           test_map_survives_every_failed_allocation, test_nearest_names,
           test_nearest_is_bounded_and_printable)
