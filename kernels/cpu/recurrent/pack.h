/* Packed weights of a step: blocks of some units, each [depth][vectors * lanes], the vectors being
 * those units' columns of each gate. A step reads them in order, and has all gates of a block's
 * units together when it has read it. The last block is as narrow as its units allow. */
#ifndef TARN_KERNELS_CPU_RECURRENT_PACK_H
#define TARN_KERNELS_CPU_RECURRENT_PACK_H

#include "core/threads.h"

typedef struct tarn_blocks {
  int lanes, gates, spans; /* a block has [gates][spans] vectors, of spans * lanes units */
  int64_t width;           /* units of the layer; zeros stand for those beyond */
  int64_t column[4];       /* where gate g's columns begin */
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
/* Where a block begins, in floats. */
static inline int64_t tarn__block_at(const tarn_blocks *b, int64_t block, int64_t depth) {
  return block * depth * b->gates * b->spans * b->lanes;
}
/* Bytes of all: a multiple of 64. */
static inline size_t tarn__blocks_bytes(const tarn_blocks *b, int64_t depth) {
  return ((size_t)tarn__block_at(b, tarn__blocks_count(b), depth) * sizeof(float) + 63) / 64 * 64;
}

/* Rows [at, at + count) of every block's `depth` rows from w [count, ld]. */
tarn_status tarn__blocks_pack(const tarn_blocks *b, int64_t depth, int64_t at, int64_t count,
                              const float *w, int64_t ld, float *to, tarn_pool *pool);

#endif
