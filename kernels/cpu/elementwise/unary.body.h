/* y[i] = f(x[i]) in f32, for AVX2 and AVX-512. Bound by memory or by one exp: a vector at a time,
 * the last one masked, cut into chunks for the pool above a size where that pays. */
#include "kernels/cpu/elementwise/blocks.h"
#include "kernels/cpu/simd/math.h"
#include "kernels/kernel.h"
#include "kernels/params/activation.h"

#include <string.h>

#define SELU_SCALE 1.0507009873554805f
#define SELU_SCALE_ALPHA 1.7580993408473766f
#define ONE vf_set1(1.0f)

/* X(TensorFlow's name, elements of a chunk, f of x) : a chunk takes some 5 us. */
enum { CHEAP = 32768, DEAR = 8192 };
#define UNARY_MAP(X)                                                                            \
  X(Relu, CHEAP, vf_max(vf_zero(), x))                                                          \
  X(Relu6, CHEAP, vf_min(vf_set1(6.0f), vf_max(vf_zero(), x)))                                  \
  X(Neg, CHEAP, vf_neg(x))                                                                      \
  X(Abs, CHEAP, vf_abs(x))                                                                      \
  X(Square, CHEAP, vf_mul(x, x))                                                                \
  X(Sqrt, CHEAP, vf_sqrt(x))                                                                    \
  X(Rsqrt, CHEAP, vf_div(ONE, vf_sqrt(x)))                                                      \
  X(Reciprocal, CHEAP, vf_div(ONE, x))                                                          \
  X(Inv, CHEAP, vf_div(ONE, x))                                                                 \
  X(Floor, CHEAP, vf_floor(x))                                                                  \
  X(Ceil, CHEAP, vf_ceil(x))                                                                    \
  X(Rint, CHEAP, vf_round(x))                                                                   \
  X(Round, CHEAP, vf_round(x))                                                                  \
  X(Softsign, CHEAP, vf_div(x, vf_add(ONE, vf_abs(x))))                                         \
  X(Exp, DEAR, vf_exp(x))                                                                       \
  X(Expm1, DEAR, vf_pick(vf_eq(x, vf_zero()), x, vf_expm1(x)))                                  \
  X(Log, DEAR, vf_log(x))                                                                       \
  X(Sigmoid, DEAR, vf_sigmoid(x))                                                               \
  X(Tanh, DEAR, vf_tanh(x))                                                                     \
  X(Elu, DEAR, vf_pick(vf_lt(x, vf_zero()), vf_expm1(x), x))                                    \
  X(Selu, DEAR,                                                                                 \
    vf_pick(vf_lt(x, vf_zero()), vf_mul(vf_set1(SELU_SCALE_ALPHA), vf_expm1(x)),                \
            vf_mul(vf_set1(SELU_SCALE), x)))                                                    \
  X(Softplus, DEAR, vf_add(vf_max(vf_zero(), x), vf_log1p_positive(vf_exp(vf_neg(vf_abs(x)))))) \
  X(LeakyRelu, CHEAP, vf_pick(vf_gt(x, vf_zero()), x, vf_mul(vf_set1(alpha), x)))

typedef tarn_unary_block loop;

typedef struct job {
  loop body;
  const float *x;
  float *y, alpha;
  int64_t n, step;
} job;

static tarn_status chunk_run(void *argument, int64_t chunk, int worker) {
  (void)worker;
  const job *j = argument;
  int64_t at = chunk * j->step, n = j->n - at < j->step ? j->n - at : j->step;
  j->body(j->x + at, j->y + at, n, j->alpha);
  return TARN_OK;
}

static tarn_status run(const tarn_call *call, loop body, int64_t step) {
  job j = {.body = body, .x = call->in[0]->data, .y = call->out[0]->data, .step = step,
           .n = tarn__tensor_elements(call->out[0])};
  if (!strcmp(call->problem->op, "LeakyRelu"))
    j.alpha = ((const tarn_activation_params *)call->problem->params)->alpha;
  return tarn__pool_run(j.n < 2 * step ? NULL : call->pool, (j.n + step - 1) / step, chunk_run, &j);
}

#define X(NAME, STEP, F)                                                              \
  static inline vf f_##NAME(vf x, float alpha) {                                      \
    (void)alpha;                                                                      \
    return F;                                                                         \
  }                                                                                   \
  static void loop_##NAME(const float *from, float *to, int64_t n, float alpha) {     \
    int64_t i = 0;                                                                    \
    for (; i + VF <= n; i += VF) vf_store(to + i, f_##NAME(vf_load(from + i), alpha)); \
    if (i < n) {                                                                      \
      vm m = vm_first(n - i);                                                         \
      vf_store_m(to + i, m, f_##NAME(vf_load_m(from + i, m), alpha));                 \
    }                                                                                 \
  }                                                                                   \
  static tarn_status run_##NAME(const tarn_call *call) { return run(call, loop_##NAME, STEP); }
UNARY_MAP(X)
#undef X

#define X(NAME, STEP, F) {.op = #NAME, .dtypes = TARN_BIT(TARN_F32), .run = run_##NAME},
#define ROWS UNARY_MAP(X)

/* The loops by themselves, for programs of them. */
#define BLOCK(NAME, STEP, F) [TARN_ELEMENTWISE_##NAME] = {loop_##NAME, STEP == DEAR},
const tarn_unary_blocks TARN_VEC_SYMBOL(tarn__unary_blocks_)[TARN_ELEMENTWISE_CODES] = {
    UNARY_MAP(BLOCK)};
#undef BLOCK
