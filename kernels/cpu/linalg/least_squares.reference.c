/* MatrixSolveLs: by the normal equations, or (not fast) by singular values: the shortest of the
 * best solutions. */
#include "kernels/cpu/linalg/dense.h"

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

/* a [M,N], tall [max,min], v and normal [min,min], s, sides [M,K], x [max,K], and what singular
 * values need. */
static size_t scratch_bytes(const tarn_problem *p, int threads) {
  const tarn_matrices g = tarn__matrices_of(&p->in_shape[0]);
  const int64_t K = tarn__matrices_of(&p->in_shape[1]).N, least = smaller(g.M, g.N),
                most = g.M + g.N - least;
  (void)threads;
  return (size_t)(2 * g.M * g.N + least * least + least + (g.M + most) * K) * sizeof(tarn_z) +
         tarn__dense_singular_bytes(most, least);
}

/* y [rows,K] = a or its adjoint, a [M,N], times x. */
static void product(const tarn_z *a, int64_t M, int64_t N, bool adjoint, const tarn_z *x, int64_t K,
                    tarn_z *y) {
  const int64_t rows = adjoint ? N : M, inner = adjoint ? M : N;
  for (int64_t i = 0; i < rows; i++)
    for (int64_t c = 0; c < K; c++) {
      tarn_z sum = 0;
      for (int64_t k = 0; k < inner; k++)
        sum += (adjoint ? conj(a[k * N + i]) : a[i * N + k]) * x[k * K + c];
      y[i * K + c] = sum;
    }
}

/* tall (t [M,N], M >= N) is a or, of a wide one, its adjoint; n = t^H t + l2. Tall: x = n^-1 t^H b.
 * Wide: x = t n^-1 b. */
static tarn_status fast(const tarn_z *t, int64_t M, int64_t N, bool wide, double l2, tarn_z *n,
                        tarn_z *b, int64_t K, tarn_z *x) {
  for (int64_t i = 0; i < N; i++)
    for (int64_t j = 0; j < N; j++) {
      tarn_z sum = i == j ? l2 : 0;
      for (int64_t k = 0; k < M; k++) sum += conj(t[k * N + i]) * t[k * N + j];
      n[i * N + j] = sum;
    }
  tarn_z *side = wide ? b : x;
  if (!wide) product(t, M, N, true, b, K, x);
  if (!tarn__dense_cholesky(n, N))
    return tarn_fail(TARN_INVALID,
                     "Input matrix was rank deficient or ill-conditioned. Try setting fast=False "
                     "or provide a larger "
                     "l2_regularizer > 0.");
  tarn__dense_triangular_solve(n, N, true, false, side, K);
  tarn__dense_adjoint(n, N);
  tarn__dense_triangular_solve(n, N, false, false, side, K);
  if (wide) product(t, M, N, false, b, K, x);
  return TARN_OK;
}

/* t = u s v^H, and t holds u s. Tall: x = v s^-2 (u s)^H b. Wide: a = v s u^H, x = (u s) s^-2 v^H
 * b. Values below the rounding of the largest are 0. */
static tarn_status exact(const tarn_run *run, tarn_z *t, int64_t M, int64_t N, bool wide,
                         double epsilon, tarn_z *v, double *s, tarn_z *b, int64_t K, tarn_z *x,
                         void *scratch) {
  TARN_TRY(tarn__dense_singular(run, t, M, N, s, v, scratch));
  tarn_z *middle = x;   /* [N,K]; no longer than x or b */
  if (wide) product(v, N, N, true, b, K, middle);
  else product(t, M, N, true, b, K, middle);
  for (int64_t i = 0; i < N; i++)
    for (int64_t c = 0; c < K; c++)
      middle[i * K + c] = s[i] > epsilon * (double)N * s[0] ? middle[i * K + c] / (s[i] * s[i]) : 0;
  memcpy(b, middle, (size_t)(N * K) * sizeof *b);
  if (wide) product(t, M, N, false, b, K, x);
  else product(v, N, N, false, b, K, x);
  return TARN_OK;
}

static tarn_status run(const tarn_call *call) {
  const tarn_problem *p = call->problem;
  const tarn_linalg_params *params = p->params;
  const tarn_matrices g = tarn__matrices_of(&p->in_shape[0]);
  const int64_t K = tarn__matrices_of(&p->in_shape[1]).N, N = smaller(g.M, g.N), M = g.M + g.N - N;
  const double l2 = *(const double *)call->in[2]->data;
  const bool wide = g.M < g.N, narrow = p->in_dtype[0] == TARN_F32 || p->in_dtype[0] == TARN_C64 ||
                                        p->in_dtype[0] == TARN_F16;
  tarn_z *a = call->scratch, *t = a + M * N, *n = t + M * N, *b = n + N * N + N, *x = b + g.M * K;
  if (!(l2 >= 0)) return tarn_fail(TARN_INVALID, "l2_regularizer must be >= 0.");
  for (int64_t i = 0; i < g.B && g.N * K > 0; i++) {
    tarn__dense_load(call->in[0], i * M * N, M * N, a);
    tarn__dense_load(call->in[1], i * g.M * K, g.M * K, b);
    for (int64_t r = 0; r < M; r++)
      for (int64_t c = 0; c < N; c++) t[r * N + c] = wide ? conj(a[c * M + r]) : a[r * N + c];
    if (N == 0) for (int64_t k = 0; k < g.N * K; k++) x[k] = 0;
    else if (params->fast) TARN_TRY(fast(t, M, N, wide, l2, n, b, K, x));
    else
      TARN_TRY(exact(call->run, t, M, N, wide, narrow ? 0x1p-23 : 0x1p-52, n, (double *)(n + N * N),
                     b, K, x, x + M * K));
    tarn__dense_store(call->out[0], i * g.N * K, g.N * K, x);
  }
  return TARN_OK;
}

const tarn_kernel tarn_kernels_linalg_least_squares_reference[] = {
    {.op = "MatrixSolveLs", .dtypes = TARN_DECOMPOSED, .scratch_bytes = scratch_bytes, .run = run},
    {.op = "BatchMatrixSolveLs",
     .dtypes = TARN_DECOMPOSED,
     .scratch_bytes = scratch_bytes,
     .run = run},
    {0},
};
