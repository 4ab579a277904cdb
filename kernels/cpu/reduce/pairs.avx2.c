/* Sums and means of complex numbers: their parts, which lie side by side, are summed in double,
 * sixteen numbers at a time. */
#include "kernels/cpu/dtype_rows.h"
#include "kernels/cpu/reduce/reduce.h"

enum { LANES = 32 }; /* parts */

#define SUMS(SUFFIX, S)                                                                    \
  static void start_##SUFFIX(void *to, int64_t n) {                                        \
    for (int64_t i = 0; i < 2 * n; i++) ((double *)to)[i] = 0;                             \
  }                                                                                        \
  static void run_##SUFFIX(void *to, const void *from, int64_t n) {                        \
    const S *xs = from;                                                                    \
    double parts[LANES] = {0}, *sum = to;                                                  \
    int64_t i = 0;                                                                         \
    for (; i + LANES <= 2 * n; i += LANES) {                                               \
      TARN_EACH_LANE                                                                       \
      for (int k = 0; k < LANES; k++) parts[k] += (double)xs[i + k];                       \
    }                                                                                      \
    for (; i < 2 * n; i++) sum[i % 2] += (double)xs[i];                                    \
    for (int k = 0; k < LANES; k++) sum[k % 2] += parts[k];                                \
  }                                                                                        \
  static void row_##SUFFIX(void *to, const void *from, int64_t n) {                        \
    const S *xs = from;                                                                    \
    double *sums = to;                                                                     \
    TARN_EACH_LANE                                                                         \
    for (int64_t i = 0; i < 2 * n; i++) sums[i] += (double)xs[i];                          \
  }                                                                                        \
  static void finish_sum_##SUFFIX(const void *from, void *to, int64_t n, int64_t terms) {  \
    (void)terms;                                                                           \
    for (int64_t i = 0; i < 2 * n; i++) ((S *)to)[i] = (S)((const double *)from)[i];       \
  }                                                                                        \
  static void finish_mean_##SUFFIX(const void *from, void *to, int64_t n, int64_t terms) { \
    for (int64_t i = 0; i < 2 * n; i++)                                                    \
      ((S *)to)[i] = terms ? (S)(((const double *)from)[i] / (double)terms) : 0;           \
  }                                                                                        \
  static const tarn_reducer sum_##SUFFIX = {2 * sizeof(double),                            \
                                            start_##SUFFIX,                                \
                                            run_##SUFFIX,                                  \
                                            row_##SUFFIX,                                  \
                                            NULL,                                          \
                                            finish_sum_##SUFFIX,                           \
                                            NULL},                                         \
                            mean_##SUFFIX = {2 * sizeof(double),                           \
                                             start_##SUFFIX,                               \
                                             run_##SUFFIX,                                 \
                                             row_##SUFFIX,                                 \
                                             NULL,                                         \
                                             finish_mean_##SUFFIX,                         \
                                             NULL};

SUMS(c64, float)
SUMS(c128, double)

static tarn_status run_sum(const tarn_call *call) {
  return tarn__reduce(call, call->in[0]->dtype == TARN_C64 ? &sum_c64 : &sum_c128);
}
static tarn_status run_mean(const tarn_call *call) {
  return tarn__reduce(call, call->in[0]->dtype == TARN_C64 ? &mean_c64 : &mean_c128);
}

const tarn_kernel tarn_kernels_reduce_pairs_avx2[] = {
  {.op = "Sum", .dtypes = TARN_COMPLEX, .run = run_sum},
  {.op = "Mean", .dtypes = TARN_COMPLEX, .run = run_mean},
  {0},
};
