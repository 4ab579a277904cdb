/* What ../matmul/narrow.body.h and ../conv2d/narrow.body.h are told: factors in 8 bits in pairs of
 * 16 on AVX2. */
#ifndef TARN_KERNELS_CPU_NARROW_AS_INT8_AVX2_H
#define TARN_KERNELS_CPU_NARROW_AS_INT8_AVX2_H

#include "core/thread/cpu.h"
#include "kernels/cpu/narrow/narrow.h"

#define ISA tarn__narrow_int8_avx2
#define TARGET TARN_TARGET_AVX2
#define SPEED 1.2
#define REFUSAL ((const char *)NULL)
#define PRECISION TARN_PRECISION_INT8

#endif
