/* Packed weights of a step: blocks of some units, each [depth][vectors * lanes], the vectors being
 * those units' columns of each gate. A step reads them in order, and has all gates of a block's
 * units together when it has read it. The last block is as narrow as its units allow.
 *
 * With `halves` the weights are rounded to bfloat16, and rows k and k + 1 share one of 32-bit
 * lanes, the first in the lower half: half of the bytes to read, and both come out as floats by a
 * shift and a mask. */
#ifndef TARN_KERNELS_CPU_RECURRENT_PACK_H
#define TARN_KERNELS_CPU_RECURRENT_PACK_H

#include "core/threads.h"

typedef struct tarn_blocks {
  int lanes, gates, spans; /* a block has [gates][spans] vectors, of spans * lanes units */
  int64_t width;           /* units of the layer; zeros stand for those beyond */
  int64_t column[4];       /* where gate g's columns begin */
  bool halves;
} tarn_blocks;

static inline int64_t tarn__blocks_units(const tarn_blocks *b) { return b->spans * b->lanes; }
static inline int64_t tarn__blocks_count(const tarn_blocks *b) {
  return (b->width + tarn__blocks_units(b) - 1) / tarn__blocks_units(b);
}
/* Vectors of each gate in one block. */
static inline int tarn__block_spans(const tarn_blocks *b, int64_t block) {
  const int64_t left = b->width - block * tarn__blocks_units(b);
  return left >= tarn__blocks_units(b) ? b->spans : (int)((left + b->lanes - 1) / b->lanes);
}
/* Rows of 4-byte lanes that so many k take. */
static inline int64_t tarn__block_rows(const tarn_blocks *b, int64_t depth) {
  return b->halves ? (depth + 1) / 2 : depth;
}
/* Where a block begins, in floats; its depth is that of x, which may be 0, and that of h. */
static inline int64_t tarn__block_at(const tarn_blocks *b, int64_t block, int64_t x, int64_t h) {
  const int64_t rows = tarn__block_rows(b, x) + tarn__block_rows(b, h);
  return block * rows * b->gates * b->spans * b->lanes;
}
/* Bytes of all: a multiple of 64. */
static inline size_t tarn__blocks_bytes(const tarn_blocks *b, int64_t x, int64_t h) {
  return ((size_t)tarn__block_at(b, tarn__blocks_count(b), x, h) * sizeof(float) + 63) / 64 * 64;
}

/* Every block's rows of x (of_h false) or of h from w, whose rows are ld apart. */
tarn_status tarn__blocks_pack(const tarn_blocks *b, int64_t x, int64_t h, bool of_h, const float *w,
                              int64_t ld, float *to, tarn_pool *pool);

#endif
