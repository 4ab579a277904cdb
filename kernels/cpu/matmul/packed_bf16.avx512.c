/* MatMul of f32 with weights rounded to bfloat16 on the AVX-512 micro-kernels; everything is in
 * packed.body.h. */
#define ISA tarn__gemm_bf16_avx512
#define TARGET TARN_TARGET_AVX512
#define PRECISION TARN_PRECISION_BF16
#include "kernels/cpu/matmul/packed.body.h"

const tarn_kernel tarn_kernels_matmul_packed_bf16_avx512[] = {
    ROW("MatMul"),        ROW("BatchMatMul"),  ROW("BatchMatMulV2"),
    ROW("BatchMatMulV3"), ROW("_FusedMatMul"), {0},
};
