/* GRU cells for AVX2; see packed.body.h. */
#define ISA tarn__gemm_avx2
#define TARGET TARN_TARGET_AVX2
#include "kernels/cpu/gru/packed.body.h"

const tarn_kernel tarn_kernels_gru_packed_avx2[] = {ROWS, {0}};
