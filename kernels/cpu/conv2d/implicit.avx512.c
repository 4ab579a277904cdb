/* Conv2D on the AVX-512 micro-kernels; everything is in implicit.body.h. */
#define ISA tarn__gemm_avx512
#define TARGET TARN_TARGET_AVX512
#include "kernels/cpu/conv2d/implicit.body.h"

const tarn_kernel tarn_kernels_conv2d_implicit_avx512[] = {ROW("Conv2D"), ROW("_FusedConv2D"), {0}};
