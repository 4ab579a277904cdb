/* _LSTMSequence, BlockLSTM, BlockLSTMV2 and LSTMBlockCell in f32; the including file defines what
 * layer.body.h asks for.
 *
 *   a step    for each block of VF units: its weights, [P][i j f o], are read once, in order
 *               for some rows at a time: h' w_h, and at once i, j, f, o, c, and h or m
 *             with projection, for each block of 4 VF columns: h = clip(m projection)
 *
 * With one row a step is bound by reading w_h. Threads share its blocks, each with a cache of its
 * own for its part, and they are walked to and fro, so that of weights that do not fit the cache a
 * part is still there. The rest, and where rows and gates are: kernels/cpu/recurrent/layer.body.h.
 * c is in its output. The block ops also give every step's gates, where anybody reads them. */
#include "kernels/cpu/recurrent/layer.body.h"
#include "kernels/cpu/recurrent/step.body.h"
#include "kernels/params/lstm.h"

typedef struct plan {
  layer l;
  bool packed;
  tarn_blocks cell, projection;
  int64_t ld_m;
  size_t x_bytes, cell_bytes, w_bytes;   /* of weights: of x, of x and cells, all */
} plan;

static plan plan_of(const tarn_problem *p) {
  const tarn_lstm_sequence_params *params = p->params;
  const tarn_recurrent g = tarn__lstm_sequence(p);
  plan t = {.l = {.g = g, .joined = g.T == 1, .parts = 1}};
  t.packed = p->stable && p->stable[g.w] && (params->shared.num_w == 1 || p->stable[g.w + 1]) &&
             (g.projection < 0 || p->stable[g.projection]);
  t.l.loose = params->form == TARN_LSTM_CELL && !t.packed;
  t.l.part[0] = (part){0, 4 * g.H, g.w, g.b};
  layer_measure(&t.l);
  t.cell = (tarn_blocks){.form = FORM, .lanes = VF, .gates = 4, .spans = 1, .width = g.H};
  for (int v = 0; v < 4; v++) t.cell.column[v] = params->column[v] * g.H;
  t.projection = (tarn_blocks){.form = FORM, .lanes = VF, .gates = 1, .spans = 4,
                               .width = g.projection < 0 ? 0 : g.P};
  t.ld_m = g.projection < 0 ? 0 : whole_vectors(g.H);
  t.x_bytes = layer_x_bytes(&t.l);
  t.cell_bytes = t.x_bytes + tarn__blocks_bytes(&t.cell, layer_joined(&t.l), g.P);
  t.w_bytes = t.cell_bytes + tarn__blocks_bytes(&t.projection, 0, g.H);
  return t;
}

static const char *supports(const tarn_problem *p) {
  const tarn_recurrent g = tarn__lstm_sequence(p);
  return layer_supports(p, &g);
}

static double cost_us(const tarn_problem *p, const tarn_machine *m) {
  const plan t = plan_of(p);
  const tarn_recurrent *g = &t.l.g;
  const double H = (double)g->H, P = (double)g->P, x = 4 * H * (double)g->I;
  const double step = 4 * H * P + (g->projection < 0 ? 0 : H * P) + (t.l.joined ? x : 0);
  return layer_cost_us(g, step, t.l.joined ? 0 : x, t.packed || is_loose(&t.l), m->gflops[TARGET],
                       m);
}

static size_t m_bytes(const plan *t) { return aligned(t->l.g.B * t->ld_m); }

static size_t scratch_bytes(const tarn_problem *p, int threads) {
  const plan t = plan_of(p);
  const bool reverse = ((const tarn_recurrent_params *)p->params)->reverse;
  const size_t w_bytes = t.packed || is_loose(&t.l) ? 0 : t.w_bytes;
  return layer_scratch_bytes(&t.l, reverse, threads) + m_bytes(&t) + w_bytes;
}

static size_t prepared_bytes(const tarn_problem *p) {
  const plan t = plan_of(p);
  return t.packed ? t.w_bytes : 0;
}
static uint64_t prepared_key(const tarn_problem *p) {
  const plan t = plan_of(p);
  return layer_key(&t.l, ((const tarn_lstm_sequence_params *)p->params)->column, TARN_LSTM_GATES);
}
static uint64_t prepared_from(const tarn_problem *p) {
  const plan t = plan_of(p);
  return layer_weights(p, &t.l.g) | (t.l.g.projection < 0 ? 0 : (uint64_t)1 << t.l.g.projection);
}

static tarn_status pack(const plan *t, const tarn_problem *p, const tarn_tensor *const *in,
                        char *to, tarn_pool *pool) {
  const tarn_lstm_sequence_params *params = p->params;
  const tarn_recurrent *g = &t->l.g;
  const int64_t columns = 4 * g->H, x = layer_joined(&t->l);
  const float *w = in[g->w]->data;
  const float *w_h = params->shared.num_w == 2 ? in[g->w + 1]->data : w + g->I * columns;
  float *cell = (float *)(void *)(to + t->x_bytes);
  TARN_TRY(layer_pack_x(&t->l, in, to, pool));
  TARN_TRY(tarn__blocks_pack(&t->cell, x, g->P, false, w, columns, cell, pool));
  TARN_TRY(tarn__blocks_pack(&t->cell, x, g->P, true, w_h, columns, cell, pool));
  if (g->projection < 0) return TARN_OK;
  return tarn__blocks_pack(&t->projection, 0, g->H, true, in[g->projection]->data, g->P,
                           (float *)(void *)(to + t->cell_bytes), pool);
}

static tarn_status prepare(const tarn_problem *p, const tarn_tensor *const *in, void *memory,
                           tarn_pool *pool) {
  const plan t = plan_of(p);
  return pack(&t, p, in, memory, pool);
}

typedef struct job {
  course c;
  const plan *t;
  const tarn_lstm_sequence_params *p;
  const float *w_cell, *w_projection;
  const float *peephole[3];   /* or NULL */
  float *m, *cells;           /* cells: c of the first step */
  const float *cells_before;
  int64_t cells_step;         /* from one step's to the next; 0: they share one place */
  bool gates;                 /* some of the block ops' further outputs are wanted */
  float *out[TARN_LSTM_OUTS]; /* these; NULL: not wanted */
} job;

/* Output v of the block ops, at place `at` of its elements. */
static inline void give(const job *j, int v, int64_t at, vm lanes, vf x) {
  if (j->out[v]) vf_store_m(j->out[v] + at, lanes, x);
}

/* sigmoid(x) tanh(y), both of which are given: the block ops have no others. */
static __attribute__((noinline)) vf given(const job *j, int out_x, int out_y, int64_t at, vm lanes,
                                          vf x, vf y) {
  const vf a = vf_logistic(x), b = vf_tanh(y);
  give(j, out_x, at, lanes, a);
  give(j, out_y, at, lanes, b);
  return vf_mul(a, b);
}

/* Row b's units k.. of step s: from its gates without what x gives to c and h. */
static inline void cell(const job *j, const float *tile, const float *gx, int64_t s, int64_t b,
                        int64_t k, float *h, float *y) {
  const tarn_lstm_sequence_params *p = j->p;
  const int64_t H = j->t->l.g.H;
  const tarn_recurrent_activation act = p->shared.activation, sr = p->shared.recurrent_activation;
  const vm lanes = vm_first(H - k < VF ? H - k : VF);
  const int64_t unit = b * H + k, at = s * j->t->l.g.B * H + unit;
  float *to_c = j->cells + s * j->cells_step + unit;
  vf gate[4];
  for (int v = 0; v < 4; v++)
    gate[v] = vf_add(vf_load(tile + v * VF), vf_load_m(gx + p->column[v] * H + k, lanes));
  vf c = vf_load_m(s ? to_c - j->cells_step : j->cells_before + unit, lanes);
  gate[TARN_LSTM_F] = vf_add(gate[TARN_LSTM_F], vf_set1(p->forget_bias));
  if (j->peephole[0]) {
    gate[TARN_LSTM_I] = vf_fma(vf_load_m(j->peephole[0] + k, lanes), c, gate[TARN_LSTM_I]);
    gate[TARN_LSTM_F] = vf_fma(vf_load_m(j->peephole[1] + k, lanes), c, gate[TARN_LSTM_F]);
  }
  const vf forget = vf_gate(sr, gate[TARN_LSTM_F]);
  const vf input = j->gates ? given(j, TARN_LSTM_OUT_I, TARN_LSTM_OUT_CI, at, lanes,
                                    gate[TARN_LSTM_I], gate[TARN_LSTM_J])
                            : vf_gated(sr, gate[TARN_LSTM_I], act, gate[TARN_LSTM_J]);
  c = vf_clip(vf_fma(c, forget, input), p->cell_clip);
  vf_store_m(to_c, lanes, c);
  if (j->peephole[0])
    gate[TARN_LSTM_O] = vf_fma(vf_load_m(j->peephole[2] + k, lanes), c, gate[TARN_LSTM_O]);
  const vf m =
      j->gates ? given(j, TARN_LSTM_OUT_O, TARN_LSTM_OUT_CO, at, lanes, gate[TARN_LSTM_O], c)
               : vf_gated(sr, gate[TARN_LSTM_O], act, c);
  if (j->gates) give(j, TARN_LSTM_OUT_F, at, lanes, forget);
  vf_store(h + k, m);
  if (y) vf_store_m(y + k, lanes, m);
}

/* Some blocks of units. */
static void cells(const job *j, const row_set *r, block_range in) {
  const plan *t = j->t;
  const course *c = &j->c;
  const bool projected = t->l.g.projection >= 0;
  const step_product gates = {.blocks = &t->cell, .w = j->w_cell, .state = c->h[r->s % 2],
                              .ld = t->l.ld_h, .depth = t->l.g.P, .with_x = t->l.joined};
  TILES(tiles);
  step_multiply(c, r, &gates, in, tiles);
  for (int64_t block = in.first; block < in.end; block++)
    for (int i = 0; i < r->n; i++) {
      const int64_t b = r->b[i];
      float *h = projected ? j->m + b * t->ld_m : c->h[(r->s + 1) % 2] + b * t->l.ld_h;
      cell(j, tile_of(tiles, r, in, block) + i * 4 * VF, rows_gates(c, r, i), r->s, b, block * VF,
           h, projected ? NULL : rows_y(c, r, i));
    }
}

/* Some blocks of columns of h = clip(m projection). */
static void project(const job *j, const row_set *r, block_range in) {
  const plan *t = j->t;
  const course *c = &j->c;
  const int64_t P = t->l.g.P;
  const step_product product = {.blocks = &t->projection, .w = j->w_projection, .state = j->m,
                                .ld = t->ld_m, .depth = t->l.g.H};
  TILES(tiles);
  step_multiply(c, r, &product, in, tiles);
  for (int64_t block = in.first; block < in.end; block++)
    for (int i = 0; i < r->n; i++) {
      float *h = c->h[(r->s + 1) % 2] + r->b[i] * t->l.ld_h, *y = rows_y(c, r, i);
      const int spans = tarn__block_spans(&t->projection, block);
      const float *tile = tile_of(tiles, r, in, block) + i * spans * VF;
      for (int v = 0; v < spans; v++) {
        const int64_t k = (block * 4 + v) * VF;
        const vm lanes = vm_first(P - k < VF ? P - k : VF);
        const vf x = vf_clip(vf_load(tile + v * VF), j->p->proj_clip);
        vf_store(h + k, x);
        vf_store_m(y + k, lanes, x);
      }
    }
}

/* A phase is a step, or with projection half of one. */
static tarn_status chunk_run(void *argument, int64_t phase, int64_t chunk, int worker) {
  const job *j = argument;
  const bool projected = j->t->l.g.projection >= 0;
  int64_t active[CHUNK_ROWS];
  if (chunk == 0) TARN_TRY(tarn__run_check(j->c.call->run));
  const bool second = projected && phase % 2;
  const tarn_blocks *blocks = second ? &j->t->projection : &j->t->cell;
  const int64_t step = j->c.walk.s0 + (projected ? phase / 2 : phase);
  const row_set r = rows_of(&j->c, step, chunk, worker, active);
  (second ? project : cells)(j, &r, step_blocks(&j->c, blocks, chunk));
  return TARN_OK;
}

/* Where c and the block ops' outputs go. Steps that do not run leave zeros. */
static void start_outputs(job *j, const tarn_call *call) {
  const tarn_recurrent *g = &j->t->l.g;
  const int64_t units = g->B * g->H, ran = j->c.walk.T * units, all = g->T * units;
  j->cells_before = call->in[g->c0]->data;
  if (j->p->form == TARN_LSTM_SEQUENCE) {
    j->cells = call->out[2]->data;
    memcpy(j->cells, j->cells_before, (size_t)units * sizeof(float)); /* rows without a step too */
    return;
  }
  j->cells_step = units;
  for (int v = 0; v < TARN_LSTM_OUTS; v++) {
    j->out[v] = call->out[v]->data;
    if (!j->out[v] || v == TARN_LSTM_OUT_H) continue;
    j->gates = j->gates || v != TARN_LSTM_OUT_CS;
    memset(j->out[v] + ran, 0, (size_t)(all - ran) * sizeof(float));
  }
  j->cells = j->out[TARN_LSTM_OUT_CS];
}

static tarn_status run(const tarn_call *call) {
  const plan t = plan_of(call->problem);
  const tarn_recurrent *g = &t.l.g;
  const tarn_lstm_sequence_params *p = call->problem->params;
  TARN_TRY(tarn__recurrent_check(call, g));
  if (g->B * (g->H + g->P) == 0) return TARN_OK;
  job j = {.t = &t, .p = p};
  char *rest = course_start(&j.c, &t.l, call);
  start_outputs(&j, call);
  const char *w = call->prepared;
  j.c.streams = course_streams(&j.c, t.w_bytes - t.x_bytes);
  j.m = (float *)(void *)rest;
  if (!t.packed && !is_loose(&t.l)) {
    TARN_TRY(pack(&t, call->problem, call->in, rest + m_bytes(&t), call->pool));
    w = rest + m_bytes(&t);
  }
  if (is_loose(&t.l)) {
    TARN_TRY(course_multiply_loose(&j.c, &t.l.part[0], j.c.h[0]));
  } else {
    j.w_cell = (const float *)(const void *)(w + t.x_bytes);
    j.w_projection = (const float *)(const void *)(w + t.cell_bytes);
  }
  for (int i = 0; i < p->num_peephole; i++) j.peephole[i] = call->in[g->peephole + i]->data;
  tarn_phases phases = {.kinds = g->projection < 0 ? 1 : 2, .body = chunk_run, .argument = &j,
                        .chunks = {step_chunks(&j.c, &t.cell) * j.c.groups,
                                   step_chunks(&j.c, &t.projection) * j.c.groups}};
  const int64_t depth = g->P + (t.l.joined ? g->I : 0);
  return course_run(&j.c, &phases, w, (double)(g->B * 4 * g->H) * (double)depth);
}

#define ROW(OP, W)                                                                  \
  {.op = OP, .dtypes = TARN_BIT(TARN_F32), .keyed = -1, .precision = PRECISION,     \
   .supports = supports, .cost_us = cost_us, .scratch_bytes = scratch_bytes,        \
   .prepared_bytes = prepared_bytes, .prepared_key = prepared_key,                  \
   .prepared_from = prepared_from, .prepare = prepare, .spent = 1u << (W), .run = run}
#define ROWS                                                                        \
  ROW("_LSTMSequence", 1), ROW("BlockLSTM", 4), ROW("BlockLSTMV2", 4), ROW("LSTMBlockCell", 3)
