/* Grayscale dilation: y[n,o,c] = max over k of x[n, o*stride - pad + k*rate, c] + w[k,c]. */
#include "graph/window.h"

static tarn_status parse(const tarn_attrs *attrs, void *params) {
  tarn_window_params *p = params;
  TARN_TRY(tarn__window_parse(attrs, 2, TARN_WINDOW_STRIDES, p, NULL));
  const tarn_attr *rates = tarn__attr_list(attrs, "rates");
  return tarn__window_list("rates", rates->list.count, rates->list.i, p, p->dilation, NULL);
}

static tarn_status shape_of(const tarn_infer *t, tarn_shape *y) {
  const tarn_window_params *p = t->params;
  TARN_TRY(tarn__infer_rank(t, 0, 4));
  TARN_TRY(tarn__infer_rank(t, 1, 3));
  const tarn_shape *x = &t->in[0], *w = &t->in[1];
  if (w->dim[2] != x->dim[3])
    return tarn_fail(TARN_SHAPE, "the input has %lld channels, the filter is for %lld",
                     (long long)x->dim[3], (long long)w->dim[2]);
  if (x->dim[3] > INT32_MAX) return tarn_fail(TARN_SHAPE, "channels must fit 31 bits");
  tarn_axis axis[TARN_AXES];
  for (int a = 0; a < TARN_AXES; a++) {
    int at = a - TARN_HEIGHT;
    if (at >= 0 && w->dim[at] < 1)
      return tarn_fail(TARN_SHAPE, "the filter is empty along dim %d", at);
    TARN_TRY(
        tarn__window_check(p, a, tarn__window_size(p, x, a), at < 0 ? 1 : w->dim[at], &axis[a]));
  }
  return tarn__window_shape(p, x->dim[0], axis, x->dim[3], y);
}

static tarn_status infer(tarn_infer *t) { return shape_of(t, &t->out[0]); }
static tarn_status gradient(tarn_infer *t, int of) {
  tarn_shape y;
  char got[TARN_SHAPE_TEXT], wanted[TARN_SHAPE_TEXT];
  TARN_TRY(shape_of(t, &y));
  if (!tarn__shape_equal(&y, &t->in[2]))
    return tarn_fail(TARN_SHAPE, "out_backprop: expected %s, got %s", tarn__shape_print(&y, wanted),
                     tarn__shape_print(&t->in[2], got));
  t->out[0] = t->in[of];
  return TARN_OK;
}
static tarn_status infer_input(tarn_infer *t) { return gradient(t, 0); }
static tarn_status infer_filter(tarn_infer *t) { return gradient(t, 1); }

#define ATTRS \
  "T: realnumbertype; strides: list(int) >= 4; rates: list(int) >= 4; padding: {'SAME', 'VALID'}"
#define PARSED .params_bytes = sizeof(tarn_window_params), .parse = parse

const tarn_op tarn_ops_dilation[] = {
    {.name = "Dilation2D",
     .inputs = "input: T, filter: T",
     .outputs = "output: T",
     .attrs = ATTRS,
     PARSED,
     .infer = infer,
     .formula = "y[n,o,c] = max_k x[n, o*stride - pad + k*rate, c] + w[k,c]",
     .cases = {"input=T[2x7x8x3] filter=T[2x3x3] strides=[1,2,1,1] rates=[1,1,2,1] padding=SAME",
               "input=T[1x5x5x1] filter=T[3x3x1] strides=[1,1,1,1] rates=[1,1,1,1] padding=VALID",
               "input=T[0x5x5x2] filter=T[3x3x2] strides=[1,1,1,1] rates=[1,1,1,1] padding=SAME"}},
    {.name = "Dilation2DBackpropInput",
     .inputs = "input: T, filter: T, out_backprop: T",
     .outputs = "in_backprop: T",
     .attrs = ATTRS,
     PARSED,
     .infer = infer_input,
     .formula = "dx at the first greatest x + w under each window += dy",
     .cases = {"input=T[1x5x5x2] filter=T[3x3x2] out_backprop=T[1x3x3x2] strides=[1,2,2,1] "
               "rates=[1,1,1,1] "
               "padding=SAME"}},
    {.name = "Dilation2DBackpropFilter",
     .inputs = "input: T, filter: T, out_backprop: T",
     .outputs = "filter_backprop: T",
     .attrs = ATTRS,
     PARSED,
     .infer = infer_filter,
     .formula = "dw at the first greatest x + w under each window += dy",
     .cases = {"input=T[1x5x5x2] filter=T[3x3x2] out_backprop=T[1x3x3x2] strides=[1,2,2,1] "
               "rates=[1,1,1,1] "
               "padding=SAME"}},
    {0},
};
