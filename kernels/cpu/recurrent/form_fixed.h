/* Products with f32 weights that are kept in fixed point, 24 bits of each: four k in the lanes of
 * three vectors, f, g and h (pack.h), for weights that are read from beyond L2, where a quarter
 * fewer bytes is a quarter less time.
 *
 * A lane of f, g and h as it stands is the first three k's weight: it has been rounded with what
 * the lowest byte holds. That is a byte of the fourth's. Sums are in units of 2^-31 of a column's
 * scale, so states beyond 2^95 overflow. */
#include "kernels/cpu/recurrent/sums_f32.h"

enum { PER_ROW = 4, PAIR_ROWS = 1, LINES = 3 };

#define WORDS(p) vf_bits(vf_load(p))
#define F(v) WORDS(w + v * VF)
#define G(v) WORDS(w + (WIDTH + v) * VF)
#define H(v) WORDS(w + (2 * WIDTH + v) * VF)

/* The lowest bytes of the three, from the second byte of a lane on. */
static inline vi fourth(vi f, vi g, vi h) {
#if VF == 16
  const vi low = _mm512_ternarylogic_epi32(vi_set1(0xffff), vi_shl(f, 8), vi_shl(g, 16), 0xca);
  return _mm512_ternarylogic_epi32(vi_set1(0xffffff), low, vi_shl(h, 24), 0xca);
#else
  const vi low = vi_and(vi_shl(f, 8), vi_set1(0xff00)), high = vi_shl(h, 24);
  return vi_or(vi_or(low, high), vi_and(vi_shl(g, 16), vi_set1(0xff0000)));
#endif
}

#define FIRST(r, v) const vf w##v = vi_to_float(F(v));
#define SECOND_K(r, v) const vf w##v = vi_to_float(G(v));
#define THIRD(r, v) const vf w##v = vi_to_float(H(v));
#define FOURTH(r, v) const vf w##v = vi_to_float(fourth(F(v), G(v), H(v)));
#define ADD_POINT(r, v) s##r##v = vf_fma(x, w##v, s##r##v);
#define POINTS_AT(r, V, i)                  \
  {                                         \
    const factors x = SPREAD(a##r + k + i); \
    EACH_V##V(ADD_POINT, r)                 \
  }
#define POINTS_0(r, V) POINTS_AT(r, V, 0)
#define POINTS_1(r, V) POINTS_AT(r, V, 1)
#define POINTS_2(r, V) POINTS_AT(r, V, 2)
#define POINTS_3(r, V) POINTS_AT(r, V, 3)
#define TIMES(ROWS, V, NAME, POINTS)    \
  {                                     \
    EACH_V##V(NAME, 0)                  \
    EACH_ROW##ROWS(V, POINTS)           \
  }
#define ROW_OF(ROWS, V)              \
  TIMES(ROWS, V, FIRST, POINTS_0)    \
  TIMES(ROWS, V, SECOND_K, POINTS_1) \
  TIMES(ROWS, V, THIRD, POINTS_2)    \
  TIMES(ROWS, V, FOURTH, POINTS_3)
#define REST(ROWS, V)
/* Lanes are read once, as in form_bf16.h. */
#define EVEN(r, v)                                 \
  vi f##v = F(v), g##v = G(v);                     \
  __asm__("" : "+x"(f##v), "+x"(g##v));            \
  s##r##v = vf_fma(x, vi_to_float(f##v), s##r##v); \
  t##r##v = vf_fma(SPREAD(a0 + k + 1), vi_to_float(g##v), t##r##v);
#define ODD(r, v)                                  \
  vi h##v = H(v);                                  \
  __asm__("" : "+x"(h##v));                        \
  s##r##v = vf_fma(z, vi_to_float(h##v), s##r##v); \
  t##r##v = vf_fma(SPREAD(a0 + k + 3), vi_to_float(fourth(f##v, g##v, h##v)), t##r##v);
