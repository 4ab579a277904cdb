/* GRU cells backwards for AVX-512; see gradient.body.h. */
#define ISA tarn__gemm_avx512
#include "kernels/cpu/gru/gradient.body.h"

const tarn_kernel tarn_kernels_gru_gradient_avx512[] = {ROWS {0}};
