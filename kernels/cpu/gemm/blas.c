#include "kernels/cpu/gemm/blas.h"

#ifdef TARN_HAS_OPENBLAS

#include <cblas.h>
#include <limits.h>
#include <pthread.h>

static void one_thread(void) { openblas_set_num_threads(1); }

bool tarn__blas_fits(int64_t M, int64_t N, int64_t K) {
  return M <= INT_MAX && N <= INT_MAX && K <= INT_MAX;
}

typedef struct job {
  const tarn_blas_gemm *g;
  int64_t m_step, n_step, m_chunks;
} job;

static tarn_status chunk_run(void *argument, int64_t chunk, int worker) {
  (void)worker;
  const job *j = argument;
  const tarn_blas_gemm *g = j->g;
  int64_t m = chunk % j->m_chunks * j->m_step, n = chunk / j->m_chunks * j->n_step;
  int64_t rows = g->M - m < j->m_step ? g->M - m : j->m_step,
          cols = g->N - n < j->n_step ? g->N - n : j->n_step;
  int64_t a = g->ta ? m : m * g->lda, b = g->tb ? n * g->ldb : n, c = m * g->ldc + n;
  CBLAS_TRANSPOSE ta = g->ta ? CblasTrans : CblasNoTrans, tb = g->tb ? CblasTrans : CblasNoTrans;
  int M = (int)rows, N = (int)cols, K = (int)g->K;
  if (g->f64)
    cblas_dgemm(CblasRowMajor, ta, tb, M, N, K, 1.0, (const double *)g->a + a, (int)g->lda,
                (const double *)g->b + b, (int)g->ldb, g->accumulate ? 1.0 : 0.0,
                (double *)g->c + c, (int)g->ldc);
  else
    cblas_sgemm(CblasRowMajor, ta, tb, M, N, K, 1.0f, (const float *)g->a + a, (int)g->lda,
                (const float *)g->b + b, (int)g->ldb, g->accumulate ? 1.0f : 0.0f,
                (float *)g->c + c, (int)g->ldc);
  return TARN_OK;
}

tarn_status tarn__blas_gemm(const tarn_blas_gemm *g, tarn_pool *pool) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, one_thread);
  job j = {g, g->M, g->N, 1};
  /* Eight pieces of the longer side once there are milliseconds of work: each packs the other
   * operand again, so the pieces must not be thin. */
  int64_t side = g->M > g->N ? g->M : g->N;
  int64_t piece = (side / 8 + 63) / 64 * 64;
  if ((double)g->M * (double)g->N * (double)g->K > 4e6 && piece >= 64) {
    if (g->M > g->N) j.m_step = piece;
    else j.n_step = piece;
  }
  j.m_chunks = (g->M + j.m_step - 1) / j.m_step;
  return tarn__pool_run(pool, j.m_chunks * ((g->N + j.n_step - 1) / j.n_step), chunk_run, &j);
}

#else
typedef int tarn_no_blas;
#endif
