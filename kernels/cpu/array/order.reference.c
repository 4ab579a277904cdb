/* Extremes and top k of rows.
 *
 * The top k of n elements go through a heap of k indices with the worst on top; ties go to the
 * smaller index, so the order is total but for NaN. The steps are those of the C++ heap algorithms
 * that TensorFlow uses, because sorted=false hands the heap out as it lies. */
#include "kernels/cpu/array/elements.h"
#include "kernels/cpu/array/numeric.h"
#include "kernels/params/array.h"

#include <float.h>
#include <math.h>

/* ---- ArgMax, ArgMin ----------------------------------------------------------------------- */

/* NaN is never better than what is there; the search starts at index 0 with the worst finite
 * value. */
static tarn_status arg(const tarn_call *call, bool smallest) {
  const tarn_tensor *x = call->in[0];
  tarn_tensor *y = call->out[0];
  int64_t axis = tarn__index_at(call->in[1], 0);
  if (axis < 0) axis += x->shape.rank;
  int64_t outer = tarn__dims_product(&x->shape, 0, (int)axis), dim = x->shape.dim[axis];
  int64_t inner = tarn__dims_product(&x->shape, (int)axis + 1, x->shape.rank);
  switch ((int)x->dtype) {
#define ROW(DT, S, A, LOW, HIGH, GET)                                                       \
  case DT:                                                                                  \
    for (int64_t o = 0; o < outer; o++)                                                     \
      for (int64_t i = 0; i < inner; i++) {                                                 \
        const S *row = (const S *)x->data + o * dim * inner + i;                            \
        A best = smallest ? HIGH : LOW;                                                     \
        int64_t at = 0;                                                                     \
        for (int64_t j = 0; j < dim; j++) {                                                 \
          A v = GET(row[j * inner]);                                                        \
          if (smallest ? v < best : v > best) best = v, at = j;                             \
        }                                                                                   \
        tarn__index_put(y, o * inner + i, at);                                              \
      }                                                                                     \
    break;
    ROW(TARN_F32, float, float, -FLT_MAX, FLT_MAX, TARN_AS_IS)
    ROW(TARN_F64, double, double, -DBL_MAX, DBL_MAX, TARN_AS_IS)
    ROW(TARN_F16, uint16_t, float, -65504.0f, 65504.0f, tarn__f16_to_f32)
    ROW(TARN_BF16, uint16_t, float, -0x1.fep127f, 0x1.fep127f, tarn__bf16_to_f32)
    case TARN_QI8:
    ROW(TARN_I8, int8_t, int8_t, INT8_MIN, INT8_MAX, TARN_AS_IS)
    case TARN_QI16:
    ROW(TARN_I16, int16_t, int16_t, INT16_MIN, INT16_MAX, TARN_AS_IS)
    case TARN_QI32:
    ROW(TARN_I32, int32_t, int32_t, INT32_MIN, INT32_MAX, TARN_AS_IS)
    ROW(TARN_I64, int64_t, int64_t, INT64_MIN, INT64_MAX, TARN_AS_IS)
    case TARN_BOOL:
    case TARN_QU8:
    ROW(TARN_U8, uint8_t, uint8_t, 0, UINT8_MAX, TARN_AS_IS)
    case TARN_QU16:
    ROW(TARN_U16, uint16_t, uint16_t, 0, UINT16_MAX, TARN_AS_IS)
    ROW(TARN_U32, uint32_t, uint32_t, 0, UINT32_MAX, TARN_AS_IS)
    ROW(TARN_U64, uint64_t, uint64_t, 0, UINT64_MAX, TARN_AS_IS)
#undef ROW
    default: break;
  }
  return TARN_OK;
}

static tarn_status arg_max(const tarn_call *call) { return arg(call, false); }
static tarn_status arg_min(const tarn_call *call) { return arg(call, true); }

/* ---- top k -------------------------------------------------------------------------------- */

/* better(a, b): element a comes before element b. */
#define ROW(DT, S, A, GET, PUT)                                                          \
  static bool better_##DT(const void *data, bool smallest, int64_t a, int64_t b) {       \
    A x = GET(((const S *)data)[a]), y = GET(((const S *)data)[b]);                      \
    if (x > y) return !smallest;                                                         \
    if (x < y) return smallest;                                                          \
    return a < b;                                                                        \
  }                                                                                      \
  /* What the heap gives for k = 1: the first element that no later one comes before. */ \
  static int64_t best_##DT(const void *data, bool smallest, int64_t n) {                 \
    const S *xs = data;                                                                  \
    int64_t at = 0;                                                                      \
    A most = GET(xs[0]);                                                                 \
    for (int64_t i = 1; i < n; i++) {                                                    \
      const A x = GET(xs[i]);                                                            \
      if (smallest ? x < most : x > most) most = x, at = i;                              \
    }                                                                                    \
    return at;                                                                           \
  }
TARN_ORDERED_ROWS(ROW)
#undef ROW

typedef struct heap {
  bool (*better)(const void *data, bool smallest, int64_t a, int64_t b);
  int64_t (*best)(const void *data, bool smallest, int64_t n);
  const void *data;
  bool smallest;
  int64_t *at; /* indices; at[0] is the worst once it is a heap */
} heap;

static bool before(const heap *h, int64_t a, int64_t b) {
  return h->better(h->data, h->smallest, a, b);
}

static void rise(const heap *h, int64_t hole, int64_t top, int64_t value) {
  for (int64_t parent = (hole - 1) / 2; hole > top && before(h, h->at[parent], value);
       parent = (hole - 1) / 2) {
    h->at[hole] = h->at[parent];
    hole = parent;
  }
  h->at[hole] = value;
}

/* The hole sinks to the bottom along the worse children, then the value rises from there. */
static void settle(const heap *h, int64_t hole, int64_t length, int64_t value) {
  int64_t top = hole, child = 2 * hole + 2;
  for (; child < length; child = 2 * hole + 2) {
    if (before(h, h->at[child], h->at[child - 1])) child--;
    h->at[hole] = h->at[child];
    hole = child;
  }
  if (child == length) {
    h->at[hole] = h->at[child - 1];
    hole = child - 1;
  }
  rise(h, hole, top, value);
}

static void pop(const heap *h, int64_t length) {
  int64_t value = h->at[length - 1];
  h->at[length - 1] = h->at[0];
  settle(h, 0, length - 1, value);
}

/* h->at[0..k-1] become the best k of elements 0..n-1, k >= 1, with room for k + 1. */
static void top(const heap *h, int64_t n, int64_t k, bool sorted) {
  int64_t held = k < n ? k + 1 : k;
  if (k == 1) {
    h->at[0] = h->best(h->data, h->smallest, n);
    return;
  }
  for (int64_t i = 0; i < held; i++) h->at[i] = i;
  for (int64_t i = (held - 2) / 2; i >= 0 && held > 1; i--) settle(h, i, held, h->at[i]);
  if (held > k) {
    pop(h, held);
    for (int64_t i = held; i < n; i++) {
      if (!before(h, i, h->at[0])) continue;
      pop(h, k);
      rise(h, k - 1, 0, i);
    }
  }
  if (sorted || k == n)
    for (int64_t i = k; i > 1; i--) pop(h, i);
}

static void set_better(heap *h, tarn_dtype dtype) {
  switch ((int)dtype) {
#define ROW(DT, S, A, GET, PUT) case DT: h->better = better_##DT, h->best = best_##DT; break;
    TARN_ORDERED_ROWS(ROW)
#undef ROW
    default: break;
  }
}

static tarn_status top_k(const tarn_call *call) {
  const tarn_tensor *x = call->in[0];
  const tarn_top_k_params *p = call->problem->params;
  int rank = x->shape.rank;
  int64_t n = x->shape.dim[rank - 1], k = call->out[0]->shape.dim[rank - 1];
  int64_t rows = tarn__dims_product(&x->shape, 0, rank - 1);
  heap h = {.at = call->scratch};
  if (k == 0) return TARN_OK;
  set_better(&h, x->dtype);
  for (int64_t r = 0; r < rows; r++) {
    h.data = (const char *)x->data + r * n * (int64_t)tarn_dtype_bytes(x->dtype);
    top(&h, n, k, p->sorted);
    for (int64_t i = 0; i < k; i++) {
      TARN_TRY(tarn__move(call->out[0], r * k + i, x, r * n + h.at[i], 1));
      tarn__index_put(call->out[1], r * k + i, h.at[i]);
    }
  }
  return TARN_OK;
}

/* k is at most the last dim, whatever input 1 says. */
static size_t top_k_scratch(const tarn_problem *p, int threads) {
  (void)threads;
  return ((size_t)p->in_shape[0].dim[p->in_shape[0].rank - 1] + 1) * sizeof(int64_t);
}

static tarn_status nth_element(const tarn_call *call) {
  const tarn_tensor *x = call->in[0];
  const tarn_nth_element_params *p = call->problem->params;
  int64_t n = x->shape.dim[x->shape.rank - 1], rows = tarn__tensor_elements(call->out[0]);
  int64_t k = tarn__index_at(call->in[1], 0) + 1;
  heap h = {.smallest = !p->reverse, .at = call->scratch};
  set_better(&h, x->dtype);
  for (int64_t r = 0; r < rows; r++) {
    h.data = (const char *)x->data + r * n * (int64_t)tarn_dtype_bytes(x->dtype);
    top(&h, n, k, true);
    TARN_TRY(tarn__move(call->out[0], r, x, r * n + h.at[k - 1], 1));
  }
  return TARN_OK;
}

/* ---- InTopK ------------------------------------------------------------------------------- */

static bool in_top(const float *row, int64_t classes, int64_t target, int64_t k) {
  if (target < 0 || target >= classes || !isfinite(row[target])) return false;
  int64_t above = 0;
  for (int64_t c = 0; c < classes; c++) {
    if (!isfinite(row[c])) return false;
    above += row[c] > row[target];
    if (above > k) break;
  }
  return above < k;
}

static tarn_status in_top_k(const tarn_call *call) {
  const tarn_shape *s = &call->problem->in_shape[0];
  int64_t k = call->problem->inputs == 3 ? tarn__index_at(call->in[2], 0)
                                         : ((const tarn_top_k_params *)call->problem->params)->k;
  for (int64_t b = 0; b < s->dim[0]; b++)
    ((uint8_t *)call->out[0]->data)[b] = in_top((const float *)call->in[0]->data + b * s->dim[1],
                                                s->dim[1], tarn__index_at(call->in[1], b), k);
  return TARN_OK;
}

#define ORDERABLE (TARN_REALS | TARN_QUANTIZED | TARN_BIT(TARN_BOOL))

const tarn_kernel tarn_kernels_array_order_reference[] = {
  {.op = "ArgMax", .run = arg_max, .dtypes = ORDERABLE},
  {.op = "ArgMin", .run = arg_min, .dtypes = ORDERABLE},
  {.op = "TopK", .run = top_k, .dtypes = TARN_REALS, .scratch_bytes = top_k_scratch},
  {.op = "TopKV2", .run = top_k, .dtypes = TARN_REALS, .scratch_bytes = top_k_scratch},
  {.op = "NthElement", .run = nth_element, .dtypes = TARN_REALS, .scratch_bytes = top_k_scratch},
  {.op = "InTopK", .run = in_top_k},
  {.op = "InTopKV2", .run = in_top_k},
  {0},
};
