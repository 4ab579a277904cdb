/* Parts of complex numbers. */
#include "kernels/cpu/unary/unary.h"

#define PARTS(X)                 \
  X(Real, COMPLEX, creal(x))     \
  X(Imag, COMPLEX, cimag(x))     \
  X(Angle, COMPLEX, carg(x))     \
  X(ComplexAbs, COMPLEX, cabs(x))

/* The float type of a part, by the suffix of the row. */
typedef float part_c64;
typedef double part_c128;
#define PART_LOOP(NAME, E, DT, SUFFIX, S, A, GET, PUT) \
  TARN_UNARY_LOOP_TO(NAME, E, SUFFIX, S, A, GET, part_##SUFFIX, (part_##SUFFIX))
#define PART_DEFINE(NAME, ROWS, E) TARN_UNARY_DEFINE_WITH(PART_LOOP, NAME, ROWS, E)

PARTS(PART_DEFINE)
TARN_UNARY_DEFINE(Conj, COMPLEX, conj(x))

const tarn_kernel tarn_kernels_unary_complex_reference[] = {
  PARTS(TARN_UNARY_KERNEL)
  TARN_UNARY_KERNEL(Conj, COMPLEX, )
  {0},
};
