/* SparseFillEmptyRows, RaggedFillEmptyRows and their gradients. Entries keep their order within a
 * row; those of a ragged tensor are row ids alone, one dim. */
#include "kernels/cpu/dtype_rows.h"
#include "kernels/cpu/sparse/entries.h"

static tarn_status fill_entries(const tarn_call *call, const tarn_entries *entries) {
  const tarn_entries e = *entries;
  const int64_t rows = ((const int64_t *)call->in[2]->data)[0];
  for (int64_t i = 0; i < e.n; i++) {
    const int64_t row = e.index[i * e.rank];
    if (row < 0 || row >= rows)
      return tarn_fail(TARN_INVALID, "indices(%lld, 0) is invalid: %lld is not in [0, %lld)",
                       (long long)i, (long long)row, (long long)rows);
  }
  /* next[r]: first how many entries row r has, then where its next one goes. */
  if (rows > INT64_MAX / (int64_t)sizeof(int64_t))
    return tarn_fail(TARN_LIMIT, "%lld rows", (long long)rows);
  const size_t bytes = (size_t)rows * sizeof(int64_t);
  int64_t *next = tarn__alloc_zero(tarn__call_allocator(call), bytes + 8);
  if (!next) return TARN_NO_MEMORY;
  for (int64_t i = 0; i < e.n; i++) next[e.index[i * e.rank]]++;
  bool *empty = call->out[2]->data;
  int64_t total = 0;
  for (int64_t r = 0; r < rows; r++) {
    const int64_t n = next[r];
    empty[r] = n == 0;
    next[r] = total;
    total += n ? n : 1;
  }
  const bool matrix = call->in[0]->shape.rank == 2;
  const tarn_shape filled = tarn__shape_vector(total), index_shape = {2, {total, e.rank}};
  tarn_status status = tarn__call_allocate(call, 0, matrix ? &index_shape : &filled);
  if (status == TARN_OK) status = tarn__call_allocate(call, 1, &filled);
  int64_t *index = status == TARN_OK ? call->out[0]->data : NULL, *place = call->out[3]->data;
  for (int64_t r = 0; r < rows && status == TARN_OK; r++) {
    if (!empty[r]) continue;
    for (int64_t d = 0; d < e.rank; d++) index[next[r] * e.rank + d] = d == 0 ? r : 0;
    status = tarn__move(call->out[1], next[r], call->in[3], 0, 1);
  }
  for (int64_t i = 0; i < e.n && status == TARN_OK; i++) {
    const int64_t at = next[e.index[i * e.rank]]++;
    memcpy(index + at * e.rank, e.index + i * e.rank, (size_t)e.rank * sizeof *index);
    place[i] = at;
    status = tarn__move(call->out[1], at, call->in[1], i, 1);
  }
  tarn__free(tarn__call_allocator(call), next, bytes + 8);
  return status;
}

static tarn_status fill(const tarn_call *call) {
  const tarn_entries e = tarn__entries(call->in[0]);
  return fill_entries(call, &e);
}

static tarn_status fill_ragged(const tarn_call *call) {
  const tarn_entries e = {call->in[0]->data, call->in[0]->shape.dim[0], 1};
  if (call->out[2]->shape.dim[0] > 0) return fill_entries(call, &e);
  /* TensorFlow's row ids are a matrix where there are no rows. */
  if (e.n > 0) return tarn_fail(TARN_INVALID, "%lld values and no rows", (long long)e.n);
  return tarn__entries_allocate(call, 0, 0, 1);
}

/* ---- the gradient ------------------------------------------------------------------------- */

static size_t gradient_scratch(const tarn_problem *p, int threads) {
  (void)threads;
  return (size_t)p->in_shape[1].dim[0];
}

static tarn_status gradient(const tarn_call *call) {
  const tarn_tensor *map = call->in[0], *grad = call->in[1];
  const int64_t n = map->shape.dim[0], filled = grad->shape.dim[0];
  bool *taken = call->scratch;
  for (int64_t i = 0; i < filled; i++) taken[i] = false;
  for (int64_t i = 0; i < n; i++) {
    const int64_t at = tarn__index_at(map, i);
    if (at < 0 || at >= filled)
      return tarn_fail(TARN_INVALID, "Elements in reverse index must be in [0, %lld) but got %lld",
                       (long long)filled, (long long)at);
    TARN_TRY(tarn__move(call->out[0], i, grad, at, 1));
    taken[at] = true;
  }
  switch ((int)grad->dtype) {
#define ROW(NAME, E, DT, suffix, S, A, GET, PUT)                            \
  case DT: {                                                                \
    S sum = PUT((A)0);                                                      \
    for (int64_t i = 0; i < filled; i++)                                    \
      if (!taken[i]) sum = PUT(GET(sum) + GET(((const S *)grad->data)[i])); \
    *(S *)call->out[1]->data = sum;                                         \
    break;                                                                  \
  }
    TARN_RING_ROWS(ROW, , )
#undef ROW
    default:
      break;
  }
  return TARN_OK;
}

#define GRADIENT                                                 \
  .name = "fill_gradient", .dtypes = TARN_RING_BITS, .keyed = 1, \
  .scratch_bytes = gradient_scratch, .run = gradient

const tarn_kernel tarn_kernels_sparse_rows_reference[] = {
    {.op = "SparseFillEmptyRows", .name = "fill", .run = fill},
    {.op = "RaggedFillEmptyRows", .name = "fill", .run = fill_ragged},
    {.op = "SparseFillEmptyRowsGrad", GRADIENT},
    {.op = "RaggedFillEmptyRowsGrad", GRADIENT},
    {0},
};
