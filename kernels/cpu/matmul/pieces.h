/* What the kernels on the packed GEMM share: one product or some rows of it, which threads take
 * what, and every matrix of a constant B packed. */
#ifndef TARN_KERNELS_CPU_MATMUL_PIECES_H
#define TARN_KERNELS_CPU_MATMUL_PIECES_H

#include "kernels/cpu/gemm/gemm.h"
#include "kernels/params/matmul.h"

/* Scratch and packed matrices begin on a line. */
static inline size_t aligned(size_t bytes) {
  return (bytes + 63) / 64 * 64;
}

/* So many rows of one product; what it points at is for the caller to fill in. */
static inline tarn_gemm rows_of_product(const tarn_matmul *g, int64_t rows, bool packed,
                                        bool transposed) {
  static const float any = 0;
  return (tarn_gemm){.M = rows,
                     .N = g->N,
                     .K = g->K,
                     .lda = g->K,
                     .b = packed ? &any : NULL,
                     .ldb = transposed ? g->K : g->N,
                     .raw_transposed = transposed,
                     .ldc = g->N,
                     .taps = 1,
                     .roomy = true};
}

/* Whole products to threads, rather than all threads to each. */
static inline bool spread_products(const tarn_matmul *g, int64_t batches, int threads) {
  return batches > 1 &&
         (batches >= threads || (double)g->M * (double)g->N * (double)g->K < 1e6);
}

/* The pool for products that are spread; NULL: they are too little work for threads. */
static inline tarn_pool *pool_of_products(const tarn_matmul *g, int64_t batches, tarn_pool *pool) {
  return batches * g->M * g->N * g->K < 100000 ? NULL : pool;
}

/* All matrices of B, `each` bytes after one another. */
static inline size_t packed_matrices_bytes(const tarn_problem *p, const tarn_matmul *g,
                                           size_t each) {
  if (g->K * g->N == 0) return 0;
  return each * (size_t)(tarn__shape_elements(&p->in_shape[1]) / (g->K * g->N));
}
static inline tarn_status pack_matrices(const tarn_gemm_isa *isa, const tarn_matmul *g,
                                        bool transposed, const tarn_tensor *b, size_t each,
                                        void *memory, tarn_pool *pool) {
  const int64_t step = g->K * g->N, count = tarn__tensor_elements(b) / step;
  for (int64_t i = 0; i < count; i++)
    TARN_TRY(tarn__gemm_pack(isa, g->K, g->N, (const char *)b->data + i * step * isa->raw_bytes,
                             transposed ? g->K : g->N, transposed,
                             (char *)memory + (size_t)i * each, pool));
  return TARN_OK;
}

#endif
