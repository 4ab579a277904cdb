/* Winograd's minimal filtering of squares: lines.body.h along both axes. The including
 * file defines OUT and FILTER, STRIDE where it is 2, and OUT_COLS where a square is wider than
 * high.
 *
 *   V[xi] = B' d B     xi in [0, XI): the places of a square, line by line */
#include <stdbool.h>

#include "kernels/cpu/simd/vec.h"

#ifndef STRIDE
#define STRIDE 1
#endif
#ifndef OUT_COLS
#define OUT_COLS OUT
#endif
#define AXIS rows
#define AXIS_OUT OUT
#include "kernels/cpu/conv2d/winograd/lines.body.h"
#define AXIS cols
#define AXIS_OUT OUT_COLS
#include "kernels/cpu/conv2d/winograd/lines.body.h"

enum { XI = rows_IN * cols_IN };

/* One vector of channels; whole: all of its lanes. */
static inline __attribute__((always_inline)) void square_vector(const float *const *from, int64_t c,
                                                                bool whole, vm m, float *v,
                                                                int64_t plane) {
  vf half[XI];
#pragma GCC unroll 9
  for (int j = 0; j < cols_IN; j++) {
    vf d[rows_IN];
#pragma GCC unroll 9
    for (int i = 0; i < rows_IN; i++) {
      const float *x = from[i * cols_IN + j] + c;
      d[i] = whole ? vf_load(x) : vf_load_m(x, m);
    }
    rows_input(d, 1, half + j, cols_IN);
  }
#pragma GCC unroll 9
  for (int i = 0; i < rows_IN; i++) {
    vf t[cols_IN];
    cols_input(half + i * cols_IN, 1, t, 1);
#pragma GCC unroll 9
    for (int j = 0; j < cols_IN; j++) vf_store(v + (i * cols_IN + j) * plane + c, t[j]);
  }
}

/* V of one square of C channels: from[XI] are its positions; v: its row in plane 0. */
static inline void square_input(const float *const *from, int64_t C, float *v, int64_t plane) {
  int64_t c = 0;
  for (; C - c >= VF; c += VF) square_vector(from, c, true, vm_first(VF), v, plane);
  if (c < C) square_vector(from, c, false, vm_first(C - c), v, plane);
}
