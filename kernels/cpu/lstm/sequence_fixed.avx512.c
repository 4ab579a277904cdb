/* Whole sequences of LSTM cells for AVX-512, recurrent weights of f32 in fixed point; see
 * sequence.body.h. */
#define ISA tarn__gemm_avx512
#define TARGET TARN_TARGET_AVX512
#define FIXED 1
#include "kernels/cpu/lstm/sequence.body.h"

const tarn_kernel tarn_kernels_lstm_sequence_fixed_avx512[] = {ROWS, {0}};
