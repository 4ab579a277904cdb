/* What sequences of LSTM and of GRU cells in f32 have in common; the including file defines ISA and
 * TARGET, and as 1 HALVES where the weights of steps are in bfloat16, BYTES where they are 8-bit
 * integers, VNNI where these are multiplied by instructions of that name, and FIXED where f32
 * weights are in fixed point.
 *
 *   for each block of steps
 *     gates[steps * B, columns] = x w_x + b        one product
 *     for each step: some phases (core/thread/phases.h) that the op defines, from h' to h
 *
 * A single step has x's weights in the same packed blocks as those of h (`joined`), as there is
 * nothing to gain from a product of all steps; `gates` is then the bias alone.
 *
 * Packing weights takes longer than a single step does, so where those of a cell may change it
 * multiplies with them as they lie (`loose`): `gates` is then all of [x, h'] w + b.
 *
 * h' and h are two buffers, their rows ld_h apart, which is whole vectors. */
#ifndef HALVES
#define HALVES 0
#endif
#ifndef BYTES
#define BYTES 0
#endif
#ifndef VNNI
#define VNNI 0
#endif
#ifndef FIXED
#define FIXED 0
#endif
#define PRECISION \
  (BYTES ? TARN_PRECISION_INT8 : HALVES ? TARN_PRECISION_BF16 : TARN_PRECISION_F32)

#define FORM                                               \
  (BYTES ? TARN_BLOCKS_INT8 : HALVES ? TARN_BLOCKS_BF16 : \
   FIXED ? TARN_BLOCKS_FIXED : TARN_BLOCKS_F32)

#include "core/thread/cpu.h"
#include "core/thread/phases.h"
#include "kernels/cpu/gemm/gemm.h"
#include "kernels/cpu/recurrent/factors.body.h"
#include "kernels/cpu/recurrent/gates.h"
#include "kernels/cpu/recurrent/walk.h"
#include "kernels/run.h"

#include <string.h>

enum {
  FEW_ROWS = 4,             /* that weights which may change are multiplied with at once */
  BLOCK_ROWS = 64,          /* of the product of x: enough to use each weight often */
  BLOCK_FLOATS = 1 << 18,   /* of the gates kept for it */
  BYTES_ROWS = 1024,        /* of the batch, that each thread may keep in 8 bits */
  BYTES_DEPTH = 65536       /* whose sums of 8-bit products fit 32 bits: 255 * 127 of each */
};
#define SHARED_STEP 40e3    /* multiply-adds of a step from which two threads are faster than one */

/* Columns of gates that one matrix gives. */
typedef struct part {
  int64_t first, width;
  int w, b;                 /* inputs; b -1: no bias */
} part;

typedef struct layer {
  tarn_recurrent g;
  bool joined, loose;
  int parts;
  part part[2];
  int64_t columns, ld_h;
  int64_t steps;                                    /* of a block */
  size_t gate_bytes, state_bytes, length_bytes;     /* of scratch */
  size_t loose_bytes;                               /* [x, h'] of all rows, of scratch */
  factor_store factors;                             /* each thread's, of scratch */
} layer;

static size_t aligned(int64_t floats) { return ((size_t)floats * sizeof(float) + 63) / 64 * 64; }
static int64_t whole_vectors(int64_t n) { return (n + VF - 1) / VF * VF; }

/* Only the form that keeps weights as they are. */
static inline bool is_loose(const layer *l) { return FORM == TARN_BLOCKS_F32 && l->loose; }

/* The sizes that follow from g, joined and the parts. */
static void layer_measure(layer *l) {
  const tarn_recurrent *g = &l->g;
  l->columns = 0;
  for (int i = 0; i < l->parts; i++) l->columns += l->part[i].width;
  const int64_t fit = BLOCK_FLOATS / (l->columns + 1), rows = fit > BLOCK_ROWS ? fit : BLOCK_ROWS;
  l->steps = g->B ? (rows + g->B - 1) / g->B : 1;
  if (l->steps > g->T) l->steps = g->T > 0 ? g->T : 1;
  l->ld_h = whole_vectors(g->P);
  l->gate_bytes = aligned((l->joined && !is_loose(l) ? 1 : l->steps * g->B) * l->columns);
  l->loose_bytes = is_loose(l) ? aligned(g->B * (g->I + g->P)) : 0;
  l->state_bytes = aligned(2 * g->B * l->ld_h);
  l->length_bytes = g->lengths < 0 ? 0 : ((size_t)g->B * sizeof(int64_t) + 63) / 64 * 64;
  const int64_t deepest = g->P > g->H ? g->P : g->H;
  l->factors = store_of(g->B, l->joined && g->I > deepest ? g->I : deepest, l->joined);
}

static const char *layer_supports(const tarn_problem *p, const tarn_recurrent *g) {
  const tarn_recurrent_params *params = p->params;
  const tarn_recurrent_activation s = params->activation, sr = params->recurrent_activation;
  if ((HALVES || BYTES) && (s == TARN_RECURRENT_RELU || s == TARN_RECURRENT_LINEAR ||
                            (sr != TARN_RECURRENT_SIGMOID && sr != TARN_RECURRENT_HARD_SIGMOID)))
    return "its activations do not bound what rounding adds up to";
  if (BYTES && VNNI && !(VF == 16 ? tarn__cpu()->avx512_vnni : tarn__cpu()->avx_vnni))
    return VF == 16 ? "this CPU has no AVX512_VNNI" : "this CPU has no AVX_VNNI";
  if (BYTES && g->B > BYTES_ROWS) return "each thread would keep all of a large batch's states";
  const int64_t all = g->I + g->P + g->H;
  if (BYTES && all > BYTES_DEPTH) return "sums of so many 8-bit products may not fit 32 bits";
  if (!tarn__gemm_fits(all, 4 * g->H + g->P, all) || !tarn__gemm_fits(g->B, 1, 4 * all) ||
      g->T >= 1 << 30)
    return "the layer is too large to pack";
  if ((g->H / VF + g->P / VF + 2) * (g->B / CHUNK_ROWS + 1) > TARN_PHASE_CHUNKS)
    return "a step has too many blocks";
  return NULL;
}

/* With `step` multiply-adds and weights for each row of a step, `x` for what x gives. Weights in
 * bfloat16 take one instruction in two multiply-adds more, for each tile of rows; those in fixed
 * point nine in four, which is worth it only where weights do not stay in L2. */
static double layer_cost_us(const tarn_recurrent *g, double step, double x, bool packed,
                            double gflops, const tarn_machine *m) {
  const double rows = (double)(g->T * g->B);
  const double tiles = (double)(g->T * ((g->B + MOST_ROWS - 1) / MOST_ROWS));
  const double taken = (HALVES ? 0.5 : FIXED ? 2.25 : 0) * tiles;
  const double rate = !BYTES ? 1 : VNNI ? 4 : 1.2;
  const double flops = 2 * (rows * x + (rows + taken) * step / rate) / (1e3 * gflops * 0.8);
  const double read = (double)g->T * step * LINES / PER_ROW + x;
  const double bytes = 4 * (read + (packed ? 0 : 3 * (x + step))) / (1e3 * m->gbytes_per_s);
  const bool held = 4 * step <= (double)tarn__cpu()->l2_bytes;   /* however many threads run it */
  const double time = 1 + (flops > bytes ? flops : bytes) + rows * (double)g->H * 2e-3;
  return FIXED && (held || !packed) ? 2 * time : time;
}

/* [x, h'] w of matrix p, as it lies. */
static tarn_gemm loose_product(const layer *l, const part *p) {
  const tarn_recurrent *g = &l->g;
  const int64_t depth = g->I + g->P;
  return (tarn_gemm){.M = g->B, .N = p->width, .K = depth, .lda = depth, .ldb = p->width,
                     .roomy = true, .ldc = l->columns, .taps = 1, .depth = depth};
}

/* What the largest loose product needs. */
static size_t loose_room(const layer *l, int threads) {
  size_t most = 0;
  for (int i = 0; i < l->parts && is_loose(l); i++) {
    const tarn_gemm product = loose_product(l, &l->part[i]);
    const size_t bytes = tarn__gemm_room_bytes(&ISA, &product, threads);
    if (bytes > most) most = bytes;
  }
  return (most + 63) / 64 * 64;
}

static size_t layer_scratch_bytes(const layer *l, bool reverse, int threads) {
  const size_t pointers = reverse && l->length_bytes ? tarn__gemm_scratch_bytes(1, threads) : 0;
  return l->gate_bytes + l->state_bytes + l->length_bytes + pointers + l->loose_bytes +
         loose_room(l, threads) + (size_t)threads * l->factors.bytes;
}

/* Rows of x's weights in the blocks. */
static int64_t layer_joined(const layer *l) { return l->joined ? l->g.I : 0; }

static size_t layer_x_bytes(const layer *l) {
  size_t bytes = 0;
  for (int i = 0; i < l->parts && !l->joined; i++)
    bytes += (tarn__gemm_packed_bytes(&ISA, l->g.I, l->part[i].width) + 63) / 64 * 64;
  return bytes;
}

static tarn_status layer_pack_x(const layer *l, const tarn_tensor *const *in, char *to,
                                tarn_pool *pool) {
  for (int i = 0; i < l->parts && !l->joined; i++) {
    const part *p = &l->part[i];
    TARN_TRY(tarn__gemm_pack(&ISA, l->g.I, p->width, in[p->w]->data, p->width, false,
                             (float *)(void *)to, pool));
    to += (tarn__gemm_packed_bytes(&ISA, l->g.I, p->width) + 63) / 64 * 64;
  }
  return TARN_OK;
}

/* Tells layers apart that have the same weights: how these are cut into gates. */
static uint64_t layer_key(const layer *l, const int *column, int gates) {
  uint64_t key = l->joined;
  for (int i = 0; i < gates; i++) key = key * 4 + (unsigned)column[i];
  return key;
}
static uint64_t layer_weights(const tarn_problem *p, const tarn_recurrent *g) {
  const int n = ((const tarn_recurrent_params *)p->params)->num_w;
  return (uint64_t)(n == 1 ? 1 : 3) << g->w;
}

/* A run under way. */
typedef struct course {
  const layer *l;
  const tarn_call *call;
  tarn_walk walk;
  float *gates, *h[2], *y;
  bool streams;             /* weights of steps do not fit the L2 caches, and are fetched ahead */
  int64_t groups;           /* of rows: a chunk is some blocks for one group */
  void *pointers;           /* scratch of products whose rows are gathered, or that are loose */
  factor_store factors;
} course;

/* Lays scratch out; returns what is left of it. */
static char *course_start(course *c, const layer *l, const tarn_call *call) {
  const tarn_recurrent *g = &l->g;
  const tarn_recurrent_params *p = call->problem->params;
  char *scratch = call->scratch;
  *c = (course){.l = l, .call = call, .y = call->out[g->y]->data};
  c->gates = (float *)(void *)scratch;
  c->h[0] = (float *)(void *)(scratch + l->gate_bytes);
  c->h[1] = c->h[0] + g->B * l->ld_h;
  c->groups = (g->B + CHUNK_ROWS - 1) / CHUNK_ROWS;
  c->walk = (tarn_walk){.T = tarn__recurrent_steps(call, g), .B = g->B, .I = g->I,
                        .x = call->in[g->x]->data, .reverse = p->reverse};
  int64_t *length = (int64_t *)(void *)(scratch + l->gate_bytes + l->state_bytes);
  for (int64_t b = 0; b < g->B && g->lengths >= 0; b++)
    length[b] = tarn__recurrent_length(call, g, b);
  if (g->lengths >= 0) c->walk.length = length;
  c->pointers = (char *)length + l->length_bytes;
  const int threads = tarn__pool_threads(call->pool);
  char *rest = scratch + layer_scratch_bytes(l, p->reverse, threads);
  c->factors = l->factors;
  store_start(&c->factors, rest - (size_t)threads * l->factors.bytes, threads);
  const float *h0 = call->in[g->h0]->data;
  for (int64_t b = 0; b < g->B; b++)
    memcpy(c->h[0] + b * l->ld_h, h0 + b * g->P, (size_t)g->P * sizeof *h0);
  for (int i = 0; i < l->parts && l->joined && !is_loose(l); i++) {
    const part *from = &l->part[i];
    const size_t bytes = (size_t)from->width * sizeof(float);
    if (from->b < 0) memset(c->gates + from->first, 0, bytes);
    else memcpy(c->gates + from->first, call->in[from->b]->data, bytes);
  }
  return rest;
}

/* gates = x w_x + b of the block of steps. */
static tarn_status course_multiply_x(const course *c, const char *w_x) {
  const layer *l = c->l;
  const tarn_walk *walk = &c->walk;
  for (int i = 0; i < l->parts; i++) {
    const part *p = &l->part[i];
    tarn_gemm x = {.M = (walk->s1 - walk->s0) * l->g.B, .N = p->width, .K = l->g.I, .lda = l->g.I,
                   .b = (const float *)(const void *)w_x, .c = c->gates + p->first,
                   .ldc = l->columns, .bias = p->b < 0 ? NULL : c->call->in[p->b]->data,
                   .taps = 1, .depth = l->g.I};
    if (tarn__walk_gathers(walk)) {
      x.point = tarn__walk_point;
      x.source = walk;
    } else {
      x.a = walk->x + tarn__walk_first(walk) * l->g.B * l->g.I;
    }
    TARN_TRY(tarn__gemm_run(&ISA, &x, c->pointers, c->call->pool));
    w_x += (tarn__gemm_packed_bytes(&ISA, l->g.I, p->width) + 63) / 64 * 64;
  }
  return TARN_OK;
}

/* What [x, state] gives to the gates of matrix p, with its bias. */
static tarn_status course_multiply_loose(const course *c, const part *p, const float *state) {
  const layer *l = c->l;
  const int64_t I = l->g.I, P = l->g.P, B = l->g.B, depth = I + P;
  float *xh = c->pointers, *gates = c->gates + p->first;
  const float *b = c->call->in[p->b]->data;
  for (int64_t row = 0; row < B; row++) {
    memcpy(xh + row * depth, c->walk.x + row * I, (size_t)I * sizeof *xh);
    memcpy(xh + row * depth + I, state + row * l->ld_h, (size_t)P * sizeof *xh);
  }
  tarn_gemm product = loose_product(l, p);
  product.a = xh;
  product.raw = c->call->in[p->w]->data;
  product.c = gates;
  product.bias = b;
  if (B > FEW_ROWS)
    return tarn__gemm_run(&ISA, &product, (char *)c->pointers + l->loose_bytes, c->call->pool);
  TARN_TRY(tarn__gemm_few_rows(&ISA, B, p->width, depth, xh, depth, product.raw, p->width, false,
                               gates, l->columns, c->call->pool));
  for (int64_t row = 0; row < B; row++)
    for (int64_t n = 0; n < p->width; n++) gates[row * l->columns + n] += b[n];
  return TARN_OK;
}

/* What follows the last step of each row. */
static void course_finish(const course *c) {
  const tarn_recurrent *g = &c->l->g;
  const bool zero = ((const tarn_recurrent_params *)c->call->problem->params)->zero_output;
  const size_t bytes = (size_t)g->P * sizeof(float);
  float *last = g->last < 0 ? NULL : c->call->out[g->last]->data;
  for (int64_t b = 0; b < g->B; b++) {
    const int64_t steps = tarn__walk_length(&c->walk, b);
    const float *h = c->h[steps % 2] + b * c->l->ld_h;
    if (last) memcpy(last + b * g->P, h, bytes);
    for (int64_t t = steps; t < g->T; t++) {
      float *y = c->y + (t * g->B + b) * g->P;
      if (zero) memset(y, 0, bytes);
      else memcpy(y, h, bytes);
    }
  }
}

/* Whether to fetch so many bytes of weights ahead: where next to nothing of them is still in L2
 * when a step comes back to it. Measured on Intel's Emerald Rapids: 3 % gained at 36 MB, nothing at
 * 7, 15 % lost within L2; on AMD's Zen 4 20 % lost from L3. */
static bool course_streams(const course *c, size_t bytes) {
  const tarn_cpu *cpu = tarn__cpu();
  const size_t caches = (size_t)tarn__pool_threads(c->call->pool) * cpu->l2_bytes;
  return strstr(cpu->name, "Intel") && bytes / 4 > caches;
}

/* All steps: p has kinds, chunks and body; a step has as many phases as there are kinds. `work`:
 * multiply-adds of a step. */
static tarn_status course_run(course *c, tarn_phases *p, const char *w_x, double work) {
  const int64_t T = c->walk.T;
  for (int64_t s = 0; s < T; s += c->l->steps) {
    c->walk.s0 = s;
    c->walk.s1 = s + c->l->steps < T ? s + c->l->steps : T;
    if (!c->l->joined) TARN_TRY(course_multiply_x(c, w_x));
    p->phases = (c->walk.s1 - s) * p->kinds;
    TARN_TRY(tarn__pool_run_phases(work < SHARED_STEP ? NULL : c->call->pool, p));
  }
  course_finish(c);
  return TARN_OK;
}
