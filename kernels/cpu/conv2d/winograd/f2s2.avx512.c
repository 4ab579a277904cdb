/* 3x3 Conv2D of stride 2 by phases and Winograd F(2,2) on the AVX-512 micro-kernels; everything is
 * in winograd.body.h. */
#define OUT 2
#define FILTER 3
#define STRIDE 2
#define ISA tarn__gemm_avx512
#define TARGET TARN_TARGET_AVX512
#include "kernels/cpu/conv2d/winograd/winograd.body.h"

const tarn_kernel tarn_kernels_winograd_f2s2_avx512[] = {
    ROW("Conv2D"), ROW("_FusedConv2D"), {0}};
