/* All kernels against their references: conform_kernels [--device] [OP]; --device: those of the
 * CUDA module instead of the CPU's. An argument names one op to test alone. See walk.h. Exit status
 * 77: there is no device. */
#include "walk.h"

#include <string.h>

int main(int argc, char **argv) {
  const bool device = argc > 1 && !strcmp(argv[1], "--device");
  const char *only = argc > 1 + device ? argv[1 + device] : NULL;
  const tarn_backend *backend = NULL;
  setvbuf(stdout, NULL, _IOLBF, 0);   /* failures show while the rest runs */
  if (device && tarn__backend_cuda(&backend) != TARN_OK) {
    printf("skipped: %s\n", tarn_error());
    return 77;
  }
  if (backend) printf("device: %s; %s\n", backend->info.name, backend->info.versions);
  walk_tally counts;
  if (walk_kernels(backend, only, stdout, &counts) != TARN_OK) {
    fprintf(stderr, "%s\n", tarn_error());
    return 1;
  }
  printf(
      "%ld ops, %ld cases, %ld runs, %ld failures; without a kernel: %ld ops, without a case: "
      "%ld\n",
      counts.ops, counts.cases, counts.runs, counts.failures, counts.without_kernel,
      counts.without_case);
  return counts.failures || !counts.runs ? 1 : 0;
}
