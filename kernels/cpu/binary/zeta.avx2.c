/* Hurwitz's zeta of floats in vectors made by the compiler. The sum of (q + k)^-x: TERMS terms,
 * then Euler and Maclaurin's formula for the rest (DLMF 25.11.5), in double, to the accuracy of a
 * float: see kernels/cpu/special/gamma.c. A block with arguments outside of x > 1 and q > 0, or so
 * large that the powers leave double's range, goes there whole. */
#include "kernels/cpu/binary/binary.h"
#include "kernels/cpu/simd/lanes.h"
#include "kernels/cpu/special/special.h"

enum { BLOCK = 64, TERMS = 8 };

static inline double term(double x, double q) { return lane_exp(-x * lane_log(q)); }

/* x: a whole block; q likewise. */
static void sums(const double *x, const double *q, float *y) {
  static const double bernoulli[] = {1.0 / 12, -1.0 / 720, 1.0 / 30240, -1.0 / 1209600,
                                     1.0 / 47900160}; /* B_2k / (2k)! */
  double sum[BLOCK] = {0}, power[BLOCK];
  for (int k = 0; k <= TERMS; k++) {
    TARN_EACH_LANE
    for (int i = 0; i < BLOCK; i++) {
      power[i] = term(x[i], q[i] + k);
      sum[i] += k < TERMS ? power[i] : power[i] / 2;
    }
  }
  TARN_EACH_LANE
  for (int i = 0; i < BLOCK; i++) {
    const double a = q[i] + TERMS, less = 1 / (a * a);
    double rest = power[i] * a / (x[i] - 1), factor = power[i] * x[i] / a;
    for (int k = 0; k < 5; k++) {
      rest += bernoulli[k] * factor;
      factor *= (x[i] + 2 * k + 1) * (x[i] + 2 * k + 2) * less;
    }
    y[i] = (float)(sum[i] + rest);
  }
}

static bool loop(const void *a_from, int64_t a_step, const void *b_from, int64_t b_step, void *to,
                 int64_t all) {
  const float *xs = a_from, *qs = b_from;
  float *ys = to;
  for (int64_t at = 0; at < all; at += BLOCK) {
    const int64_t n = all - at < BLOCK ? all - at : BLOCK;
    double x[BLOCK], q[BLOCK];
    float y[BLOCK];
    bool near = true;
    for (int64_t i = 0; i < BLOCK; i++) {
      const int64_t from = at + (i < n ? i : 0);
      x[i] = (double)xs[from * a_step];
      q[i] = (double)qs[from * b_step];
      near &= (x[i] > 1.001) & (x[i] < 30) & (q[i] > 1e-9) & (q[i] < 1e9);
    }
    if (near) sums(x, q, y);
    for (int64_t i = 0; i < n; i++) ys[at + i] = near ? y[i] : (float)tarn__zeta(x[i], q[i]);
  }
  return true;
}

static tarn_status run(const tarn_call *call) { return tarn__binary_run(call, loop, NULL); }

const tarn_kernel tarn_kernels_binary_zeta_avx2[] = {
  {.op = "Zeta", .dtypes = TARN_BIT(TARN_F32), .run = run},
  {0},
};
