/* Depthwise convolution for AVX2; see vertical.body.h. */
#define TARGET TARN_TARGET_AVX2
#include "kernels/cpu/conv2d/vertical.body.h"

const tarn_kernel tarn_kernels_conv2d_vertical_avx2[] = {ROWS, {0}};
