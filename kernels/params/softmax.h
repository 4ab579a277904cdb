/* Softmax, LogSoftmax and the cross-entropies work on rows: the last dim, all leading ones folded.
 * No attributes. */
#ifndef TARN_KERNELS_PARAMS_SOFTMAX_H
#define TARN_KERNELS_PARAMS_SOFTMAX_H

#include "kernels/kernel.h"

typedef struct tarn_rows { int64_t rows, cols; } tarn_rows;

static inline tarn_rows tarn__rows_of(const tarn_shape *x) {
  tarn_rows g = {.rows = 1, .cols = x->dim[x->rank - 1]};
  for (int d = 0; d < x->rank - 1; d++) g.rows *= x->dim[d];
  if (!g.cols) g.rows = 0;     /* there may be very many rows of nothing */
  return g;
}

/* SoftmaxCrossEntropyWithLogits: logits and labels broadcast to [R, C]; row and column steps in
 * elements, 0 where broadcast. */
typedef struct tarn_cross_entropy {
  int64_t rows, cols;
  int64_t logits_row, logits_col, labels_row, labels_col;
} tarn_cross_entropy;

/* Both of rank 2 at most, checked by the op's infer function. */
static inline tarn_cross_entropy tarn__cross_entropy_of(const tarn_shape *logits,
                                                        const tarn_shape *labels) {
  const int64_t x0 = logits->rank > 1 ? logits->dim[0] : 1,
                x1 = logits->rank > 0 ? logits->dim[logits->rank - 1] : 1;
  const int64_t t0 = labels->rank > 1 ? labels->dim[0] : 1,
                t1 = labels->rank > 0 ? labels->dim[labels->rank - 1] : 1;
  return (tarn_cross_entropy){.rows = x0 == 1 ? t0 : x0, .cols = x1 == 1 ? t1 : x1,
                              .logits_row = x0 == 1 ? 0 : x1, .logits_col = x1 == 1 ? 0 : 1,
                              .labels_row = t0 == 1 ? 0 : t1, .labels_col = t1 == 1 ? 0 : 1};
}

#endif
