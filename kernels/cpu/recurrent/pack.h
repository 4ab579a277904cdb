/* Packed weights of a step: blocks of some units, each [depth][vectors * lanes], the vectors being
 * those units' columns of each gate. A step reads them in order, and has all gates of a block's
 * units together when it has read it. The last block is as narrow as its units allow.
 *
 * Lanes have 32 bits, and narrower weights share them: a row has those of one k, two, or four.
 *
 *   f32    w[k]
 *   bf16   w[k] in the lower half; the whole lane, read as a float, is w[k + 1]: its upper half is
 *          chosen so that with the bits that happen to stand below it, it is nearest. Both round by
 *          at most half a unit of bfloat16, and only the first needs an instruction (a shift) to
 *          come out. An infinite w[k + 1] has zeros below, as it outweighs any w[k] but another
 *          infinite one; beside that it is the largest number.
 *   fixed  w[k] .. w[k + 3] in three rows, f, g and h, of 24 bits each, as numbers of 32 bits in
 *          units of 2^-31 of a scale of the column's own. The lanes of f, g and h, read as such
 *          numbers, are the first three: their upper 24 bits are chosen so that with the byte below
 *          they are nearest. These bytes, from the second on, are the fourth. The scale is the
 *          column's largest size, so a weight is off by up to 2^-24 of that: what rounding a sum of
 *          that size to a float takes too. Below stand a row of scales, and a list of weights that
 *          are beside the column's others too large for that, or not finite, and so kept apart.
 *   int8   w[k] .. w[k + 3], bytes of -127..127, each column by its own scale. Below the rows of x,
 *          and of h, stand two more: the scales, and the sums of a column's bytes.
 */
#ifndef TARN_KERNELS_CPU_RECURRENT_PACK_H
#define TARN_KERNELS_CPU_RECURRENT_PACK_H

#include "kernels/kernel.h"

typedef enum tarn_block_form {
  TARN_BLOCKS_F32,
  TARN_BLOCKS_BF16,
  TARN_BLOCKS_INT8,
  TARN_BLOCKS_FIXED,
  TARN_BLOCK_FORMS
} tarn_block_form;

typedef struct tarn_blocks {
  int lanes, gates, spans; /* a block has [gates][spans] vectors, of spans * lanes units */
  int64_t width;           /* units of the layer; zeros stand for those beyond */
  int64_t column[4];       /* where gate g's columns begin */
  tarn_block_form form;
} tarn_blocks;

/* The weights of a block in fixed point that are kept as they are. */
typedef struct tarn_block_entry {
  int32_t k, column;   /* of the block's */
  float w;
} tarn_block_entry;
typedef struct tarn_block_list {
  int32_t count;
  tarn_block_entry entry[];
} tarn_block_list;

/* Sizes beyond so many times the root mean square of the column are kept apart, and again of what
 * is left, while there is room. By definition of the mean the first are fewer than one in the
 * square of that; what is not finite has room for four. */
enum { TARN_BLOCK_APART = 16, TARN_BLOCK_NOT_FINITE = 4 };
static inline int64_t tarn__block_apart(int64_t depth) {
  return depth / (TARN_BLOCK_APART * TARN_BLOCK_APART) + TARN_BLOCK_NOT_FINITE;
}

/* How many k a row has, or with fixed point three. */
static inline int tarn__blocks_per_row(tarn_block_form form) {
  static const int per_row[TARN_BLOCK_FORMS] = {1, 2, 4, 4};
  return per_row[form];
}

static inline int64_t tarn__blocks_units(const tarn_blocks *b) { return b->spans * b->lanes; }
static inline int64_t tarn__blocks_count(const tarn_blocks *b) {
  return (b->width + tarn__blocks_units(b) - 1) / tarn__blocks_units(b);
}
/* Vectors of each gate in one block. */
static inline int tarn__block_spans(const tarn_blocks *b, int64_t block) {
  const int64_t left = b->width - block * tarn__blocks_units(b);
  return left >= tarn__blocks_units(b) ? b->spans : (int)((left + b->lanes - 1) / b->lanes);
}
/* Rows that so many k take, without and with what stands below them: the scales, and the sums or
 * the list, whose entries are of three lanes. */
static inline int64_t tarn__block_weights(const tarn_blocks *b, int64_t depth) {
  const int per_row = tarn__blocks_per_row(b->form);
  return (depth + per_row - 1) / per_row * (b->form == TARN_BLOCKS_FIXED ? 3 : 1);
}
static inline int64_t tarn__block_rows(const tarn_blocks *b, int64_t depth) {
  int64_t tail = 0;
  if (depth > 0 && b->form == TARN_BLOCKS_INT8) tail = 2;
  if (depth > 0 && b->form == TARN_BLOCKS_FIXED) tail = 2 + 3 * tarn__block_apart(depth);
  return tarn__block_weights(b, depth) + tail;
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
