/* Products of any dtype and strides (contract.h) for AVX2 and AVX-512: blocks of a and b are copied
 * into rows of float, double or unsigned integers, multiplied (dense.body.h), and rounded once into
 * c. Half floats are summed in float, as Eigen does; integers wrap round. Complex products are real
 * ones of twice the depth and width: a row of a as it lies in memory, (re, im) by (re, im), times
 * rows (re, im) and (-im, re) of b. */
#ifndef TARN_KERNELS_CPU_CONTRACT_LANES_BODY_H
#define TARN_KERNELS_CPU_CONTRACT_LANES_BODY_H

#include "kernels/cpu/contract/contract.h"
#include "kernels/cpu/contract/dense.body.h"
#include "kernels/cpu/dtype_rows.h"

enum { FEW = 4 };   /* columns at most that are made of dot products */
enum { ONE_ROW_DEPTH = 16 };

typedef struct contract_job {
  const tarn_contract *g;
  char *scratch;
  size_t scratch_bytes;              /* of a thread */
  int64_t row_blocks, col_blocks;
  int64_t lda, ldb, ldc; /* where rows of neighbours lie so far apart all through, else -1 */
} contract_job;

typedef struct contract_block {
  int64_t i, m, rows, n, cols;
  char *scratch;
} contract_block;

static inline contract_block contract_block_of(const contract_job *j, int64_t chunk, int worker) {
  const tarn_contract *g = j->g;
  contract_block b = {.scratch = j->scratch + (size_t)worker * j->scratch_bytes};
  b.n = chunk % j->col_blocks * TARN_CONTRACT_COLS;
  b.m = chunk / j->col_blocks % j->row_blocks * TARN_CONTRACT_ROWS;
  b.i = chunk / j->col_blocks / j->row_blocks;
  b.rows = g->M - b.m < TARN_CONTRACT_ROWS ? g->M - b.m : TARN_CONTRACT_ROWS;
  b.cols = g->N - b.n < TARN_CONTRACT_COLS ? g->N - b.n : TARN_CONTRACT_COLS;
  return b;
}

static inline bool contract_adjacent(const int64_t *at, int64_t n) {
  for (int64_t i = 1; i < n; i++)
    if (at[i] != at[0] + i) return false;
  return true;
}

/* How far apart rows are that all are runs of neighbours; -1: they are not. */
static inline int64_t contract_ld(const int64_t *row, int64_t rows, const int64_t *col,
                                  int64_t cols) {
  if (rows < 1 || !contract_adjacent(col, cols)) return -1;
  const int64_t step = rows > 1 ? row[1] - row[0] : cols;
  for (int64_t i = 2; i < rows; i++)
    if (row[i] - row[i - 1] != step) return -1;
  return step < 0 ? -1 : step;
}

/* The length of the runs of neighbours that all of it falls into: n where it is one run, 1 where
 * there is no such length. */
static inline int64_t contract_run(const int64_t *at, int64_t n) {
  int64_t run = 1;
  while (run < n && at[run] == at[0] + run) run++;
  if (n % run) return 1;
  for (int64_t i = run; i < n; i += run)
    if (!contract_adjacent(at + i, run)) return 1;
  return run;
}

/* to[r][c] = from[row[r] + col[c]]: along runs of columns, else by blocks of rows, which may be
 * neighbours. */
#define CONTRACT_GATHER(SUFFIX, S, T, GET)                                                         \
  static void gather_##SUFFIX(const S *from, const int64_t *row, int64_t rows, const int64_t *col, \
                              int64_t cols, T *to, int64_t ld) {                                   \
    const int64_t run = contract_run(col, cols);                                                   \
    if (run >= 8 || run == cols) {                                                                 \
      for (int64_t r = 0; r < rows; r++)                                                           \
        for (int64_t c = 0; c < cols; c += run) {                                                  \
          const S *x = from + row[r] + col[c];                                                     \
          T *y = to + r * ld + c;                                                                  \
          TARN_LOOP_OF(CONTRACT_COPY, SUFFIX)(T, GET)                                              \
        }                                                                                          \
      return;                                                                                      \
    }                                                                                              \
    for (int64_t first = 0; first < rows; first += 16) {                                           \
      const int64_t last = rows - first < 16 ? rows : first + 16;                                  \
      for (int64_t c = 0; c < cols; c++)                                                           \
        for (int64_t r = first; r < last; r++) to[r * ld + c] = (T)GET(from[row[r] + col[c]]);     \
    }                                                                                              \
  }
#define CONTRACT_COPY_PLAIN(T, GET) for (int64_t i = 0; i < run; i++) y[i] = (T)GET(x[i]);
#define CONTRACT_COPY_BLOCKS(T, GET) lane_floats_of_halves(y, x, run);

/* One block of c: in rows of T, then stored; what lies in such rows already stays where it is
 * (AS_IS: S and T are one). */
#define CONTRACT_REAL(SUFFIX, S, T, DENSE, GET, PUT, AS_IS)                                     \
  CONTRACT_GATHER(SUFFIX, S, T, GET)                                                            \
  static tarn_status contract_##SUFFIX(void *argument, int64_t chunk, int worker) {             \
    const contract_job *j = argument;                                                           \
    const tarn_contract *g = j->g;                                                              \
    const contract_block k = contract_block_of(j, chunk, worker);                               \
    T *panel = (T *)(void *)k.scratch, *a_room = panel + DENSE_PANEL_BYTES / sizeof(T);         \
    T *b_room = a_room + k.rows * g->K, *c_room = b_room + k.cols * g->K;                       \
    const S *a_from = (const S *)g->a + g->a_i[k.i], *b_from = (const S *)g->b + g->b_i[k.i];   \
    S *to = (S *)g->c + g->c_i[k.i];                                                            \
    const int64_t *col = g->c_n + k.n;                                                          \
    const T *a = a_room, *b = b_room;                                                           \
    T *c = c_room;                                                                              \
    int64_t lda = g->K, ldb = k.cols, ldc = k.cols;                                             \
    if (AS_IS && j->lda >= 0)                                                                   \
      a = (const T *)(const void *)(a_from + g->a_m[k.m] + g->a_k[0]), lda = j->lda;            \
    else                                                                                        \
      gather_##SUFFIX(a_from, g->a_m + k.m, k.rows, g->a_k, g->K, a_room, g->K);                \
    if (AS_IS && j->ldc >= 0) c = (T *)(void *)(to + g->c_m[k.m] + col[0]), ldc = j->ldc;       \
    if (k.cols <= FEW) {                                                                        \
      gather_##SUFFIX(b_from, g->b_n + k.n, k.cols, g->b_k, g->K, b_room, g->K);                \
      dots_##DENSE(k.rows, k.cols, g->K, a, lda, b, g->K, c, ldc);                              \
    } else if (!AS_IS &&                                                                        \
               k.rows == 1) { /* each row of b is used once: it need not leave L1 in between */ \
      for (int64_t d = 0; d == 0 || d < g->K; d += ONE_ROW_DEPTH) {                             \
        const int64_t depth = g->K - d < ONE_ROW_DEPTH ? g->K - d : ONE_ROW_DEPTH;              \
        gather_##SUFFIX(b_from, g->b_k + d, depth, g->b_n + k.n, k.cols, b_room, k.cols);       \
        row_##DENSE(k.cols, depth, a + d, b_room, k.cols, c, d == 0);                           \
      }                                                                                         \
    } else {                                                                                    \
      if (AS_IS && j->ldb >= 0)                                                                 \
        b = (const T *)(const void *)(b_from + g->b_k[0] + g->b_n[k.n]), ldb = j->ldb;          \
      else                                                                                      \
        gather_##SUFFIX(b_from, g->b_k, g->K, g->b_n + k.n, k.cols, b_room, k.cols);            \
      dense_##DENSE(k.rows, k.cols, g->K, a, lda, b, ldb, c, ldc, panel);                       \
    }                                                                                           \
    if (AS_IS && j->ldc >= 0) return TARN_OK;                                                   \
    const bool adjacent = contract_adjacent(col, k.cols);                                       \
    for (int64_t r = 0; r < k.rows; r++) {                                                      \
      S *y = to + g->c_m[k.m + r];                                                              \
      const T *x = c + r * k.cols;                                                              \
      if (adjacent) {                                                                           \
        y += col[0];                                                                            \
        for (int64_t n = 0; n < k.cols; n++) y[n] = PUT(x[n]);                                  \
      } else {                                                                                  \
        for (int64_t n = 0; n < k.cols; n++) y[col[n]] = PUT(x[n]);                             \
      }                                                                                         \
    }                                                                                           \
    return TARN_OK;                                                                             \
  }

/* S is complex, T its part. b in dot products is by columns: (re, -im) and (im, re). */
#define CONTRACT_COMPLEX(SUFFIX, S, T, DENSE)                                                   \
  static tarn_status contract_##SUFFIX(void *argument, int64_t chunk, int worker) {             \
    const contract_job *j = argument;                                                           \
    const tarn_contract *g = j->g;                                                              \
    const contract_block k = contract_block_of(j, chunk, worker);                               \
    const int64_t K = 2 * g->K, N = 2 * k.cols;                                                 \
    T *panel = (T *)(void *)k.scratch, *a = panel + DENSE_PANEL_BYTES / sizeof(T),              \
      *b = a + k.rows * K;                                                                      \
    T *c = b + N * K;                                                                           \
    const T *a_from = (const T *)((const S *)g->a + g->a_i[k.i]);                               \
    const T *b_from = (const T *)((const S *)g->b + g->b_i[k.i]);                               \
    const T a_sign = g->conjugate_a ? -1 : 1, b_sign = g->conjugate_b ? -1 : 1;                 \
    const bool few = k.cols <= FEW;                                                             \
    for (int64_t r = 0; r < k.rows; r++)                                                        \
      if (j->lda >= 0 && !g->conjugate_a)                                                       \
        memcpy(a + r * K, a_from + 2 * (g->a_m[k.m + r] + g->a_k[0]), (size_t)K * sizeof(T));   \
      else                                                                                      \
        for (int64_t d = 0; d < g->K; d++) {                                                    \
          const T *x = a_from + 2 * (g->a_m[k.m + r] + g->a_k[d]);                              \
          a[r * K + 2 * d] = x[0];                                                              \
          a[r * K + 2 * d + 1] = a_sign * x[1];                                                 \
        }                                                                                       \
    for (int64_t d = 0; d < g->K; d++)                                                          \
      for (int64_t n = 0; n < k.cols; n++) {                                                    \
        const T *x = b_from + 2 * (g->b_k[d] + g->b_n[k.n + n]), re = x[0], im = b_sign * x[1]; \
        if (few) {                                                                              \
          T *y = b + 2 * n * K + 2 * d;                                                         \
          y[0] = re, y[1] = -im, y[K] = im, y[K + 1] = re;                                      \
        } else {                                                                                \
          T *y = b + 2 * d * N + 2 * n;                                                         \
          y[0] = re, y[1] = im, y[N] = -im, y[N + 1] = re;                                      \
        }                                                                                       \
      }                                                                                         \
    if (few)                                                                                    \
      dots_##DENSE(k.rows, N, K, a, K, b, K, c, N);                                             \
    else                                                                                        \
      dense_##DENSE(k.rows, N, K, a, K, b, N, c, N, panel);                                     \
    T *to = (T *)((S *)g->c + g->c_i[k.i]);                                                     \
    for (int64_t r = 0; r < k.rows; r++)                                                        \
      for (int64_t n = 0; n < k.cols; n++) {                                                    \
        T *y = to + 2 * (g->c_m[k.m + r] + g->c_n[k.n + n]);                                    \
        y[0] = c[r * N + 2 * n], y[1] = c[r * N + 2 * n + 1];                                   \
      }                                                                                         \
    return TARN_OK;                                                                             \
  }

/* X(dtype, suffix, element, type of sums, its suffix, to it, from it, whether they are one) */
#define CONTRACT_ROWS(X)                                                                 \
  X(TARN_F32, f32, float, float, f32, TARN_AS_IS, TARN_AS_IS, 1)                         \
  X(TARN_F64, f64, double, double, f64, TARN_AS_IS, TARN_AS_IS, 1)                       \
  X(TARN_F16, f16, uint16_t, float, f32, tarn__f16_to_f32, tarn__f32_to_f16, 0)          \
  X(TARN_BF16, bf16, uint16_t, float, f32, tarn__bf16_to_f32, tarn__f32_to_bf16, 0)      \
  X(TARN_I8, i8, int8_t, uint32_t, u32, TARN_AS_IS, (int8_t), 0)                         \
  X(TARN_I16, i16, int16_t, uint32_t, u32, TARN_AS_IS, (int16_t), 0)                     \
  X(TARN_I32, i32, int32_t, uint32_t, u32, TARN_AS_IS, (int32_t), 1)                     \
  X(TARN_I64, i64, int64_t, uint64_t, u64, TARN_AS_IS, (int64_t), 1)                     \
  X(TARN_U8, u8, uint8_t, uint32_t, u32, TARN_AS_IS, (uint8_t), 0)                       \
  X(TARN_U16, u16, uint16_t, uint32_t, u32, TARN_AS_IS, (uint16_t), 0)                   \
  X(TARN_U32, u32, uint32_t, uint32_t, u32, TARN_AS_IS, TARN_AS_IS, 1)                   \
  X(TARN_U64, u64, uint64_t, uint64_t, u64, TARN_AS_IS, TARN_AS_IS, 1)
#define X(DT, SUFFIX, S, T, DENSE, GET, PUT, AS_IS) \
  CONTRACT_REAL(SUFFIX, S, T, DENSE, GET, PUT, AS_IS)
CONTRACT_ROWS(X)
#undef X
CONTRACT_COMPLEX(c64, float _Complex, float, f32)
CONTRACT_COMPLEX(c128, double _Complex, double, f64)

tarn_status CONTRACT(const tarn_contract *g, tarn_dtype dtype, void *scratch, tarn_pool *pool) {
  tarn_chunk body = NULL;
  switch ((int)dtype) {
#define X(DT, SUFFIX, S, T, DENSE, GET, PUT, AS_IS) case DT: body = contract_##SUFFIX; break;
    CONTRACT_ROWS(X)
#undef X
    case TARN_C64: body = contract_c64; break;
    case TARN_C128: body = contract_c128; break;
    default: return tarn_fail(TARN_DTYPE, "products of %s", tarn_dtype_name(dtype));
  }
  if (g->M == 0 || g->N == 0) return TARN_OK;
  contract_job j = {.g = g,
                    .scratch = scratch,
                    .scratch_bytes = tarn__contract_scratch(g->M, g->N, g->K),
                    .row_blocks = (g->M + TARN_CONTRACT_ROWS - 1) / TARN_CONTRACT_ROWS,
                    .col_blocks = (g->N + TARN_CONTRACT_COLS - 1) / TARN_CONTRACT_COLS};
  j.lda = g->K > 0 ? contract_ld(g->a_m, g->M, g->a_k, g->K) : -1;
  j.ldb = contract_ld(g->b_k, g->K, g->b_n, g->N);
  j.ldc = contract_ld(g->c_m, g->M, g->c_n, g->N);
  return tarn__pool_run(pool, g->batches * j.row_blocks * j.col_blocks, body, &j);
}

#endif
