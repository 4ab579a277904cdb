/* MatMul with factors in int8; everything is in narrow.body.h. */
#include "core/cpu.h"

#define ISA tarn__narrow_int8_avx2
#define TARGET TARN_TARGET_AVX2
#define SPEED 1.2
#define REFUSAL ((const char *)NULL)
#include "kernels/cpu/matmul/narrow.body.h"

const tarn_kernel tarn_kernels_matmul_narrow_int8_avx2[] = {
  ROW("MatMul", TARN_PRECISION_INT8), ROW("_FusedMatMul", TARN_PRECISION_INT8), {0},
};
