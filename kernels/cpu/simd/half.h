/* Rows of binary16 to float and back with the processor's instructions, 16 or 8 at a time. NaNs and
 * denormals as tarn__f16_to_f32 and tarn__f32_to_f16 have them. */
#ifndef TARN_KERNELS_CPU_SIMD_HALF_H
#define TARN_KERNELS_CPU_SIMD_HALF_H

#include "core/tensor/dtype.h"

#include <immintrin.h>

enum {
  LANE_BLOCK = 512
}; /* elements that loops convert at once: floats of three blocks stay in L1 */

/* Called once for a block by each of a hundred loops: not a copy for each. */
__attribute__((noinline, unused)) static void
lane_floats_of_halves(float *to, const uint16_t *from, int64_t n) {
  int64_t i = 0;
#ifdef __AVX512F__
  for (; i + 16 <= n; i += 16)
    _mm512_storeu_ps(
        to + i, _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(const void *)(from + i))));
#endif
  for (; i + 8 <= n; i += 8)
    _mm256_storeu_ps(to + i,
                     _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)(from + i))));
  for (; i < n; i++) to[i] = tarn__f16_to_f32(from[i]);
}
__attribute__((noinline, unused)) static void
lane_halves_of_floats(uint16_t *to, const float *from, int64_t n) {
  int64_t i = 0;
#ifdef __AVX512F__
  for (; i + 16 <= n; i += 16)
    _mm256_storeu_si256((__m256i *)(void *)(to + i),
                        _mm512_cvtps_ph(_mm512_loadu_ps(from + i), _MM_FROUND_TO_NEAREST_INT));
#endif
  for (; i + 8 <= n; i += 8)
    _mm_storeu_si128((__m128i *)(void *)(to + i),
                     _mm256_cvtps_ph(_mm256_loadu_ps(from + i), _MM_FROUND_TO_NEAREST_INT));
  for (; i < n; i++) to[i] = tarn__f32_to_f16(from[i]);
}

__attribute__((noinline, unused)) static void
lane_floats_of_bf16s(float *to, const uint16_t *from, int64_t n) {
  int64_t i = 0;
  for (; i + 8 <= n; i += 8) {
    const __m256i x =
        _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(const void *)(from + i)));
    _mm256_storeu_si256((__m256i *)(void *)(to + i), _mm256_slli_epi32(x, 16));
  }
  for (; i < n; i++) to[i] = tarn__bf16_to_f32(from[i]);
}
/* Floats that are no NaNs, rounded to the nearest bfloat16, ties to even, in the lower halves of
 * lanes. */
static inline __m256i lane_rounded_bf16s(__m256 x) {
  const __m256i bits = _mm256_castps_si256(x);
  const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
  const __m256i half = _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff));
  return _mm256_srli_epi32(_mm256_add_epi32(bits, half), 16);
}
__attribute__((noinline, unused)) static void
lane_bf16s_of_floats(uint16_t *to, const float *from, int64_t n) {
  int64_t i = 0;
  for (; i + 16 <= n; i += 16) {
    const __m256 x = _mm256_loadu_ps(from + i), y = _mm256_loadu_ps(from + i + 8);
    const __m256i both = _mm256_packus_epi32(lane_rounded_bf16s(x), lane_rounded_bf16s(y));
    _mm256_storeu_si256((__m256i *)(void *)(to + i), _mm256_permute4x64_epi64(both, 0xd8));
    if (_mm256_movemask_ps(_mm256_cmp_ps(x, y, _CMP_UNORD_Q)))   /* a NaN among the 16 */
      for (int64_t k = i; k < i + 16; k++) to[k] = tarn__f32_to_bf16(from[k]);
  }
  for (; i < n; i++) to[i] = tarn__f32_to_bf16(from[i]);
}
/* The same by the suffix of a row of dtypes. */
#define LANE_FLOATS_OF_f16 lane_floats_of_halves
#define LANE_FLOATS_OF_bf16 lane_floats_of_bf16s
#define LANE_OF_FLOATS_f16 lane_halves_of_floats
#define LANE_OF_FLOATS_bf16 lane_bf16s_of_floats

/* sum[i] += x[i], then row by row, `step` elements apart. */
static inline void lane_sum_halves(float *sum, const uint16_t *x, int64_t n, int64_t rows,
                                   int64_t step) {
  int64_t i = 0;
#ifdef __AVX512F__
  enum { LANES = 16 };
#define VECTOR __m512
#define AT(p) _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(const void *)(p)))
#define GET _mm512_loadu_ps
#define PUT _mm512_storeu_ps
#define PLUS _mm512_add_ps
#else
  enum { LANES = 8 };
#define VECTOR __m256
#define AT(p) _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)(p)))
#define GET _mm256_loadu_ps
#define PUT _mm256_storeu_ps
#define PLUS _mm256_add_ps
#endif
  for (; i + 4 * LANES <= n; i += 4 * LANES) {
    VECTOR a = GET(sum + i), b = GET(sum + i + LANES), c = GET(sum + i + 2 * LANES),
           d = GET(sum + i + 3 * LANES);
    for (int64_t r = 0; r < rows; r++) {
      const uint16_t *row = x + r * step + i;
      a = PLUS(a, AT(row));
      b = PLUS(b, AT(row + LANES));
      c = PLUS(c, AT(row + 2 * LANES));
      d = PLUS(d, AT(row + 3 * LANES));
    }
    PUT(sum + i, a);
    PUT(sum + i + LANES, b);
    PUT(sum + i + 2 * LANES, c);
    PUT(sum + i + 3 * LANES, d);
  }
  for (; i + LANES <= n; i += LANES) {
    VECTOR a = GET(sum + i);
    for (int64_t r = 0; r < rows; r++) a = PLUS(a, AT(x + r * step + i));
    PUT(sum + i, a);
  }
#undef VECTOR
#undef AT
#undef GET
#undef PUT
#undef PLUS
  for (; i < n; i++)
    for (int64_t r = 0; r < rows; r++) sum[i] += tarn__f16_to_f32(x[r * step + i]);
}

/* to = a + b, each sum rounded once; to may be a or b. */
static inline void lane_add_halves(uint16_t *to, const uint16_t *a, const uint16_t *b, int64_t n) {
  int64_t i = 0;
#ifdef __AVX512F__
  for (; i < n; i += 16) {
    const __mmask16 m = (__mmask16)(n - i < 16 ? (1u << (n - i)) - 1u : 0xffffu);
    const __m512 x = _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(m, a + i));
    const __m512 y = _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(m, b + i));
    _mm256_mask_storeu_epi16(to + i, m,
                             _mm512_cvtps_ph(_mm512_add_ps(x, y), _MM_FROUND_TO_NEAREST_INT));
  }
#endif
  for (; i + 8 <= n; i += 8) {
    const __m256 x = _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)(a + i)));
    const __m256 y = _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)(b + i)));
    _mm_storeu_si128((__m128i *)(void *)(to + i),
                     _mm256_cvtps_ph(_mm256_add_ps(x, y), _MM_FROUND_TO_NEAREST_INT));
  }
  for (; i < n; i++) to[i] = tarn__f32_to_f16(tarn__f16_to_f32(a[i]) + tarn__f16_to_f32(b[i]));
}
/* to = the greater of to and x; a NaN in x never is. */
static inline void lane_raise_halves(uint16_t *to, const uint16_t *x, int64_t n) {
  int64_t i = 0;
#ifdef __AVX512F__
  for (; i < n; i += 16) {
    const __mmask16 m = (__mmask16)(n - i < 16 ? (1u << (n - i)) - 1u : 0xffffu);
    const __m256i old = _mm256_maskz_loadu_epi16(m, to + i),
                  new = _mm256_maskz_loadu_epi16(m, x + i);
    const __mmask16 more =
        _mm512_cmp_ps_mask(_mm512_cvtph_ps(new), _mm512_cvtph_ps(old), _CMP_GT_OQ);
    _mm256_mask_storeu_epi16(to + i, m & more, new);
  }
#endif
  for (; i + 8 <= n; i += 8) {
    const __m256 old = _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)(to + i)));
    const __m256 new = _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)(x + i)));
    _mm_storeu_si128((__m128i *)(void *)(to + i),
                     _mm256_cvtps_ph(_mm256_max_ps(new, old), _MM_FROUND_TO_NEAREST_INT));
  }
  for (; i < n; i++) to[i] = tarn__f16_to_f32(x[i]) > tarn__f16_to_f32(to[i]) ? x[i] : to[i];
}
static inline void lane_raise_bf16s(uint16_t *to, const uint16_t *x, int64_t n) {
  _Pragma("omp simd") for (int64_t i = 0; i < n; i++) to[i] =
      tarn__bf16_to_f32(x[i]) > tarn__bf16_to_f32(to[i]) ? x[i] : to[i];
}
static inline void lane_add_bf16s(uint16_t *to, const uint16_t *a, const uint16_t *b, int64_t n) {
  _Pragma("omp simd") for (int64_t i = 0; i < n; i++) to[i] =
      tarn__f32_to_bf16(tarn__bf16_to_f32(a[i]) + tarn__bf16_to_f32(b[i]));
}

static inline void lane_fill(float *to, float x) {
  for (int i = 0; i < LANE_BLOCK; i++) to[i] = x;
}

#endif
