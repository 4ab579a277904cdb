/* Decompositions of matrices, and what is solved with them. Leading dims are batches. */
#include "graph/ops/linalg/matrix.h"

static tarn_status parse_adjoint(const tarn_attrs *attrs, void *params) {
  ((tarn_linalg_params *)params)->adjoint = tarn__attr_bool(attrs, "adjoint");
  return TARN_OK;
}
static tarn_status parse_triangular(const tarn_attrs *attrs, void *params) {
  ((tarn_linalg_params *)params)->lower = tarn__attr_bool(attrs, "lower");
  return parse_adjoint(attrs, params);
}
static tarn_status parse_qr(const tarn_attrs *attrs, void *params) {
  ((tarn_linalg_params *)params)->full_matrices = tarn__attr_bool(attrs, "full_matrices");
  return TARN_OK;
}

static tarn_status infer_determinant(tarn_infer *t) {
  TARN_TRY(tarn__infer_square(t, 0));
  for (int o = 0; o < t->outputs; o++) {
    t->out[o] = t->in[0];
    t->out[o].rank -= 2;
  }
  return TARN_OK;
}

static tarn_status solve(tarn_infer *t, bool broadcast) {
  TARN_TRY(tarn__infer_square(t, 0));
  TARN_TRY(tarn__infer_matrix(t, 1));
  tarn_shape a = t->in[0], x = t->in[1], both;
  char left[TARN_SHAPE_TEXT], right[TARN_SHAPE_TEXT];
  const int64_t rows = x.dim[x.rank - 2], columns = x.dim[x.rank - 1];
  if (a.dim[a.rank - 1] != rows)
    return tarn_fail(TARN_SHAPE, "%s does not fit %s: the right side needs as many rows",
                     tarn__shape_print(&a, left), tarn__shape_print(&x, right));
  a.rank -= 2;
  x.rank -= 2;
  if (!broadcast && !tarn__shape_equal(&a, &x))
    return tarn_fail(TARN_SHAPE, "batch dims differ: %s and %s", tarn__shape_print(&a, left),
                     tarn__shape_print(&x, right));
  TARN_TRY(tarn__shape_broadcast(&a, &x, &both));
  int64_t dims[TARN_MAX_RANK];
  for (int d = 0; d < both.rank; d++) dims[d] = both.dim[d];
  dims[both.rank] = rows;
  dims[both.rank + 1] = columns;
  return tarn__shape_make(both.rank + 2, dims, &t->out[0]);
}
static tarn_status infer_solve(tarn_infer *t) { return solve(t, false); }
static tarn_status infer_triangular(tarn_infer *t) { return solve(t, true); }

/* Diagonals [..., K, n] in place of matrices [..., n, n]. */
static tarn_status infer_banded(tarn_infer *t) {
  TARN_TRY(tarn__infer_matrix(t, 0));
  const tarn_shape bands = t->in[0];
  const int64_t K = bands.dim[bands.rank - 2], n = bands.dim[bands.rank - 1];
  if (K < 1) return tarn_fail(TARN_SHAPE, "a matrix without diagonals");
  tarn_infer square = *t;
  tarn_shape in[2] = {bands, t->in[1]};
  in[0].dim[bands.rank - 2] = n;
  square.in = in;
  return solve(&square, true);
}

static tarn_status infer_qr(tarn_infer *t) {
  const tarn_linalg_params *p = t->params;
  TARN_TRY(tarn__infer_matrix(t, 0));
  const tarn_matrices g = tarn__matrices_of(&t->in[0]);
  const int64_t kept = p->full_matrices || g.M < g.N ? g.M : g.N;
  tarn_shape q = t->in[0], r = t->in[0];
  q.dim[q.rank - 1] = kept;
  r.dim[r.rank - 2] = kept;
  TARN_TRY(tarn__shape_make(q.rank, q.dim, &t->out[0]));
  return tarn__shape_make(r.rank, r.dim, &t->out[1]);
}

#define TYPES "T: {double, float, half, complex64, complex128}"
#define OLD_TYPES "T: {double, float}"
#define PARSED(parse_) .params_bytes = sizeof(tarn_linalg_params), .parse = parse_

const tarn_op tarn_ops_solve[] = {
    {.name = "MatrixInverse",
     .inputs = "input: T",
     .outputs = "output: T",
     .attrs = "adjoint: bool = false; " TYPES,
     PARSED(parse_adjoint),
     .infer = tarn__infer_square_of_square,
     .formula = "y = x^-1, or (x^H)^-1",
     .cases = {"input=T[3x3]", "input=T[2x5x5] adjoint=true", "input=T[0x0]", "input=T[1x1]"}},
    {.name = "MatrixDeterminant",
     .inputs = "input: T",
     .outputs = "output: T",
     .attrs = TYPES,
     .infer = infer_determinant,
     .formula = "y = det x",
     .cases = {"input=T[3x3]", "input=T[2x5x5]", "input=T[0x0]"}},
    {.name = "LogMatrixDeterminant",
     .inputs = "input: T",
     .outputs = "sign: T, log_abs_determinant: T",
     .attrs = TYPES,
     .infer = infer_determinant,
     .formula = "sign exp(log_abs_determinant) = det x",
     .cases = {"input=T[3x3]", "input=T[2x5x5]"}},
    {.name = "Cholesky",
     .inputs = "input: T",
     .outputs = "output: T",
     .attrs = TYPES,
     .infer = tarn__infer_square_of_square,
     .formula = "x = y y^H, y lower triangular",
     .cases = {"input=T[1x1]:1..2", "input=T[0x0]"}},
    {.name = "MatrixSolve",
     .inputs = "matrix: T, rhs: T",
     .outputs = "output: T",
     .attrs = "adjoint: bool = false; " TYPES,
     PARSED(parse_adjoint),
     .infer = infer_solve,
     .formula = "matrix y = rhs, or matrix^H y = rhs",
     .cases = {"matrix=T[3x3] rhs=T[3x2]", "matrix=T[2x5x5] rhs=T[2x5x1] adjoint=true"}},
    {.name = "MatrixTriangularSolve",
     .inputs = "matrix: T, rhs: T",
     .outputs = "output: T",
     .attrs = "lower: bool = true; adjoint: bool = false; " TYPES,
     PARSED(parse_triangular),
     .infer = infer_triangular,
     .formula = "matrix y = rhs, or matrix^H y = rhs, reading one triangle of the matrix",
     .cases = {"matrix=T[3x3]:1..2 rhs=T[3x2]",
               "matrix=T[5x5]:1..2 rhs=T[2x5x1] lower=false adjoint=true"}},
    {.name = "BandedTriangularSolve",
     .inputs = "matrix: T, rhs: T",
     .outputs = "output: T",
     .attrs = "lower: bool = true; adjoint: bool = false; " TYPES,
     PARSED(parse_triangular),
     .infer = infer_banded,
     .formula = "MatrixTriangularSolve of a matrix given by its diagonals, the main one first if "
                "lower, else last",
     .cases = {"matrix=T[2x4]:1..2 rhs=T[4x3]", "matrix=T[2x3x5]:1..2 rhs=T[2x5x1] lower=false",
               "matrix=T[3x5]:1..2 rhs=T[2x5x2] adjoint=true",
               "matrix=T[3x5]:1..2 rhs=T[5x2] lower=false adjoint=true"}},
    {.name = "Qr",
     .inputs = "input: T",
     .outputs = "q: T, r: T",
     .attrs = "full_matrices: bool = false; " TYPES,
     PARSED(parse_qr),
     .infer = infer_qr,
     .formula = "x = q r, q^H q = 1, r upper triangular",
     .cases = {"input=T[3x3]", "input=T[2x5x3]", "input=T[3x5]", "input=T[5x3] full_matrices=true",
               "input=T[1x1]"}},
    /* Names of TensorFlow before 1.0, when the plain ones took one matrix each. */
    {.name = "BatchMatrixInverse",
     .inputs = "input: T",
     .outputs = "output: T",
     .attrs = "adjoint: bool = false; " OLD_TYPES,
     PARSED(parse_adjoint),
     .infer = tarn__infer_square_of_square,
     .formula = "MatrixInverse of older graphs",
     .cases = {"input=T[2x5x5] adjoint=true", "input=T[3x3]"}},
    {.name = "BatchMatrixDeterminant",
     .inputs = "input: T",
     .outputs = "output: T",
     .attrs = "T: {float, double, complex64, complex128}",
     .infer = infer_determinant,
     .formula = "MatrixDeterminant of older graphs",
     .cases = {"input=T[2x5x5]"}},
    {.name = "BatchCholesky",
     .inputs = "input: T",
     .outputs = "output: T",
     .attrs = OLD_TYPES,
     .infer = tarn__infer_square_of_square,
     .formula = "Cholesky of older graphs",
     .cases = {"input=T[1x1]:1..2"}},
    {.name = "BatchMatrixSolve",
     .inputs = "matrix: T, rhs: T",
     .outputs = "output: T",
     .attrs = "adjoint: bool = false; " OLD_TYPES,
     PARSED(parse_adjoint),
     .infer = infer_solve,
     .formula = "MatrixSolve of older graphs",
     .cases = {"matrix=T[2x5x5] rhs=T[2x5x1] adjoint=true"}},
    {.name = "BatchMatrixTriangularSolve",
     .inputs = "matrix: T, rhs: T",
     .outputs = "output: T",
     .attrs = "lower: bool = true; adjoint: bool = false; " OLD_TYPES,
     PARSED(parse_triangular),
     .infer = infer_triangular,
     .formula = "MatrixTriangularSolve of older graphs",
     .cases = {"matrix=T[3x3]:1..2 rhs=T[3x2]"}},
    {0},
};
