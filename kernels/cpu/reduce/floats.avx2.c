/* The greatest and least of float32, for AVX2. NaN is what it meets: the instruction takes either
 * side of one, so each vector also notes where it had one. A run ends with a vector that overlaps
 * what was read before: nothing is greater for being seen twice. The least is the greatest of what
 * has the other sign. */
#include <immintrin.h>
#include <math.h>

#include "kernels/cpu/reduce/reduce.h"

/* Of x with the sign turned by `sign`, which is -0 or 0; `most` is so already. */
static inline float greatest(const float *x, int64_t n, __m256 sign, float most) {
  const float turn = _mm256_cvtss_f32(sign) == 0 && signbit(_mm256_cvtss_f32(sign)) ? -1.0f : 1.0f;
  if (n < 8) {
    for (int64_t i = 0; i < n; i++) {
      const float v = turn * x[i];
      most = v > most || v != v ? v : most;
    }
    return most;
  }
  const __m256 first = _mm256_xor_ps(_mm256_loadu_ps(x), sign),
               last = _mm256_xor_ps(_mm256_loadu_ps(x + n - 8), sign);
  __m256 a = first, b = last, c = first, d = last;
  __m256 no = _mm256_cmp_ps(first, last, _CMP_UNORD_Q), nan = no;
  int64_t i = 8;
  for (; i + 32 <= n; i += 32) {
    const __m256 p = _mm256_xor_ps(_mm256_loadu_ps(x + i), sign),
                 q = _mm256_xor_ps(_mm256_loadu_ps(x + i + 8), sign);
    const __m256 r = _mm256_xor_ps(_mm256_loadu_ps(x + i + 16), sign),
                 s = _mm256_xor_ps(_mm256_loadu_ps(x + i + 24), sign);
    no = _mm256_or_ps(no, _mm256_cmp_ps(p, q, _CMP_UNORD_Q));
    nan = _mm256_or_ps(nan, _mm256_cmp_ps(r, s, _CMP_UNORD_Q));
    a = _mm256_max_ps(a, p);
    b = _mm256_max_ps(b, q);
    c = _mm256_max_ps(c, r);
    d = _mm256_max_ps(d, s);
  }
  for (; i + 8 <= n; i += 8) {
    const __m256 p = _mm256_xor_ps(_mm256_loadu_ps(x + i), sign);
    no = _mm256_or_ps(no, _mm256_cmp_ps(p, p, _CMP_UNORD_Q));
    a = _mm256_max_ps(a, p);
  }
  if (_mm256_movemask_ps(_mm256_or_ps(no, nan))) return NAN;
  a = _mm256_max_ps(_mm256_max_ps(a, b), _mm256_max_ps(c, d));
  __m128 h = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
  h = _mm_max_ps(h, _mm_movehl_ps(h, h));
  h = _mm_max_ss(h, _mm_movehdup_ps(h));
  const float found = _mm_cvtss_f32(h);
  return found > most ? found : most;
}

static void start(void *acc, int64_t n) {
  float *a = acc;
  for (int64_t i = 0; i < n; i++) a[i] = -HUGE_VALF;
}

/* Accumulators hold what has the other sign for the least: finish turns it back. */
#define EXTREME(NAME, SIGN)                                                              \
  static void add_##NAME(void *acc, const void *x, int64_t n) {                          \
    float *a = acc;                                                                      \
    *a = greatest(x, n, _mm256_set1_ps(SIGN 0.0f), *a);                                  \
  }                                                                                      \
  static void row_##NAME(void *acc, const void *from, int64_t n) {                       \
    float *a = acc;                                                                      \
    const float *x = from;                                                               \
    for (int64_t i = 0; i < n; i++) {                                                    \
      const float v = SIGN x[i], m = a[i];                                               \
      a[i] = v > m || v != v ? v : m;                                                    \
    }                                                                                    \
  }                                                                                      \
  static void runs_##NAME(void *acc, const void *x, int64_t n, int64_t run) {            \
    float *a = acc;                                                                      \
    for (int64_t i = 0; i < n; i++)                                                      \
      a[i] = greatest((const float *)x + i * run, run, _mm256_set1_ps(SIGN 0.0f), a[i]); \
  }                                                                                      \
  static void finish_##NAME(const void *acc, void *y, int64_t n, int64_t terms) {        \
    const float *a = acc;                                                                \
    (void)terms;                                                                         \
    for (int64_t i = 0; i < n; i++) ((float *)y)[i] = SIGN a[i];                         \
  }                                                                                      \
  static const tarn_reducer reducer_##NAME = {.accumulator_bytes = sizeof(float),        \
                                              .start = start,                            \
                                              .add_run = add_##NAME,                     \
                                              .add_row = row_##NAME,                     \
                                              .add_runs = runs_##NAME,                   \
                                              .finish = finish_##NAME};
EXTREME(max, +)
EXTREME(min, -)

static tarn_status run_max(const tarn_call *call) { return tarn__reduce(call, &reducer_max); }
static tarn_status run_min(const tarn_call *call) { return tarn__reduce(call, &reducer_min); }

const tarn_kernel tarn_kernels_reduce_floats_avx2[] = {
    {.op = "Max", .dtypes = TARN_BIT(TARN_F32), .run = run_max},
    {.op = "Min", .dtypes = TARN_BIT(TARN_F32), .run = run_min},
    {0},
};
