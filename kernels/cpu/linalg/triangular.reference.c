/* Cholesky, and MatrixTriangularSolve. */
#include "kernels/cpu/linalg/dense.h"
#include "kernels/params/matmul.h"

static size_t square(const tarn_problem *p, int threads) {
  const int64_t n = tarn__matrices_of(&p->in_shape[0]).N;
  (void)threads;
  return (size_t)(n * n) * sizeof(tarn_z);
}

/* What is not positive definite is no error in TensorFlow: its triangle becomes NaN. */
static tarn_status run_cholesky(const tarn_call *call) {
  const tarn_matrices g = tarn__matrices_of(&call->problem->in_shape[0]);
  const int64_t n = g.N;
  tarn_z *a = call->scratch;
  for (int64_t b = 0; b < g.B; b++) {
    tarn__dense_load(call->in[0], b * n * n, n * n, a);
    if (!tarn__dense_cholesky(a, n))
      for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++) a[i * n + j] = j <= i ? NAN : 0;
    tarn__dense_store(call->out[0], b * n * n, n * n, a);
  }
  return TARN_OK;
}

/* The triangle and the right-hand sides. */
static size_t triangle_and_sides(const tarn_problem *p, int threads) {
  const tarn_matrices sides = tarn__matrices_of(&p->in_shape[1]);
  return square(p, threads) + (size_t)(sides.M * sides.N) * sizeof(tarn_z);
}

/* Batches broadcast as those of a product [n,n] x [n,k] do. A 0 on the diagonal divides as any
 * number does. */
static tarn_status run_solve(const tarn_call *call) {
  const tarn_problem *p = call->problem;
  const tarn_linalg_params *params = p->params;
  const tarn_matmul g = tarn__matmul_of(&(tarn_matmul_params){0}, &p->in_shape[0], &p->in_shape[1]);
  const int64_t n = g.K, k = g.N, batches = tarn__shape_elements(&g.batch);
  tarn_z *a = call->scratch, *x = a + n * n;
  for (int64_t b = 0; b < batches && n * k > 0; b++) {
    int64_t a_at, x_at;
    tarn__matmul_offsets(&g, b, &a_at, &x_at);
    tarn__dense_load(call->in[0], a_at, n * n, a);
    tarn__dense_load(call->in[1], x_at, n * k, x);
    if (params->adjoint) tarn__dense_adjoint(a, n);
    tarn__dense_triangular_solve(a, n, params->lower != params->adjoint, false, x, k);
    tarn__dense_store(call->out[0], b * n * k, n * k, x);
  }
  return TARN_OK;
}

const tarn_kernel tarn_kernels_linalg_triangular_reference[] = {
    {.op = "Cholesky", .dtypes = TARN_DECOMPOSED, .scratch_bytes = square, .run = run_cholesky},
    {.op = "MatrixTriangularSolve",
     .dtypes = TARN_DECOMPOSED,
     .scratch_bytes = triangle_and_sides,
     .run = run_solve},
    {.op = "BatchCholesky",
     .dtypes = TARN_DECOMPOSED,
     .scratch_bytes = square,
     .run = run_cholesky},
    {.op = "BatchMatrixTriangularSolve",
     .dtypes = TARN_DECOMPOSED,
     .scratch_bytes = triangle_and_sides,
     .run = run_solve},
    {0},
};
