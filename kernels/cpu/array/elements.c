#include "kernels/cpu/array/elements.h"

#include "kernels/cpu/array/stream.h"

tarn_status tarn__repeat(tarn_tensor *to, int64_t to_at, int64_t n, const tarn_tensor *value,
                         int64_t value_at) {
  if (!tarn__is_plain(to->dtype)) {
    for (int64_t i = 0; i < n; i++)
      TARN_TRY(tarn__tensor_copy_elements(to, to_at + i, value, value_at, 1));
    return TARN_OK;
  }
  const size_t size = tarn_dtype_bytes(to->dtype);
  tarn__fill_elements((char *)to->data + (size_t)to_at * size,
                      (const char *)value->data + (size_t)value_at * size, size, n, false);
  return TARN_OK;
}

void tarn__fill_elements(char *to, const char *element, size_t size, int64_t n, bool streams) {
  if (n <= 0) return;
  const size_t bytes = (size_t)n * size;
  if (bytes <= 4096 || bytes >= TARN_STREAM_BYTES || streams) {
    tarn__stream_fill(to, element, size, bytes, streams || bytes >= TARN_STREAM_BYTES);
    if (!streams && bytes >= TARN_STREAM_BYTES) tarn__stream_end();
    return;
  }
  char block[1024];   /* what is repeated stays in L1 */
  tarn__stream_fill(block, element, size, sizeof block, false);
  size_t done = 0;
  for (; bytes - done >= sizeof block; done += sizeof block) memcpy(to + done, block, sizeof block);
  memcpy(to + done, block, bytes - done);
}

tarn_status tarn__clear_elements(tarn_tensor *to, int64_t to_at, int64_t n) {
  if (tarn__is_plain(to->dtype)) {
    static const char zero[16];
    const size_t size = tarn_dtype_bytes(to->dtype), bytes = n > 0 ? (size_t)n * size : 0;
    char *start = (char *)to->data + (size_t)to_at * size;
    if (bytes >= TARN_STREAM_BYTES) tarn__fill_elements(start, zero, size, n, false);
    else if (bytes) memset(start, 0, bytes);
    return TARN_OK;
  }
  if (to->dtype != TARN_STRING)
    return tarn_fail(TARN_DTYPE, "no zero of type %s", tarn_dtype_name(to->dtype));
  for (int64_t i = 0; i < n; i++) TARN_TRY(tarn__string_set(to, to_at + i, "", 0));
  return TARN_OK;
}

tarn_status tarn__string_join(tarn_tensor *to, int64_t i, tarn_string first, tarn_string second) {
  const tarn_allocator *allocator = tarn__allocator_default();
  size_t bytes;
  if (tarn__add_overflow(first.size, second.size, &bytes))
    return tarn_fail(TARN_LIMIT, "a string of more bytes than there can be");
  char *both = tarn__alloc(allocator, bytes);
  if (!both) return TARN_NO_MEMORY;
  if (first.size) memcpy(both, first.data, first.size);
  if (second.size) memcpy(both + first.size, second.data, second.size);
  const tarn_status status = tarn__string_set(to, i, both, bytes);
  tarn__free(allocator, both, bytes);
  return status;
}
