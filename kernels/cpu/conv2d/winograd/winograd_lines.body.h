/* The lines of Winograd's minimal filtering F(OUT, FILTER) of stride STRIDE, on vectors: what goes
 * through a square line by line and column by column. The including file defines OUT and FILTER (2
 * and 3, 4 and 3, 2 and 5) and STRIDE (2 with 2 and 3, else 1).
 *
 *   input_line     t = B' d, IN elements         output_line   y = A' m, OUT elements
 *   filter_matrix  G, in double                  gradient_line  z = A dy, IN elements: output_line
 * transposed (IN = 6)
 *
 * Interpolation points (0, +-sqrt(1/2), +-sqrt(2), infinity) for IN = 6: half the rounding error of
 * (0, +-1, +-2) at the same cost (Barabasz et al., "Error analysis and improving the accuracy of
 * Winograd convolution"); (0, +-1, infinity) for IN = 4. */
#include "kernels/cpu/simd/vec.h"

#ifndef STRIDE
#define STRIDE 1
#endif
enum { IN = (OUT - 1) * STRIDE + FILTER };
/* Lines of G: of the IN lines those of stride 2 from 3 on share one. */
enum { U_LINES = STRIDE == 2 ? IN - 1 : IN };

#if STRIDE == 2
static inline void input_line(vf d0, vf d1, vf d2, vf d3, vf d4, vf *t, int step) {
  t[0] = vf_sub(d0, d2);
  t[step] = d2;
  t[2 * step] = vf_sub(d2, d4);
  t[3 * step] = d1;
  t[4 * step] = d3;
}
static inline void output_line(vf m0, vf m1, vf m2, vf m3, vf m4, vf *y, int step) {
  y[0] = vf_add(vf_add(m0, m1), m3);
  y[step] = vf_add(vf_sub(m1, m2), m4);
}
static const double filter_matrix[U_LINES][3] = {{1, 0, 0}, {1, 0, 1}, {0, 0, 1}, {0, 1, 0}};
#define LINE(x, start, step)                                                       \
  x[start], x[(start) + (step)], x[(start) + 2 * (step)], x[(start) + 3 * (step)], \
      x[(start) + 4 * (step)]
#elif OUT + FILTER == 7
#define R_HALF 0.70710678118654752f   /* sqrt(1/2) */
#define R_TWO 1.41421356237309505f    /* sqrt(2) */

/* x[j][p_j] of the polynomials through the other points: one row or column of B'. */
static inline void input_line(vf d0, vf d1, vf d2, vf d3, vf d4, vf d5, vf *t, int step) {
  vf half = vf_set1(R_HALF), two = vf_set1(R_TWO);
  vf even_a = vf_fnma(vf_set1(2.0f), d2, d4), odd_a = vf_fnma(two, d1, vf_mul(half, d3));
  vf even_b = vf_fnma(vf_set1(0.5f), d2, d4), odd_b = vf_fnma(half, d1, vf_mul(two, d3));
  t[0] = vf_add(vf_fnma(vf_set1(2.5f), d2, d0), d4);
  t[step] = vf_add(even_a, odd_a);
  t[2 * step] = vf_sub(even_a, odd_a);
  t[3 * step] = vf_add(even_b, odd_b);
  t[4 * step] = vf_sub(even_b, odd_b);
  t[5 * step] = vf_add(vf_fnma(vf_set1(2.5f), d3, d1), d5);
}
/* One row or column of A': powers of the points; G: row j is (1, p, p^2 ..) / prod_{k != j} (p_j -
 * p_k). */
#if OUT == 4
static inline void output_line(vf m0, vf m1, vf m2, vf m3, vf m4, vf m5, vf *y, int step) {
  vf sum_a = vf_add(m1, m2), dif_a = vf_sub(m1, m2), sum_b = vf_add(m3, m4), dif_b = vf_sub(m3, m4);
  y[0] = vf_add(vf_add(m0, sum_a), sum_b);
  y[step] = vf_fma(vf_set1(R_HALF), dif_a, vf_mul(vf_set1(R_TWO), dif_b));
  y[2 * step] = vf_fma(vf_set1(0.5f), sum_a, vf_mul(vf_set1(2.0f), sum_b));
  y[3 * step] =
      vf_add(vf_fma(vf_set1(0.5f * R_HALF), dif_a, vf_mul(vf_set1(2.0f * R_TWO), dif_b)), m5);
}
static inline void gradient_line(const vf *d, int from, vf *z, int step) {
  const vf d0 = d[0], d1 = d[from], d2 = d[2 * from], d3 = d[3 * from];
  const vf even_a = vf_fma(vf_set1(0.5f), d2, d0),
           odd_a = vf_fma(vf_set1(0.5f * R_HALF), d3, vf_mul(vf_set1(R_HALF), d1));
  const vf even_b = vf_fma(vf_set1(2.0f), d2, d0),
           odd_b = vf_fma(vf_set1(2.0f * R_TWO), d3, vf_mul(vf_set1(R_TWO), d1));
  z[0] = d0;
  z[step] = vf_add(even_a, odd_a);
  z[2 * step] = vf_sub(even_a, odd_a);
  z[3 * step] = vf_add(even_b, odd_b);
  z[4 * step] = vf_sub(even_b, odd_b);
  z[5 * step] = d3;
}
static const double filter_matrix[IN][3] = {
  {1, 0, 0},
  {-1 / 1.5, -0.70710678118654752440 / 1.5, -0.5 / 1.5},
  {-1 / 1.5, 0.70710678118654752440 / 1.5, -0.5 / 1.5},
  {1 / 6.0, 1.41421356237309504880 / 6.0, 2 / 6.0},
  {1 / 6.0, -1.41421356237309504880 / 6.0, 2 / 6.0},
  {0, 0, 1},
};
#else
static inline void output_line(vf m0, vf m1, vf m2, vf m3, vf m4, vf m5, vf *y, int step) {
  vf dif_a = vf_sub(m1, m2), dif_b = vf_sub(m3, m4);
  y[0] = vf_add(vf_add(m0, vf_add(m1, m2)), vf_add(m3, m4));
  y[step] = vf_add(vf_fma(vf_set1(R_HALF), dif_a, vf_mul(vf_set1(R_TWO), dif_b)), m5);
}
static inline void gradient_line(const vf *d, int from, vf *z, int step) {
  const vf d0 = d[0], d1 = d[from], half = vf_mul(vf_set1(R_HALF), d1),
           two = vf_mul(vf_set1(R_TWO), d1);
  z[0] = d0;
  z[step] = vf_add(d0, half);
  z[2 * step] = vf_sub(d0, half);
  z[3 * step] = vf_add(d0, two);
  z[4 * step] = vf_sub(d0, two);
  z[5 * step] = d1;
}
#define HALF_POINT(r) {-1 / 1.5, -(r) / 1.5, -0.5 / 1.5, -0.5 * (r) / 1.5, -0.25 / 1.5}
#define TWO_POINT(r) {1 / 6.0, (r) / 6.0, 2 / 6.0, 2 * (r) / 6.0, 4 / 6.0}
static const double filter_matrix[IN][5] = {
  {1, 0, 0, 0, 0},
  HALF_POINT(0.70710678118654752440),
  HALF_POINT(-0.70710678118654752440),
  TWO_POINT(1.41421356237309504880),
  TWO_POINT(-1.41421356237309504880),
  {0, 0, 0, 0, 1},
};
#undef HALF_POINT
#undef TWO_POINT
#endif
#define LINE(x, start, step)                                                       \
  x[start], x[(start) + (step)], x[(start) + 2 * (step)], x[(start) + 3 * (step)], \
      x[(start) + 4 * (step)], x[(start) + 5 * (step)]
#else
static inline void input_line(vf d0, vf d1, vf d2, vf d3, vf *t, int step) {
  t[0] = vf_sub(d0, d2);
  t[step] = vf_add(d2, d1);
  t[2 * step] = vf_sub(d2, d1);
  t[3 * step] = vf_sub(d3, d1);
}
static inline void output_line(vf m0, vf m1, vf m2, vf m3, vf *y, int step) {
  y[0] = vf_add(m0, vf_add(m1, m2));
  y[step] = vf_add(vf_sub(m1, m2), m3);
}
static const double filter_matrix[IN][3] = {
    {1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}};
#define LINE(x, start, step) \
  x[start], x[(start) + (step)], x[(start) + 2 * (step)], x[(start) + 3 * (step)]
#endif
