/* Patterns: what matches, what is refused, and that no pattern takes long. */
#include "kernels/cpu/text/pattern.h"

#include "tests/unit/suite.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static tarn_string string(const char *text) { return (tarn_string){text, strlen(text)}; }

static tarn_pattern *made(const char *pattern, int spans) {
  tarn_pattern *p = NULL;
  const tarn_string s = string(pattern);
  ck_assert_msg(tarn__pattern_create(tarn__allocator_default(), &s, spans, &p) == TARN_OK,
                "'%s': %s", pattern, tarn_error());
  return p;
}

static bool matches(const char *pattern, const char *text) {
  tarn_pattern *p = made(pattern, 0);
  const tarn_string s = string(text);
  bool yes;
  ck_assert_int_eq(tarn__pattern_matches(p, NULL, &s, &yes), TARN_OK);
  tarn__pattern_destroy(p);
  return yes;
}

static tarn_status refusal(const char *pattern) {
  tarn_pattern *p = NULL;
  const tarn_string s = string(pattern);
  const tarn_status status = tarn__pattern_create(tarn__allocator_default(), &s, 0, &p);
  tarn__pattern_destroy(p);
  return status;
}

START_TEST(test_pattern_matches_whole_text) {
  static const struct { const char *pattern, *text; bool yes;
  } rows[] = {{"", "", true},
              {"", "a", false},
              {"abc", "abc", true},
              {"abc", "abcd", false},
              {"a.c", "axc", true},
              {"a.c", "a\nc", false},
              {"^s3://.*", "s3://bucket/x", true},
              {"^s3://.*", "gs://bucket", false},
              {"a*", "", true},
              {"a+", "", false},
              {"a?b", "b", true},
              {"(ab|cd)+", "abcdab", true},
              {"(ab|cd)+", "abc", false},
              {"a|b|c", "c", true},
              {"a|b|c", "d", false},
              {"(?:x|yz)*w", "xyzw", true},
              {"[a-c]{2,3}", "abc", true},
              {"[a-c]{2,3}", "a", false},
              {"[a-c]{2,3}", "abca", false},
              {"x{2}", "xx", true},
              {"x{2,}", "xxxxx", true},
              {"x{0}y", "y", true},
              {"[^0-9]+", "abc", true},
              {"[^0-9]+", "ab1", false},
              {"\\d+\\.\\d*", "12.", true},
              {"\\w\\s\\W", "a -", true},
              {"[]x]", "]", true},
              {"(a*)*", "aaaa", true},
              {"(a*)*b", "aaac", false},
              {"a$", "a", true},
              {"(a|ab)(c|bcd)", "abcd", true},
              {"a+?b", "aab", true},
              {"(?i)STRASSE",
               "Stra\xc5\xbf\xc5\xbf"
               "e",
               true},
              {"(?i)\xc3\xa9", "\xc3\x89", true},
              {".", "\xe2\x82\xac", true},
              {".", "\xff", false},
              {"\\C", "\xff", true},
              {"[^a]", "\xf0\x9f\x98\x80", true},
              {"[\xc3\xa0-\xc3\xbc]", "\xc3\xa9", true},
              {"(?s)a.c", "a\nc", true},
              {"(?m)a$\n^b", "a\nb", true},
              {"a$\n^b", "a\nb", false},
              {"\\bfoo\\b \\Boo", "foo oo", false},
              {"\\x41\\x{42}\\103", "ABC", true},
              {"\\Qa.b\\E*", "a.bb", true},
              {"[[:alpha:]]+[[:^digit:]]", "ab-", true},
              {"(?P<year>\\d{4})", "2026", true},
              {"(?i:a)b", "AB", false},
              {"[[:cntrl:]]", "\x7f", true}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    ck_assert_msg(matches(rows[i].pattern, rows[i].text) == rows[i].yes, "'%s' on '%s'",
                  rows[i].pattern, rows[i].text);
}
END_TEST

START_TEST(test_pattern_refuses_what_it_cannot_read) {
  static const char *const wrong[] = {
      "(",      ")",        "a)",           "[a",   "*a",      "[z-a]",  "\\",
      "a{3,2}", "x{2000}",  "a**",          "a++",  "(?=a)",   "(a)\\1", "(?<!a)",
      "\\Z",    "[[:no:]]", "(a{100}){11}", "\xff", "(?P<>a)", "(?z)a"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    ck_assert_msg(refusal(wrong[i]) == TARN_INVALID, "'%s'", wrong[i]);
  ck_assert_int_eq(refusal("\\pL"), TARN_UNSUPPORTED);
  ck_assert_int_eq(refusal("(.{1000}|.{999})(.{1000})"), TARN_LIMIT);
}
END_TEST

/* The leftmost, and of those the one that Perl would find: spans as "from-to", "-" for a group that
 * took no part. */
START_TEST(test_pattern_finds_perls_match) {
  static const struct { const char *pattern, *text; size_t from; const char *spans;
  } rows[] = {{"(a|ab)(c|bcd)(d*)", "xabcd", 0, "1-5 1-2 2-5 5-5"},
              {"a+?", "baa", 0, "1-2"},
              {"(a)|(b)", "b", 0, "0-1 - 0-1"},
              {"^a", "aa", 1, ""},
              {"\\ba", "aa", 1, ""},
              {"a*", "baa", 0, "0-0"},
              {"a*", "baa", 1, "1-3"},
              {"(a*)*", "aab", 0, "0-2 0-2"},
              {"(?:(a)|b)*", "ab", 0, "0-2 0-1"},
              {"x{2,3}?", "xxxx", 0, "0-2"},
              {"(|a)*", "aa", 0, "0-0 0-0"}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    tarn_pattern *p = made(rows[i].pattern, TARN_PATTERN_SPANS);
    const tarn_string s = string(rows[i].text);
    tarn_span span[TARN_PATTERN_SPANS];
    char got[200] = "";
    bool yes;
    ck_assert_int_eq(tarn__pattern_find(p, NULL, &s, rows[i].from, &yes, span), TARN_OK);
    for (int k = 0; yes && k <= tarn__pattern_groups(p); k++) {
      const size_t at = strlen(got);
      if (span[k].from == TARN_NO_SPAN) snprintf(got + at, sizeof got - at, "%s-", k ? " " : "");
      else snprintf(got + at, sizeof got - at, "%s%zu-%zu", k ? " " : "", span[k].from, span[k].to);
    }
    ck_assert_msg(strcmp(got, rows[i].spans) == 0, "'%s' on '%s': %s, expected %s", rows[i].pattern,
                  rows[i].text, got, rows[i].spans);
    tarn__pattern_destroy(p);
  }
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
           test_pattern_finds_perls_match, test_pattern_takes_no_exponential_time)
