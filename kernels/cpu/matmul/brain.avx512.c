/* MatMul of bfloat16 on the AVX-512 micro-kernels; everything is in brain.body.h. */
#define ISA tarn__gemm_brain_avx512
#define TARGET TARN_TARGET_AVX512
#include "kernels/cpu/matmul/brain.body.h"

const tarn_kernel tarn_kernels_matmul_brain_avx512[] = {
    ROW("MatMul"), ROW("BatchMatMul"), ROW("BatchMatMulV2"), ROW("BatchMatMulV3"), {0},
};
