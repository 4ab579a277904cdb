/* Philox 4x32-10 as TensorFlow uses it (Salmon et al., SC 2011), bit for bit: the streams, the
 * skipping and the conversions to floats. Source of the conventions:
 * tensorflow/core/lib/random/philox_random.h, random_distributions.h and
 * util/guarded_philox_random. */
#ifndef TARN_CORE_RANDOM_H
#define TARN_CORE_RANDOM_H

#include "core/status.h"

typedef struct tarn_philox {
  uint32_t counter[4];
  uint32_t key[2];
} tarn_philox;

/* As PhiloxRandom(seed_lo, seed_hi): key = seed_lo, counter words 2 and 3 = seed_hi. */
void tarn__philox_init(tarn_philox *g, uint64_t seed_lo, uint64_t seed_hi);
void tarn__philox_skip(tarn_philox *g, uint64_t blocks);          /* blocks of four words */
void tarn__philox_next(tarn_philox *g, uint32_t out[4]); /* one block; the counter steps by one */
/* [0, 1) from one word (f32: 23 bits) or two (f64: 20 bits of x0 above all of x1), TensorFlow's
 * Uint32ToFloat / Uint64ToDouble. */
float tarn__uint32_to_float(uint32_t x);
double tarn__uint64_to_double(uint32_t x0, uint32_t x1);
uint16_t tarn__uint16_to_half(uint16_t x);      /* 10 bits */
uint16_t tarn__uint16_to_bfloat16(uint16_t x);  /* 7 bits */
/* TensorFlow's BoxMullerFloat / BoxMullerDouble. */
void tarn__box_muller_float(uint32_t x0, uint32_t x1, float *f0, float *f1);
void tarn__box_muller_double(uint32_t x0, uint32_t x1, uint32_t x2, uint32_t x3, double *d0,
                             double *d1);
/* A seed that differs from call to call, for ops without seeds. */
uint64_t tarn__random_seed(void);

#endif
