/* The micro-kernels, for AVX2 and AVX-512: TILE_ROWS by two vectors of accumulators.
 *
 *                accumulators  B  broadcast   of registers   loads per FMA
 *   AVX-512 14x32     28       2      1           32          16 / 28
 *   AVX2     6x16     12       2      1           16           8 / 12
 *
 * Two vectors a row keep the traffic from L2 low (B is read once per TILE_ROWS rows: 128 bytes per
 * 14 cycles), which matters more than the fewer broadcasts of a wider tile. Accumulators are named
 * scalars made by macros: gcc keeps arrays of them in memory. A function per number of rows, so
 * that no tile computes rows it throws away. */
#include "kernels/cpu/gemm/repeat.h"
#include "kernels/cpu/gemm/tile.h"
#include "kernels/cpu/simd/vec.h"

#define NR (2 * VF)
/* A row of a panel as two vectors of floats. */
#ifdef PACKED_BF16
/* The first half of every 16 bytes are of columns [0, VF), the second of [VF, 2 VF): between zeros
 * each is a float, for one shuffle and no shift, and exact. */
typedef uint16_t packed;
#if VF == 16
#define WIDEN(half, p) \
  _mm512_castsi512_ps(_mm512_unpack##half##_epi16(_mm512_setzero_si512(), _mm512_loadu_si512(p)))
#else
#define WIDEN(half, p)                             \
  _mm256_castsi256_ps(_mm256_unpack##half##_epi16( \
      _mm256_setzero_si256(), _mm256_loadu_si256((const __m256i *)(const void *)(p))))
#endif
#define LEFT(p) WIDEN(lo, p)
#define RIGHT(p) WIDEN(hi, p)
#else
typedef float packed;
#define LEFT(p) vf_load(p)
#define RIGHT(p) vf_load((p) + VF)
#endif
/* B is asked for this far ahead. Measured on Emerald Rapids: 2 KiB for AVX-512 and 1 KiB for AVX2
 * win 3 to 10 % over none on panels that come from L2 or beyond. */
#define PREFETCH (128 * VF)

/* Activations are a clamp to [low, high], infinite where there is none; the bound stands first, so
 * that NaN stays. */
typedef struct bounds {
  vf low, high;
} bounds;

static inline bounds bounds_of(const tarn_tile *t) {
  bounds f = {vf_set1(-__builtin_inff()), vf_set1(__builtin_inff())};
  if (t->activation != TARN_ACT_NONE) f.low = vf_zero();
  if (t->activation == TARN_ACT_RELU6) f.high = vf_set1(6.0f);
  return f;
}
static inline vf clamp(const bounds *f, vf x) {
  return vf_min(f->high, vf_max(f->low, x));
}

/* What the sums of a row begin with: the bias, which so costs no additions. */
typedef struct start {
  vf left, right;
} start;

static inline start start_of(const tarn_tile *t, const float *bias) {
  start s = {vf_zero(), vf_zero()};
  if (bias) {
    s.left = vf_load_m(bias, vm_first(t->cols < VF ? t->cols : VF));
    if (t->cols > VF) s.right = vf_load_m(bias + VF, vm_first(t->cols - VF));
  }
  return s;
}

/* Where one of a run of tiles is. */
typedef struct place {
  int number; /* in the run */
  const packed *b;
  float *c;
  const float *bias, *add;
} place;

/* Pointers that gcc may not keep in pairs in a vector: it would load two of the caller's stores at
 * once, which waits until they are in the cache (2 to 6 % of short sums). */
static inline void apart(place *at) {
  __asm__("" : "+r"(at->b), "+r"(at->c), "+r"(at->add));
}

static inline place first_place(const tarn_tile *t) {
  place at = {.b = t->b, .c = t->c, .bias = t->bias, .add = t->add};
  apart(&at);
  return at;
}
static inline bool next_place(const tarn_tile *t, place *at) {
  if (at->number == t->more) return false;
  at->number++;
  at->b += t->panel_elems;
  at->c += NR;
  if (at->bias) at->bias += NR;
  if (at->add) at->add += NR;
  apart(at);
  return true;
}
static inline const char *ahead_of(const tarn_tile *t, const place *at) {
  return t->aheads ? t->aheads[at->number] : t->ahead;
}

/* Any tile, its sums in s[rows][NR]: columns that are not there, sums that go on and end in added
 * tensors. */
static __attribute__((noinline)) void finish_rows(const tarn_tile *t, const place *at,
                                                  const float *s) {
  const bounds f = bounds_of(t);
  vm m0 = vm_first(t->cols < VF ? t->cols : VF), m1 = vm_first(t->cols > VF ? t->cols - VF : 0);
  for (int64_t r = 0; r < t->rows; r++, s += NR) {
    float *c = at->c + r * t->ldc;
    vf x0 = vf_load(s), x1 = t->cols > VF ? vf_load(s + VF) : vf_zero();
    if (t->accumulate) {
      x0 = vf_add(vf_load_m(c, m0), x0);
      if (t->cols > VF) x1 = vf_add(vf_load_m(c + VF, m1), x1);
    }
    if (at->add) {
      const float *add = at->add + r * t->ldc;
      x0 = vf_add(x0, vf_load_m(add, m0));
      if (t->cols > VF) x1 = vf_add(x1, vf_load_m(add + VF, m1));
    }
    vf_store_m(c, m0, clamp(&f, x0));
    if (t->cols > VF) vf_store_m(c + VF, m1, clamp(&f, x1));
  }
}

/* clang-format off: macros of statements */
/* A line of C that will be written, then those of what is added: asked for while the tile computes.
 * Without it results that L2 does not hold cost up to a tenth more. */
#define SOON(p) __asm__ volatile("prefetchw %0" : : "m"(*(const char *)(p)))
#define DECLARE(r) vf c##r##0 = from.left, c##r##1 = from.right;
#define POINT(r) const float *a##r = a[r];
#define STEP(r)                       \
  {                                   \
    vf x = vf_set1(a##r[k]);          \
    c##r##0 = vf_fma(x, b0, c##r##0); \
    c##r##1 = vf_fma(x, b1, c##r##1); \
  }
#define PUT(r)                          \
  vf_store(c, clamp(&f, c##r##0));      \
  vf_store(c + VF, clamp(&f, c##r##1)); \
  c += t->ldc;
#define PUT_SUM(r)                                                 \
  vf_store(c, clamp(&f, vf_add(c##r##0, vf_load(add))));           \
  vf_store(c + VF, clamp(&f, vf_add(c##r##1, vf_load(add + VF)))); \
  c += t->ldc, add += t->ldc;
#define SPILL(r) vf_store(s + (r) * NR, c##r##0), vf_store(s + (r) * NR + VF, c##r##1);
#define FINISH(ROWS)                                                     \
  const float *add = t->accumulate ? at.c : at.add;                      \
  if (t->cols == NR && !(t->accumulate && at.add)) {                     \
    const bounds f = bounds_of(t);                                       \
    float *c = at.c;                                                     \
    if (add) {                                                           \
      REP_##ROWS(PUT_SUM)                                                \
    } else {                                                             \
      REP_##ROWS(PUT)                                                    \
    }                                                                    \
  } else {                                                               \
    float s[(ROWS) * NR];                                                \
    REP_##ROWS(SPILL)                                                    \
    finish_rows(t, &(const place){at.number, at.b, at.c, at.bias, at.add}, s); \
  }
#define TILE(ROWS)                                                                       \
  static void tile_##ROWS(const tarn_tile *t) {                                          \
    place at = first_place(t);                                                           \
    do {                                                                                 \
      const start from = start_of(t, at.bias);                                           \
      REP_##ROWS(DECLARE)                                                                \
      const packed *b = at.b;                                                            \
      const float *const *a = t->a;                                                      \
      const char *wanted = ahead_of(t, &at), *ahead = wanted ? wanted : (const char *)b; \
      const int64_t ahead_step = wanted ? t->ahead_step : 0;                             \
      const char *line = (const char *)at.c;                                             \
      const char *then = (const char *)(at.add ? at.add : at.c);                         \
      int64_t line_step = t->ldc * (int64_t)sizeof(float);                               \
      for (int64_t tap = 0; tap < t->taps; tap++, a += t->a_stride) {                    \
        REP_##ROWS(POINT)                                                                \
        for (int64_t k = 0; k < t->depth; k++, b += NR, ahead += ahead_step) {           \
          _mm_prefetch(ahead, _MM_HINT_T1);                                              \
          SOON(line);                                                                    \
          SOON(line + NR * 2);                                                           \
          line = k + 1 == ROWS ? then : line + (k < 2 * ROWS ? line_step : 0);           \
          vf b0 = LEFT(b), b1 = RIGHT(b);                                                \
          _mm_prefetch((const char *)b + PREFETCH, _MM_HINT_T0);                         \
          if (NR * sizeof(packed) > 64)                                                  \
            _mm_prefetch((const char *)b + PREFETCH + 64, _MM_HINT_T0);                  \
          REP_##ROWS(STEP)                                                               \
        }                                                                                \
      }                                                                                  \
      FINISH(ROWS)                                                                       \
    } while (next_place(t, &at));                                                        \
  }

/* One and two rows: bound by reading B, so no prefetch (one stream is what the hardware expects),
 * and several k at once, as two or four chains of additions would wait for one another. */
static void tile_1(const tarn_tile *t) {
  place at = first_place(t);
  do {
    const start from = start_of(t, at.bias);
    vf c00 = from.left, c01 = from.right, c10 = vf_zero(), c11 = vf_zero();
    vf c20 = vf_zero(), c21 = vf_zero(), c30 = vf_zero(), c31 = vf_zero();
    const packed *b = at.b;
    for (int64_t tap = 0; tap < t->taps; tap++) {
      const float *a = t->a[tap * t->a_stride];
      int64_t k = 0;
      for (; k + 4 <= t->depth; k += 4, b += 4 * NR) {
        vf x0 = vf_set1(a[k]), x1 = vf_set1(a[k + 1]);
        vf x2 = vf_set1(a[k + 2]), x3 = vf_set1(a[k + 3]);
        c00 = vf_fma(x0, LEFT(b), c00);
        c01 = vf_fma(x0, RIGHT(b), c01);
        c10 = vf_fma(x1, LEFT(b + NR), c10);
        c11 = vf_fma(x1, RIGHT(b + NR), c11);
        c20 = vf_fma(x2, LEFT(b + 2 * NR), c20);
        c21 = vf_fma(x2, RIGHT(b + 2 * NR), c21);
        c30 = vf_fma(x3, LEFT(b + 3 * NR), c30);
        c31 = vf_fma(x3, RIGHT(b + 3 * NR), c31);
      }
      for (; k < t->depth; k++, b += NR) {
        vf x = vf_set1(a[k]);
        c00 = vf_fma(x, LEFT(b), c00);
        c01 = vf_fma(x, RIGHT(b), c01);
      }
    }
    c00 = vf_add(vf_add(c00, c10), vf_add(c20, c30));
    c01 = vf_add(vf_add(c01, c11), vf_add(c21, c31));
    FINISH(1)
  } while (next_place(t, &at));
}

static void tile_2(const tarn_tile *t) {
  place at = first_place(t);
  do {
    const start from = start_of(t, at.bias);
    vf c00 = from.left, c01 = from.right, c10 = from.left, c11 = from.right;
    vf d00 = vf_zero(), d01 = vf_zero(), d10 = vf_zero(), d11 = vf_zero();
    const packed *b = at.b;
    for (int64_t tap = 0; tap < t->taps; tap++) {
      const float *a0 = t->a[tap * t->a_stride], *a1 = t->a[tap * t->a_stride + 1];
      int64_t k = 0;
      for (; k + 2 <= t->depth; k += 2, b += 2 * NR) {
        vf b0 = LEFT(b), b1 = RIGHT(b), e0 = LEFT(b + NR), e1 = RIGHT(b + NR);
        vf x = vf_set1(a0[k]), y = vf_set1(a1[k]);
        c00 = vf_fma(x, b0, c00);
        c01 = vf_fma(x, b1, c01);
        c10 = vf_fma(y, b0, c10);
        c11 = vf_fma(y, b1, c11);
        x = vf_set1(a0[k + 1]), y = vf_set1(a1[k + 1]);
        d00 = vf_fma(x, e0, d00);
        d01 = vf_fma(x, e1, d01);
        d10 = vf_fma(y, e0, d10);
        d11 = vf_fma(y, e1, d11);
      }
      for (; k < t->depth; k++, b += NR) {
        vf b0 = LEFT(b), b1 = RIGHT(b), x = vf_set1(a0[k]), y = vf_set1(a1[k]);
        c00 = vf_fma(x, b0, c00);
        c01 = vf_fma(x, b1, c01);
        c10 = vf_fma(y, b0, c10);
        c11 = vf_fma(y, b1, c11);
      }
    }
    c00 = vf_add(c00, d00), c01 = vf_add(c01, d01), c10 = vf_add(c10, d10), c11 = vf_add(c11, d11);
    FINISH(2)
  } while (next_place(t, &at));
}

TILE(3) TILE(4) TILE(5) TILE(6)
#if VF == 16
TILE(7) TILE(8) TILE(9) TILE(10) TILE(11) TILE(12) TILE(13) TILE(14)
#define TILE_ROWS 14
#else
#define TILE_ROWS 6
#endif

/* The same for panels of at most one vector of columns (the last one, or a layer with few
 * channels). Of bfloat16 these go as whole ones with columns of zeros. */
#ifndef PACKED_BF16
#define DECLARE_HALF(r) vf c##r##0 = from.left;
#define STEP_HALF(r) c##r##0 = vf_fma(vf_set1(a##r[k]), b0, c##r##0);
#define SPILL_HALF(r) vf_store(s + (r) * NR, c##r##0);
#define HALF_TILE(ROWS)                                              \
  static void half_tile_##ROWS(const tarn_tile *t) {                 \
    const place at = first_place(t);                                 \
    const start from = start_of(t, at.bias);                         \
    REP_##ROWS(DECLARE_HALF)                                         \
    const packed *b = t->b;                                          \
    const float *const *a = t->a;                                    \
    for (int64_t tap = 0; tap < t->taps; tap++, a += t->a_stride) {  \
      REP_##ROWS(POINT)                                              \
      for (int64_t k = 0; k < t->depth; k++, b += NR) {              \
        vf b0 = LEFT(b);                                             \
        REP_##ROWS(STEP_HALF)                                        \
      }                                                              \
    }                                                                \
    float s[(ROWS) * NR];                                            \
    REP_##ROWS(SPILL_HALF)                                           \
    finish_rows(t, &at, s);                                          \
  }
HALF_TILE(3) HALF_TILE(4) HALF_TILE(5) HALF_TILE(6)
#if VF == 16
HALF_TILE(7) HALF_TILE(8) HALF_TILE(9) HALF_TILE(10)
HALF_TILE(11) HALF_TILE(12) HALF_TILE(13) HALF_TILE(14)
#endif
#endif

static void tile(const tarn_tile *t) {
  static void (*const by_rows[])(const tarn_tile *) = {
    tile_1, tile_2, tile_3, tile_4, tile_5, tile_6,
#if VF == 16
    tile_7, tile_8, tile_9, tile_10, tile_11, tile_12, tile_13, tile_14,
#endif
  };
#ifndef PACKED_BF16
  static void (*const half_by_rows[])(const tarn_tile *) = {
    tile_1, tile_2, half_tile_3, half_tile_4, half_tile_5, half_tile_6,
#if VF == 16
    half_tile_7, half_tile_8, half_tile_9, half_tile_10, half_tile_11, half_tile_12, half_tile_13,
    half_tile_14,
#endif
  };
  if (t->cols <= VF) {
    half_by_rows[t->rows - 1](t);
    return;
  }
#endif
  by_rows[t->rows - 1](t);
}
/* clang-format on */
