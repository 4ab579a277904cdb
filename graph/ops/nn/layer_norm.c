/* Layer normalization (Ba, Kiros, Hinton, 2016) over the last axis; leading axes fold into rows.
 * Made by the pass fuse_rows, never found in a file. */
#include "kernels/params/layer_norm.h"

#include "graph/op.h"

static tarn_status parse(const tarn_attrs *attrs, void *params) {
  ((tarn_layer_norm_params *)params)->epsilon = tarn__attr_float(attrs, "epsilon");
  return TARN_OK;
}

static tarn_status infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_rank_at_least(t, 0, 1));
  const int64_t C = t->in[0].dim[t->in[0].rank - 1];
  for (int i = 1; i < 3; i++)
    if (t->in[i].rank < 1 || tarn__shape_elements(&t->in[i]) != C)
      return tarn_fail(TARN_SHAPE, "input %d has %lld elements, the last dim is %lld", i,
                       (long long)tarn__shape_elements(&t->in[i]), (long long)C);
  t->out[0] = t->in[0];
  return TARN_OK;
}

const tarn_op tarn_ops_layer_norm[] = {
    {.name = "_LayerNorm",
     .inputs = "x: T, scale: T, offset: T",
     .outputs = "y: T",
     .attrs = "T: {float}; epsilon: float = 0.001",
     .inplace = 1,
     .params_bytes = sizeof(tarn_layer_norm_params),
     .parse = parse,
     .infer = infer,
     .formula = "y[r,c] = (x[r,c] - m_r) / sqrt(v_r + epsilon) * scale[c] + offset[c], m and v the "
                "mean and "
                "variance of row r",
     .cases = {"x=T[3x17] scale=T[17] offset=T[17]", "x=T[1x1] scale=T[1] offset=T[1]",
               "x=T[2x3x5] scale=T[1x5] offset=T[5] epsilon=0.1", "x=T[0x4] scale=T[4] offset=T[4]",
               "x=T[4x0] scale=T[0] offset=T[0]", "x=T[128x768] scale=T[768] offset=T[768]"}},
    {0},
};
