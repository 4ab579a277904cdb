/* Where the diagonals of a matrix lie, and where their elements lie when they are packed into rows.
 * Diagonal k runs through elements [i, i + k]. Packed, they are rows of the length of the longest,
 * the highest k first; shorter ones are padded at one end. */
#ifndef TARN_KERNELS_PARAMS_DIAGONALS_H
#define TARN_KERNELS_PARAMS_DIAGONALS_H

#include "core/tensor/tensor.h"
#include "kernels/params/array.h"

typedef struct tarn_diagonals {
  int64_t rows, cols;   /* of the matrix */
  int64_t lower, upper; /* the lowest and the highest k */
} tarn_diagonals;

/* k: an int32 tensor of one number or two. */
static inline void tarn__diagonals_k(const tarn_tensor *k, tarn_diagonals *d) {
  d->lower = tarn__tensor_int(k, 0);
  d->upper = tarn__tensor_int(k, tarn__tensor_elements(k) - 1);
}

static inline int64_t tarn__diagonal_length(const tarn_diagonals *d, int64_t k) {
  int64_t below = d->rows + (k < 0 ? k : 0), beside = d->cols - (k > 0 ? k : 0);
  return below < beside ? below : beside;
}

static inline int64_t tarn__diagonals_longest(const tarn_diagonals *d) {
  int64_t below = d->rows + (d->upper < 0 ? d->upper : 0),
          beside = d->cols - (d->lower > 0 ? d->lower : 0);
  return below < beside ? below : beside;
}

/* Where diagonal k starts in its packed row. */
static inline int64_t tarn__diagonal_offset(const tarn_diagonals *d,
                                            const tarn_matrix_diag_params *p, int64_t k) {
  bool left = (k >= 0 && p->left_super) || (k <= 0 && p->left_sub);
  return left ? 0 : tarn__diagonals_longest(d) - tarn__diagonal_length(d, k);
}

#endif
