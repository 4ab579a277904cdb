/* All kernels against their references; an argument names one op to test alone. See walk.h. */
#include "walk.h"

int main(int argc, char **argv) {
  walk_tally counts;
  if (walk_kernels(argc > 1 ? argv[1] : NULL, stdout, &counts) != TARN_OK) {
    fprintf(stderr, "%s\n", tarn_error());
    return 1;
  }
  printf("%ld ops, %ld cases, %ld runs, %ld failures; without a kernel: %ld ops, without a case: %ld\n", counts.ops,
         counts.cases, counts.runs, counts.failures, counts.without_kernel, counts.without_case);
  return counts.failures || !counts.runs ? 1 : 0;
}
