/* What goes by the eigenvalues of any square matrix. Leading dims are batches. */
#include "graph/ops/linalg/matrix.h"

static tarn_status parse(const tarn_attrs *attrs, void *params) {
  const bool wide =
      tarn__attr_type(attrs, "T") == TARN_F64 || tarn__attr_type(attrs, "T") == TARN_C128;
  if (tarn__attr_type(attrs, "Tout") != (wide ? TARN_C128 : TARN_C64))
    return tarn_fail(TARN_DTYPE, "eigenvalues of %s are %s",
                     tarn_dtype_name(tarn__attr_type(attrs, "T")),
                     tarn_dtype_name(wide ? TARN_C128 : TARN_C64));
  ((tarn_linalg_params *)params)->values_only = !tarn__attr_bool(attrs, "compute_v");
  return TARN_OK;
}

#define TYPES "T: {double, float, half, complex64, complex128}"

const tarn_op tarn_ops_schur[] = {
    {.name = "Eig",
     .inputs = "input: T",
     .outputs = "e: Tout, v: Tout",
     .attrs = "compute_v: bool = true; T: {float, double, complex64, complex128}; "
              "Tout: {complex64, complex128}",
     .params_bytes = sizeof(tarn_linalg_params),
     .parse = parse,
     .infer = tarn__infer_eigen,
     .formula = "x v = v diag(e), columns of v of length 1",
     .cases = {"input=f32[3x3] Tout=c64", "input=f64[2x5x5] Tout=c128",
               "input=c64[4x4] Tout=c64 compute_v=false", "input=c128[0x0] Tout=c128"}},
    {.name = "MatrixSquareRoot",
     .inputs = "input: T",
     .outputs = "output: T",
     .attrs = TYPES,
     .infer = tarn__infer_square_of_square,
     .formula = "y y = x, no eigenvalue of y left of 0",
     .cases = {"input=T[1x1]:1..2", "input=T[2x1x1]:1..2", "input=T[0x0]"}},
    {.name = "MatrixLogarithm",
     .inputs = "input: T",
     .outputs = "output: T",
     .attrs = "T: {complex64, complex128}",
     .infer = tarn__infer_square_of_square,
     .formula = "exp y = x, imaginary parts of eigenvalues of y in (-pi, pi]",
     .cases = {"input=T[3x3]", "input=T[2x5x5]", "input=T[0x0]"}},
    {.name = "MatrixExponential",
     .inputs = "input: T",
     .outputs = "output: T",
     .attrs = TYPES,
     .infer = tarn__infer_square_of_square,
     .formula = "y = sum of x^k / k!",
     .cases = {"input=T[3x3]", "input=T[2x5x5]", "input=T[0x0]"}},
    {0},
};
