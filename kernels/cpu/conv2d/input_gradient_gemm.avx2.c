/* The gradient of Conv2D towards its input for AVX2; see input_gradient_gemm.body.h. */
#define ISA tarn__gemm_avx2
#define TARGET TARN_TARGET_AVX2
#include "kernels/cpu/conv2d/input_gradient_gemm.body.h"

const tarn_kernel tarn_kernels_conv2d_input_gradient_gemm_avx2[] = {ROWS, {0}};
