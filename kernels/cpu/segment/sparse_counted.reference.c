/* SparseSegmentSum, Mean and SqrtN with the number of segments given: rows of segments without ids
 * stay 0. 16-bit floats are summed in float. */
#include "kernels/cpu/array/elements.h"
#include "kernels/cpu/dtype_rows.h"
#include "kernels/fault.h"

typedef enum share { WHOLE, MEAN, ROOT } share;

/* The root of n in the type of its first argument. */
#define root_of(like, n) _Generic((like), double : sqrt((double)(n)), default : sqrtf((float)(n)))
/* y[k] = sum over i in [from, end) of x[indices[i], k], over the number of them or its root */
#define SEGMENT(NAME, E, DT, suffix, S, A, GET, PUT)                                           \
  static void segment_##suffix(const tarn_tensor *x, const tarn_tensor *indices, int64_t from, \
                               int64_t end, int64_t width, share how, void *to) {              \
    for (int64_t k = 0; k < width; k++) {                                                      \
      A sum = 0;                                                                               \
      for (int64_t i = from; i < end; i++)                                                     \
        sum += GET(((const S *)x->data)[tarn__index_at(indices, i) * width + k]);              \
      ((S *)to)[k] = PUT(E);                                                                   \
    }                                                                                          \
  }
TARN_FLOAT_ROWS(SEGMENT, ,
                how == MEAN   ? sum / (float)(end - from)
                : how == ROOT ? sum / root_of(sum, end - from)
                              : sum)
TARN_WRAP_ROWS(SEGMENT, , ((void)how, sum))
#undef SEGMENT
#undef root_of

static tarn_status run(const tarn_call *call, share how) {
  const tarn_tensor *x = call->in[0], *indices = call->in[1], *ids = call->in[2];
  const int64_t n = ids->shape.dim[0], rows = x->shape.dim[0],
                segments = call->out[0]->shape.dim[0];
  const int64_t width = tarn__dims_product(&x->shape, 1, x->shape.rank);
  for (int64_t i = 0; i < n; i++) {
    const int64_t id = tarn__index_at(ids, i), row = tarn__index_at(indices, i);
    const int64_t before = i > 0 ? tarn__index_at(ids, i - 1) : id;
    const tarn_fault outside = {
        .kind = TARN_FAULT_SEGMENT, .at = i, .index = {id}, .dim = {segments}};
    const tarn_fault order = {.kind = TARN_FAULT_ORDER, .at = i, .index = {id, before}};
    const tarn_fault no_row = {.kind = TARN_FAULT_ROW, .at = i, .index = {row}, .dim = {rows}};
    if (id < 0 || id >= segments) return tarn__fault_fail(&outside);
    if (id < before) return tarn__fault_fail(&order);
    if (row < 0 || row >= rows) return tarn__fault_fail(&no_row);
  }
  TARN_TRY(tarn__clear_elements(call->out[0], 0, segments * width));
  for (int64_t from = 0, end; from < n; from = end) {
    const int64_t id = tarn__index_at(ids, from);
    for (end = from + 1; end < n && tarn__index_at(ids, end) == id;) end++;
    switch ((int)x->dtype) {
#define ROW(NAME, E, DT, suffix, S, A, GET, PUT)                                               \
  case DT:                                                                                     \
    segment_##suffix(x, indices, from, end, width, how, (S *)call->out[0]->data + id * width); \
    break;
      TARN_FLOAT_ROWS(ROW, , )
      TARN_WRAP_ROWS(ROW, , )
#undef ROW
      default:
        break;
    }
  }
  return TARN_OK;
}

static tarn_status sum(const tarn_call *call) {
  return run(call, WHOLE);
}
static tarn_status mean(const tarn_call *call) {
  return run(call, MEAN);
}
static tarn_status root(const tarn_call *call) {
  return run(call, ROOT);
}

const tarn_kernel tarn_kernels_segment_sparse_counted_reference[] = {
    {.op = "SparseSegmentSumWithNumSegments", .dtypes = TARN_REALS, .run = sum},
    {.op = "SparseSegmentMeanWithNumSegments", .dtypes = TARN_FLOATS, .run = mean},
    {.op = "SparseSegmentSqrtNWithNumSegments", .dtypes = TARN_FLOATS, .run = root},
    {0},
};
