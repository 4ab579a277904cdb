/* Integers as bits. */
#include "kernels/cpu/unary/unary.h"

/* Pairs, fours and bytes of bits are summed in place; the product gathers the bytes in the top
 * one. */
static inline uint8_t population(uint64_t x) {
  x -= x >> 1 & 0x5555555555555555u;
  x = (x & 0x3333333333333333u) + (x >> 2 & 0x3333333333333333u);
  x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0fu;
  return (uint8_t)(x * 0x0101010101010101u >> 56);
}

/* Only the bits of the stored type: a negative int8 has eight at most. */
#define POPULATION_LOOP(NAME, E, DT, SUFFIX, S, A, GET, PUT)                         \
  static void loop_##NAME##_##SUFFIX(const void *from, void *to, int64_t n) {        \
    const S *xs = from;                                                              \
    uint8_t *ys = to;                                                                \
    const uint64_t mask = UINT64_MAX >> (64 - 8 * sizeof(S));                        \
    for (int64_t i = 0; i < n; i++) ys[i] = population((uint64_t)GET(xs[i]) & mask); \
  }
#define POPULATION_DEFINE(NAME, ROWS, E) TARN_UNARY_DEFINE_WITH(POPULATION_LOOP, NAME, ROWS, E)

TARN_UNARY_DEFINE(Invert, WRAP, ~x)
POPULATION_DEFINE(PopulationCount, WRAP, )

const tarn_kernel tarn_kernels_unary_bits_reference[] = {
  TARN_UNARY_KERNEL(Invert, WRAP, )
  TARN_UNARY_KERNEL(PopulationCount, WRAP, )
  {0},
};
