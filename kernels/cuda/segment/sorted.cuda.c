/* Rows of segments whose ids rise: Segment*, SparseSegment* and their forms WithNumSegments. Those
 * without a number have as many rows as their last id says, so that a device takes them only where
 * the ids are constants. */
#include "kernels/cpu/array/elements.h"
#include "kernels/cuda/cuda.h"
#include "kernels/cuda/each/sets.h"
#include "kernels/cuda/index/run.h"
#include "kernels/cuda/segment/segment.h"

/* ids: input 1, or 2 behind indices. */
static tarn_status segments(const tarn_call *call, tarn_scatter_way way, tarn_segment_share share,
                            int ids) {
  const tarn_tensor *x = call->in[0], *y = call->out[0];
  if (tarn__tensor_elements(y) == 0 && tarn__tensor_elements(call->in[ids]) == 0) return TARN_OK;
  const tarn_cuda_segments work = {.n = tarn__tensor_elements(call->in[ids]),
                                   .row = tarn__dims_product(&x->shape, 1, x->shape.rank),
                                   .segments = y->shape.dim[0],
                                   .rows = x->shape.dim[0],
                                   .way = (int)way,
                                   .share = share,
                                   .wide_ids = call->in[ids]->dtype == TARN_I64,
                                   .wide_indices = call->in[1]->dtype == TARN_I64,
                                   .empty = way == TARN_SCATTER_MUL,
                                   .x = x->data,
                                   .indices = ids > 1 ? call->in[1]->data : NULL,
                                   .ids = call->in[ids]->data,
                                   .y = y->data,
                                   .fault = call->fault,
                                   .fault_step = call->fault_step};
  TARN_LAUNCHED(tarn__cuda_segments(tarn__stream(call), (int)x->dtype, &work));
  return TARN_OK;
}

#define FORM(NAME, WAY, SHARE, IDS)                                       \
  static tarn_status NAME(const tarn_call *call) {                        \
    return segments(call, TARN_SCATTER_##WAY, TARN_SEGMENT_##SHARE, IDS); \
  }
FORM(sum, ADD, WHOLE, 1)
FORM(mean, ADD, MEAN, 1)
FORM(product, MUL, WHOLE, 1)
FORM(smallest, LEAST, WHOLE, 1)
FORM(largest, MOST, WHOLE, 1)
FORM(listed_sum, ADD, WHOLE, 2)
FORM(listed_mean, ADD, MEAN, 2)
FORM(listed_root, ADD, ROOT, 2)
#undef FORM

static const char *refuse(const tarn_problem *p) {
  return p->out_shape[0].rank < 0 ? "as many rows as the last id says" : NULL;
}

#define SORTED(OP, DTYPES, RUN) \
  { .op = OP, .dtypes = DTYPES, .faults = true, .supports = refuse, .run = RUN }
#define LISTED(OP, DTYPES, RUN)                                                                 \
  SORTED("SparseSegment" OP, DTYPES, RUN), {                                                    \
    .op = "SparseSegment" OP "WithNumSegments", .dtypes = DTYPES, .host_in = 8, .faults = true, \
    .supports = refuse, .run = RUN                                                              \
  }
const tarn_kernel tarn_kernels_segment_sorted_cuda[] = {
    SORTED("SegmentSum", EACH_ORDERED_BITS, sum),
    SORTED("SegmentMean", EACH_ORDERED_BITS, mean),
    SORTED("SegmentProd", EACH_ORDERED_BITS, product),
    SORTED("SegmentMin", EACH_ORDERED_BITS, smallest),
    SORTED("SegmentMax", EACH_ORDERED_BITS, largest),
    LISTED("Sum", EACH_ORDERED_BITS, listed_sum),
    LISTED("Mean", EACH_FLOAT_BITS, listed_mean),
    LISTED("SqrtN", EACH_FLOAT_BITS, listed_root),
    {0},
};
