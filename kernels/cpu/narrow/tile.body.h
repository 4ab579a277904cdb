/* The narrow micro-kernels: MR rows by two vectors of accumulators, one broadcast of four bytes of
 * A against two vectors of B a step. The including file defines MR and
 *
 *   acc              the type of accumulators     ACC_ZERO
 *   GROUP(p)         a broadcast of the four bytes at p
 *   DOT(c, x, b)     c += the products of x's and b's elements, group by group
 *   OUT(c, r, j)     the f32 products of row r, columns [j, j + VF), of accumulator c
 *
 * Accumulators are named scalars made by macros: gcc keeps arrays of them in memory. */
#include "kernels/cpu/gemm/repeat.h"
#include "kernels/cpu/narrow/narrow.h"
#include "kernels/cpu/simd/vec.h"

#define NR (2 * VF)
#define PREFETCH (128 * VF)   /* as ../gemm/tile.body.h */

static inline void put(const tarn_narrow_tile *t, int r, int64_t j, vf x) {
  vm m = vm_first(t->cols - j < VF ? t->cols - j : VF);
  if (t->bias) x = vf_add(x, vf_load_m(t->bias + j, m));
  if (t->add) x = vf_add(x, vf_load_m(t->add + r * t->ldc + j, m));
  if (t->activation != TARN_ACT_NONE) x = vf_max(vf_zero(), x);
  if (t->activation == TARN_ACT_RELU6) x = vf_min(vf_set1(6.0f), x);
  vf_store_m(t->c + r * t->ldc + j, m, x);
}

#define DECLARE(r) acc c##r##0 = ACC_ZERO, c##r##1 = ACC_ZERO;
#define POINT(r) const char *a##r = t->a[r] + t->tap[tap];
#define STEP(r)                        \
  {                                    \
    const vi x = GROUP(a##r + 4 * k);  \
    DOT(c##r##0, x, b0);               \
    DOT(c##r##1, x, b1);               \
  }
#define FINISH(r)                                        \
  put(t, r, 0, OUT(c##r##0, r, 0));                      \
  if (t->cols > VF) put(t, r, VF, OUT(c##r##1, r, VF));
#define TILE(ROWS)                                                                       \
  static void tile_##ROWS(const tarn_narrow_tile *t) {                                   \
    REP_##ROWS(DECLARE)                                                                  \
    const uint32_t *b = t->b;                                                            \
    const char *ahead = t->ahead ? t->ahead : (const char *)b;                           \
    const int64_t ahead_step = t->ahead ? t->ahead_step : 0;                             \
    for (int64_t tap = 0; tap < t->taps; tap++) {                                        \
      REP_##ROWS(POINT)                                                                  \
      for (int64_t k = 0; k < t->depth; k++, b += NR, ahead += ahead_step) {             \
        _mm_prefetch(ahead, _MM_HINT_T1);                                                \
        const vi b0 = WORDS(b), b1 = WORDS(b + VF);                                      \
        _mm_prefetch((const char *)b + PREFETCH, _MM_HINT_T0);                           \
        if (VF == 16) _mm_prefetch((const char *)b + PREFETCH + 64, _MM_HINT_T0);        \
        REP_##ROWS(STEP)                                                                 \
      }                                                                                  \
    }                                                                                    \
    REP_##ROWS(FINISH)                                                                   \
  }

/* One row: bound by reading B, so several groups at once, as two chains of additions would wait for
 * one another, and no prefetch: one stream is what the hardware expects. */
static void tile_1(const tarn_narrow_tile *t) {
  acc c00 = ACC_ZERO, c01 = ACC_ZERO, c10 = ACC_ZERO, c11 = ACC_ZERO;
  acc c20 = ACC_ZERO, c21 = ACC_ZERO, c30 = ACC_ZERO, c31 = ACC_ZERO;
  const uint32_t *b = t->b;
  for (int64_t tap = 0; tap < t->taps; tap++) {
    const char *a = t->a[0] + t->tap[tap];
    int64_t k = 0;
    for (; k + 4 <= t->depth; k += 4, b += 4 * NR) {
      const vi x0 = GROUP(a + 4 * k), x1 = GROUP(a + 4 * k + 4), x2 = GROUP(a + 4 * k + 8),
               x3 = GROUP(a + 4 * k + 12);
      DOT(c00, x0, WORDS(b));
      DOT(c01, x0, WORDS(b + VF));
      DOT(c10, x1, WORDS(b + NR));
      DOT(c11, x1, WORDS(b + NR + VF));
      DOT(c20, x2, WORDS(b + 2 * NR));
      DOT(c21, x2, WORDS(b + 2 * NR + VF));
      DOT(c30, x3, WORDS(b + 3 * NR));
      DOT(c31, x3, WORDS(b + 3 * NR + VF));
    }
    for (; k < t->depth; k++, b += NR) {
      const vi x = GROUP(a + 4 * k);
      DOT(c00, x, WORDS(b));
      DOT(c01, x, WORDS(b + VF));
    }
  }
  c00 = ACC_ADD(ACC_ADD(c00, c10), ACC_ADD(c20, c30));
  c01 = ACC_ADD(ACC_ADD(c01, c11), ACC_ADD(c21, c31));
  FINISH(0)
}

TILE(2) TILE(3) TILE(4) TILE(5) TILE(6)
#if VF == 16
TILE(7) TILE(8) TILE(9) TILE(10) TILE(11) TILE(12) TILE(13) TILE(14)
#define MR 14
#else
#define MR 6
#endif

static void tile(const tarn_narrow_tile *t) {
  static void (*const by_rows[])(const tarn_narrow_tile *) = {
    tile_1, tile_2, tile_3, tile_4, tile_5, tile_6,
#if VF == 16
    tile_7, tile_8, tile_9, tile_10, tile_11, tile_12, tile_13, tile_14,
#endif
  };
  by_rows[t->rows - 1](t);
}
