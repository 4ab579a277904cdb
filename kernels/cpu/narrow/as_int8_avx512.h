/* What ../matmul/narrow.body.h and ../conv2d/narrow.body.h are told: factors in 8 bits on
 * AVX512_VNNI. */
#ifndef TARN_KERNELS_CPU_NARROW_AS_INT8_AVX512_H
#define TARN_KERNELS_CPU_NARROW_AS_INT8_AVX512_H

#include "core/thread/cpu.h"
#include "kernels/cpu/narrow/narrow.h"

#define ISA tarn__narrow_int8_avx512
#define TARGET TARN_TARGET_AVX512
#define SPEED 4.0
#define REFUSAL (tarn__cpu()->avx512_vnni ? NULL : "this CPU has no AVX512_VNNI")
#define PRECISION TARN_PRECISION_INT8

#endif
