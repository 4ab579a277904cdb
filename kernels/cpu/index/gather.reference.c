/* Each index copies one contiguous row. */
#include "kernels/cpu/index/index_rows.h"
#include "kernels/params/array.h"

static tarn_status gather(const tarn_call *call, int axis, int batch) {
  const tarn_tensor *x = call->in[0], *indices = call->in[1];
  tarn_tensor *y = call->out[0];
  int64_t batches = tarn__dims_product(&x->shape, 0, batch),
          outer = tarn__dims_product(&x->shape, batch, axis);
  int64_t dim = x->shape.dim[axis], row = tarn__dims_product(&x->shape, axis + 1, x->shape.rank);
  int64_t n = tarn__dims_product(&indices->shape, batch, indices->shape.rank);
  /* Once for all: with an empty result nobody reads the indices, as in TensorFlow. */
  if (tarn__tensor_elements(y) == 0) return TARN_OK;
  int64_t all = batches * n;
  for (int64_t i = 0; i < all; i++) {
    int64_t j = tarn__index_at(indices, i);
    if (j < 0 || j >= dim)
      return tarn_fail(TARN_INVALID, "indices[%lld] = %lld is not in [0, %lld)", (long long)i,
                       (long long)j, (long long)dim);
  }
  int64_t to = 0;
  for (int64_t b = 0; b < batches; b++)
    for (int64_t o = 0; o < outer; o++) {
      int64_t from = (b * outer + o) * dim;
      for (int64_t i = 0; i < n; i++, to += row)
        TARN_TRY(tarn__move(y, to, x, (from + tarn__index_at(indices, b * n + i)) * row, row));
    }
  return TARN_OK;
}

static tarn_status gather_v1(const tarn_call *call) { return gather(call, 0, 0); }

static tarn_status gather_v2(const tarn_call *call) {
  const tarn_gather_params *p = call->problem->params;
  int64_t axis = tarn__index_at(call->in[2], 0), batch = p->batch_dims;
  if (axis < 0) axis += call->in[0]->shape.rank;
  if (batch < 0) batch += call->in[1]->shape.rank;
  return gather(call, (int)axis, (int)batch);
}

static tarn_status gather_nd(const tarn_call *call) {
  const tarn_bad_indices_params *p = call->problem->params;
  tarn_tensor *y = call->out[0];
  tarn_index_rows r = tarn__index_rows(call->in[1], &call->in[0]->shape);
  if (r.row == 0) return TARN_OK;
  const bool plain = tarn__is_plain(y->dtype);
  const size_t bytes = tarn_dtype_bytes(y->dtype), row_bytes = (size_t)r.row * bytes;
  const char *x = call->in[0]->data;
  for (int64_t i = 0; i < r.n; i++) {
    int64_t at = tarn__index_row(&r, i);
    if (plain && at >= 0)
      tarn__copy_short((char *)y->data + (size_t)i * row_bytes, x + (size_t)at * bytes, row_bytes);
    else if (at >= 0) TARN_TRY(tarn__move(y, i * r.row, call->in[0], at, r.row));
    else if (p->ignore) TARN_TRY(tarn__clear_elements(y, i * r.row, r.row));
    else return tarn__index_row_fail(&r, i);
  }
  return TARN_OK;
}

const tarn_kernel tarn_kernels_index_gather_reference[] = {
  {.op = "Gather", .run = gather_v1},
  {.op = "GatherV2", .run = gather_v2},
  {.op = "GatherNd", .run = gather_nd},
  {0},
};
