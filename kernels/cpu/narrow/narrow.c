/* The loops round the narrow micro-kernels, and the packing of B. */
#include "kernels/cpu/narrow/narrow.h"

#include <math.h>
#include <string.h>

enum { A_BYTES = 512 << 10 };   /* rows of A that one chunk keeps in L2 */
#define CHUNK_GROUPS \
  4e5 /* groups times columns of a chunk: some 10 us, far above what handing it out costs */

static int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
static size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

/* What a packed B is made of: for int8 scales and sums, [panels * nr] each; then the panels,
 * [groups][nr] words. */
typedef struct packed {
  int64_t part_groups, groups, panels;
  size_t sums_at, panels_at, bytes;
} packed;

static packed packed_of(const tarn_narrow_isa *isa, int64_t rows_of_parts, int64_t part,
                        int64_t N) {
  packed p = {.part_groups = ceil_div(part, tarn__narrow_group(isa)),
              .panels = ceil_div(N, isa->nr)};
  p.groups = rows_of_parts * p.part_groups;
  size_t columns = (size_t)(p.panels * isa->nr) * 4;
  p.sums_at = isa->quantized ? aligned(columns) : 0;
  p.panels_at = 2 * p.sums_at;
  p.bytes = p.panels_at + columns * (size_t)p.groups;
  return p;
}

size_t tarn__narrow_packed_bytes(const tarn_narrow_isa *isa, const tarn_narrow_matrix *b) {
  return packed_of(isa, b->taps * b->parts, b->part, b->N).bytes;
}

tarn_narrow_scale tarn__narrow_scale_of(float least, float most) {
  if (!isfinite(least) || !isfinite(most) || !isfinite(most - least))
    return (tarn_narrow_scale){.scale = NAN};
  float width = most - least;
  if (width <= 0) return (tarn_narrow_scale){.scale = 0};
  tarn_narrow_scale s = {.scale = width / 255};
  s.zero = (int32_t)lrintf(-least / s.scale);
  return s;
}

static uint16_t to_bf16(float x) {
  uint32_t u;
  memcpy(&u, &x, sizeof u);
  if (isnan(x)) return (uint16_t)(u >> 16 | 0x40);
  return (uint16_t)((u + 0x7fff + (u >> 16 & 1)) >> 16);
}

typedef struct pack_job {
  const tarn_narrow_isa *isa;
  const tarn_narrow_matrix *b;
  packed p;
  char *to;
} pack_job;

static inline float element(const tarn_narrow_matrix *b, int64_t row, int64_t j) {
  return b->transposed ? b->from[j * b->ldb + row] : b->from[row * b->ldb + j];
}

static tarn_status pack_panel(void *argument, int64_t panel, int worker) {
  (void)worker;
  const pack_job *job = argument;
  const tarn_narrow_isa *isa = job->isa;
  const tarn_narrow_matrix *b = job->b;
  const int64_t nr = isa->nr, group = tarn__narrow_group(isa), j0 = panel * nr;
  const int64_t cols = b->N - j0 < nr ? b->N - j0 : nr, rows = b->taps * b->parts * b->part;
  float inverse[64];
  if (isa->quantized) {
    float *scale = (float *)(void *)job->to + j0;
    int32_t *sum = (int32_t *)(void *)(job->to + job->p.sums_at) + j0;
    for (int64_t j = 0; j < nr; j++) {
      float most = 0;
      for (int64_t k = 0; j < cols && k < rows; k++) {
        float x = fabsf(element(b, k, j0 + j));
        if (!(x <= most)) most = x;   /* NaN stays */
      }
      scale[j] = most / 127;
      inverse[j] = most > 0 && isfinite(most) ? 127 / most : 0;
      sum[j] = 0;
    }
  }
  char *to = job->to + job->p.panels_at + (size_t)(panel * job->p.groups * nr) * 4;
  memset(to, 0, (size_t)(job->p.groups * nr) * 4);
  for (int64_t i = 0; i < b->taps * b->parts; i++)
    for (int64_t k = 0; k < b->part; k++) {
      char *line =
          to + ((i * job->p.part_groups + k / group) * nr) * 4 + k % group * isa->element_bytes;
      for (int64_t j = 0; j < cols; j++) {
        float x = element(b, i * b->part + k, j0 + j);
        if (!isa->quantized) {
          uint16_t q = to_bf16(x);
          memcpy(line + j * 4, &q, sizeof q);
          continue;
        }
        int32_t q = (int32_t)lrintf(x * inverse[j]);
        if (inverse[j] == 0) q = 0;
        ((int32_t *)(void *)(job->to + job->p.sums_at))[j0 + j] += q;
        if (isa->element_bytes == 1) {
          int8_t narrow = (int8_t)q;
          memcpy(line + j * 4, &narrow, sizeof narrow);
        } else {
          int16_t narrow = (int16_t)q;
          memcpy(line + j * 4, &narrow, sizeof narrow);
        }
      }
    }
  return TARN_OK;
}

tarn_status tarn__narrow_pack(const tarn_narrow_isa *isa, const tarn_narrow_matrix *b, void *to,
                              tarn_pool *pool) {
  pack_job job = {isa, b, packed_of(isa, b->taps * b->parts, b->part, b->N), to};
  return tarn__pool_run(job.p.bytes < 65536 ? NULL : pool, job.p.panels, pack_panel, &job);
}

typedef struct loops {
  const tarn_narrow_isa *isa;
  const tarn_narrow_gemm *g;
  packed p;
  int64_t tiles, tile_step, panel_step, tile_chunks;
} loops;

/* The first row of tile i: the tiles differ by one row at most. */
static int64_t tile_row(const loops *l, int64_t i) { return l->g->M * i / l->tiles; }

static tarn_status chunk_run(void *argument, int64_t chunk, int worker) {
  (void)worker;
  const loops *l = argument;
  const tarn_narrow_gemm *g = l->g;
  const int64_t nr = l->isa->nr;
  const int64_t tile0 = chunk % l->tile_chunks * l->tile_step,
                panel0 = chunk / l->tile_chunks * l->panel_step;
  const int64_t tile1 = tile0 + l->tile_step < l->tiles ? tile0 + l->tile_step : l->tiles;
  const int64_t panel1 =
      panel0 + l->panel_step < l->p.panels ? panel0 + l->panel_step : l->p.panels;
  const char *b = (const char *)g->b + l->p.panels_at;
  const int64_t panel_bytes = l->p.groups * nr * 4;
  for (int64_t p = panel0; p < panel1; p++) {
    const int64_t j = p * nr;
    tarn_narrow_tile t = {
        .cols = (int)(g->N - j < nr ? g->N - j : nr),
        .taps = g->taps,
        .depth = g->depth,
        .tap = g->tap,
        .b = (const uint32_t *)(const void *)(b + p * panel_bytes),
        .ldc = g->ldc,
        .bias = g->bias ? g->bias + j : NULL,
        .activation = g->activation,
        .scale_b = (const float *)g->b + j,
        .sum_b = (const int32_t *)(const void *)((const char *)g->b + l->p.sums_at) + j};
    t.ahead_step = nr * 4 / (tile1 - tile0);
    for (int64_t i = tile0; i < tile1; i++) {
      const int64_t m = tile_row(l, i);
      t.rows = (int)(tile_row(l, i + 1) - m);
      int64_t at[TARN_NARROW_MAX_MR];
      if (g->rows_at) g->rows_at(g->source, m, t.rows, at);
      for (int r = 0; r < t.rows; r++)
        t.a[r] = (const char *)g->a + (g->rows_at ? at[r] : (m + r) * g->row_bytes);
      for (int r = 0; r < t.rows && g->scale_a; r++) t.scale_a[r] = &g->scale_a[(m + r) / g->range];
      t.c = g->c + m * g->ldc + j;
      t.add = g->add ? g->add + m * g->ldc + j : NULL;
      /* The tiles of this panel share the reading ahead of the next. */
      t.ahead = p + 1 < panel1 && tile1 - tile0 > 1
                    ? b + (p + 1) * panel_bytes + (i - tile0) * t.ahead_step * l->p.groups : NULL;
      l->isa->tile(&t);
    }
  }
  return TARN_OK;
}

tarn_status tarn__narrow_run(const tarn_narrow_isa *isa, const tarn_narrow_gemm *g,
                             tarn_pool *pool) {
  if (g->M == 0 || g->N == 0) return TARN_OK;
  loops l = {.isa = isa,
             .g = g,
             .p = packed_of(isa, g->taps, g->depth * tarn__narrow_group(isa), g->N),
             .tiles = ceil_div(g->M, isa->mr)};
  int64_t tiles = l.tiles, panels = l.p.panels;
  const double row_bytes = 4.0 * (double)l.p.groups * isa->mr,
               panel_bytes = 4.0 * (double)l.p.groups * isa->nr;
  const double fit = A_BYTES / row_bytes;
  if ((double)tiles > fit) tiles = fit < 1 ? 1 : (int64_t)fit;
  /* For several threads some eight chunks each, halving the side whose operand is the larger to
   * read. */
  const int threads = tarn__pool_threads(pool);
  const int64_t wanted = threads > 1 ? threads * 8 : 1;
  while (ceil_div(l.tiles, tiles) * ceil_div(l.p.panels, panels) < wanted && tiles * panels > 1 &&
         (double)(l.p.groups * isa->mr * isa->nr) * (double)tiles * (double)panels >
             2 * CHUNK_GROUPS) {
    if (panels > 1 && (tiles == 1 || panel_bytes * (double)panels >= row_bytes * (double)tiles))
      panels = ceil_div(panels, 2);
    else tiles = ceil_div(tiles, 2);
  }
  l.tile_step = tiles;
  l.panel_step = panels;
  l.tile_chunks = ceil_div(l.tiles, tiles);
  return tarn__pool_run(pool, l.tile_chunks * ceil_div(l.p.panels, panels), chunk_run, &l);
}
