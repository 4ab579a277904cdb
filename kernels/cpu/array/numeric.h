/* Element types as rows, for functions that are written once and made for each dtype.
 *
 * X(dtype, S, A, GET, PUT): S as stored, A as computed with; GET(s) and PUT(a) convert.
 * ORDERED: what can be compared. 16-bit floats compute in float and round after each operation, as
 * Eigen does. RING: what can be added and multiplied; integers wrap round, so they compute in
 * uint64_t. */
#ifndef TARN_KERNELS_CPU_ARRAY_NUMERIC_H
#define TARN_KERNELS_CPU_ARRAY_NUMERIC_H

#include "core/tensor/dtype.h"

#include <complex.h>
#undef I

#define TARN_AS_IS(x) (x)
#define TARN_WRAP(x) ((uint64_t)(int64_t)(x))

#define TARN_FLOAT_ROWS(X)                                            \
  X(TARN_F32, float, float, TARN_AS_IS, TARN_AS_IS)                   \
  X(TARN_F64, double, double, TARN_AS_IS, TARN_AS_IS)                 \
  X(TARN_F16, uint16_t, float, tarn__f16_to_f32, tarn__f32_to_f16)    \
  X(TARN_BF16, uint16_t, float, tarn__bf16_to_f32, tarn__f32_to_bf16)

#define TARN_ORDERED_ROWS(X)                              \
  TARN_FLOAT_ROWS(X)                                      \
  X(TARN_I8, int8_t, int8_t, TARN_AS_IS, TARN_AS_IS)      \
  X(TARN_I16, int16_t, int16_t, TARN_AS_IS, TARN_AS_IS)   \
  X(TARN_I32, int32_t, int32_t, TARN_AS_IS, TARN_AS_IS)   \
  X(TARN_I64, int64_t, int64_t, TARN_AS_IS, TARN_AS_IS)   \
  X(TARN_U8, uint8_t, uint8_t, TARN_AS_IS, TARN_AS_IS)    \
  X(TARN_U16, uint16_t, uint16_t, TARN_AS_IS, TARN_AS_IS) \
  X(TARN_U32, uint32_t, uint32_t, TARN_AS_IS, TARN_AS_IS) \
  X(TARN_U64, uint64_t, uint64_t, TARN_AS_IS, TARN_AS_IS)

#define TARN_RING_ROWS(X)                                              \
  TARN_FLOAT_ROWS(X)                                                   \
  X(TARN_I8, int8_t, uint64_t, TARN_WRAP, (int8_t))                    \
  X(TARN_I16, int16_t, uint64_t, TARN_WRAP, (int16_t))                 \
  X(TARN_I32, int32_t, uint64_t, TARN_WRAP, (int32_t))                 \
  X(TARN_I64, int64_t, uint64_t, TARN_WRAP, (int64_t))                 \
  X(TARN_U8, uint8_t, uint64_t, TARN_AS_IS, (uint8_t))                 \
  X(TARN_U16, uint16_t, uint64_t, TARN_AS_IS, (uint16_t))              \
  X(TARN_U32, uint32_t, uint64_t, TARN_AS_IS, (uint32_t))              \
  X(TARN_U64, uint64_t, uint64_t, TARN_AS_IS, TARN_AS_IS)              \
  X(TARN_C64, float _Complex, float _Complex, TARN_AS_IS, TARN_AS_IS)  \
  X(TARN_C128, double _Complex, double _Complex, TARN_AS_IS, TARN_AS_IS)

#define TARN_RING (TARN_REALS | TARN_COMPLEX)

#endif
