/* Functions of one tensor, element by element: y has x's shape. An op is one row: TensorFlow's
 * name, the dtypes of its definition there, the formula. Kernels:
 * kernels/cpu/unary/<theme>.reference.c. */
#include "graph/op.h"

#define FLOATS "{bfloat16, half, float, double}"
#define FLOATS_COMPLEX "{bfloat16, half, float, double, complex64, complex128}"
#define NUMBERS "{bfloat16, half, float, double, int8, int16, int32, int64, complex64, complex128}"
#define INTS "{int8, int16, int32, int64, uint8, uint16, uint32, uint64}"

#define SMALL_CASES "x=T[]", "x=T[0]", "x=T[7]", "x=T[3x17]", "x=T[2x1x33]", "x=T[8209]"
#define CASES .cases = {SMALL_CASES, "x=f32[1048576]"}
#define UNARY(NAME, TYPES, FORMULA)                                                        \
  {                                                                                        \
    .name = NAME, .inputs = "x: T", .outputs = "y: T", .attrs = "T: " TYPES, .inplace = 1, \
    .formula = FORMULA, CASES                                                              \
  }

/* To bool or another type: y cannot take x's place. */
#define TEST(NAME, FORMULA)                                                      \
  {                                                                              \
    .name = NAME, .inputs = "x: T", .outputs = "y: bool", .attrs = "T: " FLOATS, \
    .formula = FORMULA, CASES                                                    \
  }
#define PART(NAME, INPUT, OUTPUT, FORMULA)                                                       \
  {                                                                                              \
    .name = NAME, .inputs = INPUT ": T", .outputs = OUTPUT ": Tout", .formula = FORMULA,         \
    .parse = part_parse,                                                                         \
    .attrs = "T: {complex64, complex128} = complex64; Tout: {float, double} = float", .cases = { \
      INPUT "=c64[]",                                                                            \
      INPUT "=c64[3x5]",                                                                         \
      INPUT "=c128[7] Tout=f64",                                                                 \
      INPUT "=c64[0]",                                                                           \
      INPUT "=c64[65537]"                                                                        \
    }                                                                                            \
  }

static tarn_status part_parse(const tarn_attrs *attrs, void *params) {
  (void)params;
  tarn_dtype whole = tarn__attr_type(attrs, "T"), part = tarn__attr_type(attrs, "Tout");
  if ((whole == TARN_C64) == (part == TARN_F32)) return TARN_OK;
  return tarn_fail(TARN_DTYPE, "attribute Tout: expected the type of a part of %s, got %s",
                   tarn_dtype_name(whole), tarn_dtype_name(part));
}

const tarn_op tarn_ops_unary[] = {
    UNARY("Abs", "{bfloat16, half, float, double, int8, int16, int32, int64}",
          "y = |x|; the least integer stays"),
    UNARY("Neg", NUMBERS, "y = -x; the least integer stays"),
    UNARY("Sign", NUMBERS, "y = -1, 0 or 1; x / |x| of complex numbers"),
    UNARY(
        "Square",
        "{bfloat16, half, float, double, int8, int16, int32, int64, uint8, uint16, uint32, uint64, "
        "complex64, complex128}",
        "y = x x"),
    UNARY("Sqrt", FLOATS_COMPLEX, "y = sqrt(x)"),
    UNARY("Rsqrt", FLOATS_COMPLEX, "y = 1 / sqrt(x)"),
    UNARY("Reciprocal", NUMBERS, "y = 1 / x"),
    UNARY("Inv", NUMBERS, "y = 1 / x"),

    UNARY("Exp", FLOATS_COMPLEX, "y = exp(x)"),
    UNARY("Expm1", FLOATS_COMPLEX, "y = exp(x) - 1, exact near 0"),
    UNARY("Log", FLOATS_COMPLEX, "y = ln(x)"),
    UNARY("Log1p", FLOATS_COMPLEX, "y = ln(1 + x), exact near 0"),
    UNARY("Sigmoid", FLOATS_COMPLEX, "y = 1 / (1 + exp(-x))"),

    UNARY("Erf", FLOATS, "y = 2/sqrt(pi) times the integral of exp(-t^2) from 0 to x"),
    UNARY("Erfc", FLOATS, "y = 1 - erf(x)"),
    UNARY("Erfinv", FLOATS, "y = inverse of erf at x"),
    UNARY("Ndtri", FLOATS, "y = quantile of the normal distribution at x"),
    UNARY("BesselI0e", FLOATS, "y = exp(-|x|) I0(x), modified Bessel function of the first kind"),
    UNARY("BesselI1e", FLOATS, "y = exp(-|x|) I1(x), modified Bessel function of the first kind"),
    UNARY("BesselI0", FLOATS, "y = I0(x), modified Bessel function of the first kind"),
    UNARY("BesselI1", FLOATS, "y = I1(x), modified Bessel function of the first kind"),
    UNARY("BesselJ0", FLOATS, "y = J0(x), Bessel function of the first kind"),
    UNARY("BesselJ1", FLOATS, "y = J1(x), Bessel function of the first kind"),
    UNARY("BesselY0", FLOATS, "y = Y0(x), Bessel function of the second kind"),
    UNARY("BesselY1", FLOATS, "y = Y1(x), Bessel function of the second kind"),
    UNARY("BesselK0", FLOATS, "y = K0(x), modified Bessel function of the second kind"),
    UNARY("BesselK1", FLOATS, "y = K1(x), modified Bessel function of the second kind"),
    UNARY("BesselK0e", FLOATS, "y = exp(x) K0(x), modified Bessel function of the second kind"),
    UNARY("BesselK1e", FLOATS, "y = exp(x) K1(x), modified Bessel function of the second kind"),
    UNARY("Dawsn", FLOATS, "y = exp(-x^2) times the integral of exp(t^2) from 0 to x"),
    UNARY("Expint", FLOATS, "y = Ei(x), exponential integral; NaN for x < 0"),
    UNARY("FresnelCos", FLOATS, "y = integral of cos(pi t^2 / 2) from 0 to x"),
    UNARY("FresnelSin", FLOATS, "y = integral of sin(pi t^2 / 2) from 0 to x"),
    UNARY("Spence", FLOATS, "y = integral of -ln(t) / (t - 1) from 1 to x"),
    UNARY("Lgamma", FLOATS, "y = ln|gamma(x)|"),
    UNARY("Digamma", FLOATS, "y = derivative of ln gamma at x"),

    UNARY("Sin", FLOATS_COMPLEX, "y = sin(x)"),
    UNARY("Cos", FLOATS_COMPLEX, "y = cos(x)"),
    UNARY("Tan", NUMBERS, "y = tan(x)"),
    UNARY("Asin", NUMBERS, "y = arc sine of x"),
    UNARY("Acos", NUMBERS, "y = arc cosine of x"),
    UNARY("Atan", NUMBERS, "y = arc tangent of x"),
    UNARY("Sinh", FLOATS_COMPLEX, "y = sinh(x)"),
    UNARY("Cosh", FLOATS_COMPLEX, "y = cosh(x)"),
    UNARY("Tanh", FLOATS_COMPLEX, "y = tanh(x)"),
    UNARY("Asinh", FLOATS_COMPLEX, "y = inverse of sinh at x"),
    UNARY("Acosh", FLOATS_COMPLEX, "y = inverse of cosh at x"),
    UNARY("Atanh", FLOATS_COMPLEX, "y = inverse of tanh at x"),

    UNARY("Floor", FLOATS, "y = largest whole number <= x"),
    UNARY("Ceil", FLOATS, "y = least whole number >= x"),
    UNARY("Rint", FLOATS, "y = nearest whole number, halves to the even one"),
    UNARY("Round", NUMBERS,
          "y = nearest whole number, halves to the even one; 0 of integers, as in TensorFlow"),
    TEST("IsNan", "y = x is not a number"),
    TEST("IsInf", "y = x is infinite"),
    TEST("IsFinite", "y = x is neither infinite nor NaN"),

    {.name = "LogicalNot",
     .inputs = "x: bool",
     .outputs = "y: bool",
     .inplace = 1,
     .formula = "y = not x",
     .cases = {"x=bool[]", "x=bool[0]", "x=bool[3x17]", "x=bool[65537]"}},
    {.name = "Invert",
     .inputs = "x: T",
     .outputs = "y: T",
     .attrs = "T: " INTS,
     .inplace = 1,
     .formula = "y = x with every bit flipped",
     .cases = {SMALL_CASES}},
    {.name = "PopulationCount",
     .inputs = "x: T",
     .outputs = "y: uint8",
     .attrs = "T: " INTS,
     .formula = "y = number of bits set in x",
     .cases = {SMALL_CASES}},

    {.name = "Conj",
     .inputs = "input: T",
     .outputs = "output: T",
     .inplace = 1,
     .attrs = "T: {complex64, complex128} = complex64",
     .formula = "output = re(input) - i im(input)",
     .cases = {"input=T[]", "input=T[3x5]", "input=T[0]", "input=T[65537]"}},
    PART("Real", "input", "output", "output = real part of input"),
    PART("Imag", "input", "output", "output = imaginary part of input"),
    PART("Angle", "input", "output", "output = atan2(im, re) of input"),
    PART("ComplexAbs", "x", "y", "y = sqrt(re^2 + im^2) of x"),
    {0},
};
