/* Functions of one tensor for AVX2; see unary.body.h. */
#include "kernels/cpu/elementwise/unary.body.h"

const tarn_kernel tarn_kernels_elementwise_unary_avx2[] = {ROWS {0}};
