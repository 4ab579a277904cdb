/* Softmax, its logarithm and the cross-entropies over rows for the floats that vector.body.h does
 * not take, for AVX2 and AVX-512: half floats in float, which the kernel's scratch holds, and
 * doubles. A chunk is a number of rows. */
#include "kernels/cpu/dtype_rows.h"
#include "kernels/cpu/simd/floats.h"
#include "kernels/cpu/simd/lanes.h"
#include "kernels/params/softmax.h"

enum { CHUNK = 8192 };   /* elements */

typedef enum which { SOFTMAX, LOGARITHM, DENSE, SPARSE } which;

typedef struct job {
  which what;
  const tarn_tensor *labels;   /* SPARSE */
  const void *x, *t;           /* of T; t: DENSE */
  void *y, *loss;              /* y, or dx */
  int64_t rows, cols, step;
} job;

/* A NaN may be passed over in the maximum: the sum of exponentials finds it. */
#define ROWS_OF(SUFFIX, T, EXP)                                                            \
  static void row_##SUFFIX(const job *j, int64_t r) {                                      \
    const int64_t n = j->cols;                                                             \
    const T *x = (const T *)j->x + r * n;                                                  \
    T *y = (T *)j->y + r * n, most = -(T)INFINITY, sum = 0;                                \
    _Pragma("omp simd reduction(max:most)") for (int64_t i = 0; i < n; i++) most =         \
        x[i] > most ? x[i] : most;                                                         \
    if (j->what == LOGARITHM) { /* y may lie on x, which is read again */                  \
      _Pragma("omp simd reduction(+:sum)") for (int64_t i = 0; i < n; i++) sum +=          \
          EXP(x[i] - most);                                                                \
    } else {                                                                               \
      _Pragma("omp simd reduction(+:sum)") for (int64_t i = 0; i < n; i++) {               \
        const T e = EXP(x[i] - most);                                                      \
        sum += e;                                                                          \
        y[i] = e;                                                                          \
      }                                                                                    \
    }                                                                                      \
    const T logarithm = (T)log((double)sum), share = 1 / sum;                              \
    if (j->what == LOGARITHM) {                                                            \
      TARN_EACH_LANE                                                                       \
      for (int64_t i = 0; i < n; i++) y[i] = x[i] - most - logarithm;                      \
    } else {                                                                               \
      TARN_EACH_LANE                                                                       \
      for (int64_t i = 0; i < n; i++) y[i] *= share;                                       \
    }                                                                                      \
    if (j->what == DENSE) {                                                                \
      const T *t = (const T *)j->t + r * n;                                                \
      T loss = 0;                                                                          \
      _Pragma("omp simd reduction(+:loss)") for (int64_t i = 0; i < n; i++) {              \
        loss += t[i] * (logarithm - (x[i] - most));                                        \
        y[i] -= t[i];                                                                      \
      }                                                                                    \
      ((T *)j->loss)[r] = loss;                                                            \
    } else if (j->what == SPARSE) {                                                        \
      const int64_t label = tarn__tensor_int(j->labels, r);                                \
      ((T *)j->loss)[r] = logarithm - (x[label] - most);                                   \
      y[label] -= 1;                                                                       \
    }                                                                                      \
  }                                                                                        \
  static tarn_status chunk_##SUFFIX(void *argument, int64_t chunk, int worker) {           \
    (void)worker;                                                                          \
    const job *j = argument;                                                               \
    const int64_t end = (chunk + 1) * j->step < j->rows ? (chunk + 1) * j->step : j->rows; \
    for (int64_t r = chunk * j->step; r < end; r++) row_##SUFFIX(j, r);                    \
    return TARN_OK;                                                                        \
  }
ROWS_OF(f32, float, lane_expf)
ROWS_OF(f64, double, lane_exp)

static tarn_status check_labels(const tarn_call *call, const tarn_rows *g) {
  for (int64_t r = 0; r < g->rows; r++) {
    const int64_t label = tarn__tensor_int(call->in[1], r);
    if (label < 0 || label >= g->cols)
      return tarn_fail(TARN_INVALID, "label %lld of row %lld is outside of [0, %lld)",
                       (long long)label, (long long)r, (long long)g->cols);
  }
  return TARN_OK;
}

static tarn_status run(const tarn_call *call, which what) {
  const tarn_rows g = tarn__rows_of(&call->problem->in_shape[0]);
  const int64_t n = g.rows * g.cols;
  const bool wide = call->in[0]->dtype == TARN_F64, losses = what >= DENSE;
  tarn_tensor *y = call->out[losses], *loss = losses ? call->out[0] : NULL;
  job j = {
      .what = what, .rows = g.rows, .cols = g.cols, .step = g.cols < CHUNK ? CHUNK / g.cols : 1};
  float *room = call->scratch;
  if (what == SPARSE) {
    TARN_TRY(check_labels(call, &g));
    j.labels = call->in[1];
  }
  j.x = wide ? call->in[0]->data : lane_floats_of(call->in[0], &room, n);
  if (what == DENSE) j.t = wide ? call->in[1]->data : lane_floats_of(call->in[1], &room, n);
  j.y = wide ? y->data : lane_floats_for(y, &room, n);
  if (loss) j.loss = wide ? loss->data : lane_floats_for(loss, &room, g.rows);
  TARN_TRY(tarn__pool_run(n < 2 * CHUNK ? NULL : call->pool, (g.rows + j.step - 1) / j.step,
                          wide ? chunk_f64 : chunk_f32, &j));
  if (wide) return TARN_OK;
  lane_round_into(y, j.y, n);
  if (loss) lane_round_into(loss, j.loss, g.rows);
  return TARN_OK;
}
static tarn_status run_softmax(const tarn_call *call) { return run(call, SOFTMAX); }
static tarn_status run_logarithm(const tarn_call *call) { return run(call, LOGARITHM); }
static tarn_status run_dense(const tarn_call *call) { return run(call, DENSE); }
static tarn_status run_sparse(const tarn_call *call) { return run(call, SPARSE); }

static const char *supports(const tarn_problem *p) {
  return tarn__shape_elements(&p->in_shape[0]) == 0 ? "no elements" : NULL;
}
static const char *supports_dense(const tarn_problem *p) {
  return tarn__shape_equal(&p->in_shape[0], &p->in_shape[1]) ? supports(p)
                                                             : "logits or labels are broadcast";
}
/* Half floats: x, labels, y and losses as floats. */
static size_t scratch_bytes(const tarn_problem *p, int threads) {
  (void)threads;
  return p->in_dtype[0] == TARN_F64
             ? 0
             : (size_t)tarn__shape_elements(&p->in_shape[0]) * 4 * sizeof(float);
}

#define NOT_F32 (TARN_FLOATS & ~TARN_BIT(TARN_F32))
#define ROW(text, supports_, name) \
  {.op = text,                     \
   .dtypes = NOT_F32,              \
   .supports = supports_,          \
   .scratch_bytes = scratch_bytes, \
   .run = run_##name},
#define ROWS                                                      \
  ROW("Softmax", supports, softmax)                               \
  ROW("LogSoftmax", supports, logarithm)                          \
      ROW("SoftmaxCrossEntropyWithLogits", supports_dense, dense) \
          ROW("SparseSoftmaxCrossEntropyWithLogits", supports, sparse)
