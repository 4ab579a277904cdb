/* GRU cells backwards for AVX2; see gradient.body.h. */
#define ISA tarn__gemm_avx2
#include "kernels/cpu/gru/gradient.body.h"

const tarn_kernel tarn_kernels_gru_gradient_avx2[] = {ROWS {0}};
