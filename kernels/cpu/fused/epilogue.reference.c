/* The fused ops by definition: the plain op's reference kernel, then bias, added tensor and
 * activation over its result. */
#include "kernels/params/fused.h"

#include <math.h>

/* The name without "_Fused". */
static const char *plain_name(const tarn_problem *p) { return p->op + strlen("_Fused"); }

static tarn_problem plain_problem(const tarn_problem *p) {
  tarn_problem plain = *p;
  plain.op = plain_name(p);
  plain.inputs = 2;
  return plain;
}

/* NULL when this build has none. */
static const tarn_kernel *plain_kernel(const tarn_problem *p) {
  size_t count;
  const tarn_kernel_ref *rows = tarn__kernels_of(plain_name(p), &count);
  for (size_t i = 0; i < count; i++)
    if (rows[i].file->target == TARN_TARGET_REFERENCE) return rows[i].kernel;
  return NULL;
}

static const char *supports(const tarn_problem *p) {
  const tarn_kernel *k = plain_kernel(p);
  if (!k) return "the plain op has no reference kernel";
  tarn_problem plain = plain_problem(p);
  return k->supports ? k->supports(&plain) : NULL;
}

static size_t scratch_bytes(const tarn_problem *p, int threads) {
  const tarn_kernel *k = plain_kernel(p);
  tarn_problem plain = plain_problem(p);
  return k && k->scratch_bytes ? k->scratch_bytes(&plain, threads) : 0;
}

/* As slow as a multiply-add at a time: the default estimate, from bytes alone, would flatter a
 * convolution. */
static double cost_us(const tarn_problem *p, const tarn_machine *m) {
  const tarn_shape *w = &p->in_shape[1], *y = &p->out_shape[0];
  double last = y->rank > 0 && y->dim[y->rank - 1] > 0 ? (double)y->dim[y->rank - 1] : 1;
  return 2 * (double)tarn__shape_elements(y) * (double)tarn__shape_elements(w) / last /
             (1e3 * m->gflops[TARN_TARGET_REFERENCE]) + 10;
}

static double activate(double x, tarn_fused_activation a) {
  switch (a) {
    case TARN_FUSED_NONE: return x;
    case TARN_FUSED_RELU: return x < 0 ? 0 : x;
    case TARN_FUSED_RELU6: return x < 0 ? 0 : x > 6 ? 6 : x;
    case TARN_FUSED_ELU: return x < 0 ? expm1(x) : x;
    case TARN_FUSED_TANH: return tanh(x);
    case TARN_FUSED_SIGMOID: return 1 / (1 + exp(-x));
  }
  return x;
}

/* Channels are the last axis, or axis 1 of NCHW: element i has channel i / inner % C. 16-bit floats
 * add up in float. */
#define SAME(x) (x)
#define FINISH(name, ELEM, SUM, GET, PUT)                                                     \
  static void name(const tarn_call *call, const tarn_epilogue *e, int64_t C, int64_t inner) { \
    ELEM *y = call->out[0]->data;                                                             \
    const ELEM *bias = e->bias ? call->in[e->bias]->data : NULL,                              \
               *add = e->add ? call->in[e->add]->data : NULL;                                 \
    int64_t n = tarn__tensor_elements(call->out[0]);                                          \
    for (int64_t i = 0; i < n; i++) {                                                         \
      SUM s = GET(y[i]);                                                                      \
      if (bias) s += GET(bias[i / inner % C]);                                                \
      if (add) s += GET(add[i]);                                                              \
      y[i] = PUT((SUM)activate((double)s, e->activation));                                    \
    }                                                                                         \
  }
FINISH(finish_f32, float, float, SAME, SAME)
FINISH(finish_f64, double, double, SAME, SAME)
FINISH(finish_f16, uint16_t, float, tarn__f16_to_f32, tarn__f32_to_f16)
FINISH(finish_bf16, uint16_t, float, tarn__bf16_to_f32, tarn__f32_to_bf16)
#undef FINISH
#undef SAME

static tarn_status run(const tarn_call *call) {
  const tarn_problem *p = call->problem;
  tarn_problem plain = plain_problem(p);
  tarn_call inner = *call;
  inner.problem = &plain;
  TARN_TRY(plain_kernel(p)->run(&inner));
  tarn_epilogue e = tarn__epilogue_of(p);
  const tarn_shape *y = &p->out_shape[0];
  int channel = y->rank - 1;
  if (strcmp(p->op, "_FusedMatMul") &&
      ((const tarn_fused_window_params *)p->params)->window.channels_first)
    channel = 1;
  int64_t size = 1;
  for (int d = channel + 1; d < y->rank; d++) size *= y->dim[d];
  if (tarn__shape_elements(y) == 0) return TARN_OK;
  switch ((int)p->out_dtype[0]) {
    case TARN_F64: finish_f64(call, &e, y->dim[channel], size); break;
    case TARN_F16: finish_f16(call, &e, y->dim[channel], size); break;
    case TARN_BF16: finish_bf16(call, &e, y->dim[channel], size); break;
    default: finish_f32(call, &e, y->dim[channel], size);
  }
  return TARN_OK;
}

#define ROW(OP)                                                                \
  {                                                                            \
    .op = OP, .dtypes = TARN_FLOATS, .supports = supports, .cost_us = cost_us, \
    .scratch_bytes = scratch_bytes, .run = run                                 \
  }
const tarn_kernel tarn_kernels_fused_epilogue_reference[] = {
  ROW("_FusedConv2D"), ROW("_FusedDepthwiseConv2dNative"), ROW("_FusedMatMul"), {0},
};
