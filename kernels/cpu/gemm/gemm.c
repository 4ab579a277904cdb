/* The loops round the micro-kernels.
 *
 *   chunk = a range of row tiles x a range of panels      handed out dynamically, either side of C may be cut
 *     for k in blocks of KC                               only for tall A with K > KC_WHOLE
 *       for panel in the chunk                            K * nr floats: read from L2 or DRAM once a chunk
 *         for tile of mr rows in the chunk                A rows stay in L2
 *
 * A batch-1 layer has few rows and many weights: then a chunk holds all rows and each thread streams its share of B.
 * A tall layer has many rows and few weights: then it is cut along M and B stays in L2. */
#include "kernels/cpu/gemm/gemm.h"

#include "core/cpu.h"

enum {
  KC = 512,               /* k of one pass when K is blocked: fewer passes over C, which L2 does not hold */
  KC_WHOLE = 1024,        /* no blocking up to here: one pass over C, epilogue in registers */
  A_BYTES_MOST = 1 << 20, /* rows of A that one chunk keeps in L2: half of it, up to this */
  POINTERS = 4096         /* row pointers a thread holds at once */
};
#define CHUNK_FLOPS 1e6   /* about 10 us: far above what handing out a chunk costs */

typedef struct loops {
  const tarn_gemm_isa *isa;
  const tarn_gemm *g;
  int64_t tiles, panels;
  int64_t tile_step, panel_step;     /* of one chunk */
  int64_t tile_chunks;
  int mr;
  int64_t kc;
  const float **pointers;            /* [threads][pointer_count] */
  int64_t pointer_count;
} loops;

static int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

static int64_t pointer_count(int64_t taps) {
  return taps * TARN_GEMM_MAX_MR > POINTERS ? taps * TARN_GEMM_MAX_MR : POINTERS;
}

size_t tarn__gemm_scratch_bytes(int64_t taps, int threads) {
  return (size_t)pointer_count(taps) * (size_t)threads * sizeof(float *);
}

/* The first row of tile i: the tiles differ by one row at most. */
static int64_t tile_row(const loops *l, int64_t i) { return l->g->M * i / l->tiles; }

static tarn_status chunk_run(void *argument, int64_t chunk, int worker) {
  const loops *l = argument;
  const tarn_gemm *g = l->g;
  int64_t nr = l->isa->nr;
  bool backwards = g->backwards && l->tiles == 1;
  if (backwards) chunk = l->tile_chunks * ceil_div(l->panels, l->panel_step) - 1 - chunk;
  int64_t tile0 = chunk % l->tile_chunks * l->tile_step, panel0 = chunk / l->tile_chunks * l->panel_step;
  int64_t tile1 = tile0 + l->tile_step < l->tiles ? tile0 + l->tile_step : l->tiles;
  int64_t panel1 = panel0 + l->panel_step < l->panels ? panel0 + l->panel_step : l->panels;
  const float **pointers = NULL;
  int64_t per_tile = g->taps * l->mr;
  if (g->point) {
    pointers = l->pointers + worker * l->pointer_count;
    for (int64_t i = tile0; i < tile1; i++)
      g->point(g->source, tile_row(l, i), (int)(tile_row(l, i + 1) - tile_row(l, i)), l->mr,
               pointers + (i - tile0) * per_tile);
  }
  for (int64_t k = 0; k < g->K; k += l->kc) {
    int64_t depth = g->K - k < l->kc ? g->K - k : l->kc;
    bool last = k + depth == g->K;
    for (int64_t step = panel0; step < panel1; step++) {
      int64_t p = backwards ? panel0 + panel1 - 1 - step : step;
      int64_t j = p * nr;
      tarn_tile t = {
        .cols = (int)(g->N - j < nr ? g->N - j : nr), .taps = g->point ? g->taps : 1,
        .depth = g->point ? g->depth : depth, .a_stride = l->mr, .b = g->b + j * g->K + k * nr, .ldc = g->ldc,
        .bias = last && g->bias ? g->bias + j : NULL, .accumulate = k > 0,
        .activation = last ? g->activation : TARN_ACT_NONE,
      };
      const char *ahead = p + 1 < panel1 && tile1 - tile0 > 1 ? (const char *)(t.b + nr * g->K) : NULL;
      t.ahead_step = nr * (int64_t)sizeof(float) / (tile1 - tile0);
      for (int64_t i = tile0; i < tile1; i++) {
        const float *row[TARN_GEMM_MAX_MR];
        int64_t m = tile_row(l, i);
        t.rows = (int)(tile_row(l, i + 1) - m);
        if (g->point) {
          t.a = pointers + (i - tile0) * per_tile;
        } else {
          for (int r = 0; r < t.rows; r++) row[r] = g->a + (m + r) * g->lda + k;
          t.a = row;
        }
        t.c = g->c + m * g->ldc + j;
        t.add = last && g->add ? g->add + m * g->ldc + j : NULL;
        /* The tiles of this panel share the reading ahead of the next. */
        if (ahead) t.ahead = ahead + (i - tile0) * t.ahead_step * t.taps * t.depth;
        l->isa->tile(&t);
      }
    }
  }
  return TARN_OK;
}

/* Cuts C into chunks: first so that a chunk's rows of A fit L2, then, for several threads, into some eight chunks each,
 * halving the side whose operand is the larger to read. */
static void cut(loops *l, int threads) {
  const tarn_gemm *g = l->g;
  double row_bytes = 4.0 * (double)g->K * l->mr, panel_bytes = 4.0 * (double)g->K * l->isa->nr;
  double tile_flops = 2.0 * (double)g->K * l->mr * l->isa->nr;
  int64_t tiles = l->tiles, panels = l->panels;
  double a_bytes = (double)(tarn__cpu()->l2_bytes / 2);
  if (a_bytes > A_BYTES_MOST) a_bytes = A_BYTES_MOST;
  double fit = a_bytes / (4.0 * (double)l->kc * l->mr);
  if ((double)tiles > fit) tiles = fit < 1 ? 1 : ceil_div(tiles, ceil_div(tiles, (int64_t)fit));
  if (g->point && tiles * g->taps * l->mr > l->pointer_count) tiles = l->pointer_count / (g->taps * l->mr);
  int64_t wanted = threads > 1 ? threads * 8 : 1;
  while (ceil_div(l->tiles, tiles) * ceil_div(l->panels, panels) < wanted &&
         tile_flops * (double)tiles * (double)panels > 2 * CHUNK_FLOPS && tiles * panels > 1) {
    bool cut_panels = panels > 1 && (tiles == 1 || panel_bytes * (double)panels >= row_bytes * (double)tiles);
    if (cut_panels) panels = ceil_div(panels, 2);
    else tiles = ceil_div(tiles, 2);
  }
  l->tile_step = tiles;
  l->panel_step = panels;
  l->tile_chunks = ceil_div(l->tiles, tiles);
}

tarn_status tarn__gemm_run(const tarn_gemm_isa *isa, const tarn_gemm *g, void *scratch, tarn_pool *pool) {
  if (g->M == 0 || g->N == 0) return TARN_OK;
  int threads = tarn__pool_threads(pool);
  int mr = isa->mr;
  /* An 8-way L1 of 32 KiB holds eight lines 4 KiB apart; Intel's 12-way one kept up with 14 rows when measured. */
  if (!g->point && g->lda % 1024 == 0 && tarn__cpu()->l1d_bytes <= 32768) mr = isa->mr_aliased;
  loops l = {
    .isa = isa, .g = g, .mr = mr, .tiles = ceil_div(g->M, mr), .panels = ceil_div(g->N, isa->nr),
    .pointers = scratch, .pointer_count = g->point ? pointer_count(g->taps) : 0,
    .kc = g->K > 0 ? g->K : 1,
  };
  if (!g->point && g->K > KC_WHOLE && g->M > 256) l.kc = ceil_div(g->K, ceil_div(g->K, KC));
  if (g->K == 0) {   /* an empty sum: the epilogue alone */
    tarn_gemm none = *g;
    none.K = 1, none.a = (const float[]){0.0f}, none.lda = 0;
    for (int64_t m = 0; m < g->M; m++)
      for (int64_t j = 0; j < g->N; j += isa->nr) {
        static const float zeros[64] __attribute__((aligned(64))) = {0};
        tarn_tile t = {.rows = 1, .cols = (int)(g->N - j < isa->nr ? g->N - j : isa->nr), .taps = 1, .depth = 1,
                       .a = &none.a, .a_stride = 1, .b = zeros, .c = g->c + m * g->ldc + j, .ldc = g->ldc,
                       .bias = g->bias ? g->bias + j : NULL, .add = g->add ? g->add + m * g->ldc + j : NULL,
                       .activation = g->activation};
        isa->tile(&t);
      }
    return TARN_OK;
  }
  cut(&l, threads);
  return tarn__pool_run(pool, l.tile_chunks * ceil_div(l.panels, l.panel_step), chunk_run, &l);
}

typedef struct few {
  const tarn_gemm_isa *isa;
  int64_t M, N, K, lda, ldb, ldc, step;
  const float *a, *b;
  float *c;
  bool transposed;
} few;

static tarn_status few_run(void *argument, int64_t chunk, int worker) {
  (void)worker;
  const few *f = argument;
  int64_t j = chunk * f->step, cols = f->N - j < f->step ? f->N - j : f->step;
  if (f->transposed)
    f->isa->rows_by_transposed((int)f->M, f->K, cols, f->a, f->lda, f->b + j * f->ldb, f->ldb, f->c + j, f->ldc);
  else
    f->isa->rows_by_matrix((int)f->M, f->K, cols, f->a, f->lda, f->b + j, f->ldb, f->c + j, f->ldc);
  return TARN_OK;
}

tarn_status tarn__gemm_few_rows(const tarn_gemm_isa *isa, int64_t M, int64_t N, int64_t K, const float *a, int64_t lda,
                                const float *b, int64_t ldb, bool transposed, float *c, int64_t ldc,
                                tarn_pool *pool) {
  if (M == 0 || N == 0) return TARN_OK;
  /* Steps of whole blocks whatever the number of threads, so that the same columns are always in a tail. */
  few f = {isa, M, N, K, lda, ldb, ldc, 128, a, b, c, transposed};
  if (tarn__pool_threads(pool) < 2 || K * N < 32768) f.step = ceil_div(N, 128) * 128, pool = NULL;
  return tarn__pool_run(pool, ceil_div(N, f.step), few_run, &f);
}
