/* Conv2D of r x r filters by Winograd's minimal filtering F(m,r) (Lavin & Gray, "Fast Algorithms
 * for Convolutional Neural Networks", 2016); the including file defines OUT and FILTER (m and r: 2
 * and 3, 4 and 3, 2 and 5), STRIDE (2 with 2 and 3, else 1), ISA and TARGET.
 *
 * The gradient towards the input is such a convolution too: of dy, with the filter turned over and
 * its channels exchanged.
 *
 * An output square of m x m comes from an input square of IN x IN, IN = (m - 1) stride + r, by
 * IN*IN products instead of r*r*m*m:
 *
 *   V[xi] = B' d B      U[xi] = G w G' (at prepare, in double)      M[xi] = V[xi] U[xi]      y = A'
 * M A
 *
 * xi in [0, IN*IN) numbers the places of a square. M[xi] is a matrix product over channels: [tiles,
 * C] x [C, OC], so each xi is one call of the GEMM micro-kernel on MR tiles.
 *
 *   U [panel of nr channels][xi][C][nr]     streamed once
 *   V [xi][tile][C]                         planes an odd number of cache lines apart, else all map
 * to one set of L1 M [xi][GROUP*MR][nr]                    of some blocks of MR tiles and one
 * panel: 64 KiB each, transformed back at once; each U[xi] is used for all of them while it is in
 * L1
 *
 * Stride 2 goes by phases: of two outputs of three taps, the even inputs meet two taps, which is
 * F(2,2), three products instead of four; the odd ones meet one tap, two products with the same
 * weight, so that lines 3 and 4 share their U. 25 products instead of 36 in a square, and no
 * coefficient but 1 and -1.
 *
 * Two orders. Weights that fit L2: a chunk is a few tiles, which it transforms for itself, times
 * all panels. Larger weights: first V of everything (it fits L2), then a chunk is one panel times a
 * range of tiles, so that U is read once.
 *
 * The transforms of lines are in lines.body.h. A NaN or infinity in x reaches all outputs
 * of its square. */
#include "core/thread/cpu.h"
#include "kernels/cpu/conv2d/winograd/square.body.h"
#include "kernels/cpu/gemm/epilogue.h"
#include "kernels/cpu/gemm/gemm.h"
#include "kernels/params/conv2d.h"

enum { MR = VF == 16 ? 14 : 6, NR = 2 * VF };
/* Blocks whose M is held at once: as many as a part of L2 takes. */
enum { GROUP = (VF == 16 ? 4 : 8) / (XI > 40 ? 2 : 1) };
enum { L2_WEIGHTS = 1 << 20, L2_TILES = 1 << 20, INPUT_TILES = 4, GATHERED = 8 };

/* U of the lines that share one is there once. */
enum { U_XI = rows_U * cols_U };
static inline int u_place(int xi) {
  int i = xi / cols_IN, k = xi % cols_IN;
  return (i < rows_U ? i : rows_U - 1) * cols_U + (k < cols_U ? k : cols_U - 1);
}

typedef struct plan {
  tarn_conv2d g;                 /* of a gradient: of the convolution that it is */
  bool gradient;
  int64_t tiles_h, tiles_w, tiles, blocks, panels;
  int64_t row, plane;            /* elements from tile to tile and from xi to xi in V */
  bool together;                 /* V of all tiles first */
  int64_t step;                  /* blocks of one chunk */
  int64_t chunk_tiles;           /* at most: rows of V that one chunk holds, or all tiles */
  size_t v_bytes, m_bytes, u_bytes;
  bool packed;
} plan;

static int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
static size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }
/* Blocks differ by one tile at most, and do not depend on the number of threads. */
static int64_t block_tile(const plan *t, int64_t block) { return t->tiles * block / t->blocks; }

static bool is_gradient(const tarn_problem *p) { return strcmp(p->op, "Conv2DBackpropInput") == 0; }

/* Towards the input: from dy to dx. */
static tarn_conv2d geometry_of(const tarn_problem *p) {
  if (!is_gradient(p)) return tarn__conv2d_geometry(p, false);
  const tarn_conv2d g = tarn__conv2d_input_geometry(p, false);
  tarn_conv2d back = g;
  back.H = g.OH, back.W = g.OW, back.C = back.KC = g.OC;
  back.OH = g.H, back.OW = g.W, back.OC = g.C;
  back.pad_top = g.KH - 1 - g.pad_top, back.pad_left = g.KW - 1 - g.pad_left;
  return back;
}

static plan plan_of(const tarn_problem *p, int threads) {
  plan t = {.g = geometry_of(p), .gradient = is_gradient(p)};
  const tarn_conv2d *g = &t.g;
  t.packed = p->stable && p->stable[1];
  t.tiles_h = ceil_div(g->OH, rows_SIDE);
  t.tiles_w = ceil_div(g->OW, cols_SIDE);
  t.tiles = g->N * t.tiles_h * t.tiles_w;
  t.blocks = t.tiles > 0 ? ceil_div(t.tiles, MR) : 1;
  t.panels = ceil_div(g->OC, NR);
  t.row = ceil_div(g->C, VF) * VF;
  t.u_bytes = aligned((size_t)(t.panels * U_XI * g->C * NR) * sizeof(float));
  int64_t tile_bytes = XI * t.row * 4;
  t.together = t.u_bytes > L2_WEIGHTS && t.tiles * tile_bytes <= 2 * L2_TILES;
  if (t.together) {
    /* Some eight chunks a thread, or four of single blocks: those cannot fetch the next U[xi]
     * ahead. */
    t.step = t.blocks;
    while (threads > 1 && t.step > 1 &&
           t.panels * ceil_div(t.blocks, t.step) < (t.step > 2 ? 8 : 4) * threads)
      t.step = ceil_div(t.step, 2);
    t.chunk_tiles = t.tiles;
  } else {
    t.step = t.u_bytes <= L2_WEIGHTS ? 1 : L2_TILES / (tile_bytes * MR);
    if (t.step < 1) t.step = 1;
    if (t.step > t.blocks) t.step = t.blocks;
    t.chunk_tiles = t.step * MR;
  }
  t.plane = t.chunk_tiles * t.row;
  if (t.plane / 16 % 2 == 0) t.plane += 16;
  t.v_bytes = aligned((size_t)(XI * t.plane) * sizeof(float));
  t.m_bytes = (size_t)(XI * GROUP * MR * NR) * sizeof(float);
  return t;
}

static const char *supports(const tarn_problem *p) {
  if (p->out_shape[0].rank < 0) return "the shape is not known yet";
  tarn_conv2d g = geometry_of(p);
  tarn_epilogue e = tarn__epilogue_of(p);
  if (g.KH != FILTER || g.KW != FILTER)
    return FILTER == 3 ? "the filter is not 3x3" : "the filter is not 5x5";
  if (g.stride_h != STRIDE || g.stride_w != STRIDE)
    return STRIDE == 1 ? "the stride is not 1" : "the stride is not 2";
  if (g.dilation_h != 1 || g.dilation_w != 1) return "the filter is dilated";
  if (g.groups != 1) return "the convolution is grouped";
  if (g.channels_first) return "the layout is NCHW";
  if (g.C < 8 || g.OC < 8) return "fewer than 8 channels";
  if (!tarn__epilogue_in_registers(e.activation))
    return "an activation that is not done in registers";
  if (!tarn__gemm_fits(g.N * g.OH, g.OW, 4 * XI * g.C) || !tarn__gemm_fits(1, g.OC, XI * g.C))
    return "too large";
  return NULL;
}

static double cost_us(const tarn_problem *p, const tarn_machine *m) {
  plan t = plan_of(p, m->threads);
  double wide = (double)ceil_div(t.g.OC, VF) * VF, tiles = (double)t.tiles;
  double flops = 2.0 * XI * tiles * (double)t.g.C * wide / (1e3 * m->gflops[TARGET] * 0.85);
  /* The transforms: each element of V and M is written, read, and goes through some six
   * additions. */
  double moved = 12.0 * XI * tiles * ((double)t.row + wide) / (1e3 * 4.0 * m->gbytes_per_s);
  double weights = (double)t.u_bytes / (1e3 * m->gbytes_per_s) * (t.packed ? 1 : 4);
  /* Weights come from memory in a network of any size, and reading them overlaps with computing
   * only in part. */
  double work = moved + flops + weights;
  return 1.0 + (work > 20 ? work / m->threads : work);
}

static size_t scratch_bytes(const tarn_problem *p, int threads) {
  plan t = plan_of(p, threads);
  return t.v_bytes * (size_t)(t.together ? 1 : threads) + t.m_bytes * (size_t)threads +
         (t.packed ? 0 : t.u_bytes) + aligned((size_t)t.row * sizeof(float));
}

/* ---- weights --------------------------------------------------------------------------------- */

typedef struct weights {
  const plan *t;
  const float *w;
  float *u;
} weights;

/* A panel's columns of w for some channels from c on: to[channel][tap][column], of a gradient
 * turned over; columns beyond OC are zero. Of a gradient channels are neighbours, so that some at
 * once use all of a cache line. */
static void gather_filters(const weights *job, int64_t panel, int64_t c, int64_t channels,
                           float to[GATHERED][FILTER * FILTER * NR]) {
  const tarn_conv2d *g = &job->t->g;
  const int64_t j0 = panel * NR, cols = g->OC - j0 < NR ? g->OC - j0 : NR;
  if (cols < NR) memset(to, 0, (size_t)channels * sizeof *to);
  for (int tap = 0; tap < FILTER * FILTER; tap++) {
    if (job->t->gradient) {
      const float *from = job->w + ((FILTER * FILTER - 1 - tap) * g->OC + j0) * g->C + c;
      for (int64_t j = 0; j < cols; j++, from += g->C)
        for (int64_t i = 0; i < channels; i++) to[i][tap * NR + j] = from[i];
    } else {
      const float *from = job->w + (tap * g->C + c) * g->OC + j0;
      for (int64_t i = 0; i < channels; i++, from += g->OC)
        memcpy(to[i] + tap * NR, from, (size_t)cols * sizeof *from);
    }
  }
}

/* One panel: U[xi][C][nr] from w[r][r][C][OC], of a gradient from w[r][r][OC][C]. */
static tarn_status transform_panel(void *argument, int64_t panel, int worker) {
  (void)worker;
  const weights *job = argument;
  const tarn_conv2d *g = &job->t->g;
  float *u = job->u + panel * U_XI * g->C * NR;
  double of_rows[rows_U][FILTER], of_cols[cols_U][FILTER];
  rows_filter(of_rows);
  cols_filter(of_cols);
  float gathered[GATHERED][FILTER * FILTER * NR];
  for (int64_t c = 0; c < g->C; c++) {
    const int64_t place = c % GATHERED;
    if (place == 0)
      gather_filters(job, panel, c, g->C - c < GATHERED ? g->C - c : GATHERED, gathered);
    double half[rows_U][FILTER][NR]; /* G w */
    for (int i = 0; i < rows_U; i++)
      for (int x = 0; x < FILTER; x++) {
        const float *w = gathered[place] + x * NR;
        for (int j = 0; j < NR; j++) {
          double s = 0;
#pragma GCC unroll 5
          for (int y = 0; y < FILTER; y++) s += of_rows[i][y] * (double)w[y * FILTER * NR + j];
          half[i][x][j] = s;
        }
      }
    for (int i = 0; i < rows_U; i++)
      for (int k = 0; k < cols_U; k++) {
        float *to = u + ((i * cols_U + k) * g->C + c) * NR;
        for (int j = 0; j < NR; j++) {
          double s = 0;
#pragma GCC unroll 5
          for (int x = 0; x < FILTER; x++) s += of_cols[k][x] * half[i][x][j];
          to[j] = (float)s;
        }
      }
  }
  return TARN_OK;
}

static size_t prepared_bytes(const tarn_problem *p) {
  plan t = plan_of(p, 1);
  return t.packed ? t.u_bytes : 0;
}

static tarn_status prepare(const tarn_problem *p, const tarn_tensor *const *in, void *memory,
                           tarn_pool *pool) {
  plan t = plan_of(p, 1);
  weights job = {&t, in[1]->data, memory};
  return tarn__pool_run(pool, t.panels, transform_panel, &job);
}

/* ---- a run ----------------------------------------------------------------------------------- */

typedef struct job {
  const plan *t;
  const float *x, *u, *bias, *add, *zero;
  float *y;
  char *v, *m;                   /* v: of all tiles, or one of v_bytes a worker */
  tarn_activation activation;
  const tarn_pool *pool;
} job;

/* Tile i: its picture and the output row and column of its corner. */
static void tile_place(const plan *t, int64_t i, int64_t *n, int64_t *oh, int64_t *ow) {
  *ow = i % t->tiles_w * cols_SIDE;
  *oh = i / t->tiles_w % t->tiles_h * rows_SIDE;
  *n = i / (t->tiles_w * t->tiles_h);
}

/* V of one tile: v is its row in plane 0. */
static void transform_input(const job *b, int64_t tile, float *v) {
  const plan *t = b->t;
  const tarn_conv2d *g = &t->g;
  const float *from[XI];
  int64_t n, oh, ow;
  tile_place(t, tile, &n, &oh, &ow);
  for (int64_t i = 0; i < rows_IN; i++) {
    int64_t ih = oh * STRIDE + i - g->pad_top;
    for (int64_t j = 0; j < cols_IN; j++) {
      int64_t iw = ow * STRIDE + j - g->pad_left;
      bool inside = ih >= 0 && ih < g->H && iw >= 0 && iw < g->W;
      from[i * cols_IN + j] = inside ? b->x + ((n * g->H + ih) * g->W + iw) * g->C : b->zero;
    }
  }
  square_input(from, g->C, v, t->plane);
}

/* y of one tile and one vector of channels: m is its row in M's plane 0. */
static void transform_output(const job *b, int64_t tile, const float *m, int64_t j, vm mask) {
  const plan *t = b->t;
  const tarn_conv2d *g = &t->g;
  int64_t n, oh, ow;
  tile_place(t, tile, &n, &oh, &ow);
  vf half[rows_SIDE * cols_IN], y[rows_SIDE * cols_SIDE];
#pragma GCC unroll 9
  for (int k = 0; k < cols_IN; k++) {
    vf d[rows_IN];
#pragma GCC unroll 9
    for (int i = 0; i < rows_IN; i++) d[i] = vf_load(m + (i * cols_IN + k) * GROUP * MR * NR);
    rows_output(d, 1, half + k, cols_IN);
  }
#pragma GCC unroll 5
  for (int i = 0; i < rows_SIDE; i++) cols_output(half + i * cols_IN, 1, y + i * cols_SIDE, 1);
  vf bias = b->bias ? vf_load_m(b->bias + j, mask) : vf_zero();
  int64_t rows = g->OH - oh < rows_SIDE ? g->OH - oh : rows_SIDE,
          cols = g->OW - ow < cols_SIDE ? g->OW - ow : cols_SIDE;
  int64_t corner = ((n * g->OH + oh) * g->OW + ow) * g->OC + j;
  for (int64_t i = 0; i < rows; i++)
    for (int64_t k = 0; k < cols; k++) {
      int64_t at = corner + (i * g->OW + k) * g->OC;
      vf s = vf_add(y[i * cols_SIDE + k], bias);
      if (b->add) s = vf_add(s, vf_load_m(b->add + at, mask));
      if (b->activation != TARN_ACT_NONE) s = vf_max(vf_zero(), s);
      if (b->activation == TARN_ACT_RELU6) s = vf_min(vf_set1(6.0f), s);
      vf_store_m(b->y + at, mask, s);
    }
}

/* Blocks [block0, block1), at most GROUP, by one panel; v: the row of the first one's first tile in
 * plane 0; next: the panel after it, -1: none. */
static void multiply(const job *b, int64_t block0, int64_t block1, int64_t panel, int64_t next,
                     const float *v, float *m) {
  const plan *t = b->t;
  const tarn_conv2d *g = &t->g;
  int64_t first = block_tile(t, block0), j = panel * NR;
  int cols = (int)(g->OC - j < NR ? g->OC - j : NR);
  const float *u = b->u + panel * U_XI * g->C * NR;
  /* The blocks share the reading ahead of the next U[xi]: bytes at each k. */
  int64_t share = block1 - block0 > 1 ? NR * (int64_t)sizeof(float) / (block1 - block0) : 0;
  for (int xi = 0; xi < XI; xi++)
    for (int64_t block = block0; block < block1; block++) {
      int64_t begin = block_tile(t, block) - first, end = block_tile(t, block + 1) - first;
      const float *row[MR];
      for (int64_t r = begin; r < end; r++) row[r - begin] = v + xi * t->plane + r * t->row;
      tarn_tile tile = {.rows = (int)(end - begin),
                        .cols = cols,
                        .taps = 1,
                        .depth = g->C,
                        .a = row,
                        .a_stride = MR,
                        .b = u + u_place(xi) * g->C * NR,
                        .c = m + (xi * GROUP * MR + begin) * NR,
                        .ldc = NR};
      const float *ahead = NULL;
      if (xi + 1 < XI && u_place(xi + 1) != u_place(xi)) ahead = u + u_place(xi + 1) * g->C * NR;
      if (xi + 1 == XI && next >= 0) ahead = b->u + next * U_XI * g->C * NR;
      if (share && ahead) {
        tile.ahead = (const char *)ahead + (block - block0) * share * g->C;
        tile.ahead_step = share;
      }
      ISA.tile(&tile);
    }
  for (int64_t i = first, end = block_tile(t, block1); i < end; i++) {
    const float *from = m + (i - first) * NR;
    transform_output(b, i, from, j, vm_first(cols < VF ? cols : VF));
    if (cols > VF) transform_output(b, i, from + VF, j + VF, vm_first(cols - VF));
  }
}

/* All blocks of a range by one panel, before one by panel `next`. */
static void multiply_range(const job *b, int64_t block0, int64_t block1, int64_t panel,
                           int64_t next, const float *v, float *m) {
  const plan *t = b->t;
  int64_t first = block_tile(t, block0);
  for (int64_t block = block0; block < block1; block += GROUP)
    multiply(b, block, block + GROUP < block1 ? block + GROUP : block1, panel,
             block + GROUP < block1 ? -1 : next, v + (block_tile(t, block) - first) * t->row, m);
}

static tarn_status whole_chunk(void *argument, int64_t chunk, int worker) {
  const job *b = argument;
  const plan *t = b->t;
  float *v = (float *)(b->v + (size_t)worker * t->v_bytes),
        *m = (float *)(b->m + (size_t)worker * t->m_bytes);
  int64_t block0 = chunk * t->step,
          block1 = block0 + t->step < t->blocks ? block0 + t->step : t->blocks;
  int64_t tile0 = block_tile(t, block0), tile1 = block_tile(t, block1);
  for (int64_t i = tile0; i < tile1; i++) transform_input(b, i, v + (i - tile0) * t->row);
  for (int64_t panel = 0; panel < t->panels; panel++)
    multiply_range(b, block0, block1, panel, panel + 1 < t->panels ? panel + 1 : -1, v, m);
  return TARN_OK;
}

static tarn_status input_chunk(void *argument, int64_t chunk, int worker) {
  (void)worker;
  const job *b = argument;
  const int64_t end =
      (chunk + 1) * INPUT_TILES < b->t->tiles ? (chunk + 1) * INPUT_TILES : b->t->tiles;
  for (int64_t i = chunk * INPUT_TILES; i < end; i++)
    transform_input(b, i, (float *)b->v + i * b->t->row);
  return TARN_OK;
}

static tarn_status panel_chunk(void *argument, int64_t chunk, int worker) {
  const job *b = argument;
  const plan *t = b->t;
  float *m = (float *)(b->m + (size_t)worker * t->m_bytes);
  /* By rows of tiles: two threads then read the V that they wrote themselves. */
  int64_t ranges = ceil_div(t->blocks, t->step), panel = chunk % t->panels,
          block0 = chunk / t->panels * t->step;
  int64_t block1 = block0 + t->step < t->blocks ? block0 + t->step : t->blocks;
  int64_t chunk_after = tarn__pool_next(b->pool, chunk, t->panels * ranges, worker);
  int64_t next = chunk_after < 0 || t->panels == 1 ? -1 : chunk_after % t->panels;
  multiply_range(b, block0, block1, panel, next,
                 (const float *)b->v + block_tile(t, block0) * t->row, m);
  return TARN_OK;
}

static tarn_status run(const tarn_call *call) {
  int threads = tarn__pool_threads(call->pool);
  plan t = plan_of(call->problem, threads);
  if (t.tiles == 0) return TARN_OK;
  tarn_epilogue e = tarn__epilogue_of(call->problem);
  char *scratch = call->scratch;
  job b = {.t = &t,
           .x = call->in[t.gradient ? 2 : 0]->data,
           .u = call->prepared,
           .y = call->out[0]->data,
           .bias = tarn__epilogue_input(call, e.bias),
           .add = tarn__epilogue_input(call, e.add),
           .activation = tarn__epilogue_activation(e.activation),
           .v = scratch,
           .pool = call->pool};
  scratch += t.v_bytes * (size_t)(t.together ? 1 : threads);
  b.m = scratch;
  scratch += t.m_bytes * (size_t)threads;
  memset(scratch, 0, (size_t)t.row * sizeof(float));
  b.zero = (const float *)scratch;
  scratch += aligned((size_t)t.row * sizeof(float));
  if (!t.packed) {
    weights w = {&t, call->in[1]->data, (float *)scratch};
    TARN_TRY(tarn__pool_run(call->pool, t.panels, transform_panel, &w));
    b.u = w.u;
  }
  if (!t.together) return tarn__pool_run(call->pool, ceil_div(t.blocks, t.step), whole_chunk, &b);
  TARN_TRY(tarn__pool_run(call->pool, ceil_div(t.tiles, INPUT_TILES), input_chunk, &b));
  return tarn__pool_run(call->pool, t.panels * ceil_div(t.blocks, t.step), panel_chunk, &b);
}

#define ROW(OP)                                                                                    \
  {                                                                                                \
    .op = OP, .dtypes = TARN_BIT(TARN_F32), .keyed = -1, .supports = supports, .cost_us = cost_us, \
    .scratch_bytes = scratch_bytes, .prepared_bytes = prepared_bytes, .prepare = prepare,          \
    .spent = 1u << 1, .run = run                                                                   \
  }
