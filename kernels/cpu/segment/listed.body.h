/* SparseSegmentSum, Mean and SqrtN in float and double, for AVX2 and AVX-512: rows of x are added
 * into the row of their segment. */
#include "kernels/cpu/array/elements.h"
#include "kernels/cpu/dtype_rows.h"
#include "kernels/cpu/segment/listed.h"
#include "kernels/kernel.h"

typedef enum mean { SUM, MEAN, ROOT_MEAN } mean;

#define LISTED(SUFFIX, T)                                                               \
  /* y = the sum of `count` listed rows, over `over`. */                                \
  static void sum_##SUFFIX(T *y, const T *x, const tarn_tensor *indices, int64_t first, \
                           int64_t count, int64_t row, T over) {                        \
    memcpy(y, x + tarn__index_at(indices, first) * row, (size_t)row * sizeof *y);       \
    for (int64_t i = 1; i < count; i++) {                                               \
      const T *from = x + tarn__index_at(indices, first + i) * row;                     \
      TARN_EACH_LANE                                                                    \
      for (int64_t k = 0; k < row; k++) y[k] += from[k];                                \
    }                                                                                   \
    if (over == 1) return;                                                              \
    TARN_EACH_LANE                                                                      \
    for (int64_t k = 0; k < row; k++) y[k] /= over;                                     \
  }
LISTED(f32, float)
LISTED(f64, double)

static tarn_status segments(const tarn_call *call, mean how) {
  const tarn_tensor *x = call->in[0], *indices = call->in[1], *ids = call->in[2];
  const int64_t n = tarn__tensor_elements(ids),
                row = tarn__dims_product(&x->shape, 1, x->shape.rank);
  TARN_TRY(tarn__listed_segments(call));
  tarn_tensor *y = call->out[0];
  if (tarn__tensor_elements(y) == 0) return TARN_OK;
  int64_t filled = 0;            /* rows of y */
  for (int64_t first = 0, end; first < n; first = end) {
    const int64_t id = tarn__index_at(ids, first);
    for (end = first + 1; end < n && tarn__index_at(ids, end) == id;) end++;
    if (id > filled) TARN_TRY(tarn__clear_elements(y, filled * row, (id - filled) * row));
    filled = id + 1;
    const int64_t count = end - first;
    const double over = how == MEAN ? (double)count : how == ROOT_MEAN ? sqrt((double)count) : 1;
    if (y->dtype == TARN_F32)
      sum_f32((float *)y->data + id * row, x->data, indices, first, count, row, (float)over);
    else sum_f64((double *)y->data + id * row, x->data, indices, first, count, row, over);
  }
  return TARN_OK;
}

static tarn_status segment_sum(const tarn_call *call) { return segments(call, SUM); }
static tarn_status segment_mean(const tarn_call *call) { return segments(call, MEAN); }
static tarn_status segment_root(const tarn_call *call) { return segments(call, ROOT_MEAN); }

#define ROW(text, name) \
  {.op = text, .dtypes = TARN_BIT(TARN_F32) | TARN_BIT(TARN_F64), .run = segment_##name},
#define ROWS \
  ROW("SparseSegmentSum", sum) ROW("SparseSegmentMean", mean) ROW("SparseSegmentSqrtN", root)
