/* LSTM cells and sequences backwards for AVX2; see backward.body.h. */
#define ISA tarn__gemm_avx2
#include "kernels/cpu/lstm/backward.body.h"

const tarn_kernel tarn_kernels_lstm_backward_avx2[] = {ROWS {0}};
