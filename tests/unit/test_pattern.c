/* Patterns: what matches, what is refused, and that no pattern takes long. */
#include "kernels/cpu/text/pattern.h"

#include "suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static bool matches(const char *pattern, const char *text) {
  tarn_pattern *p;
  const tarn_string s = {pattern, strlen(pattern)};
  ck_assert_msg(tarn__pattern_create(tarn__allocator_default(), &s, &p) == TARN_OK, "'%s': %s", pattern, tarn_error());
  const bool yes = tarn__pattern_matches(p, text, strlen(text));
  tarn__pattern_destroy(p);
  return yes;
}

static tarn_status refusal(const char *pattern) {
  tarn_pattern *p = NULL;
  const tarn_string s = {pattern, strlen(pattern)};
  const tarn_status status = tarn__pattern_create(tarn__allocator_default(), &s, &p);
  tarn__pattern_destroy(p);
  return status;
}

START_TEST(test_pattern_matches_whole_text) {
  static const struct { const char *pattern, *text; bool yes; } rows[] = {
    {"", "", true}, {"", "a", false}, {"abc", "abc", true}, {"abc", "abcd", false}, {"a.c", "axc", true}, {"a.c", "a\nc", false},
    {"^s3://.*", "s3://bucket/x", true}, {"^s3://.*", "gs://bucket", false}, {"a*", "", true}, {"a+", "", false}, {"a?b", "b", true},
    {"(ab|cd)+", "abcdab", true}, {"(ab|cd)+", "abc", false}, {"a|b|c", "c", true}, {"a|b|c", "d", false}, {"(?:x|yz)*w", "xyzw", true},
    {"[a-c]{2,3}", "abc", true}, {"[a-c]{2,3}", "a", false}, {"[a-c]{2,3}", "abca", false}, {"x{2}", "xx", true}, {"x{2,}", "xxxxx", true},
    {"x{0}y", "y", true}, {"[^0-9]+", "abc", true}, {"[^0-9]+", "ab1", false}, {"\\d+\\.\\d*", "12.", true}, {"\\w\\s\\W", "a -", true},
    {"[]x]", "]", true}, {"(a*)*", "aaaa", true}, {"(a*)*b", "aaac", false}, {"a$", "a", true}, {"(a|ab)(c|bcd)", "abcd", true}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    ck_assert_msg(matches(rows[i].pattern, rows[i].text) == rows[i].yes, "'%s' on '%s'", rows[i].pattern, rows[i].text);
}
END_TEST

START_TEST(test_pattern_refuses_what_it_cannot_read) {
  static const char *const wrong[] = {"(", ")", "a)", "[a", "*a", "[z-a]", "\\", "a{3,2}", "x{2000}"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) ck_assert_msg(refusal(wrong[i]) == TARN_INVALID, "'%s'", wrong[i]);
  ck_assert_int_eq(refusal("a*?"), TARN_UNSUPPORTED);
  ck_assert_int_eq(refusal("(?i)a"), TARN_UNSUPPORTED);
  ck_assert_int_eq(refusal("\\bx"), TARN_UNSUPPORTED);
  ck_assert_int_eq(refusal("(((x{1000}){1000}){1000})"), TARN_LIMIT);
}
END_TEST

/* Backtracking would take 2^5000 steps. */
START_TEST(test_pattern_takes_no_exponential_time) {
  char text[5001];
  memset(text, 'a', 5000);
  text[5000] = 0;
  ck_assert(!matches("(a|a)*b", text));
  ck_assert(!matches("(a*)*(a*)*(a*)*b", text));
}
END_TEST

SUITE_MAIN("pattern", test_pattern_matches_whole_text, test_pattern_refuses_what_it_cannot_read,
           test_pattern_takes_no_exponential_time)
