/* The main function of a unit test: one suite, one case, every test listed. */
#ifndef TARN_TESTS_UNIT_SUITE_H
#define TARN_TESTS_UNIT_SUITE_H

#include <check.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

/* Runs the tests up to the NULL, `setup` before and `teardown` after each (either may be NULL);
 * returns the exit status. The current folder, where tests make their files, is TMPDIR or /tmp. */
static inline int suite_run(const char *name, void (*setup)(void), void (*teardown)(void),
                            const TTest *const *tests) {
  const char *folder = getenv("TMPDIR");
  if (chdir(folder ? folder : "/tmp")) return EXIT_FAILURE;
  Suite *suite = suite_create(name);
  TCase *tcase = tcase_create(name);
  if (setup || teardown) tcase_add_checked_fixture(tcase, setup, teardown);
  for (size_t i = 0; tests[i]; i++) tcase_add_test(tcase, tests[i]);
  suite_add_tcase(suite, tcase);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}

#define SUITE_MAIN(name, ...) SUITE_MAIN_FIXTURE(name, NULL, NULL, __VA_ARGS__)
#define SUITE_MAIN_TEARDOWN(name, teardown, ...) \
  SUITE_MAIN_FIXTURE(name, NULL, teardown, __VA_ARGS__)
#define SUITE_MAIN_FIXTURE(name, setup, teardown, ...)    \
  int main(void) {                                        \
    const TTest *const tests[] = {__VA_ARGS__, NULL};     \
    return suite_run((name), (setup), (teardown), tests); \
  }

#endif
