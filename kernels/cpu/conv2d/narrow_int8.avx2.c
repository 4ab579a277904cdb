/* Conv2D with factors in int8; everything is in narrow.body.h. */
#include "core/cpu.h"

#define ISA tarn__narrow_int8_avx2
#define TARGET TARN_TARGET_AVX2
#define SPEED 1.2
#define REFUSAL ((const char *)NULL)
#include "kernels/cpu/conv2d/narrow.body.h"

const tarn_kernel tarn_kernels_conv2d_narrow_int8_avx2[] = {
  ROW("Conv2D", TARN_PRECISION_INT8), ROW("_FusedConv2D", TARN_PRECISION_INT8), {0},
};
