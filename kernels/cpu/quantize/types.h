/* Elements of quantized types by their limits. */
#ifndef TARN_KERNELS_CPU_QUANTIZE_TYPES_H
#define TARN_KERNELS_CPU_QUANTIZE_TYPES_H

#include "kernels/cpu/dtype_rows.h"
#include "kernels/params/quantize.h"

#include <float.h>
#include <math.h>

typedef struct quantized_type { double lowest, highest; int bits; } quantized_type;

static inline quantized_type quantized_of(tarn_dtype dtype) {
  switch (dtype) {
    case TARN_QU8: return (quantized_type){0, UINT8_MAX, 8};
    case TARN_QI8: return (quantized_type){INT8_MIN, INT8_MAX, 8};
    case TARN_QU16: return (quantized_type){0, UINT16_MAX, 16};
    case TARN_QI16: return (quantized_type){INT16_MIN, INT16_MAX, 16};
    default: return (quantized_type){INT32_MIN, INT32_MAX, 32};
  }
}

/* Stores a whole number. One out of the type's range (float32 cannot hold INT32_MAX) or a NaN
 * becomes the lowest, as x86's conversion makes it. */
static inline void quantized_put(tarn_tensor *t, int64_t i, float value) {
  const quantized_type q = quantized_of(t->dtype);
  const double v = (double)value;
  const int64_t whole = v >= q.lowest && v <= q.highest ? (int64_t)v : (int64_t)q.lowest;
  switch (t->dtype) {
    case TARN_QU8: ((uint8_t *)t->data)[i] = (uint8_t)whole; break;
    case TARN_QI8: ((int8_t *)t->data)[i] = (int8_t)whole; break;
    case TARN_QU16: ((uint16_t *)t->data)[i] = (uint16_t)whole; break;
    case TARN_QI16: ((int16_t *)t->data)[i] = (int16_t)whole; break;
    default: ((int32_t *)t->data)[i] = (int32_t)whole; break;
  }
}

static inline float quantized_get(const tarn_tensor *t, int64_t i) {
  switch (t->dtype) {
    case TARN_QU8: return (float)((const uint8_t *)t->data)[i];
    case TARN_QI8: return (float)((const int8_t *)t->data)[i];
    case TARN_QU16: return (float)((const uint16_t *)t->data)[i];
    case TARN_QI16: return (float)((const int16_t *)t->data)[i];
    default: return (float)((const int32_t *)t->data)[i];
  }
}

/* The same for n elements from `at` on. */
static inline void quantized_put_all(tarn_tensor *t, int64_t at, const float *v, int64_t n) {
  const quantized_type q = quantized_of(t->dtype);
  const float lowest = (float)q.lowest, highest = (float)q.highest;
#define PUT_ALL(T)                                                             \
  do {                                                                         \
    T *to = (T *)t->data + at;                                                 \
    TARN_EACH_LANE                                                             \
    for (int64_t i = 0; i < n; i++)                                            \
      to[i] = (T)(int32_t)(v[i] >= lowest && v[i] <= highest ? v[i] : lowest); \
  } while (0)
  switch (t->dtype) {
    case TARN_QU8: PUT_ALL(uint8_t); break;
    case TARN_QI8: PUT_ALL(int8_t); break;
    case TARN_QU16: PUT_ALL(uint16_t); break;
    case TARN_QI16: PUT_ALL(int16_t); break;
    default:                     /* float32 does not hold INT32_MAX */
      for (int64_t i = 0; i < n; i++) quantized_put(t, at + i, v[i]);
  }
#undef PUT_ALL
}
static inline void quantized_get_all(const tarn_tensor *t, int64_t at, float *v, int64_t n) {
#define GET_ALL(T)                                                              \
  do {                                                                          \
    const T *from = (const T *)t->data + at;                                    \
    TARN_EACH_LANE                                                              \
    for (int64_t i = 0; i < n; i++) v[i] = (float)from[i];                      \
  } while (0)
  switch (t->dtype) {
    case TARN_QU8: GET_ALL(uint8_t); break;
    case TARN_QI8: GET_ALL(int8_t); break;
    case TARN_QU16: GET_ALL(uint16_t); break;
    case TARN_QI16: GET_ALL(int16_t); break;
    default: GET_ALL(int32_t); break;
  }
#undef GET_ALL
}

/* Half of a signed type's values: what MIN_COMBINED shifts by. */
static inline float half_range(const quantized_type *q) {
  return q->lowest == 0 ? 0 : (float)((q->highest - q->lowest + 1) / 2);
}

#endif
