/* Powers, and products with logarithms. An integer to a negative power is an error. */
#include "kernels/cpu/binary/binary.h"

#define NEGATIVE_POWER "Integers to negative integer powers are not allowed"

/* a^b modulo 2^64 by squaring. */
static inline uint64_t power(uint64_t a, int64_t b, bool *bad) {
  uint64_t y = 1;
  if (b < 0) *bad = true;
  for (; b > 0; b >>= 1, a *= a)
    if (b & 1) y *= a;
  return y;
}

static inline double _Complex log1p_of(double _Complex z) {
  double re = creal(z), im = cimag(z);
  return CMPLX(0.5 * log1p(re * (2 + re) + im * im), atan2(im, 1 + re));
}

#define FLOATS(X)                                     \
  X(Pow, FIELD, pow(a, b))                            \
  X(Xlogy, FIELD, a == 0 ? 0 : a * log(b))            \
  X(Xlog1py, FLOAT, a == 0 ? 0 : a * log1p(b))        \
  X(Xlog1py, COMPLEX, a == 0 ? 0 : a * log1p_of(b))   \
  X(Atan2, FLOAT, atan2(a, b))                        \
  X(NextAfter, WIDE_FLOAT, nextafter(a, b))

#define POWER_DEFINE(NAME, ROWS, E) \
  TARN_BINARY_DEFINE_WITH(TARN_BINARY_LOOP, NEGATIVE_POWER, NAME, ROWS, E)

POWER_DEFINE(Pow, SIGNED, power((uint64_t)(int64_t)a, b, &bad))
FLOATS(TARN_BINARY_DEFINE)

const tarn_kernel tarn_kernels_binary_power_reference[] = {
  TARN_BINARY_KERNEL(Pow, SIGNED, )
  FLOATS(TARN_BINARY_KERNEL)
  {0},
};
