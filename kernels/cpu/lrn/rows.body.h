/* LRN and LRNGrad in float for AVX2 and AVX-512; half floats are brought to it first.
 *
 *   for a row of C channels
 *     squares with `radius` zeros on both sides      scratch, in L1
 *     a vector of channels: their window's sum       2 radius + 1 loads and additions
 *     norm^-beta: 1 / norm, 1 / sqrt(norm), or exp(-beta log norm)
 *
 * The gradient makes such sums twice: of squares, and of dy y / norm. */
#include "kernels/cpu/simd/floats.h"
#include "kernels/cpu/simd/math.h"
#include "kernels/kernel.h"
#include "kernels/params/lrn.h"

#include <string.h>

enum { STEP = 8192 };            /* elements of a chunk, at least */

typedef struct job {
  const tarn_lrn_params *p;
  int64_t rows, C, radius, step; /* step: rows of a chunk */
  const float *dy, *x, *y;
  float *to, *scratch;
  int64_t room;                  /* floats of scratch of a thread */
} job;

static int64_t radius_of(const tarn_lrn_params *p, int64_t C) {
  return p->depth_radius < C ? p->depth_radius : C;
}
/* Terms with the zeros round them, up to a whole vector beyond. */
static int64_t terms_of(int64_t C, int64_t radius) { return (C + 2 * radius + 2 * VF) / VF * VF; }

/* bias + alpha sum over the window of channels c..; terms begin `radius` before channel 0. */
static inline vf window(const float *terms, int64_t c, int64_t radius) {
  vf sum = vf_load(terms + c), other = vf_zero();
  int64_t k = 1;
  for (; k + 2 <= 2 * radius + 1; k += 2) {
    sum = vf_add(sum, vf_load(terms + c + k));
    other = vf_add(other, vf_load(terms + c + k + 1));
  }
  return vf_add(sum, other);
}
static inline vf power(vf norm, float beta) {
  if (beta == 1.0f) return vf_div(vf_set1(1.0f), norm);
  const vf root = vf_sqrt(norm);
  if (beta == 0.5f) return vf_div(vf_set1(1.0f), root);
  if (beta == 0.75f) return vf_div(vf_set1(1.0f), vf_mul(root, vf_sqrt(root)));
  return vf_exp(vf_mul(vf_set1(-beta), vf_log(norm)));
}
static inline vf norm_of(const job *j, const float *terms, int64_t c) {
  return vf_fma(vf_set1(j->p->alpha), window(terms, c, j->radius), vf_set1(j->p->bias));
}
static inline void squares(const job *j, const float *x, float *terms) {
  for (int64_t c = 0; c < j->C; c += VF) {
    const vm m = vm_first(j->C - c < VF ? j->C - c : VF);
    const vf v = vf_load_m(x + c, m);
    vf_store_m(terms + j->radius + c, m, vf_mul(v, v));
  }
}

static tarn_status forward(void *argument, int64_t chunk, int worker) {
  const job *j = argument;
  float *terms = j->scratch + worker * j->room;
  const int64_t first = chunk * j->step,
                last = j->rows - first < j->step ? j->rows : first + j->step;
  memset(terms, 0, (size_t)j->room * sizeof *terms);
  for (int64_t r = first; r < last; r++) {
    const float *x = j->x + r * j->C;
    float *y = j->to + r * j->C;
    squares(j, x, terms);
    for (int64_t c = 0; c < j->C; c += VF) {
      const vm m = vm_first(j->C - c < VF ? j->C - c : VF);
      vf_store_m(y + c, m, vf_mul(vf_load_m(x + c, m), power(norm_of(j, terms, c), j->p->beta)));
    }
  }
  return TARN_OK;
}

static tarn_status backward(void *argument, int64_t chunk, int worker) {
  const job *j = argument;
  const int64_t terms_count = terms_of(j->C, j->radius);
  float *terms = j->scratch + worker * j->room, *share = terms + terms_count,
        *own = share + terms_count;
  const int64_t first = chunk * j->step,
                last = j->rows - first < j->step ? j->rows : first + j->step;
  const vf factor = vf_set1(2 * j->p->alpha * j->p->beta);
  memset(terms, 0, (size_t)j->room * sizeof *terms);
  for (int64_t r = first; r < last; r++) {
    const float *x = j->x + r * j->C, *y = j->y + r * j->C, *dy = j->dy + r * j->C;
    float *dx = j->to + r * j->C;
    squares(j, x, terms);
    for (int64_t c = 0; c < j->C; c += VF) {
      const vm m = vm_first(j->C - c < VF ? j->C - c : VF);
      const vf norm = norm_of(j, terms, c), d = vf_load_m(dy + c, m);
      vf_store_m(share + j->radius + c, m, vf_div(vf_mul(d, vf_load_m(y + c, m)), norm));
      vf_store_m(own + c, m, vf_mul(d, power(norm, j->p->beta)));
    }
    for (int64_t c = 0; c < j->C; c += VF) {
      const vm m = vm_first(j->C - c < VF ? j->C - c : VF);
      const vf others = vf_mul(vf_mul(factor, vf_load_m(x + c, m)), window(share, c, j->radius));
      vf_store_m(dx + c, m, vf_sub(vf_load_m(own + c, m), others));
    }
  }
  return TARN_OK;
}

static const char *supports(const tarn_problem *p) {
  const tarn_lrn_params *params = p->params;
  if (params->bias < 0 || params->alpha < 0 || params->beta <= 0)
    return "a norm may be negative, or beta is not positive";
  if (params->depth_radius > 64) return "the window is wide";
  return tarn__shape_elements(&p->in_shape[0]) == 0 ? "there are no elements" : NULL;
}

static size_t scratch_bytes(const tarn_problem *p, int threads) {
  const int64_t C = p->in_shape[0].dim[3], room = 3 * terms_of(C, radius_of(p->params, C));
  int64_t elements = room * threads;
  if (p->in_dtype[0] != TARN_F32)
    elements += tarn__shape_elements(&p->in_shape[0]) * (p->inputs + 1);
  return (size_t)elements * sizeof(float);
}

static tarn_status run(const tarn_call *call) {
  const tarn_problem *p = call->problem;
  const int64_t n = tarn__tensor_elements(call->out[0]), C = p->in_shape[0].dim[3],
                radius = radius_of(p->params, C);
  const bool gradient = p->inputs == 3;
  job j = {.p = p->params,
           .rows = n / C,
           .C = C,
           .radius = radius,
           .step = STEP / C > 0 ? STEP / C : 1,
           .scratch = call->scratch,
           .room = 3 * terms_of(C, radius)};
  float *room = j.scratch + j.room * tarn__pool_threads(call->pool);
  if (gradient) j.dy = lane_floats_of(call->in[0], &room, n);
  j.x = lane_floats_of(call->in[gradient ? 1 : 0], &room, n);
  if (gradient) j.y = lane_floats_of(call->in[2], &room, n);
  j.to = lane_floats_for(call->out[0], &room, n);
  TARN_TRY(tarn__pool_run(call->pool, (j.rows + j.step - 1) / j.step, gradient ? backward : forward,
                          &j));
  lane_round_into(call->out[0], j.to, n);
  return TARN_OK;
}

#define ROW(text)                               \
  {.op = text,                                  \
   .dtypes = TARN_FLOATS & ~TARN_BIT(TARN_F64), \
   .supports = supports,                        \
   .scratch_bytes = scratch_bytes,              \
   .run = run},
#define ROWS ROW("LRN") ROW("LRNGrad")
