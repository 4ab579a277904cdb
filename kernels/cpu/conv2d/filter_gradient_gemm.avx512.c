/* The gradient of Conv2D towards its filter for AVX-512; see filter_gradient_gemm.body.h. */
#define ISA tarn__gemm_avx512
#define TARGET TARN_TARGET_AVX512
#include "kernels/cpu/conv2d/filter_gradient_gemm.body.h"

const tarn_kernel tarn_kernels_conv2d_filter_gradient_gemm_avx512[] = {ROWS, {0}};
