/* Inverses, solutions and determinants by LU decomposition, triangular solutions and Cholesky's
 * decomposition of real matrices, for AVX2 and AVX-512. As in the reference everything is in double
 * and in its order; rows are taken four at a time, in vectors. A chunk is a matrix of the batch. */
#define DENSE_F64_ONLY
#include "kernels/cpu/contract/dense.body.h"
#include "kernels/cpu/linalg/numbers.body.h"
#include "kernels/params/matmul.h"

static void transpose(double *a, int64_t n) {
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = i + 1; j < n; j++) {
      const double upper = a[i * n + j];
      a[i * n + j] = a[j * n + i];
      a[j * n + i] = upper;
    }
}
static void exchange(double *a, int64_t columns, int64_t i, int64_t j) {
  for (int64_t c = 0; c < columns && i != j; c++) {
    const double t = a[i * columns + c];
    a[i * columns + c] = a[j * columns + c];
    a[j * columns + c] = t;
  }
}

enum {
  BLOCK = 48,
  COLUMNS = 24
}; /* rows of a solution, columns of a decomposition, that are done at once */

/* Scratch of those: a block's products, and a panel of them. */
static size_t block_elements(int64_t k) {
  return (size_t)(BLOCK * k) + DENSE_PANEL_BYTES / sizeof(double);
}

/* Rows [first, last) of x, `columns` long and ld apart, lose the product of t's [from, to) and x's
 * rows [from, to). */
static void take_off(const double *t, int64_t n, int64_t first, int64_t last, int64_t from,
                     int64_t to, double *x, int64_t columns, int64_t ld, double *scratch) {
  double *panel = scratch, *product = scratch + DENSE_PANEL_BYTES / sizeof(double);
  for (int64_t i = first; i < last; i += BLOCK) {
    const int64_t rows = last - i < BLOCK ? last - i : BLOCK;
    dense_f64(rows, columns, to - from, t + i * n + from, n, x + from * ld, ld, product, columns,
              panel);
    for (int64_t r = 0; r < rows; r++) {
      double *y = x + (i + r) * ld;
      const double *off = product + r * columns;
      TARN_EACH_LANE
      for (int64_t c = 0; c < columns; c++) y[c] -= off[c];
    }
  }
}

/* Columns [first, last) of tarn__dense_lu, of which those before are done; false: a pivot is 0. */
static bool lu_columns(double *a, int64_t n, int64_t first, int64_t last, int64_t *pivot,
                       int *sign) {
  bool regular = true;
  for (int64_t k = first; k < last; k++) {
    int64_t best = k;
    for (int64_t i = k + 1; i < n; i++)
      if (fabs(a[i * n + k]) > fabs(a[best * n + k])) best = i;
    pivot[k] = best;
    if (best != k) *sign = -*sign;
    exchange(a, n, k, best);
    const double size = fabs(a[k * n + k]);
    if (size == 0 || (k == 0 && isnan(size))) regular = false;
    if (size == 0) continue;
    const double *top = a + k * n;
    for (int64_t i = k + 1; i < n; i++) {
      double *row = a + i * n;
      const double factor = row[k] /= top[k];
      TARN_EACH_LANE
      for (int64_t j = k + 1; j < last; j++) row[j] -= factor * top[j];
    }
  }
  return regular;
}

/* As tarn__dense_lu. The columns beyond a block of them learn of it once it is done, as of a
 * product of matrices. */
static bool lu(double *a, int64_t n, int64_t *pivot, int *sign, double *scratch) {
  bool regular = true;
  *sign = 1;
  for (int64_t first = 0; first < n; first += COLUMNS) {
    const int64_t last = n - first < COLUMNS ? n : first + COLUMNS;
    const bool whole = lu_columns(a, n, first, last, pivot, sign);
    regular &= whole;
    const int64_t ends =
        whole ? last
              : n; /* a column without a pivot changes nothing: those are left out one by one */
    for (int64_t k = first; k < last; k++)
      for (int64_t i = k + 1; i < ends && a[k * n + k] != 0; i++) {
        const double factor = a[i * n + k], *top = a + k * n;
        double *row = a + i * n;
        TARN_EACH_LANE
        for (int64_t j = last; j < n; j++) row[j] -= factor * top[j];
      }
    if (whole && last < n) take_off(a, n, last, n, first, last, a + last, n - last, n, scratch);
  }
  return regular;
}

/* Rows [first, last) of x (rows of k columns), of whose sums those with rows outside of the block
 * are taken off already. */
static void solve_rows(const double *t, int64_t n, int64_t first, int64_t last, bool lower,
                       bool unit, double *x, int64_t k) {
  for (int64_t step = first; step < last; step++) {
    const int64_t i = lower ? step : first + last - 1 - step, end = lower ? i : last;
    int64_t j = lower ? first : i + 1;
    double *y = x + i * k;
    for (; j + 4 <= end; j += 4) {
      const double *w = t + i * n + j, *x0 = x + j * k, *x1 = x0 + k, *x2 = x1 + k, *x3 = x2 + k;
      TARN_EACH_LANE
      for (int64_t c = 0; c < k; c++)
        y[c] = y[c] - w[0] * x0[c] - w[1] * x1[c] - w[2] * x2[c] - w[3] * x3[c];
    }
    for (; j < end; j++) {
      const double w = t[i * n + j], *from = x + j * k;
      TARN_EACH_LANE
      for (int64_t c = 0; c < k; c++) y[c] -= w * from[c];
    }
    for (int64_t c = 0; c < k && !unit; c++) y[c] /= t[i * n + i];
  }
}

/* As tarn__dense_triangular_solve: x (n rows of k columns) becomes t^-1 x. Block by block: what is
 * solved already is taken off as a product of matrices. */
static void triangular_solve(const double *t, int64_t n, bool lower, bool unit, double *x,
                             int64_t k, double *scratch) {
  for (int64_t done = 0; done < n; done += BLOCK) {
    const int64_t rows = n - done < BLOCK ? n - done : BLOCK,
                  first = lower ? done : n - done - rows;
    const int64_t from = lower ? 0 : n - done;
    if (done > 0) take_off(t, n, first, first + rows, from, from + done, x, k, k, scratch);
    solve_rows(t, n, first, first + rows, lower, unit, x, k);
  }
}

/* a = l l^T in place; only the lower triangle of a is read. False: a is not positive definite. */
static bool cholesky(double *a, int64_t n) {
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < n; j++) {
      if (j > i) {
        a[i * n + j] = 0;
        continue;
      }
      const double *left = a + i * n, *right = a + j * n;
      double dot = 0;
      _Pragma("omp simd reduction(+:dot)")
      for (int64_t k = 0; k < j; k++) dot += left[k] * right[k];
      const double sum = a[i * n + j] - dot;
      if (j < i) {
        a[i * n + j] = sum / a[j * n + j];
        continue;
      }
      if (!(sum > 0)) return false;
      a[i * n + i] = sqrt(sum);
    }
  return true;
}

typedef struct job {
  const tarn_call *call;
  int64_t n, k;                      /* of the matrix, and of the right-hand sides */
  tarn_matmul g;                     /* of MatrixTriangularSolve: batches broadcast */
  size_t bytes;                      /* of a thread's scratch */
} job;

/* The matrix, the right-hand sides, the pivots and a block's scratch, of a thread. */
static size_t thread_bytes(int64_t n, int64_t k) {
  const size_t numbers = (size_t)(n * n + n * k) * sizeof(double) + (size_t)n * sizeof(int64_t);
  return (numbers + block_elements(n > k ? n : k) * sizeof(double) + 63) / 64 * 64;
}
static size_t scratch_bytes(const tarn_problem *p, int threads) {
  const int64_t n = tarn__matrices_of(&p->in_shape[0]).N,
                k = p->inputs > 1 ? tarn__matrices_of(&p->in_shape[1]).N : n;
  return (size_t)threads * thread_bytes(n, k);
}
static double *room_of(const job *j, int worker) {
  return (double *)(void *)((char *)j->call->scratch + (size_t)worker * j->bytes);
}

static tarn_status solve_one(void *argument, int64_t b, int worker) {
  const job *j = argument;
  const tarn_linalg_params *params = j->call->problem->params;
  const bool inverse = j->call->problem->inputs == 1;
  const int64_t n = j->n, k = j->k;
  double *a = room_of(j, worker), *x = a + n * n;
  int64_t *pivot = (int64_t *)(x + n * k);
  int sign;
  load(j->call->in[0], b * n * n, n * n, a);
  if (params->adjoint) transpose(a, n);
  if (!lu(a, n, pivot, &sign, (double *)(void *)(pivot + n)))
    return tarn_fail(TARN_INVALID, "matrix %lld is not invertible", (long long)b);
  if (!inverse) load(j->call->in[1], b * n * k, n * k, x);
  for (int64_t i = 0; i < n * n && inverse; i++) x[i] = i % (n + 1) == 0;
  for (int64_t i = 0; i < n; i++) exchange(x, k, i, pivot[i]);
  triangular_solve(a, n, true, true, x, k, (double *)(void *)(pivot + n));
  triangular_solve(a, n, false, false, x, k, (double *)(void *)(pivot + n));
  store(j->call->out[0], b * n * k, n * k, x);
  return TARN_OK;
}

/* See lu.reference.c. */
static tarn_status determinant_one(void *argument, int64_t b, int worker) {
  const job *j = argument;
  const bool logarithm = j->call->problem->outputs > 1;
  const int64_t n = j->n;
  double *a = room_of(j, worker), product, log_abs = 0;
  int sign;
  load(j->call->in[0], b * n * n, n * n, a);
  lu(a, n, (int64_t *)(a + n * n), &sign, a + n * n + n);
  product = sign;
  for (int64_t i = 0; i < n; i++) {
    const double u = a[i * (n + 1)], magnitude = fabs(u);
    product *= !logarithm || !(magnitude > 0) ? u
               : isinf(magnitude)             ? copysign(1, u)
                                              : u / magnitude;
    log_abs += log(magnitude);
  }
  store(j->call->out[0], b, 1, &product);
  if (logarithm) store(j->call->out[1], b, 1, &log_abs);
  return TARN_OK;
}

/* What is not positive definite is no error in TensorFlow: its triangle becomes NaN. */
static tarn_status cholesky_one(void *argument, int64_t b, int worker) {
  const job *j = argument;
  const int64_t n = j->n;
  double *a = room_of(j, worker);
  load(j->call->in[0], b * n * n, n * n, a);
  if (!cholesky(a, n))
    for (int64_t i = 0; i < n; i++)
      for (int64_t k = 0; k < n; k++) a[i * n + k] = k <= i ? (double)NAN : 0;
  store(j->call->out[0], b * n * n, n * n, a);
  return TARN_OK;
}

static tarn_status triangular_one(void *argument, int64_t b, int worker) {
  const job *j = argument;
  const tarn_linalg_params *params = j->call->problem->params;
  const int64_t n = j->n, k = j->k;
  double *a = room_of(j, worker), *x = a + n * n;
  int64_t a_at, x_at;
  tarn__matmul_offsets(&j->g, b, &a_at, &x_at);
  load(j->call->in[0], a_at, n * n, a);
  load(j->call->in[1], x_at, n * k, x);
  if (params->adjoint) transpose(a, n);
  triangular_solve(a, n, params->lower != params->adjoint, false, x, k, x + n * k + n);
  store(j->call->out[0], b * n * k, n * k, x);
  return TARN_OK;
}

static tarn_status each_matrix(const tarn_call *call, tarn_chunk body) {
  const tarn_problem *p = call->problem;
  const tarn_matrices g = tarn__matrices_of(&p->in_shape[0]);
  job j = {.call = call, .n = g.N, .k = p->inputs > 1 ? tarn__matrices_of(&p->in_shape[1]).N : g.N};
  if (tarn__tensor_elements(call->out[0]) == 0) return TARN_OK;
  j.bytes = thread_bytes(j.n, j.k);
  return tarn__pool_run(call->pool, g.B, body, &j);
}
static tarn_status run_solve(const tarn_call *call) { return each_matrix(call, solve_one); }
static tarn_status run_determinant(const tarn_call *call) {
  return each_matrix(call, determinant_one);
}
static tarn_status run_cholesky(const tarn_call *call) { return each_matrix(call, cholesky_one); }

static tarn_status run_triangular(const tarn_call *call) {
  const tarn_problem *p = call->problem;
  job j = {.call = call,
           .g = tarn__matmul_of(&(tarn_matmul_params){0}, &p->in_shape[0], &p->in_shape[1])};
  j.n = j.g.K, j.k = j.g.N;
  if (j.n * j.k == 0) return TARN_OK;
  j.bytes = thread_bytes(j.n, j.k);
  return tarn__pool_run(call->pool, tarn__shape_elements(&j.g.batch), triangular_one, &j);
}

#define ROW(text, name) \
  {.op = text, .dtypes = REAL, .scratch_bytes = scratch_bytes, .run = run_##name},
#define ROWS                                                                        \
  ROW("MatrixInverse", solve)                                                       \
  ROW("MatrixSolve", solve) ROW("MatrixDeterminant", determinant)                   \
      ROW("LogMatrixDeterminant", determinant) ROW("BatchMatrixInverse", solve)     \
          ROW("BatchMatrixSolve", solve) ROW("BatchMatrixDeterminant", determinant) \
              ROW("Cholesky", cholesky) ROW("BatchCholesky", cholesky)              \
                  ROW("MatrixTriangularSolve", triangular)                          \
                      ROW("BatchMatrixTriangularSolve", triangular)
