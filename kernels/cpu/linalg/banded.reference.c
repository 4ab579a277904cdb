/* BandedTriangularSolve: a triangle of n rows given by its K diagonals [K,n], by substitution. */
#include "kernels/cpu/linalg/dense.h"
#include "kernels/params/matmul.h"

/* The diagonals and the right-hand sides. */
static size_t scratch_bytes(const tarn_problem *p, int threads) {
  const tarn_matrices bands = tarn__matrices_of(&p->in_shape[0]),
                      sides = tarn__matrices_of(&p->in_shape[1]);
  (void)threads;
  return (size_t)(bands.M * bands.N + sides.M * sides.N) * sizeof(tarn_z);
}

/* Of lower triangles row k holds the k-th diagonal below the main one, the element of row i of the
 * triangle at i; of upper ones the main diagonal is the last row, and the k-th above it k rows
 * before. */
typedef struct banded {
  const tarn_z *bands;
  int64_t K, n;
  bool lower, adjoint;
} banded;

/* The element `off` places beside the diagonal that row i of the triangle (or of its adjoint)
 * multiplies element `j` with. */
static tarn_z beside(const banded *a, int64_t i, int64_t j, int64_t off) {
  const int64_t row = a->adjoint ? j : i;
  const tarn_z x = a->bands[(a->lower ? off : a->K - 1 - off) * a->n + row];
  return a->adjoint ? conj(x) : x;
}

static tarn_status run(const tarn_call *call) {
  const tarn_problem *p = call->problem;
  const tarn_linalg_params *params = p->params;
  const tarn_matrices bands = tarn__matrices_of(&p->in_shape[0]);
  const int64_t K = bands.M, n = bands.N;
  tarn_shape square = p->in_shape[0];
  square.dim[square.rank - 2] = n; /* as a product [n,n] x [n,k], whose batches broadcast */
  const tarn_matmul g = tarn__matmul_of(&(tarn_matmul_params){0}, &square, &p->in_shape[1]);
  const int64_t columns = g.N, batches = tarn__shape_elements(&g.batch);
  tarn_z *a = call->scratch, *x = a + K * n;
  const banded t = {a, K, n, params->lower, params->adjoint};
  for (int64_t b = 0; b < batches && n * columns > 0; b++) {
    int64_t a_at, x_at;
    tarn__matmul_offsets(&g, b, &a_at, &x_at);
    tarn__dense_load(call->in[0], a_at / n * K, K * n, a);
    tarn__dense_load(call->in[1], x_at, n * columns, x);
    const bool forwards = params->lower != params->adjoint;
    for (int64_t step = 0; step < n; step++) {
      const int64_t i = forwards ? step : n - 1 - step;
      const tarn_z diagonal = beside(&t, i, i, 0);
      for (int64_t c = 0; c < columns; c++) {
        tarn_z sum = x[i * columns + c];
        for (int64_t off = 1; off < K && off <= step; off++) {
          const int64_t j = forwards ? i - off : i + off;
          sum -= beside(&t, i, j, off) * x[j * columns + c];
        }
        x[i * columns + c] = sum / diagonal;
      }
    }
    tarn__dense_store(call->out[0], b * n * columns, n * columns, x);
  }
  return TARN_OK;
}

const tarn_kernel tarn_kernels_linalg_banded_reference[] = {
    {.op = "BandedTriangularSolve",
     .dtypes = TARN_DECOMPOSED,
     .scratch_bytes = scratch_bytes,
     .run = run},
    {0},
};
