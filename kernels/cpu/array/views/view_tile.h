/* Square tiles turned over in registers: rows of `from` become columns of `to`. Strides are in
 * bytes.
 *
 * tarn__tile_N(to, to_stride, from, from_stride) for elements of N bytes; a side is TARN_TILE_N
 * elements: 8 for 1 and 2 bytes, 4 for 4, 2 for 8. x86-64 has what they need from the beginning;
 * elsewhere the compiler makes of them what it can. */
#ifndef TARN_KERNELS_CPU_ARRAY_VIEWS_VIEW_TILE_H
#define TARN_KERNELS_CPU_ARRAY_VIEWS_VIEW_TILE_H

#include <stdint.h>
#include <string.h>

enum { TARN_TILE_1 = 8, TARN_TILE_2 = 8, TARN_TILE_4 = 4, TARN_TILE_8 = 2 };

#ifdef __SSE2__
#include <emmintrin.h>

static inline __m128i tarn__tile_half(const char *p) {
  return _mm_loadl_epi64((const __m128i *)(const void *)p);
}
static inline __m128i tarn__tile_load(const char *p) {
  return _mm_loadu_si128((const __m128i *)(const void *)p);
}
static inline void tarn__tile_store(char *p, __m128i v) {
  _mm_storeu_si128((__m128i *)(void *)p, v);
}
/* The low and the high half of v as two rows. */
static inline void tarn__tile_rows(char *p, int64_t stride, __m128i v) {
  _mm_storel_epi64((__m128i *)(void *)p, v);
  _mm_storel_epi64((__m128i *)(void *)(p + stride), _mm_unpackhi_epi64(v, v));
}

static inline void tarn__tile_1(char *to, int64_t ts, const char *from, int64_t fs) {
  __m128i a[4], b[4];
  for (int k = 0; k < 4; k++)   /* rows 2k and 2k + 1 */
    a[k] = _mm_unpacklo_epi8(tarn__tile_half(from + 2 * k * fs),
                             tarn__tile_half(from + (2 * k + 1) * fs));
  b[0] = _mm_unpacklo_epi16(a[0], a[1]);   /* columns 0 to 3 of rows 0 to 3 */
  b[1] = _mm_unpackhi_epi16(a[0], a[1]);
  b[2] = _mm_unpacklo_epi16(a[2], a[3]);
  b[3] = _mm_unpackhi_epi16(a[2], a[3]);
  tarn__tile_rows(to, ts, _mm_unpacklo_epi32(b[0], b[2]));
  tarn__tile_rows(to + 2 * ts, ts, _mm_unpackhi_epi32(b[0], b[2]));
  tarn__tile_rows(to + 4 * ts, ts, _mm_unpacklo_epi32(b[1], b[3]));
  tarn__tile_rows(to + 6 * ts, ts, _mm_unpackhi_epi32(b[1], b[3]));
}

static inline void tarn__tile_2(char *to, int64_t ts, const char *from, int64_t fs) {
  __m128i a[8], b[8];
  for (int k = 0; k < 4; k++) {
    const __m128i x = tarn__tile_load(from + 2 * k * fs),
                  y = tarn__tile_load(from + (2 * k + 1) * fs);
    a[k] = _mm_unpacklo_epi16(x, y);       /* columns 0 to 3 of two rows */
    a[4 + k] = _mm_unpackhi_epi16(x, y);
  }
  for (int k = 0; k < 8; k += 4) {         /* columns k to k + 3 */
    b[k] = _mm_unpacklo_epi32(a[k], a[k + 1]);
    b[k + 1] = _mm_unpackhi_epi32(a[k], a[k + 1]);
    b[k + 2] = _mm_unpacklo_epi32(a[k + 2], a[k + 3]);
    b[k + 3] = _mm_unpackhi_epi32(a[k + 2], a[k + 3]);
    tarn__tile_store(to + k * ts, _mm_unpacklo_epi64(b[k], b[k + 2]));
    tarn__tile_store(to + (k + 1) * ts, _mm_unpackhi_epi64(b[k], b[k + 2]));
    tarn__tile_store(to + (k + 2) * ts, _mm_unpacklo_epi64(b[k + 1], b[k + 3]));
    tarn__tile_store(to + (k + 3) * ts, _mm_unpackhi_epi64(b[k + 1], b[k + 3]));
  }
}

static inline void tarn__tile_4(char *to, int64_t ts, const char *from, int64_t fs) {
  const __m128i x0 = tarn__tile_load(from), x1 = tarn__tile_load(from + fs),
                x2 = tarn__tile_load(from + 2 * fs);
  const __m128i x3 = tarn__tile_load(from + 3 * fs);
  const __m128i a = _mm_unpacklo_epi32(x0, x1), b = _mm_unpackhi_epi32(x0, x1);
  const __m128i c = _mm_unpacklo_epi32(x2, x3), d = _mm_unpackhi_epi32(x2, x3);
  tarn__tile_store(to, _mm_unpacklo_epi64(a, c));
  tarn__tile_store(to + ts, _mm_unpackhi_epi64(a, c));
  tarn__tile_store(to + 2 * ts, _mm_unpacklo_epi64(b, d));
  tarn__tile_store(to + 3 * ts, _mm_unpackhi_epi64(b, d));
}

static inline void tarn__tile_8(char *to, int64_t ts, const char *from, int64_t fs) {
  const __m128i a = tarn__tile_load(from), b = tarn__tile_load(from + fs);
  tarn__tile_store(to, _mm_unpacklo_epi64(a, b));
  tarn__tile_store(to + ts, _mm_unpackhi_epi64(a, b));
}

#else

#define TARN_TILE(SIZE)                                                                      \
  static inline void tarn__tile_##SIZE(char *to, int64_t ts, const char *from, int64_t fs) { \
    for (int64_t i = 0; i < TARN_TILE_##SIZE; i++)                                           \
      for (int64_t k = 0; k < TARN_TILE_##SIZE; k++)                                         \
        memcpy(to + i * ts + k * SIZE, from + k * fs + i * SIZE, SIZE);                      \
  }
TARN_TILE(1)
TARN_TILE(2)
TARN_TILE(4)
TARN_TILE(8)
#undef TARN_TILE

#endif
#endif
