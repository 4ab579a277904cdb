/* A step of an optimiser on whole variables or on rows of them; launches, each giving
 * cudaGetLastError's code. */
#ifndef TARN_KERNELS_CUDA_OPTIMISER_APPLY_H
#define TARN_KERNELS_CUDA_OPTIMISER_APPLY_H

#include <cuda_runtime_api.h>
#include <stdbool.h>
#include <stdint.h>

#include "kernels/cpu/optimiser/rules.h"
#include "kernels/fault.h"
#include "kernels/params/optimiser.h"

/* By op: TARN_CUDA_RULE_Adam. */
enum {
#define X(OP, f, slots, before, after, skipped, demands) TARN_CUDA_RULE_##OP,
  RULES(X) RESOURCE_RULES(X)
#undef X
};

enum { TARN_CUDA_SLOTS = 4, TARN_CUDA_RATES = 8 };

/* Everything is the device's memory. Rates are scalars of the variables' dtype, or of int64 where
 * `whole` has a bit; NULL: 0. */
typedef struct tarn_cuda_apply {
  int rule;
  unsigned whole;
  tarn_optimiser_params flags;
  int64_t n; /* at least 1 */
  void *slot[TARN_CUDA_SLOTS];
  const void *grad;
  const void *rate[TARN_CUDA_RATES];
  /* Of rows: row indices[i] of `dim` by row i of the gradient's `rows`, of `row` elements. NULL:
   * none. */
  const void *indices;
  bool wide; /* indices of int64, else int32 */
  int64_t rows, row, dim;
  /* What is looked at before: NULL: nothing, and what is outside is left out. */
  tarn_fault *fault;
  int64_t fault_step;
  bool has_signs, has_power; /* the first three rates, or five, have to be of the right sign */
} tarn_cuda_apply;

#ifdef __cplusplus
extern "C" {
#endif
int tarn__cuda_apply(cudaStream_t stream, int dtype, const tarn_cuda_apply *work);
int tarn__cuda_apply_rows(cudaStream_t stream, int dtype, const tarn_cuda_apply *work);
/* Looks at rates and indices; `fault` is there. */
int tarn__cuda_apply_check(cudaStream_t stream, int dtype, const tarn_cuda_apply *work);
#ifdef __cplusplus
}
#endif

#endif
