/* Functions of square matrices: principal square roots and logarithms by Schur's triangle, and
 * exponentials (Higham, Functions of Matrices, chapters 6, 11 and 10). What has no such root (an
 * eigenvalue that is zero twice, NaN) gives NaN or Inf, as in TensorFlow. */
#include <float.h>

#include "kernels/cpu/linalg/schur/schur.h"

enum { ROOTS_MAX = 100, POINTS = 8, DEGREE = 13 };

static void fill(tarn_z *x, int64_t n, tarn_z value) {
  for (int64_t i = 0; i < n; i++) x[i] = value;
}
static double norm1(const tarn_z *x, int64_t n, double minus) {
  double most = 0;
  for (int64_t j = 0; j < n; j++) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += cabs(x[i * n + j] - (i == j ? minus : 0));
    if (!(sum <= most)) most = sum; /* NaN stays */
  }
  return most;
}

/* The upper triangle r with r r = t, a diagonal upwards at a time; t's lower part is not read. */
static void root_of_triangle(const tarn_z *t, int64_t n, tarn_z *r) {
  for (int64_t j = 0; j < n; j++)
    for (int64_t i = n - 1; i >= 0; i--) {
      tarn_z sum = i > j ? 0 : t[i * n + j];
      for (int64_t k = i + 1; k < j; k++) sum -= r[i * n + k] * r[k * n + j];
      if (i < j && sum != 0) sum /= r[i * n + i] + r[j * n + j];
      r[i * n + j] = i == j ? csqrt(sum) : sum;
    }
}

static tarn_status square_root(const tarn_call *call, tarn_z *a, int64_t n, tarn_z *scratch) {
  tarn_z *u = scratch, *r = u + n * n, *v = r + n * n;
  bool found;
  TARN_TRY(tarn__schur(call->run, a, n, u, v, &found));
  if (!found) {
    fill(a, n * n, NAN);
    return TARN_OK;
  }
  if (!tarn__dtype_in(call->in[0]->dtype, TARN_COMPLEX)) { /* has no real root there */
    const double rounding = (double)n * DBL_EPSILON * norm1(a, n, 0);
    for (int64_t i = 0; i < n; i++)
      if (creal(a[i * n + i]) < 0 && fabs(cimag(a[i * n + i])) <= rounding) a[i * n + i] = NAN;
  }
  root_of_triangle(a, n, r);
  tarn__schur_back(r, n, u, v, a);
  return TARN_OK;
}

/* Gauss and Legendre's points in [0,1] and their weights, by Newton's method on Legendre's
 * polynomial. */
static void quadrature(double *point, double *weight) {
  for (int i = 0; i < POINTS; i++) {
    double x = cos(3.14159265358979323846 * (i + 0.75) / (POINTS + 0.5)), slope = 1;
    for (int round = 0; round < 8; round++) {
      double before = 1, p = x;
      for (int k = 2; k <= POINTS; k++) {
        const double next = ((2 * k - 1) * x * p - (k - 1) * before) / k;
        before = p;
        p = next;
      }
      slope = POINTS * (x * p - before) / (x * x - 1);
      x -= p / slope;
    }
    point[i] = (1 + x) / 2;
    weight[i] = 1 / ((1 - x * x) * slope * slope);
  }
}

/* log t = 2^k log t^(1/2^k), and log(1 + x) is the integral of x / (1 + s x) over s in [0,1], which
 * few points give when x is small: that is its Pade form. */
static tarn_status logarithm(const tarn_call *call, tarn_z *a, int64_t n, tarn_z *scratch) {
  tarn_z *u = scratch, *r = u + n * n, *sum = r + n * n, *v = sum + n * n, *part = v + n * n;
  double point[POINTS], weight[POINTS], scale = 1;
  bool found;
  TARN_TRY(tarn__schur(call->run, a, n, u, v, &found));
  if (!found) {
    fill(a, n * n, NAN);
    return TARN_OK;
  }
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < i; j++) a[i * n + j] = 0;
  memcpy(r, a, (size_t)(n * n) * sizeof *r);
  for (int k = 0; k < ROOTS_MAX && norm1(r, n, 1) > 0.25; k++) {
    root_of_triangle(r, n, v);
    memcpy(r, v, (size_t)(n * n) * sizeof *r);
    scale *= 2;
    if (call->run) TARN_TRY(tarn__run_check(call->run));
  }
  for (int64_t i = 0; i < n; i++) r[i * n + i] -= 1;
  fill(sum, n * n, 0);
  quadrature(point, weight);
  for (int s = 0; s < POINTS; s++) {
    for (int64_t i = 0; i < n * n; i++) v[i] = (i % (n + 1) == 0) + point[s] * r[i];
    memcpy(part, r, (size_t)(n * n) * sizeof *part);
    tarn__dense_triangular_solve(v, n, false, false, part, n);
    for (int64_t i = 0; i < n * n; i++) sum[i] += weight[s] * part[i];
  }
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = i; j < n; j++) /* the diagonal is known better */
      r[i * n + j] = i == j ? clog(a[i * n + i]) : scale * sum[i * n + j];
  tarn__schur_back(r, n, u, v, a);
  return TARN_OK;
}

/* out = x y + diagonal. */
static void multiply(const tarn_z *x, const tarn_z *y, int64_t n, double diagonal, tarn_z *out) {
  for (int64_t i = 0; i < n; i++) {
    fill(out + i * n, n, 0);
    for (int64_t k = 0; k < n; k++)
      for (int64_t j = 0; j < n; j++) out[i * n + j] += x[i * n + k] * y[k * n + j];
    out[i * n + i] += diagonal;
  }
}

/* exp a = exp(a / 2^k)^(2^k); Pade's form of degree 13, p(a) / p(-a), for norms up to 5.37: even
 * and odd terms by Horner's rule in a^2. */
static tarn_status exponential(const tarn_call *call, tarn_z *a, int64_t n, tarn_z *scratch) {
  tarn_z *square = scratch, *even = square + n * n, *odd = even + n * n, *v = odd + n * n;
  int64_t *pivot = (int64_t *)(void *)(v + n * n);
  double c[DEGREE + 1] = {1};
  int k = 0, sign;
  for (int i = 0; i < DEGREE; i++) c[i + 1] = c[i] * (DEGREE - i) / ((2.0 * DEGREE - i) * (i + 1));
  const double norm = norm1(a, n, 0);
  if (!isfinite(norm)) {
    fill(a, n * n, NAN);
    return TARN_OK;
  }
  if (norm > 5.37) (void)frexp(norm / 5.37, &k);
  for (int64_t i = 0; i < n * n; i++) a[i] *= ldexp(1, -k);
  multiply(a, a, n, 0, square);
  fill(even, n * n, 0);
  fill(odd, n * n, 0);
  for (int64_t i = 0; i < n * n; i += n + 1) {
    even[i] = c[DEGREE - 1];
    odd[i] = c[DEGREE];
  }
  for (int i = DEGREE - 3; i >= 0; i -= 2) {
    multiply(square, even, n, c[i], v);
    memcpy(even, v, (size_t)(n * n) * sizeof *v);
    multiply(square, odd, n, c[i + 1], v);
    memcpy(odd, v, (size_t)(n * n) * sizeof *v);
    if (call->run) TARN_TRY(tarn__run_check(call->run));
  }
  multiply(a, odd, n, 0, v);
  for (int64_t i = 0; i < n * n; i++) {
    a[i] = even[i] + v[i];
    even[i] -= v[i];
  }
  (void)tarn__dense_lu(even, n, pivot, &sign);
  tarn__dense_lu_solve(even, n, pivot, a, n);
  for (; k > 0; k--) {
    multiply(a, a, n, 0, v);
    memcpy(a, v, (size_t)(n * n) * sizeof *v);
    if (call->run) TARN_TRY(tarn__run_check(call->run));
  }
  return TARN_OK;
}

/* The matrix, five of its size, and pivots. */
static size_t scratch_bytes(const tarn_problem *p, int threads) {
  const tarn_matrices g = tarn__matrices_of(&p->in_shape[0]);
  (void)threads;
  if (g.B == 0) return 0; /* of matrices that may be larger than memory */
  return (size_t)(6 * g.N * g.N) * sizeof(tarn_z) + (size_t)g.N * sizeof(int64_t);
}

static tarn_status each(const tarn_call *call,
                        tarn_status (*function)(const tarn_call *, tarn_z *, int64_t, tarn_z *)) {
  const tarn_matrices g = tarn__matrices_of(&call->problem->in_shape[0]);
  const int64_t size = g.N * g.N;
  tarn_z *a = call->scratch;
  for (int64_t b = 0; b < g.B && size > 0; b++) {
    tarn__dense_load(call->in[0], b * size, size, a);
    TARN_TRY(function(call, a, g.N, a + size));
    tarn__dense_store(call->out[0], b * size, size, a);
  }
  return TARN_OK;
}
static tarn_status run_root(const tarn_call *call) {
  return each(call, square_root);
}
static tarn_status run_logarithm(const tarn_call *call) {
  return each(call, logarithm);
}
static tarn_status run_exponential(const tarn_call *call) {
  return each(call, exponential);
}

const tarn_kernel tarn_kernels_schur_functions_reference[] = {
    {.op = "MatrixSquareRoot",
     .dtypes = TARN_DECOMPOSED,
     .scratch_bytes = scratch_bytes,
     .run = run_root},
    {.op = "MatrixLogarithm",
     .dtypes = TARN_COMPLEX,
     .scratch_bytes = scratch_bytes,
     .run = run_logarithm},
    {.op = "MatrixExponential",
     .dtypes = TARN_DECOMPOSED,
     .scratch_bytes = scratch_bytes,
     .run = run_exponential},
    {0},
};
