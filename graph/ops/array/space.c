/* Space folded into the batch or into channels, and back. */
#include "graph/op.h"
#include "kernels/params/array.h"

static tarn_status block_parse(const tarn_attrs *attrs, void *params) {
  tarn_block_params *p = params;
  p->block_size = tarn__attr_int(attrs, "block_size");
  if (!tarn__attr_find(attrs, "data_format")) return TARN_OK;
  if (tarn__attr_is(attrs, "data_format", "NCHW_VECT_C"))
    return tarn_fail(TARN_UNSUPPORTED, "data_format NCHW_VECT_C is for GPUs only");
  p->nchw = tarn__attr_is(attrs, "data_format", "NCHW");
  return TARN_OK;
}

/* Spatial dims that fold, with their blocks and paddings (or crops). */
typedef struct blocks {
  int count;
  int64_t block[TARN_MAX_RANK], before[TARN_MAX_RANK], after[TARN_MAX_RANK], product;
} blocks;

/* size: the block of both spatial dims, or 0: input 1 has them. margins: which input is [count,
 * 2]. */
static tarn_status read_blocks(const tarn_infer *t, int64_t size, int margins, blocks *b) {
  *b = (blocks){.count = 2, .product = 1};
  if (size) TARN_TRY(tarn__infer_rank(t, 0, 4));
  else TARN_TRY(tarn__infer_vector(t, 1));
  if (!size && t->in[1].dim[0] > t->in[0].rank - 1)
    return tarn_fail(TARN_SHAPE, "%lld blocks for a tensor of rank %d", (long long)t->in[1].dim[0],
                     t->in[0].rank);
  if (!size) b->count = (int)t->in[1].dim[0];
  TARN_TRY(tarn__infer_rank(t, margins, 2));
  if (t->in[margins].dim[0] != b->count || t->in[margins].dim[1] != 2)
    return tarn_fail(TARN_SHAPE, "expected [%d,2] for %d blocks, got [%lld,%lld]", b->count,
                     b->count, (long long)t->in[margins].dim[0], (long long)t->in[margins].dim[1]);
  if (!t->value[margins] || (!size && !t->value[1])) return TARN_OK;
  for (int i = 0; i < b->count; i++) {
    b->block[i] = size ? size : tarn__infer_int(t, 1, i);
    b->before[i] = tarn__infer_int(t, margins, 2 * i);
    b->after[i] = tarn__infer_int(t, margins, 2 * i + 1);
    if (b->block[i] < 1)
      return tarn_fail(TARN_INVALID, "block %d is %lld", i, (long long)b->block[i]);
    if (b->before[i] < 0 || b->after[i] < 0)
      return tarn_fail(TARN_INVALID, "margins of block %d are %lld and %lld", i,
                       (long long)b->before[i], (long long)b->after[i]);
    if (tarn__mul_overflow(b->product, b->block[i], &b->product))
      return tarn_fail(TARN_LIMIT, "the product of the blocks overflows");
  }
  return TARN_OK;
}

static tarn_status to_batch(tarn_infer *t, int64_t size, int margins) {
  blocks b;
  TARN_TRY(read_blocks(t, size, margins, &b));
  if (!t->value[margins] || (!size && !t->value[1])) return TARN_OK;
  tarn_shape out = t->in[0];
  for (int i = 0; i < b.count; i++) {
    int64_t *dim = &out.dim[1 + i];
    if (tarn__add_overflow(*dim, b.before[i], dim) || tarn__add_overflow(*dim, b.after[i], dim))
      return tarn_fail(TARN_LIMIT, "paddings of dim %d overflow", 1 + i);
    if (*dim % b.block[i])
      return tarn_fail(TARN_SHAPE, "padded dim %d of length %lld is no multiple of %lld", 1 + i,
                       (long long)*dim, (long long)b.block[i]);
    *dim /= b.block[i];
  }
  if (tarn__mul_overflow(out.dim[0], b.product, &out.dim[0]))
    return tarn_fail(TARN_LIMIT, "the batch overflows");
  return tarn__shape_make(out.rank, out.dim, &t->out[0]);
}

static tarn_status from_batch(tarn_infer *t, int64_t size, int margins) {
  blocks b;
  TARN_TRY(read_blocks(t, size, margins, &b));
  if (!t->value[margins] || (!size && !t->value[1])) return TARN_OK;
  tarn_shape out = t->in[0];
  if (out.dim[0] % b.product)
    return tarn_fail(TARN_SHAPE, "a batch of %lld is no multiple of %lld blocks",
                     (long long)out.dim[0], (long long)b.product);
  out.dim[0] /= b.product;
  for (int i = 0; i < b.count; i++) {
    int64_t *dim = &out.dim[1 + i];
    if (tarn__mul_overflow(*dim, b.block[i], dim))
      return tarn_fail(TARN_LIMIT, "dim %d overflows", 1 + i);
    if (b.before[i] > *dim || b.after[i] > *dim - b.before[i])
      return tarn_fail(TARN_SHAPE, "crops %lld and %lld of dim %d of length %lld",
                       (long long)b.before[i], (long long)b.after[i], 1 + i, (long long)*dim);
    *dim -= b.before[i] + b.after[i];
  }
  return tarn__shape_make(out.rank, out.dim, &t->out[0]);
}

static int64_t size_of(const tarn_infer *t) {
  return ((const tarn_block_params *)t->params)->block_size;
}
static tarn_status space_to_batch_infer(tarn_infer *t) { return to_batch(t, size_of(t), 1); }
static tarn_status space_to_batch_nd_infer(tarn_infer *t) { return to_batch(t, 0, 2); }
static tarn_status batch_to_space_infer(tarn_infer *t) { return from_batch(t, size_of(t), 1); }
static tarn_status batch_to_space_nd_infer(tarn_infer *t) { return from_batch(t, 0, 2); }

static tarn_status depth(tarn_infer *t, bool into_depth) {
  const tarn_block_params *p = t->params;
  TARN_TRY(tarn__infer_rank(t, 0, 4));
  tarn_shape s = t->in[0];
  int64_t b = p->block_size, area, *c = &s.dim[p->nchw ? 1 : 3], *h = &s.dim[p->nchw ? 2 : 1],
          *w = h + 1;
  if (tarn__mul_overflow(b, b, &area))
    return tarn_fail(TARN_LIMIT, "block_size %lld is too large", (long long)b);
  if (into_depth) {
    if (*h % b || *w % b)
      return tarn_fail(TARN_SHAPE, "%lld by %lld is no multiple of block_size %lld", (long long)*h,
                       (long long)*w, (long long)b);
    *h /= b;
    *w /= b;
    if (tarn__mul_overflow(*c, area, c)) return tarn_fail(TARN_LIMIT, "the channels overflow");
  } else {
    if (*c % area)
      return tarn_fail(TARN_SHAPE, "%lld channels are no multiple of block_size squared, %lld",
                       (long long)*c, (long long)area);
    *c /= area;
    if (tarn__mul_overflow(*h, b, h) || tarn__mul_overflow(*w, b, w))
      return tarn_fail(TARN_LIMIT, "a dim overflows");
  }
  return tarn__shape_make(4, s.dim, &t->out[0]);
}

static tarn_status space_to_depth_infer(tarn_infer *t) { return depth(t, true); }
static tarn_status depth_to_space_infer(tarn_infer *t) { return depth(t, false); }

#define BLOCK .params_bytes = sizeof(tarn_block_params), .parse = block_parse
#define DEPTH                                          \
  .inputs = "input: T", .outputs = "output: T", BLOCK, \
  .attrs = "T: type; block_size: int >= 2; data_format: {'NHWC', 'NCHW', 'NCHW_VECT_C'} = 'NHWC'"

const tarn_op tarn_ops_space[] = {
    {.name = "SpaceToBatch",
     .inputs = "input: T, paddings: Tpaddings",
     .outputs = "output: T",
     .attrs = "T: type; Tpaddings: {int32, int64} = int32; block_size: int >= 2",
     BLOCK,
     .infer = space_to_batch_infer,
     .formula = "output[(bh B + bw) N + n, h, w, c] = padded input[n, h B + bh, w B + bw, c]",
     .cases = {"input=T[2x4x6x3] paddings=i32[2x2]:0..0 block_size=2",
               "input=T[1x3x10x1] paddings=i32[2x2]:2..2 block_size=7",
               "input=T[0x4x4x3] paddings=i32[2x2]:0..0 block_size=2"}},
    {.name = "SpaceToBatchND",
     .inputs = "input: T, block_shape: Tblock_shape, paddings: Tpaddings",
     .outputs = "output: T",
     .attrs = "T: type; Tblock_shape: {int32, int64} = int32; Tpaddings: {int32, int64} = int32",
     .infer = space_to_batch_nd_infer,
     .formula =
         "output[(b0 B1 + b1) N + n, s0, s1, c] = padded input[n, s0 B0 + b0, s1 B1 + b1, c]",
     .cases = {"input=T[2x4x6x3] block_shape=i32{2,3} paddings=i32[2x2]:0..0",
               "input=T[2x5] block_shape=i64{3} paddings=i32[1x2]:2..2",
               "input=T[3x2] block_shape=i32{} paddings=i32[0x2]"}},
    {.name = "BatchToSpace",
     .inputs = "input: T, crops: Tidx",
     .outputs = "output: T",
     .attrs = "T: type; block_size: int >= 2; Tidx: {int32, int64} = int32",
     BLOCK,
     .infer = batch_to_space_infer,
     .formula = "the inverse of SpaceToBatch, then cropped",
     .cases = {"input=T[8x2x3x3] crops=i32[2x2]:0..0 block_size=2",
               "input=T[4x3x3x1] crops=i32[2x2]:1..1 block_size=2"}},
    {.name = "BatchToSpaceND",
     .inputs = "input: T, block_shape: Tblock_shape, crops: Tcrops",
     .outputs = "output: T",
     .attrs = "T: type; Tblock_shape: {int32, int64} = int32; Tcrops: {int32, int64} = int32",
     .infer = batch_to_space_nd_infer,
     .formula = "the inverse of SpaceToBatchND, then cropped",
     .cases = {"input=T[12x2x3x3] block_shape=i32{2,3} crops=i32[2x2]:0..1",
               "input=T[6x5] block_shape=i64{3} crops=i32[1x2]:2..2"}},
    {.name = "SpaceToDepth",
     DEPTH,
     .infer = space_to_depth_infer,
     .formula = "output[n, h, w, (bh B + bw) C + c] = input[n, h B + bh, w B + bw, c]",
     .cases = {"input=T[2x4x6x3] block_size=2", "input=T[2x3x6x6] block_size=3 data_format=NCHW",
               "input=T[0x4x4x1] block_size=2"}},
    {.name = "DepthToSpace",
     DEPTH,
     .infer = depth_to_space_infer,
     .formula = "output[n, h B + bh, w B + bw, c] = input[n, h, w, (bh B + bw) C + c]",
     .cases = {"input=T[2x2x3x12] block_size=2", "input=T[2x18x2x3] block_size=3 data_format=NCHW",
               "input=T[1x0x4x4] block_size=2"}},
    {0},
};
