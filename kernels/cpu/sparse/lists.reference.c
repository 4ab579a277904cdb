/* Sparse tensors: products, order and shapes of index lists, and sums of listed rows. */
#include <math.h>

#include "kernels/cpu/array/elements.h"
#include "kernels/cpu/array/numeric.h"
#include "kernels/cpu/segment/listed.h"
#include "kernels/fault.h"
#include "kernels/params/array.h"

/* ---- product ------------------------------------------------------------------------------ */

/* Adjoints conjugate what is complex. */
static float same_f(float v, bool adjoint) { return (void)adjoint, v; }
static double same_d(double v, bool adjoint) { return (void)adjoint, v; }
static uint64_t same_u(uint64_t v, bool adjoint) { return (void)adjoint, v; }
static float _Complex conjugate_f(float _Complex v, bool adjoint) { return adjoint ? conjf(v) : v; }
static double _Complex conjugate_d(double _Complex v, bool adjoint) {
  return adjoint ? conj(v) : v;
}
#define ADJOINT(v, adjoint)                                                                      \
  _Generic((v), float: same_f, double: same_d, float _Complex: conjugate_f,                      \
           double _Complex: conjugate_d, default: same_u)((v), (adjoint))

static tarn_status matmul(const tarn_call *call) {
  const tarn_sparse_matmul_params *p = call->problem->params;
  const tarn_tensor *indices = call->in[0], *b = call->in[3];
  tarn_tensor *y = call->out[0];
  int64_t n = indices->shape.dim[0], cols = y->shape.dim[1], b_cols = b->shape.dim[1];
  int64_t inner = b->shape.dim[p->adjoint_b];
  TARN_TRY(tarn__clear_elements(y, 0, tarn__tensor_elements(y)));
  for (int64_t e = 0; e < n; e++) {
    int64_t i = tarn__index_at(indices, 2 * e + p->adjoint_a),
            k = tarn__index_at(indices, 2 * e + !p->adjoint_a);
    if (i < 0 || i >= y->shape.dim[0] || k < 0 || k >= inner)
      return tarn__fault_fail(&(tarn_fault){.kind = TARN_FAULT_ENTRY, .at = e});
    switch ((int)y->dtype) {
#define ROW(DT, S, A, GET, PUT)                                                                    \
  case DT: {                                                                                       \
    S *out = (S *)y->data + i * cols;                                                              \
    const S *values = call->in[1]->data, *bs = b->data;                                            \
    A a = ADJOINT(GET(values[e]), p->adjoint_a);                                                   \
    for (int64_t j = 0; j < cols; j++)                                                             \
      out[j] =                                                                                     \
          PUT(GET(out[j]) +                                                                        \
              a * ADJOINT(GET(bs[p->adjoint_b ? j * b_cols + k : k * b_cols + j]), p->adjoint_b)); \
    break;                                                                                         \
  }
      TARN_RING_ROWS(ROW)
#undef ROW
      default: break;
    }
  }
  return TARN_OK;
}

/* ---- order -------------------------------------------------------------------------------- */

typedef struct list {
  const int64_t *indices;
  int64_t rank;
} list;

/* Entry a comes before entry b; equal indices keep their order. */
static bool before(const list *l, int64_t a, int64_t b) {
  for (int64_t d = 0; d < l->rank; d++) {
    int64_t i = l->indices[a * l->rank + d], j = l->indices[b * l->rank + d];
    if (i != j) return i < j;
  }
  return a < b;
}

/* Merges the sorted halves [from, middle) and [middle, to) of `order` through `spare`. */
static void merge(const list *l, int64_t *order, int64_t *spare, int64_t from, int64_t middle,
                  int64_t to) {
  int64_t i = from, j = middle;
  for (int64_t k = from; k < to; k++)
    spare[k] = j == to || (i < middle && before(l, order[i], order[j])) ? order[i++] : order[j++];
  for (int64_t k = from; k < to; k++) order[k] = spare[k];
}

static tarn_status reorder(const tarn_call *call) {
  int64_t n = call->in[0]->shape.dim[0], rank = call->in[0]->shape.dim[1];
  int64_t *order = call->scratch, *spare = order + n;
  list l = {call->in[0]->data, rank};
  bool sorted = true;
  for (int64_t i = 1; i < n && sorted; i++) sorted = before(&l, i - 1, i);
  if (sorted) {
    TARN_TRY(tarn__move(call->out[0], 0, call->in[0], 0, n * rank));
    return tarn__move(call->out[1], 0, call->in[1], 0, n);
  }
  for (int64_t i = 0; i < n; i++) order[i] = i;
  for (int64_t width = 1; width < n; width *= 2)
    for (int64_t from = 0; from + width < n; from += 2 * width)
      merge(&l, order, spare, from, from + width, from + 2 * width < n ? from + 2 * width : n);
  for (int64_t i = 0; i < n; i++) {
    TARN_TRY(tarn__move(call->out[0], i * rank, call->in[0], order[i] * rank, rank));
    TARN_TRY(tarn__move(call->out[1], i, call->in[1], order[i], 1));
  }
  return TARN_OK;
}

static size_t reorder_scratch(const tarn_problem *p, int threads) {
  (void)threads;
  return 2 * (size_t)p->in_shape[0].dim[0] * sizeof(int64_t);
}

/* ---- shape -------------------------------------------------------------------------------- */

static tarn_status reshape(const tarn_call *call) {
  const int64_t *indices = call->in[0]->data, *shape = call->in[1]->data,
                *wanted = call->in[2]->data;
  int64_t n = call->in[0]->shape.dim[0], rank = call->in[1]->shape.dim[0],
          new_rank = call->in[2]->shape.dim[0];
  int64_t *to = call->out[0]->data, *new_shape = call->out[1]->data, elements = 1, known = 1,
          open = -1;
  for (int64_t d = 0; d < rank; d++)
    if (shape[d] < 0 || tarn__mul_overflow(elements, shape[d], &elements))
      return tarn_fail(TARN_SHAPE, "input_shape has dim %lld or overflows", (long long)shape[d]);
  for (int64_t d = 0; d < new_rank; d++) {
    if (wanted[d] == -1 && open >= 0)
      return tarn_fail(TARN_INVALID, "only one dim may be -1, both %lld and %lld are",
                       (long long)open, (long long)d);
    if (wanted[d] < -1)
      return tarn_fail(TARN_INVALID, "dim %lld of new_shape is %lld", (long long)d,
                       (long long)wanted[d]);
    new_shape[d] = wanted[d];
    if (wanted[d] == -1) open = d;
    else if (tarn__mul_overflow(known, wanted[d], &known))
      return tarn_fail(TARN_SHAPE, "new_shape overflows");
  }
  if (open >= 0) {
    if (known == 0 || elements % known)
      return tarn_fail(TARN_SHAPE, "%lld elements do not divide into dims of product %lld",
                       (long long)elements, (long long)known);
    new_shape[open] = elements / known;
    known = elements;
  }
  if (known != elements)
    return tarn_fail(TARN_SHAPE, "%lld elements cannot take a shape of %lld", (long long)elements,
                     (long long)known);
  for (int64_t e = 0; e < n; e++) {
    int64_t at = 0;
    for (int64_t d = 0; d < rank; d++) {
      int64_t i = indices[e * rank + d];
      if (i < 0 || i >= shape[d])
        return tarn_fail(TARN_INVALID, "entry %lld is outside input_shape", (long long)e);
      at = at * shape[d] + i;
    }
    for (int64_t d = new_rank - 1; d >= 0; d--) {
      to[e * new_rank + d] = at % new_shape[d];
      at /= new_shape[d];
    }
  }
  return TARN_OK;
}

/* ---- sums of listed rows ------------------------------------------------------------------ */

typedef enum mean { SUM, MEAN, ROOT_MEAN } mean;

/* y[0..row) = the sum of `count` listed rows, over their number or its root; 16-bit floats sum in
 * float. */
static void sum_rows(tarn_tensor *y, int64_t at, const tarn_tensor *x, const tarn_tensor *indices,
                     int64_t first, int64_t count, int64_t row, mean how) {
  double over = how == MEAN ? (double)count : how == ROOT_MEAN ? sqrt((double)count) : 1;
  for (int64_t k = 0; k < row; k++) {
    switch ((int)y->dtype) {
#define ROW(DT, S, A, GET, PUT)                                                       \
  case DT: {                                                                          \
    A sum = 0;                                                                        \
    for (int64_t i = 0; i < count; i++)                                               \
      sum += GET(((const S *)x->data)[tarn__index_at(indices, first + i) * row + k]); \
    if (how != SUM) sum = sum / (A)over;                                              \
    ((S *)y->data)[at + k] = PUT(sum);                                                \
    break;                                                                            \
  }
      TARN_RING_ROWS(ROW)
#undef ROW
      default: break;
    }
  }
}

static tarn_status segments(const tarn_call *call, mean how) {
  const tarn_tensor *x = call->in[0], *indices = call->in[1], *ids = call->in[2];
  const int64_t n = tarn__tensor_elements(ids),
                row = tarn__dims_product(&x->shape, 1, x->shape.rank);
  TARN_TRY(tarn__listed_segments(call));
  TARN_TRY(tarn__clear_elements(call->out[0], 0, tarn__tensor_elements(call->out[0])));
  for (int64_t first = 0, end; first < n; first = end) {
    int64_t id = tarn__index_at(ids, first);
    for (end = first + 1; end < n && tarn__index_at(ids, end) == id;) end++;
    sum_rows(call->out[0], id * row, x, indices, first, end - first, row, how);
  }
  return TARN_OK;
}

static tarn_status segment_sum(const tarn_call *call) { return segments(call, SUM); }
static tarn_status segment_mean(const tarn_call *call) { return segments(call, MEAN); }
static tarn_status segment_root(const tarn_call *call) { return segments(call, ROOT_MEAN); }

const tarn_kernel tarn_kernels_sparse_lists_reference[] = {
  {.op = "SparseTensorDenseMatMul", .run = matmul, .keyed = 1, .dtypes = TARN_RING},
  {.op = "SparseReorder", .run = reorder, .scratch_bytes = reorder_scratch},
  {.op = "SparseReshape", .run = reshape},
  {.op = "SparseSegmentSum", .run = segment_sum, .dtypes = TARN_REALS},
  {.op = "SparseSegmentMean", .run = segment_mean, .dtypes = TARN_FLOATS},
  {.op = "SparseSegmentSqrtN", .run = segment_root, .dtypes = TARN_FLOATS},
  {0},
};
