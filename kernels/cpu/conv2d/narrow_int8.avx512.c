/* Conv2D with factors in int8; everything is in narrow.body.h. */
#include "core/cpu.h"

#define ISA tarn__narrow_int8_avx512
#define TARGET TARN_TARGET_AVX512
#define SPEED 4.0
#define REFUSAL (tarn__cpu()->avx512_vnni ? NULL : "this CPU has no AVX512_VNNI")
#include "kernels/cpu/conv2d/narrow.body.h"

const tarn_kernel tarn_kernels_conv2d_narrow_int8_avx512[] = {
  ROW("Conv2D", TARN_PRECISION_INT8), ROW("_FusedConv2D", TARN_PRECISION_INT8), {0},
};
