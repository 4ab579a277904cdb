/* Philox 4x32-10: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC
 * 2011, with the conventions of random.h. */
#include "core/random.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

static const double two_pi = 6.283185307179586476925286766559;

void tarn__philox_init(tarn_philox *g, uint64_t seed_lo, uint64_t seed_hi) {
  *g = (tarn_philox){
      .counter = {0, 0, (uint32_t)seed_hi, (uint32_t)(seed_hi >> 32)},
      .key = {(uint32_t)seed_lo, (uint32_t)(seed_lo >> 32)},
  };
}

void tarn__philox_skip(tarn_philox *g, uint64_t blocks) {
  uint64_t low = (uint64_t)g->counter[1] << 32 | g->counter[0];
  uint64_t high = (uint64_t)g->counter[3] << 32 | g->counter[2];
  low += blocks;
  if (low < blocks) high++;
  g->counter[0] = (uint32_t)low;
  g->counter[1] = (uint32_t)(low >> 32);
  g->counter[2] = (uint32_t)high;
  g->counter[3] = (uint32_t)(high >> 32);
}

void tarn__philox_next(tarn_philox *g, uint32_t out[4]) {
  uint32_t c0 = g->counter[0], c1 = g->counter[1], c2 = g->counter[2], c3 = g->counter[3];
  uint32_t k0 = g->key[0], k1 = g->key[1];
  for (int round = 0; round < 10; round++) {
    uint64_t p0 = (uint64_t)c0 * 0xD2511F53u, p1 = (uint64_t)c2 * 0xCD9E8D57u;
    c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
    c1 = (uint32_t)p1;
    c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
    c3 = (uint32_t)p0;
    k0 += 0x9E3779B9u; /* the golden ratio */
    k1 += 0xBB67AE85u; /* sqrt(3) - 1 */
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
  tarn__philox_skip(g, 1);
}

/* Random mantissa bits under the exponent of [1, 2), less one. */
float tarn__uint32_to_float(uint32_t x) {
  uint32_t bits = 127u << 23 | (x & 0x7fffffu);
  float f;
  memcpy(&f, &bits, sizeof f);
  return f - 1.0f;
}

double tarn__uint64_to_double(uint32_t x0, uint32_t x1) {
  uint64_t bits = (uint64_t)1023 << 52 | (uint64_t)(x0 & 0xfffffu) << 32 | x1;
  double d;
  memcpy(&d, &bits, sizeof d);
  return d - 1.0;
}

/* n / 2^width for n < 2^width, as the bits of a 16-bit float with `width` mantissa bits: exact,
 * because n has at most `width` bits. 1 has the exponent `one`; k/2^width with leading bit b has
 * one - width + b. */
static uint16_t fraction16(uint32_t n, unsigned width, unsigned one) {
  if (n == 0) return 0;
  unsigned lead = 31u - (unsigned)__builtin_clz(n);
  return (uint16_t)((one - width + lead) << width | ((n << (width - lead)) & ((1u << width) - 1u)));
}

uint16_t tarn__uint16_to_half(uint16_t x) {
  return fraction16(x & 0x3ffu, 10, 15);
}

uint16_t tarn__uint16_to_bfloat16(uint16_t x) {
  return fraction16(x & 0x7fu, 7, 127);
}

void tarn__box_muller_float(uint32_t x0, uint32_t x1, float *f0, float *f1) {
  float u1 = tarn__uint32_to_float(x0);
  if (u1 < 1.0e-7f) u1 = 1.0e-7f; /* log(0) */
  float v1 = (float)(two_pi * (double)tarn__uint32_to_float(x1));
  float u2 = sqrtf(-2.0f * logf(u1));
  *f0 = sinf(v1) * u2;
  *f1 = cosf(v1) * u2;
}

void tarn__box_muller_double(uint32_t x0, uint32_t x1, uint32_t x2, uint32_t x3, double *d0,
                             double *d1) {
  double u1 = tarn__uint64_to_double(x0, x1);
  if (u1 < 1.0e-7) u1 = 1.0e-7;
  double v1 = two_pi * tarn__uint64_to_double(x2, x3);
  double u2 = sqrt(-2.0 * log(u1));
  *d0 = sin(v1) * u2;
  *d1 = cos(v1) * u2;
}

uint64_t tarn__random_seed(void) {
  uint64_t seed;
  if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) == (ssize_t)sizeof seed) return seed;
  /* No entropy yet (early boot): the clock and a counter still differ from call to call. */
  static _Atomic uint64_t calls;
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  tarn_philox g;
  uint32_t words[4];
  tarn__philox_init(&g, (uint64_t)now.tv_sec << 30 ^ (uint64_t)now.tv_nsec,
                    atomic_fetch_add(&calls, 1));
  tarn__philox_next(&g, words);
  return (uint64_t)words[1] << 32 | words[0];
}
