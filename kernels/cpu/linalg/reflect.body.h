/* Qr of real matrices by Householder reflections as in qr.reference.c, in double, for AVX2 and
 * AVX-512. A reflection is two passes over rows: v^T y, then y - tau v (v^T y), four rows at once.
 * The reflections stay below r's diagonal, and q is made of them from the last to the first, so
 * that each only touches what the later ones filled. A chunk is a matrix of the batch. */
#include "kernels/cpu/linalg/numbers.body.h"

typedef struct job {
  const tarn_call *call;
  int64_t M, N, K, kept;         /* K: reflections */
  size_t bytes;                  /* of a thread's scratch */
} job;

/* a [M,N], q [M,kept], v [M], tau [K], and a row of either. */
static size_t thread_bytes(int64_t M, int64_t N, int64_t K, int64_t kept) {
  return ((size_t)(M * N + M * kept + M + K + (N > kept ? N : kept)) * sizeof(double) + 63) / 64 *
         64;
}
static job job_of(const tarn_problem *p) {
  const tarn_matrices g = tarn__matrices_of(&p->in_shape[0]);
  job j = {.M = g.M, .N = g.N, .K = g.M < g.N ? g.M : g.N};
  j.kept = ((const tarn_linalg_params *)p->params)->full_matrices ? g.M : j.K;
  j.bytes = thread_bytes(j.M, j.N, j.K, j.kept);
  return j;
}

/* Rows y[0..n) of `columns` columns, ld apart, become (1 - tau v v^T) y. */
static void reflect(const double *v, int64_t n, double tau, double *y, int64_t columns, int64_t ld,
                    double *dots) {
  memset(dots, 0, (size_t)columns * sizeof *dots);
  int64_t i = 0;
  for (; i + 4 <= n; i += 4) {
    const double *y0 = y + i * ld, *y1 = y0 + ld, *y2 = y1 + ld, *y3 = y2 + ld;
    const double v0 = v[i], v1 = v[i + 1], v2 = v[i + 2], v3 = v[i + 3];
    TARN_EACH_LANE
    for (int64_t c = 0; c < columns; c++)
      dots[c] += v0 * y0[c] + v1 * y1[c] + v2 * y2[c] + v3 * y3[c];
  }
  for (; i < n; i++) {
    const double *row = y + i * ld, vi = v[i];
    TARN_EACH_LANE
    for (int64_t c = 0; c < columns; c++) dots[c] += vi * row[c];
  }
  for (i = 0; i < n; i++) {
    double *row = y + i * ld;
    const double factor = tau * v[i];
    TARN_EACH_LANE
    for (int64_t c = 0; c < columns; c++) row[c] -= factor * dots[c];
  }
}

/* v and tau for the column x[0], x[step], ... of n elements, whose first becomes *beta; tau 0: it
 * is done already. */
static double reflector(const double *x, int64_t step, int64_t n, double *v, double *beta) {
  double tail = 0;
  for (int64_t i = 1; i < n; i++) tail += x[i * step] * x[i * step];
  if (tail == 0) return 0;
  const double norm = sqrt(x[0] * x[0] + tail);
  *beta = x[0] >= 0 ? -norm : norm;
  const double over = x[0] - *beta;
  v[0] = 1;
  for (int64_t i = 1; i < n; i++) v[i] = x[i * step] / over;
  return (*beta - x[0]) / *beta;
}

static tarn_status one(void *argument, int64_t b, int worker) {
  const job *j = argument;
  const int64_t M = j->M, N = j->N, kept = j->kept;
  double *a = (double *)(void *)((char *)j->call->scratch + (size_t)worker * j->bytes),
         *q = a + M * N, *v = q + M * kept;
  double *tau = v + M, *dots = tau + j->K;
  load(j->call->in[0], b * M * N, M * N, a);
  for (int64_t k = 0; k < j->K; k++) {
    double *at = a + k * N + k, beta = 0;
    tau[k] = reflector(at, N, M - k, v, &beta);
    if (tau[k] == 0) continue;
    reflect(v, M - k, tau[k], at + 1, N - k - 1, N, dots);
    at[0] = beta;
    for (int64_t i = 1; i < M - k; i++) at[i * N] = v[i];
  }
  for (int64_t i = 0; i < M * kept; i++) q[i] = i / kept == i % kept;
  for (int64_t k = j->K - 1; k >= 0; k--) {
    if (tau[k] == 0) continue;
    v[0] = 1;
    for (int64_t i = 1; i < M - k; i++) v[i] = a[(k + i) * N + k];
    reflect(v, M - k, tau[k], q + k * kept + k, kept - k, kept, dots);
  }
  store(j->call->out[0], b * M * kept, M * kept, q);
  for (int64_t i = 0; i < kept; i++) {
    for (int64_t c = 0; c < i && c < N; c++) a[i * N + c] = 0;
    store(j->call->out[1], (b * kept + i) * N, N, a + i * N);
  }
  return TARN_OK;
}

static size_t scratch_bytes(const tarn_problem *p, int threads) {
  return (size_t)threads * job_of(p).bytes;
}

static tarn_status run(const tarn_call *call) {
  job j = job_of(call->problem);
  j.call = call;
  if (tarn__tensor_elements(call->out[0]) + tarn__tensor_elements(call->out[1]) == 0)
    return TARN_OK;
  return tarn__pool_run(call->pool, tarn__matrices_of(&call->problem->in_shape[0]).B, one, &j);
}

#define ROWS {.op = "Qr", .dtypes = REAL, .scratch_bytes = scratch_bytes, .run = run},
