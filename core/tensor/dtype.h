/* Element types: facts about each, sets of them, and the 16-bit float conversions. */
#ifndef TARN_CORE_TENSOR_DTYPE_H
#define TARN_CORE_TENSOR_DTYPE_H

#include "core/status.h"

#include <string.h>

/* A set of dtypes as bits, by TensorFlow's number. */
typedef uint32_t tarn_dtypes;
#define TARN_BIT(dtype) ((tarn_dtypes)1u << (dtype))
#define TARN_FLOATS \
  (TARN_BIT(TARN_F16) | TARN_BIT(TARN_BF16) | TARN_BIT(TARN_F32) | TARN_BIT(TARN_F64))
#define TARN_SIGNED_INTS \
  (TARN_BIT(TARN_I8) | TARN_BIT(TARN_I16) | TARN_BIT(TARN_I32) | TARN_BIT(TARN_I64))
#define TARN_UNSIGNED_INTS \
  (TARN_BIT(TARN_U8) | TARN_BIT(TARN_U16) | TARN_BIT(TARN_U32) | TARN_BIT(TARN_U64))
#define TARN_INTS (TARN_SIGNED_INTS | TARN_UNSIGNED_INTS)
#define TARN_COMPLEX (TARN_BIT(TARN_C64) | TARN_BIT(TARN_C128))
#define TARN_QUANTIZED                                                                   \
  (TARN_BIT(TARN_QI8) | TARN_BIT(TARN_QU8) | TARN_BIT(TARN_QI32) | TARN_BIT(TARN_QI16) | \
   TARN_BIT(TARN_QU16))
#define TARN_REALS (TARN_FLOATS | TARN_INTS)          /* TensorFlow's realnumbertype */
#define TARN_NUMBERS (TARN_REALS | TARN_COMPLEX | TARN_QUANTIZED) /* numbertype */
#define TARN_PLAIN (TARN_NUMBERS | TARN_BIT(TARN_BOOL)) /* copied with memcpy */
#define TARN_ANY (~(tarn_dtypes)1u)

static inline bool tarn__dtype_in(tarn_dtype dtype, tarn_dtypes set) {
  return (set >> dtype & 1u) != 0;
}

/* From TensorFlow's number (reference types, base + 100, give *is_ref); TARN_NO_DTYPE when
 * unknown. */
tarn_dtype tarn__dtype_from_number(int64_t number, bool *is_ref);
/* From "float", "float32", "f32", "int32", "i32", "DT_FLOAT" and kin; TARN_NO_DTYPE when
 * unknown. */
tarn_dtype tarn__dtype_from_name(const char *name, size_t bytes);
/* numpy's spelling: "float32", "int8", ...; and the short one of case strings: "f32", "i8",
 * "str". */
const char *tarn__dtype_numpy(tarn_dtype dtype);
const char *tarn__dtype_short(tarn_dtype dtype);

static inline float tarn__bf16_to_f32(uint16_t h) {
  uint32_t bits = (uint32_t)h << 16;
  float f;
  memcpy(&f, &bits, sizeof f);
  return f;
}
/* Round to nearest even; every NaN becomes 0x7fc0 with its sign, as Eigen does. */
static inline uint16_t tarn__f32_to_bf16(float f) {
  uint32_t bits;
  memcpy(&bits, &f, sizeof bits);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return (uint16_t)((bits >> 16 & 0x8000u) | 0x7fc0u);
  bits += 0x7fffu + (bits >> 16 & 1u);
  return (uint16_t)(bits >> 16);
}
/* IEEE 754 binary16, round to nearest even, denormals kept (also where floats' own are taken for
 * 0). Without branches, so that loops over them become vectors. binary16: 1 sign, 5 exponent (bias
 * 15), 10 mantissa bits; binary32: 1, 8 (127), 23. NaNs stay NaNs, quiet, with their payload, as
 * the hardware converts them. */
static inline float tarn__f16_to_f32(uint16_t h) {
  const uint32_t sign = (uint32_t)(h & 0x8000u) << 16, magnitude = h & 0x7fffu;
  const float small = (float)(int32_t)magnitude * 0x1p-24f;   /* right for denormals */
  uint32_t bits, small_bits;
  memcpy(&small_bits, &small, sizeof small);
  bits = (magnitude << 13) + (112u << 23);
  bits = magnitude < 0x400u ? small_bits : bits;
  bits = magnitude >= 0x7c00u ? bits + (112u << 23) : bits;   /* the exponent of infinity and NaN */
  bits = magnitude > 0x7c00u ? bits | 0x00400000u : bits;
  bits |= sign;
  float f;
  memcpy(&f, &bits, sizeof f);
  return f;
}
static inline uint16_t tarn__f32_to_f16(float f) {
  uint32_t bits, shifted_bits;
  memcpy(&bits, &f, sizeof bits);
  const uint32_t sign = bits >> 16 & 0x8000u, magnitude = bits & 0x7fffffffu;
  float size, shifted;
  memcpy(&size, &magnitude, sizeof size);
  shifted =
      size + 0.5f; /* a denormal half counts in 2^-24, the last place of a float in [0.5, 1) */
  memcpy(&shifted_bits, &shifted, sizeof shifted_bits);
  uint32_t half = (magnitude + 0xfffu + (magnitude >> 13 & 1u) - (112u << 23)) >> 13;
  half = magnitude < 0x38800000u ? shifted_bits - 0x3f000000u : half;   /* below 2^-14 */
  half = magnitude >= 0x477ff000u ? 0x7c00u : half; /* 65520 and more round to infinity */
  half = magnitude > 0x7f800000u ? 0x7e00u | (magnitude >> 13 & 0x3ffu) : half;
  return (uint16_t)(sign | half);
}

#endif
