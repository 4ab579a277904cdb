/* Local response normalization over channels (Krizhevsky et al., 2012).
 *
 *   y[..,c] = x[..,c] norm[..,c]^-beta,   norm[..,c] = bias + alpha sum_{|k-c| <= depth_radius}
 * x[..,k]^2 */
#include "graph/op.h"
#include "kernels/params/lrn.h"

static tarn_status parse(const tarn_attrs *attrs, void *params) {
  tarn_lrn_params *p = params;
  *p = (tarn_lrn_params){tarn__attr_int(attrs, "depth_radius"), tarn__attr_float(attrs, "bias"),
                         tarn__attr_float(attrs, "alpha"), tarn__attr_float(attrs, "beta")};
  if (p->depth_radius < 0 || p->depth_radius > INT32_MAX)
    return tarn_fail(TARN_INVALID, "depth_radius: expected 0 to 2^31 - 1, got %lld",
                     (long long)p->depth_radius);
  return TARN_OK;
}

static tarn_status infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_rank(t, 0, 4));
  for (int i = 1; i < t->inputs; i++) TARN_TRY(tarn__infer_same(t, 0, i));
  t->out[0] = t->in[0];
  return TARN_OK;
}

#define ATTRS                                                                        \
  "depth_radius: int = 5; bias: float = 1.0; alpha: float = 1.0; beta: float = 0.5;" \
  "T: {half, bfloat16, float} = float"

const tarn_op tarn_ops_lrn[] = {
    {.name = "LRN",
     .inputs = "input: T",
     .outputs = "output: T",
     .attrs = ATTRS,
     .params_bytes = sizeof(tarn_lrn_params),
     .parse = parse,
     .infer = infer,
     .formula = "y[..,c] = x[..,c] (bias + alpha sum_{|k-c| <= depth_radius} x[..,k]^2)^-beta",
     .cases = {"input=T[1x2x3x7]", "input=T[1x2x3x17] depth_radius=2 beta=0.75",
               "input=T[1x1x1x1] depth_radius=0", "input=T[0x2x3x7]",
               "input=T[1x27x27x96] depth_radius=2 bias=2.0 alpha=0.0001 beta=0.75"}},
    {.name = "LRNGrad",
     .inputs = "input_grads: T, input_image: T, output_image: T",
     .outputs = "output: T",
     .attrs = ATTRS,
     .params_bytes = sizeof(tarn_lrn_params),
     .parse = parse,
     .infer = infer,
     .formula = "dx[c] = dy[c] norm[c]^-beta - 2 alpha beta x[c] sum_{|k-c| <= depth_radius} dy[k] "
                "y[k] / norm[k]",
     .cases = {"input_grads=T[1x2x3x7] input_image=T[1x2x3x7] output_image=T[1x2x3x7]",
               "input_grads=T[1x2x3x17] input_image=T[1x2x3x17] output_image=T[1x2x3x17] "
               "depth_radius=2"}},
    {0},
};
