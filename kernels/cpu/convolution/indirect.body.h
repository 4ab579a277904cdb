/* Conv3D, and the gradients of Conv2D and Conv3D towards their inputs (also how transposed convolutions are written), in float with
 * channels last, as one product whose left side is never built; the including file defines ISA and TARGET.
 *
 *   y[N*OD*OH*OW, OC] = X'[.., taps*C] W[taps*C, OC]       dx[N*D*H*W, C] = DY'[.., taps*OC] W'[taps*OC, C]
 *
 * A row of X' or DY' is, tap by tap, a position of x or dy that is read through a pointer, or a row of zeros outside of it (in
 * DY' also where the stride does not divide). W' is each tap's [C, OC] transposed. Where positions move by one with the row, a
 * tap's pointers are the row's first and an offset, by vectors; else they are looked up. */
#include "kernels/cpu/conv2d/layout.h"
#include "kernels/cpu/gemm/gemm.h"

typedef struct plan {
  tarn_conv g;
  bool gradient, linear;         /* linear: masks and offsets do; else tables */
  int64_t size[TARN_AXES];       /* of the rows' positions: y's, or dx's */
  tarn_conv_layout from;         /* of x, or dy */
  int64_t taps, M, K, N, depth;  /* depth: channels of a tap */
  bool packed;
  size_t pack_bytes, zero_bytes, table_bytes;
} plan;

static size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

static plan plan_of(const tarn_problem *p, bool gradient) {
  plan k = {.g = tarn__conv_of(p->params, gradient ? &p->out_shape[0] : &p->in_shape[0], &p->in_shape[1], false),
            .gradient = gradient, .linear = true, .taps = 1};
  const tarn_conv *g = &k.g;
  k.M = g->N;
  for (int a = 0; a < TARN_AXES; a++) {
    const tarn_axis *s = &g->axis[a];
    k.size[a] = gradient ? s->in : s->out;
    k.M *= k.size[a];
    k.taps *= s->window;
    k.table_bytes += (size_t)(k.size[a] * s->window) * sizeof(int32_t);
    if (s->window > 63 || (gradient && s->stride > 1)) k.linear = false;
  }
  k.from = gradient ? tarn__conv_output(g) : tarn__conv_input(g);
  k.depth = gradient ? g->OC : g->C;
  k.N = gradient ? g->C : g->OC;
  k.K = k.taps * k.depth;
  k.packed = p->stable && p->stable[1];
  k.pack_bytes = aligned(tarn__gemm_packed_bytes(&ISA, k.K, k.N));
  k.zero_bytes = aligned((size_t)k.depth * sizeof(float));
  k.table_bytes = k.linear ? 0 : aligned(k.table_bytes);
  return k;
}

static const char *supports_either(const tarn_problem *p, bool gradient) {
  if (p->out_shape[0].rank < 0) return "the shape is not known yet";
  const tarn_conv g = tarn__conv_of(p->params, gradient ? &p->out_shape[0] : &p->in_shape[0], &p->in_shape[1], false);
  if (g.channels_first) return "channels are not last";
  if (g.groups != 1) return "the convolution is grouped";
  int64_t taps = 1, M = g.N, K;
  for (int a = 0; a < TARN_AXES; a++) {
    if (g.axis[a].window > 4096) return "the filter is too large";
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
  const double flops = 2 * (double)k.M * (double)k.K * (double)((k.N + 15) / 16 * 16) / (1e3 * m->gflops[TARGET] * 0.8);
  const double bytes = 4 * ((double)k.K * (double)k.N * (k.packed ? 1 : 4) + (double)k.M * (double)k.N) / (1e3 * m->gbytes_per_s);
  const double work = (flops > bytes ? flops : bytes) + (double)(k.M * k.taps) * (k.linear ? 0.2e-3 : 1e-3);
  return 1 + (work > 20 ? work / m->threads : work);
}

static size_t scratch(const tarn_problem *p, int threads, bool gradient) {
  if (p->out_shape[0].rank < 0) return 0;
  const plan k = plan_of(p, gradient);
  return k.zero_bytes + k.table_bytes + aligned(tarn__gemm_scratch_bytes(k.taps, threads)) + (k.packed ? 0 : k.pack_bytes);
}

static size_t prepared(const tarn_problem *p, bool gradient) {
  if (p->out_shape[0].rank < 0) return 0;
  const plan k = plan_of(p, gradient);
  return k.packed ? k.pack_bytes : 0;
}

static tarn_status pack(const plan *k, const float *w, float *to, tarn_pool *pool) {
  if (!k->gradient) return tarn__gemm_pack(&ISA, k->K, k->N, w, k->N, false, to, pool);
  for (int64_t i = 0; i < k->taps; i++)
    TARN_TRY(tarn__gemm_pack_part(&ISA, k->K, i * k->depth, k->depth, k->N, w + i * k->N * k->depth, k->depth, true, to, pool));
  return TARN_OK;
}

typedef struct source {
  const plan *k;
  const float *from, *zero;
  const int32_t *table[TARN_AXES];   /* [size][window]: the position that tap reads, or -1 */
} source;

/* The position that `o` reads through tap 0, and by how much a tap moves it. */
static int64_t start_of(const plan *k, int axis, int64_t o) {
  const tarn_axis *s = &k->g.axis[axis];
  return k->gradient ? o + s->before : o * s->stride - s->before;
}
static int64_t move_of(const plan *k, int axis) { return k->gradient ? -k->g.axis[axis].dilation : k->g.axis[axis].dilation; }
static int64_t limit_of(const plan *k, int axis) { return k->gradient ? k->g.axis[axis].out : k->g.axis[axis].in; }

static uint64_t mask_of(const plan *k, int axis, int64_t start) {
  const int64_t move = move_of(k, axis), limit = limit_of(k, axis);
  uint64_t mask = 0;
  for (int64_t tap = 0, at = start; tap < k->g.axis[axis].window; tap++, at += move)
    mask |= (uint64_t)(at >= 0 && at < limit) << tap;
  return mask;
}

static void positions(const plan *k, int64_t m, int64_t at[TARN_AXES], int64_t *n) {
  at[2] = m % k->size[2];
  at[1] = m / k->size[2] % k->size[1];
  at[0] = m / (k->size[2] * k->size[1]) % k->size[0];
  *n = m / (k->size[2] * k->size[1] * k->size[0]);
}

static void step(const plan *k, int64_t at[TARN_AXES], int64_t *n) {
  if (++at[2] < k->size[2]) return;
  at[2] = 0;
  if (++at[1] < k->size[1]) return;
  at[1] = 0;
  if (++at[0] < k->size[0]) return;
  at[0] = 0;
  ++*n;
}

static void point_linear(const void *argument, int64_t first, int rows, int mr, const float **pointers) {
  const source *s = argument;
  const plan *k = s->k;
  const tarn_axis *axis = k->g.axis;
  int64_t at[TARN_AXES], n, base[TARN_GEMM_MAX_MR];
  uint64_t mask[TARN_AXES][TARN_GEMM_MAX_MR], line[TARN_GEMM_MAX_MR];
  positions(k, first, at, &n);
  for (int r = 0; r < rows; r++, step(k, at, &n)) {
    int64_t start[TARN_AXES];
    for (int a = 0; a < TARN_AXES; a++) {
      start[a] = start_of(k, a, at[a]);
      mask[a][r] = a < 2 && r > 0 && at[2] > 0 ? mask[a][r - 1] : mask_of(k, a, start[a]);
    }
    base[r] = n * k->from.N + start[0] * k->from.D + start[1] * k->from.H + start[2] * k->from.W;
  }
  const uint64_t zero = (uint64_t)(uintptr_t)s->zero, from = (uint64_t)(uintptr_t)s->from;
  const int64_t move[TARN_AXES] = {move_of(k, 0) * k->from.D, move_of(k, 1) * k->from.H, move_of(k, 2) * k->from.W};
  const float **to = pointers;
  for (int64_t kd = 0; kd < axis[0].window; kd++)
    for (int64_t kh = 0; kh < axis[1].window; kh++) {
      for (int r = 0; r < rows; r++) line[r] = mask[0][r] >> kd & mask[1][r] >> kh & 1 ? mask[2][r] : 0;
      for (int64_t kw = 0; kw < axis[2].window; kw++, to += mr) {
        const uint64_t here = from + (uint64_t)((kd * move[0] + kh * move[1] + kw * move[2]) * (int64_t)sizeof(float));
        _Pragma("omp simd")
        for (int r = 0; r < rows; r++) {
          const uint64_t inside = here + ((uint64_t)base[r] << 2), take = 0 - (line[r] >> kw & 1);
          to[r] = (const float *)(uintptr_t)((inside & take) | (zero & ~take));
        }
      }
    }
}

static void point_table(const void *argument, int64_t first, int rows, int mr, const float **pointers) {
  const source *s = argument;
  const plan *k = s->k;
  const int64_t KD = k->g.axis[0].window, KH = k->g.axis[1].window, KW = k->g.axis[2].window;
  int64_t at[TARN_AXES], n;
  positions(k, first, at, &n);
  for (int r = 0; r < rows; r++, step(k, at, &n)) {
    const float **to = pointers + r, *image = s->from + n * k->from.N;
    const int32_t *d = s->table[0] + at[0] * KD, *h = s->table[1] + at[1] * KH, *w = s->table[2] + at[2] * KW;
    for (int64_t kd = 0; kd < KD; kd++)
      for (int64_t kh = 0; kh < KH; kh++) {
        const bool outside = d[kd] < 0 || h[kh] < 0;
        const float *line = outside ? s->zero : image + d[kd] * k->from.D + h[kh] * k->from.H;
        for (int64_t kw = 0; kw < KW; kw++, to += mr) *to = outside || w[kw] < 0 ? s->zero : line + w[kw] * k->from.W;
      }
  }
}

static void fill_tables(const plan *k, int32_t *table, const int32_t *starts[TARN_AXES]) {
  for (int a = 0; a < TARN_AXES; a++) {
    const tarn_axis *s = &k->g.axis[a];
    starts[a] = table;
    for (int64_t i = 0; i < k->size[a]; i++)
      for (int64_t tap = 0; tap < s->window; tap++) {
        const int64_t forward = i * s->stride - s->before + tap * s->dilation;
        *table++ = (int32_t)(k->gradient ? tarn__axis_output(s, i, tap) : forward < s->in ? forward : -1);
      }
  }
}

static tarn_status run(const tarn_call *call, bool gradient) {
  const plan k = plan_of(call->problem, gradient);
  char *room = call->scratch;
  const float *w = call->prepared;
  if (k.M == 0 || k.N == 0) return TARN_OK;
  const tarn_tensor *from = call->in[gradient ? 2 : 0];
  if (k.K == 0 || tarn__tensor_elements(from) == 0) {
    memset(call->out[0]->data, 0, tarn__tensor_bytes(call->out[0]));
    return TARN_OK;
  }
  if (!k.packed) {
    TARN_TRY(pack(&k, call->in[1]->data, (float *)(void *)room, call->pool));
    w = (const float *)(void *)room;
    room += k.pack_bytes;
  }
  memset(room, 0, k.zero_bytes);
  source s = {.k = &k, .from = from->data, .zero = (const float *)(void *)room};
  room += k.zero_bytes;
  if (!k.linear) fill_tables(&k, (int32_t *)(void *)room, s.table);
  room += k.table_bytes;
  const tarn_gemm gemm = {.M = k.M, .N = k.N, .K = k.K, .b = w, .c = call->out[0]->data, .ldc = k.N,
                          .point = k.linear ? point_linear : point_table, .source = &s, .taps = k.taps, .depth = k.depth};
  return tarn__gemm_run(&ISA, &gemm, room, call->pool);
}

#define FUNCTIONS(name, gradient)                                                                               \
  static const char *supports_##name(const tarn_problem *p) { return supports_either(p, gradient); }            \
  static double cost_##name(const tarn_problem *p, const tarn_machine *m) { return cost(p, m, gradient); }      \
  static size_t scratch_##name(const tarn_problem *p, int threads) { return scratch(p, threads, gradient); }    \
  static size_t prepared_##name(const tarn_problem *p) { return prepared(p, gradient); }                        \
  static tarn_status prepare_##name(const tarn_problem *p, const tarn_tensor *const *in, void *memory, tarn_pool *pool) { \
    const plan k = plan_of(p, gradient);                                                                        \
    return pack(&k, in[1]->data, memory, pool);                                                                 \
  }                                                                                                             \
  static tarn_status run_##name(const tarn_call *call) { return run(call, gradient); }
FUNCTIONS(forward, false)
FUNCTIONS(input, true)

#define ROW(text, name)                                                                                         \
  {.op = text, .dtypes = TARN_BIT(TARN_F32), .keyed = -1, .supports = supports_##name, .cost_us = cost_##name,  \
   .scratch_bytes = scratch_##name, .prepared_bytes = prepared_##name, .prepare = prepare_##name, .run = run_##name},
#define ROWS                                                                                                    \
  ROW("Conv3D", forward) ROW("Conv2DBackpropInput", input) ROW("Conv3DBackpropInput", input)                    \
  ROW("Conv3DBackpropInputV2", input)
