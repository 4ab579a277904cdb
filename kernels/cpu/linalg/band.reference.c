/* Matrices of a few diagonals: products and solutions. */
#include "kernels/cpu/linalg/dense.h"

static size_t tridiagonal_scratch(const tarn_problem *p, int threads) {
  const tarn_matrices d = tarn__matrices_of(&p->in_shape[0]),
                      r = tarn__matrices_of(&p->in_shape[p->inputs - 1]);
  (void)threads;
  return (size_t)(4 * d.N + r.M * r.N) * sizeof(tarn_z);
}

static void exchange(tarn_z *a, tarn_z *b) {
  const tarn_z kept = *a;
  *a = *b;
  *b = kept;
}

/* Gauss's elimination, with exchanges of neighbouring rows where wanted: then row i has up to three
 * elements from the diagonal on, in main, above and beyond. False: a pivot is 0. */
static bool eliminate(tarn_z *above, tarn_z *main, tarn_z *below, tarn_z *beyond, int64_t n,
                      bool pivoting, tarn_z *x, int64_t k) {
  for (int64_t i = 0; i < n; i++) beyond[i] = 0;
  for (int64_t i = 0; i + 1 < n; i++) {
    if (pivoting && cabs(below[i + 1]) > cabs(main[i])) {
      exchange(&main[i], &below[i + 1]);
      exchange(&above[i], &main[i + 1]);
      if (i + 2 < n) exchange(&beyond[i], &above[i + 1]);
      for (int64_t c = 0; c < k; c++) exchange(&x[i * k + c], &x[(i + 1) * k + c]);
    }
    if (main[i] == 0) return false;
    const tarn_z factor = below[i + 1] / main[i];
    main[i + 1] -= factor * above[i];
    if (i + 2 < n) above[i + 1] -= factor * beyond[i];
    for (int64_t c = 0; c < k; c++) x[(i + 1) * k + c] -= factor * x[i * k + c];
  }
  if (n > 0 && main[n - 1] == 0) return false;
  for (int64_t i = n - 1; i >= 0; i--)
    for (int64_t c = 0; c < k; c++) {
      tarn_z sum = x[i * k + c];
      if (i + 1 < n) sum -= above[i] * x[(i + 1) * k + c];
      if (i + 2 < n) sum -= beyond[i] * x[(i + 2) * k + c];
      x[i * k + c] = sum / main[i];
    }
  return true;
}

/* diagonals [3,n]: above, main, below; what is singular gives NaN. */
static tarn_status run_solve(const tarn_call *call) {
  const tarn_problem *p = call->problem;
  const tarn_linalg_params *params = p->params;
  const tarn_matrices d = tarn__matrices_of(&p->in_shape[0]),
                      r = tarn__matrices_of(&p->in_shape[1]);
  const int64_t n = d.N, k = r.N;
  tarn_z *diagonals = call->scratch, *beyond = diagonals + 3 * n, *x = beyond + n;
  for (int64_t b = 0; b < r.B && n * k > 0; b++) {
    tarn__dense_load(call->in[0], b * 3 * n, 3 * n, diagonals);
    tarn__dense_load(call->in[1], b * n * k, n * k, x);
    if (!eliminate(diagonals, diagonals + n, diagonals + 2 * n, beyond, n, params->pivoting, x, k))
      for (int64_t i = 0; i < n * k; i++) x[i] = CMPLX(NAN, NAN);
    tarn__dense_store(call->out[0], b * n * k, n * k, x);
  }
  return TARN_OK;
}

static tarn_status run_product(const tarn_call *call) {
  const tarn_matrices r = tarn__matrices_of(&call->problem->in_shape[3]);
  const int64_t n = r.M, k = r.N;
  tarn_z *diagonals = call->scratch, *x = diagonals + 4 * n;
  for (int64_t b = 0; b < r.B && n * k > 0; b++) {
    for (int i = 0; i < 3; i++) tarn__dense_load(call->in[i], b * n, n, diagonals + i * n);
    tarn__dense_load(call->in[3], b * n * k, n * k, x);
    for (int64_t i = 0; i < n; i++)
      for (int64_t c = 0; c < k; c++) {
        tarn_z sum = diagonals[n + i] * x[i * k + c];
        if (i > 0) sum += diagonals[2 * n + i] * x[(i - 1) * k + c];
        if (i + 1 < n) sum += diagonals[i] * x[(i + 1) * k + c];
        tarn__dense_store(call->out[0], (b * n + i) * k + c, 1, &sum);
      }
  }
  return TARN_OK;
}

const tarn_kernel tarn_kernels_linalg_band_reference[] = {
    {.op = "TridiagonalSolve",
     .name = "tridiagonal",
     .dtypes = TARN_DECOMPOSED,
     .scratch_bytes = tridiagonal_scratch,
     .run = run_solve},
    {.op = "TridiagonalMatMul",
     .name = "tridiagonal",
     .dtypes = TARN_DECOMPOSED,
     .scratch_bytes = tridiagonal_scratch,
     .run = run_product},
    {0},
};
