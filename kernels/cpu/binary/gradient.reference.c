/* Gradients of functions of one tensor, from the function's own result a = y and b = dy. TensorFlow conjugates what
 * multiplies dy. */
#include "kernels/cpu/binary/binary.h"

#define REAL(X, ROWS)                              \
  X(SqrtGrad, ROWS, b * 0.5f / a)                  \
  X(RsqrtGrad, ROWS, -0.5f * b * a * a * a)        \
  X(ReciprocalGrad, ROWS, -b * a * a)              \
  X(InvGrad, ROWS, -b * a * a)                     \
  X(TanhGrad, ROWS, b * (1 - a * a))               \
  X(SigmoidGrad, ROWS, b * a * (1 - a))

#define LIST(X)                                                               \
  REAL(X, FLOAT)                                                              \
  X(SqrtGrad, COMPLEX, b * 0.5f / conj(a))                                    \
  X(RsqrtGrad, COMPLEX, -0.5f * b * conj(a) * conj(a) * conj(a))              \
  X(ReciprocalGrad, COMPLEX, -b * conj(a) * conj(a))                          \
  X(InvGrad, COMPLEX, -b * conj(a) * conj(a))                                 \
  X(TanhGrad, COMPLEX, b * (1 - conj(a) * conj(a)))                           \
  X(SigmoidGrad, COMPLEX, b * conj(a) * (1 - conj(a)))

LIST(TARN_BINARY_DEFINE)

const tarn_kernel tarn_kernels_binary_gradient_reference[] = {LIST(TARN_BINARY_KERNEL) {0}};
