/* Binomial samples, from a seed or from the state that a variable holds. */
#include "core/tensor/dtype.h"
#include "kernels/cpu/array/elements.h"
#include "kernels/cpu/random/fill.h"
#include "kernels/cpu/random/sample.h"
#include "kernels/cpu/random/state.h"
#include "kernels/cpu/random/stream.h"

#include <math.h>

enum { LOOK = 1024, FEW = 42 };   /* FEW: blocks for a sample by inversion */

static tarn_status look(const tarn_call *call, int64_t turn) {
  return call->run && turn % LOOK == LOOK - 1 ? tarn__run_check(call->run) : TARN_OK;
}

/* How many geometric variables fit into count. */
static tarn_status inversion(const tarn_call *call, double count, double prob, tarn_pairs *g,
                             double *value) {
  double sum = 0;
  for (int64_t n = 0;; n++) {
    TARN_TRY(look(call, n));
    sum += ceil(log(tarn__pairs_uniform(g)) / log1p(-prob));
    *value = (double)n;
    if (sum > count) return TARN_OK;
  }
}

/* ln k! less Stirling's approximation. The table has TensorFlow's digits. */
static double stirling_tail(double k) {
  static const double tail[] = {0.0810614667953272,  0.0413406959554092, 0.0276779256849983,
                                0.02079067210376509, 0.0166446911898211, 0.0138761288230707,
                                0.0118967099458917,  0.0104112652619720, 0.00925546218271273,
                                0.00833056343336287};
  if (k <= 9) return tail[(int)k];
  const double square = (k + 1) * (k + 1);
  return (1.0 / 12 - (1.0 / 360 - 1.0 / 1260 / square) / square) / (k + 1);
}

/* Hoermann, "The generation of binomial random variates" (1993), algorithm BTRS; its names. */
static tarn_status rejection(const tarn_call *call, double n, double p, tarn_pairs *g,
                             double *value) {
  const double spq = sqrt(n * p * (1 - p)), b = 1.15 + 2.53 * spq,
               a = -0.0873 + 0.0248 * b + 0.01 * p;
  const double c = n * p + 0.5, v_r = 0.92 - 4.2 / b, r = p / (1 - p),
               alpha = (2.83 + 5.1 / b) * spq;
  const double m = floor((n + 1) * p);
  for (int64_t refused = 0;; refused++) {
    TARN_TRY(look(call, refused));
    const double u = tarn__pairs_uniform(g) - 0.5, us = 0.5 - fabs(u), v = tarn__pairs_uniform(g);
    const double k = floor((2 * a / us + b) * u + c);
    *value = k;
    if (us >= 0.07 && v <= v_r) return TARN_OK;
    if (!(k >= 0 && k <= n)) continue;
    const double bound = (m + 0.5) * log((m + 1) / (r * (n - m + 1))) +
                         (n + 1) * log((n - m + 1) / (n - k + 1)) +
                         (k + 0.5) * log(r * (n - k + 1) / (k + 1)) + stirling_tail(m) +
                         stirling_tail(n - m) - stirling_tail(k) - stirling_tail(n - k);
    if (log(v * alpha / (a / (us * us) + b)) <= bound) return TARN_OK;
  }
}

/* a b in the type of the parameters. */
static double rounded(const tarn_tensor *of, double x) {
  if (of->dtype == TARN_F64) return x;
  return of->dtype == TARN_F32 ? (double)(float)x
                               : (double)tarn__f16_to_f32(tarn__f32_to_f16((float)x));
}

static tarn_status binomial_sample(const tarn_call *call, tarn_philox start, int64_t p,
                                   int64_t index, double *value) {
  const tarn_tensor *counts = call->in[call->problem->inputs - 2],
                    *probs = call->in[call->problem->inputs - 1];
  const tarn_shape *out = &call->out[0]->shape;
  const double count = tarn__sample_parameter(counts, tarn__sample_source(out, &counts->shape, p));
  const double prob = tarn__sample_parameter(probs, tarn__sample_source(out, &probs->shape, p));
  *value = isnan(count)              ? (double)NAN
           : count <= 0 || prob <= 0 ? 0
           : prob >= 1               ? count
                                     : (double)NAN;
  if (!(count > 0 && prob > 0 && prob < 1)) return TARN_OK;
  if (isinf(count)) return tarn_fail(TARN_INVALID, "binomial samples of an infinite count");
  const double less = prob <= 0.5 ? prob : rounded(probs, 1 - prob);
  if (rounded(counts, count * less) >= 10) {
    tarn_pairs g = tarn__pairs(start, index, TARN_RANDOM_RESERVE);
    TARN_TRY(rejection(call, count, less, &g, value));
  } else {
    tarn_pairs g = tarn__pairs(start, index, FEW);
    TARN_TRY(inversion(call, count, less, &g, value));
  }
  if (prob > 0.5) *value = count - *value;
  return TARN_OK;
}

/* Elements of the parameters broadcast together. */
static int64_t parameters(const tarn_call *call) {
  tarn_shape both;
  const int n = call->problem->inputs;
  if (tarn__shape_broadcast(&call->in[n - 2]->shape, &call->in[n - 1]->shape, &both) != TARN_OK)
    return 0;
  return tarn__shape_elements(&both);
}

static tarn_status stateless(const tarn_call *call) {
  const tarn_tensor *seed = call->in[1];
  const tarn_philox start =
      tarn__philox_of_seed((uint64_t)tarn__index_at(seed, 0), (uint64_t)tarn__index_at(seed, 1));
  return tarn__sample_fill(call, start, parameters(call), binomial_sample);
}

static tarn_status stateful(const tarn_call *call) {
  const int64_t batches = parameters(call), n = tarn__tensor_elements(call->out[0]);
  const uint64_t each = batches > 0 ? (uint64_t)(n / batches) : 0;
  tarn_philox start;
  TARN_TRY(tarn__random_state_take(call, tarn__index_at(call->in[1], 0),
                                   (uint64_t)batches * 200 * (each + 3) / 4, NULL, &start));
  return tarn__sample_fill(call, start, batches, binomial_sample);
}

static const char *supports(const tarn_problem *p) {
  const tarn_dtype t = p->in_dtype[p->inputs - 1];
  return t == TARN_I32 || t == TARN_I64 ? "probabilities of whole numbers" : NULL;
}

const tarn_kernel tarn_kernels_random_binomial_reference[] = {
  {.op = "StatelessRandomBinomial", .name = "binomial", .supports = supports, .run = stateless},
  {.op = "StatefulRandomBinomial", .name = "binomial", .supports = supports, .run = stateful},
  {0},
};
