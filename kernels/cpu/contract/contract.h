/* A product of two tensors of any strides: c[i, m, n] = sum over k of a[i, m, k] b[i, k, n], where
 * each of i, m, n and k may stand for several axes. Where an element lies follows from tables: a[i,
 * m, k] is at a_i[i] + a_m[m] + a_k[k], and so on. */
#ifndef TARN_KERNELS_CPU_CONTRACT_CONTRACT_H
#define TARN_KERNELS_CPU_CONTRACT_CONTRACT_H

#include "kernels/kernel.h"

typedef struct tarn_contract {
  int64_t batches, M, N, K;          /* K of 0: c is 0 */
  const int64_t *a_i, *b_i, *c_i;    /* [batches], in elements */
  const int64_t *a_m, *c_m;          /* [M] */
  const int64_t *b_n, *c_n;          /* [N] */
  const int64_t *a_k, *b_k;          /* [K] */
  bool conjugate_a, conjugate_b;     /* complex */
  const void *a, *b;
  void *c;
} tarn_contract;

/* Chunks of a product are blocks of c, so that neither its numbers nor the scratch depend on the
 * number of threads. */
enum { TARN_CONTRACT_ROWS = 96, TARN_CONTRACT_COLS = 512 };

/* Bytes of scratch of each thread (of the tables: 8 each). */
static inline size_t tarn__contract_scratch(int64_t M, int64_t N, int64_t K) {
  /* Complex elements are two floats or doubles, and b twice that. */
  const size_t rows = (size_t)(M < TARN_CONTRACT_ROWS ? M : TARN_CONTRACT_ROWS), depth = (size_t)K;
  const size_t cols = (size_t)(N < TARN_CONTRACT_COLS ? N : TARN_CONTRACT_COLS);
  return (16 * (rows * depth + rows * cols + 2 * depth * cols) + 131072 + 256) & ~(size_t)63;
}

/* All real and complex dtypes. scratch: tarn__contract_scratch bytes for each thread, 64-byte
 * aligned. Errors: those of tarn__pool_run; TARN_DTYPE. */
tarn_status tarn__contract_avx2(const tarn_contract *g, tarn_dtype dtype, void *scratch,
                                tarn_pool *pool);
tarn_status tarn__contract_avx512(const tarn_contract *g, tarn_dtype dtype, void *scratch,
                                  tarn_pool *pool);

#endif
