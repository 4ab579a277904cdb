/* Solutions of least squares, and what is made of matrices of three diagonals. Leading dims are
 * batches. */
#include "graph/ops/linalg/matrix.h"
#include "kernels/params/linalg.h"

static tarn_status parse_tridiagonal(const tarn_attrs *attrs, void *params) {
  ((tarn_linalg_params *)params)->pivoting = tarn__attr_bool(attrs, "partial_pivoting");
  if (tarn__attr_bool(attrs, "perturb_singular"))
    return tarn_fail(TARN_UNSUPPORTED, "perturb_singular=true");
  return TARN_OK;
}
static tarn_status parse_least(const tarn_attrs *attrs, void *params) {
  ((tarn_linalg_params *)params)->fast = tarn__attr_bool(attrs, "fast");
  return TARN_OK;
}

/* The last dim of input i, a matrix of `rows` rows, counts the rows of the right-hand sides in
 * input j. */
static tarn_status diagonals(const tarn_infer *t, int i, int64_t rows, int j) {
  TARN_TRY(tarn__infer_matrix(t, i));
  TARN_TRY(tarn__infer_matrix(t, j));
  TARN_TRY(tarn__infer_same_batch(t, i, j));
  const tarn_shape *d = &t->in[i], *r = &t->in[j];
  if (d->dim[d->rank - 2] != rows)
    return tarn_fail(TARN_SHAPE, "expected %lld diagonals, got %lld", (long long)rows,
                     (long long)d->dim[d->rank - 2]);
  if (d->dim[d->rank - 1] == r->dim[r->rank - 2]) return TARN_OK;
  return tarn_fail(
      TARN_SHAPE,
      "Expected the same number of left-hand sides and right-hand sides, got %lld and %lld",
      (long long)d->dim[d->rank - 1], (long long)r->dim[r->rank - 2]);
}
static tarn_status infer_solve(tarn_infer *t) {
  t->out[0] = t->in[1];
  return diagonals(t, 0, 3, 1);
}
static tarn_status infer_product(tarn_infer *t) {
  t->out[0] = t->in[3];
  for (int i = 0; i < 3; i++) TARN_TRY(diagonals(t, i, 1, 3));
  return TARN_OK;
}
static tarn_status infer_least(tarn_infer *t) {
  TARN_TRY(tarn__infer_matrix(t, 0));
  TARN_TRY(tarn__infer_matrix(t, 1));
  TARN_TRY(tarn__infer_same_batch(t, 0, 1));
  TARN_TRY(tarn__infer_scalar(t, 2));
  const tarn_shape *a = &t->in[0];
  tarn_shape y = t->in[1];
  if (a->dim[a->rank - 2] != y.dim[y.rank - 2])
    return tarn_fail(TARN_SHAPE, "Input matrix and rhs are incompatible: %lld and %lld rows",
                     (long long)a->dim[a->rank - 2], (long long)y.dim[y.rank - 2]);
  y.dim[y.rank - 2] = a->dim[a->rank - 1];
  return tarn__shape_make(y.rank, y.dim, &t->out[0]);
}

#define PARSED(parse_) .params_bytes = sizeof(tarn_linalg_params), .parse = parse_
#define LEAST_CASES                                            \
  {                                                            \
    "matrix=T[5x3] rhs=T[5x2] l2_regularizer=f64(0.5)",        \
        "matrix=T[2x3x5] rhs=T[2x3x1] l2_regularizer=f64(0.5)" \
  }

const tarn_op tarn_ops_band[] = {
    {.name = "TridiagonalSolve",
     .inputs = "diagonals: T, rhs: T",
     .outputs = "output: T",
     .attrs = "partial_pivoting: bool = true; perturb_singular: bool = false; T: {double, float, "
              "complex64, complex128}",
     PARSED(parse_tridiagonal),
     .infer = infer_solve,
     .formula = "m y = rhs; the rows of diagonals are above, on and below m's diagonal",
     .cases = {"diagonals=T[3x5] rhs=T[5x2]",
               "diagonals=T[2x3x4]:1..2 rhs=T[2x4x1] partial_pivoting=false",
               "diagonals=T[3x1] rhs=T[1x2]"}},
    {.name = "TridiagonalMatMul",
     .inputs = "superdiag: T, maindiag: T, subdiag: T, rhs: T",
     .outputs = "output: T",
     .attrs = "T: {double, float, complex64, complex128}",
     .infer = infer_product,
     .formula = "y = m rhs, m of three diagonals",
     .cases = {"superdiag=T[1x5] maindiag=T[1x5] subdiag=T[1x5] rhs=T[5x2]"}},
    {.name = "MatrixSolveLs",
     .inputs = "matrix: T, rhs: T, l2_regularizer: double",
     .outputs = "output: T",
     .attrs = "T: {double, float, half, complex64, complex128}; fast: bool = true",
     PARSED(parse_least),
     .infer = infer_least,
     .formula = "y with least |matrix y - rhs|^2 + l2_regularizer |y|^2",
     .cases = LEAST_CASES},
    {.name = "BatchMatrixSolveLs",
     .inputs = "matrix: T, rhs: T, l2_regularizer: double",
     .outputs = "output: T",
     .attrs = "T: {double, float}; fast: bool = true",
     PARSED(parse_least),
     .infer = infer_least,
     .formula = "MatrixSolveLs of older graphs",
     .cases = LEAST_CASES},
    {0},
};
