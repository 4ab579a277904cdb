/* Conv2D with factors in bf16; everything is in narrow.body.h. */
#include "core/cpu.h"

#include <string.h>

#define ISA tarn__narrow_bf16_avx512
#define TARGET TARN_TARGET_AVX512
/* VDPBF16PS starts every cycle or two on AMD, where it is worth two multiply-adds; on Intel (Emerald Rapids) every
 * second one of one port: then it pays only where reading the weights is what takes the time. */
#define SPEED (strstr(tarn__cpu()->name, "AMD") ? 2.0 : 0.45)
#define REFUSAL (tarn__cpu()->avx512_bf16 ? NULL : "this CPU has no AVX512_BF16")
#include "kernels/cpu/conv2d/narrow.body.h"

const tarn_kernel tarn_kernels_conv2d_narrow_bf16_avx512[] = {
  ROW("Conv2D", TARN_PRECISION_BF16), ROW("_FusedConv2D", TARN_PRECISION_BF16), {0},
};
