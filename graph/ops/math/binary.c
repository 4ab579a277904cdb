/* Functions of two tensors, element by element, broadcast against each other as NumPy does. An op
 * is one row: TensorFlow's name, the dtypes of its definition there, flags, the formula. Kernels:
 * kernels/cpu/binary/. */
#include "graph/op.h"

#define FLOATS "{bfloat16, half, float, double}"
#define FLOATS_COMPLEX "{bfloat16, half, float, double, complex64, complex128}"
#define INTS "{int8, int16, int32, int64, uint8, uint16, uint32, uint64}"
#define REALS \
  "{bfloat16, half, float, double, uint8, int8, uint16, int16, int32, uint32, uint64, int64}"
#define NUMBERS                                                                                \
  "{bfloat16, half, float, double, uint8, int8, uint16, int16, int32, uint32, uint64, int64, " \
  "complex64, complex128}"

#define SMALL_CASES(X, Y, END)                                                         \
  X "=T[] " Y "=T[]" END, X "=T[0x3] " Y "=T[3]" END, X "=T[3x17] " Y "=T[3x17]" END,  \
      X "=T[5x7] " Y "=T[]" END, X "=T[] " Y "=T[13]" END, X "=T[4x5] " Y "=T[5]" END, \
      X "=T[4x1x3] " Y "=T[2x1]" END, X "=T[2x1x3x1x2] " Y "=T[1x5x1x2x2]" END,        \
      X "=T[129x64] " Y "=T[129x1]" END
#define LARGE_CASES(X, Y) X "=f32[1024x1000] " Y "=f32[1000]", X "=f32[1048576] " Y "=f32[1048576]"
#define CASES(X, Y) .cases = {SMALL_CASES(X, Y, ""), LARGE_CASES(X, Y)}
/* Divisors from 1 on, so that integers have no zero. */
#define DIVISION_CASES .cases = {SMALL_CASES("x", "y", ":1..9"), LARGE_CASES("x", "y")}

#define BINARY(NAME, TYPES, FLAGS, FORMULA)                                                        \
  {                                                                                                \
    .name = NAME, .inputs = "x: T, y: T", .outputs = "z: T", .attrs = "T: " TYPES, .flags = FLAGS, \
    .inplace = 1, .infer = tarn__infer_binary, .formula = FORMULA, CASES("x", "y")                 \
  }
#define DIVISION(NAME, TYPES, FORMULA)                                                           \
  {                                                                                              \
    .name = NAME, .inputs = "x: T, y: T", .outputs = "z: T", .attrs = "T: " TYPES, .inplace = 1, \
    .infer = tarn__infer_binary, .formula = FORMULA, DIVISION_CASES                              \
  }
#define BITS(NAME, FLAGS, FORMULA)                                                                \
  {                                                                                               \
    .name = NAME, .inputs = "x: T, y: T", .outputs = "z: T", .attrs = "T: " INTS, .flags = FLAGS, \
    .inplace = 1, .infer = tarn__infer_binary, .formula = FORMULA, .cases = {                     \
      SMALL_CASES("x", "y", "")                                                                   \
    }                                                                                             \
  }
#define SPECIAL(NAME, X, Y, TYPES, FORMULA)                                             \
  {                                                                                     \
    .name = NAME, .inputs = X ": T, " Y ": T", .outputs = "z: T", .attrs = "T: " TYPES, \
    .inplace = 1, .infer = tarn__infer_binary, .formula = FORMULA, .cases = {           \
      SMALL_CASES(X, Y, ":0.1..9")                                                      \
    }                                                                                   \
  }
/* From a function's own result y and the gradient dy with respect to it, of one shape. */
#define GRADIENT(NAME, FORMULA)                                                              \
  {                                                                                          \
    .name = NAME, .inputs = "y: T, dy: T", .outputs = "z: T", .attrs = "T: " FLOATS_COMPLEX, \
    .inplace = 1, .infer = gradient_infer, .formula = FORMULA, .cases = {                    \
      "y=T[] dy=T[]",                                                                        \
      "y=T[0] dy=T[0]",                                                                      \
      "y=T[3x17] dy=T[3x17]",                                                                \
      "y=T[8209] dy=T[8209]",                                                                \
      "y=f32[1048576] dy=f32[1048576]"                                                       \
    }                                                                                        \
  }

#define COMMUTES TARN_OP_COMMUTATIVE

static tarn_status gradient_infer(tarn_infer *t) {
  t->out[0] = t->in[0];
  return tarn__infer_same(t, 0, 1);
}

static tarn_status complex_parse(const tarn_attrs *attrs, void *params) {
  (void)params;
  tarn_dtype part = tarn__attr_type(attrs, "T"), whole = tarn__attr_type(attrs, "Tout");
  if ((whole == TARN_C64) == (part == TARN_F32)) return TARN_OK;
  return tarn_fail(TARN_DTYPE, "attribute Tout: expected the complex type of two %s, got %s",
                   tarn_dtype_name(part), tarn_dtype_name(whole));
}

const tarn_op tarn_ops_binary[] = {
    /* Strings joined do not commute, and the flag is the op's: Add leaves it out. */
    BINARY("Add",
           "{bfloat16, half, float, double, uint8, int8, int16, int32, int64, complex64, "
           "complex128, string}",
           0, "z = x + y; strings are joined"),
    BINARY("AddV2", NUMBERS, COMMUTES, "z = x + y"),
    BINARY("Sub", NUMBERS, 0, "z = x - y"),
    BINARY("Mul", NUMBERS, COMMUTES, "z = x y"),
    BINARY("MulNoNan", FLOATS_COMPLEX, 0, "z = x y, 0 where y is 0"),
    BINARY("SquaredDifference",
           "{bfloat16, half, float, double, int32, int64, complex64, complex128}", COMMUTES,
           "z = |x - y|^2"),
    BINARY("Maximum", REALS, COMMUTES, "z = the larger of x and y; NaN of either stays"),
    BINARY("Minimum", REALS, COMMUTES, "z = the smaller of x and y; NaN of either stays"),

    DIVISION("Div", NUMBERS, "z = x / y, of integers rounded towards zero"),
    DIVISION("RealDiv", NUMBERS, "z = x / y"),
    DIVISION("DivNoNan", FLOATS_COMPLEX, "z = x / y, 0 where y is 0"),
    DIVISION("FloorDiv", NUMBERS, "z = x / y rounded down"),
    {.name = "TruncateDiv",
     .inputs = "x: T, y: T",
     .outputs = "z: T",
     .attrs = "T: " NUMBERS,
     .inplace = 1,
     .infer = tarn__infer_binary,
     .formula = "z = x / y rounded towards zero",
     .cases = {SMALL_CASES("x", "y", ":1..9")}},
    DIVISION("Mod", "{int32, int64, half, bfloat16, float, double}", "z = x - y trunc(x / y)"),
    DIVISION("FloorMod", REALS, "z = x - y floor(x / y)"),
    DIVISION("TruncateMod", "{int32, int64, bfloat16, half, float, double}",
             "z = x - y trunc(x / y)"),
    DIVISION("Xdivy", FLOATS_COMPLEX, "z = x / y, 0 where x is 0"),

    DIVISION("Pow",
             "{bfloat16, float, half, double, int8, int16, int32, int64, complex64, complex128}",
             "z = x to the power y"),
    BINARY("Xlogy", FLOATS_COMPLEX, 0, "z = x ln(y), 0 where x is 0"),
    BINARY("Xlog1py", FLOATS_COMPLEX, 0, "z = x ln(1 + y), 0 where x is 0"),
    {.name = "Atan2",
     .inputs = "y: T, x: T",
     .outputs = "z: T",
     .attrs = "T: " FLOATS,
     .inplace = 1,
     .infer = tarn__infer_binary,
     .formula = "z = angle of the point (x, y)",
     CASES("y", "x")},
    {.name = "NextAfter",
     .inputs = "x1: T, x2: T",
     .outputs = "output: T",
     .attrs = "T: {double, float} = float",
     .inplace = 1,
     .infer = tarn__infer_binary,
     .formula = "output = the next number after x1 towards x2",
     CASES("x1", "x2")},
    {.name = "Complex",
     .inputs = "real: T, imag: T",
     .outputs = "out: Tout",
     .parse = complex_parse,
     .attrs = "T: {float, double} = float; Tout: {complex64, complex128} = complex64",
     .infer = tarn__infer_binary,
     .formula = "out = real + i imag",
     .cases = {"real=f32[3x5] imag=f32[5]", "real=f32[] imag=f32[]",
               "real=f64[7] imag=f64[7] Tout=c128", "real=f32[0] imag=f32[]",
               "real=f32[8209] imag=f32[8209]"}},

    SPECIAL("Igamma", "a", "x", FLOATS, "z = lower incomplete gamma function of x, over gamma(a)"),
    SPECIAL("Igammac", "a", "x", FLOATS, "z = upper incomplete gamma function of x, over gamma(a)"),
    SPECIAL("IgammaGradA", "a", "x", "{float, double}", "z = derivative of Igamma by a"),
    {.name = "RandomGammaGrad",
     .inputs = "alpha: T, sample: T",
     .outputs = "output: T",
     .attrs = "T: {float, double}",
     .inplace = 1,
     .infer = tarn__infer_binary,
     .formula = "output = derivative by alpha of a sample whose probability stays",
     .cases = {SMALL_CASES("alpha", "sample", ":0.1..9")}},
    SPECIAL("Zeta", "x", "q", "{float, double}", "z = sum of (q + k)^-x over k = 0, 1, ..."),
    SPECIAL("Polygamma", "a", "x", "{float, double}", "z = a-th derivative of digamma at x"),

    BITS("BitwiseAnd", COMMUTES, "z = x and y, bit by bit"),
    BITS("BitwiseOr", COMMUTES, "z = x or y, bit by bit"),
    BITS("BitwiseXor", COMMUTES, "z = x exclusive or y, bit by bit"),
    BITS("LeftShift", 0, "z = x shifted left by y, clamped to the width"),
    BITS("RightShift", 0, "z = x shifted right by y, clamped to the width; signs are kept"),

    GRADIENT("SqrtGrad", "z = dy 0.5 / y"),
    GRADIENT("RsqrtGrad", "z = -0.5 dy y^3"),
    GRADIENT("ReciprocalGrad", "z = -dy y^2"),
    GRADIENT("InvGrad", "z = -dy y^2"),
    GRADIENT("TanhGrad", "z = dy (1 - y^2)"),
    GRADIENT("SigmoidGrad", "z = dy y (1 - y)"),
    {0},
};
