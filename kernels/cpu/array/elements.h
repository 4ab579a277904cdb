/* Elements by their size: copying, filling and reading indices, for every dtype.
 *
 * Plain dtypes move as bytes; strings and handles through tarn__tensor_copy_elements. Ranges are
 * the caller's duty. */
#ifndef TARN_KERNELS_CPU_ARRAY_ELEMENTS_H
#define TARN_KERNELS_CPU_ARRAY_ELEMENTS_H

#include "kernels/run.h"

static inline bool tarn__is_plain(tarn_dtype dtype) { return tarn__dtype_in(dtype, TARN_PLAIN); }

/* n elements from one tensor to another of the same dtype. */
static inline tarn_status tarn__move(tarn_tensor *to, int64_t to_at, const tarn_tensor *from,
                                     int64_t from_at, int64_t n) {
  if (!tarn__is_plain(to->dtype)) return tarn__tensor_copy_elements(to, to_at, from, from_at, n);
  size_t size = tarn_dtype_bytes(to->dtype);
  if (n > 0)
    memcpy((char *)to->data + (size_t)to_at * size,
           (const char *)from->data + (size_t)from_at * size, (size_t)n * size);
  return TARN_OK;
}

/* n times an element of `size` bytes, a power of two up to 16; `streams`: past the caches, as a
 * part of a large result, whose maker calls tarn__stream_end (stream.h). */
void tarn__fill_elements(char *to, const char *element, size_t size, int64_t n, bool streams);
/* n times the element `value_at` of `value`. */
tarn_status tarn__repeat(tarn_tensor *to, int64_t to_at, int64_t n, const tarn_tensor *value,
                         int64_t value_at);
/* n zeros, or empty strings. Handles cannot be cleared this way: TARN_DTYPE. */
tarn_status tarn__clear_elements(tarn_tensor *to, int64_t to_at, int64_t n);

/* Element i of a string tensor becomes `first` and then `second`, either of which may be that
 * element. TARN_LIMIT. */
tarn_status tarn__string_join(tarn_tensor *to, int64_t i, tarn_string first, tarn_string second);

/* Element i of an index tensor: any integer dtype. uint64 above INT64_MAX reads as negative, so it
 * is out of every range. */
static inline int64_t tarn__index_at(const tarn_tensor *t, int64_t i) {
  switch (t->dtype) {
    case TARN_I64: return ((const int64_t *)t->data)[i];
    case TARN_I32: return ((const int32_t *)t->data)[i];
    case TARN_I16: return ((const int16_t *)t->data)[i];
    case TARN_I8: return ((const int8_t *)t->data)[i];
    case TARN_U8: return ((const uint8_t *)t->data)[i];
    case TARN_U16: return ((const uint16_t *)t->data)[i];
    case TARN_U32: return ((const uint32_t *)t->data)[i];
    default: return (int64_t)((const uint64_t *)t->data)[i];
  }
}
/* n elements from `at` on, as tarn__index_at has them: for loops that would choose the dtype at
 * each. */
static inline void tarn__indices_read(const tarn_tensor *t, int64_t at, int64_t n, int64_t *to) {
  if (t->dtype == TARN_I32)
    for (int64_t i = 0; i < n; i++) to[i] = ((const int32_t *)t->data)[at + i];
  else if (t->dtype == TARN_I64)
    memcpy(to, (const int64_t *)t->data + at, (size_t)n * sizeof *to);
  else
    for (int64_t i = 0; i < n; i++) to[i] = tarn__index_at(t, at + i);
}
/* Writes element i of an int16, uint16, int32 or int64 output. */
static inline void tarn__index_put(tarn_tensor *t, int64_t i, int64_t value) {
  if (t->dtype == TARN_I64) ((int64_t *)t->data)[i] = value;
  else if (t->dtype == TARN_I32) ((int32_t *)t->data)[i] = (int32_t)value;
  else ((uint16_t *)t->data)[i] = (uint16_t)value;
}

/* `bytes` bytes of plain elements, for loops over many short rows: what one element has is one load
 * and one store. */
static inline void tarn__copy_short(void *to, const void *from, size_t bytes) {
  switch (bytes) {
    case 1: memcpy(to, from, 1); break;
    case 2: memcpy(to, from, 2); break;
    case 4: memcpy(to, from, 4); break;
    case 8: memcpy(to, from, 8); break;
    case 16: memcpy(to, from, 16); break;
    default: memcpy(to, from, bytes); break;
  }
}

/* Product of dims [from, to) of a shape. */
static inline int64_t tarn__dims_product(const tarn_shape *s, int from, int to) {
  int64_t n = 1;
  for (int d = from; d < to; d++) n *= s->dim[d];
  return n;
}
/* Row-major strides in elements. */
static inline void tarn__strides(const tarn_shape *s, int64_t *stride) {
  int64_t n = 1;
  for (int d = s->rank - 1; d >= 0; d--) {
    stride[d] = n;
    n *= s->dim[d];
  }
}

#endif
