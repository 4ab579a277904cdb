/* Words one at a time from a Philox stream, and what TensorFlow's SimplePhilox makes of them. */
#ifndef TARN_KERNELS_CPU_RANDOM_STREAM_H
#define TARN_KERNELS_CPU_RANDOM_STREAM_H

#include "core/random.h"

/* The stream of a stateless op's seed of two parts: TensorFlow scrambles it with Philox itself
 * under a fixed key. */
static inline tarn_philox tarn__philox_of_seed(uint64_t s0, uint64_t s1) {
  tarn_philox g = {
      .counter = {(uint32_t)s0, (uint32_t)(s0 >> 32), (uint32_t)s1, (uint32_t)(s1 >> 32)},
      .key = {0x3ec8f720, 0x02461e29}};
  uint32_t mix[4];
  tarn__philox_next(&g, mix);
  return (tarn_philox){.counter = {0, 0, mix[2], mix[3]}, .key = {mix[0], mix[1]}};
}

typedef struct tarn_stream {
  tarn_philox generator;
  uint32_t word[4];
  int used;                      /* of word; 4: the next block is due */
} tarn_stream;

static inline tarn_stream tarn__stream(tarn_philox generator) {
  return (tarn_stream){.generator = generator, .used = 4};
}

static inline uint32_t tarn__stream_word(tarn_stream *s) {
  if (s->used == 4) {
    tarn__philox_next(&s->generator, s->word);
    s->used = 0;
  }
  return s->word[s->used++];
}
static inline uint64_t tarn__stream_word64(tarn_stream *s) {
  const uint64_t low = tarn__stream_word(s), high = tarn__stream_word(s);
  return low | high << 32;
}
static inline float tarn__stream_float(tarn_stream *s) {
  return tarn__uint32_to_float(tarn__stream_word(s));
}
static inline double tarn__stream_double(tarn_stream *s) {
  const uint32_t x0 = tarn__stream_word(s), x1 = tarn__stream_word(s);
  return tarn__uint64_to_double(x0, x1);
}
/* Exactly uniform in [0, n): words below 2^bits mod n are thrown away. */
static inline uint32_t tarn__stream_below(tarn_stream *s, uint32_t n) {
  if ((n & (n - 1)) == 0) return tarn__stream_word(s) & (n - 1);
  const uint32_t rejected = UINT32_MAX % n + 1;
  uint32_t x;
  do x = tarn__stream_word(s);
  while (x < rejected);
  return x % n;
}
static inline uint64_t tarn__stream_below64(tarn_stream *s, uint64_t n) {
  if ((n & (n - 1)) == 0) return tarn__stream_word64(s) & (n - 1);
  const uint64_t rejected = UINT64_MAX % n + 1;
  uint64_t x;
  do x = tarn__stream_word64(s);
  while (x < rejected);
  return x % n;
}

#endif
