/* Single-precision matrix products on packed B, for any kernel that has one inside.
 *
 *   C[M,N] = act(A[M,K] B[K,N] + bias[N] + add[M,N])
 *
 * B is packed once into panels [ceil(N/nr)][K][nr] (tarn__gemm_pack); A is read where it lies, or
 * through row pointers that `point` gives (convolutions). Results do not depend on the number of
 * threads: every element is one sum in order of k, and how M is cut into tiles follows from M
 * alone.
 *
 * These functions allocate nothing; sizes are checked by the callers' supports (tarn__gemm_fits).
 * Thread-safe. */
#ifndef TARN_KERNELS_CPU_GEMM_GEMM_H
#define TARN_KERNELS_CPU_GEMM_GEMM_H

#include "core/thread/threads.h"
#include "kernels/cpu/gemm/tile.h"

#define TARN_GEMM_MAX_MR 14

typedef struct tarn_gemm {
  int64_t M, N, K;              /* K = taps * depth */
  const float *a;
  int64_t lda;
  const void *b;   /* packed, or NULL: */
  const void *raw; /* B as it lies, packed panel by panel as it is used; needs `roomy` */
  int64_t ldb;
  bool raw_transposed;          /* B[k,j] is raw[j*ldb + k] */
  bool roomy;                   /* the scratch of the run is of tarn__gemm_room_bytes */
  float *c;
  int64_t ldc;                  /* of c and add */
  bool backwards;               /* products of few rows: from the last panel of B to the first */
  const float *bias, *add;      /* or NULL */
  tarn_activation activation;
  /* Convolutions: row pointers of rows [first, first + rows) as [taps][mr]. NULL: a and lda, one
   * tap. */
  void (*point)(const void *source, int64_t first, int rows, int mr, const float **pointers);
  const void *source;
  int64_t taps, depth;
  /* What the caller reads after this product: asked for while the last of it is computed. */
  const void *then;
  int64_t then_bytes;
} tarn_gemm;

/* false: a size is beyond what 64-bit offsets or the packed form allow. */
bool tarn__gemm_fits(int64_t M, int64_t N, int64_t K);

size_t tarn__gemm_packed_bytes(const tarn_gemm_isa *isa, int64_t K, int64_t N);
/* B[k,j] is b[k*ldb + j], or b[j*ldb + k] when transposed. */
tarn_status tarn__gemm_pack(const tarn_gemm_isa *isa, int64_t K, int64_t N, const void *b,
                            int64_t ldb, bool transposed, void *packed, tarn_pool *pool);
/* The same for rows [k0, k0 + K) of a B that has K_all rows: products whose B comes in parts. */
tarn_status tarn__gemm_pack_part(const tarn_gemm_isa *isa, int64_t K_all, int64_t k0, int64_t K,
                                 int64_t N, const void *b, int64_t ldb, bool transposed,
                                 void *packed, tarn_pool *pool);
/* to[M,K] = from[K,M] transposed: for products with a transposed A. */
tarn_status tarn__gemm_transpose(int64_t M, int64_t K, const float *from, int64_t ld, float *to,
                                 tarn_pool *pool);

/* Scratch of a run with `point` that is not roomy, for so many threads; plain products need none.
 */
size_t tarn__gemm_scratch_bytes(int64_t taps, int threads);
/* Scratch of a roomy run: also for panels of a raw B, and for rows of A where copies of them pay.
 * What is pointed at does not matter, but whether `point`, `raw` and `b` are NULL does. */
size_t tarn__gemm_room_bytes(const tarn_gemm_isa *isa, const tarn_gemm *g, int threads);
tarn_status tarn__gemm_run(const tarn_gemm_isa *isa, const tarn_gemm *g, void *scratch,
                           tarn_pool *pool);

/* C = A B with B as it lies, for M <= 4: no packing. */
tarn_status tarn__gemm_few_rows(const tarn_gemm_isa *isa, int64_t M, int64_t N, int64_t K,
                                const float *a, int64_t lda, const float *b, int64_t ldb,
                                bool transposed, float *c, int64_t ldc, tarn_pool *pool);

#endif
