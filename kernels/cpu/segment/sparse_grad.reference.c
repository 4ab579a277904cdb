/* Each listed row of the gradient is added to the row that its index names, over the size of its segment or its root.
 * Sizes of segments are counted first: scratch holds one int64 for each row of the gradient. */
#include "kernels/cpu/array/elements.h"
#include "kernels/cpu/dtype_rows.h"

typedef enum share { WHOLE, MEAN, ROOT } share;

static size_t scratch(const tarn_problem *p, int threads) {
  (void)threads;
  return (size_t)p->in_shape[0].dim[0] * sizeof(int64_t); /* infer has checked that this fits */
}

static tarn_status count(const tarn_call *call, int64_t *sizes) {
  const tarn_tensor *indices = call->in[1], *ids = call->in[2];
  int64_t segments = call->in[0]->shape.dim[0], rows = call->out[0]->shape.dim[0];
  for (int64_t s = 0; s < segments; s++) sizes[s] = 0;
  for (int64_t i = 0; i < ids->shape.dim[0]; i++) {
    int64_t id = tarn__index_at(ids, i), row = tarn__index_at(indices, i);
    if (id < 0 || id >= segments)
      return tarn_fail(TARN_INVALID, "segment_ids[%lld] = %lld is not in [0, %lld)", (long long)i, (long long)id,
                       (long long)segments);
    if (row < 0 || row >= rows)
      return tarn_fail(TARN_INVALID, "indices[%lld] = %lld is not in [0, %lld)", (long long)i, (long long)row,
                       (long long)rows);
    sizes[id]++;
  }
  return TARN_OK;
}

#define ADD(NAME, E, DT, SUFFIX, S, A, GET, PUT)                                                 \
  case DT: {                                                                                     \
    const S *from = (const S *)call->in[0]->data + id * width;                                   \
    S *to = (S *)call->out[0]->data + row * width;                                               \
    for (int64_t k = 0; k < width; k++) to[k] = PUT(GET(to[k]) + GET(from[k]) * (A)scale);       \
    break;                                                                                       \
  }

static tarn_status gradient(const tarn_call *call, share how) {
  int64_t *sizes = call->scratch;
  TARN_TRY(count(call, sizes));
  const tarn_tensor *ids = call->in[2];
  tarn_tensor *y = call->out[0];
  int64_t width = tarn__dims_product(&y->shape, 1, y->shape.rank);
  TARN_TRY(tarn__clear_elements(y, 0, tarn__tensor_elements(y)));
  for (int64_t i = 0; i < ids->shape.dim[0]; i++) {
    int64_t id = tarn__index_at(ids, i), row = tarn__index_at(call->in[1], i);
    double size = (double)sizes[id], scale = how == WHOLE ? 1 : how == MEAN ? 1 / size : 1 / sqrt(size);
    switch ((int)y->dtype) {
      TARN_FLOAT_ROWS(ADD, , )
      default: break;
    }
  }
  return TARN_OK;
}

static tarn_status sum(const tarn_call *call) { return gradient(call, WHOLE); }
static tarn_status mean(const tarn_call *call) { return gradient(call, MEAN); }
static tarn_status root(const tarn_call *call) { return gradient(call, ROOT); }

const tarn_kernel tarn_kernels_segment_sparse_grad_reference[] = {
  {.op = "SparseSegmentSumGrad", .dtypes = TARN_FLOATS, .scratch_bytes = scratch, .run = sum},
  {.op = "SparseSegmentMeanGrad", .dtypes = TARN_FLOATS, .scratch_bytes = scratch, .run = mean},
  {.op = "SparseSegmentSqrtNGrad", .dtypes = TARN_FLOATS, .scratch_bytes = scratch, .run = root},
  {0},
};
