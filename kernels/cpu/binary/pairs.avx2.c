/* Quotients and equality of complex64 in vectors made by the compiler. Quotients are in double: no
 * product of two floats overflows or loses a digit there. A block in which C has rules of its own
 * (infinities, NaN, division by zero) goes to C's division whole. */
#include "kernels/cpu/binary/binary.h"

enum { BLOCK = 256 };

static inline double squared(const float *x) {
  return (double)x[0] * (double)x[0] + (double)x[1] * (double)x[1];
}
static bool no_number(const float *x) {
  return !(fabsf(x[0]) < (float)INFINITY && fabsf(x[1]) < (float)INFINITY);
}

/* The steps are written out for the loop to become vectors. */
#define QUOTIENTS(N, A_STEP, B_STEP)                                                             \
  TARN_EACH_LANE                                                                                 \
  for (int64_t i = 0; i < (N); i++) {                                                            \
    const double a = (double)as[2 * (A_STEP) * i], b = (double)as[2 * (A_STEP) * i + 1];         \
    const double c = (double)bs[2 * (B_STEP) * i], d = (double)bs[2 * (B_STEP) * i + 1];         \
    const double square = c * c + d * d;                                                         \
    ys[2 * i] = (float)((a * c + b * d) / square);                                               \
    ys[2 * i + 1] = (float)((b * c - a * d) / square);                                           \
  }

static bool loop_RealDiv(const void *a_from, int64_t a_step, const void *b_from, int64_t b_step,
                         void *to, int64_t all) {
  for (int64_t at = 0; at < all; at += BLOCK) {
    const int64_t n = all - at < BLOCK ? all - at : BLOCK;
    const float *as = (const float *)a_from + 2 * at * a_step,
                *bs = (const float *)b_from + 2 * at * b_step;
    float *ys = (float *)to + 2 * at;
    unsigned far = 0;
    if (a_step) {
      _Pragma("omp simd reduction(|:far)")
      for (int64_t i = 0; i < 2 * n; i++) far |= (unsigned)!(fabsf(as[i]) < (float)INFINITY);
    } else {
      far = no_number(as);
    }
    if (b_step) {
      _Pragma("omp simd reduction(|:far)")
      for (int64_t i = 0; i < n; i++)
        far |= (unsigned)!(squared(bs + 2 * i) > 0 && squared(bs + 2 * i) < (double)INFINITY);
    } else {
      far |= (unsigned)!(squared(bs) > 0 && squared(bs) < (double)INFINITY);
    }
    if (far) {
      for (int64_t i = 0; i < n; i++)
        ((float _Complex *)ys)[i] =
            ((const float _Complex *)as)[a_step * i] / ((const float _Complex *)bs)[b_step * i];
    } else if (a_step && b_step) {
      QUOTIENTS(n, 1, 1)
    } else if (a_step) {
      QUOTIENTS(n, 1, 0)
    } else {
      QUOTIENTS(n, 0, b_step)
    }
  }
  return true;
}

/* Numbers are equal in both parts. */
#define EQUALITY(NAME, E)                                                                         \
  static bool loop_##NAME(const void *a_from, int64_t a_step, const void *b_from, int64_t b_step, \
                          void *to, int64_t n) {                                                  \
    const float *as = a_from, *bs = b_from;                                                       \
    uint8_t *ys = to;                                                                             \
    if (a_step && b_step) {                                                                       \
      TARN_EACH_LANE                                                                              \
      for (int64_t i = 0; i < n; i++) {                                                           \
        const int same = (as[2 * i] == bs[2 * i]) & (as[2 * i + 1] == bs[2 * i + 1]);             \
        ys[i] = (uint8_t)(E);                                                                     \
      }                                                                                           \
    } else {                                                                                      \
      const float *one = a_step ? bs : as, *each = a_step ? as : bs;                              \
      const int64_t step = 2 * (a_step ? a_step : b_step);                                        \
      const float re = one[0], im = one[1];                                                       \
      for (int64_t i = 0; i < n; i++) {                                                           \
        const int same = (each[step * i] == re) & (each[step * i + 1] == im);                     \
        ys[i] = (uint8_t)(E);                                                                     \
      }                                                                                           \
    }                                                                                             \
    return true;                                                                                  \
  }                                                                                               \
  static tarn_status run_##NAME(const tarn_call *call) {                                          \
    return tarn__binary_run(call, loop_##NAME, NULL);                                             \
  }
EQUALITY(Equal, same)
EQUALITY(NotEqual, !same)

/* Shapes that do not fit are the reference's to judge. */
static const char *shapes_fit(const tarn_problem *p) {
  tarn_shape ignored;
  return tarn__shape_broadcast(&p->in_shape[0], &p->in_shape[1], &ignored) == TARN_OK
             ? NULL
             : "the shapes do not fit";
}

static tarn_status run_RealDiv(const tarn_call *call) {
  return tarn__binary_run(call, loop_RealDiv, NULL);
}

const tarn_kernel tarn_kernels_binary_pairs_avx2[] = {
  {.op = "RealDiv", .dtypes = TARN_BIT(TARN_C64), .run = run_RealDiv},
  {.op = "Div", .dtypes = TARN_BIT(TARN_C64), .run = run_RealDiv},
  {.op = "Equal", .dtypes = TARN_BIT(TARN_C64), .supports = shapes_fit, .run = run_Equal},
  {.op = "NotEqual", .dtypes = TARN_BIT(TARN_C64), .supports = shapes_fit, .run = run_NotEqual},
  {0},
};
