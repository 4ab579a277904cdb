/* Dtypes as rows of macros, for kernels that are written once as an expression and made for each
 * dtype.
 *
 * A row is X(NAME, E, DTYPE, suffix, S, A, GET, PUT): elements are stored as S, computed with as A;
 * GET(s) and PUT(a) convert. NAME and E are handed through for the user of the rows: an op and its
 * expression. 16-bit floats compute in float and round once at the end. A set NAME of rows is
 * TARN_NAME_ROWS(X, NAME, E); the same set as bits is TARN_NAME_BITS. Expressions may call the
 * functions of <tgmath.h>, which follow the type of their arguments. */
#ifndef TARN_KERNELS_CPU_DTYPE_ROWS_H
#define TARN_KERNELS_CPU_DTYPE_ROWS_H

#include "core/tensor/dtype.h"

#include <tgmath.h>
#undef I

/* Before loops whose elements do not meet: the files of an instruction set make vectors of them,
 * also in place. TARN_LANE_SUMS(a, b): the same where a and b are summed. TARN_LOOP_OF(PREFIX,
 * suffix) is the loop that a row gets: PREFIX_BLOCKS for binary16 in those files, else
 * PREFIX_PLAIN. TARN_SHORT_LOOP_OF: PREFIX_BLOCKS for bfloat16, too, for ops of which there are so
 * many that each should be small. */
#ifdef __AVX2__
#include "kernels/cpu/simd/half.h"
#define TARN_EACH_LANE _Pragma("omp simd")
#define TARN_LANE_PRAGMA(text) _Pragma(#text)
#define TARN_LANE_SUMS(a, b) TARN_LANE_PRAGMA(omp simd reduction(+:a, b))
#define TARN_LOOP_f16(PREFIX) PREFIX##_BLOCKS
#define TARN_SHORT_LOOP_bf16(PREFIX) PREFIX##_BLOCKS
#else
#define TARN_EACH_LANE
#define TARN_LANE_SUMS(a, b)
#define TARN_LOOP_f16(PREFIX) PREFIX##_PLAIN
#define TARN_SHORT_LOOP_bf16(PREFIX) PREFIX##_PLAIN
#endif
#define TARN_LOOP_bf16(PREFIX) PREFIX##_PLAIN
#define TARN_LOOP_f32(PREFIX) PREFIX##_PLAIN
#define TARN_LOOP_f64(PREFIX) PREFIX##_PLAIN
#define TARN_LOOP_c64(PREFIX) PREFIX##_PLAIN
#define TARN_LOOP_c128(PREFIX) PREFIX##_PLAIN
#define TARN_LOOP_i8(PREFIX) PREFIX##_PLAIN
#define TARN_LOOP_i16(PREFIX) PREFIX##_PLAIN
#define TARN_LOOP_i32(PREFIX) PREFIX##_PLAIN
#define TARN_LOOP_i64(PREFIX) PREFIX##_PLAIN
#define TARN_LOOP_u8(PREFIX) PREFIX##_PLAIN
#define TARN_LOOP_u16(PREFIX) PREFIX##_PLAIN
#define TARN_LOOP_u32(PREFIX) PREFIX##_PLAIN
#define TARN_LOOP_u64(PREFIX) PREFIX##_PLAIN
#define TARN_LOOP_b8(PREFIX) PREFIX##_PLAIN
#define TARN_LOOP_OF(PREFIX, SUFFIX) TARN_LOOP_##SUFFIX(PREFIX)
#define TARN_SHORT_LOOP_f16 TARN_LOOP_f16
#define TARN_SHORT_LOOP_f32 TARN_LOOP_f32
#define TARN_SHORT_LOOP_f64 TARN_LOOP_f64
#define TARN_SHORT_LOOP_c64 TARN_LOOP_c64
#define TARN_SHORT_LOOP_c128 TARN_LOOP_c128
#define TARN_SHORT_LOOP_i8 TARN_LOOP_i8
#define TARN_SHORT_LOOP_i16 TARN_LOOP_i16
#define TARN_SHORT_LOOP_i32 TARN_LOOP_i32
#define TARN_SHORT_LOOP_i64 TARN_LOOP_i64
#define TARN_SHORT_LOOP_u8 TARN_LOOP_u8
#define TARN_SHORT_LOOP_u16 TARN_LOOP_u16
#define TARN_SHORT_LOOP_u32 TARN_LOOP_u32
#define TARN_SHORT_LOOP_u64 TARN_LOOP_u64
#define TARN_SHORT_LOOP_b8 TARN_LOOP_b8
#define TARN_SHORT_LOOP_OF(PREFIX, SUFFIX) TARN_SHORT_LOOP_##SUFFIX(PREFIX)

#define TARN_AS_IS(x) (x)
#define TARN_SIGN_EXTEND(x) ((uint64_t)(int64_t)(x))
#define TARN_TO_F16(x) tarn__f32_to_f16((float)(x))
#define TARN_TO_BF16(x) tarn__f32_to_bf16((float)(x))
/* To the nearest value of a 16-bit float, for expressions that TensorFlow rounds at every step. */
static inline float tarn__f16_round(float x) { return tarn__f16_to_f32(tarn__f32_to_f16(x)); }
static inline float tarn__bf16_round(float x) { return tarn__bf16_to_f32(tarn__f32_to_bf16(x)); }

#define TARN_F16_ROWS(X, NAME, E) \
  X(NAME, E, TARN_F16, f16, uint16_t, float, tarn__f16_to_f32, TARN_TO_F16)
#define TARN_F16_BITS TARN_BIT(TARN_F16)
#define TARN_BF16_ROWS(X, NAME, E) \
  X(NAME, E, TARN_BF16, bf16, uint16_t, float, tarn__bf16_to_f32, TARN_TO_BF16)
#define TARN_BF16_BITS TARN_BIT(TARN_BF16)

#define TARN_F32_ROWS(X, NAME, E) X(NAME, E, TARN_F32, f32, float, float, TARN_AS_IS, (float))
#define TARN_F32_BITS TARN_BIT(TARN_F32)
#define TARN_F64_ROWS(X, NAME, E) X(NAME, E, TARN_F64, f64, double, double, TARN_AS_IS, TARN_AS_IS)
#define TARN_F64_BITS TARN_BIT(TARN_F64)

#define TARN_WIDE_FLOAT_ROWS(X, NAME, E) TARN_F32_ROWS(X, NAME, E) TARN_F64_ROWS(X, NAME, E)
#define TARN_WIDE_FLOAT_BITS (TARN_F32_BITS | TARN_F64_BITS)
#define TARN_HALF_ROWS(X, NAME, E) TARN_F16_ROWS(X, NAME, E) TARN_BF16_ROWS(X, NAME, E)
#define TARN_HALF_BITS (TARN_F16_BITS | TARN_BF16_BITS)
/* Floats but float32, which has kernels of its own; and all but float64. */
#define TARN_NOT_F32_ROWS(X, NAME, E) TARN_F64_ROWS(X, NAME, E) TARN_HALF_ROWS(X, NAME, E)
#define TARN_NOT_F32_BITS (TARN_F64_BITS | TARN_HALF_BITS)
#define TARN_NOT_F64_ROWS(X, NAME, E) TARN_F32_ROWS(X, NAME, E) TARN_HALF_ROWS(X, NAME, E)
#define TARN_NOT_F64_BITS (TARN_F32_BITS | TARN_HALF_BITS)

#define TARN_FLOAT_ROWS(X, NAME, E) \
  TARN_WIDE_FLOAT_ROWS(X, NAME, E) TARN_F16_ROWS(X, NAME, E) TARN_BF16_ROWS(X, NAME, E)
#define TARN_FLOAT_BITS TARN_FLOATS

#define TARN_COMPLEX_ROWS(X, NAME, E)                                                 \
  X(NAME, E, TARN_C64, c64, float _Complex, float _Complex, TARN_AS_IS, (float _Complex))   \
  X(NAME, E, TARN_C128, c128, double _Complex, double _Complex, TARN_AS_IS, TARN_AS_IS)
#define TARN_COMPLEX_BITS TARN_COMPLEX

#define TARN_SIGNED_ROWS(X, NAME, E)                                   \
  X(NAME, E, TARN_I8, i8, int8_t, int8_t, TARN_AS_IS, (int8_t))        \
  X(NAME, E, TARN_I16, i16, int16_t, int16_t, TARN_AS_IS, (int16_t))   \
  X(NAME, E, TARN_I32, i32, int32_t, int32_t, TARN_AS_IS, (int32_t))   \
  X(NAME, E, TARN_I64, i64, int64_t, int64_t, TARN_AS_IS, (int64_t))
#define TARN_SIGNED_BITS TARN_SIGNED_INTS

#define TARN_UNSIGNED_ROWS(X, NAME, E)                                     \
  X(NAME, E, TARN_U8, u8, uint8_t, uint8_t, TARN_AS_IS, (uint8_t))         \
  X(NAME, E, TARN_U16, u16, uint16_t, uint16_t, TARN_AS_IS, (uint16_t))    \
  X(NAME, E, TARN_U32, u32, uint32_t, uint32_t, TARN_AS_IS, (uint32_t))    \
  X(NAME, E, TARN_U64, u64, uint64_t, uint64_t, TARN_AS_IS, (uint64_t))
#define TARN_UNSIGNED_BITS TARN_UNSIGNED_INTS

/* Integers as they are: for division, comparison and signs. */
#define TARN_INT_ROWS(X, NAME, E) TARN_SIGNED_ROWS(X, NAME, E) TARN_UNSIGNED_ROWS(X, NAME, E)
#define TARN_INT_BITS TARN_INTS

/* Integers that wrap round: addition, subtraction and multiplication in uint64_t are right modulo
 * any width. */
#define TARN_WRAP_ROWS(X, NAME, E)                                                \
  X(NAME, E, TARN_I8, i8, int8_t, uint64_t, TARN_SIGN_EXTEND, (int8_t))           \
  X(NAME, E, TARN_I16, i16, int16_t, uint64_t, TARN_SIGN_EXTEND, (int16_t))       \
  X(NAME, E, TARN_I32, i32, int32_t, uint64_t, TARN_SIGN_EXTEND, (int32_t))       \
  X(NAME, E, TARN_I64, i64, int64_t, uint64_t, TARN_SIGN_EXTEND, (int64_t))       \
  X(NAME, E, TARN_U8, u8, uint8_t, uint64_t, TARN_AS_IS, (uint8_t))               \
  X(NAME, E, TARN_U16, u16, uint16_t, uint64_t, TARN_AS_IS, (uint16_t))           \
  X(NAME, E, TARN_U32, u32, uint32_t, uint64_t, TARN_AS_IS, (uint32_t))           \
  X(NAME, E, TARN_U64, u64, uint64_t, uint64_t, TARN_AS_IS, (uint64_t))
#define TARN_WRAP_BITS TARN_INTS

/* The same in the narrowest types that do it, for loops that become vectors. */
#define TARN_MODULO_ROWS(X, NAME, E)                                       \
  X(NAME, E, TARN_I8, i8, int8_t, uint32_t, (uint32_t), (int8_t))          \
  X(NAME, E, TARN_I16, i16, int16_t, uint32_t, (uint32_t), (int16_t))      \
  X(NAME, E, TARN_I32, i32, int32_t, uint32_t, (uint32_t), (int32_t))      \
  X(NAME, E, TARN_I64, i64, int64_t, uint64_t, (uint64_t), (int64_t))      \
  X(NAME, E, TARN_U8, u8, uint8_t, uint32_t, (uint32_t), (uint8_t))        \
  X(NAME, E, TARN_U16, u16, uint16_t, uint32_t, (uint32_t), (uint16_t))    \
  X(NAME, E, TARN_U32, u32, uint32_t, uint32_t, (uint32_t), (uint32_t))    \
  X(NAME, E, TARN_U64, u64, uint64_t, uint64_t, (uint64_t), (uint64_t))
#define TARN_MODULO_BITS TARN_INTS

/* What can be added and multiplied, what can be put in order, and floats with their complex kin. */
#define TARN_RING_ROWS(X, NAME, E) \
  TARN_FLOAT_ROWS(X, NAME, E) TARN_WRAP_ROWS(X, NAME, E) TARN_COMPLEX_ROWS(X, NAME, E)
#define TARN_RING_BITS (TARN_REALS | TARN_COMPLEX)
#define TARN_ORDERED_ROWS(X, NAME, E) TARN_FLOAT_ROWS(X, NAME, E) TARN_INT_ROWS(X, NAME, E)
#define TARN_ORDERED_BITS TARN_REALS
#define TARN_FIELD_ROWS(X, NAME, E) TARN_FLOAT_ROWS(X, NAME, E) TARN_COMPLEX_ROWS(X, NAME, E)
#define TARN_FIELD_BITS (TARN_FLOATS | TARN_COMPLEX)

/* Truth as bytes of 0 and 1, which vectors can take. */
#define TARN_TRUTH_ROWS(X, NAME, E) \
  X(NAME, E, TARN_BOOL, b8, uint8_t, uint8_t, TARN_AS_IS, (uint8_t))
#define TARN_TRUTH_BITS TARN_BIT(TARN_BOOL)
#define TARN_BOOL_ROWS(X, NAME, E) X(NAME, E, TARN_BOOL, b8, bool, bool, TARN_AS_IS, TARN_AS_IS)
#define TARN_BOOL_BITS TARN_BIT(TARN_BOOL)

#endif
