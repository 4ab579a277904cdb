/* Sums of outer products in registers, for AVX2 and AVX-512: up to 14 (6) rows by two vectors of
 * columns.
 *
 * Both factors are read as they lie: of each position a few neighbouring elements of x by
 * broadcast, two vectors of dy. Meanwhile the lines of dw are asked for, and what is wanted next.
 */
#include <stdbool.h>

#include "kernels/cpu/gemm/repeat.h"
#include "kernels/cpu/simd/vec.h"

#define COLS (2 * VF)
#if VF == 16
#define EACH_ROWS(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14)
enum { MAX_ROWS = 14 };
#else
#define EACH_ROWS(X) X(1) X(2) X(3) X(4) X(5) X(6)
enum { MAX_ROWS = 6 };
#endif

/* Outputs of a line that a tile sums: x and dy of the first. */
typedef struct line {
  const float *x, *dy;
} line;

/* dw[r, j] (+)= sum over the lines' outputs of x[r] dy[j]. */
typedef struct tile {
  const line *lines;
  int64_t count, outputs, x_step, dy_step;
  float *dw;
  int64_t ld;
  int cols;                      /* 1..COLS */
  bool first;                    /* dw is not read */
  bool past; /* whole tiles are written past the caches: dw and ld are whole vectors, and dw is not
                read */
  /* Asked for into L2: a line at each output, ahead_step bytes on. NULL: nothing. */
  const char *ahead;
  int64_t ahead_step;
} tile;

#if VF == 16
#define PAST _mm512_stream_ps
#else
#define PAST _mm256_stream_ps
#endif
#define DECLARE(r) vf c##r##0 = vf_zero(), c##r##1 = vf_zero();
#define STEP(r)                       \
  {                                   \
    const vf v = vf_set1(x[r]);       \
    c##r##0 = vf_fma(v, b0, c##r##0); \
    c##r##1 = vf_fma(v, b1, c##r##1); \
  }
#define FINISH(r)                                                          \
  {                                                                        \
    float *to = t->dw + (r) * t->ld;                                       \
    if (t->past) {                                                         \
      PAST(to, c##r##0);                                                   \
      PAST(to + VF, c##r##1);                                              \
    } else {                                                               \
      if (!t->first) {                                                     \
        c##r##0 = vf_add(vf_load(to), c##r##0);                            \
        c##r##1 = vf_add(vf_load_m(to + VF, m), c##r##1);                  \
      }                                                                    \
      vf_store(to, c##r##0);                                               \
      vf_store_m(to + VF, m, c##r##1);                                     \
    }                                                                      \
  }
#define DECLARE_HALF(r) vf c##r##0 = vf_zero();
#define STEP_HALF(r) c##r##0 = vf_fma(vf_set1(x[r]), b0, c##r##0);
#define FINISH_HALF(r)                                                     \
  {                                                                        \
    float *to = t->dw + (r) * t->ld;                                       \
    if (!t->first) c##r##0 = vf_add(vf_load_m(to, m), c##r##0);            \
    vf_store_m(to, m, c##r##0);                                            \
  }
/* `wanted`: a row of dw that will be written, one at each of the first outputs. */
#define EACH_OUTPUT(ROWS)                                                        \
  const char *wanted = t->past ? (const char *)t : (const char *)t->dw;          \
  const char *ahead = t->ahead ? t->ahead : (const char *)t;                     \
  const int64_t row_step = t->past ? 0 : t->ld * (int64_t)sizeof(float);         \
  const int64_t ahead_step = t->ahead ? t->ahead_step : 0;                       \
  int64_t more = (ROWS)-1;                                                       \
  for (const line *l = t->lines; l < t->lines + t->count; l++) {                 \
    const float *x = l->x, *dy = l->dy;                                          \
    for (int64_t o = 0; o < t->outputs; o++, x += t->x_step, dy += t->dy_step) { \
      __asm__ volatile("prefetchw %0" : : "m"(*wanted));                         \
      __asm__ volatile("prefetchw %0" : : "m"(wanted[VF * sizeof(float)]));      \
      _mm_prefetch(ahead, _MM_HINT_T1);                                          \
      wanted += more-- > 0 ? row_step : 0;                                       \
      ahead += ahead_step;
#define TILE(ROWS)                                                                               \
  static void tile_##ROWS(const tile *t) {                                                       \
    const vm m = vm_first(t->cols - VF);                                                         \
    REP_##ROWS(DECLARE) EACH_OUTPUT(ROWS) const vf b0 = vf_load(dy), b1 = vf_load_m(dy + VF, m); \
    REP_##ROWS(STEP)                                                                             \
  }                                                                                              \
  }                                                                                              \
  REP_##ROWS(FINISH)                                                                             \
  }                                                                                              \
  static void half_tile_##ROWS(const tile *t) {                                                  \
    const vm m = vm_first(t->cols);                                                              \
    REP_##ROWS(DECLARE_HALF) EACH_OUTPUT(ROWS) const vf b0 = vf_load_m(dy, m);                   \
    REP_##ROWS(STEP_HALF)                                                                        \
  }                                                                                              \
  }                                                                                              \
  REP_##ROWS(FINISH_HALF)                                                                        \
  }
EACH_ROWS(TILE)

static void tile_run(const tile *t, int rows) {
#define NAME(ROWS) tile_##ROWS,
#define HALF_NAME(ROWS) half_tile_##ROWS,
  static void (*const whole[])(const tile *) = {EACH_ROWS(NAME)},
                                          (*const half[])(const tile *) = {EACH_ROWS(HALF_NAME)};
#undef NAME
#undef HALF_NAME
  if (t->cols > VF) whole[rows - 1](t);
  else half[rows - 1](t);
}
