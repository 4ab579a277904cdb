/* Softmax, LogSoftmax and the cross-entropies work on rows: the last dim, all leading ones folded. No attributes. */
#ifndef TARN_KERNELS_PARAMS_SOFTMAX_H
#define TARN_KERNELS_PARAMS_SOFTMAX_H

#include "kernels/kernel.h"

typedef struct tarn_rows { int64_t rows, cols; } tarn_rows;

static inline tarn_rows tarn__rows_of(const tarn_shape *x) {
  tarn_rows g = {.rows = 1, .cols = x->dim[x->rank - 1]};
  for (int d = 0; d < x->rank - 1; d++) g.rows *= x->dim[d];
  return g;
}

/* SoftmaxCrossEntropyWithLogits: logits and labels [R or 1, C or 1] broadcast to [R, C]; row and column steps in
 * elements, 0 where broadcast. */
typedef struct tarn_cross_entropy {
  int64_t rows, cols;
  int64_t logits_row, logits_col, labels_row, labels_col;
} tarn_cross_entropy;

static inline tarn_cross_entropy tarn__cross_entropy_of(const tarn_shape *logits, const tarn_shape *labels) {
  const int64_t *x = logits->dim, *t = labels->dim;
  return (tarn_cross_entropy){.rows = x[0] == 1 ? t[0] : x[0], .cols = x[1] == 1 ? t[1] : x[1],
                              .logits_row = x[0] == 1 ? 0 : x[1], .logits_col = x[1] == 1 ? 0 : 1,
                              .labels_row = t[0] == 1 ? 0 : t[1], .labels_col = t[1] == 1 ? 0 : 1};
}

#endif
