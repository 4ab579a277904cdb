/* Einsum for AVX2; see lanes.body.h. */
#define CONTRACT tarn__contract_avx2
#include "kernels/cpu/einsum/lanes.body.h"

const tarn_kernel tarn_kernels_einsum_lanes_avx2[] = {ROWS {0}};
