/* Plain decimals beside the C library's. */
#include "kernels/cpu/text/decimal.h"

#include "tests/unit/suite.h"

#include <check.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static void same_fixed(double value, int decimals) {
  char made[TARN_DECIMAL_ROOM + 1], wanted[400];
  const size_t bytes = tarn__decimal_fixed(made, value, decimals);
  ck_assert_uint_gt(bytes, 0);
  made[bytes] = 0;
  snprintf(wanted, sizeof wanted, "%.*f", decimals, value);
  ck_assert_str_eq(made, wanted);
}

START_TEST(test_decimal_fixed_is_printfs) {
  const double values[] = {0,      -0.0,     1,        -1,          0.5,       1.5,      2.5,
                           0.125,  0.0625,   0.375,    999.9999995, 0.9999999, 5e-7,     -5e-7,
                           5e-10,  1e-40,    5e-324,   1e15,        1e18,      -9.2e18,  0x1p52,
                           0x1p53, 0x1p-120, 0x1p-119, 0x1p-67,     123456.7,  3.1415926};
  for (size_t i = 0; i < sizeof values / sizeof *values; i++)
    for (int decimals = 0; decimals <= 9; decimals++) same_fixed(values[i], decimals);
  uint64_t state = 1;
  for (int i = 0; i < 20000; i++) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    const double mantissa = (double)(state >> 11) * 0x1p-53;
    same_fixed(ldexp(i % 2 ? mantissa : -mantissa, (int)(state % 180) - 117), i % 10);
    same_fixed((double)(float)ldexp(mantissa, i % 24), 6);
    same_fixed((double)(state >> 44) / 64, i % 5);   /* many halves */
  }
}
END_TEST

START_TEST(test_decimal_fixed_leaves_the_rest) {
  char made[TARN_DECIMAL_ROOM];
  const double values[] = {INFINITY, -INFINITY, NAN, 0x1p63, 1e300};
  for (size_t i = 0; i < sizeof values / sizeof *values; i++)
    ck_assert_uint_eq(tarn__decimal_fixed(made, values[i], 6), 0);
  ck_assert_uint_eq(tarn__decimal_fixed(made, 1, 10), 0);
  ck_assert_uint_eq(tarn__decimal_fixed(made, 1, -1), 0);
}
END_TEST

START_TEST(test_decimal_whole_numbers_go_both_ways) {
  const int64_t values[] = {
      0, 1, -1, 9, 10, -10, 99, 12345678, 999999999999999999, -999999999999999999};
  char made[TARN_DECIMAL_ROOM], wanted[32];
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    int64_t read;
    const int64_t v = values[i];
    const tarn_string s = {made, tarn__decimal_int(made, (uint64_t)(v < 0 ? -v : v), v < 0)};
    snprintf(wanted, sizeof wanted, "%" PRId64, v);
    ck_assert_uint_eq(s.size, strlen(wanted));
    ck_assert_mem_eq(made, wanted, s.size);
    ck_assert(tarn__decimal_read(&s, &read));
    ck_assert_int_eq(read, v);
  }
  ck_assert_uint_eq(tarn__decimal_int(made, UINT64_MAX, false), 20);
  ck_assert_mem_eq(made, "18446744073709551615", 20);
  ck_assert_uint_eq(tarn__decimal_int(made, (uint64_t)1 << 63, true), 20);
  ck_assert_mem_eq(made, "-9223372036854775808", 20);
}
END_TEST

START_TEST(test_decimal_reads_nothing_else) {
  const char *const texts[] = {
      "", "-", "+", " 1", "1 ", "1.0", "0x1", "1e3", "1234567890123456789", "--1", "a"};
  int64_t read;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    const tarn_string s = {texts[i], strlen(texts[i])};
    ck_assert(!tarn__decimal_read(&s, &read));
  }
  ck_assert(tarn__decimal_read(&(tarn_string){"+7", 2}, &read));
  ck_assert_int_eq(read, 7);
}
END_TEST

SUITE_MAIN("decimal", test_decimal_fixed_is_printfs, test_decimal_fixed_leaves_the_rest,
           test_decimal_whole_numbers_go_both_ways, test_decimal_reads_nothing_else)
