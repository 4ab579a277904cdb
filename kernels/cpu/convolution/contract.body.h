/* Conv2D and Conv3D with their gradients as products of any dtype
 * (kernels/cpu/contract), for AVX2 and AVX-512.
 *
 *   y[pixel, oc]  = x[pixel + tap, kc] w[tap kc, oc]            depth: taps and channels
 *   dw[tap kc, oc] = x[pixel + tap, kc] dy[pixel, oc]           depth: pixels
 *   dx[pixel, kc] = dy[(pixel - tap) / stride, oc] w[tap kc, oc]   depth: the taps that reach the
 * pixel, and oc
 *
 * For dx the input's positions are taken by their remainder modulo the strides: all of a remainder
 * are reached by the same taps. The activation that is read through taps is copied with zeros round
 * it. */
#include "kernels/cpu/contract/contract.h"
#include "kernels/cpu/convolution/padded.h"

typedef enum which { FORWARD, FILTER, INPUT } which;

typedef struct plan {
  tarn_conv g;
  which what;
  tarn_padded padded;
  int64_t per_group;
  int64_t M, N, K;                 /* the greatest, of dx */
} plan;

static int64_t floor_div(int64_t a, int64_t b) { return a >= 0 ? a / b : -((b - 1 - a) / b); }

static plan plan_of(const tarn_problem *p, which what) {
  const tarn_shape *x = what == INPUT ? &p->out_shape[0] : &p->in_shape[0];
  const tarn_shape *w = what == FILTER ? &p->out_shape[0] : &p->in_shape[1];
  plan k = {.g = tarn__conv_of(p->params, x, w, false), .what = what};
  const tarn_conv *g = &k.g;
  int64_t in[TARN_AXES], before[TARN_AXES], reach[TARN_AXES], pixels = g->N, outputs = g->N,
                                                              taps = 1;
  k.per_group = g->groups > 0 ? g->OC / g->groups : 0;
  for (int a = 0; a < TARN_AXES; a++) {
    const tarn_axis *s = &g->axis[a];
    const int64_t width = (s->window - 1) * s->dilation;
    in[a] = what == INPUT ? s->out : s->in;
    before[a] = what == INPUT ? -floor_div(s->before - width, s->stride) : s->before;
    reach[a] = what == INPUT ? (s->in - 1 + s->before) / s->stride + 1
                             : (s->out - 1) * s->stride - s->before + width + 1;
    pixels *= s->in, outputs *= s->out, taps *= s->window;
  }
  k.padded =
      tarn__padded_of(g->channels_first, g->N, what == INPUT ? g->OC : g->C, in, before, reach);
  k.M = what == FORWARD ? outputs : what == FILTER ? taps * g->KC : pixels;
  k.N = what == INPUT ? g->KC : k.per_group;
  k.K = what == FORWARD ? taps * g->KC : what == FILTER ? outputs : taps * k.per_group;
  return k;
}

/* Offsets of every position of a box: from[] + i * by[] along each axis, then of `inner` neighbours
 * `step` apart. */
typedef struct box { int64_t count[TARN_AXES], from[TARN_AXES], by[TARN_AXES]; } box;

static int64_t box_size(const box *b) { return b->count[0] * b->count[1] * b->count[2]; }

static int64_t *fill(const tarn_conv_layout *s, int64_t N, const box *b, int64_t inner,
                     int64_t step, int64_t *table) {
  for (int64_t n = 0; n < N; n++)
    for (int64_t d = 0; d < b->count[0]; d++)
      for (int64_t h = 0; h < b->count[1]; h++)
        for (int64_t w = 0; w < b->count[2]; w++)
          for (int64_t i = 0; i < inner; i++)
            *table++ = n * s->N + (b->from[0] + d * b->by[0]) * s->D +
                       (b->from[1] + h * b->by[1]) * s->H + (b->from[2] + w * b->by[2]) * s->W +
                       i * step;
  return table;
}
static int64_t *steps(int64_t *table, int64_t n, int64_t step) {
  for (int64_t i = 0; i < n; i++) table[i] = i * step;
  return table + n;
}

typedef struct tables { int64_t *a_i, *b_i, *c_i, *a_m, *c_m, *b_n, *c_n, *a_k, *b_k; } tables;

static tables tables_of(const plan *k, int64_t *at) {
  const int64_t G = k->g.groups;
  return (tables){at,
                  at + G,
                  at + 2 * G,
                  at + 3 * G,
                  at + 3 * G + k->M,
                  at + 3 * G + 2 * k->M,
                  at + 3 * G + 2 * k->M + k->N,
                  at + 3 * G + 2 * (k->M + k->N),
                  at + 3 * G + 2 * (k->M + k->N) + k->K};
}
static size_t table_bytes(const plan *k) {
  return (size_t)(8 * (3 * k->g.groups + 2 * (k->M + k->N + k->K)) + 63) / 64 * 64;
}
static size_t padded_bytes(const plan *k, tarn_dtype dtype) {
  return ((size_t)tarn__padded_elements(&k->padded) * tarn_dtype_bytes(dtype) + 63) / 64 * 64;
}

/* One product for all groups; tables are filled but for those of the groups. */
static tarn_status product(const tarn_call *call, const plan *k, const tables *t, int64_t M,
                           int64_t K, const void *a, const void *b, int64_t a_group,
                           int64_t b_group, int64_t c_group, void *scratch) {
  steps(t->a_i, k->g.groups, a_group);
  steps(t->b_i, k->g.groups, b_group);
  steps(t->c_i, k->g.groups, c_group);
  const tarn_contract job = {.batches = k->g.groups,
                             .M = M,
                             .N = k->N,
                             .K = K,
                             .a_i = t->a_i,
                             .b_i = t->b_i,
                             .c_i = t->c_i,
                             .a_m = t->a_m,
                             .c_m = t->c_m,
                             .b_n = t->b_n,
                             .c_n = t->c_n,
                             .a_k = t->a_k,
                             .b_k = t->b_k,
                             .a = a,
                             .b = b,
                             .c = call->out[0]->data};
  return CONTRACT(&job, call->problem->out_dtype[0], scratch, call->pool);
}

/* Positions of the outputs in the padded input, and of the taps. */
static box outputs_of(const tarn_conv *g) {
  box b;
  for (int a = 0; a < TARN_AXES; a++)
    b.count[a] = g->axis[a].out, b.from[a] = 0, b.by[a] = g->axis[a].stride;
  return b;
}
static box taps_of(const tarn_conv *g) {
  box b;
  for (int a = 0; a < TARN_AXES; a++)
    b.count[a] = g->axis[a].window, b.from[a] = 0, b.by[a] = g->axis[a].dilation;
  return b;
}

/* dx of the positions with these remainders. */
static tarn_status remainder_run(const tarn_call *call, const plan *k, const tables *t,
                                 const int64_t remainder[TARN_AXES], const void *dy,
                                 void *scratch) {
  const tarn_conv *g = &k->g;
  const tarn_conv_layout xs = tarn__conv_input(g), *ys = &k->padded.layout;
  box in, out, taps;
  int64_t first[TARN_AXES], every[TARN_AXES];
  for (int a = 0; a < TARN_AXES; a++) {
    const tarn_axis *s = &g->axis[a];
    if (remainder[a] >= s->in) return TARN_OK;
    in.count[a] = out.count[a] = (s->in - remainder[a] - 1) / s->stride + 1;
    in.from[a] = remainder[a], in.by[a] = s->stride;
    /* Taps k with (remainder + before - k dilation) a multiple of the stride: an arithmetic
     * sequence, or none. */
    first[a] = -1, every[a] = 1;
    int64_t count = 0;
    for (int64_t tap = 0; tap < s->window; tap++) {
      if ((remainder[a] + s->before - tap * s->dilation) % s->stride) continue;
      if (count == 0) first[a] = tap;
      if (count == 1) every[a] = tap - first[a];
      count++;
    }
    taps.count[a] = count;
    taps.from[a] = 0;
    taps.by[a] = count ? -every[a] * s->dilation / s->stride : 0;
    out.from[a] = k->padded.before[a] +
                  (count ? (remainder[a] + s->before - first[a] * s->dilation) / s->stride : 0);
    out.by[a] = 1;
  }
  const int64_t K = box_size(&taps) * k->per_group;
  fill(ys, g->N, &out, 1, 0, t->a_m);
  fill(&xs, g->N, &in, 1, 0, t->c_m);
  fill(ys, 1, &taps, k->per_group, ys->C, t->a_k);
  int64_t *b_k = t->b_k;
  for (int64_t d = 0; d < taps.count[0]; d++)
    for (int64_t h = 0; h < taps.count[1]; h++)
      for (int64_t w = 0; w < taps.count[2]; w++) {
        const int64_t tap =
            ((first[0] + d * every[0]) * g->axis[1].window + first[1] + h * every[1]) *
                g->axis[2].window +
            first[2] + w * every[2];
        for (int64_t oc = 0; oc < k->per_group; oc++) *b_k++ = tap * g->KC * g->OC + oc;
      }
  return product(call, k, t, g->N * box_size(&in), K, dy, call->in[1]->data, k->per_group * ys->C,
                 k->per_group, g->KC * xs.C, scratch);
}

static tarn_status run(const tarn_call *call, which what) {
  const plan k = plan_of(call->problem, what);
  const tarn_conv *g = &k.g;
  const tarn_dtype dtype = call->problem->out_dtype[0];
  char *padded = call->scratch, *scratch = padded + padded_bytes(&k, dtype) + table_bytes(&k);
  const tables t = tables_of(&k, (int64_t *)(void *)(padded + padded_bytes(&k, dtype)));
  const tarn_conv_layout xs = tarn__conv_input(g), ys = tarn__conv_output(g),
                         *ps = &k.padded.layout;
  if (tarn__tensor_elements(call->out[0]) == 0) return TARN_OK;
  tarn__padded_copy(&k.padded, call->in[what == INPUT ? 2 : 0]->data, padded,
                    tarn_dtype_bytes(dtype));
  if (what == INPUT) {
    steps(t.b_n, k.N, g->OC);
    steps(t.c_n, k.N, xs.C);
    int64_t at[TARN_AXES];
    for (at[0] = 0; at[0] < g->axis[0].stride; at[0]++)
      for (at[1] = 0; at[1] < g->axis[1].stride; at[1]++)
        for (at[2] = 0; at[2] < g->axis[2].stride; at[2]++)
          TARN_TRY(remainder_run(call, &k, &t, at, padded, scratch));
    return TARN_OK;
  }
  /* The copy starts at -before, where tap 0 of output 0 reads. */
  const box outputs = outputs_of(g), taps = taps_of(g);
  box plain = outputs;
  for (int a = 0; a < TARN_AXES; a++) plain.by[a] = 1;
  fill(ps, g->N, &outputs, 1, 0, what == FORWARD ? t.a_m : t.a_k);
  fill(&ys, g->N, &plain, 1, 0, what == FORWARD ? t.c_m : t.b_k);
  fill(ps, 1, &taps, g->KC, ps->C, what == FORWARD ? t.a_k : t.a_m);
  steps(what == FORWARD ? t.b_k : t.c_m, box_size(&taps) * g->KC, g->OC);
  steps(t.b_n, k.N, what == FORWARD ? 1 : ys.C);
  steps(t.c_n, k.N, what == FORWARD ? ys.C : 1);
  const int64_t x_group = g->KC * ps->C, y_group = k.per_group * ys.C;
  if (what == FORWARD)
    return product(call, &k, &t, k.M, k.K, padded, call->in[1]->data, x_group, k.per_group, y_group,
                   scratch);
  return product(call, &k, &t, k.M, k.K, padded, call->in[2]->data, x_group, y_group, k.per_group,
                 scratch);
}
static tarn_status run_forward(const tarn_call *call) { return run(call, FORWARD); }
static tarn_status run_filter(const tarn_call *call) { return run(call, FILTER); }
static tarn_status run_input(const tarn_call *call) { return run(call, INPUT); }

/* Half of what products reach, less for wider elements. */
static double cost(const tarn_problem *p, const tarn_machine *m, which what) {
  const plan k = plan_of(p, what);
  const double wide = (double)tarn_dtype_bytes(p->out_dtype[0]) / 4;
  const double flops =
      2 * (double)k.M * (double)k.N * (double)k.K * (double)k.g.groups * (wide > 1 ? wide : 1);
  return 5 + flops / (1e3 * 0.3 * m->gflops[TARN_TARGET_AVX2]) / m->threads;
}
static size_t bytes(const tarn_problem *p, int threads, which what) {
  if (p->out_shape[0].rank < 0) return 0;
  const plan k = plan_of(p, what);
  return padded_bytes(&k, p->out_dtype[0]) + table_bytes(&k) +
         (size_t)threads * tarn__contract_scratch(k.M, k.N, k.K);
}
#define FUNCTIONS(name, what)                                               \
  static double cost_##name(const tarn_problem *p, const tarn_machine *m) { \
    return cost(p, m, what);                                                \
  }                                                                         \
  static size_t bytes_##name(const tarn_problem *p, int threads) {          \
    return bytes(p, threads, what);                                         \
  }
FUNCTIONS(forward, FORWARD)
FUNCTIONS(filter, FILTER)
FUNCTIONS(input, INPUT)

static const char *supports(const tarn_problem *p) {
  return p->out_shape[0].rank < 0 ? "the shape is not known yet" : NULL;
}
#define ROW(text, types, name)    \
  {.op = text,                    \
   .dtypes = types,               \
   .keyed = -1,                   \
   .supports = supports,          \
   .cost_us = cost_##name,        \
   .scratch_bytes = bytes_##name, \
   .run = run_##name},
#define ROWS                                                                           \
  ROW("Conv2D", TARN_FLOATS | TARN_BIT(TARN_I32), forward)                             \
  ROW("Conv3D", TARN_FLOATS, forward) ROW("Conv2DBackpropFilter", TARN_FLOATS, filter) \
      ROW("Conv3DBackpropFilter", TARN_FLOATS, filter)                                 \
          ROW("Conv3DBackpropFilterV2", TARN_FLOATS, filter)                           \
              ROW("Conv2DBackpropInput", TARN_FLOATS | TARN_BIT(TARN_I32), input)      \
                  ROW("Conv3DBackpropInput", TARN_FLOATS, input)                       \
                      ROW("Conv3DBackpropInputV2", TARN_FLOATS, input)
