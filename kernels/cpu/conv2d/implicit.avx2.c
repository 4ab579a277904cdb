/* Conv2D on the AVX2 micro-kernels; everything is in implicit.body.h. */
#define ISA tarn__gemm_avx2
#define TARGET TARN_TARGET_AVX2
#include "kernels/cpu/conv2d/implicit.body.h"

const tarn_kernel tarn_kernels_conv2d_implicit_avx2[] = {ROW("Conv2D"), ROW("_FusedConv2D"), {0}};
