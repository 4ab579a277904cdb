/* Whole sequences of GRU cells for AVX2, recurrent weights in bfloat16; see sequence.body.h. */
#define ISA tarn__gemm_avx2
#define TARGET TARN_TARGET_AVX2
#define HALVES 1
#include "kernels/cpu/gru/sequence.body.h"

const tarn_kernel tarn_kernels_gru_sequence_bf16_avx2[] = {ROWS, {0}};
