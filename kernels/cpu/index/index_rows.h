/* Rows that index tuples name: indices [n, depth] into the first `depth` dims of a shape; the rest
 * is one row. */
#ifndef TARN_KERNELS_CPU_INDEX_INDEX_ROWS_H
#define TARN_KERNELS_CPU_INDEX_INDEX_ROWS_H

#include "kernels/cpu/array/elements.h"

typedef struct tarn_index_rows {
  const tarn_tensor *indices;
  const tarn_shape *shape;
  int depth;
  int64_t n, row; /* tuples, and elements of a row */
} tarn_index_rows;

/* indices has rank >= 1 and a last dim of at most shape's rank. */
static inline tarn_index_rows tarn__index_rows(const tarn_tensor *indices,
                                               const tarn_shape *shape) {
  int depth = (int)indices->shape.dim[indices->shape.rank - 1];
  return (tarn_index_rows){indices, shape, depth,
                           tarn__dims_product(&indices->shape, 0, indices->shape.rank - 1),
                           tarn__dims_product(shape, depth, shape->rank)};
}

/* Where row i starts, or -1 when its tuple is outside. */
static inline int64_t tarn__index_row(const tarn_index_rows *r, int64_t i) {
  int64_t at = 0;
  for (int k = 0; k < r->depth; k++) {
    int64_t j = tarn__index_at(r->indices, i * r->depth + k);
    if (j < 0 || j >= r->shape->dim[k]) return -1;
    at = at * r->shape->dim[k] + j;
  }
  return at * r->row;
}

tarn_status tarn__index_row_fail(const tarn_index_rows *r, int64_t i);

#endif
