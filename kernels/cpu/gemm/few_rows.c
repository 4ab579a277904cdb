/* Products of at most four rows with a B that is not packed: columns shared out among threads
 * (few_rows.body.h has the loops). */
#include "kernels/cpu/gemm/gemm.h"

static int64_t ceil_div(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

typedef struct few {
  const tarn_gemm_isa *isa;
  int64_t M, N, K, lda, ldb, ldc, step;
  const float *a, *b;
  float *c;
  bool transposed;
} few;

static tarn_status few_run(void *argument, int64_t chunk, int worker) {
  (void)worker;
  const few *f = argument;
  int64_t j = chunk * f->step, cols = f->N - j < f->step ? f->N - j : f->step;
  if (f->transposed)
    f->isa->rows_by_transposed((int)f->M, f->K, cols, f->a, f->lda, f->b + j * f->ldb, f->ldb,
                               f->c + j, f->ldc);
  else
    f->isa->rows_by_matrix((int)f->M, f->K, cols, f->a, f->lda, f->b + j, f->ldb, f->c + j, f->ldc);
  return TARN_OK;
}

tarn_status tarn__gemm_few_rows(const tarn_gemm_isa *isa, int64_t M, int64_t N, int64_t K,
                                const float *a, int64_t lda, const float *b, int64_t ldb,
                                bool transposed, float *c, int64_t ldc, tarn_pool *pool) {
  if (M == 0 || N == 0) return TARN_OK;
  /* Steps of whole blocks whatever the number of threads, so that the same columns are always in a
   * tail. */
  few f = {isa, M, N, K, lda, ldb, ldc, 128, a, b, c, transposed};
  const int threads = tarn__pool_threads(pool);
  /* One row goes along B's rows: long pieces of them. Its sums are in order of k in any case. */
  if (M == 1 && !transposed) f.step = 128 * ceil_div(N, 128 * 4 * (int64_t)threads);
  if (threads < 2 || K * N < 32768) f.step = ceil_div(N, 128) * 128, pool = NULL;
  return tarn__pool_run(pool, ceil_div(N, f.step), few_run, &f);
}
