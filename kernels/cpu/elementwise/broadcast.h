/* Two operands broadcast against each other as rows: leading axes that behave alike are folded
 * together, so that most problems become one row, or rows times a vector. Plain C, for any
 * target. */
#ifndef TARN_KERNELS_CPU_ELEMENTWISE_BROADCAST_H
#define TARN_KERNELS_CPU_ELEMENTWISE_BROADCAST_H

#include "core/tensor/shape.h"

typedef struct tarn_folded {
  int rank;                            /* axes after folding, at least 1; axis 0 is the fastest */
  int64_t dim[TARN_MAX_RANK];
  int64_t a_step[TARN_MAX_RANK], b_step[TARN_MAX_RANK];   /* elements; 0 where broadcast */
  int64_t rows;                        /* product of dim[1..] */
} tarn_folded;

/* `out` is the broadcast shape of a and b. */
static inline tarn_folded tarn__fold(const tarn_shape *a, const tarn_shape *b,
                                     const tarn_shape *out) {
  tarn_folded f;               /* not cleared: for a scalar that would take longer than all else */
  f.rank = 0;
  f.rows = 1;
  int64_t a_size = 1, b_size = 1;
  bool a_last = false, b_last = false;
  for (int d = out->rank - 1; d >= 0; d--) {
    int64_t n = out->dim[d];
    if (n == 1) continue;
    int da = d - (out->rank - a->rank), db = d - (out->rank - b->rank);
    bool a_moves = da >= 0 && a->dim[da] != 1, b_moves = db >= 0 && b->dim[db] != 1;
    if (f.rank > 0 && a_moves == a_last && b_moves == b_last) {
      f.dim[f.rank - 1] *= n;
    } else {
      f.dim[f.rank] = n;
      f.a_step[f.rank] = a_moves ? a_size : 0;
      f.b_step[f.rank] = b_moves ? b_size : 0;
      f.rank++;
    }
    if (a_moves) a_size *= n;
    if (b_moves) b_size *= n;
    a_last = a_moves, b_last = b_moves;
  }
  if (f.rank == 0) {
    f.rank = 1;
    f.dim[0] = f.a_step[0] = f.b_step[0] = 1;
  }
  for (int k = 1; k < f.rank; k++) f.rows *= f.dim[k];
  return f;
}

/* Where row r of each operand begins. */
static inline void tarn__folded_row(const tarn_folded *f, int64_t r, int64_t *a, int64_t *b) {
  *a = *b = 0;
  for (int k = 1; k < f->rank; k++) {
    int64_t i = r % f->dim[k];
    r /= f->dim[k];
    *a += i * f->a_step[k];
    *b += i * f->b_step[k];
  }
}

#endif
