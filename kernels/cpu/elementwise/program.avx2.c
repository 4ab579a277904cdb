/* Chains of elementwise functions for AVX2; see program.body.h. */
#include "kernels/cpu/elementwise/program.body.h"

const tarn_kernel tarn_kernels_elementwise_program_avx2[] = {ROWS {0}};
