/* Whole sequences of LSTM cells for AVX-512, recurrent weights in bfloat16; see sequence.body.h. */
#define ISA tarn__gemm_avx512
#define TARGET TARN_TARGET_AVX512
#define HALVES 1
#include "kernels/cpu/lstm/sequence.body.h"

const tarn_kernel tarn_kernels_lstm_sequence_bf16_avx512[] = {ROWS, {0}};
