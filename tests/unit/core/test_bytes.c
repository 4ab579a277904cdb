/* Growable bytes and the safe printing of names. */
#include <string.h>

#include "core/bytes.h"
#include "tests/unit/suite.h"

static tarn_status build(tarn_bytes *b) {
  for (int i = 0; i < 300; i++) {
    TARN_TRY(tarn__bytes_add(b, "abc", 3));
    TARN_TRY(tarn__bytes_printf(b, "%d,", i));
  }
  return TARN_OK;
}

START_TEST(test_bytes_grow) {
  tarn_bytes b;
  tarn__bytes_init(&b, tarn__allocator_default());
  ck_assert_int_eq(tarn__bytes_add(&b, NULL, 0), TARN_OK);
  ck_assert_str_eq(b.data, "");
  ck_assert_int_eq(build(&b), TARN_OK);
  ck_assert_uint_eq(b.size, strlen(b.data));
  ck_assert_uint_eq(b.size, 300 * 4 + 10 + 90 * 2 + 200 * 3);
  ck_assert_mem_eq(b.data, "abc0,abc1,abc2,", 15);
  ck_assert_str_eq(b.data + b.size - 14, "abc298,abc299,");
  ck_assert_int_eq(tarn__bytes_add(&b, "x", SIZE_MAX), TARN_NO_MEMORY);
  tarn__bytes_clear(&b);
  ck_assert_uint_eq(b.size, 0);
}
END_TEST

START_TEST(test_bytes_survive_every_failed_allocation) {
  long n = 0;
  for (;; n++) {
    tarn_failing f;
    tarn_bytes b;
    tarn__failing_init(&f, n, false);
    tarn__bytes_init(&b, &f.allocator);
    tarn_status status = build(&b);
    if (b.data) ck_assert_uint_eq(b.size, strlen(b.data));
    tarn__bytes_clear(&b);
    ck_assert_int_eq(f.live, 0);
    if (status == TARN_OK) break;
    ck_assert_int_eq(status, TARN_NO_MEMORY);
  }
  ck_assert_int_gt(n, 3);
}
END_TEST

static const char *shown(const char *from) {
  static char text[128];
  return tarn__printable(from, strlen(from), text, sizeof text);
}

START_TEST(test_printable_shows_what_is_not_text) {
  char text[8];
  ck_assert_str_eq(shown("conv1/kernel:0"), "conv1/kernel:0");
  ck_assert_str_eq(shown("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"),
                   "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80");
  ck_assert_str_eq(shown("a\x1b[31m\n\x7f"), "a\\x1b[31m\\x0a\\x7f");
  ck_assert_str_eq(shown("\xff\xc3"), "\\xff\\xc3");
  ck_assert_str_eq(shown("\xc2\x9b"), "\\xc2\\x9b"); /* CSI as U+009B */
  ck_assert_str_eq(shown("\xc0\xaf"), "\\xc0\\xaf"); /* longer than needed */
  ck_assert_str_eq(shown("\xe0\x80\xaf"), "\\xe0\\x80\\xaf");
  ck_assert_str_eq(shown("\xed\xa0\x80"), "\\xed\\xa0\\x80"); /* a surrogate */
  ck_assert_str_eq(shown("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
  ck_assert_str_eq(tarn__printable("a\0b", 3, text, sizeof text), "a\\x00b");
  ck_assert_str_eq(tarn__printable("abcde\x01", 6, text, sizeof text),
                   "abcde"); /* never half an escape */
  ck_assert_str_eq(tarn__printable("abcdef\xc3\xa9", 8, text, sizeof text), "abcdef");
  ck_assert_str_eq(tarn__printable("x", 1, text, 1), "");
}
END_TEST

SUITE_MAIN("bytes", test_bytes_grow, test_bytes_survive_every_failed_allocation,
           test_printable_shows_what_is_not_text)
