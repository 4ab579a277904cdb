/* Softmax over the last axis, and the losses made of it. Leading axes fold into rows r.
 *
 *   p[r,c] = exp(x[r,c] - m_r) / sum_j exp(x[r,j] - m_r),   m_r = max_j x[r,j]
 *
 * Subtracting m_r changes nothing in exact arithmetic and keeps exp at or below 1. */
#include "graph/op.h"

static tarn_status infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_rank_at_least(t, 0, 1));
  t->out[0] = t->in[0];
  return TARN_OK;
}

static tarn_status infer_dense(tarn_infer *t) {
  tarn_shape both;
  char text[TARN_SHAPE_TEXT];
  TARN_TRY(tarn__shape_broadcast(&t->in[0], &t->in[1], &both));
  if (both.rank != 2)
    return tarn_fail(TARN_SHAPE, "logits and labels must broadcast to rank 2, got %s",
                     tarn__shape_print(&both, text));
  t->out[0] = tarn__shape_vector(both.dim[0]);
  t->out[1] = both;
  return TARN_OK;
}

static tarn_status infer_sparse(tarn_infer *t) {
  TARN_TRY(tarn__infer_rank(t, 0, 2));
  TARN_TRY(tarn__infer_vector(t, 1));
  if (t->in[1].dim[0] != t->in[0].dim[0])
    return tarn_fail(TARN_SHAPE, "expected one label a row: %lld rows, %lld labels",
                     (long long)t->in[0].dim[0], (long long)t->in[1].dim[0]);
  if (t->in[0].dim[1] < 1) return tarn_fail(TARN_SHAPE, "expected at least one class, got none");
  t->out[0] = t->in[1];
  t->out[1] = t->in[0];
  return TARN_OK;
}

#define FLOAT_TYPES "T: {half, bfloat16, float, double}"

const tarn_op tarn_ops_softmax[] = {
    {.name = "Softmax",
     .inputs = "logits: T",
     .outputs = "softmax: T",
     .attrs = FLOAT_TYPES,
     .inplace = 1,
     .infer = infer,
     .formula = "y[r,c] = exp(x[r,c] - m_r) / sum_j exp(x[r,j] - m_r), m_r = max_j x[r,j]",
     .cases = {"logits=T[1x1]", "logits=T[3x17]", "logits=T[2x3x5]", "logits=T[7]", "logits=T[4x0]",
               "logits=T[0x4]", "logits=T[128x1000]"}},
    {.name = "LogSoftmax",
     .inputs = "logits: T",
     .outputs = "logsoftmax: T",
     .attrs = FLOAT_TYPES,
     .inplace = 1,
     .infer = infer,
     .formula = "y[r,c] = x[r,c] - m_r - log(sum_j exp(x[r,j] - m_r)), m_r = max_j x[r,j]",
     .cases = {"logits=T[1x1]", "logits=T[3x17]", "logits=T[2x3x5]", "logits=T[7]", "logits=T[4x0]",
               "logits=T[128x1000]"}},
    {.name = "SoftmaxCrossEntropyWithLogits",
     .inputs = "features: T, labels: T",
     .outputs = "loss: T, backprop: T",
     .attrs = FLOAT_TYPES,
     .infer = infer_dense,
     .formula = "loss[r] = -sum_c t[r,c] log p[r,c];  backprop = p - t;  p = softmax(x)",
     .cases = {"features=T[1x1] labels=T[1x1]:0..1", "features=T[3x17] labels=T[3x17]:0..1",
               "features=T[1x5] labels=T[3x5]:0..1", "features=T[3x5] labels=T[3x1]:0..1",
               "features=T[0x5] labels=T[0x5]", "features=T[128x1000] labels=T[128x1000]:0..1"}},
    {.name = "SparseSoftmaxCrossEntropyWithLogits",
     .inputs = "features: T, labels: Tlabels",
     .outputs = "loss: T, backprop: T",
     .attrs = FLOAT_TYPES "; Tlabels: {int32, int64} = int64",
     .infer = infer_sparse,
     .formula = "loss[r] = -log p[r,t_r];  backprop[r,c] = p[r,c] - (c = t_r);  p = softmax(x)",
     .cases = {"features=T[1x1] labels=i64{0}", "features=T[3x17] labels=i32{16,0,5}",
               "features=T[0x5] labels=i64[0]", "features=T[128x1000] labels=i64[128]:0..999"}},
    {0},
};
