/* MatrixInverse, MatrixSolve, MatrixDeterminant and LogMatrixDeterminant, by LU decomposition. */
#include "kernels/cpu/linalg/dense.h"

static tarn_matrices matrices(const tarn_problem *p) { return tarn__matrices_of(&p->in_shape[0]); }

/* The matrix, the right-hand sides (of the inverse: the identity) and the pivots. */
static size_t scratch_bytes(const tarn_problem *p, int threads) {
  const int64_t n = matrices(p).N, k = p->inputs > 1 ? tarn__matrices_of(&p->in_shape[1]).N : n;
  (void)threads;
  return (size_t)(n * n + n * k) * sizeof(tarn_z) + (size_t)n * sizeof(int64_t);
}

static tarn_status run_solve(const tarn_call *call) {
  const tarn_problem *p = call->problem;
  const tarn_linalg_params *params = p->params;
  const tarn_matrices g = matrices(p);
  const bool inverse = p->inputs == 1;
  const int64_t n = g.N, k = inverse ? n : tarn__matrices_of(&p->in_shape[1]).N;
  tarn_z *a = call->scratch, *x = a + n * n;
  int64_t *pivot = (int64_t *)(x + n * k);
  for (int64_t b = 0; b < g.B && n * k > 0; b++) {
    int sign;
    tarn__dense_load(call->in[0], b * n * n, n * n, a);
    if (params->adjoint) tarn__dense_adjoint(a, n);
    if (!tarn__dense_lu(a, n, pivot, &sign))
      return tarn_fail(TARN_INVALID, "matrix %lld is not invertible", (long long)b);
    if (!inverse) tarn__dense_load(call->in[1], b * n * k, n * k, x);
    for (int64_t i = 0; i < n * n && inverse; i++) x[i] = i % (n + 1) == 0;
    tarn__dense_lu_solve(a, n, pivot, x, k);
    tarn__dense_store(call->out[0], b * n * k, n * k, x);
  }
  return TARN_OK;
}

/* det = sign of the permutation times the pivots; in logarithms: the product of pivots / |pivots|,
 * and log |pivots|. */
static tarn_status run_determinant(const tarn_call *call) {
  const tarn_matrices g = matrices(call->problem);
  const bool logarithm = call->problem->outputs > 1;
  tarn_z *a = call->scratch;
  int64_t *pivot = (int64_t *)(a + g.N * g.N);
  for (int64_t b = 0; b < g.B; b++) {
    int sign;
    tarn__dense_load(call->in[0], b * g.N * g.N, g.N * g.N, a);
    tarn__dense_lu(a, g.N, pivot, &sign);
    tarn_z product = sign, log_abs = 0;
    for (int64_t i = 0; i < g.N; i++) {
      const tarn_z u = a[i * (g.N + 1)];
      const double magnitude = cabs(u);
      const bool infinite = isinf(magnitude) && cimag(u) == 0;
      product *= !logarithm || !(magnitude > 0) ? u
                 : infinite                     ? copysign(1, creal(u))
                                                : u / magnitude;
      log_abs += log(magnitude);
    }
    tarn__dense_store(call->out[0], b, 1, &product);
    if (logarithm) tarn__dense_store(call->out[1], b, 1, &log_abs);
  }
  return TARN_OK;
}

#define ROW(text, run_) \
  { .op = text, .dtypes = TARN_DECOMPOSED, .scratch_bytes = scratch_bytes, .run = run_ }
const tarn_kernel tarn_kernels_linalg_lu_reference[] = {
    ROW("MatrixInverse", run_solve),
    ROW("MatrixSolve", run_solve),
    ROW("MatrixDeterminant", run_determinant),
    ROW("LogMatrixDeterminant", run_determinant),
    ROW("BatchMatrixInverse", run_solve),
    ROW("BatchMatrixSolve", run_solve),
    ROW("BatchMatrixDeterminant", run_determinant),
    {0},
};
