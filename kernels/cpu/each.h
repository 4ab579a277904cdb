/* A kernel body compiled once for each dtype of a set.
 *
 *   #define TARN_EACH_BODY "kernels/cpu/pool/max.body.h"
 *   #define TARN_EACH_SET (TARN_EACH_FLOATS | TARN_EACH_INTS)
 *   #include "kernels/cpu/each.h"
 *   ... TARN_EACH_OF_REALS(dtype, max_pool)(call)     the function for a dtype: max_pool_f32, ...
 *
 * The body sees
 *   ELEM       an element in memory
 *   WIDE       what it is computed and summed in: float for 16-bit floats (as Eigen does), double
 * for float32 and float64, a 64-bit integer for integers, double complex for complex LOAD(x)   ELEM
 * to WIDE   STORE(s)  WIDE to ELEM: rounded once; integers wrap ADD(a,b)  MUL(a,b)      in WIDE,
 * without undefined overflow LOWEST    the least finite value that an ELEM can hold, as WIDE (not
 * for complex) NAME(f)   f_f32, ...: the name of a function made here */
#ifndef TARN_KERNELS_CPU_EACH_H
#define TARN_KERNELS_CPU_EACH_H

#include "core/tensor/dtype.h"

#include <complex.h>
#include <float.h>
#include <math.h>
#undef I /* complex.h's; here it names a dimension */

#define TARN_EACH_I32 2
#define TARN_EACH_I64 4
#define TARN_EACH_OTHER_INTS 8
#define TARN_EACH_INTS (TARN_EACH_I32 | TARN_EACH_I64 | TARN_EACH_OTHER_INTS)
#define TARN_EACH_COMPLEX 16
#define TARN_EACH_F32 32
#define TARN_EACH_F64 64
#define TARN_EACH_16_BIT 128
#define TARN_EACH_FLOATS (TARN_EACH_F32 | TARN_EACH_F64 | TARN_EACH_16_BIT)

/* The function of a name for a dtype of the set; dtype must be in it. */
#define TARN_EACH_OF_FLOATS(dtype, f) \
  ((dtype) == TARN_F32   ? f##_f32    \
   : (dtype) == TARN_F64 ? f##_f64    \
   : (dtype) == TARN_F16 ? f##_f16    \
                         : f##_bf16)
#define TARN_EACH_OF_INTS(dtype, f) \
  ((dtype) == TARN_I8    ? f##_i8   \
   : (dtype) == TARN_I16 ? f##_i16  \
   : (dtype) == TARN_I32 ? f##_i32  \
   : (dtype) == TARN_I64 ? f##_i64  \
   : (dtype) == TARN_U8  ? f##_u8   \
   : (dtype) == TARN_U16 ? f##_u16  \
   : (dtype) == TARN_U32 ? f##_u32  \
                         : f##_u64)
#define TARN_EACH_OF_COMPLEX(dtype, f) ((dtype) == TARN_C64 ? f##_c64 : f##_c128)
#define TARN_EACH_OF_REALS(dtype, f)                                    \
  (tarn__dtype_in((dtype), TARN_FLOATS) ? TARN_EACH_OF_FLOATS(dtype, f) \
                                        : TARN_EACH_OF_INTS(dtype, f))
#define TARN_EACH_OF_NUMBERS(dtype, f)                                    \
  (tarn__dtype_in((dtype), TARN_COMPLEX) ? TARN_EACH_OF_COMPLEX(dtype, f) \
                                         : TARN_EACH_OF_REALS(dtype, f))

#endif

#if TARN_EACH_SET & TARN_EACH_16_BIT
#define ELEM uint16_t
#define WIDE float
#define LOAD(x) tarn__f16_to_f32(x)
#define STORE(s) tarn__f32_to_f16(s)
#define NAME(f) f##_f16
#define ADD(a, b) ((a) + (b))
#define MUL(a, b) ((a) * (b))
#define LOWEST -65504.0f
#include TARN_EACH_BODY
#include "kernels/cpu/each_end.h"

#define ELEM uint16_t
#define WIDE float
#define LOAD(x) tarn__bf16_to_f32(x)
#define STORE(s) tarn__f32_to_bf16(s)
#define NAME(f) f##_bf16
#define ADD(a, b) ((a) + (b))
#define MUL(a, b) ((a) * (b))
#define LOWEST tarn__bf16_to_f32(0xff7f)
#include TARN_EACH_BODY
#include "kernels/cpu/each_end.h"

#endif
#if TARN_EACH_SET & TARN_EACH_F32
#define ELEM float
#define WIDE double
#define LOAD(x) ((double)(x))
#define STORE(s) ((float)(s))
#define NAME(f) f##_f32
#define ADD(a, b) ((a) + (b))
#define MUL(a, b) ((a) * (b))
#define LOWEST (-(double)FLT_MAX)
#include TARN_EACH_BODY
#include "kernels/cpu/each_end.h"

#endif
#if TARN_EACH_SET & TARN_EACH_F64
#define ELEM double
#define WIDE double
#define LOAD(x) (x)
#define STORE(s) (s)
#define NAME(f) f##_f64
#define ADD(a, b) ((a) + (b))
#define MUL(a, b) ((a) * (b))
#define LOWEST (-DBL_MAX)
#include TARN_EACH_BODY
#include "kernels/cpu/each_end.h"

#endif
#if TARN_EACH_SET & TARN_EACH_I32
#define ELEM int32_t
#define WIDE int64_t
#define LOAD(x) ((int64_t)(x))
#define STORE(s) ((int32_t)(s))
#define NAME(f) f##_i32
#define ADD(a, b) ((int64_t)((uint64_t)(a) + (uint64_t)(b)))
#define MUL(a, b) ((int64_t)((uint64_t)(a) * (uint64_t)(b)))
#define LOWEST INT32_MIN
#include TARN_EACH_BODY
#include "kernels/cpu/each_end.h"

#endif
#if TARN_EACH_SET & TARN_EACH_I64
#define ELEM int64_t
#define WIDE int64_t
#define LOAD(x) ((int64_t)(x))
#define STORE(s) ((int64_t)(s))
#define NAME(f) f##_i64
#define ADD(a, b) ((int64_t)((uint64_t)(a) + (uint64_t)(b)))
#define MUL(a, b) ((int64_t)((uint64_t)(a) * (uint64_t)(b)))
#define LOWEST INT64_MIN
#include TARN_EACH_BODY
#include "kernels/cpu/each_end.h"

#endif
#if TARN_EACH_SET & TARN_EACH_OTHER_INTS
#define ELEM int8_t
#define WIDE int64_t
#define LOAD(x) ((int64_t)(x))
#define STORE(s) ((int8_t)(s))
#define NAME(f) f##_i8
#define ADD(a, b) ((int64_t)((uint64_t)(a) + (uint64_t)(b)))
#define MUL(a, b) ((int64_t)((uint64_t)(a) * (uint64_t)(b)))
#define LOWEST INT8_MIN
#include TARN_EACH_BODY
#include "kernels/cpu/each_end.h"

#define ELEM int16_t
#define WIDE int64_t
#define LOAD(x) ((int64_t)(x))
#define STORE(s) ((int16_t)(s))
#define NAME(f) f##_i16
#define ADD(a, b) ((int64_t)((uint64_t)(a) + (uint64_t)(b)))
#define MUL(a, b) ((int64_t)((uint64_t)(a) * (uint64_t)(b)))
#define LOWEST INT16_MIN
#include TARN_EACH_BODY
#include "kernels/cpu/each_end.h"

#define ELEM uint8_t
#define WIDE uint64_t
#define LOAD(x) ((uint64_t)(x))
#define STORE(s) ((uint8_t)(s))
#define NAME(f) f##_u8
#define ADD(a, b) ((uint64_t)((uint64_t)(a) + (uint64_t)(b)))
#define MUL(a, b) ((uint64_t)((uint64_t)(a) * (uint64_t)(b)))
#define LOWEST 0
#include TARN_EACH_BODY
#include "kernels/cpu/each_end.h"

#define ELEM uint16_t
#define WIDE uint64_t
#define LOAD(x) ((uint64_t)(x))
#define STORE(s) ((uint16_t)(s))
#define NAME(f) f##_u16
#define ADD(a, b) ((uint64_t)((uint64_t)(a) + (uint64_t)(b)))
#define MUL(a, b) ((uint64_t)((uint64_t)(a) * (uint64_t)(b)))
#define LOWEST 0
#include TARN_EACH_BODY
#include "kernels/cpu/each_end.h"

#define ELEM uint32_t
#define WIDE uint64_t
#define LOAD(x) ((uint64_t)(x))
#define STORE(s) ((uint32_t)(s))
#define NAME(f) f##_u32
#define ADD(a, b) ((uint64_t)((uint64_t)(a) + (uint64_t)(b)))
#define MUL(a, b) ((uint64_t)((uint64_t)(a) * (uint64_t)(b)))
#define LOWEST 0
#include TARN_EACH_BODY
#include "kernels/cpu/each_end.h"

#define ELEM uint64_t
#define WIDE uint64_t
#define LOAD(x) ((uint64_t)(x))
#define STORE(s) ((uint64_t)(s))
#define NAME(f) f##_u64
#define ADD(a, b) ((uint64_t)((uint64_t)(a) + (uint64_t)(b)))
#define MUL(a, b) ((uint64_t)((uint64_t)(a) * (uint64_t)(b)))
#define LOWEST 0
#include TARN_EACH_BODY
#include "kernels/cpu/each_end.h"

#endif
#if TARN_EACH_SET & TARN_EACH_COMPLEX
#define ELEM float _Complex
#define WIDE double _Complex
#define LOAD(x) ((double _Complex)(x))
#define STORE(s) ((float _Complex)(s))
#define NAME(f) f##_c64
#define ADD(a, b) ((a) + (b))
#define MUL(a, b) ((a) * (b))
#include TARN_EACH_BODY
#include "kernels/cpu/each_end.h"

#define ELEM double _Complex
#define WIDE double _Complex
#define LOAD(x) (x)
#define STORE(s) (s)
#define NAME(f) f##_c128
#define ADD(a, b) ((a) + (b))
#define MUL(a, b) ((a) * (b))
#include TARN_EACH_BODY
#include "kernels/cpu/each_end.h"

#endif

#undef TARN_EACH_BODY
#undef TARN_EACH_SET
