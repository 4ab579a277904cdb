/* Products of matrices, single and in batches.
 *
 *   c[b,m,n] = sum_k a[b,m,k] b[b,k,n], the operands transposed (MatMul) or adjoint (BatchMatMul)
 * where asked
 *
 * Batch dims of BatchMatMulV2 and V3 broadcast; those of BatchMatMul must be equal. */
#include "graph/op.h"
#include "kernels/params/matmul.h"

static tarn_status parse(const tarn_attrs *attrs, void *params) {
  tarn_matmul_params *p = params;
  p->transpose_a = tarn__attr_bool(attrs, "transpose_a");
  p->transpose_b = tarn__attr_bool(attrs, "transpose_b");
  return TARN_OK;
}
static tarn_status parse_batch(const tarn_attrs *attrs, void *params) {
  tarn_matmul_params *p = params;
  p->transpose_a = tarn__attr_bool(attrs, "adj_x");
  p->transpose_b = tarn__attr_bool(attrs, "adj_y");
  p->conjugate = true;
  return TARN_OK;
}

/* M, K and N fit; the batch dims are the caller's. */
static tarn_status product(tarn_infer *t, const tarn_shape *batch) {
  const tarn_matmul_params *p = t->params;
  const tarn_shape *a = &t->in[0], *b = &t->in[1];
  int64_t m = a->dim[a->rank - (p->transpose_a ? 1 : 2)],
          k = a->dim[a->rank - (p->transpose_a ? 2 : 1)];
  int64_t kb = b->dim[b->rank - (p->transpose_b ? 1 : 2)],
          n = b->dim[b->rank - (p->transpose_b ? 2 : 1)];
  char x[TARN_SHAPE_TEXT], y[TARN_SHAPE_TEXT];
  if (k != kb)
    return tarn_fail(TARN_SHAPE, "inner dims differ: %lld and %lld, of %s%s and %s%s", (long long)k,
                     (long long)kb, tarn__shape_print(a, x), p->transpose_a ? " transposed" : "",
                     tarn__shape_print(b, y), p->transpose_b ? " transposed" : "");
  if (batch->rank > TARN_MAX_RANK - 2)
    return tarn_fail(TARN_SHAPE, "too many batch dims: %d", batch->rank);
  int64_t dims[TARN_MAX_RANK];
  for (int d = 0; d < batch->rank; d++) dims[d] = batch->dim[d];
  dims[batch->rank] = m;
  dims[batch->rank + 1] = n;
  return tarn__shape_make(batch->rank + 2, dims, &t->out[0]);
}

static tarn_status infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_rank(t, 0, 2));
  TARN_TRY(tarn__infer_rank(t, 1, 2));
  return product(t, &(tarn_shape){.rank = 0});
}

static tarn_shape batch_of(const tarn_shape *x) {
  tarn_shape batch = *x;
  batch.rank = x->rank - 2;
  return batch;
}
static tarn_status infer_broadcast(tarn_infer *t) {
  TARN_TRY(tarn__infer_rank_at_least(t, 0, 2));
  TARN_TRY(tarn__infer_rank_at_least(t, 1, 2));
  tarn_shape a = batch_of(&t->in[0]), b = batch_of(&t->in[1]), both;
  TARN_TRY_IN(tarn__shape_broadcast(&a, &b, &both), "broadcasting the batch dims");
  return product(t, &both);
}
static tarn_status infer_batch(tarn_infer *t) {
  TARN_TRY(tarn__infer_rank_at_least(t, 0, 2));
  TARN_TRY(tarn__infer_rank_at_least(t, 1, 2));
  tarn_shape a = batch_of(&t->in[0]), b = batch_of(&t->in[1]);
  char x[TARN_SHAPE_TEXT], y[TARN_SHAPE_TEXT];
  if (!tarn__shape_equal(&a, &b))
    return tarn_fail(TARN_SHAPE, "batch dims differ: %s and %s", tarn__shape_print(&t->in[0], x),
                     tarn__shape_print(&t->in[1], y));
  return product(t, &a);
}

#define BATCH_ATTRS \
  "adj_x: bool = false; adj_y: bool = false; grad_x: bool = false; grad_y: bool = false"
#define BATCH_FORMULA "c[b,m,n] = sum_k a[b,m,k] b[b,k,n]"

const tarn_op tarn_ops_matmul[] = {
    {.name = "MatMul",
     .inputs = "a: T, b: T",
     .outputs = "product: T",
     .attrs = "transpose_a: bool = false; transpose_b: bool = false; grad_a: bool = false; grad_b: "
              "bool = false;"
              "T: {bfloat16, half, float, double, int32, int64, uint8, uint16, uint32, uint64, "
              "int8, int16,"
              "complex64, complex128}",
     .params_bytes = sizeof(tarn_matmul_params),
     .parse = parse,
     .infer = infer,
     .formula = "c[m,n] = sum_k a[m,k] b[k,n]",
     .cases = {"a=T[3x5] b=T[5x7]", "a=T[5x3] b=T[5x7] transpose_a=true",
               "a=T[3x5] b=T[7x5] transpose_b=true",
               "a=T[5x3] b=T[7x5] transpose_a=true transpose_b=true", "a=T[2x0] b=T[0x3]",
               "a=T[4x3] b=T[3x0]", "a=T[1x512] b=T[512x1000]", "a=T[31x65] b=T[65x33]",
               "a=T[256x256] b=T[256x256]", "a=T[7x45] b=T[7x83] transpose_a=true",
               "a=T[2x1030] b=T[2x1024] transpose_a=true", "a=T[1x37] b=T[37x70]",
               "a=f32[270x1030] b=f32[1030x49]", "a=bf16[1010x9] b=bf16[9x77]"}},
    {.name = "BatchMatMul",
     .inputs = "x: T, y: T",
     .outputs = "output: T",
     .attrs =
         "T: {bfloat16, half, float, double, int32, int64, complex64, complex128};" BATCH_ATTRS,
     .params_bytes = sizeof(tarn_matmul_params),
     .parse = parse_batch,
     .infer = infer_batch,
     .formula = BATCH_FORMULA,
     .cases = {"x=T[2x3x5] y=T[2x5x7]", "x=T[2x5x3] y=T[2x7x5] adj_x=true adj_y=true",
               "x=T[0x3x5] y=T[0x5x7]"}},
    {.name = "BatchMatMulV2",
     .inputs = "x: T, y: T",
     .outputs = "output: T",
     .attrs = "T: {bfloat16, half, float, double, int16, int32, int64, uint8, uint16, uint32, "
              "uint64, complex64,"
              "complex128};" BATCH_ATTRS,
     .params_bytes = sizeof(tarn_matmul_params),
     .parse = parse_batch,
     .infer = infer_broadcast,
     .formula = BATCH_FORMULA,
     .cases = {"x=T[2x3x5] y=T[2x5x7]", "x=T[5x3] y=T[4x2x5x7] adj_x=true",
               "x=T[2x1x3x5] y=T[3x7x5] adj_y=true", "x=T[0x3x5] y=T[1x5x7]",
               "x=T[8x64x32] y=T[8x32x64]"}},
    {.name = "BatchMatMulV3",
     .inputs = "x: Ta, y: Tb",
     .outputs = "output: Tout",
     .attrs = "Ta: {bfloat16, half, float, double, uint8, int8, int16, int32, int64, complex64, "
              "complex128};"
              "Tb: {bfloat16, half, float, double, uint8, int8, int16, int32, int64, complex64, "
              "complex128};"
              "Tout: {bfloat16, half, float, double, int16, int32, int64, complex64, "
              "complex128};" BATCH_ATTRS,
     .params_bytes = sizeof(tarn_matmul_params),
     .parse = parse_batch,
     .infer = infer_broadcast,
     .formula = BATCH_FORMULA,
     .cases = {"x=f32[2x3x5] y=f32[2x5x7] Tout=float",
               "x=f64[5x3] y=f64[4x2x5x7] adj_x=true Tout=double",
               "x=u8[2x3x5] y=i8[5x7] Tout=int32",
               "x=bf16[5x3] y=u8[2x7x5] adj_x=true adj_y=true Tout=bfloat16"}},
    {0},
};
