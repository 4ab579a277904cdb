/* Losses that are neither reductions nor softmax. */
#include "graph/op.h"

const tarn_op tarn_ops_loss[] = {
    {.name = "L2Loss",
     .inputs = "t: T",
     .outputs = "output: T",
     .attrs = "T: {half, bfloat16, float, double}",
     .infer = tarn__infer_scalars,
     .formula = "y = sum(x^2) / 2",
     .cases = {"t=T[]", "t=T[0]", "t=T[17]", "t=T[3x3x64x64]"}},
    {0},
};
