/* The knobs: read once, from the environment as it was at the first look; and the clamp of
 * TARN_ISA. */
#include <stdlib.h>
#include <string.h>

#include "core/knobs.h"
#include "core/thread/cpu.h"
#include "tests/unit/suite.h"

static char long_value[5000];

START_TEST(test_knobs_are_read_once) {
  const tarn_knobs *k = tarn__knobs();
  ck_assert_str_eq(k->isa, "avx2");
  ck_assert_str_eq(k->threads, "3");
  ck_assert_str_eq(k->verbose, ""); /* set to nothing: not set */
  ck_assert_str_eq(k->data, "");    /* too long: not set */
  ck_assert_int_eq(setenv("TARN_THREADS", "9", 1), 0);
  ck_assert_str_eq(tarn__knobs()->threads, "3");
  ck_assert_ptr_eq(tarn__knobs(), k);
}
END_TEST

START_TEST(test_knobs_are_listed) {
  size_t count;
  const tarn_knob_row *rows = tarn__knob_rows(&count);
  bool isa = false;
  ck_assert_uint_ge(count, 4);
  for (size_t i = 0; i < count; i++) {
    /* The others are where the system says that a user's caches are. */
    ck_assert(!strncmp(rows[i].name, "TARN_", 5) || !strcmp(rows[i].name, "XDG_CACHE_HOME") ||
              !strcmp(rows[i].name, "HOME"));
    ck_assert_ptr_nonnull(rows[i].initial);
    ck_assert_uint_gt(strlen(rows[i].help), 5);
    isa |= strcmp(rows[i].name, "TARN_ISA") == 0;
  }
  ck_assert(isa);
}
END_TEST

START_TEST(test_cpu_is_clamped) {
  const tarn_cpu *c = tarn__cpu();
  ck_assert(!c->avx512 && !c->avx512_vnni && !c->avx512_bf16);
#if defined(__x86_64__)
  ck_assert_int_eq(c->avx2, __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"));
#endif
  ck_assert_uint_gt(strlen(c->name), 0);
  ck_assert_uint_ge(c->l1d_bytes, 4096);
  ck_assert_uint_ge(c->l2_bytes, c->l1d_bytes);
  ck_assert_ptr_eq(tarn__cpu(), c);
}
END_TEST

START_TEST(test_denormals_go_and_come_back) {
  volatile float tiny = 1e-40f, one = 1.0f;
  ck_assert(tiny * one != 0.0f);
  unsigned saved = tarn__denormals_off();
  float product = tiny * one;
  tarn__denormals_restore(saved);
#if defined(__x86_64__) || defined(__aarch64__)
  ck_assert(product == 0.0f);
#endif
  ck_assert(tiny * one != 0.0f);
}
END_TEST

int main(void) {
  const TTest *const tests[] = {test_knobs_are_read_once, test_knobs_are_listed,
                                test_cpu_is_clamped, test_denormals_go_and_come_back, NULL};
  memset(long_value, 'x', sizeof long_value - 1);
  if (setenv("TARN_ISA", "avx2", 1) || setenv("TARN_THREADS", "3", 1) ||
      setenv("TARN_VERBOSE", "", 1) || setenv("TARN_DATA", long_value, 1))
    return 1;
  return suite_run("knobs", NULL, NULL, tests);
}
