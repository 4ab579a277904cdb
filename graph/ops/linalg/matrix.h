/* Checks of matrices in the last two dims, for ops that decompose them. */
#ifndef TARN_GRAPH_OPS_LINALG_MATRIX_H
#define TARN_GRAPH_OPS_LINALG_MATRIX_H

#include "graph/op.h"
#include "kernels/params/linalg.h"

/* The scratch of a matrix, in elements of 16 bytes, must be countable, also where a batch of none
 * has no elements. */
static inline tarn_status tarn__infer_matrix(const tarn_infer *t, int i) {
  TARN_TRY(tarn__infer_rank_at_least(t, i, 2));
  const tarn_shape *s = &t->in[i];
  for (int d = s->rank - 2; d < s->rank; d++)
    if (s->dim[d] > 1 << 26)
      return tarn_fail(TARN_LIMIT, "a matrix of %lld rows or columns", (long long)s->dim[d]);
  return TARN_OK;
}
static inline tarn_status tarn__infer_square(const tarn_infer *t, int i) {
  char text[TARN_SHAPE_TEXT];
  TARN_TRY(tarn__infer_matrix(t, i));
  const tarn_shape *s = &t->in[i];
  if (s->dim[s->rank - 1] == s->dim[s->rank - 2]) return TARN_OK;
  return tarn_fail(TARN_SHAPE, "expected square matrices, got %s", tarn__shape_print(s, text));
}
/* The shape function of what makes a square matrix of one. */
static inline tarn_status tarn__infer_square_of_square(tarn_infer *t) {
  t->out[0] = t->in[0];
  return tarn__infer_square(t, 0);
}
/* That of eigenvalues and eigenvectors; tarn_linalg_params say whether those are wanted. */
static inline tarn_status tarn__infer_eigen(tarn_infer *t) {
  const tarn_linalg_params *p = t->params;
  TARN_TRY(tarn__infer_square(t, 0));
  t->out[0] = t->in[0];
  t->out[0].rank--;
  t->out[1] = p->values_only ? tarn__shape_vector(0) : t->in[0];
  return TARN_OK;
}
/* Inputs i and j have the same dims before the last two. */
static inline tarn_status tarn__infer_same_batch(const tarn_infer *t, int i, int j) {
  tarn_shape a = t->in[i], b = t->in[j];
  char left[TARN_SHAPE_TEXT], right[TARN_SHAPE_TEXT];
  a.rank -= 2;
  b.rank -= 2;
  if (tarn__shape_equal(&a, &b)) return TARN_OK;
  return tarn_fail(TARN_SHAPE, "batch dims differ: %s and %s", tarn__shape_print(&a, left),
                   tarn__shape_print(&b, right));
}

#endif
