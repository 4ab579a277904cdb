/* Chains of convolutions on the AVX-512 micro-kernels; everything is in chain.body.h. */
#define ISA tarn__gemm_avx512
#define TARGET TARN_TARGET_AVX512
#include "kernels/cpu/conv2d/chain.body.h"

const tarn_kernel tarn_kernels_conv2d_chain_avx512[] = {ROWS, {0}};
