/* Normal samples within bounds (Robert, "Simulation of truncated normal variables", 1995).
 * Everything is rounded to the output's type at each step, as TensorFlow's templates do. A stream
 * is walked from its beginning to its end, whatever the number of threads: what TensorFlow gives
 * with one; with more it gives large outputs other numbers. */
#include "core/tensor/dtype.h"
#include "kernels/cpu/array/elements.h"
#include "kernels/cpu/random/sample.h"
#include "kernels/cpu/random/stream.h"
#include "kernels/params/random.h"
#include "kernels/state/generator.h"

#include <math.h>

enum { TRIES = 1000, BATCH = 100 };

typedef struct bounded {
  tarn_dtype dtype;
  double mean, deviation, low, high;   /* low and high in deviations from the mean */
} bounded;

static double rounded(tarn_dtype dtype, double x) {
  if (dtype == TARN_F64) return x;
  return dtype == TARN_F32 ? (double)(float)x
                           : (double)tarn__f16_to_f32(tarn__f32_to_f16((float)x));
}
static double exp_of(tarn_dtype dtype, double x) {
  return dtype == TARN_F64 ? exp(x) : rounded(dtype, (double)expf((float)x));
}
static double log_of(tarn_dtype dtype, double x) {
  return dtype == TARN_F64 ? log(x) : rounded(dtype, (double)logf((float)x));
}

/* The numbers of one block: their count. */
static int uniforms(tarn_dtype dtype, tarn_philox *g, double u[4]) {
  uint32_t x[4];
  tarn__philox_next(g, x);
  if (dtype == TARN_F64) {
    for (int i = 0; i < 2; i++) u[i] = tarn__uint64_to_double(x[2 * i], x[2 * i + 1]);
    return 2;
  }
  for (int i = 0; i < 4; i++)
    u[i] = (double)(dtype == TARN_F32 ? tarn__uint32_to_float(x[i])
                                      : tarn__f16_to_f32(tarn__uint16_to_half((uint16_t)x[i])));
  return 4;
}
static int normals(tarn_dtype dtype, tarn_philox *g, double z[4]) {
  uint32_t x[4];
  float f[4];
  tarn__philox_next(g, x);
  if (dtype == TARN_F64) {
    tarn__box_muller_double(x[0], x[1], x[2], x[3], &z[0], &z[1]);
    return 2;
  }
  tarn__box_muller_float(x[0], x[1], &f[0], &f[1]);
  tarn__box_muller_float(x[2], x[3], &f[2], &f[3]);
  for (int i = 0; i < 4; i++) z[i] = rounded(dtype, (double)f[i]);
  return 4;
}

/* Where accepted samples go: `step` elements apart. */
typedef struct place {
  tarn_tensor *y;
  int64_t at, step, left;
} place;

static void accept(place *to, const bounded *b, double z) {
  const double scaled = rounded(b->dtype, z * b->deviation);
  tarn__sample_put(to->y, to->at, rounded(b->dtype, scaled + b->mean));
  to->at += to->step;
  to->left--;
}

static tarn_status refused(int *tries, int most) {
  if (++*tries < most) return TARN_OK;
  return tarn_fail(TARN_INVALID, "TruncatedNormal rejection sampler failed to accept a sample");
}

/* Normal samples that happen to lie within. */
static tarn_status by_normal(const bounded *b, tarn_philox *g, place *to) {
  double z[4];
  for (int tries = 0; to->left > 0;) {
    const int n = normals(b->dtype, g, z);
    for (int i = 0; i < n && to->left > 0; i++) {
      if (z[i] >= b->low && z[i] <= b->high) {
        accept(to, b, z[i]);
        tries = 0;
      } else {
        TARN_TRY(refused(&tries, TRIES + 1));
      }
    }
  }
  return TARN_OK;
}

/* Uniform proposals between the bounds. */
static tarn_status by_uniform(const bounded *b, tarn_philox *g, place *to) {
  const tarn_dtype t = b->dtype;
  const double range = rounded(t, b->high - b->low),
               plus = b->low < 0 ? 0 : rounded(t, b->low * b->low);
  double z[4], u[4];
  for (int tries = 0; to->left > 0;) {
    const int n = uniforms(t, g, z);
    uniforms(t, g, u);
    for (int i = 0; i < n && to->left > 0; i++) {
      z[i] = rounded(t, rounded(t, z[i] * range) + b->low);
      const double exponent = rounded(t, rounded(t, plus - rounded(t, z[i] * z[i])) / 2);
      if (u[i] <= exp_of(t, exponent)) {
        accept(to, b, z[i]);
        tries = 0;
      } else {
        TARN_TRY(refused(&tries, TRIES));
      }
    }
  }
  return TARN_OK;
}

/* Proposals from the exponential distribution that fits the tail from `low` on best; root =
 * sqrt(low^2 + 4). */
static tarn_status by_exponential(const bounded *b, double root, tarn_philox *g, place *to) {
  const tarn_dtype t = b->dtype;
  const double alpha = rounded(t, rounded(t, b->low + root) / 2);
  double u[4];
  for (int tries = 0; to->left > 0;) {
    const int n = uniforms(t, g, u);
    for (int i = 0; i < n && to->left > 0; i += 2) {
      const double z = rounded(t, rounded(t, -log_of(t, u[i]) / alpha) + b->low);
      const double x = b->low < alpha ? rounded(t, alpha - z) : rounded(t, b->low - alpha);
      if (u[i + 1] <= exp_of(t, rounded(t, rounded(t, -x * x) / 2)) && z < b->high) {
        accept(to, b, z);
        tries = 0;
      } else {
        TARN_TRY(refused(&tries, TRIES));
      }
    }
  }
  return TARN_OK;
}

/* Samples of one set of parameters: mean, deviation, least, most at index[] of in[0..3]. */
static tarn_status sample(const tarn_tensor *const *in, const int64_t index[4], tarn_philox *g,
                          place *to) {
  const tarn_dtype t = to->y->dtype;
  double v[4];
  for (int i = 0; i < 4; i++) v[i] = tarn__sample_parameter(in[i], index[i]);
  if (!(v[1] > 0 && v[2] < v[3] && (isfinite(v[2]) || isfinite(v[3]))))
    return tarn_fail(TARN_INVALID, "Invalid parameters");
  if ((isinf(v[2]) && v[2] < 0) ||
      v[3] < v[0]) { /* turned over: bounds lie above the mean where they can */
    const double least = v[2];
    v[2] = v[3];
    v[3] = least;
    v[1] = -v[1];
  }
  const bounded b = {t, v[0], v[1], rounded(t, rounded(t, v[2] - v[0]) / v[1]),
                     rounded(t, rounded(t, v[3] - v[0]) / v[1])};
  const double inside = rounded(t, 1.3);
  const double root = rounded(t, sqrt(rounded(t, rounded(t, b.low * b.low) + 4)));
  const double exponent =
      rounded(t, 0.5 + rounded(t, rounded(t, b.low * rounded(t, b.low - root)) / 4));
  const double cutoff = rounded(t, rounded(t, 2 * exp_of(t, exponent)) / rounded(t, b.low + root));
  if ((b.low < -inside && b.high >= 0) || (b.high > inside && b.low <= 0))
    return by_normal(&b, g, to);
  if (rounded(t, b.high - b.low) < cutoff) return by_uniform(&b, g, to);
  return by_exponential(&b, root, g, to);
}

/* Rows of dim 0 have parameters of their own; one set for all is drawn in batches of 100. */
static tarn_status seeded(const tarn_call *call) {
  const tarn_random_params *p = call->problem->params;
  const tarn_tensor *const *in = call->in + 1;
  const int64_t n = tarn__tensor_elements(call->out[0]);
  if (n == 0) return TARN_OK;
  const bool one = tarn__tensor_elements(in[0]) == 1 && tarn__tensor_elements(in[1]) == 1 &&
                   in[2]->shape.rank == 0 && in[3]->shape.rank == 0;
  const int64_t batches = one ? (n + BATCH - 1) / BATCH : call->out[0]->shape.dim[0],
                each = one ? BATCH : n / batches;
  tarn_philox g;
  TARN_TRY(tarn__generator_reserve(call, p->seed, p->seed2,
                                   (uint64_t)batches * 2 * TRIES * ((uint64_t)each + 3) / 4, &g));
  for (int64_t b = 0; b < batches; b++) {
    if (call->run) TARN_TRY(tarn__run_check(call->run));
    int64_t index[4];
    for (int i = 0; i < 4; i++) index[i] = tarn__tensor_elements(in[i]) == 1 ? 0 : b;
    place to = {call->out[0], b * each, 1, (b + 1) * each < n ? each : n - b * each};
    TARN_TRY(sample(in, index, &g, &to));
  }
  return TARN_OK;
}

/* shape, seed, parameters that broadcast together to the end of shape. */
static tarn_status stateless(const tarn_call *call) {
  const tarn_tensor *const *in = call->in + 2, *seed = call->in[1];
  const int64_t n = tarn__tensor_elements(call->out[0]);
  tarn_shape both = tarn__shape_scalar();
  tarn_philox g =
      tarn__philox_of_seed((uint64_t)tarn__index_at(seed, 0), (uint64_t)tarn__index_at(seed, 1));
  for (int i = 0; i < 4; i++) {
    const tarn_shape so_far = both;
    TARN_TRY(tarn__shape_broadcast(&so_far, &in[i]->shape, &both));
  }
  const int64_t batches = tarn__shape_elements(&both);
  for (int64_t b = 0; b < batches && n > 0; b++) {
    if (call->run) TARN_TRY(tarn__run_check(call->run));
    int64_t index[4];
    for (int i = 0; i < 4; i++) index[i] = tarn__sample_source(&both, &in[i]->shape, b);
    place to = {call->out[0], b, batches, n / batches};
    TARN_TRY(sample(in, index, &g, &to));
  }
  return TARN_OK;
}

#define FLOATS .dtypes = TARN_BIT(TARN_F16) | TARN_BIT(TARN_F32) | TARN_BIT(TARN_F64), .keyed = -1
const tarn_kernel tarn_kernels_random_truncated_reference[] = {
  {.op = "ParameterizedTruncatedNormal", .name = "bounded", FLOATS, .run = seeded},
  {.op = "StatelessParameterizedTruncatedNormal", .name = "bounded", FLOATS, .run = stateless},
  {0},
};
