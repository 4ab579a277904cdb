/* Writing past the caches. An output that is larger than they are would push everything out, and
 * each of its lines would be read before it is written; on machines that share their last cache
 * among many, that costs five times the writing itself.
 *
 * Plain dtypes only. Elsewhere than on x86-64 these are plain copies. */
#ifndef TARN_KERNELS_CPU_ARRAY_STREAM_H
#define TARN_KERNELS_CPU_ARRAY_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Outputs from this size on are streamed: measured, where ordinary stores begin to lose. */
#define TARN_STREAM_BYTES ((size_t)24 << 20)

static inline void tarn__stream_copy(char *to, const char *from, size_t bytes) {
#ifdef __SSE2__
  size_t head = (size_t)(-(uintptr_t)to & 63);
  if (head > bytes) head = bytes;
  memcpy(to, from, head);
  for (to += head, from += head, bytes -= head; bytes >= 64; to += 64, from += 64, bytes -= 64)
    for (int k = 0; k < 64; k += 16)
      _mm_stream_si128((__m128i *)(void *)(to + k),
                       _mm_loadu_si128((const __m128i *)(const void *)(from + k)));
#endif
  memcpy(to, from, bytes);
}

/* Repeats an element of `size` bytes, a power of two up to 16; past the caches if `streams`. */
static inline void tarn__stream_fill(char *to, const char *element, size_t size, size_t bytes,
                                     bool streams) {
  char pattern[16];
  uint64_t word;
  switch (size) {   /* in registers: rows of a few elements are filled too */
    case 1: word = UINT64_C(0x0101010101010101) * (unsigned char)*element; break;
    case 2:
      word = UINT64_C(0x0001000100010001) *
             ((unsigned char)element[0] | (unsigned)(unsigned char)element[1] << 8);
      break;
    case 4: memcpy(&word, element, 4), memcpy((char *)&word + 4, element, 4); break;
    default: memcpy(&word, element, 8); break;
  }
  memcpy(pattern, &word, 8);
  if (size == 16) memcpy(&word, element + 8, 8);
  memcpy(pattern + 8, &word, 8);
#ifdef __SSE2__
  if (streams && ((uintptr_t)to & (size - 1)) == 0) { /* else lines do not begin with an element */
    const __m128i v = _mm_loadu_si128((const __m128i *)(const void *)pattern);
    for (; bytes && ((uintptr_t)to & 63); to += size, bytes -= size) memcpy(to, pattern, size);
    for (; bytes >= 64; to += 64, bytes -= 64)
      for (int k = 0; k < 64; k += 16) _mm_stream_si128((__m128i *)(void *)(to + k), v);
  }
#endif
  for (; bytes >= 64; to += 64, bytes -= 64)
    for (int k = 0; k < 64; k += 16) memcpy(to + k, pattern, 16);
  for (; bytes >= 16; to += 16, bytes -= 16) memcpy(to, pattern, 16);
  for (size_t k = 0; k < bytes; k++) to[k] = pattern[k];
}

/* After the last of them, before the result is handed to another thread. */
static inline void tarn__stream_end(void) {
#ifdef __SSE2__
  _mm_sfence();
#endif
}

#endif
