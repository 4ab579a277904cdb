/* LSTM cells and sequences backwards for AVX-512; see backward.body.h. */
#define ISA tarn__gemm_avx512
#include "kernels/cpu/lstm/backward.body.h"

const tarn_kernel tarn_kernels_lstm_backward_avx512[] = {ROWS {0}};
