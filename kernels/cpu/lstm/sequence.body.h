/* _LSTMSequence in f32; the including file defines ISA and TARGET.
 *
 *   for each block of steps
 *     gates[steps * B, 4H] = x w_x + b             one product
 *     for each step
 *       for each block of VF units                 its weights, [P][i j f o], are read once, in order
 *         for some rows at a time: h' w_h, and at once i, j, f, o, c, h (or m) from the registers
 *       with projection: for each block of 4 VF columns, h = clip(m projection)
 *
 * A step waits for the one before, so threads share its blocks (core/phases.h): with one row it is
 * bound by reading w_h, for which each thread has caches of its own. Blocks are walked to and fro, so
 * of weights that do not fit the cache a part is still there. A single step (T = 1) has x's weights
 * in the same blocks, as there is nothing to gain from a product of all steps.
 *
 * h' and h are two buffers, rows VF-aligned; c is in its output. */
#include "core/phases.h"
#include "kernels/cpu/gemm/gemm.h"
#include "kernels/cpu/recurrent/gates.h"
#include "kernels/cpu/recurrent/multiply.body.h"
#include "kernels/cpu/recurrent/pack.h"
#include "kernels/cpu/recurrent/walk.h"
#include "kernels/run.h"

#include <string.h>

ALL_ROWS(4)

enum {
  CHUNK_ROWS = 4 * MOST_ROWS < 24 ? 24 : 4 * MOST_ROWS,
  BLOCK_ROWS = 64,          /* of the product of x: enough to use each weight often */
  BLOCK_FLOATS = 1 << 18    /* of the gates kept for it */
};
#define SHARED_STEP 40e3    /* multiply-adds of a step from which two threads are faster than one */

typedef struct plan {
  tarn_recurrent g;
  bool packed, joined;
  tarn_blocks cell, projection;
  int64_t ld_h, ld_m;       /* of states and of m, in floats */
  int64_t steps;            /* of a block */
  size_t x_bytes, cell_bytes, w_bytes;               /* of weights: of x, of x and cells, all */
  size_t gate_bytes, state_bytes, length_bytes;      /* of scratch */
} plan;

static size_t aligned(int64_t floats) { return ((size_t)floats * sizeof(float) + 63) / 64 * 64; }
static int64_t whole_vectors(int64_t n) { return (n + VF - 1) / VF * VF; }

static plan plan_of(const tarn_problem *p) {
  const tarn_lstm_sequence_params *params = p->params;
  plan t = {.g = tarn__lstm_sequence(p)};
  const tarn_recurrent *g = &t.g;
  t.joined = g->T == 1;
  t.packed = p->stable && p->stable[g->w] && (params->shared.num_w == 1 || p->stable[g->w + 1]) &&
             (g->projection < 0 || p->stable[g->projection]);
  t.cell = (tarn_blocks){.lanes = VF, .vectors = 4, .units = VF, .width = g->H};
  t.projection = (tarn_blocks){.lanes = VF, .vectors = 4, .units = 4 * VF};
  for (int v = 0; v < 4; v++) {
    t.cell.column[v] = params->column[v] * g->H;
    t.projection.unit[v] = v * VF;
  }
  if (g->projection >= 0) t.projection.width = g->P;
  t.ld_h = whole_vectors(g->P);
  t.ld_m = g->projection < 0 ? 0 : whole_vectors(g->H);
  const int64_t rows = BLOCK_FLOATS / (4 * g->H + 1) > BLOCK_ROWS ? BLOCK_FLOATS / (4 * g->H + 1)
                                                                  : BLOCK_ROWS;
  t.steps = g->B ? (rows + g->B - 1) / g->B : 1;
  if (t.steps > g->T) t.steps = g->T;
  if (t.steps < 1) t.steps = 1;
  t.x_bytes = t.joined ? 0 : (tarn__gemm_packed_bytes(&ISA, g->I, 4 * g->H) + 63) / 64 * 64;
  t.cell_bytes = t.x_bytes + tarn__blocks_bytes(&t.cell, g->P + (t.joined ? g->I : 0));
  t.w_bytes = t.cell_bytes + tarn__blocks_bytes(&t.projection, g->H);
  t.gate_bytes = aligned((t.joined ? 1 : t.steps * g->B) * 4 * g->H);
  t.state_bytes = aligned(g->B * (2 * t.ld_h + t.ld_m));
  t.length_bytes = g->lengths < 0 ? 0 : ((size_t)g->B * sizeof(int64_t) + 63) / 64 * 64;
  return t;
}

static const char *supports(const tarn_problem *p) {
  const tarn_recurrent g = tarn__lstm_sequence(p);
  if (!tarn__gemm_fits(g.I + g.P + g.H, 4 * g.H + g.P, g.I + g.P + g.H) ||
      !tarn__gemm_fits(g.B, 1, g.I + 4 * g.H + 2 * g.P) || g.T >= 1 << 30)
    return "the layer is too large to pack";
  if ((g.H / VF + g.P / VF + 2) * (g.B / CHUNK_ROWS + 1) > TARN_PHASE_CHUNKS)
    return "a step has too many blocks";
  return NULL;
}

static double cost_us(const tarn_problem *p, const tarn_machine *m) {
  const plan t = plan_of(p);
  const double rows = (double)(t.g.T * t.g.B), H = (double)t.g.H;
  const double projection = t.g.projection < 0 ? 0 : H * (double)t.g.P;
  const double step = 4 * H * (double)t.g.P + projection, x = 4 * H * (double)t.g.I;
  const double flops = 2 * rows * (x + step) / (1e3 * m->gflops[TARGET] * 0.8);
  const double bytes = 4 * ((double)t.g.T * step + x + (t.packed ? 0 : 3 * (x + step))) /
                       (1e3 * m->gbytes_per_s);
  return 1 + (flops > bytes ? flops : bytes) + rows * H * 2e-3;
}

static size_t scratch_bytes(const tarn_problem *p, int threads) {
  const plan t = plan_of(p);
  const tarn_recurrent_params *s = p->params;
  size_t bytes = t.gate_bytes + t.state_bytes + t.length_bytes + (t.packed ? 0 : t.w_bytes);
  if (s->reverse && t.length_bytes) bytes += tarn__gemm_scratch_bytes(1, threads);
  return bytes;
}

static size_t prepared_bytes(const tarn_problem *p) {
  const plan t = plan_of(p);
  return t.packed ? t.w_bytes : 0;
}
static uint64_t prepared_key(const tarn_problem *p) { return plan_of(p).joined; }

static tarn_status pack(const plan *t, const tarn_problem *p, const tarn_tensor *const *in, char *to,
                        tarn_pool *pool) {
  const tarn_lstm_sequence_params *params = p->params;
  const tarn_recurrent *g = &t->g;
  const int64_t columns = 4 * g->H;
  const float *w = in[g->w]->data;
  const float *w_h = params->shared.num_w == 2 ? in[g->w + 1]->data : w + g->I * columns;
  float *cell = (float *)(void *)(to + t->x_bytes);
  const int64_t before = t->joined ? g->I : 0, depth = before + g->P;
  if (t->joined) TARN_TRY(tarn__blocks_pack(&t->cell, depth, 0, g->I, w, columns, cell, pool));
  else TARN_TRY(tarn__gemm_pack(&ISA, g->I, columns, w, columns, false, (float *)(void *)to, pool));
  TARN_TRY(tarn__blocks_pack(&t->cell, depth, before, g->P, w_h, columns, cell, pool));
  if (g->projection < 0) return TARN_OK;
  return tarn__blocks_pack(&t->projection, g->H, 0, g->H, in[g->projection]->data, g->P,
                           (float *)(void *)(to + t->cell_bytes), pool);
}

static tarn_status prepare(const tarn_problem *p, const tarn_tensor *const *in, void *memory,
                           tarn_pool *pool) {
  const plan t = plan_of(p);
  return pack(&t, p, in, memory, pool);
}

typedef struct job {
  const plan *t;
  const tarn_call *call;
  const tarn_lstm_sequence_params *p;
  tarn_walk walk;
  const float *w_cell, *w_projection;
  const float *gates;         /* of the block of steps, or the bias alone */
  const float *peephole[3];   /* or NULL */
  float *h[2], *m, *c, *y;
  int64_t groups;             /* of rows, a chunk each */
} job;

/* Row b's units k..: its four gates without what x gives, to c and h. */
static inline void cell(const job *j, const float *tile, const float *gx, int64_t b, int64_t k,
                        float *h, float *y) {
  const tarn_lstm_sequence_params *p = j->p;
  const int64_t H = j->t->g.H;
  const tarn_recurrent_activation s = p->shared.activation, sr = p->shared.recurrent_activation;
  const vm lanes = vm_first(H - k < VF ? H - k : VF);
  float *at_c = j->c + b * H + k;
  vf gate[4];
  for (int v = 0; v < 4; v++)
    gate[v] = vf_add(vf_load(tile + v * VF), vf_load_m(gx + p->column[v] * H + k, lanes));
  vf c = vf_load_m(at_c, lanes);
  gate[TARN_LSTM_F] = vf_add(gate[TARN_LSTM_F], vf_set1(p->forget_bias));
  if (j->peephole[0]) {
    gate[TARN_LSTM_I] = vf_fma(vf_load_m(j->peephole[0] + k, lanes), c, gate[TARN_LSTM_I]);
    gate[TARN_LSTM_F] = vf_fma(vf_load_m(j->peephole[1] + k, lanes), c, gate[TARN_LSTM_F]);
  }
  const vf input = vf_mul(vf_gate(sr, gate[TARN_LSTM_I]), vf_gate(s, gate[TARN_LSTM_J]));
  c = vf_clip(vf_fma(c, vf_gate(sr, gate[TARN_LSTM_F]), input), p->cell_clip);
  vf_store_m(at_c, lanes, c);
  if (j->peephole[0])
    gate[TARN_LSTM_O] = vf_fma(vf_load_m(j->peephole[2] + k, lanes), c, gate[TARN_LSTM_O]);
  const vf m = vf_mul(vf_gate(sr, gate[TARN_LSTM_O]), vf_gate(s, c));
  vf_store(h + k, vf_pick(lanes, m, vf_zero()));
  if (y) vf_store_m(y + k, lanes, m);
}

/* One block of units for the rows that run. */
static void cells(const job *j, int64_t s, int64_t block, const int64_t *rows, int n) {
  const plan *t = j->t;
  const tarn_recurrent *g = &t->g;
  const bool projected = g->projection >= 0;
  const float *before = j->h[s % 2];
  const int64_t depth_x = t->joined ? g->I : 0, k = block * VF;
  const float *w = j->w_cell + block * tarn__block_floats(&t->cell, depth_x + g->P);
  float tile[MOST_ROWS * 4 * VF] __attribute__((aligned(64)));
  const float *a[MOST_ROWS];
  if (t->joined) {
    for (int r = 0; r < n; r++) a[r] = j->walk.x + rows[r] * g->I;
    multiply_4(n, g->I, a, w, false, tile);
  }
  for (int r = 0; r < n; r++) a[r] = before + rows[r] * t->ld_h;
  multiply_4(n, g->P, a, w + tarn__block_floats(&t->cell, depth_x), t->joined, tile);
  for (int r = 0; r < n; r++) {
    const int64_t b = rows[r];
    const int64_t row = tarn__walk_t(&j->walk, s, b) * g->B + b;
    const float *gx = t->joined ? j->gates : j->gates + tarn__walk_row(&j->walk, s, b) * 4 * g->H;
    float *h = projected ? j->m + b * t->ld_m : j->h[(s + 1) % 2] + b * t->ld_h;
    cell(j, tile + r * 4 * VF, gx, b, k, h, projected ? NULL : j->y + row * g->P);
  }
}

/* One block of columns of h = clip(m projection). */
static void project(const job *j, int64_t s, int64_t block, const int64_t *rows, int n) {
  const plan *t = j->t;
  const int64_t P = t->g.P;
  float tile[MOST_ROWS * 4 * VF] __attribute__((aligned(64)));
  const float *a[MOST_ROWS];
  for (int r = 0; r < n; r++) a[r] = j->m + rows[r] * t->ld_m;
  multiply_4(n, t->g.H, a, j->w_projection + block * tarn__block_floats(&t->projection, t->g.H),
             false, tile);
  for (int r = 0; r < n; r++) {
    const int64_t b = rows[r], row = tarn__walk_t(&j->walk, s, b) * t->g.B + b;
    float *h = j->h[(s + 1) % 2] + b * t->ld_h, *y = j->y + row * P;
    for (int v = 0; v < 4; v++) {
      const int64_t k = (block * 4 + v) * VF;
      if (k >= P) break;
      const vm lanes = vm_first(P - k < VF ? P - k : VF);
      const vf x = vf_clip(vf_load(tile + (r * 4 + v) * VF), j->p->proj_clip);
      vf_store(h + k, x);
      vf_store_m(y + k, lanes, x);
    }
  }
}

/* A phase is a step, or with projection half of one. */
static tarn_status chunk_run(void *argument, int64_t phase, int64_t chunk, int worker) {
  const job *j = argument;
  const bool projected = j->t->g.projection >= 0;
  const int64_t s = j->walk.s0 + (projected ? phase / 2 : phase);
  const int64_t first = chunk % j->groups * CHUNK_ROWS, end = first + CHUNK_ROWS;
  int64_t rows[CHUNK_ROWS];
  (void)worker;
  if (chunk == 0) TARN_TRY(tarn__run_check(j->call->run));
  const int n = tarn__walk_active(&j->walk, s, first, end < j->t->g.B ? end : j->t->g.B, rows);
  const int tiles = (n + MOST_ROWS - 1) / MOST_ROWS;
  for (int i = 0; i < tiles; i++) {
    const int at = n * i / tiles, some = n * (i + 1) / tiles - at;
    if (projected && phase % 2) project(j, s, chunk / j->groups, rows + at, some);
    else cells(j, s, chunk / j->groups, rows + at, some);
  }
  return TARN_OK;
}

/* gates = x w_x + b of the block of steps. */
static tarn_status multiply_x(const job *j, const float *w_x, float *gates, void *scratch) {
  const tarn_recurrent *g = &j->t->g;
  const tarn_walk *walk = &j->walk;
  tarn_gemm x = {.M = (walk->s1 - walk->s0) * g->B, .N = 4 * g->H, .K = g->I, .lda = g->I,
                 .b = w_x, .c = gates, .ldc = 4 * g->H, .taps = 1, .depth = g->I,
                 .bias = g->b < 0 ? NULL : j->call->in[g->b]->data};
  if (tarn__walk_gathers(walk)) {
    x.point = tarn__walk_point;
    x.source = walk;
  } else {
    x.a = walk->x + tarn__walk_first(walk) * g->B * g->I;
  }
  return tarn__gemm_run(&ISA, &x, scratch, j->call->pool);
}

/* What follows the last step of each row. */
static void finish(const job *j) {
  const tarn_recurrent *g = &j->t->g;
  float *last = j->call->out[1]->data;
  for (int64_t b = 0; b < g->B; b++) {
    const int64_t steps = tarn__walk_length(&j->walk, b);
    const float *h = j->h[steps % 2] + b * j->t->ld_h;
    memcpy(last + b * g->P, h, (size_t)g->P * sizeof *h);
    for (int64_t t = steps; t < g->T; t++) {
      float *y = j->y + (t * g->B + b) * g->P;
      if (j->p->shared.zero_output) memset(y, 0, (size_t)g->P * sizeof *y);
      else memcpy(y, h, (size_t)g->P * sizeof *y);
    }
  }
}

static tarn_status run(const tarn_call *call) {
  const plan t = plan_of(call->problem);
  const tarn_recurrent *g = &t.g;
  const tarn_lstm_sequence_params *p = call->problem->params;
  TARN_TRY(tarn__recurrent_check(call, g));
  if (g->B * (g->H + g->P) == 0) return TARN_OK;
  char *scratch = call->scratch;
  float *gates = (float *)(void *)scratch, *states = (float *)(void *)(scratch + t.gate_bytes);
  int64_t *length = (int64_t *)(void *)(scratch + t.gate_bytes + t.state_bytes);
  char *rest = scratch + t.gate_bytes + t.state_bytes + t.length_bytes;
  const char *w = call->prepared;
  if (!t.packed) {
    TARN_TRY(pack(&t, call->problem, call->in, rest, call->pool));
    w = rest;
    rest += t.w_bytes;
  }
  job j = {.t = &t, .call = call, .p = p, .gates = gates,
           .w_cell = (const float *)(const void *)(w + t.x_bytes),
           .w_projection = (const float *)(const void *)(w + t.cell_bytes),
           .h = {states, states + g->B * t.ld_h}, .m = states + 2 * g->B * t.ld_h,
           .c = call->out[2]->data, .y = call->out[0]->data,
           .groups = (g->B + CHUNK_ROWS - 1) / CHUNK_ROWS};
  j.walk = (tarn_walk){.T = g->T, .B = g->B, .I = g->I, .x = call->in[0]->data,
                       .reverse = p->shared.reverse};
  for (int64_t b = 0; b < g->B && g->lengths >= 0; b++)
    length[b] = tarn__recurrent_length(call, g, b);
  if (g->lengths >= 0) j.walk.length = length;
  for (int i = 0; i < p->num_peephole; i++) j.peephole[i] = call->in[g->peephole + i]->data;
  const float *h0 = call->in[g->h0]->data;
  for (int64_t b = 0; b < g->B; b++)
    memcpy(states + b * t.ld_h, h0 + b * g->P, (size_t)g->P * sizeof *h0);
  memcpy(j.c, call->in[g->c0]->data, (size_t)(g->B * g->H) * sizeof(float));
  if (t.joined) {
    if (g->b >= 0) j.gates = call->in[g->b]->data;
    else memset(gates, 0, t.gate_bytes);
  }
  const double work = (double)g->B * (double)(4 * g->H * (g->P + (t.joined ? g->I : 0)));
  tarn_phases phases = {.kinds = g->projection < 0 ? 1 : 2, .body = chunk_run, .argument = &j,
                        .chunks = {tarn__blocks_count(&t.cell) * j.groups,
                                   tarn__blocks_count(&t.projection) * j.groups}};
  for (int64_t s = 0; s < g->T; s += t.steps) {
    j.walk.s0 = s;
    j.walk.s1 = s + t.steps < g->T ? s + t.steps : g->T;
    if (!t.joined) TARN_TRY(multiply_x(&j, (const float *)(const void *)w, gates, rest));
    phases.phases = (j.walk.s1 - s) * phases.kinds;
    TARN_TRY(tarn__pool_run_phases(work < SHARED_STEP ? NULL : call->pool, &phases));
  }
  finish(&j);
  return TARN_OK;
}

#define ROWS                                                                                  \
  {.op = "_LSTMSequence", .dtypes = TARN_BIT(TARN_F32), .supports = supports,                 \
   .cost_us = cost_us, .scratch_bytes = scratch_bytes, .prepared_bytes = prepared_bytes,      \
   .prepared_key = prepared_key, .prepare = prepare, .run = run}
