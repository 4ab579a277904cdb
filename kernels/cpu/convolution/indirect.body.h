/* Conv3D, and the gradients of Conv2D and Conv3D towards their inputs (also how transposed
 * convolutions are written), in float with channels last, as one product whose left side is never
 * built; the including file defines ISA and TARGET.
 *
 *   y[N*OD*OH*OW, OC] = X'[.., taps*C] W[taps*C, OC]       dx[N*D*H*W, C] = DY'[.., taps*OC]
 * W'[taps*OC, C]
 *
 * A row of X' or DY' is, tap by tap, a position of x or dy that is read through a pointer, or a row
 * of zeros outside of it. W' is each tap's [C, OC] transposed. A tap's pointers are the row's first
 * and an offset, by vectors; of large windows they are looked up.
 *
 * A gradient of stride s falls into phases: the rows of dx that lie s apart all meet the same taps,
 * a part of them, and through each of these dy moves by one as they do. A phase is a product of its
 * own, into rows that are then put where they belong; where no tap is met dx is zero. */
#include "kernels/cpu/conv2d/layout.h"
#include "kernels/cpu/gemm/gemm.h"

enum { MAX_PHASES = 256 };

static void point_linear(const void *argument, int64_t first, int rows, int mr,
                         const float **pointers);
static void point_table(const void *argument, int64_t first, int rows, int mr,
                        const float **pointers);

/* The rows of a phase along an axis: row o is position first + o*every of y or dx, and reads
 * position o*by + begin + t*move of x or dy through its tap t, which is tap first_tap + t*tap_step
 * of the filter; only positions in [0, limit) are there. */
typedef struct walk {
  int64_t rows, first, every;
  int64_t taps, first_tap, tap_step;
  int64_t by, begin, move, limit;
} walk;

typedef struct plan {
  tarn_conv g;
  bool gradient, linear;         /* linear: masks and offsets do; else tables */
  tarn_conv_layout from;         /* of x, or dy */
  int64_t phases, N, depth;      /* depth: channels of a tap */
  int64_t M, taps, most_rows;    /* of all phases; the most rows of one of several */
  bool packed;
  size_t pack_bytes, zero_bytes, table_bytes;
} plan;

/* One product: the whole convolution, or a phase of a gradient. Plain: a single tap that reads all
 * of x or dy in order, as of 1x1 filters, so that rows need no pointers. */
typedef struct phase {
  walk walk[TARN_AXES];
  int64_t M, taps;
  bool plain;
} phase;

static size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

static walk walk_of(const tarn_axis *s, bool gradient, int64_t at) {
  if (!gradient)
    return (walk){.rows = s->out,
                  .every = 1,
                  .taps = s->window,
                  .tap_step = 1,
                  .by = s->stride,
                  .begin = -s->before,
                  .move = s->dilation,
                  .limit = s->in};
  walk w = {.rows = at < s->in ? (s->in - at + s->stride - 1) / s->stride : 0,
            .first = at,
            .every = s->stride,
            .tap_step = 1,
            .by = 1,
            .limit = s->out};
  /* Tap k is met where at + before - k*dilation is a multiple of the stride: the first such, and as
   * often as that comes again. */
  while (w.tap_step * s->dilation % s->stride != 0) w.tap_step++;
  while (w.first_tap < w.tap_step && (at + s->before - w.first_tap * s->dilation) % s->stride != 0)
    w.first_tap++;
  if (w.first_tap < w.tap_step && w.first_tap < s->window)
    w.taps = (s->window - w.first_tap + w.tap_step - 1) / w.tap_step;
  w.begin = (at + s->before - w.first_tap * s->dilation) / s->stride;
  w.move = -(w.tap_step * s->dilation / s->stride);
  return w;
}

static phase phase_of(const plan *k, int64_t i) {
  phase f = {.M = k->g.N, .taps = 1};
  for (int a = TARN_AXES - 1; a >= 0; a--) {
    const tarn_axis *s = &k->g.axis[a];
    const int64_t phases = k->gradient ? s->stride : 1;
    f.walk[a] = walk_of(s, k->gradient, i % phases);
    i /= phases;
    f.M *= f.walk[a].rows;
    f.taps *= f.walk[a].taps;
  }
  f.plain = f.taps == 1;
  for (int a = 0; a < TARN_AXES; a++)
    f.plain &= f.walk[a].begin == 0 && f.walk[a].by == 1 && f.walk[a].rows == f.walk[a].limit;
  return f;
}

static size_t phase_pack_bytes(const plan *k, const phase *f) {
  return f->taps > 0 ? aligned(tarn__gemm_packed_bytes(&ISA, f->taps * k->depth, k->N)) : 0;
}

/* What is pointed at is for the caller to fill in. */
static tarn_gemm product_of(const plan *k, const phase *f) {
  static const float any = 0;
  tarn_gemm g = {.M = f->M,
                 .N = k->N,
                 .K = f->taps * k->depth,
                 .b = &any,
                 .ldc = k->N,
                 .taps = f->taps,
                 .depth = k->depth};
  if (f->plain)
    g.lda = k->depth, g.roomy = true;
  else
    g.point = k->linear ? point_linear : point_table;
  return g;
}

static plan plan_of(const tarn_problem *p, bool gradient) {
  plan k = {.g = tarn__conv_of(p->params, gradient ? &p->out_shape[0] : &p->in_shape[0],
                               &p->in_shape[1], false),
            .gradient = gradient,
            .linear = true,
            .taps = 1,
            .phases = 1};
  const tarn_conv *g = &k.g;
  k.M = g->N;
  for (int a = 0; a < TARN_AXES; a++) {
    const tarn_axis *s = &g->axis[a];
    k.M *= gradient ? s->in : s->out;
    k.taps *= s->window;
    if (gradient) k.phases *= s->stride;
    if (s->window > 63) k.linear = false;
  }
  k.from = gradient ? tarn__conv_output(g) : tarn__conv_input(g);
  k.depth = gradient ? g->OC : g->C;
  k.N = gradient ? g->C : g->OC;
  k.packed = p->stable && p->stable[1];
  k.zero_bytes = aligned((size_t)k.depth * sizeof(float));
  for (int64_t i = 0; i < k.phases; i++) {
    const phase f = phase_of(&k, i);
    k.pack_bytes += phase_pack_bytes(&k, &f);
    if (k.phases > 1 && f.taps > 0 && f.M > k.most_rows) k.most_rows = f.M;
    size_t table = 0;
    for (int a = 0; a < TARN_AXES && !k.linear; a++)
      table += (size_t)(f.walk[a].rows * f.walk[a].taps) * sizeof(int32_t);
    if (aligned(table) > k.table_bytes) k.table_bytes = aligned(table);
  }
  return k;
}

static const char *supports_either(const tarn_problem *p, bool gradient) {
  if (p->out_shape[0].rank < 0) return "the shape is not known yet";
  const tarn_conv g = tarn__conv_of(p->params, gradient ? &p->out_shape[0] : &p->in_shape[0],
                                    &p->in_shape[1], false);
  if (g.channels_first) return "channels are not last";
  if (g.groups != 1) return "the convolution is grouped";
  int64_t taps = 1, M = g.N, phases = 1, K;
  for (int a = 0; a < TARN_AXES; a++) {
    if (g.axis[a].window > 4096) return "the filter is too large";
    if (gradient &&
        (phases *= g.axis[a].stride > MAX_PHASES ? MAX_PHASES + 1 : g.axis[a].stride) > MAX_PHASES)
      return "the stride is too large";
    taps *= g.axis[a].window;
    M *= gradient ? g.axis[a].in : g.axis[a].out;
  }
  if (taps > 16384) return "the filter is too large";
  const int64_t depth = gradient ? g.OC : g.C, N = gradient ? g.C : g.OC;
  if (tarn__mul_overflow(taps, depth, &K) || !tarn__gemm_fits(1, N, K) || !tarn__gemm_fits(M, 1, N))
    return "the tensors are too large";
  return NULL;
}

static double cost(const tarn_problem *p, const tarn_machine *m, bool gradient) {
  const plan k = plan_of(p, gradient);
  const double rows = (double)k.M * (double)k.taps / (double)k.phases,
               weights = (double)k.taps * (double)k.depth * (double)k.N;
  const double flops =
      2 * rows * (double)k.depth * (double)((k.N + 15) / 16 * 16) / (1e3 * m->gflops[TARGET] * 0.8);
  const double results = (double)k.M * (double)k.N * (k.phases > 1 ? 3 : 1);
  const double bytes = 4 * (weights * (k.packed ? 1 : 4) + results) / (1e3 * m->gbytes_per_s);
  const double work = (flops > bytes ? flops : bytes) + rows * (k.linear ? 0.2e-3 : 1e-3);
  return 1 + (double)k.phases + (work > 20 ? work / m->threads : work);
}

static size_t scratch(const tarn_problem *p, int threads, bool gradient) {
  if (p->out_shape[0].rank < 0) return 0;
  const plan k = plan_of(p, gradient);
  size_t room = tarn__gemm_scratch_bytes(k.taps, threads);
  for (int64_t i = 0; i < k.phases; i++) {
    const phase f = phase_of(&k, i);
    const tarn_gemm g = product_of(&k, &f);
    const size_t bytes = f.plain ? tarn__gemm_room_bytes(&ISA, &g, threads) : 0;
    if (bytes > room) room = bytes;
  }
  return k.zero_bytes + k.table_bytes + aligned((size_t)(k.most_rows * k.N) * sizeof(float)) +
         aligned(room) + (k.packed ? 0 : k.pack_bytes);
}

static size_t prepared(const tarn_problem *p, bool gradient) {
  if (p->out_shape[0].rank < 0) return 0;
  const plan k = plan_of(p, gradient);
  return k.packed ? k.pack_bytes : 0;
}

static tarn_status pack(const plan *k, const float *w, float *to, tarn_pool *pool) {
  if (!k->gradient)
    return tarn__gemm_pack(&ISA, k->taps * k->depth, k->N, w, k->N, false, to, pool);
  for (int64_t i = 0; i < k->phases; i++) {
    const phase f = phase_of(k, i);
    for (int64_t t = 0; t < f.taps; t++) {
      int64_t tap = 0, rest = t, scale = 1;
      for (int a = TARN_AXES - 1; a >= 0; a--) {
        tap += (f.walk[a].first_tap + rest % f.walk[a].taps * f.walk[a].tap_step) * scale;
        rest /= f.walk[a].taps;
        scale *= k->g.axis[a].window;
      }
      TARN_TRY(tarn__gemm_pack_part(&ISA, f.taps * k->depth, t * k->depth, k->depth, k->N,
                                    w + tap * k->N * k->depth, k->depth, true, to, pool));
    }
    to += phase_pack_bytes(k, &f) / sizeof(float);
  }
  return TARN_OK;
}

typedef struct source {
  const plan *k;
  const phase *f;
  const float *from, *zero;
  const int32_t *table[TARN_AXES];   /* [rows][taps]: the position that tap reads, or -1 */
} source;

static uint64_t mask_of(const walk *w, int64_t start) {
  uint64_t mask = 0;
  for (int64_t tap = 0, at = start; tap < w->taps; tap++, at += w->move)
    mask |= (uint64_t)(at >= 0 && at < w->limit) << tap;
  return mask;
}

static void positions(const phase *f, int64_t m, int64_t at[TARN_AXES], int64_t *n) {
  for (int a = TARN_AXES - 1; a >= 0; a--) at[a] = m % f->walk[a].rows, m /= f->walk[a].rows;
  *n = m;
}

static void step(const phase *f, int64_t at[TARN_AXES], int64_t *n) {
  for (int a = TARN_AXES - 1; a >= 0; a--) {
    if (++at[a] < f->walk[a].rows) return;
    at[a] = 0;
  }
  ++*n;
}

static void point_linear(const void *argument, int64_t first, int rows, int mr,
                         const float **pointers) {
  const source *s = argument;
  const plan *k = s->k;
  const walk *axis = s->f->walk;
  int64_t at[TARN_AXES], n, base[TARN_GEMM_MAX_MR];
  uint64_t mask[TARN_AXES][TARN_GEMM_MAX_MR], line[TARN_GEMM_MAX_MR];
  positions(s->f, first, at, &n);
  for (int r = 0; r < rows; r++, step(s->f, at, &n)) {
    int64_t start[TARN_AXES];
    for (int a = 0; a < TARN_AXES; a++) {
      start[a] = at[a] * axis[a].by + axis[a].begin;
      mask[a][r] = a < 2 && r > 0 && at[2] > 0 ? mask[a][r - 1] : mask_of(&axis[a], start[a]);
    }
    base[r] = n * k->from.N + start[0] * k->from.D + start[1] * k->from.H + start[2] * k->from.W;
  }
  const uint64_t zero = (uint64_t)(uintptr_t)s->zero, from = (uint64_t)(uintptr_t)s->from;
  const int64_t move[TARN_AXES] = {axis[0].move * k->from.D, axis[1].move * k->from.H,
                                   axis[2].move * k->from.W};
  const float **to = pointers;
  for (int64_t kd = 0; kd < axis[0].taps; kd++)
    for (int64_t kh = 0; kh < axis[1].taps; kh++) {
      for (int r = 0; r < rows; r++)
        line[r] = mask[0][r] >> kd & mask[1][r] >> kh & 1 ? mask[2][r] : 0;
      for (int64_t kw = 0; kw < axis[2].taps; kw++, to += mr) {
        const uint64_t here = from + (uint64_t)((kd * move[0] + kh * move[1] + kw * move[2]) *
                                                (int64_t)sizeof(float));
        _Pragma("omp simd")
        for (int r = 0; r < rows; r++) {
          const uint64_t inside = here + ((uint64_t)base[r] << 2), take = 0 - (line[r] >> kw & 1);
          to[r] = (const float *)(uintptr_t)((inside & take) | (zero & ~take));
        }
      }
    }
}

static void point_table(const void *argument, int64_t first, int rows, int mr,
                        const float **pointers) {
  const source *s = argument;
  const plan *k = s->k;
  const int64_t KD = s->f->walk[0].taps, KH = s->f->walk[1].taps, KW = s->f->walk[2].taps;
  int64_t at[TARN_AXES], n;
  positions(s->f, first, at, &n);
  for (int r = 0; r < rows; r++, step(s->f, at, &n)) {
    const float **to = pointers + r, *image = s->from + n * k->from.N;
    const int32_t *d = s->table[0] + at[0] * KD, *h = s->table[1] + at[1] * KH,
                  *w = s->table[2] + at[2] * KW;
    for (int64_t kd = 0; kd < KD; kd++)
      for (int64_t kh = 0; kh < KH; kh++) {
        const bool outside = d[kd] < 0 || h[kh] < 0;
        const float *line = outside ? s->zero : image + d[kd] * k->from.D + h[kh] * k->from.H;
        for (int64_t kw = 0; kw < KW; kw++, to += mr)
          *to = outside || w[kw] < 0 ? s->zero : line + w[kw] * k->from.W;
      }
  }
}

static void fill_tables(const phase *f, int32_t *table, const int32_t *starts[TARN_AXES]) {
  for (int a = 0; a < TARN_AXES; a++) {
    const walk *w = &f->walk[a];
    starts[a] = table;
    for (int64_t i = 0; i < w->rows; i++)
      for (int64_t tap = 0; tap < w->taps; tap++) {
        const int64_t at = i * w->by + w->begin + tap * w->move;
        *table++ = (int32_t)(at >= 0 && at < w->limit ? at : -1);
      }
  }
}

/* Rows of a phase to where they belong in dx; rows NULL: zeros. Chunks are lines. */
typedef struct placement {
  const plan *k;
  const phase *f;
  const float *rows;
  float *dx;
} placement;

static tarn_status place_line(void *argument, int64_t line, int worker) {
  (void)worker;
  const placement *j = argument;
  const plan *k = j->k;
  const walk *w = j->f->walk;
  const tarn_conv_layout to = tarn__conv_input(&k->g);
  const int64_t h = line % w[1].rows, d = line / w[1].rows % w[0].rows,
                n = line / w[1].rows / w[0].rows;
  float *dx = j->dx + n * to.N + (w[0].first + d * w[0].every) * to.D +
              (w[1].first + h * w[1].every) * to.H + w[2].first * to.W;
  const size_t bytes = (size_t)k->N * sizeof(float);
  const float *row = j->rows ? j->rows + line * w[2].rows * k->N : NULL;
  for (int64_t i = 0; i < w[2].rows; i++, dx += w[2].every * to.W) {
    if (row) memcpy(dx, row, bytes), row += k->N;
    else memset(dx, 0, bytes);
  }
  return TARN_OK;
}

static tarn_status run_phase(const tarn_call *call, const plan *k, const phase *f,
                             const float *from, const float *w, char *room) {
  float *y = call->out[0]->data;
  placement place = {.k = k, .f = f, .dx = y};
  const int64_t lines = k->g.N * f->walk[0].rows * f->walk[1].rows;
  if (f->M == 0) return TARN_OK;
  if (f->taps == 0) return tarn__pool_run(call->pool, lines, place_line, &place);
  memset(room, 0, k->zero_bytes);
  source s = {.k = k, .f = f, .from = from, .zero = (const float *)(void *)room};
  room += k->zero_bytes;
  if (!k->linear) fill_tables(f, (int32_t *)(void *)room, s.table);
  room += k->table_bytes;
  if (k->phases > 1) {
    place.rows = y = (float *)(void *)room;
    room += aligned((size_t)(k->most_rows * k->N) * sizeof(float));
  }
  tarn_gemm gemm = product_of(k, f);
  gemm.a = from, gemm.b = w, gemm.c = y, gemm.source = &s;
  TARN_TRY(tarn__gemm_run(&ISA, &gemm, room, call->pool));
  return k->phases > 1 ? tarn__pool_run(call->pool, lines, place_line, &place) : TARN_OK;
}

static tarn_status run(const tarn_call *call, bool gradient) {
  const plan k = plan_of(call->problem, gradient);
  char *room = call->scratch;
  const float *w = call->prepared;
  if (k.M == 0 || k.N == 0) return TARN_OK;
  const tarn_tensor *from = call->in[gradient ? 2 : 0];
  if (k.taps * k.depth == 0 || tarn__tensor_elements(from) == 0) {
    memset(call->out[0]->data, 0, tarn__tensor_bytes(call->out[0]));
    return TARN_OK;
  }
  if (!k.packed) {
    TARN_TRY(pack(&k, call->in[1]->data, (float *)(void *)room, call->pool));
    w = (const float *)(void *)room;
    room += k.pack_bytes;
  }
  for (int64_t i = 0; i < k.phases; i++) {
    const phase f = phase_of(&k, i);
    TARN_TRY(run_phase(call, &k, &f, from->data, w, room));
    w += phase_pack_bytes(&k, &f) / sizeof(float);
  }
  return TARN_OK;
}

#define FUNCTIONS(name, gradient)                                                        \
  static const char *supports_##name(const tarn_problem *p) {                            \
    return supports_either(p, gradient);                                                 \
  }                                                                                      \
  static double cost_##name(const tarn_problem *p, const tarn_machine *m) {              \
    return cost(p, m, gradient);                                                         \
  }                                                                                      \
  static size_t scratch_##name(const tarn_problem *p, int threads) {                     \
    return scratch(p, threads, gradient);                                                \
  }                                                                                      \
  static size_t prepared_##name(const tarn_problem *p) {                                 \
    return prepared(p, gradient);                                                        \
  }                                                                                      \
  static tarn_status prepare_##name(const tarn_problem *p, const tarn_tensor *const *in, \
                                    void *memory, tarn_pool *pool) {                     \
    const plan k = plan_of(p, gradient);                                                 \
    return pack(&k, in[1]->data, memory, pool);                                          \
  }                                                                                      \
  static tarn_status run_##name(const tarn_call *call) {                                 \
    return run(call, gradient);                                                          \
  }
FUNCTIONS(forward, false)
FUNCTIONS(input, true)

#define ROW(text, name)               \
  {.op = text,                        \
   .dtypes = TARN_BIT(TARN_F32),      \
   .keyed = -1,                       \
   .supports = supports_##name,       \
   .cost_us = cost_##name,            \
   .scratch_bytes = scratch_##name,   \
   .prepared_bytes = prepared_##name, \
   .prepare = prepare_##name,         \
   .run = run_##name},
#define ROWS                                                          \
  ROW("Conv3D", forward)                                              \
  ROW("Conv2DBackpropInput", input) ROW("Conv3DBackpropInput", input) \
      ROW("Conv3DBackpropInputV2", input)
