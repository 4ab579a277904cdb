/* Each listed row of the gradient is added to the row that its index names, over the size of its
 * segment or its root. The second forms keep only the rows that are named, in the order of their
 * indices. Entries are sorted by the row they go to, so that a row is summed in float (double for
 * double) and rounded once, as TensorFlow does.
 *
 * Scratch: sizes of segments (int64), the sorted entries, one row of sums. */
#include <stdlib.h>

#include "kernels/cpu/array/elements.h"
#include "kernels/cpu/dtype_rows.h"
#include "kernels/fault.h"

typedef enum share { WHOLE, MEAN, ROOT } share;

/* What goes to row `row` of the dense output: entry `at` of indices and segment_ids. */
typedef struct entry {
  int64_t row, at;
} entry;

typedef struct job {
  const tarn_call *call;
  share how;
  int64_t *sizes;   /* [segments] */
  entry *entries;   /* [n], sorted */
  int64_t n, width; /* of a row */
  void *sums;       /* [width] */
} job;

static size_t scratch(const tarn_problem *p, int threads) {
  (void)threads;   /* infer has checked that this fits */
  const tarn_shape *grad = &p->in_shape[0];
  return (size_t)grad->dim[0] * sizeof(int64_t) + (size_t)p->in_shape[1].dim[0] * sizeof(entry) +
         (size_t)tarn__dims_product(grad, 1, grad->rank) * sizeof(double);
}

static int order(const void *x, const void *y) {
  const entry *a = x, *b = y;
  return a->row != b->row ? (a->row > b->row) - (a->row < b->row)
                          : (a->at > b->at) - (a->at < b->at);
}

/* An output without rows has nothing to look at, whatever the indices are. */
static tarn_status sort(job *j) {
  const tarn_tensor *indices = j->call->in[1], *ids = j->call->in[2], *grad = j->call->in[0];
  const int64_t segments = grad->shape.dim[0], rows = tarn__tensor_int(j->call->in[3], 0);
  j->n = rows > 0 ? indices->shape.dim[0] : 0;
  j->width = tarn__dims_product(&grad->shape, 1, grad->shape.rank);
  j->sizes = j->call->scratch;
  j->entries = (entry *)(j->sizes + segments);
  j->sums = j->entries + indices->shape.dim[0];
  for (int64_t s = 0; s < segments; s++) j->sizes[s] = 0;
  for (int64_t i = 0; i < j->n; i++) {
    int64_t id = tarn__index_at(ids, i), row = tarn__index_at(indices, i);
    if (id < 0 || id >= segments)
      return tarn__fault_fail(
          &(tarn_fault){.kind = TARN_FAULT_SEGMENT, .at = i, .index = {id}, .dim = {segments}});
    if (row < 0 || row >= rows)
      return tarn__fault_fail(
          &(tarn_fault){.kind = TARN_FAULT_ROW, .at = i, .index = {row}, .dim = {rows}});
    j->sizes[id]++;
    j->entries[i] = (entry){row, i};
  }
  if (j->n) qsort(j->entries, (size_t)j->n, sizeof *j->entries, order);
  return TARN_OK;
}

/* Where the entries of the row of entry i end. */
static int64_t row_end(const job *j, int64_t i) {
  const int64_t row = j->entries[i].row;
  while (i < j->n && j->entries[i].row == row) i++;
  return i;
}

#define ADD(NAME, E, DT, SUFFIX, S, A, GET, PUT)                                                 \
  case DT: {                                                                                     \
    A *sums = j->sums;                                                                           \
    S *to = (S *)j->call->out[0]->data + row * width;                                            \
    for (int64_t k = 0; k < width; k++) sums[k] = 0;                                             \
    for (int64_t i = from; i < end; i++) {                                                       \
      const int64_t id = tarn__index_at(j->call->in[2], j->entries[i].at);                       \
      const S *x = (const S *)j->call->in[0]->data + id * width;                                 \
      const double size = (double)j->sizes[id];                                                  \
      const A scale = (A)(j->how == WHOLE ? 1 : j->how == MEAN ? 1 / size : 1 / sqrt(size));     \
      for (int64_t k = 0; k < width; k++) sums[k] += GET(x[k]) * scale;                          \
    }                                                                                            \
    for (int64_t k = 0; k < width; k++) to[k] = PUT(sums[k]);                                    \
    break;                                                                                       \
  }

/* Row `row` of the output is the sum of entries [from, end). */
static void sum_row(const job *j, int64_t row, int64_t from, int64_t end) {
  const int64_t width = j->width;
  switch ((int)j->call->out[0]->dtype) {
    TARN_FLOAT_ROWS(ADD, , )
    default: break;
  }
}

static tarn_status dense(const tarn_call *call, share how) {
  job j = {.call = call, .how = how};
  TARN_TRY(sort(&j));
  TARN_TRY(tarn__clear_elements(call->out[0], 0, tarn__tensor_elements(call->out[0])));
  for (int64_t i = 0, end; i < j.n; i = end) {
    end = row_end(&j, i);
    sum_row(&j, j.entries[i].row, i, end);
  }
  return TARN_OK;
}

static tarn_status sparse(const tarn_call *call, share how) {
  job j = {.call = call, .how = how};
  tarn_shape shape = call->in[0]->shape, named = {.rank = 1};
  TARN_TRY(sort(&j));
  for (int64_t i = 0; i < j.n; i = row_end(&j, i)) named.dim[0]++;
  shape.dim[0] = named.dim[0];
  TARN_TRY(tarn__call_allocate(call, 0, &shape));
  TARN_TRY(tarn__call_allocate(call, 1, &named));
  for (int64_t i = 0, end, row = 0; i < j.n; i = end, row++) {
    end = row_end(&j, i);
    tarn__index_put(call->out[1], row, j.entries[i].row);
    sum_row(&j, row, i, end);
  }
  return TARN_OK;
}

static tarn_status sum(const tarn_call *call) { return dense(call, WHOLE); }
static tarn_status mean(const tarn_call *call) { return dense(call, MEAN); }
static tarn_status root(const tarn_call *call) { return dense(call, ROOT); }
static tarn_status sparse_sum(const tarn_call *call) { return sparse(call, WHOLE); }
static tarn_status sparse_mean(const tarn_call *call) { return sparse(call, MEAN); }
static tarn_status sparse_root(const tarn_call *call) { return sparse(call, ROOT); }

#define GRADIENT(OP, RUN) {.op = OP, .dtypes = TARN_FLOATS, .scratch_bytes = scratch, .run = RUN}

const tarn_kernel tarn_kernels_segment_sparse_grad_reference[] = {
  GRADIENT("SparseSegmentSumGrad", sum),
  GRADIENT("SparseSegmentSumGradV2", sparse_sum),
  GRADIENT("SparseSegmentMeanGrad", mean),
  GRADIENT("SparseSegmentMeanGradV2", sparse_mean),
  GRADIENT("SparseSegmentSqrtNGrad", root),
  GRADIENT("SparseSegmentSqrtNGradV2", sparse_root),
  {0},
};
