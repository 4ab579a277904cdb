/* Functions of complex64 in vectors made by the compiler: pairs of floats, computed in double and
 * rounded once, so that no square overflows and no digits cancel. Numbers for which C has rules of
 * its own (infinities, NaN, and those that the short formulas do not reach) send their block to C's
 * library whole. */
#include "kernels/cpu/simd/lanes_angle.h"
#include "kernels/cpu/unary/unary.h"

enum { BLOCK = 256 };

typedef struct pair {
  double re, im;
} pair;

static inline double norm(pair z) { return fma(z.re, z.re, z.im * z.im); }

static inline pair of_Exp(pair z) {
  const double size = lane_exp(z.re);
  const double re = lane_cos(z.im), im = lane_sin(z.im);
  return (pair){size * re, size * im};
}
static inline pair of_Reciprocal(pair z) {
  const double n = norm(z);
  return (pair){fma(0.0, z.im, z.re) / n, (0.0 * z.re - z.im) / n};
}
static inline pair of_Sigmoid(pair z) {
  const pair e = of_Exp((pair){-z.re, -z.im});
  return of_Reciprocal((pair){1 + e.re, e.im});
}
/* The root of the real part's size; the other part from twice the product of both. */
static inline pair of_Sqrt(pair z) {
  const double root = sqrt(0.5 * (sqrt(norm(z)) + fabs(z.re))),
               other = root == 0 ? z.im : z.im / (2 * root);
  return z.re < 0 ? (pair){fabs(other), copysign(root, z.im)} : (pair){root, other};
}
/* log|z| from |z|^2, or, near 1, from |z|^2 - 1 = (a - 1)(a + 1) + b^2, whose terms are exact. */
static inline pair of_Log(pair z) {
  const double re = fabs(z.re), im = fabs(z.im), a = re > im ? re : im, b = re > im ? im : re;
  const double square = norm(z), more = fma(a - 1, a + 1, b * b);
  const bool near = square > 0.5 && square < 2;
  const double whole = near ? 1 + more : square, lost = near ? (more - (whole - 1)) / whole : 0;
  return (pair){0.5 * (lane_log(whole) + lost), lane_atan2(z.im, z.re)};
}

/* C's own, for the blocks that need it. */
static float _Complex c_Exp(float _Complex z) { return cexpf(z); }
static float _Complex c_Reciprocal(float _Complex z) { return 1 / z; }
static float _Complex c_Sigmoid(float _Complex z) { return 1 / (1 + cexpf(-z)); }
static float _Complex c_Sqrt(float _Complex z) { return csqrtf(z); }
static float _Complex c_Log(float _Complex z) { return clogf(z); }
static float c_ComplexAbs(float _Complex z) { return cabsf(z); }
static float _Complex c_Square(float _Complex z) { return z * z; }

/* (name, what the short formula does) */
#define FINITE(z) (fabs(z.re) < (double)INFINITY && fabs(z.im) < (double)INFINITY)
#define TURNS(z) (fabs(z.re) < 300 && fabs(z.im) <= LANE_MOST_RADIANS)
#define LIST(X)                              \
  X(Exp, TURNS(z))                           \
  X(Sigmoid, TURNS(z))                       \
  X(Reciprocal, FINITE(z) && norm(z) > 0)    \
  X(Sqrt, FINITE(z))                         \
  X(Log, FINITE(z) && norm(z) > 0)

#define PAIR(xs, i) {(double)(xs)[2 * (i)], (double)(xs)[2 * (i) + 1]}
#define NUMBER(xs, i) CMPLXF((xs)[2 * (i)], (xs)[2 * (i) + 1])

/* Runs the statement where all of a block is short, and C's function of each number where not.
 * STEP: floats of a result. */
#define BLOCKS(NAME, SHORT, STEP, Y, ...) BLOCKS_OF(NAME, IS_SHORT, SHORT, STEP, Y, __VA_ARGS__)
#define IS_SHORT(SHORT)                                                   \
      for (int64_t i = 0; i < n; i++) {                                   \
        const pair z = PAIR(xs, i);                                       \
        far |= (unsigned)!(SHORT);                                        \
      }
#define IS_SMALL(LIMIT)                                                   \
      for (int64_t i = 0; i < 2 * n; i++) far |= (unsigned)!(fabsf(xs[i]) < (LIMIT));
#define BLOCKS_OF(NAME, CHECK, SHORT, STEP, Y, ...)                             \
  static void loop_##NAME(const void *from, void *to, int64_t all) {            \
    for (int64_t at = 0; at < all; at += BLOCK) {                               \
      const int64_t n = all - at < BLOCK ? all - at : BLOCK;                    \
      const float *xs = (const float *)from + 2 * at;                           \
      float *ys = (float *)to + (STEP)*at;                                      \
      unsigned far = 0;                                                         \
      _Pragma("omp simd reduction(|:far)") CHECK(SHORT) if (far) {              \
        for (int64_t i = 0; i < n; i++) ((Y *)ys)[i] = c_##NAME(NUMBER(xs, i)); \
        continue;                                                               \
      }                                                                         \
      TARN_EACH_LANE                                                            \
      for (int64_t i = 0; i < n; i++) __VA_ARGS__                               \
    }                                                                           \
  }                                                                             \
  static tarn_status run_##NAME(const tarn_call *call) {                        \
    return tarn__unary_run(call, loop_##NAME);                                  \
  }

#define DEFINE(NAME, SHORT)                        \
  BLOCKS(NAME, SHORT, 2, float _Complex, {         \
    const pair z = PAIR(xs, i), y = of_##NAME(z);  \
    ys[2 * i] = (float)y.re;                       \
    ys[2 * i + 1] = (float)y.im;                   \
  })
#define KERNEL(NAME, SHORT) {.op = #NAME, .dtypes = TARN_BIT(TARN_C64), .run = run_##NAME},

LIST(DEFINE)
BLOCKS(ComplexAbs, FINITE(z), 1, float, {
  const pair z = PAIR(xs, i);
  ys[i] = (float)sqrt(norm(z));
})
/* In float, as products of complex numbers are, which keeps up with memory. 1e19: no product is
 * infinite. */
BLOCKS_OF(Square, IS_SMALL, 1e19f, 2, float _Complex, {
  const float re = xs[2 * i], im = xs[2 * i + 1];
  ys[2 * i] = re * re - im * im;
  ys[2 * i + 1] = 2 * re * im;
})

const tarn_kernel tarn_kernels_unary_pairs_avx2[] = {
  LIST(KERNEL)
  KERNEL(ComplexAbs, )
  KERNEL(Square, )
  {.op = "Inv", .dtypes = TARN_BIT(TARN_C64), .run = run_Reciprocal},
  {0},
};
