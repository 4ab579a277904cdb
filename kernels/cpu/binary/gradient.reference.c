/* Gradients of functions of one tensor, from the function's own result a = y and b = dy. Of complex
 * numbers, roots and reciprocals conjugate y here; TensorFlow's gradient functions do it before
 * TanhGrad and SigmoidGrad. A dy of 0 gives 0 where a division could make NaN of it. */
#include "kernels/cpu/binary/binary.h"

#define LIST(X)                                                                           \
  X(SqrtGrad, FLOAT, b == 0 ? 0 : b * 0.5f / a)                                           \
  X(SqrtGrad, COMPLEX, b == 0 ? 0 : b * 0.5f / conj(a))                                   \
  X(RsqrtGrad, FLOAT, b == 0 ? 0 : -0.5f * b * a * a * a)                                 \
  X(RsqrtGrad, COMPLEX, b == 0 ? 0 : -0.5f * b * conj(a) * conj(a) * conj(a))             \
  X(ReciprocalGrad, FLOAT, b == 0 ? 0 : -b * a * a)                                       \
  X(ReciprocalGrad, COMPLEX, b == 0 ? 0 : -b * conj(a) * conj(a))                         \
  X(InvGrad, FLOAT, b == 0 ? 0 : -b * a * a)                                              \
  X(InvGrad, COMPLEX, b == 0 ? 0 : -b * conj(a) * conj(a))                                \
  X(TanhGrad, FIELD, b * (1 - a * a))                                                     \
  X(SigmoidGrad, FIELD, b * a * (1 - a))

LIST(TARN_BINARY_DEFINE)

const tarn_kernel tarn_kernels_binary_gradient_reference[] = {LIST(TARN_BINARY_KERNEL) {0}};
