#include "kernels/cpu/gemm/gemm.h"

static int64_t round_up(int64_t x, int64_t to) {
  return (x + to - 1) / to * to;
}

bool tarn__gemm_fits(int64_t M, int64_t N, int64_t K) {
  const int64_t limit = (int64_t)1 << 40;
  int64_t bytes;
  return M >= 0 && N >= 0 && K >= 0 && M < limit && N < limit && K < limit &&
         !tarn__mul_overflow(round_up(N, 64), K, &bytes) && bytes < limit &&
         !tarn__mul_overflow(M, K, &bytes) && bytes < limit;
}

size_t tarn__gemm_packed_bytes(const tarn_gemm_isa *isa, int64_t K, int64_t N) {
  return (size_t)(round_up(N, isa->nr) * K) * (size_t)isa->b_bytes;
}

typedef struct pack_job {
  const tarn_gemm_isa *isa;
  int64_t K_all, k0, K, N, ldb;
  const char *b;
  bool transposed;
  char *packed;
} pack_job;

static tarn_status pack_panel(void *argument, int64_t chunk, int worker) {
  (void)worker;
  const pack_job *job = argument;
  int64_t nr = job->isa->nr, j0 = chunk * nr, cols = job->N - j0 < nr ? job->N - j0 : nr;
  job->isa->pack(
      job->K, cols, job->b + (job->transposed ? j0 * job->ldb : j0) * job->isa->raw_bytes, job->ldb,
      job->transposed, job->packed + (j0 * job->K_all + job->k0 * nr) * job->isa->b_bytes);
  return TARN_OK;
}

tarn_status tarn__gemm_pack_part(const tarn_gemm_isa *isa, int64_t K_all, int64_t k0, int64_t K,
                                 int64_t N, const void *b, int64_t ldb, bool transposed,
                                 void *packed, tarn_pool *pool) {
  pack_job job = {isa, K_all, k0, K, N, ldb, b, transposed, packed};
  return tarn__pool_run(K * N < 16384 ? NULL : pool, round_up(N, isa->nr) / isa->nr, pack_panel,
                        &job);
}

tarn_status tarn__gemm_pack(const tarn_gemm_isa *isa, int64_t K, int64_t N, const void *b,
                            int64_t ldb, bool transposed, void *packed, tarn_pool *pool) {
  return tarn__gemm_pack_part(isa, K, 0, K, N, b, ldb, transposed, packed, pool);
}

typedef struct transpose_job {
  int64_t M, K, ld;
  const float *from;
  float *to;
} transpose_job;

/* Sixteen rows of the result, in squares of 16 x 16. */
static tarn_status transpose_rows(void *argument, int64_t chunk, int worker) {
  (void)worker;
  const transpose_job *job = argument;
  int64_t m0 = chunk * 16, m1 = job->M - m0 < 16 ? job->M : m0 + 16;
  for (int64_t k0 = 0; k0 < job->K; k0 += 16) {
    int64_t k1 = job->K - k0 < 16 ? job->K : k0 + 16;
    for (int64_t m = m0; m < m1; m++)
      for (int64_t k = k0; k < k1; k++) job->to[m * job->K + k] = job->from[k * job->ld + m];
  }
  return TARN_OK;
}

tarn_status tarn__gemm_transpose(int64_t M, int64_t K, const float *from, int64_t ld, float *to,
                                 tarn_pool *pool) {
  transpose_job job = {M, K, ld, from, to};
  return tarn__pool_run(M * K < 16384 ? NULL : pool, (M + 15) / 16, transpose_rows, &job);
}
