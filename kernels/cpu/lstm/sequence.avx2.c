/* Whole sequences of LSTM cells for AVX2; see sequence.body.h. */
#define ISA tarn__gemm_avx2
#define TARGET TARN_TARGET_AVX2
#include "kernels/cpu/lstm/sequence.body.h"

const tarn_kernel tarn_kernels_lstm_sequence_avx2[] = {ROWS, {0}};
