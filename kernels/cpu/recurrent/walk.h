/* The order in which a layer's rows come, for the kernels that take steps in blocks of time.
 *
 * What x gives to the gates is one product for a block of steps [s0, s1): its rows stand in a
 * buffer, in the order in which x has them where that is possible. Only rows that are walked
 * backwards from ends of their own (reverse with lengths) have to be gathered. */
#ifndef TARN_KERNELS_CPU_RECURRENT_WALK_H
#define TARN_KERNELS_CPU_RECURRENT_WALK_H

#include "kernels/params/recurrent.h"

typedef struct tarn_walk {
  int64_t T, B, I;
  const float *x;
  const int64_t *length;   /* [B]; NULL: all have T */
  bool reverse;
  int64_t s0, s1;
} tarn_walk;

static inline bool tarn__walk_gathers(const tarn_walk *w) { return w->reverse && w->length; }

static inline int64_t tarn__walk_length(const tarn_walk *w, int64_t b) {
  return w->length ? w->length[b] : w->T;
}

/* The t of row b's step s. */
static inline int64_t tarn__walk_t(const tarn_walk *w, int64_t s, int64_t b) {
  return w->reverse ? tarn__walk_length(w, b) - 1 - s : s;
}

/* The least t of the block, where rows are not gathered. */
static inline int64_t tarn__walk_first(const tarn_walk *w) {
  return w->reverse ? w->T - w->s1 : w->s0;
}

/* Where the block's buffer has step s of row b. */
static inline int64_t tarn__walk_row(const tarn_walk *w, int64_t s, int64_t b) {
  const int64_t t = tarn__walk_t(w, s, b);
  const int64_t at = tarn__walk_gathers(w) ? s - w->s0 : t - tarn__walk_first(w);
  return at * w->B + b;
}

/* Rows of [first, end) that still run in step s: their numbers in rows; returns how many. */
static inline int tarn__walk_active(const tarn_walk *w, int64_t s, int64_t first, int64_t end,
                                    int64_t *rows) {
  int n = 0;
  for (int64_t b = first; b < end; b++)
    if (s < tarn__walk_length(w, b)) rows[n++] = b;
  return n;
}

/* For tarn_gemm's `point`: rows of x as the buffer has them; of one that has ended any will do. */
static inline void tarn__walk_point(const void *source, int64_t first, int rows, int mr,
                                    const float **pointers) {
  const tarn_walk *w = (const tarn_walk *)source;
  (void)mr;
  for (int r = 0; r < rows; r++) {
    const int64_t b = (first + r) % w->B, t = tarn__walk_t(w, w->s0 + (first + r) / w->B, b);
    pointers[r] = w->x + ((t < 0 ? 0 : t) * w->B + b) * w->I;
  }
}

#endif
