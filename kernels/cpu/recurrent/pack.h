/* Packed weights of a step: blocks of some units, each [depth][vectors * lanes], the vectors being
 * those units' columns of each gate. A step reads them in order, and has all gates of a block's
 * units together when it has read it. */
#ifndef TARN_KERNELS_CPU_RECURRENT_PACK_H
#define TARN_KERNELS_CPU_RECURRENT_PACK_H

#include "core/threads.h"

typedef struct tarn_blocks {
  int lanes, vectors;      /* of a row of a block */
  int units;               /* of a block: a multiple of lanes */
  int64_t width;           /* units of the layer; zeros stand for those beyond */
  int64_t column[4];       /* vector v: columns column[v] + the block's first unit + unit[v] .. */
  int unit[4];
} tarn_blocks;

static inline int64_t tarn__blocks_count(const tarn_blocks *b) {
  return (b->width + b->units - 1) / b->units;
}

/* Floats of one block, and bytes of all: a multiple of 64. */
static inline int64_t tarn__block_floats(const tarn_blocks *b, int64_t depth) {
  return depth * b->vectors * b->lanes;
}
static inline size_t tarn__blocks_bytes(const tarn_blocks *b, int64_t depth) {
  return ((size_t)(tarn__blocks_count(b) * tarn__block_floats(b, depth)) * sizeof(float) + 63) / 64 *
         64;
}

/* Rows [at, at + count) of every block's `depth` rows from w [count, ld]. */
tarn_status tarn__blocks_pack(const tarn_blocks *b, int64_t depth, int64_t at, int64_t count,
                              const float *w, int64_t ld, float *to, tarn_pool *pool);

#endif
