#include "tolerance.h"

#include "graph/case/case_input.h"

#include <math.h>

/* Ops that need more than their dtype's share, or that do not define something that others do. */
static const struct {
  const char *op;
  double factor;     /* on the relative tolerance */
  bool no_nan, no_threads;
  const char *reason;
} exceptions[] = {
    {"Cast", 1, true, false,
     "NaN and infinities have no integer: TensorFlow leaves the result undefined"},
    {"BlockLSTM", 10, false, false,
     "with weights as large as these, what a step rounds grows from step to step"},
    {"Conv2D", 1, true, false,
     "padding times infinity is NaN or skipped, and Winograd spreads a NaN over its tile"},
    {"Conv2DBackpropInput", 1, true, false, "as Conv2D"},
    {"Conv2DBackpropFilter", 1, true, false, "as Conv2D"},
    {"Conv3D", 1, true, false, "as Conv2D"},
    {"Conv3DBackpropInput", 1, true, false, "as Conv2D"},
    {"Conv3DBackpropInputV2", 1, true, false, "as Conv2D"},
    {"Conv3DBackpropFilter", 1, true, false, "as Conv2D"},
    {"Conv3DBackpropFilterV2", 1, true, false, "as Conv2D"},
    {"DepthwiseConv2dNative", 1, true, false, "padding times infinity is NaN or skipped"},
    {"DepthwiseConv2dNativeBackpropInput", 1, true, false, "as DepthwiseConv2dNative"},
    {"DepthwiseConv2dNativeBackpropFilter", 1, true, false, "as DepthwiseConv2dNative"},
    {"NthElement", 1, true, false,
     "rows with NaN have no order: which element is at a place is an accident of the method"},
    {"LogMatrixDeterminant", 1, true, false,
     "complex products, as the reference's, make NaN of infinities that real ones keep"},
    {"Qr", 1, true, false,
     "reflections spread a NaN to all that they touch: the vectors leave out what is 0 or done"},
    {"_GRUSequence", 4, false, false, "what a step rounds is carried on to the next"},
    {"_LSTMSequence", 4, false, false, "as _GRUSequence"},
    {"_FusedConv2D", 1, true, false, "as Conv2D"},
    {"_FusedDepthwiseConv2dNative", 1, true, false, "as DepthwiseConv2dNative"},
    {"_FusedConvChain", 10, true, false, "as Conv2D; what one stage rounds, the next multiplies"},
};

/* Half a unit in the last place, as a fraction. */
static double epsilon(tarn_dtype dtype) {
  if (dtype == TARN_F64 || dtype == TARN_C128) return 0x1p-53;
  if (dtype == TARN_F32 || dtype == TARN_C64) return 0x1p-24;
  if (dtype == TARN_F16) return 0x1p-11;
  return dtype == TARN_BF16 ? 0x1p-8 : 0;
}

static double largest(const tarn_tensor *t) {
  double most = 0;
  int64_t n = tarn__tensor_elements(t);
  for (int64_t i = 0; i < n; i++) {
    double x = fabs(tarn__element_get(t, i));
    if (isfinite(x) && x > most) most = x;
  }
  return most;
}

/* 84 units of f32 (1e-5) and 4 of the 16-bit types cover approximations of exp and tanh; a sum of K
 * products of inputs a and b rounds by about sqrt(K) units of max|a| max|b|, whatever it cancels
 * to. K is not known here: the inputs' elements over the output's is it for products and
 * reductions, and at least 1. */
tolerance tolerance_of(const tarn_case *made, int o) {
  tarn_dtype dtype = made->problem.out_dtype[o];
  double unit = epsilon(dtype);
  tolerance t = {.nan = true, .threads = true};
  if (dtype == TARN_F64 || dtype == TARN_C128) t.relative = 1e-12;
  else if (dtype == TARN_F32 || dtype == TARN_C64) t.relative = 1e-5;
  else t.relative = 4 * unit;
  double outputs = 1, inputs = 0, magnitude = 1;
  if (made->out_shape[o].rank >= 0) outputs = (double)tarn__shape_elements(&made->out_shape[o]);
  int reals = 0;
  for (int i = 0; i < made->problem.inputs; i++) {
    const double elements = (double)tarn__tensor_elements(&made->in[i]);
    if (!tarn__dtype_in(made->in[i].dtype, TARN_FLOATS | TARN_COMPLEX) || elements < 1) continue;
    inputs = fmax(inputs, elements);
    if (reals++ < 2) magnitude *= fmax(largest(&made->in[i]), 1e-30);
  }
  double terms = fmax(1, inputs / fmax(1, outputs));
  t.absolute = 8 * unit * sqrt(terms) * magnitude;
  /* Each factor is off by half a unit of its range at most: these errors are as good as random. */
  if (made->problem.precision == TARN_PRECISION_TF32)
    t.absolute = 4 * 0x1p-11 * sqrt(terms) * magnitude;
  if (made->problem.precision == TARN_PRECISION_BF16)
    t.absolute = 4 * 0x1p-9 * sqrt(terms) * magnitude;
  if (made->problem.precision == TARN_PRECISION_INT8)
    t.absolute = 4.0 / 127 * sqrt(terms) * magnitude;
  for (size_t i = 0; i < sizeof exceptions / sizeof *exceptions; i++) {
    if (strcmp(exceptions[i].op, made->op->name) != 0) continue;
    t.relative *= exceptions[i].factor;
    if (made->problem.precision != TARN_PRECISION_F32) t.absolute *= exceptions[i].factor;
    t.nan = !exceptions[i].no_nan;
    t.threads = !exceptions[i].no_threads;
  }
  return t;
}
