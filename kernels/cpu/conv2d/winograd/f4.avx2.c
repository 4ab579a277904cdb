/* 3x3 Conv2D by Winograd F(4,3) on the AVX2 micro-kernels; everything is in winograd.body.h. */
#define OUT 4
#define FILTER 3
#define ISA tarn__gemm_avx2
#define TARGET TARN_TARGET_AVX2
#include "kernels/cpu/conv2d/winograd/winograd.body.h"

const tarn_kernel tarn_kernels_winograd_f4_avx2[] = {
    ROW("Conv2D"), ROW("_FusedConv2D"), ROW("Conv2DBackpropInput"), {0}};
