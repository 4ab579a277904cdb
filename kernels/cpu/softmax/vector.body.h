/* Softmax, its logarithm and the cross-entropies over rows in f32, for AVX2 and AVX-512.
 *
 * A row is read for its maximum, read again for the exponentials and their sum, and scaled where it
 * was written: it stays in L1 or L2 between. The last vector of a row is masked. Rows are cut into
 * chunks for the pool. */
#include "kernels/cpu/simd/math.h"
#include "kernels/kernel.h"
#include "kernels/params/softmax.h"

enum { CHUNK = 8192 };   /* elements: some 5 us */

/* The greatest of a row; NaNs may be passed over: the sum of exponentials finds them. */
static inline float greatest(const float *x, int64_t n) {
  vf s = vf_set1(-INFINITY);
  int64_t i = 0;
  for (; i + VF <= n; i += VF) s = vf_max(vf_load(x + i), s);
  if (i < n) {
    vm m = vm_first(n - i);
    s = vf_max(vf_pick(m, vf_load_m(x + i, m), vf_set1(-INFINITY)), s);
  }
  return vf_top(s);
}

/* to[i] = exp(x[i] - top) where `to` is wanted; gives the sum. */
static inline float exponentials(const float *x, int64_t n, float top, float *to) {
  vf s = vf_zero(), t = vf_set1(top);
  int64_t i = 0;
  for (; i + VF <= n; i += VF) {
    vf e = vf_exp(vf_sub(vf_load(x + i), t));
    if (to) vf_store(to + i, e);
    s = vf_add(s, e);
  }
  if (i < n) {
    vm m = vm_first(n - i);
    vf e = vf_exp(vf_sub(vf_load_m(x + i, m), t));
    if (to) vf_store_m(to + i, m, e);
    s = vf_add(s, vf_pick(m, e, vf_zero()));
  }
  return vf_sum(s);
}

typedef struct job {
  const tarn_call *call;
  int64_t rows, cols, step;
} job;

#define EACH_VECTOR(BODY)                                \
  int64_t i = 0;                                         \
  for (; i + VF <= n; i += VF) {                         \
    BODY(vf_load, vf_store)                              \
  }                                                      \
  if (i < n) {                                           \
    vm m = vm_first(n - i);                              \
    BODY(LOAD_TAIL, STORE_TAIL)                          \
  }
#define LOAD_TAIL(p) vf_load_m((p), m)
#define STORE_TAIL(p, x) vf_store_m((p), m, (x))

static inline void scale_row(float *y, int64_t n, float factor) {
  vf f = vf_set1(factor);
#define BODY(LOAD, STORE) STORE(y + i, vf_mul(LOAD(y + i), f));
  EACH_VECTOR(BODY)
#undef BODY
}

static void softmax_row(const job *j, int64_t r) {
  int64_t n = j->cols;
  const float *x = (const float *)j->call->in[0]->data + r * n;
  float *y = (float *)j->call->out[0]->data + r * n;
  scale_row(y, n, 1.0f / exponentials(x, n, greatest(x, n), y));
}

static void log_softmax_row(const job *j, int64_t r) {
  int64_t n = j->cols;
  const float *x = (const float *)j->call->in[0]->data + r * n;
  float *y = (float *)j->call->out[0]->data + r * n;
  float top = greatest(x, n);
  vf t = vf_set1(top), l = vf_set1(logf(exponentials(x, n, top, NULL)));
#define BODY(LOAD, STORE) STORE(y + i, vf_sub(vf_sub(LOAD(x + i), t), l));
  EACH_VECTOR(BODY)
#undef BODY
}

/* loss = sum t (log sum exp - (x - top)), dx = softmax - t. */
static void cross_entropy_row(const job *j, int64_t r) {
  int64_t n = j->cols;
  const float *x = (const float *)j->call->in[0]->data + r * n,
              *label = (const float *)j->call->in[1]->data + r * n;
  float *dx = (float *)j->call->out[1]->data + r * n, top = greatest(x, n);
  float sum = exponentials(x, n, top, NULL);
  vf t = vf_set1(top), l = vf_set1(logf(sum)), f = vf_set1(1.0f / sum), loss = vf_zero();
#define BODY(LOAD, STORE)                                                       \
  vf shifted = vf_sub(LOAD(x + i), t), want = LOAD(label + i);                  \
  vf term = vf_mul(want, vf_sub(l, shifted));                                   \
  loss = vf_add(loss, TERM(term));                                              \
  STORE(dx + i, vf_sub(vf_mul(vf_exp(shifted), f), want));
#define TERM(term) (i + VF <= n ? term : vf_pick(vm_first(n - i), term, vf_zero()))
  EACH_VECTOR(BODY)
#undef TERM
#undef BODY
  ((float *)j->call->out[0]->data)[r] = vf_sum(loss);
}

static void sparse_cross_entropy_row(const job *j, int64_t r) {
  int64_t n = j->cols, label = tarn__tensor_int(j->call->in[1], r);
  const float *x = (const float *)j->call->in[0]->data + r * n;
  float *dx = (float *)j->call->out[1]->data + r * n, top = greatest(x, n);
  float at_label = x[label] - top, sum = exponentials(x, n, top, dx);
  scale_row(dx, n, 1.0f / sum);
  dx[label] -= 1.0f;
  ((float *)j->call->out[0]->data)[r] = logf(sum) - at_label;
}

#define CHUNKS(name)                                                                           \
  static tarn_status name##_rows(void *argument, int64_t chunk, int worker) {                  \
    (void)worker;                                                                              \
    const job *j = argument;                                                                   \
    int64_t end = (chunk + 1) * j->step < j->rows ? (chunk + 1) * j->step : j->rows;           \
    for (int64_t r = chunk * j->step; r < end; r++) name##_row(j, r);                          \
    return TARN_OK;                                                                            \
  }
CHUNKS(softmax)
CHUNKS(log_softmax)
CHUNKS(cross_entropy)
CHUNKS(sparse_cross_entropy)
#undef CHUNKS

static tarn_status rows(const tarn_call *call, tarn_chunk body) {
  tarn_rows g = tarn__rows_of(&call->problem->in_shape[0]);
  job j = {call, g.rows, g.cols, g.cols > 0 && g.cols < CHUNK ? CHUNK / g.cols : 1};
  if (g.rows == 0) return TARN_OK;
  return tarn__pool_run(g.rows * g.cols < 2 * CHUNK ? NULL : call->pool,
                        (g.rows + j.step - 1) / j.step, body, &j);
}

static tarn_status run_softmax(const tarn_call *call) { return rows(call, softmax_rows); }
static tarn_status run_log_softmax(const tarn_call *call) { return rows(call, log_softmax_rows); }
static tarn_status run_cross_entropy(const tarn_call *call) {
  return rows(call, cross_entropy_rows);
}

static tarn_status run_sparse(const tarn_call *call) {
  tarn_rows g = tarn__rows_of(&call->problem->in_shape[0]);
  for (int64_t r = 0; r < g.rows; r++) {
    int64_t label = tarn__tensor_int(call->in[1], r);
    if (label < 0 || label >= g.cols)
      return tarn_fail(TARN_INVALID, "label %lld of row %lld is outside of [0, %lld)",
                       (long long)label, (long long)r, (long long)g.cols);
  }
  return rows(call, sparse_cross_entropy_rows);
}

static const char *no_broadcast(const tarn_problem *p) {
  return tarn__shape_equal(&p->in_shape[0], &p->in_shape[1]) ? NULL
                                                             : "logits or labels are broadcast";
}

#define ROW(OP, RUN, SUPPORTS) \
  { .op = OP, .dtypes = TARN_BIT(TARN_F32), .supports = SUPPORTS, .run = RUN }
#define ROWS                                                                    \
  ROW("Softmax", run_softmax, NULL), ROW("LogSoftmax", run_log_softmax, NULL),  \
  ROW("SoftmaxCrossEntropyWithLogits", run_cross_entropy, no_broadcast),        \
  ROW("SparseSoftmaxCrossEntropyWithLogits", run_sparse, NULL)
