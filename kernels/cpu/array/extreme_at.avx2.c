/* ArgMax and ArgMin in vectors made by the compiler, with the results of order.reference.c: NaN is
 * never better than what is there, the first of equals wins, and the search starts at index 0 with
 * the worst finite value.
 *
 * Neighbours: the extreme of a block first, without its place; only a block that is better than all
 * before it is searched for the place. Rows: a block of columns has its extremes and places side by
 * side. */
#include <float.h>

#include "kernels/cpu/array/elements.h"
#include "kernels/cpu/dtype_rows.h"

enum { BLOCK = 1024, PARTS = 32, COLUMNS = 256 };

typedef struct job {
  const tarn_call *call;
  int64_t dim, inner;
} job;

#define SEARCH(NAME, T, WORST, BETTER)                                                             \
  static int64_t run_##NAME(const T *x, int64_t n) {                                               \
    T best = WORST;                                                                                \
    int64_t place = 0;                                                                             \
    for (int64_t from = 0; from < n; from += BLOCK) {                                              \
      const int64_t end = n - from < BLOCK ? n : from + BLOCK;                                     \
      T parts[PARTS], most = best;                                                                 \
      int64_t i = from;                                                                            \
      for (int k = 0; k < PARTS; k++) parts[k] = best;                                             \
      for (; i + PARTS <= end; i += PARTS) {                                                       \
        TARN_EACH_LANE                                                                             \
        for (int k = 0; k < PARTS; k++) parts[k] = x[i + k] BETTER parts[k] ? x[i + k] : parts[k]; \
      }                                                                                            \
      for (; i < end; i++) most = x[i] BETTER most ? x[i] : most;                                  \
      for (int k = 0; k < PARTS; k++) most = parts[k] BETTER most ? parts[k] : most;               \
      if (!(most BETTER best)) continue;                                                           \
      best = most;                                                                                 \
      for (place = from; x[place] != most;) place++;                                               \
    }                                                                                              \
    return place;                                                                                  \
  }                                                                                                \
  static void rows_##NAME(const job *j, int64_t o, int64_t from, int64_t n) {                      \
    T best[COLUMNS];                                                                               \
    int32_t place[COLUMNS];                                                                        \
    for (int64_t i = 0; i < n; i++) best[i] = WORST, place[i] = 0;                                 \
    for (int64_t r = 0; r < j->dim; r++) {                                                         \
      const T *x = (const T *)j->call->in[0]->data + (o * j->dim + r) * j->inner + from;           \
      const int32_t here = (int32_t)r;                                                             \
      TARN_EACH_LANE                                                                               \
      for (int64_t i = 0; i < n; i++) {                                                            \
        const bool better = x[i] BETTER best[i];                                                   \
        best[i] = better ? x[i] : best[i];                                                         \
        place[i] = better ? here : place[i];                                                       \
      }                                                                                            \
    }                                                                                              \
    for (int64_t i = 0; i < n; i++)                                                                \
      tarn__index_put(j->call->out[0], o * j->inner + from + i, place[i]);                         \
  }                                                                                                \
  static tarn_status chunk_##NAME(void *argument, int64_t o, int worker) {                         \
    const job *j = argument;                                                                       \
    (void)worker;                                                                                  \
    if (j->inner == 1)                                                                             \
      tarn__index_put(j->call->out[0], o,                                                          \
                      run_##NAME((const T *)j->call->in[0]->data + o * j->dim, j->dim));           \
    for (int64_t at = 0; at < j->inner && j->inner > 1; at += COLUMNS)                             \
      rows_##NAME(j, o, at, j->inner - at < COLUMNS ? j->inner - at : COLUMNS);                    \
    return TARN_OK;                                                                                \
  }
#define BOTH(X)                                                            \
  X(TARN_F32, f32, float, -FLT_MAX, FLT_MAX)                               \
  X(TARN_F64, f64, double, -DBL_MAX, DBL_MAX)                              \
  X(TARN_I32, i32, int32_t, INT32_MIN, INT32_MAX)                          \
  X(TARN_I64, i64, int64_t, INT64_MIN, INT64_MAX)                          \
  X(TARN_I8, i8, int8_t, INT8_MIN, INT8_MAX)                               \
  X(TARN_U8, u8, uint8_t, 0, UINT8_MAX)
#define DEFINE(DT, SUFFIX, T, LOW, HIGH) \
  SEARCH(max_##SUFFIX, T, LOW, >) SEARCH(min_##SUFFIX, T, HIGH, <)
BOTH(DEFINE)

static tarn_status run(const tarn_call *call, bool smallest) {
  const tarn_shape *s = &call->in[0]->shape;
  int64_t axis = tarn__index_at(call->in[1], 0);
  if (axis < 0) axis += s->rank;
  job j = {call, s->dim[axis], tarn__dims_product(s, (int)axis + 1, s->rank)};
  const int64_t outer = tarn__dims_product(s, 0, (int)axis);
  tarn_chunk chunk = NULL;
  switch ((int)call->in[0]->dtype) {
#define CASE(DT, SUFFIX, T, LOW, HIGH)                          \
  case DT:                                                      \
    chunk = smallest ? chunk_min_##SUFFIX : chunk_max_##SUFFIX; \
    break;
    BOTH(CASE)
    default:
      return tarn_fail(TARN_DTYPE, "no search in %s here", tarn_dtype_name(call->in[0]->dtype));
  }
  for (int64_t o = 0; o < outer; o++) TARN_TRY(chunk(&j, o, 0));
  return TARN_OK;
}
static tarn_status run_max(const tarn_call *call) { return run(call, false); }
static tarn_status run_min(const tarn_call *call) { return run(call, true); }

/* Places are kept in 32 bits. */
static const char *supports(const tarn_problem *p) {
  for (int d = 0; d < p->in_shape[0].rank; d++)
    if (p->in_shape[0].dim[d] > INT32_MAX) return "a dim has more than 2^31 elements";
  return NULL;
}

#define SEARCHED                                                                       \
  (TARN_BIT(TARN_F32) | TARN_BIT(TARN_F64) | TARN_BIT(TARN_I32) | TARN_BIT(TARN_I64) | \
   TARN_BIT(TARN_I8) | TARN_BIT(TARN_U8))
const tarn_kernel tarn_kernels_array_extreme_at_avx2[] = {
  {.op = "ArgMax", .dtypes = SEARCHED, .supports = supports, .run = run_max},
  {.op = "ArgMin", .dtypes = SEARCHED, .supports = supports, .run = run_min},
  {0},
};
