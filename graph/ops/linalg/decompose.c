/* Decompositions into eigenvalues, singular values and triangles. Leading dims are batches. */
#include "graph/ops/linalg/matrix.h"

static tarn_status parse_eigen(const tarn_attrs *attrs, void *params) {
  ((tarn_linalg_params *)params)->values_only = !tarn__attr_bool(attrs, "compute_v");
  return TARN_OK;
}
static tarn_status parse_svd(const tarn_attrs *attrs, void *params) {
  ((tarn_linalg_params *)params)->values_only = !tarn__attr_bool(attrs, "compute_uv");
  ((tarn_linalg_params *)params)->full_matrices = tarn__attr_bool(attrs, "full_matrices");
  return TARN_OK;
}

static tarn_status infer_joined(tarn_infer *t) {
  TARN_TRY(tarn__infer_square(t, 0));
  tarn_shape y = t->in[0];
  y.dim[y.rank - 2]++;
  return tarn__shape_make(y.rank, y.dim, &t->out[0]);
}
static tarn_status infer_svd(tarn_infer *t) {
  const tarn_linalg_params *p = t->params;
  TARN_TRY(tarn__infer_matrix(t, 0));
  tarn_shape s = t->in[0], u = s, v = s;
  const int r = s.rank;
  const int64_t M = s.dim[r - 2], N = s.dim[r - 1], least = M < N ? M : N;
  s.rank--;
  s.dim[r - 2] = least;
  u.dim[r - 1] = p->full_matrices ? M : least;
  v.dim[r - 2] = N;
  v.dim[r - 1] = p->full_matrices ? N : least;
  t->out[0] = s;
  if (p->values_only) {
    t->out[1] = t->out[2] = tarn__shape_vector(0);
    return TARN_OK;
  }
  TARN_TRY(tarn__shape_make(r, u.dim, &t->out[1]));
  return tarn__shape_make(r, v.dim, &t->out[2]);
}
static tarn_status infer_lu(tarn_infer *t) {
  TARN_TRY(tarn__infer_square(t, 0));
  t->out[0] = t->out[1] = t->in[0];
  t->out[1].rank--;
  return TARN_OK;
}
static tarn_status infer_grad(tarn_infer *t) {
  TARN_TRY(tarn__infer_square(t, 0));
  t->out[0] = t->in[0];
  return tarn__infer_same(t, 0, 1);
}

#define TYPES "T: {double, float, half, complex64, complex128}"
#define PARSED(parse_) .params_bytes = sizeof(tarn_linalg_params), .parse = parse_
#define SVD_ATTRS "compute_uv: bool = true; full_matrices: bool = false; "

/* Vectors are unique up to a factor of magnitude 1, which all kernels choose alike. */
const tarn_op tarn_ops_decompose[] = {
    {.name = "SelfAdjointEigV2",
     .inputs = "input: T",
     .outputs = "e: T, v: T",
     .attrs = "compute_v: bool = true; " TYPES,
     PARSED(parse_eigen),
     .infer = tarn__infer_eigen,
     .formula = "x v = v diag(e), of the lower triangle's Hermitian matrix",
     .cases = {"input=T[3x3]", "input=T[2x5x5]", "input=T[0x0]", "input=T[4x4] compute_v=false"}},
    {.name = "SelfAdjointEig",
     .inputs = "input: T",
     .outputs = "output: T",
     .attrs = "T: {double, float, half}",
     .infer = infer_joined,
     .formula = "eigenvalues in row 0, eigenvectors below",
     .cases = {"input=T[3x3]", "input=T[2x5x5]"}},
    {.name = "BatchSelfAdjointEig",
     .inputs = "input: T",
     .outputs = "output: T",
     .attrs = "T: {double, float}",
     .infer = infer_joined,
     .formula = "SelfAdjointEig of older graphs",
     .cases = {"input=T[2x3x3]"}},
    {.name = "BatchSelfAdjointEigV2",
     .inputs = "input: T",
     .outputs = "e: T, v: T",
     .attrs = "compute_v: bool = true; T: {double, float}",
     PARSED(parse_eigen),
     .infer = tarn__infer_eigen,
     .formula = "SelfAdjointEigV2 of older graphs",
     .cases = {"input=T[2x3x3]"}},
    {.name = "Svd",
     .inputs = "input: T",
     .outputs = "s: T, u: T, v: T",
     .attrs = SVD_ATTRS TYPES,
     PARSED(parse_svd),
     .infer = infer_svd,
     .formula = "x = u diag(s) v^H, s descending",
     .cases = {"input=T[3x3]", "input=T[2x5x3]", "input=T[3x5] full_matrices=true",
               "input=T[5x3] full_matrices=true", "input=T[4x2] compute_uv=false", "input=T[0x3]"}},
    {.name = "BatchSvd",
     .inputs = "input: T",
     .outputs = "s: T, u: T, v: T",
     .attrs = SVD_ATTRS "T: {double, float, complex64, complex128}",
     PARSED(parse_svd),
     .infer = infer_svd,
     .formula = "Svd of older graphs",
     .cases = {"input=T[2x5x3]"}},
    {.name = "Lu",
     .inputs = "input: T",
     .outputs = "lu: T, p: output_idx_type",
     .attrs = TYPES "; output_idx_type: {int32, int64} = DT_INT32",
     .infer = infer_lu,
     .formula = "row p[i] of x is row i of l u; l of unit diagonal",
     .cases = {"input=T[3x3]", "input=T[2x5x5] output_idx_type=i64"}},
    {.name = "CholeskyGrad",
     .inputs = "l: T, grad: T",
     .outputs = "output: T",
     .attrs = "T: {half, float, double}",
     .infer = infer_grad,
     .formula = "gradient of Cholesky's input from that of its output l",
     .cases = {"l=T[1x1]:1..2 grad=T[1x1]", "l=T[2x3x3]:1..2 grad=T[2x3x3]"}},
    {.name = "BatchCholeskyGrad",
     .inputs = "l: T, grad: T",
     .outputs = "output: T",
     .attrs = "T: {float, double}",
     .infer = infer_grad,
     .formula = "CholeskyGrad of older graphs",
     .cases = {"l=T[2x3x3]:1..2 grad=T[2x3x3]"}},
    {0},
};
