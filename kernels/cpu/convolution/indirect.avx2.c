/* Conv3D and gradients towards inputs as products for AVX2; see indirect.body.h. */
#define ISA tarn__gemm_avx2
#define TARGET TARN_TARGET_AVX2
#include "kernels/cpu/convolution/indirect.body.h"

const tarn_kernel tarn_kernels_convolution_indirect_avx2[] = {ROWS {0}};
