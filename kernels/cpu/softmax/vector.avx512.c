/* Softmax and the cross-entropies for AVX-512; see vector.body.h. */
#include "kernels/cpu/softmax/vector.body.h"

const tarn_kernel tarn_kernels_softmax_vector_avx512[] = {ROWS, {0}};
