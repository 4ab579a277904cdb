/* Fourier transforms over the last axes. */
#include "graph/op.h"

/* A spectrum's type is made of the type of its parts. */
static tarn_status parse(const tarn_attrs *attrs, void *params) {
  (void)params;
  const tarn_dtype whole = tarn__attr_type(attrs, "Tcomplex"),
                   part = tarn__attr_type(attrs, "Treal");
  if ((whole == TARN_C64) == (part == TARN_F32)) return TARN_OK;
  return tarn_fail(TARN_DTYPE, "attribute Tcomplex: %s is not made of %s", tarn_dtype_name(whole),
                   tarn_dtype_name(part));
}

static tarn_status infer(tarn_infer *t, int axes) {
  t->out[0] = t->in[0];
  return tarn__infer_rank_at_least(t, 0, axes);
}

static tarn_status infer_real(tarn_infer *t, int axes, bool inverse) {
  TARN_TRY(tarn__infer_rank_at_least(t, 0, axes));
  TARN_TRY(tarn__infer_vector(t, 1));
  if (t->in[1].dim[0] != axes)
    return tarn_fail(TARN_SHAPE, "fft_length must have shape [%d], got [%lld]", axes,
                     (long long)t->in[1].dim[0]);
  if (!t->value[1]) return TARN_OK;
  tarn_shape y = t->in[0];
  for (int a = 0; a < axes; a++) {
    const int64_t n = tarn__infer_int(t, 1, a), half = n == 0 ? 0 : n / 2 + 1;
    const bool last = a == axes - 1;
    int64_t *dim = &y.dim[y.rank - axes + a];
    const int64_t least = inverse && last ? half : n;
    if (n < 0)
      return tarn_fail(TARN_INVALID, "fft_length[%d] must be >= 0, but got: %lld", a, (long long)n);
    if (*dim < least)
      return tarn_fail(TARN_INVALID,
                       "Input dimension %d must have length of at least %lld but got: %lld",
                       y.rank - axes + a, (long long)least, (long long)*dim);
    *dim = !inverse && last ? half : n;
  }
  return tarn__shape_make(y.rank, y.dim, &t->out[0]);
}

#define INFERS(axes)                                                                      \
  static tarn_status infer_##axes(tarn_infer *t) { return infer(t, axes); }               \
  static tarn_status infer_forward_##axes(tarn_infer *t) { return infer_real(t, axes, false); } \
  static tarn_status infer_inverse_##axes(tarn_infer *t) { return infer_real(t, axes, true); }
INFERS(1)
INFERS(2)
INFERS(3)

#define SPECTRUM(NAME, axes, FORMULA, SHAPE, OTHER)                                     \
  {                                                                                     \
    .name = NAME, .inputs = "input: Tcomplex", .outputs = "output: Tcomplex",           \
    .attrs = "Tcomplex: {complex64, complex128} = DT_COMPLEX64", .infer = infer_##axes, \
    .formula = FORMULA, .cases = {                                                      \
      "input=c64" SHAPE,                                                                \
      "input=c128" SHAPE " Tcomplex=c128",                                              \
      "input=c64" OTHER,                                                                \
      "input=c128" OTHER " Tcomplex=c128"                                               \
    }                                                                                   \
  }
#define OLD(NAME, axes, FORMULA, SHAPE)                                         \
  {                                                                             \
    .name = NAME, .inputs = "input: complex64", .outputs = "output: complex64", \
    .infer = infer_##axes, .formula = FORMULA " of older graphs", .cases = {    \
      "input=c64" SHAPE                                                         \
    }                                                                           \
  }
#define REAL_ATTRS \
  "Treal: {float, double} = DT_FLOAT; Tcomplex: {complex64, complex128} = DT_COMPLEX64"
#define REAL(NAME, axes, FORMULA, SHAPE, LENGTH)                                              \
  {                                                                                           \
    .name = NAME, .inputs = "input: Treal, fft_length: int32", .outputs = "output: Tcomplex", \
    .attrs = REAL_ATTRS, .parse = parse, .infer = infer_forward_##axes, .formula = FORMULA,   \
    .cases = {                                                                                \
      "input=f32" SHAPE " fft_length=i32" LENGTH,                                             \
      "input=f64" SHAPE " fft_length=i32" LENGTH " Treal=f64 Tcomplex=c128"                   \
    }                                                                                         \
  }
#define UNREAL(NAME, axes, FORMULA, SHAPE, LENGTH)                                            \
  {                                                                                           \
    .name = NAME, .inputs = "input: Tcomplex, fft_length: int32", .outputs = "output: Treal", \
    .attrs = REAL_ATTRS, .parse = parse, .infer = infer_inverse_##axes, .formula = FORMULA,   \
    .cases = {                                                                                \
      "input=c64" SHAPE " fft_length=i32" LENGTH,                                             \
      "input=c128" SHAPE " fft_length=i32" LENGTH " Treal=f64 Tcomplex=c128"                  \
    }                                                                                         \
  }

#define FORWARD "y[k] = sum of x[j] exp(-2 pi i j k / n) over the last "
#define BACKWARD "y[j] = 1/n sum of x[k] exp(2 pi i j k / n) over the last "

const tarn_op tarn_ops_fourier[] = {
  SPECTRUM("FFT", 1, FORWARD "axis", "[3x7]", "[64]"),
  SPECTRUM("IFFT", 1, BACKWARD "axis", "[3x7]", "[64]"),
  SPECTRUM("FFT2D", 2, FORWARD "two axes", "[2x3x7]", "[8x5]"),
  SPECTRUM("IFFT2D", 2, BACKWARD "two axes", "[2x3x7]", "[8x5]"),
  SPECTRUM("FFT3D", 3, FORWARD "three axes", "[2x3x4x5]", "[1x8x3]"),
  SPECTRUM("IFFT3D", 3, BACKWARD "three axes", "[2x3x4x5]", "[1x8x3]"),
  REAL("RFFT", 1, FORWARD "axis, real x, half of y", "[3x9]", "{7}"),
  UNREAL("IRFFT", 1, BACKWARD "axis, half of x, real y", "[3x9]", "{11}"),
  REAL("RFFT2D", 2, FORWARD "two axes, real x, half of y", "[2x5x9]", "{4,8}"),
  UNREAL("IRFFT2D", 2, BACKWARD "two axes, half of x, real y", "[2x5x9]", "{5,12}"),
  REAL("RFFT3D", 3, FORWARD "three axes, real x, half of y", "[2x3x5x9]", "{3,4,8}"),
  UNREAL("IRFFT3D", 3, BACKWARD "three axes, half of x, real y", "[2x3x5x9]", "{2,5,12}"),
  OLD("BatchFFT", 1, "FFT", "[3x7]"),
  OLD("BatchIFFT", 1, "IFFT", "[3x7]"),
  OLD("BatchFFT2D", 2, "FFT2D", "[2x3x7]"),
  OLD("BatchIFFT2D", 2, "IFFT2D", "[2x3x7]"),
  OLD("BatchFFT3D", 3, "FFT3D", "[2x3x4x5]"),
  OLD("BatchIFFT3D", 3, "IFFT3D", "[2x3x4x5]"),
  {0},
};
