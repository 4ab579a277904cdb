/* The batch normalization of old graphs: y = (x - m) / sqrt(v + eps) [* gamma] + beta, per channel
 * of [N,H,W,C]. */
#include "graph/op.h"
#include "kernels/params/batch_norm.h"

static tarn_status parse(const tarn_attrs *attrs, void *params) {
  tarn_global_norm_params *p = params;
  p->epsilon = tarn__attr_float(attrs, "variance_epsilon");
  p->scale = tarn__attr_bool(attrs, "scale_after_normalization");
  return TARN_OK;
}

/* Inputs [1, last] have one element per channel of input 0. */
static tarn_status layer(const tarn_infer *t, int last) {
  TARN_TRY(tarn__infer_rank(t, 0, 4));
  for (int i = 1; i <= last; i++) {
    TARN_TRY(tarn__infer_vector(t, i));
    if (t->in[i].dim[0] != t->in[0].dim[3])
      return tarn_fail(TARN_SHAPE, "input %d: expected %lld elements, one per channel, got %lld", i,
                       (long long)t->in[0].dim[3], (long long)t->in[i].dim[0]);
  }
  return TARN_OK;
}
static tarn_status infer(tarn_infer *t) {
  t->out[0] = t->in[0];
  return layer(t, 4);
}
static tarn_status infer_gradient(tarn_infer *t) {
  TARN_TRY(layer(t, 3));
  t->out[0] = t->in[0];
  for (int o = 1; o < 5; o++) t->out[o] = t->in[1];
  return tarn__infer_same(t, 0, 4);
}

#define ATTRS "T: numbertype; variance_epsilon: float; scale_after_normalization: bool"
#define PARSED .params_bytes = sizeof(tarn_global_norm_params), .parse = parse

const tarn_op tarn_ops_global_norm[] = {
    {.name = "BatchNormWithGlobalNormalization",
     .inputs = "t: T, m: T, v: T, beta: T, gamma: T",
     .outputs = "result: T",
     .attrs = ATTRS,
     PARSED,
     .infer = infer,
     .formula = "y = (x - m) / sqrt(v + eps) [* gamma] + beta",
     .cases = {"t=T[2x3x5x7] m=T[7] v=T[7]:0.1..2 beta=T[7] gamma=T[7] variance_epsilon=0.001 "
               "scale_after_normalization=true",
               "t=T[0x3x5x7] m=T[7] v=T[7] beta=T[7] gamma=T[7] variance_epsilon=0.001 "
               "scale_after_normalization=false"}},
    {.name = "BatchNormWithGlobalNormalizationGrad",
     .inputs = "t: T, m: T, v: T, gamma: T, backprop: T",
     .outputs = "dx: T, dm: T, dv: T, db: T, dg: T",
     .attrs = ATTRS,
     PARSED,
     .infer = infer_gradient,
     .formula = "dx = dy r [gamma]; dm = -sum dx; dv = -1/2 r^3 [gamma] sum dy (x - m); db = sum "
                "dy; dg = r sum dy (x - m)",
     .cases =
         {"t=T[2x3x5x7] m=T[7] v=T[7]:0.1..2 gamma=T[7] backprop=T[2x3x5x7] variance_epsilon=0.001 "
          "scale_after_normalization=true"}},
    {0},
};
