/* Sums, products, extremes. Integers wrap round; NaN of either side stays in Maximum and
 * Minimum. */
#include "kernels/cpu/binary/binary.h"

#define SQUARE(d) ((d) * (d))
/* |a - b|^2, as a complex number. */
#define NORM(d) ((d) * conj(d))

#define LIST(X)                                                                 \
  X(Add, RING, a + b)                                                           \
  X(AddV2, RING, a + b)                                                         \
  X(Sub, RING, a - b)                                                           \
  X(Mul, RING, a * b)                                                           \
  X(MulNoNan, FIELD, b == 0 ? 0 : a * b)                                        \
  X(SquaredDifference, WIDE_FLOAT, SQUARE(a - b))                               \
  X(SquaredDifference, F16, SQUARE(tarn__f16_round(a - b)))                     \
  X(SquaredDifference, BF16, SQUARE(tarn__bf16_round(a - b)))                   \
  X(SquaredDifference, WRAP, SQUARE(a - b))                                     \
  X(SquaredDifference, COMPLEX, NORM(a - b))                                    \
  X(Maximum, FLOAT, a != a || a > b ? a : b)                                    \
  X(Maximum, INT, a > b ? a : b)                                                \
  X(Minimum, FLOAT, a != a || a < b ? a : b)                                    \
  X(Minimum, INT, a < b ? a : b)

LIST(TARN_BINARY_DEFINE)

const tarn_kernel tarn_kernels_binary_arithmetic_reference[] = {LIST(TARN_BINARY_KERNEL) {0}};
