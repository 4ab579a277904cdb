/* MatMul with factors in int8; everything is in narrow.body.h. */
#include "core/cpu.h"

#define ISA tarn__narrow_int8_avx512
#define TARGET TARN_TARGET_AVX512
#define SPEED 4.0
#define REFUSAL (tarn__cpu()->avx512_vnni ? NULL : "this CPU has no AVX512_VNNI")
#include "kernels/cpu/matmul/narrow.body.h"

const tarn_kernel tarn_kernels_matmul_narrow_int8_avx512[] = {
  ROW("MatMul", TARN_PRECISION_INT8), ROW("_FusedMatMul", TARN_PRECISION_INT8), {0},
};
