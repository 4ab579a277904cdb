/* c = a b of dense row-major matrices in float, double, uint32_t and uint64_t: dense_f32,
 * dense_f64, dense_u32, dense_u64. For the dtypes that have no kernel of their own, which are
 * brought to one of these types first (contract.body.h). DENSE_F64_ONLY: no more than dense_f64.
 *
 * Tiles of 6 rows by two vectors: 12 accumulators, 2 of b and one of a, of 16 or 32 registers. b is
 * copied by panels of two vectors, filled up with zeros, so that a tile reads it in order (a single
 * row reads b as it lies); K is cut into blocks whose panel stays in L1 or L2. */
#ifndef TARN_KERNELS_CPU_CONTRACT_DENSE_BODY_H
#define TARN_KERNELS_CPU_CONTRACT_DENSE_BODY_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#ifdef __AVX512F__
#define DENSE_VECTOR 64
#else
#define DENSE_VECTOR 32
#endif
enum { DENSE_ROWS = 6, DENSE_DEPTH = 512, DENSE_PANEL_BYTES = DENSE_DEPTH * 2 * DENSE_VECTOR };

/* Rows a0..a5 of a tile: v is row r's two accumulators. */
#define DENSE_EACH_ROW(X) X(0) X(1) X(2) X(3) X(4) X(5)

#define DENSE(SUFFIX, T)                                                                           \
  typedef T vec_##SUFFIX __attribute__((vector_size(DENSE_VECTOR), aligned(1), may_alias));        \
  enum { LANES_##SUFFIX = DENSE_VECTOR / sizeof(T), NR_##SUFFIX = 2 * LANES_##SUFFIX };            \
  /* tile[6][NR] = (first ? 0 : tile) + rows of a times the panel, whose rows are `step` apart;    \
   * rows beyond `rows` repeat the last. */                                                        \
  static inline void tile_##SUFFIX(int64_t rows, int64_t K, const T *a, int64_t lda,               \
                                   const T *panel, int64_t step, bool first, T *tile,              \
                                   int64_t ld) {                                                   \
    DENSE_EACH_ROW(DENSE_ROW_START)                                                                \
    vec_##SUFFIX l0 = {0}, l1 = l0, l2 = l0, l3 = l0, l4 = l0, l5 = l0;                            \
    vec_##SUFFIX h0 = l0, h1 = l0, h2 = l0, h3 = l0, h4 = l0, h5 = l0;                             \
    for (int64_t k = 0; k < K; k++, panel += step) {                                               \
      const vec_##SUFFIX low = *(const vec_##SUFFIX *)(const void *)panel;                         \
      const vec_##SUFFIX high = *(const vec_##SUFFIX *)(const void *)(panel + LANES_##SUFFIX);     \
      DENSE_EACH_ROW(DENSE_ROW_STEP)                                                               \
    }                                                                                              \
    T out[DENSE_ROWS][NR_##SUFFIX];                                                                \
    vec_##SUFFIX *o = (vec_##SUFFIX *)(void *)out;                                                 \
    DENSE_EACH_ROW(DENSE_ROW_OUT)                                                                  \
    for (int64_t r = 0; r < rows; r++) {                                                           \
      if (first)                                                                                   \
        memcpy(tile + r * ld, out[r], sizeof out[r]);                                              \
      else                                                                                         \
        for (int j = 0; j < NR_##SUFFIX; j++) tile[r * ld + j] += out[r][j];                       \
    }                                                                                              \
  }                                                                                                \
  /* The same of one vector of columns. */                                                         \
  static inline void half_tile_##SUFFIX(int64_t rows, int64_t K, const T *a, int64_t lda,          \
                                        const T *panel, int64_t step, bool first, T *tile,         \
                                        int64_t ld) {                                              \
    DENSE_EACH_ROW(DENSE_ROW_START)                                                                \
    vec_##SUFFIX l0 = {0}, l1 = l0, l2 = l0, l3 = l0, l4 = l0, l5 = l0;                            \
    for (int64_t k = 0; k < K; k++, panel += step) {                                               \
      const vec_##SUFFIX low = *(const vec_##SUFFIX *)(const void *)panel;                         \
      DENSE_EACH_ROW(DENSE_ROW_HALF_STEP)                                                          \
    }                                                                                              \
    T out[DENSE_ROWS][LANES_##SUFFIX];                                                             \
    vec_##SUFFIX *o = (vec_##SUFFIX *)(void *)out;                                                 \
    DENSE_EACH_ROW(DENSE_ROW_HALF_OUT)                                                             \
    for (int64_t r = 0; r < rows; r++) {                                                           \
      if (first)                                                                                   \
        memcpy(tile + r * ld, out[r], sizeof out[r]);                                              \
      else                                                                                         \
        for (int j = 0; j < LANES_##SUFFIX; j++) tile[r * ld + j] += out[r][j];                    \
    }                                                                                              \
  }                                                                                                \
  /* One row, c (+)= a b: bound by reading b, four of its rows at a time. */                       \
  static void row_##SUFFIX(int64_t N, int64_t K, const T *restrict a, const T *restrict b,         \
                           int64_t ldb, T *restrict c, bool first) {                               \
    if (first) memset(c, 0, (size_t)N * sizeof(T));                                                \
    for (int64_t k = 0; k < K; k += 4, b += 4 * ldb) {                                             \
      const int64_t left = K - k;                                                                  \
      const T a0 = a[k], a1 = left > 1 ? a[k + 1] : 0, a2 = left > 2 ? a[k + 2] : 0,               \
              a3 = left > 3 ? a[k + 3] : 0;                                                        \
      if (left < 4) {                                                                              \
        for (int64_t n = 0; n < N; n++) {                                                          \
          c[n] += a0 * b[n];                                                                       \
          if (left > 1) c[n] += a1 * b[ldb + n];                                                   \
          if (left > 2) c[n] += a2 * b[2 * ldb + n];                                               \
        }                                                                                          \
        return;                                                                                    \
      }                                                                                            \
      _Pragma("omp simd") for (int64_t n = 0; n < N; n++) c[n] =                                   \
          (((c[n] + a0 * b[n]) + a1 * b[ldb + n]) + a2 * b[2 * ldb + n]) + a3 * b[3 * ldb + n];    \
    }                                                                                              \
  }                                                                                                \
  /* panel: DENSE_PANEL_BYTES of scratch, of one thread. */                                        \
  static void dense_##SUFFIX(int64_t M, int64_t N, int64_t K, const T *a, int64_t lda, const T *b, \
                             int64_t ldb, T *c, int64_t ldc, T *panel) {                           \
    if (M == 1) {                                                                                  \
      row_##SUFFIX(N, K, a, b, ldb, c, true);                                                      \
      return;                                                                                      \
    }                                                                                              \
    for (int64_t n = 0; n < N; n += NR_##SUFFIX) {                                                 \
      const int64_t cols = N - n < NR_##SUFFIX ? N - n : NR_##SUFFIX;                              \
      const bool half = cols <= LANES_##SUFFIX;                                                    \
      const int64_t width = half ? LANES_##SUFFIX : NR_##SUFFIX;                                   \
      for (int64_t k = 0; k < K || k == 0; k += DENSE_DEPTH) {                                     \
        const int64_t depth = K - k < DENSE_DEPTH ? K - k : DENSE_DEPTH;                           \
        /* Few rows do not pay for the copy. */                                                    \
        const bool direct = M <= 4 * DENSE_ROWS && cols == width;                                  \
        const T *from = direct ? b + k * ldb + n : panel;                                          \
        const int64_t step = direct ? ldb : width;                                                 \
        for (int64_t i = 0; i < depth && !direct; i++) {                                           \
          memcpy(panel + i * width, b + (k + i) * ldb + n, (size_t)cols * sizeof(T));              \
          if (cols < width)                                                                        \
            memset(panel + i * width + cols, 0, (size_t)(width - cols) * sizeof(T));               \
        }                                                                                          \
        for (int64_t m = 0; m < M; m += DENSE_ROWS) {                                              \
          const int64_t rows = M - m < DENSE_ROWS ? M - m : DENSE_ROWS;                            \
          const T *left = a + m * lda + k;                                                         \
          T edge[DENSE_ROWS * NR_##SUFFIX];                                                        \
          T *to = cols == width ? c + m * ldc + n : edge;                                          \
          const int64_t ld = cols == width ? ldc : width;                                          \
          const bool first = k == 0 || cols < width;                                               \
          if (half)                                                                                \
            half_tile_##SUFFIX(rows, depth, left, lda, from, step, first, to, ld);                 \
          else                                                                                     \
            tile_##SUFFIX(rows, depth, left, lda, from, step, first, to, ld);                      \
          for (int64_t r = 0; r < rows && cols < width; r++)                                       \
            for (int64_t j = 0; j < cols; j++)                                                     \
              c[(m + r) * ldc + n + j] = edge[r * width + j] + (k ? c[(m + r) * ldc + n + j] : 0); \
        }                                                                                          \
      }                                                                                            \
    }                                                                                              \
  }
/* c[m][n] = the product of row m of a and row n of b, for few n. */
#define DENSE_DOTS(SUFFIX, T)                                                                \
  static inline void dots_##SUFFIX(int64_t M, int64_t N, int64_t K, const T *a, int64_t lda, \
                                   const T *b, int64_t ldb, T *c, int64_t ldc) {             \
    for (int64_t m = 0; m < M; m++)                                                          \
      for (int64_t n = 0; n < N; n++) {                                                      \
        const T *left = a + m * lda, *right = b + n * ldb;                                   \
        T sum = 0;                                                                           \
        _Pragma("omp simd reduction(+:sum)") for (int64_t k = 0; k < K; k++) sum +=          \
            left[k] * right[k];                                                              \
        c[m * ldc + n] = sum;                                                                \
      }                                                                                      \
  }

#define DENSE_ROW_START(r) const int64_t at##r = (rows > r ? r : rows - 1) * lda;
#define DENSE_ROW_STEP(r) l##r += a[at##r + k] * low, h##r += a[at##r + k] * high;
#define DENSE_ROW_HALF_STEP(r) l##r += a[at##r + k] * low;
#define DENSE_ROW_HALF_OUT(r) o[r] = l##r;
#define DENSE_ROW_OUT(r) o[2 * r] = l##r, o[2 * r + 1] = h##r;

DENSE(f64, double)
#ifndef DENSE_F64_ONLY
DENSE(f32, float)
DENSE(u32, uint32_t)
DENSE(u64, uint64_t)
#endif
DENSE_DOTS(f32, float)
DENSE_DOTS(f64, double)
DENSE_DOTS(u32, uint32_t)
DENSE_DOTS(u64, uint64_t)

#undef DENSE
#undef DENSE_DOTS
#endif
