/* Max and average pooling and their gradients, in two and three dimensions.
 *
 *   max:      y[n,o,c] = max over k of x[n, o*stride - pad + k, c]; padding never wins
 *   average:  y[n,o,c] = mean over those k that fall inside x
 *
 * A max-pool window may instead cover channels (ksize = [1, 1, 1, K], the stride equal to it). */
#include "graph/window.h"
#include "kernels/params/pool.h"

#define DECLARED (TARN_WINDOW_STRIDES | TARN_WINDOW_KSIZE | TARN_WINDOW_FORMAT)

static tarn_status parse(const tarn_attrs *attrs, int spatial, unsigned declared,
                         bool over_channels, void *params) {
  tarn_pooling_params *p = params;
  p->depth_window = 1;
  return tarn__window_parse(attrs, spatial, declared, &p->window,
                            over_channels ? &p->depth_window : NULL);
}
static tarn_status parse_max(const tarn_attrs *attrs, void *p) {
  return parse(attrs, 2, DECLARED | TARN_WINDOW_EXPLICIT, true, p);
}
static tarn_status parse_max_gradient(const tarn_attrs *attrs, void *p) {
  return parse(attrs, 2, DECLARED | TARN_WINDOW_EXPLICIT, false, p);
}
static tarn_status parse_plain(const tarn_attrs *attrs, void *p) {
  return parse(attrs, 2, DECLARED, false, p);
}
static tarn_status parse_3d(const tarn_attrs *attrs, void *p) {
  return parse(attrs, 3, DECLARED, false, p);
}
static tarn_status parse_v2(const tarn_attrs *attrs, void *p) {
  return parse(attrs, 2, TARN_WINDOW_FORMAT, false, p);
}
static tarn_status parse_argmax(const tarn_attrs *attrs, void *params) {
  tarn_pooling_params *p = params;
  p->include_batch_in_index = tarn__attr_bool(attrs, "include_batch_in_index");
  return parse(attrs, 2, TARN_WINDOW_STRIDES | TARN_WINDOW_KSIZE, false, p);
}

/* The shape of the pooled x. */
static tarn_status pooled(const tarn_pooling_params *p, const tarn_shape *x, tarn_shape *y) {
  const tarn_window_params *w = &p->window;
  char text[TARN_SHAPE_TEXT];
  if (x->rank != w->spatial + 2)
    return tarn_fail(TARN_SHAPE, "expected rank %d, got %s", w->spatial + 2,
                     tarn__shape_print(x, text));
  int64_t channels = x->dim[tarn__window_channel_dim(w)];
  if (p->depth_window > 1 && channels % p->depth_window != 0)
    return tarn_fail(TARN_SHAPE, "%lld channels are not a multiple of the window's %lld",
                     (long long)channels, (long long)p->depth_window);
  tarn_axis axis[TARN_AXES];
  for (int a = 0; a < TARN_AXES; a++) {
    if (w->before[a] >= w->window[a] || w->after[a] >= w->window[a])
      return tarn_fail(TARN_INVALID,
                       "padding of %lld and %lld must be smaller than the window of %lld",
                       (long long)w->before[a], (long long)w->after[a], (long long)w->window[a]);
    TARN_TRY(tarn__window_check(w, a, tarn__window_size(w, x, a), w->window[a], &axis[a]));
  }
  return tarn__window_shape(w, x->dim[0], axis, channels / p->depth_window, y);
}

static tarn_status expect(const char *what, const tarn_shape *got, const tarn_shape *wanted) {
  char a[TARN_SHAPE_TEXT], b[TARN_SHAPE_TEXT];
  if (tarn__shape_equal(got, wanted)) return TARN_OK;
  return tarn_fail(TARN_SHAPE, "%s: expected %s, got %s", what, tarn__shape_print(wanted, a),
                   tarn__shape_print(got, b));
}

/* MaxPoolV2 and kin: ksize and strides are inputs i and i + 1. *known is false while their elements
 * are not. */
static tarn_status given(const tarn_infer *t, int i, bool over_channels, tarn_pooling_params *p,
                         bool *known) {
  *p = *(const tarn_pooling_params *)t->params;
  *known = t->value[i] && t->value[i + 1];
  for (int k = 0; k < 2; k++) {
    TARN_TRY(tarn__infer_vector(t, i + k));
    if (t->in[i + k].dim[0] != 4)
      return tarn_fail(TARN_SHAPE, "%s: expected 4 numbers, got %lld", k ? "strides" : "ksize",
                       (long long)t->in[i + k].dim[0]);
  }
  if (!*known) return TARN_OK;
  int64_t numbers[2][4], depth[2] = {1, 1};
  for (int k = 0; k < 4; k++) {
    numbers[0][k] = tarn__infer_int(t, i, k);
    numbers[1][k] = tarn__infer_int(t, i + 1, k);
  }
  TARN_TRY(tarn__window_list("ksize", 4, numbers[0], &p->window, p->window.window,
                             over_channels ? &depth[0] : NULL));
  TARN_TRY(tarn__window_list("strides", 4, numbers[1], &p->window, p->window.stride,
                             over_channels ? &depth[1] : NULL));
  if (depth[0] != depth[1])
    return tarn_fail(TARN_UNSUPPORTED,
                     "a window over channels must step by its size: ksize %lld, stride %lld",
                     (long long)depth[0], (long long)depth[1]);
  for (int a = 0; a < TARN_AXES && depth[0] > 1; a++)
    if (p->window.window[a] != 1 || p->window.stride[a] != 1)
      return tarn_fail(TARN_UNSUPPORTED, "a window over channels and space at once");
  p->depth_window = depth[0];
  return TARN_OK;
}

static tarn_status infer(tarn_infer *t) {
  TARN_TRY(pooled(t->params, &t->in[0], &t->out[0]));
  if (t->outputs > 1) t->out[1] = t->out[0];
  return TARN_OK;
}
static tarn_status infer_with_argmax(tarn_infer *t) {
  if (tarn__shape_elements(&t->in[0]) == 0)
    return tarn_fail(TARN_SHAPE, "the input must not be empty");
  return infer(t);
}
static tarn_status infer_v2(tarn_infer *t) {
  tarn_pooling_params p;
  bool known;
  TARN_TRY(given(t, 1, true, &p, &known));
  return known ? pooled(&p, &t->in[0], &t->out[0]) : TARN_OK;
}

/* (orig_input, orig_output, grad): grad has the shape of the output; for the second gradient, of
 * the input. */
static tarn_status gradient(tarn_infer *t, const tarn_pooling_params *p, bool second) {
  tarn_shape y;
  TARN_TRY(pooled(p, &t->in[0], &y));
  TARN_TRY(expect("orig_output", &t->in[1], &y));
  TARN_TRY(expect("grad", &t->in[2], second ? &t->in[0] : &y));
  t->out[0] = second ? y : t->in[0];
  return TARN_OK;
}
static tarn_status infer_gradient(tarn_infer *t) { return gradient(t, t->params, false); }
static tarn_status infer_second(tarn_infer *t) { return gradient(t, t->params, true); }
static tarn_status infer_gradient_given(tarn_infer *t, bool second) {
  tarn_pooling_params p;
  bool known;
  TARN_TRY(given(t, 3, false, &p, &known));
  return known ? gradient(t, &p, second) : TARN_OK;
}
static tarn_status infer_gradient_v2(tarn_infer *t) { return infer_gradient_given(t, false); }
static tarn_status infer_second_v2(tarn_infer *t) { return infer_gradient_given(t, true); }

/* (input, grad, argmax). */
static tarn_status infer_argmax_gradient(tarn_infer *t) {
  tarn_shape y;
  TARN_TRY(pooled(t->params, &t->in[0], &y));
  TARN_TRY(expect("grad", &t->in[1], &y));
  TARN_TRY(expect("argmax", &t->in[2], &y));
  t->out[0] = t->in[0];
  return TARN_OK;
}

/* (orig_input_shape, grad). */
static tarn_status infer_average_gradient(tarn_infer *t) {
  TARN_TRY(tarn__infer_vector(t, 0));
  if (!t->value[0]) return TARN_OK;
  tarn_shape x, y;
  TARN_TRY(tarn__infer_shape_value(t, 0, false, &x));
  TARN_TRY(pooled(t->params, &x, &y));
  TARN_TRY(expect("grad", &t->in[1], &y));
  t->out[0] = x;
  return TARN_OK;
}

#define MAX_TYPES \
  "{float, double, int32, uint8, int16, int8, int64, bfloat16, uint16, half, uint32, uint64}"
#define KSIZE_STRIDES "ksize: list(int) >= 4; strides: list(int) >= 4;"
#define KSIZE_STRIDES_3D "ksize: list(int) >= 5; strides: list(int) >= 5;"
#define SAME_VALID "padding: {'SAME', 'VALID'};"
#define EXPLICIT "padding: {'SAME', 'VALID', 'EXPLICIT'}; explicit_paddings: list(int) = [];"
#define FORMAT "data_format: {'NHWC', 'NCHW'} = 'NHWC';"
#define FORMAT_MAX "data_format: {'NHWC', 'NCHW', 'NCHW_VECT_C'} = 'NHWC';"
#define FORMAT_3D "data_format: {'NDHWC', 'NCDHW'} = 'NDHWC';"
#define ENTRY(text, in, out, attributes, parse_, infer_)           \
  .name = text, .inputs = in, .outputs = out, .attrs = attributes, \
  .params_bytes = sizeof(tarn_pooling_params), .parse = parse_, .infer = infer_
#define MAX_FORMULA "y[n,o,c] = max_k x[n, o*stride - pad + k, c]"
#define MAX_DX_FORMULA "dx[n,i,c] = sum of dy[n,o,c] over those o whose first greatest x is at i"
#define MAX_DDY_FORMULA \
  "ddy[n,o,c] = ddx[n,i,c] at the first i under the window with x[n,i,c] = y[n,o,c]"

const tarn_op tarn_ops_pool[] = {
    {ENTRY("MaxPool", "input: T", "output: T",
           "T: {half, bfloat16, float, double, int32, int64, uint8, int16, int8, uint16, uint32, "
           "uint64, qint8} = "
           "float;" KSIZE_STRIDES EXPLICIT FORMAT_MAX,
           parse_max, infer),
     .formula = MAX_FORMULA,
     .cases = {"input=T[1x5x5x3] ksize=[1,2,2,1] strides=[1,2,2,1] padding=SAME",
               "input=T[2x7x6x17] ksize=[1,3,2,1] strides=[1,2,1,1] padding=VALID",
               "input=T[2x7x6x8] ksize=[1,3,3,1] strides=[1,2,2,1] padding=SAME",
               "input=T[2x6x5x5] ksize=[1,1,3,3] strides=[1,1,2,2] padding=SAME data_format=NCHW",
               "input=T[2x6x5x5] ksize=[1,3,3,1] strides=[1,2,2,1] padding=EXPLICIT "
               "explicit_paddings=[0,0,1,2,0,1,0,0]",
               "input=T[1x3x3x6] ksize=[1,1,1,3] strides=[1,1,1,3] padding=VALID",
               "input=T[0x5x5x3] ksize=[1,2,2,1] strides=[1,2,2,1] padding=SAME",
               "input=T[1x2x2x0] ksize=[1,2,2,1] strides=[1,2,2,1] padding=SAME",
               "input=T[1x56x56x64] ksize=[1,3,3,1] strides=[1,2,2,1] padding=SAME"}},
    {ENTRY("MaxPoolV2", "input: T, ksize: int32, strides: int32", "output: T",
           "T: {half, bfloat16, float, double, int32, int64, uint8, int16, int8, uint16, uint32, "
           "uint64, qint8} = "
           "float;" SAME_VALID FORMAT_MAX,
           parse_v2, infer_v2),
     .formula = MAX_FORMULA,
     .cases = {"input=T[1x5x5x3] ksize=i32{1,2,2,1} strides=i32{1,2,2,1} padding=SAME",
               "input=T[2x7x6x17] ksize=i32{1,3,2,1} strides=i32{1,2,1,1} padding=VALID"}},
    {ENTRY("AvgPool", "value: T", "output: T",
           KSIZE_STRIDES SAME_VALID FORMAT "T: {half, bfloat16, float, double}", parse_plain,
           infer),
     .formula = "y[n,o,c] = mean of x[n, o*stride - pad + k, c] over the k that fall inside x",
     .cases = {"value=T[1x5x5x3] ksize=[1,2,2,1] strides=[1,2,2,1] padding=SAME",
               "value=T[2x7x6x17] ksize=[1,3,2,1] strides=[1,2,1,1] padding=VALID",
               "value=T[2x7x6x8] ksize=[1,3,3,1] strides=[1,2,2,1] padding=SAME",
               "value=T[2x6x5x5] ksize=[1,1,3,3] strides=[1,1,2,2] padding=SAME data_format=NCHW",
               "value=T[0x5x5x3] ksize=[1,2,2,1] strides=[1,2,2,1] padding=SAME",
               "value=T[1x7x7x512] ksize=[1,7,7,1] strides=[1,1,1,1] padding=VALID"}},
    {ENTRY("MaxPoolWithArgmax", "input: T", "output: T, argmax: Targmax",
           KSIZE_STRIDES "Targmax: {int32, int64} = int64;" SAME_VALID
                         "include_batch_in_index: bool = false;"
                         "T: " MAX_TYPES,
           parse_argmax, infer_with_argmax),
     .formula = MAX_FORMULA "; argmax[n,o,c] = ((h*W) + w)*C + c of the first greatest",
     .cases = {"input=T[2x5x5x3] ksize=[1,2,2,1] strides=[1,2,2,1] padding=SAME",
               "input=T[2x7x6x3] ksize=[1,3,2,1] strides=[1,2,1,1] padding=VALID "
               "include_batch_in_index=true"}},
    {ENTRY("MaxPoolGrad", "orig_input: T, orig_output: T, grad: T", "output: T",
           KSIZE_STRIDES EXPLICIT FORMAT "T: " MAX_TYPES " = float", parse_max_gradient,
           infer_gradient),
     .formula = MAX_DX_FORMULA,
     .cases = {"orig_input=T[1x5x5x3] orig_output=T[1x3x3x3] grad=T[1x3x3x3] ksize=[1,2,2,1] "
               "strides=[1,2,2,1] "
               "padding=SAME",
               "orig_input=T[2x7x6x5] orig_output=T[2x3x5x5] grad=T[2x3x5x5] ksize=[1,3,2,1] "
               "strides=[1,2,1,1] "
               "padding=VALID",
               "orig_input=T[3x9x10x70] orig_output=T[3x5x5x70] grad=T[3x5x5x70] ksize=[1,3,3,1] "
               "strides=[1,2,2,1] "
               "padding=SAME",
               "orig_input=T[3x9x10x17] orig_output=T[3x3x3x17] grad=T[3x3x3x17] ksize=[1,2,2,1] "
               "strides=[1,3,4,1] "
               "padding=SAME"}},
    {ENTRY("MaxPoolGradV2", "orig_input: T, orig_output: T, grad: T, ksize: int32, strides: int32",
           "output: T", SAME_VALID FORMAT "T: " MAX_TYPES " = float", parse_v2, infer_gradient_v2),
     .formula = MAX_DX_FORMULA,
     .cases = {"orig_input=T[1x5x5x3] orig_output=T[1x3x3x3] grad=T[1x3x3x3] ksize=i32{1,2,2,1} "
               "strides=i32{1,2,2,1} padding=SAME"}},
    {ENTRY("MaxPoolGradGrad", "orig_input: T, orig_output: T, grad: T", "output: T",
           KSIZE_STRIDES SAME_VALID FORMAT "T: " MAX_TYPES, parse_plain, infer_second),
     .formula = MAX_DDY_FORMULA,
     .cases = {"orig_input=T[1x5x5x3] orig_output=T[1x3x3x3] grad=T[1x5x5x3] ksize=[1,2,2,1] "
               "strides=[1,2,2,1] "
               "padding=SAME"}},
    {ENTRY("MaxPoolGradGradV2",
           "orig_input: T, orig_output: T, grad: T, ksize: int32, strides: int32", "output: T",
           SAME_VALID FORMAT "T: " MAX_TYPES, parse_v2, infer_second_v2),
     .formula = MAX_DDY_FORMULA,
     .cases = {"orig_input=T[1x5x5x3] orig_output=T[1x3x3x3] grad=T[1x5x5x3] ksize=i32{1,2,2,1} "
               "strides=i32{1,2,2,1} padding=SAME"}},
    {ENTRY("MaxPoolGradWithArgmax", "input: T, grad: T, argmax: Targmax", "output: T",
           KSIZE_STRIDES SAME_VALID
           "include_batch_in_index: bool = false; Targmax: {int32, int64}; T: " MAX_TYPES,
           parse_argmax, infer_argmax_gradient),
     .formula = "dx[n, argmax[n,o,c]] += dy[n,o,c]",
     .cases = {"input=T[1x1x4x1] grad=T[1x1x2x1] argmax=i64[1x1x2x1]:0..3 ksize=[1,1,2,1] "
               "strides=[1,1,2,1] "
               "padding=VALID"}},
    {ENTRY("AvgPoolGrad", "orig_input_shape: int32, grad: T", "output: T",
           KSIZE_STRIDES SAME_VALID FORMAT "T: {half, bfloat16, float, double}", parse_plain,
           infer_average_gradient),
     .formula = "dx[n,i,c] = sum over windows o that cover i of dy[n,o,c] / (elements inside x "
                "under window o)",
     .cases = {"orig_input_shape=i32{1,5,5,3} grad=T[1x3x3x3] ksize=[1,2,2,1] strides=[1,2,2,1] "
               "padding=SAME",
               "orig_input_shape=i32{2,7,6,5} grad=T[2x3x5x5] ksize=[1,3,2,1] strides=[1,2,1,1] "
               "padding=VALID"}},
    {ENTRY("MaxPool3D", "input: T", "output: T",
           KSIZE_STRIDES_3D SAME_VALID FORMAT_3D "T: {half, bfloat16, float}", parse_3d, infer),
     .formula = MAX_FORMULA,
     .cases = {"input=T[1x3x5x4x2] ksize=[1,2,2,2,1] strides=[1,2,1,2,1] padding=SAME"}},
    {ENTRY("AvgPool3D", "input: T", "output: T",
           KSIZE_STRIDES_3D SAME_VALID FORMAT_3D "T: {half, bfloat16, float, double}", parse_3d,
           infer),
     .formula = "y[n,o,c] = mean of x[n, o*stride - pad + k, c] over the k that fall inside x",
     .cases = {"input=T[1x3x5x4x2] ksize=[1,2,2,2,1] strides=[1,2,1,2,1] padding=SAME"}},
    {ENTRY("MaxPool3DGrad", "orig_input: TInput, orig_output: TInput, grad: T", "output: T",
           KSIZE_STRIDES_3D SAME_VALID FORMAT_3D
           "T: {half, bfloat16, float} = float; TInput: {half, bfloat16, float} = float",
           parse_3d, infer_gradient),
     .formula = MAX_DX_FORMULA,
     .cases = {"orig_input=f32[1x3x5x4x2] orig_output=f32[1x2x5x2x2] grad=f32[1x2x5x2x2] "
               "ksize=[1,2,2,2,1] "
               "strides=[1,2,1,2,1] padding=SAME"}},
    {ENTRY("MaxPool3DGradGrad", "orig_input: T, orig_output: T, grad: T", "output: T",
           KSIZE_STRIDES_3D SAME_VALID FORMAT_3D "T: {half, bfloat16, float}", parse_3d,
           infer_second),
     .formula = MAX_DDY_FORMULA,
     .cases =
         {"orig_input=T[1x3x5x4x2] orig_output=T[1x2x5x2x2] grad=T[1x3x5x4x2] ksize=[1,2,2,2,1] "
          "strides=[1,2,1,2,1] padding=SAME"}},
    {ENTRY("AvgPool3DGrad", "orig_input_shape: int32, grad: T", "output: T",
           KSIZE_STRIDES_3D SAME_VALID FORMAT_3D "T: {half, bfloat16, float, double}", parse_3d,
           infer_average_gradient),
     .formula = "dx[n,i,c] = sum over windows o that cover i of dy[n,o,c] / (elements inside x "
                "under window o)",
     .cases =
         {"orig_input_shape=i32{1,3,5,4,2} grad=T[1x2x5x2x2] ksize=[1,2,2,2,1] strides=[1,2,1,2,1] "
          "padding=SAME"}},
    {0},
};
