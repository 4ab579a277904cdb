/* LSTM cells and sequences for AVX2; see packed.body.h. */
#define ISA tarn__gemm_avx2
#define TARGET TARN_TARGET_AVX2
#include "kernels/cpu/lstm/packed.body.h"

const tarn_kernel tarn_kernels_lstm_packed_avx2[] = {ROWS, {0}};
