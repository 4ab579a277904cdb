/* The gradient of Conv2D of r x r filters towards its filter in f32 by Winograd's minimal
 * filtering, channels last, stride 1; the including file defines OUT and FILTER (m and r: 4 and 3,
 * or 3 and 5).
 *
 * What the forward form computes, y = A' [(G w G') (B' d B)] A, is linear in w; turned round, for
 * each square of m x m of dy,
 *
 *   V[xi] = B' d B      Z[xi] = A dy A'      M[xi] = sum over squares of V[xi] (x) Z[xi]
 *   dw = G' M G
 *
 * 36 or 49 outer products a square instead of r*r*m*m (144, 225), and G' M G once, behind all sums.
 *
 *   for a block of squares
 *     V [xi][square][C], Z [xi][panel of two vectors of OC][square]       all threads
 *     for a panel and up to 56 (24) channels                              a chunk: it owns that dw
 *       for an xi, 14 (6) of these channels at a time              M [chunk][xi][channels][panel]
 *         for a square of the block                    accumulators: ../gemm/outer.body.h
 *     after the last block the chunk's dw = G' M G
 *
 * V and Z of a block stay in L2 where channels are few; else blocks are as large as a fixed amount
 * of memory allows, so that M is read and written seldom. Sums are in order, whatever the
 * threads. */
#include "kernels/cpu/conv2d/winograd/square.body.h"
#include "kernels/cpu/gemm/outer.body.h"
#include "kernels/params/conv2d.h"

#define TARGET (VF == 16 ? TARN_TARGET_AVX512 : TARN_TARGET_AVX2)
enum { IN = rows_IN, NR = COLS, CHUNK_ROWS = 4 * MAX_ROWS, SQUARES = 4 };
enum { L2_BYTES = 5 << 18, BLOCK_BYTES = 16 << 20, MIN_BLOCK = 64 };

typedef struct plan {
  tarn_conv2d g;
  int64_t tiles_h, tiles_w, tiles, block;   /* block: squares at once */
  int64_t panels, parts;                    /* parts: ranges of channels of chunks */
  int64_t row, v_plane, z_plane;            /* elements from square to square of V, from xi to xi */
  int64_t m_chunk;                          /* elements of a chunk's M */
  size_t v_bytes, z_bytes, zero_bytes;
} plan;

static int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
static size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }
/* An odd number of cache lines: planes else lie in one set of L1. */
static int64_t apart(int64_t elements) { return elements / 16 % 2 == 0 ? elements + 16 : elements; }

static plan plan_of(const tarn_problem *p) {
  plan k = {.g = tarn__conv2d_filter_geometry(p, false)};
  const tarn_conv2d *g = &k.g;
  k.tiles_h = ceil_div(g->OH, OUT);
  k.tiles_w = ceil_div(g->OW, OUT);
  k.tiles = g->N * k.tiles_h * k.tiles_w;
  k.row = ceil_div(g->C, 16) * 16;
  k.panels = ceil_div(g->OC, NR);
  k.parts = ceil_div(g->C, CHUNK_ROWS);
  const int64_t square = XI * (k.row + k.panels * NR) * (int64_t)sizeof(float);
  k.block = L2_BYTES / square;
  if (k.block < MIN_BLOCK) k.block = BLOCK_BYTES / square;
  if (k.block < MIN_BLOCK) k.block = MIN_BLOCK;
  if (k.block > k.tiles) k.block = k.tiles;
  k.v_plane = apart(k.block * k.row);
  k.z_plane = apart(k.panels * k.block * NR);
  k.m_chunk = XI * CHUNK_ROWS * NR;
  k.v_bytes = aligned((size_t)(XI * k.v_plane) * sizeof(float));
  k.z_bytes = aligned((size_t)(XI * k.z_plane) * sizeof(float));
  k.zero_bytes = aligned((size_t)(k.row > g->OC ? k.row : g->OC) * sizeof(float));
  return k;
}

static const char *supports(const tarn_problem *p) {
  if (p->out_shape[0].rank < 0) return "the shape is not known yet";
  const tarn_conv2d g = tarn__conv2d_filter_geometry(p, false);
  if (g.KH != FILTER || g.KW != FILTER)
    return FILTER == 3 ? "the filter is not 3x3" : "the filter is not 5x5";
  if (g.stride_h != 1 || g.stride_w != 1) return "the stride is not 1";
  if (g.dilation_h != 1 || g.dilation_w != 1) return "the filter is dilated";
  if (g.groups != 1) return "the convolution is grouped";
  if (g.channels_first) return "the layout is NCHW";
  if (g.C < 8 || g.OC < 8) return "fewer than 8 channels";
  int64_t outputs;
  if (g.N < 1 || g.OH < 1 || g.OW < 1) return "no outputs";
  if (tarn__mul_overflow(g.N, g.OH, &outputs) || tarn__mul_overflow(outputs, g.OW, &outputs) ||
      outputs > INT64_C(1) << 40)
    return "too large";
  if (g.C > 1 << 20 || g.OC > 1 << 20) return "too large";
  return NULL;
}

static double cost_us(const tarn_problem *p, const tarn_machine *m) {
  const plan k = plan_of(p);
  const double wide = (double)(ceil_div(k.g.OC, VF) * VF), tiles = (double)k.tiles,
               blocks = (double)ceil_div(k.tiles, k.block);
  const double flops = 2.0 * XI * tiles * (double)k.g.C * wide / (1e3 * m->gflops[TARGET] * 0.75);
  /* Each element of V and Z is written, read, and goes through some six additions; M of several
   * blocks is read and written. */
  const double moved = 12.0 * XI * tiles * ((double)k.row + wide) / (1e3 * 4.0 * m->gbytes_per_s);
  const double sums = 8.0 * XI * (double)k.g.C * wide * blocks / (1e3 * 2.0 * m->gbytes_per_s);
  const double work = flops + moved + sums;
  return 1.0 + (work > 20 ? work / m->threads : work);
}

static int64_t held_chunks(const plan *k, int threads) {
  return k->block < k->tiles ? k->panels * k->parts : threads;
}

static size_t scratch_bytes(const tarn_problem *p, int threads) {
  if (p->out_shape[0].rank < 0) return 0;
  const plan k = plan_of(p);
  return k.v_bytes + k.z_bytes + k.zero_bytes +
         (size_t)(held_chunks(&k, threads) * k.m_chunk) * sizeof(float);
}

typedef struct job {
  const plan *k;
  const float *x, *dy, *zero;
  float *dw, *v, *z, *m;
  float filter[IN][FILTER];      /* G */
  int64_t first, count;          /* squares of the block */
  bool last;
} job;

/* Pointers to the side x side positions from (h, w) on, to zeros outside of the picture. */
static inline void point(const float *image, const float *zero, int64_t H, int64_t W, int64_t C,
                         int64_t h, int64_t w, int side, const float **to) {
  for (int64_t i = h; i < h + side; i++)
    for (int64_t j = w; j < w + side; j++)
      *to++ = i >= 0 && i < H && j >= 0 && j < W ? image + (i * W + j) * C : zero;
}

static void transform_dy(const job *b, const float *const *from, float *z) {
  const plan *k = b->k;
  for (int64_t c = 0; c < k->panels * NR; c += VF) {
    float *to = z + c / NR * k->block * NR + c % NR;
    const int64_t left = k->g.OC - c;
    const vm m = vm_first(left < VF ? left > 0 ? left : 0 : VF);
    vf half[IN * OUT];
#pragma GCC unroll 4
    for (int j = 0; j < OUT; j++) {
      vf d[OUT];
#pragma GCC unroll 4
      for (int i = 0; i < OUT; i++) d[i] = vf_load_m(from[i * OUT + j] + c, m);
      rows_gradient(d, 1, half + j, OUT);
    }
#pragma GCC unroll 9
    for (int i = 0; i < IN; i++) {
      vf t[IN];
      cols_gradient(half + i * OUT, 1, t, 1);
#pragma GCC unroll 9
      for (int j = 0; j < IN; j++) vf_store(to + (i * IN + j) * k->z_plane, t[j]);
    }
  }
}

static tarn_status transform_chunk(void *argument, int64_t chunk, int worker) {
  (void)worker;
  const job *b = argument;
  const plan *k = b->k;
  const tarn_conv2d *g = &k->g;
  const int64_t end = (chunk + 1) * SQUARES < b->count ? (chunk + 1) * SQUARES : b->count;
  for (int64_t i = chunk * SQUARES; i < end; i++) {
    const int64_t square = b->first + i, w = square % k->tiles_w * OUT,
                  h = square / k->tiles_w % k->tiles_h * OUT;
    const int64_t n = square / (k->tiles_w * k->tiles_h);
    const float *from[XI];
    point(b->x + n * g->H * g->W * g->C, b->zero, g->H, g->W, g->C, h - g->pad_top, w - g->pad_left,
          IN, from);
    square_input(from, g->C, b->v + i * k->row, k->v_plane);
    point(b->dy + n * g->OH * g->OW * g->OC, b->zero, g->OH, g->OW, g->OC, h, w, OUT, from);
    transform_dy(b, from, b->z + i * NR);
  }
  return TARN_OK;
}

/* Whether an element of G is other than 0: infinity and the point 0 have one each. */
static inline bool met(int i, int tap) {
  if (rows_ZERO && i == 0) return tap == 0;
  return i < IN - 1 || tap == FILTER - 1;
}

/* dw = G' M G of one channel and one vector of columns; m: its place in M's plane 0. */
static inline void transform_filter(const float g[IN][FILTER], const float *m, int64_t plane,
                                    float *dw, int64_t tap, vm mask) {
  vf half[FILTER * IN];
#pragma GCC unroll 9
  for (int j = 0; j < IN; j++)
#pragma GCC unroll 5
    for (int y = 0; y < FILTER; y++) {
      vf s = vf_zero();
#pragma GCC unroll 9
      for (int i = 0; i < IN; i++)
        if (met(i, y)) s = vf_fma(vf_set1(g[i][y]), vf_load(m + (i * IN + j) * plane), s);
      half[y * IN + j] = s;
    }
#pragma GCC unroll 5
  for (int y = 0; y < FILTER; y++)
#pragma GCC unroll 5
    for (int x = 0; x < FILTER; x++) {
      vf s = vf_zero();
#pragma GCC unroll 9
      for (int j = 0; j < IN; j++)
        if (met(j, x)) s = vf_fma(vf_set1(g[j][x]), half[y * IN + j], s);
      vf_store_m(dw + (y * FILTER + x) * tap, mask, s);
    }
}

static tarn_status product_chunk(void *argument, int64_t chunk, int worker) {
  const job *b = argument;
  const plan *k = b->k;
  const tarn_conv2d *g = &k->g;
  const int64_t panel = chunk % k->panels, part = chunk / k->panels;
  const int64_t c0 = g->C * part / k->parts, c1 = g->C * (part + 1) / k->parts,
                pieces = ceil_div(c1 - c0, MAX_ROWS);
  const int64_t cols = g->OC - panel * NR < NR ? g->OC - panel * NR : NR, plane = (c1 - c0) * NR;
  float *m = b->m + (k->block < k->tiles ? chunk : worker) * k->m_chunk;
  for (int xi = 0; xi < XI; xi++) {
    for (int64_t piece = 0; piece < pieces; piece++) {
      const int64_t r0 = (c1 - c0) * piece / pieces, r1 = (c1 - c0) * (piece + 1) / pieces;
      const line all = {b->v + xi * k->v_plane + c0 + r0,
                        b->z + xi * k->z_plane + panel * k->block * NR};
      const tile t = {.lines = &all,
                      .count = 1,
                      .outputs = b->count,
                      .x_step = k->row,
                      .dy_step = NR,
                      .dw = m + xi * plane + r0 * NR,
                      .ld = NR,
                      .cols = cols <= VF ? VF : NR,
                      .first = b->first == 0};
      tile_run(&t, (int)(r1 - r0));
    }
  }
  if (!b->last) return TARN_OK;
  for (int64_t c = c0; c < c1; c++)
    for (int64_t j = 0; j < cols; j += VF)
      transform_filter(b->filter, m + (c - c0) * NR + j, plane, b->dw + c * g->OC + panel * NR + j,
                       g->C * g->OC, vm_first(cols - j < VF ? cols - j : VF));
  return TARN_OK;
}

static tarn_status run(const tarn_call *call) {
  const plan k = plan_of(call->problem);
  char *room = call->scratch;
  job b = {.k = &k, .x = call->in[0]->data, .dy = call->in[2]->data, .dw = call->out[0]->data};
  b.v = (float *)(void *)room, room += k.v_bytes;
  b.z = (float *)(void *)room, room += k.z_bytes;
  memset(room, 0, k.zero_bytes);
  b.zero = (const float *)(void *)room, room += k.zero_bytes;
  b.m = (float *)(void *)room;
  double filter[IN][FILTER];
  rows_filter(filter);
  for (int i = 0; i < IN; i++)
    for (int tap = 0; tap < FILTER; tap++) b.filter[i][tap] = (float)filter[i][tap];
  for (b.first = 0; b.first < k.tiles; b.first += b.count) {
    b.count = k.tiles - b.first < k.block ? k.tiles - b.first : k.block;
    b.last = b.first + b.count == k.tiles;
    TARN_TRY(tarn__pool_run(call->pool, ceil_div(b.count, SQUARES), transform_chunk, &b));
    TARN_TRY(tarn__pool_run(call->pool, k.panels * k.parts, product_chunk, &b));
  }
  return TARN_OK;
}

#define ROWS                       \
  {.op = "Conv2DBackpropFilter",   \
   .dtypes = TARN_BIT(TARN_F32),   \
   .supports = supports,           \
   .cost_us = cost_us,             \
   .scratch_bytes = scratch_bytes, \
   .run = run},
