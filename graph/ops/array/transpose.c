/* Dims in another order. */
#include "graph/op.h"

static tarn_status transpose_infer(tarn_infer *t) {
  int rank = t->in[0].rank;
  TARN_TRY(tarn__infer_vector(t, 1));
  if (t->in[1].dim[0] != rank)
    return tarn_fail(TARN_SHAPE, "perm has %lld elements for a tensor of rank %d",
                     (long long)t->in[1].dim[0], rank);
  if (!t->value[1]) return TARN_OK;
  bool seen[TARN_MAX_RANK] = {false};
  tarn_shape out = {.rank = rank};
  for (int d = 0; d < rank; d++) {
    int axis;
    TARN_TRY(tarn__shape_axis(tarn__infer_int(t, 1, d), rank, &axis));
    if (seen[axis]) return tarn_fail(TARN_INVALID, "perm names dim %d twice", axis);
    seen[axis] = true;
    out.dim[d] = t->in[0].dim[axis];
  }
  t->out[0] = out;
  return TARN_OK;
}

static tarn_status invert_permutation_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_vector(t, 0));
  return tarn__infer_unary(t);
}

#define CASES                                                                                      \
  {                                                                                                \
    "x=T[3x17] perm=i32{1,0}", "x=T[2x5x7x3] perm=i32{0,3,1,2}", "x=T[2x3x5x7] perm=i32{0,2,3,1}", \
        "x=T[0x4] perm=i64{1,0}", "x=T[] perm=i32{}", "x=T[2x3x4x5x2] perm=i32{4,1,3,0,2}",        \
        "x=T[2x3x5] perm=i32{-1,0,1}", "x=T[512x768] perm=i32{1,0}"                                \
  }

const tarn_op tarn_ops_transpose[] = {
    {.name = "Transpose",
     .inputs = "x: T, perm: Tperm",
     .outputs = "y: T",
     .attrs = "T: type; Tperm: {int32, int64} = int32",
     .infer = transpose_infer,
     .formula = "dim d of y is dim perm[d] of x",
     .cases = CASES},
    {.name = "ConjugateTranspose",
     .inputs = "x: T, perm: Tperm",
     .outputs = "y: T",
     .attrs = "T: type; Tperm: {int32, int64} = int32",
     .infer = transpose_infer,
     .formula = "dim d of y is dim perm[d] of x; elements are conjugated",
     .cases = CASES},
    {.name = "InvertPermutation",
     .inputs = "x: T",
     .outputs = "y: T",
     .attrs = "T: {int32, int64} = int32",
     .infer = invert_permutation_infer,
     .formula = "y[x[i]] = i",
     .cases = {"x=i32{3,4,0,2,1}", "x=i64{0}", "x=i32{}"}},
    {0},
};
