/* Elements on a device: 16-bit floats, conversions, vectors of 16 bytes, and dtypes as rows of
 * macros.
 *
 * A row is X(NAME, E, DTYPE, S, A): stored as S, computed with as A. NAME and E are handed through
 * for the user of the rows: an op and its expression. A set NAME of rows is EACH_NAME(X, NAME, E);
 * its bits are in sets.h, for the C side. */
#ifndef TARN_KERNELS_CUDA_EACH_ELEMENT_CUH
#define TARN_KERNELS_CUDA_EACH_ELEMENT_CUH

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "core/tensor/dtype.h"
#include "kernels/cuda/launch.h"
#ifdef __CUDACC__
#include <cuda_fp16.h>
#endif

struct element_f16 { uint16_t bits; };
struct element_bf16 { uint16_t bits; };

__device__ inline float bits_to_float(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}
__device__ inline uint32_t float_to_bits(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

#ifdef __CUDACC__
__device__ inline float f16_to_float(uint16_t h) { return __half2float(__ushort_as_half(h)); }
__device__ inline uint16_t float_to_f16(float x) { return __half_as_ushort(__float2half_rn(x)); }
#else
static inline float f16_to_float(uint16_t h) { return tarn__f16_to_f32(h); }
static inline uint16_t float_to_f16(float x) { return tarn__f32_to_f16(x); }
#endif
__device__ inline float bf16_to_float(uint16_t h) { return bits_to_float((uint32_t)h << 16); }
/* To the nearest, halves to even; a NaN keeps its sign and is quiet. */
__device__ inline uint16_t float_to_bf16(float x) {
  const uint32_t bits = float_to_bits(x);
  if (x != x) return (uint16_t)((bits >> 16 & 0x8000u) | 0x7fc0u);
  return (uint16_t)((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

/* put(x, &s): stored, rounded once. Integers wrap. get<A>(s): as it is computed with. */
template <class A, class S> __device__ inline A get(S s) { return (A)s; }
template <class A> __device__ inline A get(element_f16 s) { return (A)f16_to_float(s.bits); }
template <class A> __device__ inline A get(element_bf16 s) { return (A)bf16_to_float(s.bits); }
template <class A, class S> __device__ inline void put(A x, S *s) { *s = (S)x; }
template <class A>
__device__ inline void put(A x, element_f16 *s) {
  s->bits = float_to_f16((float)x);
}
template <class A>
__device__ inline void put(A x, element_bf16 *s) {
  s->bits = float_to_bf16((float)x);
}

/* As it is after it was stored. */
template <class S, class A>
__device__ inline A rounded(A x) {
  S s;
  put(x, &s);
  return get<A>(s);
}

/* V elements that are read and written at once. */
template <class S, int V> struct alignas(sizeof(S) * V) pack { S at[V]; };

#define EACH_F32(X, NAME, E) X(NAME, E, TARN_F32, float, float)
#define EACH_F64(X, NAME, E) X(NAME, E, TARN_F64, double, double)
#define EACH_F16(X, NAME, E) X(NAME, E, TARN_F16, element_f16, float)
#define EACH_BF16(X, NAME, E) X(NAME, E, TARN_BF16, element_bf16, float)
#define EACH_WIDE_FLOAT(X, NAME, E) EACH_F32(X, NAME, E) EACH_F64(X, NAME, E)
#define EACH_FLOAT(X, NAME, E) \
  EACH_WIDE_FLOAT(X, NAME, E) EACH_F16(X, NAME, E) EACH_BF16(X, NAME, E)
/* The integers that graphs compute with; the others stay on the host, since each makes the module
 * larger by a tenth. */
#define EACH_SIGNED(X, NAME, E) \
  X(NAME, E, TARN_I32, int32_t, int32_t) X(NAME, E, TARN_I64, int64_t, int64_t)
#define EACH_UNSIGNED(X, NAME, E) X(NAME, E, TARN_U8, uint8_t, uint8_t)
#define EACH_INT(X, NAME, E) EACH_SIGNED(X, NAME, E) EACH_UNSIGNED(X, NAME, E)
/* Integers that wrap round: modulo 2^64, of which the stored bits are right. */
#define EACH_WRAP(X, NAME, E)                                                          \
  X(NAME, E, TARN_I32, int32_t, uint64_t) X(NAME, E, TARN_I64, int64_t, uint64_t)      \
  X(NAME, E, TARN_U8, uint8_t, uint64_t)
#define EACH_ORDERED(X, NAME, E) EACH_FLOAT(X, NAME, E) EACH_INT(X, NAME, E)
#define EACH_BOOL(X, NAME, E) X(NAME, E, TARN_BOOL, uint8_t, bool)
#define EACH_PLAIN(X, NAME, E) EACH_ORDERED(X, NAME, E) EACH_BOOL(X, NAME, E)

#endif
