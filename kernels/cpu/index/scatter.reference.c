/* Values put, or combined, at index tuples; in order, so of equal tuples the last wins. */
#include "kernels/cpu/array/numeric.h"
#include "kernels/cpu/index/index_rows.h"
#include "kernels/params/array.h"

typedef enum way { PUT_THERE, ADD, SUBTRACT, SMALLER, LARGER } way;

/* n elements of updates onto y. */
static void combine(way how, tarn_tensor *y, int64_t at, const tarn_tensor *updates, int64_t from,
                    int64_t n) {
  if (how == ADD || how == SUBTRACT) {
    switch ((int)y->dtype) {
#define ROW(DT, S, A, GET, PUT)                                                               \
  case DT: {                                                                                  \
    S *a = (S *)y->data + at;                                                                 \
    const S *b = (const S *)updates->data + from;                                             \
    for (int64_t i = 0; i < n; i++)                                                           \
      a[i] = how == ADD ? PUT(GET(a[i]) + GET(b[i])) : PUT(GET(a[i]) - GET(b[i]));            \
    break;                                                                                    \
  }
      TARN_RING_ROWS(ROW)
#undef ROW
      case TARN_BOOL: /* as C++ adds and subtracts bools */
        for (int64_t i = 0; i < n; i++) {
          uint8_t *a = (uint8_t *)y->data + at + i, b = ((const uint8_t *)updates->data)[from + i];
          *a = how == ADD ? *a || b : *a != b;
        }
        break;
      default: break;
    }
    return;
  }
  switch ((int)y->dtype) {
#define ROW(DT, S, A, GET, PUT)                                                               \
  case DT: {                                                                                  \
    S *a = (S *)y->data + at;                                                                 \
    const S *b = (const S *)updates->data + from;                                             \
    if (how == SMALLER)                                                                       \
      for (int64_t i = 0; i < n; i++) a[i] = GET(b[i]) < GET(a[i]) ? b[i] : a[i];             \
    else                                                                                      \
      for (int64_t i = 0; i < n; i++) a[i] = GET(b[i]) > GET(a[i]) ? b[i] : a[i];             \
    break;                                                                                    \
  }
    TARN_ORDERED_ROWS(ROW)
#undef ROW
    default: break;
  }
}

/* Strings have one sum: one behind the other. */
static tarn_status append(tarn_tensor *y, int64_t at, const tarn_tensor *updates, int64_t from,
                          int64_t n) {
  for (int64_t i = 0; i < n; i++)
    TARN_TRY(tarn__string_join(y, at + i, ((const tarn_string *)y->data)[at + i],
                               ((const tarn_string *)updates->data)[from + i]));
  return TARN_OK;
}

static tarn_status scatter(const tarn_call *call, way how, const tarn_tensor *indices,
                           const tarn_tensor *updates) {
  const tarn_bad_indices_params *p = call->problem->params;
  tarn_tensor *y = call->out[0];
  tarn_index_rows r = tarn__index_rows(indices, &y->shape);
  if (r.row == 0) return TARN_OK;
  for (int64_t i = 0; i < r.n; i++) {
    int64_t at = tarn__index_row(&r, i);
    if (at < 0 && p->ignore) continue;
    if (at < 0) return tarn__index_row_fail(&r, i);
    if (how == PUT_THERE) TARN_TRY(tarn__move(y, at, updates, i * r.row, r.row));
    else if (y->dtype == TARN_STRING) TARN_TRY(append(y, at, updates, i * r.row, r.row));
    else combine(how, y, at, updates, i * r.row, r.row);
  }
  return TARN_OK;
}

static tarn_status scatter_nd(const tarn_call *call) {
  tarn_tensor *y = call->out[0];
  TARN_TRY(tarn__clear_elements(y, 0, tarn__tensor_elements(y)));
  return scatter(call, ADD, call->in[0], call->in[1]);
}

static tarn_status into(const tarn_call *call, way how) {
  tarn_tensor *y = call->out[0];
  if (y->data != call->in[0]->data)
    TARN_TRY(tarn__move(y, 0, call->in[0], 0, tarn__tensor_elements(y)));
  return scatter(call, how, call->in[1], call->in[2]);
}

static tarn_status into_put(const tarn_call *call) { return into(call, PUT_THERE); }
static tarn_status into_add(const tarn_call *call) { return into(call, ADD); }
static tarn_status into_subtract(const tarn_call *call) { return into(call, SUBTRACT); }
static tarn_status into_smaller(const tarn_call *call) { return into(call, SMALLER); }
static tarn_status into_larger(const tarn_call *call) { return into(call, LARGER); }

static tarn_status sparse_to_dense(const tarn_call *call) {
  const tarn_sparse_to_dense_params *p = call->problem->params;
  const tarn_tensor *indices = call->in[0], *values = call->in[2];
  tarn_tensor *y = call->out[0];
  int64_t n = indices->shape.rank > 0 ? indices->shape.dim[0] : 1, before = -1;
  tarn_index_rows r = {indices, &y->shape, y->shape.rank, n, 1};
  const bool plain = tarn__is_plain(y->dtype);
  const size_t bytes = tarn_dtype_bytes(y->dtype);
  TARN_TRY(tarn__repeat(y, 0, tarn__tensor_elements(y), call->in[3], 0));
  for (int64_t i = 0; i < n; i++) {
    int64_t at = tarn__index_row(&r, i);
    if (at < 0) return tarn__index_row_fail(&r, i);
    if (p->validate_indices && at <= before)
      return tarn_fail(TARN_INVALID, "sparse_indices[%lld] is %s", (long long)i,
                       at == before ? "repeated" : "out of order");
    before = at;
    const int64_t from = values->shape.rank ? i : 0;
    if (plain)
      tarn__copy_short((char *)y->data + (size_t)at * bytes,
                       (const char *)values->data + (size_t)from * bytes, bytes);
    else TARN_TRY(tarn__move(y, at, values, from, 1));
  }
  return TARN_OK;
}

#define SUMMABLE (TARN_RING | TARN_BIT(TARN_BOOL))

const tarn_kernel tarn_kernels_index_scatter_reference[] = {
  {.op = "ScatterNd", .run = scatter_nd, .keyed = 1, .dtypes = SUMMABLE | TARN_BIT(TARN_STRING)},
  {.op = "ScatterNdNonAliasingAdd", .run = into_add, .dtypes = SUMMABLE},
  {.op = "TensorScatterUpdate", .run = into_put},
  {.op = "TensorScatterAdd", .run = into_add, .dtypes = SUMMABLE},
  {.op = "TensorScatterSub", .run = into_subtract, .dtypes = SUMMABLE},
  {.op = "TensorScatterMin", .run = into_smaller, .dtypes = TARN_REALS},
  {.op = "TensorScatterMax", .run = into_larger, .dtypes = TARN_REALS},
  {.op = "SparseToDense", .run = sparse_to_dense},
  {0},
};
