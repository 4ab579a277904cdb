/* Exponentials and logarithms of one number without branches or calls: a loop over them becomes
 * vectors under the flags of the avx2 and avx512 files, which alone may include this. Everything in
 * double; floats go through double and are rounded once, but for lane_expf and lane_expm1f, whose
 * loops must keep up with memory.
 *
 * NaN in, NaN out; infinities and signs of zero as C's functions have them; denormal arguments
 * count as 0, as everywhere in a run. Largest errors against C's library in long double: README.md.
 * exp is Cody and Waite's with Taylor's series, log is fdlibm's (e_log.c, Sun Microsystems
 * 1993). */
#ifndef TARN_KERNELS_CPU_SIMD_LANES_H
#define TARN_KERNELS_CPU_SIMD_LANES_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#define LANE_MAGIC 0x1.8p52 /* adding it rounds to an integer and leaves that in the low bits */
#define LANE_LN2_HIGH 6.93147180369123816490e-01
#define LANE_LN2_LOW 1.90821492927058770002e-10

/* For long functions that several loops use: a call would keep them from becoming vectors. */
#define LANE_INLINE static inline __attribute__((always_inline))

static inline uint64_t lane_bits(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}
static inline double lane_from_bits(uint64_t bits) {
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}
static inline uint32_t lane_bits_f(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}
static inline float lane_from_bits_f(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

/* exp(r) - 1 for |r| <= ln2 / 2: Taylor's series to r^13. */
static inline double lane_expm1_small(double r) {
  double p = 1.0 / 6227020800;
  p = fma(p, r, 1.0 / 479001600);
  p = fma(p, r, 1.0 / 39916800);
  p = fma(p, r, 1.0 / 3628800);
  p = fma(p, r, 1.0 / 362880);
  p = fma(p, r, 1.0 / 40320);
  p = fma(p, r, 1.0 / 5040);
  p = fma(p, r, 1.0 / 720);
  p = fma(p, r, 1.0 / 120);
  p = fma(p, r, 1.0 / 24);
  p = fma(p, r, 1.0 / 6);
  p = fma(p, r, 0.5);
  return fma(p * r, r, r);
}

/* x = n ln2 + r; *first and *second are powers of 2 whose product is 2^n, as 2^n itself may be no
 * double. */
static inline double lane_exp_split(double x, double *first, double *second) {
  const double t = fma(x, 1.44269504088896340736, LANE_MAGIC), n = t - LANE_MAGIC;
  const double h = fma(n, 0.5, LANE_MAGIC);
  const uint64_t bias = (uint64_t)1023 << 52;
  *first = lane_from_bits((lane_bits(h) << 52) + bias);
  *second = lane_from_bits(((lane_bits(t) - lane_bits(h)) << 52) + bias);
  return fma(n, -LANE_LN2_LOW, fma(n, -LANE_LN2_HIGH, x));
}

static inline double lane_exp(double x) {
  double c = x > 710 ? 710 : x, first, second;
  c = c < -746 ? -746 : c;
  const double r = lane_exp_split(c, &first, &second);
  return (lane_expm1_small(r) + 1) * first * second;
}

static inline double lane_expm1(double x) {
  double c = x > 710 ? 710 : x, first, second;
  c = c < -40 ? -40 : c;
  const double r = lane_exp_split(c, &first, &second), p = lane_expm1_small(r);
  /* 2^n p + (2^n - 1); halves of it where 2^n is no double. */
  const double half = first * 0.5 * second, y = fma(half, p, half - 0.5) * 2;
  return x == 0 ? x : half == 0.5 ? p : y;
}

static inline double lane_log(double x) {
  const uint64_t low = 0x3fe6a09e667f3bcdu, one = (uint64_t)1023 << 52;
  const uint64_t moved = lane_bits(x) + (one - low);   /* sqrt(1/2) at the bottom of each binade */
  const double k = lane_from_bits(moved >> 52 | 0x4330000000000000u) - (0x1p52 + 1023);
  const double f = lane_from_bits((moved & 0xfffffffffffffu) + low) - 1;
  const double s = f / (2 + f), z = s * s, w = z * z;
  const double odd = w * fma(w, fma(w, 1.531383769920937332e-01, 2.222219843214978396e-01),
                             3.999999999940941908e-01);
  const double even = z * fma(w, fma(w, fma(w, 1.479819860511658591e-01, 1.818357216161805012e-01),
                                     2.857142874366239149e-01), 6.666666666666735130e-01);
  const double half = 0.5 * f * f;
  double y = fma(k, LANE_LN2_HIGH, f - (half - (s * (half + (odd + even)) + k * LANE_LN2_LOW)));
  y = x < 0x1p-1022 ? (double)-INFINITY : y;
  y = x < 0 ? (double)NAN : y;
  return x < (double)INFINITY ? y : x;   /* infinity and NaN as they are */
}

static inline double lane_log1p(double x) {
  const double u = 1 + x, d = u - 1;
  /* What 1 + x rounded off, as a share of it. */
  const double lost = (x - d) / u, y = lane_log(u) + lost;
  return d == 0 ? x : u > 0 && u < (double)INFINITY ? y : lane_log(u);
}

static inline double lane_sigmoid(double x) { return 1 / (1 + lane_exp(-x)); }

/* With e = exp(2|x|) - 1: e / (e + 2). */
static inline double lane_tanh(double x) {
  const double size = fabs(x), e = lane_expm1(size > 20 ? 40 : 2 * size);
  return copysign(e / (e + 2), x);
}

/* (1/2) log((1 + |x|) / (1 - |x|)); beyond 1 the logarithm is NaN. */
static inline double lane_atanh(double x) {
  const double size = fabs(x);
  return copysign(0.5 * lane_log1p(2 * size / (1 - size)), x);
}

/* log(1 + exp(x)) */
static inline double lane_softplus(double x) {
  const double y = lane_log1p(lane_exp(-fabs(x)));
  return x > 0 ? x + y : x != x ? x : y;
}

/* In float: the polynomial of Cephes (expf.c). */
static inline float lane_expm1_small_f(float r) {
  float p = 1.9875691500e-4f;
  p = fmaf(p, r, 1.3981999507e-3f);
  p = fmaf(p, r, 8.3334519073e-3f);
  p = fmaf(p, r, 4.1665795894e-2f);
  p = fmaf(p, r, 1.6666665459e-1f);
  p = fmaf(p, r, 5.0000001201e-1f);
  return fmaf(p * r, r, r);
}
static inline float lane_exp_split_f(float x, float *first, float *second) {
  const float magic = 0x1.8p23f, t = fmaf(x, 1.44269504088896341f, magic), n = t - magic,
              h = fmaf(n, 0.5f, magic);
  const uint32_t bias = 127u << 23;
  *first = lane_from_bits_f((lane_bits_f(h) << 23) + bias);
  *second = lane_from_bits_f(((lane_bits_f(t) - lane_bits_f(h)) << 23) + bias);
  return fmaf(n, 2.12194440e-4f, fmaf(n, -0.693359375f, x));
}
static inline float lane_expf(float x) {
  float c = x > 89 ? 89 : x, first, second;
  c = c < -104 ? -104 : c;
  const float r = lane_exp_split_f(c, &first, &second);
  return (lane_expm1_small_f(r) + 1) * first * second;
}
static inline float lane_expm1f(float x) {
  float c = x > 89 ? 89 : x, first, second;
  c = c < -30 ? -30 : c;
  const float r = lane_exp_split_f(c, &first, &second), p = lane_expm1_small_f(r);
  const float half = first * 0.5f * second, y = fmaf(half, p, half - 0.5f) * 2;
  return x == 0 ? x : half == 0.5f ? p : y;
}
static inline float lane_tanhf(float x) {
  const float size = fabsf(x), e = lane_expm1f(size > 10 ? 20 : 2 * size);
  return copysignf(e / (e + 2), x);
}

#endif
