/* _GRUSequence and GRUBlockCell in f32; the including file defines what layer.body.h asks for.
 *
 *   a step    for each block of 2 VF units, [H][r r u u]: r, u, and r h'
 *             for each block of 4 VF units, [H][c c c c]: c, and h = u h' + (1 - u) c
 *   with reset_after, where c needs no other unit's r:
 *             for each block of VF units, [H][r u c]: h
 *
 * Each weight is read once a step, in order; threads share the blocks, which are walked to and fro.
 * The rest, and where rows and gates are: kernels/cpu/recurrent/layer.body.h. */
#include "kernels/cpu/recurrent/layer.body.h"
#include "kernels/cpu/recurrent/step.body.h"
#include "kernels/params/gru.h"

typedef struct plan {
  layer l;
  bool packed;
  tarn_blocks first, second;            /* r and u (and c with reset_after); c */
  size_t x_bytes, first_bytes, w_bytes; /* of weights: of x, of x and first, all */
} plan;

static bool reset_after(const plan *t) { return t->first.gates == TARN_GRU_GATES; }

static plan plan_of(const tarn_problem *p) {
  const tarn_gru_sequence_params *params = p->params;
  const tarn_recurrent g = tarn__gru_sequence(p);
  const int64_t H = g.H;
  plan t = {.l = {.g = g, .joined = g.T == 1 && !params->reset_after}};
  if (params->separate) {
    t.l.parts = 2;
    t.l.part[0] = (part){0, 2 * H, g.w, g.b};
    t.l.part[1] = (part){2 * H, H, g.w + 1, g.b < 0 ? -1 : g.b + 1};
  } else {
    t.l.parts = 1;
    t.l.part[0] = (part){0, 3 * H, g.w, g.b};
  }
  t.packed = p->stable && p->stable[g.w] && p->stable[g.w + 1];
  t.l.loose = params->cell && !t.packed;
  layer_measure(&t.l);
  t.first = params->reset_after
                ? (tarn_blocks){.lanes = VF, .gates = 3, .spans = 1, .width = H}
                : (tarn_blocks){.lanes = VF, .gates = 2, .spans = 2, .width = H};
  for (int v = 0; v < TARN_GRU_GATES; v++) t.first.column[v] = params->column[v] * H;
  t.second = (tarn_blocks){.lanes = VF, .gates = 1, .spans = 4};
  if (!params->reset_after) t.second.width = H;
  t.second.column[0] = params->separate ? 0 : params->column[TARN_GRU_C] * H;
  t.first.form = t.second.form = FORM;
  t.x_bytes = layer_x_bytes(&t.l);
  t.first_bytes = t.x_bytes + tarn__blocks_bytes(&t.first, layer_joined(&t.l), H);
  t.w_bytes = t.first_bytes + tarn__blocks_bytes(&t.second, layer_joined(&t.l), H);
  return t;
}

static const char *supports(const tarn_problem *p) {
  const tarn_recurrent g = tarn__gru_sequence(p);
  return layer_supports(p, &g);
}

static double cost_us(const tarn_problem *p, const tarn_machine *m) {
  const plan t = plan_of(p);
  const double H = (double)t.l.g.H, x = 3 * H * (double)t.l.g.I;
  return layer_cost_us(&t.l.g, 3 * H * H + (t.l.joined ? x : 0), t.l.joined ? 0 : x,
                       t.packed || is_loose(&t.l), m->gflops[TARGET], m);
}

/* r h' and u, rows ld_h apart. */
static size_t between_bytes(const plan *t) {
  return reset_after(t) ? 0 : aligned(2 * t->l.g.B * t->l.ld_h);
}

static size_t scratch_bytes(const tarn_problem *p, int threads) {
  const plan t = plan_of(p);
  const bool reverse = ((const tarn_recurrent_params *)p->params)->reverse;
  return layer_scratch_bytes(&t.l, reverse, threads) + between_bytes(&t) +
         (t.packed || is_loose(&t.l) ? 0 : t.w_bytes);
}

static size_t prepared_bytes(const tarn_problem *p) {
  const plan t = plan_of(p);
  return t.packed ? t.w_bytes : 0;
}
static uint64_t prepared_key(const tarn_problem *p) {
  const plan t = plan_of(p);
  const tarn_gru_sequence_params *params = p->params;
  const uint64_t form = params->separate ? 2 : 0;
  return layer_key(&t.l, params->column, TARN_GRU_GATES) * 4 + form + reset_after(&t);
}

static uint64_t prepared_from(const tarn_problem *p) {
  const plan t = plan_of(p);
  return layer_weights(p, &t.l.g);
}

static tarn_status pack(const plan *t, const tarn_problem *p, const tarn_tensor *const *in,
                        char *to, tarn_pool *pool) {
  const tarn_gru_sequence_params *params = p->params;
  const tarn_recurrent *g = &t->l.g;
  const int64_t H = g->H, ld = params->separate ? 2 * H : 3 * H, ld_c = params->separate ? H : ld;
  const int64_t x = layer_joined(&t->l);
  const float *w = in[g->w]->data, *other = in[g->w + 1]->data;
  const float *h = params->separate ? w + g->I * ld : other;
  const float *x_c = params->separate ? other : w;
  const float *h_c = params->separate ? other + g->I * H : other;
  float *first = (float *)(void *)(to + t->x_bytes);
  float *second = (float *)(void *)(to + t->first_bytes);
  TARN_TRY(layer_pack_x(&t->l, in, to, pool));
  TARN_TRY(tarn__blocks_pack(&t->first, x, H, false, w, ld, first, pool));
  TARN_TRY(tarn__blocks_pack(&t->first, x, H, true, h, ld, first, pool));
  TARN_TRY(tarn__blocks_pack(&t->second, x, H, false, x_c, ld_c, second, pool));
  return tarn__blocks_pack(&t->second, x, H, true, h_c, ld_c, second, pool);
}

static tarn_status prepare(const tarn_problem *p, const tarn_tensor *const *in, void *memory,
                           tarn_pool *pool) {
  const plan t = plan_of(p);
  return pack(&t, p, in, memory, pool);
}

typedef struct job {
  course c;
  const plan *t;
  const tarn_gru_sequence_params *p;
  const float *w_first, *w_second;
  const float *b_h;           /* the bias of h, [3H], with reset_after; or NULL */
  float *reset, *update;      /* r h' and u, [B] rows of ld_h */
  int64_t phase;              /* of a loose cell, whose phases are run one by one; else 0 */
  float *out[TARN_GRU_OUTS];  /* of a GRUBlockCell; NULL: not wanted */
} job;

/* Output v of a GRUBlockCell: row i's units from k on. */
static inline void give(const job *j, int v, const row_set *r, int i, int64_t k, vf x) {
  const int64_t H = j->t->l.g.H;
  if (j->out[v]) vf_store_m(j->out[v] + r->b[i] * H + k, vm_first(H - k < VF ? H - k : VF), x);
}

/* h = u h' + (1 - u) c of the VF units from k, to the next state and to y. */
static inline void keep(const job *j, const row_set *r, int i, int64_t k, vf u, vf c) {
  const layer *l = &j->t->l;
  const int64_t at = r->b[i] * l->ld_h + k;
  const vf before = vf_load(j->c.h[r->s % 2] + at);
  const vf h = vf_fma(u, before, vf_mul(vf_sub(vf_set1(1.0f), u), c));
  vf_store(j->c.h[(r->s + 1) % 2] + at, h);
  vf_store_m(rows_y(&j->c, r, i) + k, vm_first(l->g.H - k < VF ? l->g.H - k : VF), h);
}

/* r h' and u of the VF units from k; to_r and to_u: what h' gives to them. */
static inline void reset_and_update(const job *j, const row_set *r, int i, int64_t k,
                                    const float *to_r, const float *to_u) {
  const layer *l = &j->t->l;
  const int64_t H = l->g.H, at = r->b[i] * l->ld_h + k;
  const tarn_recurrent_activation sr = j->p->shared.recurrent_activation;
  const vm lanes = vm_first(H - k < VF ? H - k : VF);
  const float *gx = rows_gates(&j->c, r, i) + k;
  const vf x_r = vf_load_m(gx + j->p->column[TARN_GRU_R] * H, lanes);
  const vf x_u = vf_load_m(gx + j->p->column[TARN_GRU_U] * H, lanes);
  const vf reset = vf_gate(sr, vf_add(vf_load(to_r), x_r));
  const vf update = vf_gate(sr, vf_add(vf_load(to_u), x_u));
  vf_store(j->reset + at, vf_mul(reset, vf_load(j->c.h[r->s % 2] + at)));
  vf_store(j->update + at, update);
  give(j, TARN_GRU_OUT_R, r, i, k, reset);
  give(j, TARN_GRU_OUT_U, r, i, k, update);
}

/* c of them, and h; to_c: what r h' gives. */
static inline void candidate(const job *j, const row_set *r, int i, int64_t k, const float *to_c) {
  const layer *l = &j->t->l;
  const int64_t H = l->g.H;
  const float *gx = rows_gates(&j->c, r, i) + j->p->column[TARN_GRU_C] * H;
  const vf x_c = vf_load_m(gx + k, vm_first(H - k < VF ? H - k : VF));
  const vf c = vf_candidate(j->p->shared.activation, vf_add(vf_load(to_c), x_c));
  give(j, TARN_GRU_OUT_C, r, i, k, c);
  keep(j, r, i, k, vf_load(j->update + r->b[i] * l->ld_h + k), c);
}

/* reset_after: all of them at once; tile: what h' gives to each gate. */
static inline void unit(const job *j, const row_set *r, int i, int64_t k, const float *tile) {
  const int64_t H = j->t->l.g.H;
  const vm lanes = vm_first(H - k < VF ? H - k : VF);
  const tarn_recurrent_activation sr = j->p->shared.recurrent_activation;
  const float *gx = rows_gates(&j->c, r, i) + k;
  vf x[TARN_GRU_GATES], h[TARN_GRU_GATES];
  for (int v = 0; v < TARN_GRU_GATES; v++) {
    const int64_t column = j->p->column[v] * H;
    x[v] = vf_load_m(gx + column, lanes);
    h[v] = vf_load(tile + v * VF);
    if (j->b_h) h[v] = vf_add(h[v], vf_load_m(j->b_h + column + k, lanes));
  }
  const vf reset = vf_gate(sr, vf_add(x[TARN_GRU_R], h[TARN_GRU_R]));
  const vf update = vf_gate(sr, vf_add(x[TARN_GRU_U], h[TARN_GRU_U]));
  const vf c = vf_fma(reset, h[TARN_GRU_C], x[TARN_GRU_C]);
  keep(j, r, i, k, update, vf_candidate(j->p->shared.activation, c));
}

/* Some blocks of units; second: of the candidate's phase. */
static void units(const job *j, const row_set *r, block_range in, bool second) {
  const plan *t = j->t;
  const layer *l = &t->l;
  const tarn_blocks *blocks = second ? &t->second : &t->first;
  const step_product product = {.blocks = blocks, .w = second ? j->w_second : j->w_first,
                                .state = second ? j->reset : j->c.h[r->s % 2], .ld = l->ld_h,
                                .depth = l->g.H, .with_x = l->joined};
  TILES(tiles);
  step_multiply(&j->c, r, &product, in, tiles);
  for (int64_t block = in.first; block < in.end; block++) {
    const int spans = tarn__block_spans(blocks, block), vectors = spans * blocks->gates;
    for (int i = 0; i < r->n; i++)
      for (int v = 0; v < spans; v++) {
        const float *tile = tile_of(tiles, r, in, block) + (i * vectors + v) * VF;
        const int64_t k = (block * blocks->spans + v) * VF;
        if (reset_after(t)) unit(j, r, i, k, tile);
        else if (second) candidate(j, r, i, k, tile);
        else reset_and_update(j, r, i, k, tile, tile + spans * VF);
      }
  }
}

/* A phase is half a step, or with reset_after a step. */
static tarn_status chunk_run(void *argument, int64_t phase, int64_t chunk, int worker) {
  const job *j = argument;
  const bool whole = reset_after(j->t);
  int64_t active[CHUNK_ROWS];
  if (chunk == 0) TARN_TRY(tarn__run_check(j->c.call->run));
  const bool second = !whole && (phase + j->phase) % 2;
  const tarn_blocks *blocks = second ? &j->t->second : &j->t->first;
  const int64_t step = j->c.walk.s0 + (whole ? phase : phase / 2);
  const row_set r = rows_of(&j->c, step, chunk, worker, active);
  units(j, &r, step_blocks(&j->c, blocks, chunk), second);
  return TARN_OK;
}

/* A cell whose weights are multiplied with as they lie, before each phase. */
static tarn_status run_loose(job *j) {
  const plan *t = j->t;
  const tarn_blocks *blocks[2] = {&t->first, &t->second};
  for (j->phase = 0; j->phase < 2; j->phase++) {
    TARN_TRY(course_multiply_loose(&j->c, &t->l.part[j->phase], j->phase ? j->reset : j->c.h[0]));
    const tarn_phases one = {.phases = 1, .kinds = 1, .body = chunk_run, .argument = j,
                             .chunks = {step_chunks(&j->c, blocks[j->phase]) * j->c.groups}};
    TARN_TRY(tarn__pool_run_phases(j->c.call->pool, &one));
  }
  return TARN_OK;
}

static tarn_status run(const tarn_call *call) {
  const plan t = plan_of(call->problem);
  const tarn_recurrent *g = &t.l.g;
  const tarn_gru_sequence_params *p = call->problem->params;
  TARN_TRY(tarn__recurrent_check(call, g));
  if (g->B * g->H == 0) return TARN_OK;
  job j = {.t = &t, .p = p};
  char *rest = course_start(&j.c, &t.l, call);
  const char *w = call->prepared;
  j.c.streams = course_streams(&j.c, t.w_bytes - t.x_bytes);
  j.reset = (float *)(void *)rest;
  j.update = j.reset + g->B * t.l.ld_h;
  for (int v = 0; v < TARN_GRU_OUTS && p->cell; v++) j.out[v] = call->out[v]->data;
  if (is_loose(&t.l)) return run_loose(&j);
  if (!t.packed) {
    TARN_TRY(pack(&t, call->problem, call->in, rest + between_bytes(&t), call->pool));
    w = rest + between_bytes(&t);
  }
  j.w_first = (const float *)(const void *)(w + t.x_bytes);
  j.w_second = (const float *)(const void *)(w + t.first_bytes);
  if (p->reset_after && g->b >= 0) j.b_h = (const float *)call->in[g->b]->data + 3 * g->H;
  tarn_phases phases = {.kinds = p->reset_after ? 1 : 2, .body = chunk_run, .argument = &j,
                        .chunks = {step_chunks(&j.c, &t.first) * j.c.groups,
                                   step_chunks(&j.c, &t.second) * j.c.groups}};
  const int64_t depth = g->H + (t.l.joined ? g->I : 0);
  return course_run(&j.c, &phases, w, (double)(g->B * 3 * g->H) * (double)depth);
}

#define ROW(OP, W)                                                                  \
  {.op = OP, .dtypes = TARN_BIT(TARN_F32), .precision = PRECISION,                  \
   .supports = supports, .cost_us = cost_us, .scratch_bytes = scratch_bytes,        \
   .prepared_bytes = prepared_bytes, .prepared_key = prepared_key,                  \
   .prepared_from = prepared_from, .prepare = prepare, .spent = 3u << (W), .run = run}
#define ROWS ROW("_GRUSequence", 1), ROW("GRUBlockCell", 2)
