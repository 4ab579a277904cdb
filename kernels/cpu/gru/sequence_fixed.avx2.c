/* Whole sequences of GRU cells for AVX2, recurrent weights of f32 in fixed point; see
 * sequence.body.h. */
#define ISA tarn__gemm_avx2
#define TARGET TARN_TARGET_AVX2
#define FIXED 1
#include "kernels/cpu/gru/sequence.body.h"

const tarn_kernel tarn_kernels_gru_sequence_fixed_avx2[] = {ROWS, {0}};
