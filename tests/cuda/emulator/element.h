/* Elements of any type of number as floats, in memory of the device. */
#ifndef TARN_EMULATOR_ELEMENT_H
#define TARN_EMULATOR_ELEMENT_H

#include "check/check.h"

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <library_types.h>

#include <cstdint>
#include <cstring>

namespace tarn_emulated {

enum class element { f16, bf16, f32, f64, i8, none };

inline element element_of(cudaDataType_t type) {
  return type == CUDA_R_16F    ? element::f16
         : type == CUDA_R_16BF ? element::bf16
         : type == CUDA_R_32F  ? element::f32
         : type == CUDA_R_64F  ? element::f64
                               : element::none;
}
inline size_t bytes_of(element e) {
  return e == element::f64 ? 8 : e == element::f32 ? 4 : e == element::i8 ? 1 : 2;
}

inline double load(element e, const void *p, int64_t i) {
  note_read(static_cast<const char *>(p) + i * static_cast<int64_t>(bytes_of(e)), bytes_of(e));
  switch (e) {
    case element::f16: return __half2float(static_cast<const __half *>(p)[i]);
    case element::bf16: return __bfloat162float(static_cast<const __nv_bfloat16 *>(p)[i]);
    case element::f32: return static_cast<const float *>(p)[i];
    case element::i8: return static_cast<const int8_t *>(p)[i];
    default: return static_cast<const double *>(p)[i];
  }
}
inline void store(element e, void *p, int64_t i, double value) {
  note_write(static_cast<char *>(p) + i * static_cast<int64_t>(bytes_of(e)), bytes_of(e));
  switch (e) {
    case element::f16: static_cast<__half *>(p)[i] = __float2half(static_cast<float>(value)); break;
    case element::bf16:
      static_cast<__nv_bfloat16 *>(p)[i] = __float2bfloat16(static_cast<float>(value));
      break;
    case element::f32: static_cast<float *>(p)[i] = static_cast<float>(value); break;
    case element::i8: static_cast<int8_t *>(p)[i] = static_cast<int8_t>(value); break;
    default: static_cast<double *>(p)[i] = value; break;
  }
}

/* A factor as tensor cores take it from f32: 10 bits of mantissa. */
inline double tf32(double x) {
  float f = static_cast<float>(x);
  uint32_t bits;
  memcpy(&bits, &f, sizeof bits);
  if ((bits & 0x7f800000u) != 0x7f800000u) bits = (bits + 0x1000u) & ~0x1fffu;
  memcpy(&f, &bits, sizeof f);
  return f;
}

/* sum + x * y as it is kept: a double, or a float, which is rounded at each step; a product of two
 * floats is exact in double. */
inline double accumulate(bool wide, double sum, double x, double y) {
  return wide ? sum + x * y : static_cast<float>(sum + x * y);
}

}  // namespace tarn_emulated

#endif
