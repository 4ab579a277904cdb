/* Depthwise convolution for AVX-512; see vertical.body.h. */
#define TARGET TARN_TARGET_AVX512
#include "kernels/cpu/conv2d/vertical.body.h"

const tarn_kernel tarn_kernels_conv2d_vertical_avx512[] = {ROWS, {0}};
