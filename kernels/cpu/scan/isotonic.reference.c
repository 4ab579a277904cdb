/* IsotonicRegression: what never rises and is nearest to x. Neighbours that rise are pooled into
 * their mean, until no pool is above the one before it (Kruskal, Psychometrika 29, 1964). Sums and
 * means are in the result's dtype, each rounded to it, as TensorFlow's. */
#include "kernels/cpu/array/elements.h"
#include "kernels/cpu/dtype_rows.h"

/* Scratch: pool k begins at start[k], its mean and sum are what is beside it. */
typedef struct pools {
  int64_t *start;
  void *sum, *mean;
} pools;

static size_t scratch_bytes(const tarn_problem *p, int threads) {
  (void)threads;
  const tarn_shape *x = &p->in_shape[0];
  return (size_t)x->dim[x->rank - 1] * (sizeof(int64_t) + 2 * tarn_dtype_bytes(p->out_dtype[0])) +
         8;
}

#define POOL(NAME, E, DT, suffix, S, A, GET, PUT)                                              \
  static void pool_##suffix(const tarn_tensor *x, int64_t at, int64_t n, const pools *p, S *y, \
                            int32_t *segments) {                                               \
    S *sum = p->sum, *mean = p->mean;                                                          \
    int64_t count = 0;                                                                         \
    for (int64_t i = 0; i < n; i++) {                                                          \
      p->start[count] = i;                                                                     \
      sum[count] = mean[count] =                                                               \
          x->dtype == DT ? ((const S *)x->data)[at + i] : PUT((A)tarn__index_at(x, at + i));   \
      count++;                                                                                 \
      for (; count > 1 && GET(mean[count - 1]) > GET(mean[count - 2]); count--) {              \
        sum[count - 2] = PUT(GET(sum[count - 2]) + GET(sum[count - 1]));                       \
        const S size = PUT((A)(i + 1 - p->start[count - 2]));                                  \
        mean[count - 2] = PUT(GET(sum[count - 2]) / GET(size));                                \
      }                                                                                        \
    }                                                                                          \
    for (int64_t k = 0; k < count; k++)                                                        \
      for (int64_t i = p->start[k]; i < (k + 1 < count ? p->start[k + 1] : n); i++) {          \
        y[at + i] = mean[k];                                                                   \
        segments[at + i] = (int32_t)k;                                                         \
      }                                                                                        \
  }
TARN_FLOAT_ROWS(POOL, , )

static tarn_status isotonic(const tarn_call *call) {
  const tarn_tensor *x = call->in[0];
  const int64_t n = x->shape.dim[x->shape.rank - 1], total = tarn__tensor_elements(x);
  const tarn_dtype dtype = call->out[0]->dtype;
  char *room = call->scratch;
  const size_t starts = (size_t)n * sizeof(int64_t), values = (size_t)n * tarn_dtype_bytes(dtype);
  const pools p = {call->scratch, room + starts, room + starts + values};
  for (int64_t at = 0; at < total; at += n) {
    if (call->run) TARN_TRY(tarn__run_check(call->run));
    switch ((int)dtype) {
#define ROW(NAME, E, DT, suffix, S, A, GET, PUT)                         \
  case DT:                                                               \
    pool_##suffix(x, at, n, &p, call->out[0]->data, call->out[1]->data); \
    break;
      TARN_FLOAT_ROWS(ROW, , )
#undef ROW
      default:
        break;
    }
  }
  return TARN_OK;
}

/* Floats stay what they are; of integers only those are taken whose values the result can hold. */
static const char *supports(const tarn_problem *p) {
  const tarn_dtype from = p->in_dtype[0], to = p->out_dtype[0];
  if (from == to) return NULL;
  if (tarn__dtype_in(from, TARN_BIT(TARN_I8) | TARN_BIT(TARN_I16)) && to == TARN_F32) return NULL;
  if (tarn__dtype_in(from, TARN_BIT(TARN_I32) | TARN_BIT(TARN_I64)) && to == TARN_F64) return NULL;
  return "floats stay what they are, int8 and int16 become float, int32 and int64 double";
}

const tarn_kernel tarn_kernels_scan_isotonic_reference[] = {
    {.op = "IsotonicRegression",
     .name = "isotonic",
     .supports = supports,
     .scratch_bytes = scratch_bytes,
     .run = isotonic},
    {0},
};
