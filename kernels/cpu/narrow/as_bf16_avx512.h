/* What ../matmul/narrow.body.h and ../conv2d/narrow.body.h are told: factors in bfloat16 on
 * AVX512_BF16. */
#ifndef TARN_KERNELS_CPU_NARROW_AS_BF16_AVX512_H
#define TARN_KERNELS_CPU_NARROW_AS_BF16_AVX512_H

#include "core/thread/cpu.h"
#include "kernels/cpu/narrow/narrow.h"

#include <string.h>

#define ISA tarn__narrow_bf16_avx512
#define TARGET TARN_TARGET_AVX512
/* VDPBF16PS starts every cycle or two on AMD, where it is worth two multiply-adds; on Intel
 * (Emerald Rapids) every second one of one port: then it pays only where reading the weights is
 * what takes the time. */
#define SPEED (strstr(tarn__cpu()->name, "AMD") ? 2.0 : 0.45)
#define REFUSAL (tarn__cpu()->avx512_bf16 ? NULL : "this CPU has no AVX512_BF16")
#define PRECISION TARN_PRECISION_BF16

#endif
