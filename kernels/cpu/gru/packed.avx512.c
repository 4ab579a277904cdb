/* GRU cells for AVX-512; see packed.body.h. */
#define ISA tarn__gemm_avx512
#define TARGET TARN_TARGET_AVX512
#include "kernels/cpu/gru/packed.body.h"

const tarn_kernel tarn_kernels_gru_packed_avx512[] = {ROWS, {0}};
