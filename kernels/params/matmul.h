/* MatMul, BatchMatMul (V1 to V3): parsed attributes and the numbers of a problem. */
#ifndef TARN_KERNELS_PARAMS_MATMUL_H
#define TARN_KERNELS_PARAMS_MATMUL_H

#include "kernels/kernel.h"

typedef struct tarn_matmul_params {
  bool transpose_a, transpose_b;   /* the operand is stored [K, M], [N, K] */
  bool conjugate; /* adjoint, not transpose: complex operands that are transposed are conjugated
                   * too */
} tarn_matmul_params;

/* c[b] = a[b] b[b]: [M, K] x [K, N] for every index of the broadcast batch shape. */
typedef struct tarn_matmul {
  int64_t M, N, K;
  tarn_shape batch;                         /* rank 0 for MatMul */
  int64_t a_stride[TARN_MAX_RANK];          /* in elements, per batch dim; 0 where broadcast */
  int64_t b_stride[TARN_MAX_RANK];
} tarn_matmul;

static inline tarn_matmul tarn__matmul_of(const tarn_matmul_params *p, const tarn_shape *a,
                                          const tarn_shape *b) {
  int ra = a->rank - 2, rb = b->rank - 2;
  tarn_matmul g = {.M = a->dim[ra + (p->transpose_a ? 1 : 0)],
                   .K = a->dim[ra + (p->transpose_a ? 0 : 1)],
                   .N = b->dim[rb + (p->transpose_b ? 0 : 1)]};
  g.batch.rank = ra > rb ? ra : rb;
  int64_t a_step = g.M * g.K, b_step = g.K * g.N;
  for (int d = g.batch.rank - 1; d >= 0; d--) {
    int da = d - (g.batch.rank - ra), db = d - (g.batch.rank - rb);
    int64_t na = da >= 0 ? a->dim[da] : 1, nb = db >= 0 ? b->dim[db] : 1;
    g.batch.dim[d] = na == 1 ? nb : na;
    g.a_stride[d] = na == 1 ? 0 : a_step;
    g.b_stride[d] = nb == 1 ? 0 : b_step;
    a_step *= na;
    b_step *= nb;
  }
  return g;
}
static inline tarn_matmul tarn__matmul_geometry(const tarn_problem *p) {
  return tarn__matmul_of((const tarn_matmul_params *)p->params, &p->in_shape[0], &p->in_shape[1]);
}
/* Element offsets of batch i (row-major in g->batch). */
static inline void tarn__matmul_offsets(const tarn_matmul *g, int64_t i, int64_t *a, int64_t *b) {
  *a = *b = 0;
  for (int d = g->batch.rank - 1; d >= 0; d--) {
    int64_t at = i % g->batch.dim[d];
    i /= g->batch.dim[d];
    *a += at * g->a_stride[d];
    *b += at * g->b_stride[d];
  }
}

#endif
