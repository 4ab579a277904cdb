/* Functions of two tensors for AVX-512; see binary.body.h. */
#include "kernels/cpu/elementwise/binary.body.h"

const tarn_kernel tarn_kernels_elementwise_binary_avx512[] = {ROWS {0}};
