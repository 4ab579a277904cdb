/* Chains of convolutions on the AVX2 micro-kernels; everything is in chain.body.h. */
#define ISA tarn__gemm_avx2
#define TARGET TARN_TARGET_AVX2
#include "kernels/cpu/conv2d/chain.body.h"

const tarn_kernel tarn_kernels_conv2d_chain_avx2[] = {ROWS, {0}};
