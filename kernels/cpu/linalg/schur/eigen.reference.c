/* Eig: eigenvalues of square matrices and eigenvectors of length 1. As in TensorFlow, those of
 * complex matrices are in ascending order of their magnitudes; of real ones, in the order in which
 * they stand on Schur's triangle, real or in conjugate pairs, the one above the axis first. */
#include <float.h>

#include "kernels/cpu/linalg/schur/schur.h"

enum { MATRICES = 3 }; /* a and then t, u, vectors of t */

static size_t scratch_bytes(const tarn_problem *p, int threads) {
  const tarn_matrices g = tarn__matrices_of(&p->in_shape[0]);
  (void)threads;
  if (g.B == 0) return 0; /* of matrices that may be larger than memory */
  return (size_t)(MATRICES * g.N * g.N + g.N) * sizeof(tarn_z);
}

/* t x = x diag(t), x upper triangular with a diagonal of ones, from the bottom up. A difference of
 * eigenvalues that is lost in rounding counts as the least that is not. */
static void vectors_of(const tarn_z *t, int64_t n, tarn_z *x) {
  double norm = 0;
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = i; j < n; j++) norm = fmax(norm, cabs(t[i * n + j]));
  for (int64_t c = 0; c < n; c++)
    for (int64_t i = n - 1; i >= 0; i--) {
      tarn_z sum = 0;
      if (i >= c) {
        x[i * n + c] = i == c;
        continue;
      }
      for (int64_t k = i + 1; k <= c; k++) sum -= t[i * n + k] * x[k * n + c];
      tarn_z apart = t[i * n + i] - t[c * n + c];
      if (apart == 0) apart = fmax(DBL_EPSILON * norm, DBL_MIN);
      x[i * n + c] = sum / apart;
    }
}

/* Eigenvalues i and j change places, and their vectors, the columns of x. */
static void exchange(tarn_z *e, tarn_z *x, int64_t n, int64_t i, int64_t j) {
  const tarn_z value = e[i];
  e[i] = e[j];
  e[j] = value;
  for (int64_t k = 0; k < n && x; k++) {
    const tarn_z element = x[k * n + i];
    x[k * n + i] = x[k * n + j];
    x[k * n + j] = element;
  }
}

static void sort_by_magnitude(tarn_z *e, tarn_z *x, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    int64_t least = i;
    for (int64_t j = i + 1; j < n; j++)
      if (cabs(e[j]) < cabs(e[least])) least = j;
    if (least != i) exchange(e, x, n, i, least);
  }
}

/* A vector times a number of magnitude 1, so that it is real but for rounding, and made so. */
static void make_real(tarn_z *x, int64_t n, int64_t column) {
  tarn_z most = 0;
  double length = 0;
  for (int64_t k = 0; k < n; k++)
    if (cabs(x[k * n + column]) > cabs(most)) most = x[k * n + column];
  for (int64_t k = 0; k < n; k++) {
    tarn_z *element = &x[k * n + column];
    *element = creal(*element * conj(most) / cabs(most));
    length = hypot(length, creal(*element));
  }
  for (int64_t k = 0; k < n; k++) x[k * n + column] /= length;
}

/* Of a real matrix: what is off the axis has its conjugate, all else is on it. */
static void pair_up(tarn_z *e, tarn_z *x, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    int64_t other = -1;
    double apart = fabs(cimag(e[i])); /* nearer than the axis */
    for (int64_t j = i + 1; j < n; j++)
      if (cabs(e[j] - conj(e[i])) < apart) {
        apart = cabs(e[j] - conj(e[i]));
        other = j;
      }
    if (other < 0) {
      e[i] = creal(e[i]);
      if (x) make_real(x, n, i);
      continue;
    }
    exchange(e, x, n, i + 1, other);
    if (cimag(e[i]) < 0) exchange(e, x, n, i, i + 1);
    e[i + 1] = conj(e[i]);
    for (int64_t k = 0; k < n && x; k++) x[k * n + i + 1] = conj(x[k * n + i]);
    i++;
  }
}

static tarn_status run(const tarn_call *call) {
  const tarn_matrices g = tarn__matrices_of(&call->problem->in_shape[0]);
  const tarn_linalg_params *p = call->problem->params;
  const bool is_complex = tarn__dtype_in(call->in[0]->dtype, TARN_COMPLEX);
  const int64_t n = g.N;
  tarn_z *t = call->scratch, *u = t + n * n, *x = u + n * n, *v = x + n * n;
  for (int64_t b = 0; b < g.B && n > 0; b++) {
    bool found;
    tarn__dense_load(call->in[0], b * n * n, n * n, t);
    TARN_TRY(tarn__schur(call->run, t, n, u, v, &found));
    if (!found)
      return tarn_fail(TARN_INVALID, "matrix %lld has no eigenvalues: %s", (long long)b,
                       "it has NaN or Inf, or they were not found");
    for (int64_t i = 0; i < n; i++) v[i] = t[i * n + i];
    if (!p->values_only) vectors_of(t, n, x);
    for (int64_t c = 0; c < n && !p->values_only;
         c++) { /* column c of u x, over t, which is done with */
      double length = 0;
      for (int64_t i = 0; i < n; i++) {
        tarn_z sum = 0;
        for (int64_t k = 0; k <= c; k++) sum += u[i * n + k] * x[k * n + c];
        t[i * n + c] = sum;
        length = hypot(length, cabs(sum));
      }
      for (int64_t i = 0; i < n; i++) t[i * n + c] /= length;
    }
    if (is_complex)
      sort_by_magnitude(v, p->values_only ? NULL : t, n);
    else
      pair_up(v, p->values_only ? NULL : t, n);
    tarn__dense_store(call->out[0], b * n, n, v);
    if (!p->values_only) tarn__dense_store(call->out[1], b * n * n, n * n, t);
  }
  return TARN_OK;
}

const tarn_kernel tarn_kernels_schur_eigen_reference[] = {
    {.op = "Eig",
     .dtypes = TARN_BIT(TARN_F32) | TARN_BIT(TARN_F64) | TARN_COMPLEX,
     .scratch_bytes = scratch_bytes,
     .run = run},
    {0},
};
