/* c = f(a, b) in f32 with broadcasting, for AVX2 and AVX-512. Axes are folded (broadcast.h) until
 * what is left is rows; within a row each operand either moves or is one number. */
#include "kernels/cpu/elementwise/blocks.h"
#include "kernels/cpu/elementwise/broadcast.h"
#include "kernels/cpu/simd/math.h"
#include "kernels/kernel.h"
#include "kernels/params/bias.h"

#include <string.h>

enum { STEP = 32768 };   /* elements of a chunk: some 5 us */
#define ZERO vf_zero()
#define ONE vf_set1(1.0f)

/* X(TensorFlow's name, f of a and b). The gradients take (dy, x), or (y, dy), as TensorFlow has
 * them. NaN of either operand stays in Maximum and Minimum. */
#define BINARY_MAP(X)                                                                      \
  X(Add, vf_add(a, b))                                                                     \
  X(AddV2, vf_add(a, b))                                                                   \
  X(BiasAdd, vf_add(a, b))                                                                 \
  X(BiasAddV1, vf_add(a, b))                                                               \
  X(Sub, vf_sub(a, b))                                                                     \
  X(Mul, vf_mul(a, b))                                                                     \
  X(Div, vf_div(a, b))                                                                     \
  X(RealDiv, vf_div(a, b))                                                                 \
  X(DivNoNan, vf_pick(vf_eq(b, ZERO), ZERO, vf_div(a, b)))                                 \
  X(MulNoNan, vf_pick(vf_eq(b, ZERO), ZERO, vf_mul(a, b)))                                 \
  X(Maximum, vf_pick(vf_nan(a), a, vf_max(a, b)))                                          \
  X(Minimum, vf_pick(vf_nan(a), a, vf_min(a, b)))                                          \
  X(SquaredDifference, vf_mul(vf_sub(a, b), vf_sub(a, b)))                                 \
  X(ReluGrad, vf_mul(a, vf_pick(vf_gt(b, ZERO), ONE, ZERO)))                               \
  X(Relu6Grad,                                                                             \
    vf_mul(a, vf_pick(vf_gt(b, ZERO), vf_pick(vf_lt(b, vf_set1(6.0f)), ONE, ZERO), ZERO))) \
  X(EluGrad, vf_pick(vf_lt(b, ZERO), vf_mul(vf_add(b, ONE), a), a))                        \
  X(SoftplusGrad, vf_div(a, vf_add(vf_exp(vf_neg(b)), ONE)))                               \
  X(SigmoidGrad, vf_mul(b, vf_mul(a, vf_sub(ONE, a))))                                     \
  X(TanhGrad, vf_mul(b, vf_sub(ONE, vf_mul(a, a))))

typedef tarn_binary_block loop;
typedef tarn_binary_blocks loops;

typedef struct job {
  const loops *body;
  tarn_folded f;
  const float *a, *b;
  float *c;
  int64_t step;                /* elements of a chunk of one row, or rows of a chunk */
} job;

static loop loop_of(const job *j) {
  return !j->f.a_step[0] ? j->body->second : j->f.b_step[0] ? j->body->both : j->body->first;
}

static tarn_status part_of_row(void *argument, int64_t chunk, int worker) {
  (void)worker;
  const job *j = argument;
  int64_t at = chunk * j->step, n = j->f.dim[0] - at < j->step ? j->f.dim[0] - at : j->step;
  loop_of(j)(j->f.a_step[0] ? j->a + at : j->a, j->f.b_step[0] ? j->b + at : j->b, j->c + at, n);
  return TARN_OK;
}

static tarn_status whole_rows(void *argument, int64_t chunk, int worker) {
  (void)worker;
  const job *j = argument;
  loop body = loop_of(j);
  int64_t first = chunk * j->step, last = j->f.rows - first < j->step ? j->f.rows : first + j->step;
  for (int64_t r = first; r < last; r++) {
    int64_t a, b;
    tarn__folded_row(&j->f, r, &a, &b);
    body(j->a + a, j->b + b, j->c + r * j->f.dim[0], j->f.dim[0]);
  }
  return TARN_OK;
}

static tarn_folded fold(const tarn_problem *p) {
  const tarn_shape *x = &p->in_shape[0];
  if (strncmp(p->op, "BiasAdd", 7)) return tarn__fold(x, &p->in_shape[1], &p->out_shape[0]);
  /* The bias as a tensor that is broadcast along all axes but the channels. */
  tarn_bias g = tarn__bias_of(p->params, x);
  tarn_shape whole = {.rank = 3, .dim = {g.outer, g.C, g.inner}},
             bias = {.rank = 3, .dim = {1, g.C, 1}};
  return tarn__fold(&whole, &bias, &whole);
}

static tarn_status run(const tarn_call *call, const loops *body) {
  int64_t n = tarn__tensor_elements(call->out[0]);
  if (n == 0) return TARN_OK;
  if (n == 1) {                /* counters of loops: not worth a look at the shapes */
    body->both(call->in[0]->data, call->in[1]->data, call->out[0]->data, 1);
    return TARN_OK;
  }
  job j;
  j.body = body;
  j.f = fold(call->problem);
  j.a = call->in[0]->data;
  j.b = call->in[1]->data;
  j.c = call->out[0]->data;
  tarn_pool *pool = n < 2 * STEP ? NULL : call->pool;
  if (j.f.rows == 1) {
    j.step = STEP;
    return tarn__pool_run(pool, (n + STEP - 1) / STEP, part_of_row, &j);
  }
  j.step = j.f.dim[0] < STEP ? STEP / j.f.dim[0] : 1;
  return tarn__pool_run(pool, (j.f.rows + j.step - 1) / j.step, whole_rows, &j);
}

#define LOOP(NAME, WHICH, A, B, A_TAIL, B_TAIL)                                      \
  static void NAME##_##WHICH(const float *x, const float *y, float *to, int64_t n) { \
    int64_t i = 0;                                                                   \
    vf x0 = vf_set1(*x), y0 = vf_set1(*y);                                           \
    for (; i + VF <= n; i += VF) vf_store(to + i, f_##NAME(A, B));                   \
    if (i < n) {                                                                     \
      vm m = vm_first(n - i);                                                        \
      vf_store_m(to + i, m, f_##NAME(A_TAIL, B_TAIL));                               \
    }                                                                                \
    (void)x0, (void)y0;                                                              \
  }
#define X(NAME, F)                                                                           \
  static inline vf f_##NAME(vf a, vf b) {                                                    \
    return F;                                                                                \
  }                                                                                          \
  LOOP(NAME, both, vf_load(x + i), vf_load(y + i), vf_load_m(x + i, m), vf_load_m(y + i, m)) \
  LOOP(NAME, first, vf_load(x + i), y0, vf_load_m(x + i, m), y0)                             \
  LOOP(NAME, second, x0, vf_load(y + i), x0, vf_load_m(y + i, m))                            \
  static tarn_status run_##NAME(const tarn_call *call) {                                     \
    static const loops body = {NAME##_both, NAME##_first, NAME##_second};                    \
    return run(call, &body);                                                                 \
  }
BINARY_MAP(X)
#undef X
#undef LOOP

#define X(NAME, F) {.op = #NAME, .dtypes = TARN_BIT(TARN_F32), .run = run_##NAME},
#define ROWS BINARY_MAP(X)

/* The loops by themselves, for programs of them. */
#define BLOCK(NAME, F) [TARN_ELEMENTWISE_##NAME] = {NAME##_both, NAME##_first, NAME##_second},
const tarn_binary_blocks TARN_VEC_SYMBOL(tarn__binary_blocks_)[TARN_ELEMENTWISE_CODES] = {
    BINARY_MAP(BLOCK)};
#undef BLOCK
