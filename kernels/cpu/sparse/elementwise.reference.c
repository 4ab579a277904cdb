/* SparseDenseCwise: the values of a sparse tensor with the elements of a dense one where they
 * stand. */
#include "kernels/cpu/dtype_rows.h"
#include "kernels/kernel.h"

/* The element of the dense tensor, broadcast to the sparse shape, that index row i means. */
static tarn_status place(const tarn_call *call, int64_t i, int64_t *at) {
  const int rank = (int)call->in[0]->shape.dim[1];
  const tarn_shape *dense = &call->in[3]->shape;
  const int64_t *index = (const int64_t *)call->in[0]->data + i * rank, *shape = call->in[2]->data;
  const int before = rank - dense->rank;
  *at = 0;
  for (int k = 0; k < rank; k++) {
    if (index[k] < 0 || index[k] >= shape[k])
      return tarn_fail(TARN_INVALID, "index %lld of row %lld leaves dim %d of length %lld",
                       (long long)index[k], (long long)i, k, (long long)shape[k]);
    if (k < before) continue;
    *at = *at * dense->dim[k - before] + (dense->dim[k - before] == 1 ? 0 : index[k]);
  }
  return TARN_OK;
}

/* The dense tensor must stretch to the sparse shape; the other way round there is no sparse
 * result. */
static tarn_status check(const tarn_call *call) {
  const tarn_shape *dense = &call->in[3]->shape;
  const int64_t rank = call->in[0]->shape.dim[1], *shape = call->in[2]->data;
  for (int64_t k = 0; k < dense->rank; k++) {
    const int64_t wanted = shape[rank - dense->rank + k];
    if (dense->dim[k] != 1 && dense->dim[k] != wanted)
      return tarn_fail(TARN_SHAPE,
                       "dense dim %lld of length %lld does not broadcast to the sparse length %lld",
                       (long long)k, (long long)dense->dim[k], (long long)wanted);
  }
  return TARN_OK;
}

#define KERNEL(name, E, DTYPE, suffix, S, A, GET, PUT)        \
  static tarn_status name##_##suffix(const tarn_call *call) { \
    const S *x = call->in[1]->data, *w = call->in[3]->data;   \
    S *y = call->out[0]->data;                                \
    for (int64_t i = 0; i < call->in[1]->shape.dim[0]; i++) { \
      int64_t at;                                             \
      TARN_TRY(place(call, i, &at));                          \
      const A a = (A)GET(x[i]), b = (A)GET(w[at]);            \
      y[i] = (S)PUT(E);                                       \
    }                                                         \
    return TARN_OK;                                           \
  }
TARN_RING_ROWS(KERNEL, mul, a * b)
TARN_RING_ROWS(KERNEL, add, a + b)
TARN_FIELD_ROWS(KERNEL, div, a / b)
#undef KERNEL
/* The least integer by -1 leaves its type: its own negative, wrapped, is the answer. */
#define KERNEL(name, E, DTYPE, suffix, S, A, GET, PUT)                                       \
  static tarn_status name##_##suffix(const tarn_call *call) {                                \
    const S *x = call->in[1]->data, *w = call->in[3]->data;                                  \
    S *y = call->out[0]->data;                                                               \
    for (int64_t i = 0; i < call->in[1]->shape.dim[0]; i++) {                                \
      int64_t at;                                                                            \
      TARN_TRY(place(call, i, &at));                                                         \
      if (w[at] == 0) return tarn_fail(TARN_INVALID, "Integer division by zero");            \
      y[i] = (S)(w[at] == (S)-1 && (S)-1 < 1 ? (S)(0 - (uint64_t)x[i]) : (S)(x[i] / w[at])); \
    }                                                                                        \
    return TARN_OK;                                                                          \
  }
TARN_INT_ROWS(KERNEL, div, 0)
#undef KERNEL

#define CASE(name, E, DTYPE, suffix, S, A, GET, PUT) \
  case DTYPE: return name##_##suffix(call);
#define RUN(name, ROWS)                                                         \
  static tarn_status name(const tarn_call *call) {                              \
    TARN_TRY(check(call));                                                      \
    switch ((int)call->in[1]->dtype) { ROWS default: break; }                   \
    return tarn_fail(TARN_DTYPE, "no kernel for this dtype");                   \
  }
RUN(mul, TARN_RING_ROWS(CASE, mul, 0))
RUN(add, TARN_RING_ROWS(CASE, add, 0))
RUN(div, TARN_FIELD_ROWS(CASE, div, 0) TARN_INT_ROWS(CASE, div, 0))
#undef CASE
#undef RUN

const tarn_kernel tarn_kernels_sparse_elementwise_reference[] = {
    {.op = "SparseDenseCwiseMul",
     .name = "sparse_dense",
     .dtypes = TARN_RING_BITS,
     .keyed = 1,
     .run = mul},
    {.op = "SparseDenseCwiseAdd",
     .name = "sparse_dense",
     .dtypes = TARN_RING_BITS,
     .keyed = 1,
     .run = add},
    {.op = "SparseDenseCwiseDiv",
     .name = "sparse_dense",
     .dtypes = TARN_FIELD_BITS | TARN_INT_BITS,
     .keyed = 1,
     .run = div},
    {0},
};
