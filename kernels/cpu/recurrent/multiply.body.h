/* The product inside of a step: a few rows of states with one block of packed weights.
 *
 *   tile[r][v] (+)= sum over k of a[r][k] w[k][v]      r < rows, v < V vectors, w: [depth][V * VF]
 *
 * A block holds the gates of the same units side by side, so the tile that comes out (in L1) has
 * all that the gates of those units need, and w is read once, in order.
 *
 * Registers: ROWS x V accumulators, V of w, one of a. One row alone has two sets, of even and odd
 * k, as 4 chains of 4 cycles would leave one of two multipliers idle. */
#include "kernels/cpu/simd/vec.h"

#if VF == 16
enum { MOST_ROWS = 6 };
#else
enum { MOST_ROWS = 3 };
#endif
enum { PART_FLOATS = 4096 };   /* of weights in L1 at once */

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

#define START(r, v) vf s##r##v = more ? vf_load(tile + (r * WIDTH + v) * VF) : vf_zero();
#define LOAD(r, v) vf w##v = vf_load(w + v * VF);
#define POINT(r, V) const float *a##r = a[r];
#define MULTIPLY(r, v) s##r##v = vf_fma(x, w##v, s##r##v);
#define FETCH() _mm_prefetch(ahead, _MM_HINT_T1), ahead += 64;
#define ROW(r, V)               \
  {                             \
    vf x = vf_set1(a##r[k]);    \
    EACH_V##V(MULTIPLY, r)      \
  }
#define KEEP(r, v) vf_store(tile + (r * WIDTH + v) * VF, s##r##v);
#define PRODUCT(ROWS, V)                                                                       \
  static void product_##ROWS##_by_##V(int64_t depth, const float *const *a, const float *w,    \
                                      bool more, const char *ahead, float *tile) {             \
    enum { WIDTH = V };                                                                        \
    EACH_ROW##ROWS(V, POINT)                                                                   \
    EACH_R##ROWS(V, START)                                                                     \
    for (int64_t k = 0; k < depth; k++, w += V * VF) {                                         \
      FETCH()                                                                                  \
      EACH_V##V(LOAD, 0)                                                                       \
      EACH_ROW##ROWS(V, ROW)                                                                   \
    }                                                                                          \
    EACH_R##ROWS(V, KEEP)                                                                      \
  }

/* The same with pairs of bfloat16 (pack.h): the lower half of a lane is k's weight, the upper that
 * of k + 1. */
#define TWO_ROWS(r, v)                                        \
  s##r##v = vf_fma(vf_set1(a##r[k]), low##v, s##r##v);        \
  s##r##v = vf_fma(vf_set1(a##r[k + 1]), high##v, s##r##v);
#define LAST_ROW(r, v) s##r##v = vf_fma(vf_set1(a##r[k]), low##v, s##r##v);
#define SPLIT(r, v)                                           \
  const vi both##v = vf_bits(vf_load(w + v * VF));            \
  const vf low##v = vi_float_bits(vi_shl(both##v, 16));       \
  const vf high##v = vi_float_bits(vi_and(both##v, vi_set1((int32_t)0xffff0000)));
#define LOWER(r, v) const vf low##v = vi_float_bits(vi_shl(vf_bits(vf_load(w + v * VF)), 16));
#define HALF_PRODUCT(ROWS, V)                                                                  \
  static void product_##ROWS##_by_##V(int64_t depth, const float *const *a, const float *w,    \
                                      bool more, const char *ahead, float *tile) {             \
    enum { WIDTH = V };                                                                        \
    (void)ahead;                                                                               \
    EACH_ROW##ROWS(V, POINT)                                                                   \
    EACH_R##ROWS(V, START)                                                                     \
    int64_t k = 0;                                                                             \
    for (; k + 2 <= depth; k += 2, w += V * VF) {                                              \
      EACH_V##V(SPLIT, 0)                                                                      \
      EACH_R##ROWS(V, TWO_ROWS)                                                                \
    }                                                                                          \
    if (k < depth) {                                                                           \
      EACH_V##V(LOWER, 0)                                                                      \
      EACH_R##ROWS(V, LAST_ROW)                                                                \
    }                                                                                          \
    EACH_R##ROWS(V, KEEP)                                                                      \
  }
/* One row alone: chains of their own for even and odd k. */
#define EVEN_HALF(r, v) s##r##v = vf_fma(x, low##v, s##r##v);
#define ODD_HALF(r, v) t##r##v = vf_fma(z, high##v, t##r##v);
#define ONE_HALF_ROW(V)                                                                        \
  static void product_1_by_##V(int64_t depth, const float *const *a, const float *w, bool more, \
                               const char *ahead, float *tile) {                               \
    enum { WIDTH = V };                                                                        \
    (void)ahead;                                                                               \
    const float *a0 = a[0];                                                                    \
    EACH_V##V(START, 0)                                                                        \
    EACH_V##V(ODD, 0)                                                                          \
    int64_t k = 0;                                                                             \
    for (; k + 2 <= depth; k += 2, w += V * VF) {                                              \
      const vf x = vf_set1(a0[k]), z = vf_set1(a0[k + 1]);                                     \
      EACH_V##V(SPLIT, 0)                                                                      \
      EACH_V##V(EVEN_HALF, 0)                                                                  \
      EACH_V##V(ODD_HALF, 0)                                                                   \
    }                                                                                          \
    if (k < depth) {                                                                           \
      const vf x = vf_set1(a0[k]);                                                             \
      EACH_V##V(LOWER, 0)                                                                      \
      EACH_V##V(EVEN_HALF, 0)                                                                  \
    }                                                                                          \
    EACH_V##V(JOIN, 0)                                                                         \
    EACH_V##V(KEEP, 0)                                                                         \
  }

#define ODD(r, v) vf t##r##v = vf_zero();
#define EVEN_STEP(r, v) s##r##v = vf_fma(x, vf_load(w + v * VF), s##r##v);
#define ODD_STEP(r, v) t##r##v = vf_fma(z, vf_load(w + (WIDTH + v) * VF), t##r##v);
#define JOIN(r, v) s##r##v = vf_add(s##r##v, t##r##v);
#define ONE_ROW(V)                                                                             \
  static void product_1_by_##V(int64_t depth, const float *const *a, const float *w, bool more, \
                               const char *ahead, float *tile) {                               \
    enum { WIDTH = V };                                                                        \
    (void)ahead;                                                                               \
    const float *a0 = a[0];                                                                    \
    EACH_V##V(START, 0)                                                                        \
    EACH_V##V(ODD, 0)                                                                          \
    int64_t k = 0;                                                                             \
    for (; k + 2 <= depth; k += 2, w += 2 * V * VF) {                                          \
      const vf x = vf_set1(a0[k]), z = vf_set1(a0[k + 1]);                                     \
      EACH_V##V(EVEN_STEP, 0)                                                                  \
      EACH_V##V(ODD_STEP, 0)                                                                   \
    }                                                                                          \
    if (k < depth) {                                                                           \
      const vf x = vf_set1(a0[k]);                                                             \
      EACH_V##V(EVEN_STEP, 0)                                                                  \
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
#if HALVES
#undef PRODUCT
#define PRODUCT HALF_PRODUCT
#undef ONE_ROW
#define ONE_ROW ONE_HALF_ROW
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
 * L1. Meanwhile the next part is fetched into L2, a line with each k. */
static void multiply(int rows, int vectors, int64_t depth, const float *const *a, const float *w,
                     bool more, float *tile) {
  static void (*const product[4][MOST_ROWS])(int64_t, const float *const *, const float *, bool,
                                             const char *, float *) = {NAMES(1), NAMES(2), NAMES(3),
                                                                       NAMES(4)};
  const int tiles = (rows + MOST_ROWS - 1) / MOST_ROWS, row = vectors * VF;
  const int64_t per_row = HALVES ? 2 : 1;   /* k's in a row of w */
  const int64_t step = tiles > 1 ? per_row * (PART_FLOATS / row) : depth;
  for (int64_t k = 0; k < depth; k += step) {
    const int64_t some = depth - k < step ? depth - k : step;
    for (int i = 0; i < tiles; i++) {
      const int first = rows * i / tiles, n = rows * (i + 1) / tiles - first;
      const float *at[MOST_ROWS];
      for (int r = 0; r < n; r++) at[r] = a[first + r] + k;
      const float *part = w + k / per_row * row;
      const char *ahead = (const char *)(part + some * row) + (int64_t)i * some * 64;
      product[vectors - 1][n - 1](some, at, part, more || k, ahead, tile + first * row);
    }
  }
}
