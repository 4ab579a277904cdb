/* Matrix products of every dtype for AVX-512; see lanes.body.h. */
#define CONTRACT tarn__contract_avx512
#include "kernels/cpu/matmul/lanes.body.h"

const tarn_kernel tarn_kernels_matmul_lanes_avx512[] = {ROWS {0}};
