/* The product inside of a step: a few rows of states with one block of packed weights.
 *
 *   tile[r][v] (+)= sum over k of a[r][k] w[k][v]      r < rows, v < V vectors, w: rows of V * VF
 *
 * A block holds the gates of the same units side by side, so the tile that comes out (in L1) has
 * all that the gates of those units need, and w is read once, in order.
 *
 * What differs with the form of weights (pack.h) is in form_f32.h, form_bf16.h and form_int8.h:
 *
 *   factor, sums         types of a's elements, and of accumulators, vectors of the tile
 *   PER_ROW, LINES       how many k a row of w has, and of how many times V vectors it is
 *   ROW_OF(ROWS, V)      a row of w times the factors of each row of a, added to s<r><v>; by
 *                        default LOAD(r, v): w<v>, and what else the row is taken apart into,
 *                        and then POINTS(r, V): one row of a's factors
 *   REST(ROWS, V)        what is left of the depth when that has been done as often as it fits
 *   EVEN(r, v), ODD(r, v), PAIR_ROWS      one row of a alone: see ONE_ROW
 *   SPREAD(p)            a's factors at p, in all lanes: `factors`
 *
 * Registers: ROWS x V accumulators, V of w, one of a. One row alone has two sets, of even and odd
 * k, as 4 chains of 4 cycles would leave one of two multipliers idle. */
#include "kernels/cpu/simd/vec.h"

#if VF == 16
enum { MOST_ROWS = 6 };
#else
enum { MOST_ROWS = 3 };
#endif
enum {
  PART_FLOATS = 4096,   /* of weights in L1 at once */
  FAR_BYTES = 4096      /* how far ahead weights are fetched that stream */
};

#define EACH_V1(X, r) X(r, 0)
#define EACH_V2(X, r) EACH_V1(X, r) X(r, 1)
#define EACH_V3(X, r) EACH_V2(X, r) X(r, 2)
#define EACH_V4(X, r) EACH_V3(X, r) X(r, 3)
#define EACH_R1(V, X) EACH_V##V(X, 0)
#define EACH_R2(V, X) EACH_R1(V, X) EACH_V##V(X, 1)
#define EACH_R3(V, X) EACH_R2(V, X) EACH_V##V(X, 2)
#define EACH_R4(V, X) EACH_R3(V, X) EACH_V##V(X, 3)
#define EACH_R5(V, X) EACH_R4(V, X) EACH_V##V(X, 4)
#define EACH_R6(V, X) EACH_R5(V, X) EACH_V##V(X, 5)
#define EACH_ROW1(V, X) X(0, V)
#define EACH_ROW2(V, X) EACH_ROW1(V, X) X(1, V)
#define EACH_ROW3(V, X) EACH_ROW2(V, X) X(2, V)
#define EACH_ROW4(V, X) EACH_ROW3(V, X) X(3, V)
#define EACH_ROW5(V, X) EACH_ROW4(V, X) X(4, V)
#define EACH_ROW6(V, X) EACH_ROW5(V, X) X(5, V)

#if BYTES
#include "kernels/cpu/recurrent/form_int8.h"
#elif FIXED
#include "kernels/cpu/recurrent/form_fixed.h"
#elif HALVES
#include "kernels/cpu/recurrent/form_bf16.h"
#else
#include "kernels/cpu/recurrent/form_f32.h"
#endif

#ifndef ROW_OF
enum { LINES = 1 };
#define ROW_OF(ROWS, V) EACH_V##V(LOAD, 0) EACH_ROW##ROWS(V, POINTS)
#endif

#define START(r, v) sums s##r##v = more ? SUM_LOAD(tile + (r * WIDTH + v) * VF) : SUM_ZERO();
#define POINTER(r, V) const factor *a##r = a[r];
#define KEEP(r, v) SUM_STORE(tile + (r * WIDTH + v) * VF, s##r##v);
#define FETCH() _mm_prefetch(ahead, _MM_HINT_T1), ahead += 64;
#define PRODUCT(ROWS, V)                                                                       \
  static void product_##ROWS##_by_##V(int64_t depth, const factor *const *a, const float *w,   \
                                      bool more, const char *ahead, float *tile) {             \
    enum { WIDTH = V };                                                                        \
    EACH_ROW##ROWS(V, POINTER)                                                                 \
    EACH_R##ROWS(V, START)                                                                     \
    int64_t k = 0;                                                                             \
    for (; k + PER_ROW <= depth; k += PER_ROW, w += LINES * V * VF) {                          \
      FETCH()                                                                                  \
      ROW_OF(ROWS, V)                                                                          \
    }                                                                                          \
    REST(ROWS, V)                                                                              \
    EACH_R##ROWS(V, KEEP)                                                                      \
  }

/* One row alone, PAIR_ROWS rows of w at once: x and z are a's factors of the even and of the odd
 * half of them. What is left is at most the even half. Where `ahead` is not NULL, w streams through
 * the caches, and is fetched from so far ahead. */
#define FETCH_V(r, v) _mm_prefetch(ahead + v * VF * 4, _MM_HINT_T0);
#define FETCH_V_2(r, v) _mm_prefetch(ahead + (WIDTH + v) * VF * 4, _MM_HINT_T0);
#define FETCH_V_3(r, v) _mm_prefetch(ahead + (2 * WIDTH + v) * VF * 4, _MM_HINT_T0);
#define SECOND(r, v) sums t##r##v = SUM_ZERO();
#define JOIN(r, v) s##r##v = SUM_ADD(s##r##v, t##r##v);
#define ONE_ROW(V)                                                                             \
  static void product_1_by_##V(int64_t depth, const factor *const *a, const float *w,          \
                               bool more, const char *ahead, float *tile) {                    \
    enum { WIDTH = V, PAIR = PAIR_ROWS * PER_ROW, STEP = PAIR_ROWS * LINES };                   \
    const factor *a0 = a[0];                                                                   \
    EACH_V##V(START, 0)                                                                        \
    EACH_V##V(SECOND, 0)                                                                       \
    int64_t k = 0;                                                                             \
    for (; k + PAIR <= depth; k += PAIR, w += STEP * V * VF) {                                 \
      if (ahead) {                                                                             \
        EACH_V##V(FETCH_V, 0)                                                                  \
        if (STEP > 1) {                                                                        \
          EACH_V##V(FETCH_V_2, 0)                                                              \
        }                                                                                      \
        if (STEP > 2) {                                                                        \
          EACH_V##V(FETCH_V_3, 0)                                                              \
        }                                                                                      \
        ahead += STEP * V * VF * 4;                                                            \
      }                                                                                        \
      const factors x = SPREAD(a0 + k), z = SPREAD(a0 + k + PAIR / 2);                         \
      EACH_V##V(EVEN, 0)                                                                       \
      EACH_V##V(ODD, 0)                                                                        \
    }                                                                                          \
    if (k < depth) {                                                                           \
      const factors x = SPREAD(a0 + k);                                                        \
      EACH_V##V(EVEN, 0)                                                                       \
    }                                                                                          \
    EACH_V##V(JOIN, 0)                                                                         \
    EACH_V##V(KEEP, 0)                                                                         \
  }

#if VF == 16
#define MORE_ROWS(V) PRODUCT(4, V) PRODUCT(5, V) PRODUCT(6, V)
#define MORE_NAMES(V) , product_4_by_##V, product_5_by_##V, product_6_by_##V
#else
#define MORE_ROWS(V)
#define MORE_NAMES(V)
#endif
#define ALL_ROWS(V) ONE_ROW(V) PRODUCT(2, V) PRODUCT(3, V) MORE_ROWS(V)
#define NAMES(V) {product_1_by_##V, product_2_by_##V, product_3_by_##V MORE_NAMES(V)}
ALL_ROWS(1)
ALL_ROWS(2)
ALL_ROWS(3)
ALL_ROWS(4)

/* tile[rows][vectors * VF] as above, vectors 1..4; more: added to it.
 *
 * More rows than fit the registers are taken some at a time, for a part of the depth that stays in
 * L1. Meanwhile the next part is fetched into L2, a line with each row of w. One row fetches ahead
 * where its weights stream from beyond L2. */
static void multiply(int rows, int vectors, int64_t depth, const factor *const *a, const float *w,
                     bool streams, bool more, float *tile) {
  static void (*const product[4][MOST_ROWS])(int64_t, const factor *const *, const float *, bool,
                                             const char *, float *) = {NAMES(1), NAMES(2), NAMES(3),
                                                                       NAMES(4)};
  const int tiles = (rows + MOST_ROWS - 1) / MOST_ROWS, row = LINES * vectors * VF;
  const int64_t step = tiles > 1 ? PER_ROW * (PART_FLOATS / row) : depth;
  for (int64_t k = 0; k < depth; k += step) {
    const int64_t some = depth - k < step ? depth - k : step;
    for (int i = 0; i < tiles; i++) {
      const int first = rows * i / tiles, n = rows * (i + 1) / tiles - first;
      const factor *at[MOST_ROWS];
      for (int r = 0; r < n; r++) at[r] = a[first + r] + k;
      const float *part = w + k / PER_ROW * row;
      const int64_t lines = some / PER_ROW;
      const char *ahead = (const char *)(part + lines * row) + i * lines * 64;
      if (rows == 1) ahead = streams ? (const char *)w + FAR_BYTES : NULL;
      product[vectors - 1][n - 1](some, at, part, more || k, ahead,
                               tile + first * vectors * VF);
    }
  }
}
