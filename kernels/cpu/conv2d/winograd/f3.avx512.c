/* 3x3 Conv2D by Winograd F(3,3) on the AVX-512 micro-kernels; everything is in winograd.body.h. */
#define OUT 3
#define FILTER 3
#define ISA tarn__gemm_avx512
#define TARGET TARN_TARGET_AVX512
#include "kernels/cpu/conv2d/winograd/winograd.body.h"

const tarn_kernel tarn_kernels_winograd_f3_avx512[] = {
    ROW("Conv2D"), ROW("_FusedConv2D"), ROW("Conv2DBackpropInput"), {0}};
