/* The loops of elementwise kernels by themselves, by code, for programs of them (program.body.h):
 * so that a chain gives the bits that its ops give one after the other. Loops are right when `to`
 * lies exactly on an operand. Entries without a loop are of the other kind, or elsewhere. */
#ifndef TARN_KERNELS_CPU_ELEMENTWISE_BLOCKS_H
#define TARN_KERNELS_CPU_ELEMENTWISE_BLOCKS_H

#include <stdint.h>

#include "kernels/params/elementwise.h"

typedef void (*tarn_unary_block)(const float *from, float *to, int64_t n, float alpha);
typedef void (*tarn_binary_block)(const float *x, const float *y, float *to, int64_t n);
typedef struct tarn_unary_blocks {
  tarn_unary_block run;
  bool dear; /* takes as long as some ten additions */
} tarn_unary_blocks;
/* By which operand moves: both, only a, only b. */
typedef struct tarn_binary_blocks {
  tarn_binary_block both, first, second;
} tarn_binary_blocks;

#define TARN_BLOCKS_OF(target)                                                          \
  extern const tarn_unary_blocks tarn__unary_blocks_##target[TARN_ELEMENTWISE_CODES];   \
  extern const tarn_binary_blocks tarn__binary_blocks_##target[TARN_ELEMENTWISE_CODES]; \
  void tarn__erf_block_##target(const float *x, float *y, int64_t n, float alpha);
TARN_BLOCKS_OF(avx2)
TARN_BLOCKS_OF(avx512)
#undef TARN_BLOCKS_OF

#endif
