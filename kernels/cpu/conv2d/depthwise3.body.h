/* Rows of a 3x3 depthwise convolution, stride 1 or 2, at most one column of padding a side;
 * compiled per target.
 *
 *   for a block of Q output columns                 the last one overlaps the one before where Q
 * does not divide for a vector of channels                      neighbours in memory: streams that
 * the hardware reads ahead R x Q accumulators and 9 weights            AVX-512: 2 x 7 + 9 of 32
 * registers, AVX2: 1 x 4 + 9 of 16 for each input vector under the block: one load, up to 9
 * multiply-adds
 *
 * 4 x 9 loads for 126 multiply-adds (stride 1, AVX-512): bound by multiplication in L1, elsewhere
 * by reading x. Padding is a pointer: to a vector of zeros for a column, to a row of zeros for a
 * row. */
#ifndef TARN_KERNELS_CPU_CONV2D_DEPTHWISE3_BODY_H
#define TARN_KERNELS_CPU_CONV2D_DEPTHWISE3_BODY_H

#include "kernels/cpu/conv2d/depthwise3.h"

#define INLINE static inline __attribute__((always_inline))

INLINE vf depthwise3_load(const float *p, vm m, const bool whole) {
  return whole ? vf_load(p) : vf_load_m(p, m);
}

/* R rows of one block: columns o.. of channels c.. . */
INLINE void depthwise3_block(const int R, const int S, const bool whole, const depthwise3 *d,
                             const float *const *x, float *const *y, const float *const *add,
                             int64_t o, int64_t c, vm m) {
  enum { Q = DEPTHWISE3_COLS };
  const int64_t C = d->C, j0 = o * S - d->pad_left;
  const int columns = (Q - 1) * S + 3;
  const bool left = j0 < 0, right = j0 + columns > d->W;
  vf w[9], s[DEPTHWISE3_ROWS * Q];
#pragma GCC unroll 9
  for (int t = 0; t < 9; t++) w[t] = depthwise3_load(d->w + t * C + c, m, whole);
  vf bias = d->bias ? depthwise3_load(d->bias + c, m, whole) : vf_zero();
#pragma GCC unroll 16
  for (int k = 0; k < R * Q; k++) s[k] = bias;
#pragma GCC unroll 8
  for (int i = 0; i < (R - 1) * S + 3; i++) {
    const float *row = x[i];
    const float *first = left ? d->zero : row + j0 * C + c;
    const float *last = right ? d->zero : row + (j0 + columns - 1) * C + c;
    const float *at = row + (j0 + 1) * C + c;
#pragma GCC unroll 16
    for (int j = 0; j < columns; j++) {
      vf v = depthwise3_load(j == 0 ? first : j == columns - 1 ? last : at, m, whole);
      if (j) at += C;
#pragma GCC unroll 2
      for (int r = 0; r < R; r++)
#pragma GCC unroll 7
        for (int q = 0; q < Q; q++) {
          const int kh = i - r * S, kw = j - q * S;
          if (kh >= 0 && kh < 3 && kw >= 0 && kw < 3)
            s[r * Q + q] = vf_fma(v, w[kh * 3 + kw], s[r * Q + q]);
        }
    }
  }
#pragma GCC unroll 2
  for (int r = 0; r < R; r++)
#pragma GCC unroll 7
    for (int q = 0; q < Q; q++) {
      vf t = s[r * Q + q];
      const int64_t at = (o + q) * C + c;
      if (add) t = vf_add(t, vf_load_m(add[r] + at, m));
      if (d->activation != TARN_ACT_NONE) t = vf_max(vf_zero(), t);
      if (d->activation == TARN_ACT_RELU6) t = vf_min(vf_set1(6.0f), t);
      if (whole) vf_store(y[r] + at, t);
      else vf_store_m(y[r] + at, m, t);
    }
}

INLINE void depthwise3_walk(const int R, const int S, const depthwise3 *d, const float *const *x,
                            float *const *y, const float *const *add) {
  for (int64_t o = 0; o < d->OW; o += DEPTHWISE3_COLS) {
    if (o > d->OW - DEPTHWISE3_COLS) o = d->OW - DEPTHWISE3_COLS;
    int64_t c = 0;
    for (; c + VF <= d->C; c += VF) depthwise3_block(R, S, true, d, x, y, add, o, c, vm_first(VF));
    /* The rest a row at a time: half as much code, which few nets run. */
    for (int r = 0; r < R && c < d->C; r++)
      depthwise3_block(1, S, false, d, x + r * S, y + r, add ? add + r : NULL, o, c,
                       vm_first(d->C - c));
  }
}

void depthwise3_rows(const depthwise3 *d, int rows, const float *const *x, float *const *y,
                     const float *const *add) {
#if VF == 16
  if (rows == 2) {
    if (d->stride == 1) depthwise3_walk(2, 1, d, x, y, add);
    else depthwise3_walk(2, 2, d, x, y, add);
    return;
  }
#endif
  (void)rows;
  if (d->stride == 1) depthwise3_walk(1, 1, d, x, y, add);
  else depthwise3_walk(1, 2, d, x, y, add);
}

#undef INLINE
#endif
