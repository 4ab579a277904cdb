/* Conv3D and gradients towards inputs as products for AVX-512; see indirect.body.h. */
#define ISA tarn__gemm_avx512
#define TARGET TARN_TARGET_AVX512
#include "kernels/cpu/convolution/indirect.body.h"

const tarn_kernel tarn_kernels_convolution_indirect_avx512[] = {ROWS {0}};
