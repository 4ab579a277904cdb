/* Sum and Mean over any axes, BiasAddGrad, and Einsum where it is such a sum, in f32, for AVX2 and
 * AVX-512.
 *
 * Neighbouring axes that are both kept or both summed are folded into one. Then either the fastest
 * axis is kept, and vectors of it are added up (a mean over a picture: [N, HW, C]), or it is
 * summed, and each output is the sum of runs (a mean over the last axis). Chunks are outputs, so
 * results do not depend on the number of threads. Sums are kept in blocks of 256 before they are
 * added to the total: rounding grows with the blocks, not with the elements. */
#include "kernels/cpu/simd/vec.h"
#include "kernels/kernel.h"
#include "kernels/params/bias.h"
#include "kernels/params/einsum.h"

#include <string.h>

enum { BLOCK = 256, PART = 256, SMALL = 32768 };

typedef struct axis { int64_t n, step; } axis;

typedef struct job {
  int kept_axes, summed_axes;            /* slowest first; without the fastest axis of all */
  axis kept[TARN_MAX_RANK], summed[TARN_MAX_RANK];
  int64_t inner;                         /* length of the fastest axis */
  bool inner_kept;
  int64_t outer, terms;                  /* products of kept and of summed */
  int64_t parts;                         /* of the fastest axis where it is kept */
  const float *x;
  float *y, scale;
} job;

/* Start of element i of a list of axes. */
static int64_t place(const axis *a, int axes, int64_t i) {
  int64_t at = 0;
  for (int d = axes - 1; d >= 0; d--) {
    at += i % a[d].n * a[d].step;
    i /= a[d].n;
  }
  return at;
}

/* One vector of outputs: the sum over all terms. */
static inline vf sum_down(const job *j, const float *x, vm m, bool whole) {
  vf total = vf_zero();
  for (int64_t first = 0; first < j->terms; first += BLOCK) {
    int64_t end = j->terms - first < BLOCK ? j->terms : first + BLOCK;
    vf s = vf_zero();
    for (int64_t i = first; i < end; i++) {
      const float *at =
          x + (j->summed_axes == 1 ? i * j->summed[0].step : place(j->summed, j->summed_axes, i));
      s = vf_add(s, whole ? vf_load(at) : vf_load_m(at, m));
    }
    total = vf_add(total, s);
  }
  return total;
}

/* Four vectors at once, with a simple stride. */
static inline void sum_down_4(const job *j, const float *x, float *y) {
  int64_t step = j->summed[0].step;
  vf t0 = vf_zero(), t1 = t0, t2 = t0, t3 = t0, scale = vf_set1(j->scale);
  for (int64_t first = 0; first < j->terms; first += BLOCK) {
    int64_t n = j->terms - first < BLOCK ? j->terms - first : BLOCK;
    vf s0 = vf_zero(), s1 = s0, s2 = s0, s3 = s0;
    const float *at = x + first * step;
    for (int64_t i = 0; i < n; i++, at += step) {
      s0 = vf_add(s0, vf_load(at));
      s1 = vf_add(s1, vf_load(at + VF));
      s2 = vf_add(s2, vf_load(at + 2 * VF));
      s3 = vf_add(s3, vf_load(at + 3 * VF));
    }
    t0 = vf_add(t0, s0), t1 = vf_add(t1, s1), t2 = vf_add(t2, s2), t3 = vf_add(t3, s3);
  }
  vf_store(y, vf_mul(t0, scale));
  vf_store(y + VF, vf_mul(t1, scale));
  vf_store(y + 2 * VF, vf_mul(t2, scale));
  vf_store(y + 3 * VF, vf_mul(t3, scale));
}

static tarn_status down(void *argument, int64_t chunk, int worker) {
  (void)worker;
  const job *j = argument;
  int64_t row = chunk / j->parts, c = chunk % j->parts * PART,
          end = j->inner - c < PART ? j->inner : c + PART;
  const float *x = j->x + place(j->kept, j->kept_axes, row);
  float *y = j->y + row * j->inner;
  if (j->summed_axes == 1)
    for (; c + 4 * VF <= end; c += 4 * VF) sum_down_4(j, x + c, y + c);
  for (; c < end; c += VF) {
    vm m = vm_first(end - c < VF ? end - c : VF);
    vf_store_m(y + c, m, vf_mul(sum_down(j, x + c, m, end - c >= VF), vf_set1(j->scale)));
  }
  return TARN_OK;
}

/* The sum of n adjacent elements. */
static float sum_along(const float *x, int64_t n) {
  vf total = vf_zero();
  for (int64_t first = 0; first < n; first += BLOCK * 4 * VF) {
    int64_t end = n - first < BLOCK * 4 * VF ? n : first + BLOCK * 4 * VF, i = first;
    vf s0 = vf_zero(), s1 = s0, s2 = s0, s3 = s0;
    for (; i + 4 * VF <= end; i += 4 * VF) {
      s0 = vf_add(s0, vf_load(x + i));
      s1 = vf_add(s1, vf_load(x + i + VF));
      s2 = vf_add(s2, vf_load(x + i + 2 * VF));
      s3 = vf_add(s3, vf_load(x + i + 3 * VF));
    }
    for (; i < end; i += VF)
      s0 = vf_add(s0, vf_load_m(x + i, vm_first(end - i < VF ? end - i : VF)));
    total = vf_add(total, vf_add(vf_add(s0, s1), vf_add(s2, s3)));
  }
  return vf_sum(total);
}

enum { OUTPUTS = 64 };   /* of a chunk of `along` */

static tarn_status along(void *argument, int64_t chunk, int worker) {
  (void)worker;
  const job *j = argument;
  int64_t end = (chunk + 1) * OUTPUTS < j->outer ? (chunk + 1) * OUTPUTS : j->outer;
  for (int64_t o = chunk * OUTPUTS; o < end; o++) {
    const float *x = j->x + place(j->kept, j->kept_axes, o);
    double total = 0;
    for (int64_t i = 0; i < j->terms; i++)
      total += (double)sum_along(x + place(j->summed, j->summed_axes, i), j->inner);
    j->y[o] = (float)(total * (double)j->scale);
  }
  return TARN_OK;
}

static tarn_status reduce(const tarn_call *call, const tarn_shape *shape, const bool *is_summed,
                          bool mean) {
  job j = {.x = call->in[0]->data,
           .y = call->out[0]->data,
           .outer = 1,
           .terms = 1,
           .inner = 1,
           .inner_kept = true,
           .scale = 1.0f};
  int64_t step = 1, outputs = tarn__tensor_elements(call->out[0]),
          elements = tarn__shape_elements(shape), count = 1;
  for (int d = 0; d < shape->rank; d++)
    if (is_summed[d]) count *= shape->dim[d];
  if (mean) j.scale = (float)(1.0 / (double)count);
  if (outputs == 0) return TARN_OK;
  if (elements == 0) {   /* sums of nothing; their mean is 0/0 */
    for (int64_t i = 0; i < outputs; i++) j.y[i] = mean ? 0.0f / (float)count : 0.0f;
    return TARN_OK;
  }
  /* From the fastest axis: runs of axes of one kind, each a single axis. */
  int runs = 0;
  axis run[TARN_MAX_RANK + 1];
  bool kind[TARN_MAX_RANK + 1];
  for (int d = shape->rank - 1; d >= 0; d--) {
    int64_t n = shape->dim[d];
    if (n == 1) continue;
    if (runs > 0 && kind[runs - 1] == is_summed[d]) {
      run[runs - 1].n *= n;
    } else {
      run[runs] = (axis){n, step};
      kind[runs++] = is_summed[d];
    }
    step *= n;
  }
  int first = 0;
  if (runs > 0) {
    j.inner = run[0].n;
    j.inner_kept = !kind[0];
    first = 1;
  }
  for (int r = runs - 1; r >= first; r--) {
    if (kind[r]) j.summed[j.summed_axes++] = run[r], j.terms *= run[r].n;
    else j.kept[j.kept_axes++] = run[r], j.outer *= run[r].n;
  }
  tarn_pool *pool = elements < SMALL ? NULL : call->pool;
  j.parts = (j.inner + PART - 1) / PART;
  if (j.inner_kept) return tarn__pool_run(pool, j.outer * j.parts, down, &j);
  return tarn__pool_run(pool, (j.outer + OUTPUTS - 1) / OUTPUTS, along, &j);
}

/* Axes are input 1: checked by the op's infer function. */
static tarn_status run(const tarn_call *call, bool mean) {
  const tarn_shape *x = &call->problem->in_shape[0];
  bool is_summed[TARN_MAX_RANK] = {false};
  int64_t axes = tarn__tensor_elements(call->in[1]);
  for (int64_t i = 0; i < axes; i++) {
    int d;
    TARN_TRY(tarn__shape_axis(tarn__tensor_int(call->in[1], i), x->rank, &d));
    is_summed[d] = true;
  }
  return reduce(call, x, is_summed, mean);
}
static tarn_status run_sum(const tarn_call *call) { return run(call, false); }
static tarn_status run_mean(const tarn_call *call) { return run(call, true); }

static tarn_status run_bias(const tarn_call *call) {
  tarn_bias g = tarn__bias_of(call->problem->params, &call->problem->in_shape[0]);
  tarn_shape x = {.rank = 3, .dim = {g.outer, g.C, g.inner}};
  return reduce(call, &x, (const bool[]){true, false, true}, false);
}

/* Einsum of one input whose labels the output has in the same order: a sum over the others. */
static const char *einsum_axes(const tarn_problem *p, bool is_summed[TARN_MAX_RANK]) {
  const tarn_einsum_params *e = p->params;
  if (p->inputs != 1) return "it has two inputs";
  const int dots = tarn__einsum_ellipsis(e, 0, p->in_shape[0].rank);
  int next = 0, dim = 0;
  for (int i = 0; i < e->count[0]; i++) {
    const int16_t label = e->label[0][i];
    for (int k = 0; k < i; k++)
      if (e->label[0][k] == label) return "it takes a diagonal";
    const bool kept = next < e->count[TARN_EINSUM_OUT] && e->label[TARN_EINSUM_OUT][next] == label;
    next += kept;
    for (int n = label == TARN_EINSUM_ELLIPSIS ? dots : 1; n > 0; n--) is_summed[dim++] = !kept;
  }
  return next == e->count[TARN_EINSUM_OUT] ? NULL : "the output's axes are in another order";
}
static const char *supports_einsum(const tarn_problem *p) {
  bool is_summed[TARN_MAX_RANK];
  return p->out_shape[0].rank < 0 ? "the shape is not known yet" : einsum_axes(p, is_summed);
}
static tarn_status run_einsum(const tarn_call *call) {
  bool is_summed[TARN_MAX_RANK] = {false};
  (void)einsum_axes(call->problem, is_summed);
  return reduce(call, &call->problem->in_shape[0], is_summed, false);
}

static const char *known(const tarn_problem *p) {
  return p->out_shape[0].rank < 0 ? "the axes are not known yet" : NULL;
}

#define ROWS                                                                             \
  {.op = "Sum", .dtypes = TARN_BIT(TARN_F32), .supports = known, .run = run_sum},        \
  {.op = "Mean", .dtypes = TARN_BIT(TARN_F32), .supports = known, .run = run_mean},      \
  {.op = "BiasAddGrad", .dtypes = TARN_BIT(TARN_F32), .run = run_bias},                  \
  {.op = "Einsum", .dtypes = TARN_BIT(TARN_F32), .supports = supports_einsum, .run = run_einsum}
