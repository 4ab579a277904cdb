/* Real numbers that a narrow integer cannot hold. C leaves them undefined; TensorFlow's wheels
 * convert them in groups of elements, which saturate to 8 and 16 bits, and what is left at the end
 * one by one, which wraps through int32 (uint32 through int64). Saturating goes by int32: what that
 * cannot hold, and NaN, becomes the least number; for uint32 it is 2^31. */
#ifndef TARN_KERNELS_CPU_ARRAY_CAST_BOUNDS_H
#define TARN_KERNELS_CPU_ARRAY_CAST_BOUNDS_H

#include "core/tensor/dtype.h"

typedef struct tarn_cast_bounds {
  bool narrow;                /* 8 or 16 bits; else uint32 */
  double low, high;
  double limit; /* from here on it is `low`: 2^31, but 2^15 to uint8 where groups go by uint16 */
  int64_t grouped;            /* the first so many elements are converted in groups */
} tarn_cast_bounds;

static inline tarn_cast_bounds tarn__cast_bounds(tarn_dtype from, tarn_dtype to, int64_t total) {
  tarn_cast_bounds b = {.narrow = true, .limit = 0x1p31};
  switch ((int)to) {
    case TARN_I8: case TARN_QI8: b.low = INT8_MIN; b.high = INT8_MAX; break;
    case TARN_U8: case TARN_QU8: b.high = UINT8_MAX; break;
    case TARN_I16: case TARN_QI16: b.low = INT16_MIN; b.high = INT16_MAX; break;
    case TARN_U16: case TARN_QU16: b.high = UINT16_MAX; break;
    case TARN_U32: b.narrow = false; break;
    default: return b;
  }
  int64_t group = 0;
  switch ((int)from) {
    case TARN_F32: group = b.narrow ? 32 : 8; break;
    case TARN_F64: case TARN_F16: group = b.narrow ? 16 : 8; break;
    case TARN_BF16: group = 8; break;
    default: return b;
  }
  if ((from == TARN_F16 || from == TARN_F64) && b.high == UINT8_MAX) b.limit = 0x1p15;
  b.grouped = total - total % group;
  return b;
}

/* y = x, the first `grouped` of n elements so bounded that wrapping them gives what saturating
 * would. y may be x. */
#define TARN_CAST_BOUND(NAME, T, LEAST)                                                 \
  static inline void NAME(const tarn_cast_bounds *b, const T *x, T *y, int64_t grouped, \
                          int64_t n) {                                                  \
    const T low = (T)b->low, high = (T)b->high, limit = (T)b->limit;                    \
    if (b->narrow)                                                                      \
      for (int64_t k = 0; k < grouped; k++) {                                           \
        const T v = x[k], below = v < high ? v : high;                                  \
        y[k] = (v >= low) & (v < limit) ? below : low;                                  \
      }                                                                                 \
    else                                                                                \
      for (int64_t k = 0; k < grouped; k++) {                                           \
        const T v = x[k];                                                               \
        y[k] = (v > LEAST) & (v < (T)0x1p32) ? v : (T)0x1p31;                           \
      }                                                                                 \
    for (int64_t k = grouped; k < n; k++) y[k] = x[k];                                  \
  }
TARN_CAST_BOUND(tarn__cast_bound_f, float, -0x1.000002p31f)   /* the next float below -2^31 */
TARN_CAST_BOUND(tarn__cast_bound_d, double, -0x1p31 - 1)
#undef TARN_CAST_BOUND

/* Of n elements from `at` on: how many are among the grouped ones. */
static inline int64_t tarn__cast_grouped(const tarn_cast_bounds *b, int64_t at, int64_t n) {
  return b->grouped <= at ? 0 : b->grouped - at < n ? b->grouped - at : n;
}

#endif
