/* Rounding, and tests of floats. Round and Rint round halves to the even neighbour. Round of
 * integers answers 0, as the kernel of TensorFlow 2 does (measured with 2.21); tf.round never makes
 * such a node. */
#include "kernels/cpu/unary/unary.h"

#define LIST(X)                 \
  X(Floor, FLOAT, floor(x))     \
  X(Ceil, FLOAT, ceil(x))       \
  X(Rint, FLOAT, rint(x))       \
  X(Round, FLOAT, rint(x))      \
  X(Round, SIGNED, 0 * x)

#define TESTS(X)                  \
  X(IsNan, FLOAT, isnan(x))       \
  X(IsInf, FLOAT, isinf(x))       \
  X(IsFinite, FLOAT, isfinite(x)) \
  X(LogicalNot, BOOL, !x)

#define TEST_LOOP(NAME, E, DT, SUFFIX, S, A, GET, PUT) \
  TARN_UNARY_LOOP_TO(NAME, E, SUFFIX, S, A, GET, bool, (bool))
#define TEST_DEFINE(NAME, ROWS, E) TARN_UNARY_DEFINE_WITH(TEST_LOOP, NAME, ROWS, E)

LIST(TARN_UNARY_DEFINE)
TESTS(TEST_DEFINE)

const tarn_kernel tarn_kernels_unary_rounding_reference[] = {LIST(TARN_UNARY_KERNEL)
                                                                 TESTS(TARN_UNARY_KERNEL){0}};
