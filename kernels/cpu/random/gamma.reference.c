/* Gamma and Poisson samples. */
#include "core/tensor/dtype.h"
#include "kernels/cpu/array/elements.h"
#include "kernels/cpu/random/fill.h"
#include "kernels/cpu/random/sample.h"
#include "kernels/cpu/random/stream.h"
#include "kernels/cpu/special/special.h"
#include "kernels/params/random.h"
#include "kernels/state/generator.h"

#include <math.h>

enum { LOOK = 1024 };   /* refused draws between two looks at the run's limits */

static tarn_status look(const tarn_call *call, int64_t refused) {
  return call->run && refused % LOOK == LOOK - 1 ? tarn__run_check(call->run) : TARN_OK;
}

/* Marsaglia and Tsang, "A simple method for generating gamma variables" (2000), for alpha >= 1;
 * below that a sample for alpha + 1 times u^(1/alpha). Exponential for alpha = 1. */
static tarn_status gamma_sample(const tarn_call *call, tarn_philox start, int64_t p, int64_t index,
                                double *value) {
  const double alpha = tarn__sample_parameter(call->in[call->problem->inputs - 1], p);
  tarn_pairs g = tarn__pairs(start, index, TARN_RANDOM_RESERVE);
  if (alpha == 1) {
    *value = -log1p(-tarn__pairs_uniform(&g));
    return TARN_OK;
  }
  const double d = alpha + (alpha < 1 ? 2.0 / 3 : -1.0 / 3), c = 1.0 / 3 / sqrt(d);
  if (!(d > 0)) {
    *value = (double)NAN;
    return TARN_OK;
  }
  for (int64_t refused = 0;; refused++) {
    TARN_TRY(look(call, refused));
    const double x = tarn__pairs_normal(&g);
    double v = 1 + c * x;
    if (v <= 0) continue;
    v = v * v * v;
    const double u = tarn__pairs_uniform(&g);
    if (!(u < 1 - 0.0331 * (x * x) * (x * x)) && !(log(u) < 0.5 * x * x + d * (1 - v + log(v))))
      continue;
    *value = d * v;
    if (alpha < 1) *value *= pow(tarn__pairs_uniform(&g), 1 / alpha);
    return TARN_OK;
  }
}

/* Knuth's products of uniforms. */
static double poisson_small(double rate, double most, tarn_pairs *g) {
  const double least = exp(-rate);
  double product = 1, x = 0;
  for (;; x += 1) {
    product *= tarn__pairs_uniform(g);
    if (product <= least && x <= most) return x;
  }
}

/* Hoermann, "The transformed rejection method for generating Poisson random variables" (1993),
 * algorithm PTRS; its names. */
static tarn_status poisson_sample(const tarn_call *call, tarn_philox start, int64_t p,
                                  int64_t index, double *value) {
  static const double highest[] = {[TARN_F16] = 65504,
                                   [TARN_F32] = 0x1.fffffep127,
                                   [TARN_F64] = 0x1.fffffffffffffp1023,
                                   [TARN_I32] = INT32_MAX,
                                   [TARN_I64] = (double)INT64_MAX};
  const tarn_dtype dtype = call->out[0]->dtype;
  const double rate = tarn__sample_parameter(call->in[call->problem->inputs - 1], p),
               most = highest[dtype];
  tarn_pairs g = tarn__pairs(start, index, TARN_RANDOM_RESERVE);
  if (rate < 10) {
    *value = poisson_small(rate, most, &g);
    return TARN_OK;
  }
  if (isnan(rate) || isinf(rate)) {   /* infinity is 0 in integers */
    *value = dtype == TARN_I32 || dtype == TARN_I64 ? 0 : rate;
    return TARN_OK;
  }
  const double log_rate = log(rate), b = 0.931 + 2.53 * sqrt(rate), a = -0.059 + 0.02483 * b;
  const double inv_alpha = 1.1239 + 1.1328 / (b - 3.4);
  for (int64_t refused = 0;; refused++) {
    TARN_TRY(look(call, refused));
    const double u = tarn__pairs_uniform(&g) - 0.5, v = tarn__pairs_uniform(&g),
                 shifted = 0.5 - fabs(u);
    const double k = floor((2 * a / shifted + b) * u + rate + 0.43);
    if (k > most) continue;
    *value = k;
    if (shifted >= 0.07 && v <= 0.9277 - 3.6224 / (b - 2)) return TARN_OK;
    if (k < 0 || (shifted < 0.013 && v > shifted)) continue;
    const double s = log(v * inv_alpha / (a / (shifted * shifted) + b));
    if (s <= -rate + k * log_rate - tarn__lgamma(k + 1)) return TARN_OK;
  }
}

/* shape, parameter -> [shape..., parameter...] */
static tarn_status seeded(const tarn_call *call, tarn_sampler draw) {
  const tarn_random_params *p = call->problem->params;
  const int64_t n = tarn__tensor_elements(call->out[0]);
  tarn_philox start;
  if (n == 0) return TARN_OK;
  TARN_TRY(
      tarn__generator_reserve(call, p->seed, p->seed2, (uint64_t)n * TARN_RANDOM_RESERVE, &start));
  return tarn__sample_fill(call, start, tarn__tensor_elements(call->in[1]), draw);
}
/* shape, seed, parameter -> shape, which ends in the parameter's */
static tarn_status stateless(const tarn_call *call, tarn_sampler draw) {
  const tarn_tensor *seed = call->in[1];
  const tarn_philox start =
      tarn__philox_of_seed((uint64_t)tarn__index_at(seed, 0), (uint64_t)tarn__index_at(seed, 1));
  return tarn__sample_fill(call, start, tarn__tensor_elements(call->in[2]), draw);
}
static tarn_status run_gamma(const tarn_call *call) { return seeded(call, gamma_sample); }
static tarn_status run_poisson(const tarn_call *call) { return seeded(call, poisson_sample); }
static tarn_status run_gamma_stateless(const tarn_call *call) {
  return stateless(call, gamma_sample);
}
static tarn_status run_poisson_stateless(const tarn_call *call) {
  return stateless(call, poisson_sample);
}

#define FLOATS .dtypes = TARN_BIT(TARN_F16) | TARN_BIT(TARN_F32) | TARN_BIT(TARN_F64), .keyed = -1
const tarn_kernel tarn_kernels_random_gamma_reference[] = {
  {.op = "RandomGamma", .name = "gamma", FLOATS, .run = run_gamma},
  {.op = "StatelessRandomGammaV2", .name = "gamma", FLOATS, .run = run_gamma_stateless},
  {.op = "RandomPoisson", .name = "poisson", FLOATS, .run = run_poisson},
  {.op = "RandomPoissonV2", .name = "poisson", .run = run_poisson},
  {.op = "StatelessRandomPoisson", .name = "poisson", .run = run_poisson_stateless},
  {0},
};
