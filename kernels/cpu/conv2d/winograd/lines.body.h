/* The lines of Winograd's minimal filtering F(AXIS_OUT, FILTER) of stride STRIDE along one axis, on
 * vectors. The including file defines AXIS, the word that all names begin with, AXIS_OUT, FILTER
 * (3 or 5) and STRIDE (1 or 2); it may include this once for each axis.
 *
 *   AXIS_input     t = B' d, AXIS_IN elements     AXIS_output    y = A' m, AXIS_OUT elements
 *   AXIS_filter    G, in double                   AXIS_gradient  z = A dy, AXIS_IN elements (stride
 * 1)
 *
 * Stride 2 goes by phases: the even inputs meet the outer two of three taps, which is F(AXIS_OUT,
 * 2) and comes first; the odd ones meet the middle tap alone, a product each with the same line of
 * G.
 *
 * Points are infinity, pairs +-p, and 0 where their number is even. Line +-p of B' is
 * (x +- p) Q(x^2), times x where 0 is a point too, with Q the product of (x^2 - q^2) over the other
 * pairs; 0 and infinity have E, the product over all pairs. G: (1, p, p^2 ..) over the product of
 * (p - q). Points that make the rounding error small (Barabasz et al., "Error analysis and
 * improving the accuracy of Winograd convolution"; those of 5 and more lines were tried out). */
#define NAME_JOINED(axis, x) axis##_##x
#define NAME_OF(axis, x) NAME_JOINED(axis, x)
#define NAME(x) NAME_OF(AXIS, x)
#if STRIDE == 2
#define TAPS 2
#else
#define TAPS FILTER
#endif

enum {
  NAME(SIDE) = AXIS_OUT,
  NAME(IN) = (AXIS_OUT - 1) * STRIDE + FILTER,
  NAME(EVEN) = AXIS_OUT + TAPS - 1, /* lines of stride 1, or of the even inputs */
  NAME(ZERO) = NAME(EVEN) % 2 == 0, /* whether 0 is a point */
  NAME(PAIRS) = (NAME(EVEN) - 1) / 2,
  NAME(U) = NAME(EVEN) + (STRIDE == 2) /* lines of G */
};

#if AXIS_OUT + TAPS == 4 || AXIS_OUT + TAPS == 5
#define A 1.0
#define B 0.0
#define C 0.0
#elif AXIS_OUT + TAPS == 6
#define A 0.5
#define B 1.5
#define C 0.0
#elif AXIS_OUT + TAPS == 7
#define A 0.70710678118654752440 /* sqrt(1/2) */
#define B 1.41421356237309504880 /* sqrt(2) */
#define C 0.0
#elif AXIS_OUT + TAPS == 8
#define A 0.35
#define B 0.85
#define C 1.6
#else
#define A 0.5
#define B 1.0
#define C 2.0
#endif
static const double NAME(points)[3] = {A, B, C};
/* Powers of the points; Q and E from the constant term on, without the highest, which is 1. */
#define POWERS(p) \
  { 1, (p), (p) * (p), (p) * (p) * (p), (p) * (p) * (p) * (p) }
static const double NAME(power)[3][5] = {POWERS(A), POWERS(B), POWERS(C)};
#if AXIS_OUT + TAPS <= 5
static const double NAME(others)[3][2] = {{0}};
static const double NAME(all)[3] = {-A * A};
#elif AXIS_OUT + TAPS <= 7
static const double NAME(others)[3][2] = {{-B * B}, {-A * A}};
static const double NAME(all)[3] = {A * A * B * B, -A *A - B *B};
#else
static const double NAME(others)[3][2] = {
    {B * B * C * C, -B *B - C *C}, {A * A * C * C, -A *A - C *C}, {A * A * B * B, -A *A - B *B}};
static const double NAME(all)[3] = {-A * A * B * B * C * C, A *A *B *B + A *A *C *C + B *B *C *C,
                                    -A *A - B *B - C *C};
#endif
#undef POWERS
#undef A
#undef B
#undef C

/* x + c y; c is a constant. */
static inline vf NAME(plus)(vf x, double c, vf y) {
  if (c == 1.0) return vf_add(x, y);
  if (c == -1.0) return vf_sub(x, y);
  return vf_fma(vf_set1((float)c), y, x);
}
static inline vf NAME(times)(double c, vf x) {
  return c == 1.0 ? x : vf_mul(vf_set1((float)c), x);
}

/* from, to: elements from one place of a line to the next. */
static inline void NAME(input)(const vf *d, int from, vf *t, int to) {
  enum { P = NAME(PAIRS), Z = NAME(ZERO) };
  const int e = STRIDE * from;
#pragma GCC unroll 3
  for (int i = 0; i < P; i++) {
    const double p = NAME(points)[i];
    vf high = d[(2 * P - 1 + Z) * e], low = NAME(times)(p, d[(2 * P - 2 + Z) * e]);
#pragma GCC unroll 2
    for (int k = P - 2; k >= 0; k--) {
      high = NAME(plus)(high, NAME(others)[i][k], d[(2 * k + 1 + Z) * e]);
      low = NAME(plus)(low, p * NAME(others)[i][k], d[(2 * k + Z) * e]);
    }
    t[(Z + 2 * i) * to] = vf_add(high, low);
    t[(Z + 2 * i + 1) * to] = vf_sub(high, low);
  }
  vf zero = d[2 * P * e], infinity = d[(2 * P + Z) * e];
#pragma GCC unroll 3
  for (int k = P - 1; k >= 0; k--) {
    if (Z) zero = NAME(plus)(zero, NAME(all)[k], d[2 * k * e]);
    infinity = NAME(plus)(infinity, NAME(all)[k], d[(2 * k + Z) * e]);
  }
  if (Z) t[0] = zero;
  t[(NAME(EVEN) - 1) * to] = infinity;
#if STRIDE == 2
#pragma GCC unroll 4
  for (int i = 0; i < AXIS_OUT; i++) t[(NAME(EVEN) + i) * to] = d[(2 * i + 1) * from];
#endif
}

static inline void NAME(output)(const vf *m, int from, vf *y, int to) {
  enum { P = NAME(PAIRS), Z = NAME(ZERO) };
  vf sum[P], difference[P];
#pragma GCC unroll 3
  for (int i = 0; i < P; i++) {
    const vf plus = m[(Z + 2 * i) * from], minus = m[(Z + 2 * i + 1) * from];
    sum[i] = vf_add(plus, minus), difference[i] = vf_sub(plus, minus);
  }
#pragma GCC unroll 5
  for (int r = 0; r < AXIS_OUT; r++) {
    vf s = NAME(times)(NAME(power)[0][r], r % 2 ? difference[0] : sum[0]);
#pragma GCC unroll 2
    for (int i = 1; i < P; i++)
      s = NAME(plus)(s, NAME(power)[i][r], r % 2 ? difference[i] : sum[i]);
    if (Z && r == 0) s = vf_add(m[0], s);
    if (r == AXIS_OUT - 1) s = vf_add(s, m[(NAME(EVEN) - 1) * from]);
#if STRIDE == 2
    s = vf_add(s, m[(NAME(EVEN) + r) * from]);
#endif
    y[r * to] = s;
  }
}

#if STRIDE == 1
static inline void NAME(gradient)(const vf *d, int from, vf *z, int to) {
  enum { P = NAME(PAIRS), Z = NAME(ZERO) };
#pragma GCC unroll 3
  for (int i = 0; i < P; i++) {
    vf even = d[0], odd = NAME(times)(NAME(points)[i], d[from]);
#pragma GCC unroll 4
    for (int r = 2; r < AXIS_OUT; r++) {
      if (r % 2)
        odd = NAME(plus)(odd, NAME(power)[i][r], d[r * from]);
      else
        even = NAME(plus)(even, NAME(power)[i][r], d[r * from]);
    }
    z[(Z + 2 * i) * to] = vf_add(even, odd);
    z[(Z + 2 * i + 1) * to] = vf_sub(even, odd);
  }
  if (Z) z[0] = d[0];
  z[(NAME(EVEN) - 1) * to] = d[(AXIS_OUT - 1) * from];
}
#endif

static inline void NAME(filter)(double g[NAME(U)][FILTER]) {
  double point[NAME(EVEN)] = {0};
  for (int i = 0; i < NAME(PAIRS); i++) {
    point[NAME(ZERO) + 2 * i] = NAME(points)[i];
    point[NAME(ZERO) + 2 * i + 1] = -NAME(points)[i];
  }
  for (int i = 0; i < NAME(U); i++)
    for (int k = 0; k < FILTER; k++) g[i][k] = 0;
  for (int i = 0; i < NAME(EVEN) - 1; i++) {
    double power = 1;
    for (int j = 0; j < NAME(EVEN) - 1; j++)
      if (j != i) power /= point[i] - point[j];
    for (int k = 0; k < TAPS; k++, power *= point[i]) g[i][k * STRIDE] = power;
  }
  g[NAME(EVEN) - 1][FILTER - 1] = 1;
  if (STRIDE == 2) g[NAME(U) - 1][1] = 1;
}

#undef NAME
#undef NAME_OF
#undef NAME_JOINED
#undef TAPS
#undef AXIS
#undef AXIS_OUT
