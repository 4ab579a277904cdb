/* The factors of a matrix as results, and the gradient of Cholesky's. */
#include "kernels/cpu/array/elements.h"
#include "kernels/cpu/linalg/dense.h"

static size_t lu_scratch(const tarn_problem *p, int threads) {
  const tarn_matrices g = tarn__matrices_of(&p->in_shape[0]);
  (void)threads;
  return (size_t)(g.N * g.N) * sizeof(tarn_z) + (size_t)(2 * g.N) * sizeof(int64_t);
}

/* Row i of l u is row p[i] of the matrix. */
static tarn_status run_lu(const tarn_call *call) {
  const tarn_matrices g = tarn__matrices_of(&call->problem->in_shape[0]);
  const int64_t n = g.N;
  tarn_z *a = call->scratch;
  int64_t *pivot = (int64_t *)(a + n * n), *row = pivot + n;
  for (int64_t b = 0; b < g.B; b++) {
    int sign;
    tarn__dense_load(call->in[0], b * n * n, n * n, a);
    if (!tarn__dense_lu(a, n, pivot, &sign))
      return tarn_fail(TARN_INVALID, "Input is not invertible.");
    for (int64_t i = 0; i < n; i++) row[i] = i;
    for (int64_t i = 0; i < n; i++) {
      const int64_t kept = row[i];
      row[i] = row[pivot[i]];
      row[pivot[i]] = kept;
    }
    tarn__dense_store(call->out[0], b * n * n, n * n, a);
    for (int64_t i = 0; i < n; i++) tarn__index_put(call->out[1], b * n + i, row[i]);
  }
  return TARN_OK;
}

static size_t grad_scratch(const tarn_problem *p, int threads) {
  const tarn_matrices g = tarn__matrices_of(&p->in_shape[0]);
  (void)threads;
  return (size_t)(3 * g.N * g.N) * sizeof(tarn_z);
}

/* With P = the lower triangle of l^H dl, its diagonal halved: da = l^-H P l^-1, made Hermitian
 * (Murray 2016, equation 9). */
static tarn_status run_cholesky_grad(const tarn_call *call) {
  const tarn_matrices g = tarn__matrices_of(&call->problem->in_shape[0]);
  const int64_t n = g.N;
  tarn_z *l = call->scratch, *dl = l + n * n, *p = dl + n * n;
  for (int64_t b = 0; b < g.B; b++) {
    tarn__dense_load(call->in[0], b * n * n, n * n, l);
    tarn__dense_load(call->in[1], b * n * n, n * n, dl);
    for (int64_t i = 0; i < n; i++)
      for (int64_t j = 0; j < n; j++) {
        tarn_z sum = 0;
        for (int64_t k = i; j <= i && k < n; k++) sum += conj(l[k * n + i]) * dl[k * n + j];
        p[i * n + j] = i == j ? sum / 2 : sum;
      }
    tarn__dense_adjoint(l, n);
    tarn__dense_triangular_solve(l, n, false, false, p, n);   /* l^-H P */
    tarn__dense_adjoint(p, n);
    tarn__dense_triangular_solve(l, n, false, false, p, n);   /* (l^-H P l^-1)^H */
    for (int64_t i = 0; i < n; i++)
      for (int64_t j = 0; j < n; j++) dl[i * n + j] = (p[i * n + j] + conj(p[j * n + i])) / 2;
    tarn__dense_store(call->out[0], b * n * n, n * n, dl);
  }
  return TARN_OK;
}

const tarn_kernel tarn_kernels_linalg_factor_reference[] = {
    {.op = "Lu",
     .name = "lu",
     .dtypes = TARN_DECOMPOSED,
     .scratch_bytes = lu_scratch,
     .run = run_lu},
    {.op = "CholeskyGrad",
     .name = "cholesky",
     .dtypes = TARN_DECOMPOSED,
     .scratch_bytes = grad_scratch,
     .run = run_cholesky_grad},
    {.op = "BatchCholeskyGrad",
     .name = "cholesky",
     .dtypes = TARN_DECOMPOSED,
     .scratch_bytes = grad_scratch,
     .run = run_cholesky_grad},
    {0},
};
