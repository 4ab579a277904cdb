/* MatMul with narrowed factors; see narrow.body.h. */
#include "kernels/cpu/narrow/as_int8_avx2.h"

#include "kernels/cpu/matmul/narrow.body.h"

const tarn_kernel tarn_kernels_matmul_narrow_int8_avx2[] = {
    ROW("MatMul"), ROW("_FusedMatMul"), {0}};
