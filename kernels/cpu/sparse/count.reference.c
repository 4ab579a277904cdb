/* How often each number occurs in each row: into bins, or as a sparse tensor of what there is. */
#include "kernels/cpu/array/elements.h"
#include "kernels/params/sparse.h"
#include "kernels/run.h"

#include <stdlib.h>

typedef enum form { DENSE, SPARSE, RAGGED } form;

/* The values of a call and the rows they are in. */
typedef struct rows {
  const tarn_tensor *values, *weights, *index;   /* index: indices of entries, or splits */
  const tarn_tensor *shape;                      /* of a sparse tensor */
  form form;
  int64_t n, width;                              /* width: of a dense row */
  int64_t row;                                   /* of a ragged tensor, where the walk is */
} rows;

static tarn_status check_entries(const rows *r) {
  const int64_t *at = r->index->data;
  const int64_t rank = r->shape->shape.dim[0];
  for (int64_t i = 0; i < r->n; i++)
    for (int64_t d = 0; d < rank; d++, at++)
      if (*at < 0 || *at >= tarn__tensor_int(r->shape, d))
        return tarn_fail(
            TARN_INVALID, "indices[%lld,%lld] = %lld is out of bounds, the dim is %lld",
            (long long)i, (long long)d, (long long)*at, (long long)tarn__tensor_int(r->shape, d));
  return TARN_OK;
}

static tarn_status rows_of(const tarn_call *call, form how, rows *r) {
  const tarn_tensor *weights = call->in[call->problem->inputs - 1];
  *r = (rows){.values = call->in[how == DENSE ? 0 : 1],
              .weights = tarn__tensor_elements(weights) ? weights : NULL,
              .index = call->in[0],
              .shape = how == SPARSE ? call->in[2] : NULL,
              .form = how};
  r->n = tarn__tensor_elements(r->values);
  if (how == SPARSE) return check_entries(r);
  if (how == DENSE) {
    r->width = r->values->shape.dim[r->values->shape.rank - 1];
    return TARN_OK;
  }
  const int64_t splits = r->index->shape.dim[0], last = tarn__tensor_int(r->index, splits - 1);
  if (tarn__tensor_int(r->index, 0) != 0)
    return tarn_fail(TARN_INVALID, "splits must start with 0, not with %lld",
                     (long long)tarn__tensor_int(r->index, 0));
  if (last != r->n)
    return tarn_fail(TARN_INVALID,
                     "splits must end with the number of values, got %lld instead of %lld",
                     (long long)last, (long long)r->n);
  return TARN_OK;
}

/* The row of value i, which rises from call to call. */
static int64_t row_of(rows *r, int64_t i) {
  if (r->form == DENSE) return i / r->width;
  if (r->form == SPARSE)
    return r->shape->shape.dim[0] > 1 ? tarn__tensor_int(r->index, i * r->shape->shape.dim[0]) : 0;
  while (i >= tarn__tensor_int(r->index, r->row + 1)) r->row++;
  return r->row;
}

/* Adds the weight of value i, or 1, to element `to` of y. */
static void add(const rows *r, int64_t i, bool binary, tarn_tensor *y, int64_t to) {
  switch ((int)y->dtype) {
#define ROW(DT, S, A)                                                                      \
  case DT: {                                                                               \
    S *sum = (S *)y->data + to;                                                            \
    *sum = binary ? 1 : (S)((A)*sum + (r->weights ? (A)((const S *)r->weights->data)[i] : 1)); \
    break;                                                                                 \
  }
    ROW(TARN_F32, float, float)
    ROW(TARN_F64, double, double)
    ROW(TARN_I32, int32_t, uint32_t)
    ROW(TARN_I64, int64_t, uint64_t)
#undef ROW
    default: break;
  }
}

static tarn_status bins(const tarn_call *call, form how) {
  const tarn_count_params *p = call->problem->params;
  tarn_tensor *y = call->out[0];
  const int64_t size = y->shape.dim[y->shape.rank - 1];
  rows r;
  TARN_TRY(rows_of(call, how, &r));
  TARN_TRY(tarn__clear_elements(y, 0, tarn__tensor_elements(y)));
  for (int64_t i = 0; i < r.n; i++) {
    const int64_t bin = tarn__index_at(r.values, i);
    if (bin < 0 && how == RAGGED)
      return tarn_fail(TARN_INVALID, "values[%lld] is %lld, must not be negative", (long long)i,
                       (long long)bin);
    if (bin >= 0 && bin < size) add(&r, i, p->binary, y, row_of(&r, i) * size + bin);
  }
  return TARN_OK;
}

typedef struct found {
  int64_t row, value, at;
} found;

static int order(const void *x, const void *y) {
  const found *a = x, *b = y;
  if (a->row != b->row) return (a->row > b->row) - (a->row < b->row);
  if (a->value != b->value) return (a->value > b->value) - (a->value < b->value);
  return (a->at > b->at) - (a->at < b->at);
}

static bool same(const found *a, const found *b) {
  return a->row == b->row && a->value == b->value;
}

/* All values below the limit (below 0: none), by row and value. */
static tarn_status collect(rows *r, int64_t limit, found *all, int64_t *count, int64_t *largest) {
  *count = *largest = 0;
  for (int64_t i = 0; i < r->n; i++) {
    const int64_t value = tarn__index_at(r->values, i);
    if (value < 0)
      return tarn_fail(TARN_INVALID, "values[%lld] is %lld, must not be negative", (long long)i,
                       (long long)value);
    if (value > *largest) *largest = value;
    if (limit < 0 || value < limit) all[(*count)++] = (found){row_of(r, i), value, i};
  }
  if (*count) qsort(all, (size_t)*count, sizeof *all, order);
  return TARN_OK;
}

static tarn_status batches_of(const rows *r, int64_t *batches) {
  *batches = r->form == RAGGED  ? r->index->shape.dim[0] - 1
             : r->form == DENSE ? r->values->shape.dim[0]
                                : tarn__tensor_int(r->shape, 0);
  if (r->form != SPARSE || r->shape->shape.dim[0] == 1 || *batches > 0) return TARN_OK;
  return tarn_fail(TARN_INVALID, "dense_shape[0] is %lld: there are no rows to count in",
                   (long long)*batches);
}

static tarn_status count(const tarn_call *call, form how) {
  const tarn_count_params *p = call->problem->params;
  found *all = call->scratch;
  int64_t n, largest, batches, kinds = 0;
  rows r;
  TARN_TRY(rows_of(call, how, &r));
  TARN_TRY(batches_of(&r, &batches));
  TARN_TRY(collect(&r, p->most, all, &n, &largest));
  for (int64_t k = 0; k < n; k++) kinds += !k || !same(&all[k], &all[k - 1]);
  const int rank =
      how == RAGGED || (how == DENSE ? r.values->shape.rank : r.shape->shape.dim[0]) > 1 ? 2 : 1;
  const tarn_shape indices = {.rank = 2, .dim = {kinds, rank}}, values = tarn__shape_vector(kinds),
                   dims = tarn__shape_vector(rank);
  TARN_TRY(tarn__call_allocate(call, 0, &indices));
  TARN_TRY(tarn__call_allocate(call, 1, &values));
  TARN_TRY(tarn__call_allocate(call, 2, &dims));
  TARN_TRY(tarn__clear_elements(call->out[1], 0, kinds));
  int64_t *index = call->out[0]->data, *shape = call->out[2]->data;
  for (int64_t k = 0, to = -1; k < n; k++) {
    if (!k || !same(&all[k], &all[k - 1])) {
      to++;
      if (rank > 1) *index++ = all[k].row;
      *index++ = all[k].value;
    }
    add(&r, all[k].at, p->binary, call->out[1], to);
  }
  if (rank > 1) *shape++ = batches;
  if (p->most >= 0) *shape = p->most;
  else if (largest < p->least) *shape = p->least;
  else if (tarn__add_overflow(largest, 1, shape))
    return tarn_fail(TARN_LIMIT, "a count of %lld", (long long)largest);
  return TARN_OK;
}

static size_t scratch(const tarn_problem *p, int threads) {
  (void)threads;
  const int64_t n = tarn__shape_elements(&p->in_shape[p->inputs == 2 ? 0 : 1]);
  return (uint64_t)n < SIZE_MAX / sizeof(found) ? (size_t)n * sizeof(found) : SIZE_MAX;
}

static tarn_status sparse_bins(const tarn_call *call) { return bins(call, SPARSE); }
static tarn_status ragged_bins(const tarn_call *call) { return bins(call, RAGGED); }
static tarn_status dense_count(const tarn_call *call) { return count(call, DENSE); }
static tarn_status sparse_count(const tarn_call *call) { return count(call, SPARSE); }
static tarn_status ragged_count(const tarn_call *call) { return count(call, RAGGED); }

const tarn_kernel tarn_kernels_sparse_count_reference[] = {
  {.op = "SparseBincount", .run = sparse_bins},
  {.op = "RaggedBincount", .run = ragged_bins},
  {.op = "DenseCountSparseOutput", .run = dense_count, .scratch_bytes = scratch},
  {.op = "SparseCountSparseOutput", .run = sparse_count, .scratch_bytes = scratch},
  {.op = "RaggedCountSparseOutput", .run = ragged_count, .scratch_bytes = scratch},
  {0},
};
