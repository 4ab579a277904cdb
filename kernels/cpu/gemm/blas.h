/* OpenBLAS, kept to one thread a call: tarn's own pool cuts the work, so that a session's thread
 * count is obeyed and processors are not asked for twice. (OpenBLAS 0.3.21 has only a process-wide
 * setting; it is made at the first call.) */
#ifndef TARN_KERNELS_CPU_GEMM_BLAS_H
#define TARN_KERNELS_CPU_GEMM_BLAS_H

#include "core/thread/threads.h"

typedef struct tarn_blas_gemm {
  bool f64;                     /* else f32 */
  bool ta, tb;                  /* A is stored [K, M], B [N, K] */
  int64_t M, N, K;              /* each fits an int: tarn__blas_fits */
  const void *a, *b;
  int64_t lda, ldb, ldc;
  void *c;
  bool accumulate;              /* C += A B */
} tarn_blas_gemm;

bool tarn__blas_fits(int64_t M, int64_t N, int64_t K);
/* How C is cut depends on the sizes alone, never on the number of threads. */
tarn_status tarn__blas_gemm(const tarn_blas_gemm *g, tarn_pool *pool);

#endif
