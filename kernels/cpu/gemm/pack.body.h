/* One panel of packed B, in vectors: to[k*NR + j] from rows or, transposed, from columns of B;
 * zeros beyond the last column. The transposed form goes by squares of VF x VF, turned in
 * registers. With PACKED_BF16 rows of the panel are rounded to bfloat16, and B itself may be of
 * them
 * (`brain`), which then are as they were. */
#include <stdbool.h>
#include <string.h>

#include "kernels/cpu/simd/vec.h"

#define PACK_INLINE static inline __attribute__((always_inline))

/* Element i of what lies there and those after it, as floats: VF of them, or n and then zeros. */
PACK_INLINE vf pack_read(const void *b, int64_t i, const bool brain) {
  if (!brain) return vf_load((const float *)b + i);
  const uint16_t *p = (const uint16_t *)b + i;
#if VF == 16
  const vi w = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)(const void *)p));
#else
  const vi w = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(const void *)p));
#endif
  return vi_float_bits(vi_shl(w, 16));
}
PACK_INLINE vf pack_read_first(const void *b, int64_t i, int64_t n, const bool brain) {
  if (n <= 0) return vf_zero();
  if (!brain) return vf_load_m((const float *)b + i, vm_first(n < VF ? n : VF));
  uint16_t some[VF] = {0};
  memcpy(some, (const uint16_t *)b + i, (size_t)(n < VF ? n : VF) * sizeof *some);
  return pack_read(some, 0, true);
}

/* A row of a panel. Of bfloat16 the four columns of each 16 bytes of x0 and of x1 end up side by
 * side: what one instruction makes of two vectors is what another one takes apart (tile.body.h). */
#ifdef PACKED_BF16
typedef uint16_t pack_element;
PACK_INLINE vi pack_rounded(vf x) {
  const vi u = vf_bits(x);
#if VF == 16
  const vi odd = vi_and(_mm512_srli_epi32(u, 16), vi_set1(1));
#else
  const vi odd = vi_and(_mm256_srli_epi32(u, 16), vi_set1(1));
#endif
  const vi near = vi_add(u, vi_add(odd, vi_set1(0x7fff)));
#if VF == 16
  const vi y = vi_pick(vf_nan(x), vi_or(u, vi_set1(0x400000)), near);
  return _mm512_srli_epi32(y, 16);
#else
  const vm nan = _mm256_castps_si256(_mm256_cmp_ps(x, x, _CMP_UNORD_Q));
  return _mm256_srli_epi32(vi_pick(nan, vi_or(u, vi_set1(0x400000)), near), 16);
#endif
}
PACK_INLINE void pack_row(uint16_t *to, vf x0, vf x1) {
#if VF == 16
  _mm512_storeu_si512(to, _mm512_packus_epi32(pack_rounded(x0), pack_rounded(x1)));
#else
  _mm256_storeu_si256((__m256i *)(void *)to,
                      _mm256_packus_epi32(pack_rounded(x0), pack_rounded(x1)));
#endif
}
#else
typedef float pack_element;
PACK_INLINE void pack_row(float *to, vf x0, vf x1) {
  vf_store(to, x0);
  vf_store(to + VF, x1);
}
#endif

PACK_INLINE void pack_rows(int64_t depth, int64_t cols, const void *b, int64_t ldb,
                           pack_element *to, const bool brain) {
  if (cols == 2 * VF) {
    for (int64_t k = 0, i = 0; k < depth; k++, i += ldb, to += 2 * VF)
      pack_row(to, pack_read(b, i, brain), pack_read(b, i + VF, brain));
    return;
  }
  for (int64_t k = 0, i = 0; k < depth; k++, i += ldb, to += 2 * VF)
    pack_row(to, pack_read_first(b, i, cols, brain), pack_read_first(b, i + VF, cols - VF, brain));
}

/* r[i] lane j becomes r[j] lane i: first within squares of 4 x 4 in each 128 bits, then the squares
 * change places. */
static inline void turn_square(vf *r) {
  vf t[VF];
#if VF == 16
#define LOW(a, b) _mm512_unpacklo_ps(a, b)
#define HIGH(a, b) _mm512_unpackhi_ps(a, b)
#define PAIRS(a, b, half) \
  _mm512_castpd_ps(_mm512_unpack##half##_pd(_mm512_castps_pd(a), _mm512_castps_pd(b)))
#else
#define LOW(a, b) _mm256_unpacklo_ps(a, b)
#define HIGH(a, b) _mm256_unpackhi_ps(a, b)
#define PAIRS(a, b, half) \
  _mm256_castpd_ps(_mm256_unpack##half##_pd(_mm256_castps_pd(a), _mm256_castps_pd(b)))
#endif
#pragma GCC unroll 8
  for (int i = 0; i < VF; i += 2) t[i] = LOW(r[i], r[i + 1]), t[i + 1] = HIGH(r[i], r[i + 1]);
#pragma GCC unroll 4
  for (int i = 0; i < VF; i += 4) {
    r[i] = PAIRS(t[i], t[i + 2], lo), r[i + 1] = PAIRS(t[i], t[i + 2], hi);
    r[i + 2] = PAIRS(t[i + 1], t[i + 3], lo), r[i + 3] = PAIRS(t[i + 1], t[i + 3], hi);
  }
#if VF == 16
#pragma GCC unroll 4
  for (int c = 0; c < 4; c++) {
    t[c] = _mm512_shuffle_f32x4(r[c], r[4 + c], 0x88),
    t[4 + c] = _mm512_shuffle_f32x4(r[c], r[4 + c], 0xdd);
    t[8 + c] = _mm512_shuffle_f32x4(r[8 + c], r[12 + c], 0x88);
    t[12 + c] = _mm512_shuffle_f32x4(r[8 + c], r[12 + c], 0xdd);
  }
#pragma GCC unroll 8
  for (int c = 0; c < 8; c++) {
    r[c] = _mm512_shuffle_f32x4(t[c], t[8 + c], 0x88);
    r[8 + c] = _mm512_shuffle_f32x4(t[c], t[8 + c], 0xdd);
  }
#else
#pragma GCC unroll 4
  for (int c = 0; c < 4; c++) {
    t[c] = _mm256_permute2f128_ps(r[c], r[4 + c], 0x20);
    t[4 + c] = _mm256_permute2f128_ps(r[c], r[4 + c], 0x31);
  }
#pragma GCC unroll 8
  for (int c = 0; c < 8; c++) r[c] = t[c];
#endif
#undef LOW
#undef HIGH
#undef PAIRS
}

PACK_INLINE void pack_columns(int64_t depth, int64_t cols, const void *b, int64_t ldb,
                              pack_element *to, const bool brain) {
  for (int64_t k = 0; k < depth; k += VF, to += VF * 2 * VF) {
    const int64_t deep = depth - k < VF ? depth - k : VF;
    float turned[VF * 2 * VF];
    float *rows = sizeof *to == sizeof *rows && deep == VF ? (float *)(void *)to : turned;
    for (int64_t j = 0; j < 2 * VF; j += VF) {
      vf r[VF];
      if (deep == VF && cols - j >= VF) {
#pragma GCC unroll 16
        for (int i = 0; i < VF; i++) r[i] = pack_read(b, (j + i) * ldb + k, brain);
      } else {
#pragma GCC unroll 16
        for (int i = 0; i < VF; i++)
          r[i] = j + i < cols ? pack_read_first(b, (j + i) * ldb + k, deep, brain) : vf_zero();
      }
      turn_square(r);
#pragma GCC unroll 16
      for (int i = 0; i < VF; i++) vf_store(rows + i * 2 * VF + j, r[i]);
    }
    if (rows == turned)
      for (int64_t i = 0; i < deep; i++)
        pack_row(to + i * 2 * VF, vf_load(turned + i * 2 * VF), vf_load(turned + i * 2 * VF + VF));
  }
}

static void pack_panel(int64_t depth, int64_t cols, const void *b, int64_t ldb, bool transposed,
                       void *to) {
  if (transposed)
    pack_columns(depth, cols, b, ldb, to, false);
  else
    pack_rows(depth, cols, b, ldb, to, false);
}

#ifdef PACKED_BF16
static void pack_brain_panel(int64_t depth, int64_t cols, const void *b, int64_t ldb,
                             bool transposed, void *to) {
  if (transposed)
    pack_columns(depth, cols, b, ldb, to, true);
  else
    pack_rows(depth, cols, b, ldb, to, true);
}
#endif
