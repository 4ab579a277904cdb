/* Qr by Householder reflections (Golub and Van Loan, Matrix Computations, 5.1): H = 1 - tau v v^H
 * with v[0] = 1 takes a column to a multiple of the first unit vector; r is what the reflections
 * leave of a, q is their product. The sign of r's diagonal is the opposite of the column's first
 * element, as LAPACK's and Eigen's. */
#include "kernels/cpu/linalg/dense.h"

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

/* a [M,N], then q [M,M], then one column v [M]. */
static size_t scratch_bytes(const tarn_problem *p, int threads) {
  const tarn_matrices g = tarn__matrices_of(&p->in_shape[0]);
  (void)threads;
  if (g.B == 0) return 0;   /* of matrices that may be larger than memory */
  return (size_t)(g.M * g.N + g.M * g.M + g.M) * sizeof(tarn_z);
}

/* v and tau for the column x[0], x[step], ... of n elements; tau 0: it is done already. */
static tarn_z reflector(const tarn_z *x, int64_t step, int64_t n, tarn_z *v) {
  double tail = 0;
  for (int64_t i = 1; i < n; i++) tail += creal(x[i * step] * conj(x[i * step]));
  if (tail == 0 && cimag(x[0]) == 0) return 0;
  const double norm = sqrt(creal(x[0] * conj(x[0])) + tail), beta = creal(x[0]) >= 0 ? -norm : norm;
  v[0] = 1;
  for (int64_t i = 1; i < n; i++) v[i] = x[i * step] / (x[0] - beta);
  return conj((beta - x[0]) / beta);
}

/* Rows [first, first + n) of y, of `columns` columns, become (1 - tau v v^H) y. */
static void reflect(const tarn_z *v, int64_t n, tarn_z tau, tarn_z *y, int64_t columns) {
  for (int64_t c = 0; c < columns; c++) {
    tarn_z dot = 0;
    for (int64_t i = 0; i < n; i++) dot += conj(v[i]) * y[i * columns + c];
    for (int64_t i = 0; i < n; i++) y[i * columns + c] -= tau * v[i] * dot;
  }
}

static tarn_status run(const tarn_call *call) {
  const tarn_matrices g = tarn__matrices_of(&call->problem->in_shape[0]);
  const tarn_linalg_params *p = call->problem->params;
  const int64_t M = g.M, N = g.N, kept = p->full_matrices ? M : smaller(M, N);
  tarn_z *a = call->scratch, *q = a + M * N, *v = q + M * M;
  if (tarn__tensor_elements(call->out[0]) + tarn__tensor_elements(call->out[1]) == 0)
    return TARN_OK; /* of very many */
  for (int64_t b = 0; b < g.B; b++) {
    tarn__dense_load(call->in[0], b * M * N, M * N, a);
    for (int64_t i = 0; i < M * M; i++) q[i] = i % (M + 1) == 0;
    /* q collects H_k ... H_0; its adjoint is wanted */
    for (int64_t k = 0; k < smaller(M, N); k++) {
      const tarn_z tau = reflector(a + k * N + k, N, M - k, v);
      if (tau == 0) continue;
      reflect(v, M - k, tau, a + k * N, N);
      reflect(v, M - k, tau, q + k * M, M);
    }
    tarn__dense_adjoint(q, M);
    for (int64_t i = 0; i < M; i++)
      tarn__dense_store(call->out[0], (b * M + i) * kept, kept, q + i * M);
    for (int64_t i = 0; i < kept; i++) {
      for (int64_t j = 0; j < smaller(i, N); j++) a[i * N + j] = 0;
      tarn__dense_store(call->out[1], (b * kept + i) * N, N, a + i * N);
    }
  }
  return TARN_OK;
}

const tarn_kernel tarn_kernels_linalg_qr_reference[] = {
    {.op = "Qr", .dtypes = TARN_DECOMPOSED, .scratch_bytes = scratch_bytes, .run = run},
    {0},
};
