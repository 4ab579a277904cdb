/* Sines and arcs of one number without branches, as lanes.h. */
#ifndef TARN_KERNELS_CPU_SIMD_LANES_ANGLE_H
#define TARN_KERNELS_CPU_SIMD_LANES_ANGLE_H

#include "kernels/cpu/simd/lanes.h"

#include <stdbool.h>

#define LANE_PI 3.14159265358979323846
#define LANE_PI_2 1.57079632679489661923
#define LANE_PI_2_LOW 6.123233995736766036e-17
/* Beyond this the quarter turns are no longer taken off exactly enough: callers go to C's
 * library. */
#define LANE_MOST_RADIANS 1e6

/* sin(x + quarters pi/2) for |x| <= LANE_MOST_RADIANS, to the accuracy of a float: Cody and Waite's
 * reduction in two parts, then Taylor's series to the digits of a double. */
LANE_INLINE double lane_sine(double x, uint64_t quarters) {
  const double t = fma(x, 0.636619772367581343076, LANE_MAGIC), n = t - LANE_MAGIC;
  const double r = fma(n, -LANE_PI_2_LOW, fma(n, -LANE_PI_2, x)), z = r * r;
  const uint64_t turn = lane_bits(t) + quarters;
  double s = -1.0 / 1307674368000;
  s = fma(s, z, 1.0 / 6227020800);
  s = fma(s, z, -1.0 / 39916800);
  s = fma(s, z, 1.0 / 362880);
  s = fma(s, z, -1.0 / 5040);
  s = fma(s, z, 1.0 / 120);
  s = fma(s, z, -1.0 / 6);
  s = fma(s * z, r, r);
  double c = 1.0 / 20922789888000;
  c = fma(c, z, -1.0 / 87178291200);
  c = fma(c, z, 1.0 / 479001600);
  c = fma(c, z, -1.0 / 3628800);
  c = fma(c, z, 1.0 / 40320);
  c = fma(c, z, -1.0 / 720);
  c = fma(c, z, 1.0 / 24);
  c = fma(c, z, -0.5);
  c = fma(c, z, 1);
  const double y = turn & 1 ? c : s;
  return lane_from_bits(lane_bits(y) ^ (turn & 2) << 62);
}
static inline double lane_sin(double x) {
  const double y = lane_sine(x, 0);   /* not within the choice: that would become a jump */
  return x == 0 ? x : y;
}
static inline double lane_cos(double x) { return lane_sine(x, 1); }

/* The arc of a quotient in [0, 1]: S. Moshier's rational function (Cephes, atan.c), turned by pi/4
 * above 0.66. */
LANE_INLINE double lane_arc(double q) {
  const bool steep = q > 0.66;
  const double x = steep ? (q - 1) / (q + 1) : q, z = x * x;
  double p = -8.750608600031904122785e-1, d = z + 2.485846490142306297962e1;
  p = fma(p, z, -1.615753718733365076637e1);
  p = fma(p, z, -7.500855792314704667340e1);
  p = fma(p, z, -1.228866684490136173410e2);
  p = fma(p, z, -6.485021904942025371773e1);
  d = fma(d, z, 1.650270098316988542046e2);
  d = fma(d, z, 4.328810604912902668951e2);
  d = fma(d, z, 4.853903996359136964868e2);
  d = fma(d, z, 1.945506571482613964425e2);
  const double y = fma(x, z * p / d, x);
  return steep ? LANE_PI_2 / 2 + (y + LANE_PI_2_LOW / 2) : y;
}
static inline double lane_atan(double x) {
  const double size = fabs(x);
  const double a = lane_arc(size > 1 ? 1 / size : size);
  return copysign(size > 1 ? LANE_PI_2 - (a - LANE_PI_2_LOW) : a, x);
}
LANE_INLINE double lane_atan2(double y, double x) {
  const double up = fabs(y), along = fabs(x);
  const double less = up < along ? up : along, more = up < along ? along : up;
  const double q = more == 0 ? 0 : less == (double)INFINITY ? 1 : less / more;
  double a = lane_arc(q);
  a = up > along ? LANE_PI_2 - (a - LANE_PI_2_LOW) : a;
  a = lane_bits(x) >> 63 ? LANE_PI - (a - 2 * LANE_PI_2_LOW) : a;
  a = copysign(a, y);
  return x != x || y != y ? x + y : a;
}
/* In float, for loops that must keep up with memory: the polynomials of Cephes (sinf.c, asinf.c,
 * atanf.c). NaN beyond 1.
 *
 * sin(x + quarters pi/2) for |x| <= LANE_MOST_RADIANS_F: pi/2 in three parts, the first two with so
 * few bits that the multiples which occur are exact in a fused product. */
#define LANE_MOST_RADIANS_F 8192.0f
LANE_INLINE float lane_sine_f(float x, uint32_t quarters) {
  const float t = fmaf(x, 0.636619772367581343f, 0x1.8p23f), n = t - 0x1.8p23f;
  const float r = fmaf(n, -5.3903029534742383927e-15f,
                       fmaf(n, -7.5497894158615963534e-8f, fmaf(n, -1.57079625129699707031f, x)));
  const float z = r * r;
  const uint32_t turn = lane_bits_f(t) + quarters;
  float s = -1.9515295891e-4f;
  s = fmaf(s, z, 8.3321608736e-3f);
  s = fmaf(s, z, -1.6666654611e-1f);
  s = fmaf(s * z, r, r);
  float c = 2.443315711809948e-5f;
  c = fmaf(c, z, -1.388731625493765e-3f);
  c = fmaf(c, z, 4.166664568298827e-2f);
  c = fmaf(c, z, -0.5f);
  c = fmaf(c, z, 1);
  const float y = turn & 1 ? c : s;
  return lane_from_bits_f(lane_bits_f(y) ^ (turn & 2) << 30);
}
static inline float lane_sinf(float x) { return x == 0 ? x : lane_sine_f(x, 0); }
static inline float lane_cosf(float x) { return lane_sine_f(x, 1); }

static inline float lane_arc_sine_f(float r, float z) {   /* of r in [0, 1/2], z = r^2 */
  float p = 4.2163199048e-2f;
  p = fmaf(p, z, 2.4181311049e-2f);
  p = fmaf(p, z, 4.5470025998e-2f);
  p = fmaf(p, z, 7.4953002686e-2f);
  p = fmaf(p, z, 1.6666752422e-1f);
  return fmaf(p * z, r, r);
}
static inline float lane_asinf(float x) {
  const float size = fabsf(x);
  const bool steep = size > 0.5f;
  const float z = steep ? 0.5f * (1 - size) : size * size,
              a = lane_arc_sine_f(steep ? sqrtf(z) : size, z);
  return copysignf(steep ? (float)LANE_PI_2 - 2 * a : a, x);
}
static inline float lane_acosf(float x) {
  const float size = fabsf(x);
  const bool steep = size > 0.5f;
  const float z = steep ? 0.5f * (1 - size) : size * size,
              a = lane_arc_sine_f(steep ? sqrtf(z) : x, z);
  return !steep ? (float)LANE_PI_2 - a : x > 0 ? 2 * a : (float)LANE_PI - 2 * a;
}
static inline float lane_atanf(float x) {
  const float size = fabsf(x);
  const bool far = size > 2.414213562373095f, near = size <= 0.4142135623730950f;
  const float r = (near  ? size
                   : far ? -1.0f
                         : size - 1) /
                  (near  ? 1.0f
                   : far ? size
                         : size + 1),
              z = r * r;
  float p = 8.05374449538e-2f;
  p = fmaf(p, z, -1.38776856032e-1f);
  p = fmaf(p, z, 1.99777106478e-1f);
  p = fmaf(p, z, -3.33329491539e-1f);
  const float base = near ? 0.0f : far ? (float)LANE_PI_2 : (float)(LANE_PI_2 / 2);
  return copysignf(base + fmaf(p * z, r, r), x);
}
/* The polynomial of a quotient in [0, 1]: steep ones are turned by pi/4. */
LANE_INLINE float lane_arc_f(float q) {
  const bool steep = q > 0.4142135623730950f;
  const float r = steep ? (q - 1) / (q + 1) : q, z = r * r;
  float p = 8.05374449538e-2f;
  p = fmaf(p, z, -1.38776856032e-1f);
  p = fmaf(p, z, 1.99777106478e-1f);
  p = fmaf(p, z, -3.33329491539e-1f);
  return (steep ? (float)(LANE_PI_2 / 2) : 0.0f) + fmaf(p * z, r, r);
}
LANE_INLINE float lane_atan2f(float y, float x) {
  const float up = fabsf(y), along = fabsf(x);
  const float less = up < along ? up : along, more = up < along ? along : up;
  const float q = more == 0 ? 0 : less == (float)INFINITY ? 1 : less / more;
  float a = lane_arc_f(q);
  a = up > along ? (float)LANE_PI_2 - a : a;
  a = lane_bits_f(x) >> 31 ? (float)LANE_PI - a : a;
  a = copysignf(a, y);
  return x != x || y != y ? x + y : a;
}

#endif
