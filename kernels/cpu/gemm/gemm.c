/* clang-format off: the loops are drawn below */
/* The loops round the micro-kernels.
 *
 *   chunk = a range of row tiles x a range of panels      handed out dynamically, either side of C
 * may be cut for k in blocks of KC                               only for tall A, or a B that is
 * not packed yet rows of A copied next to one another              only where they lie badly and
 * many panels use the copy for group of panels in the chunk                  a part of L2: read
 * from L2 or DRAM once a chunk its B packed                                    only where it is
 * used as it lies and by few rows for tile of mr rows in the chunk                rows of A stay in
 * L2 for panel in the group                        the tile's rows of A in L1, whole pieces of rows
 * of C written
 *
 * A batch-1 layer has few rows and many weights: then a chunk holds all rows and each thread
 * streams its share of B. A tall layer has many rows and few weights: then it is cut along M and B
 * stays in L2. What comes from memory then are the rows of A, C and what is added: while a tile
 * computes, those of the next are asked for. Hardware alone does not see them coming, as a tile
 * goes along 14 rows at once. */
/* clang-format on */
#include "kernels/cpu/gemm/gemm.h"

#include <string.h>

#include "core/thread/cpu.h"

enum {
  KC = 1024,               /* k of one pass at most: fewer passes over C, which L2 does not hold */
  A_BYTES_MOST = 1 << 20,  /* rows of A that one chunk keeps in L2: half of it, up to this */
  ALIASED = 1024,          /* rows a multiple of this many floats apart share one set of L1 */
  COPY_PAYS = 16,          /* panels that a copy of A must serve */
  COPY_PAD = 16,           /* floats between copied rows: an odd number of lines from row to row */
  LARGE_GROUP = 512 << 10, /* bytes of a group of panels */
  SMALL_GROUP = 128 << 10,
  GROUP_COLUMNS = 256, /* and at most so many columns */
  TALL = 512,          /* rows from which reading a B of L2's size is next to nothing */
  HELD = 1 << 20,      /* half of L2, up to this: a B that stays there */
  PACK_WHOLE = 3,      /* ranges of rows from which on B is packed for all of them at once */
  PACK_ROWS = 64,      /* of B, packed at a time */
  POINTERS = 4096,     /* row pointers a thread holds at once */
  RUN = 16             /* tiles of the same rows that a micro-kernel makes in one call */
};
#define CHUNK_FLOPS 1e6 /* about 10 us: far above what handing out a chunk costs */

typedef struct loops {
  const tarn_gemm_isa *isa;
  const tarn_gemm *g;
  int64_t tiles, panels;
  int64_t tile_step, panel_step; /* of one chunk */
  int64_t tile_chunks, panel_chunks;
  bool by_rows; /* chunks of the same rows follow each other, else those of the same panels */
  int mr;
  int64_t kc;
  int64_t group; /* panels that stay in L2 while all tiles go by */
  bool copies;   /* of A */
  char *whole;   /* all of B packed before the chunks, or NULL */
  char *scratch; /* [threads] of the next three, one behind the other */
  size_t pointer_bytes, copy_bytes, panel_bytes;
  size_t whole_bytes;
  const tarn_pool *pool;
} loops;

static int64_t ceil_div(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}
static size_t aligned(size_t bytes) {
  return (bytes + 63) / 64 * 64;
}

static int64_t pointer_count(int64_t taps) {
  return taps * TARN_GEMM_MAX_MR > POINTERS ? taps * TARN_GEMM_MAX_MR : POINTERS;
}

size_t tarn__gemm_scratch_bytes(int64_t taps, int threads) {
  return (size_t)pointer_count(taps) * (size_t)threads * sizeof(float *);
}

/* The first row of tile i: the tiles differ by one row at most. */
static int64_t tile_row(const loops *l, int64_t i) {
  return l->g->M * i / l->tiles;
}

/* Rows [first, end) of A, [k, k + depth), side by side: returns where row `first` is and their
 * distance. */
static const float *rows_of(const loops *l, int64_t first, int64_t end, int64_t k, int64_t depth,
                            float *copy, int64_t *distance) {
  const tarn_gemm *g = l->g;
  if (!l->copies) {
    *distance = g->lda;
    return g->a + first * g->lda + k;
  }
  *distance = l->kc + COPY_PAD;
  for (int64_t m = first; m < end; m++)
    memcpy(copy + (m - first) * *distance, g->a + m * g->lda + k, (size_t)depth * sizeof *copy);
  return copy;
}

/* Panels [first, end) of a B that lies as it is, rows [k, k + depth), to `to` and every panel_elems
 * on: a few rows of all at a time, as panels of one row are side by side. */
static void pack_group(const loops *l, int64_t first, int64_t end, int64_t k, int64_t depth,
                       char *to, int64_t panel_elems) {
  const tarn_gemm *g = l->g;
  int64_t nr = l->isa->nr, raw = l->isa->raw_bytes, bytes = l->isa->b_bytes;
  for (int64_t row = 0; row < depth; row += PACK_ROWS) {
    int64_t rows = depth - row < PACK_ROWS ? depth - row : PACK_ROWS;
    for (int64_t p = first; p < end; p++) {
      int64_t j = p * nr, at = k + row;
      l->isa->pack(
          rows, g->N - j < nr ? g->N - j : nr,
          (const char *)g->raw + (g->raw_transposed ? j * g->ldb + at : at * g->ldb + j) * raw,
          g->ldb, g->raw_transposed, to + ((p - first) * panel_elems + row * nr) * bytes);
    }
  }
}

/* The same of all of B, a group of panels and KC rows a chunk. */
static tarn_status pack_chunk(void *argument, int64_t chunk, int worker) {
  (void)worker;
  const loops *l = argument;
  int64_t nr = l->isa->nr, K = l->g->K, blocks = ceil_div(K, KC), k = chunk % blocks * KC;
  int64_t first = chunk / blocks * l->group,
          end = first + l->group < l->panels ? first + l->group : l->panels;
  pack_group(l, first, end, k, K - k < KC ? K - k : KC,
             l->whole + (first * K + k) * nr * l->isa->b_bytes, K * nr);
  return TARN_OK;
}

/* Rows [first, end) of A (not of one with gaps), of what is added, and of C. */
typedef struct rows_ahead {
  const char *from[3];
  int64_t bytes[3], all;
} rows_ahead;

static rows_ahead rows_between(const loops *l, int64_t first, int64_t end) {
  const tarn_gemm *g = l->g;
  const int64_t c = (end - first) * g->N * (int64_t)sizeof(float);
  rows_ahead r = {.from[2] = (const char *)(g->c + first * g->ldc), .bytes[2] = c};
  if (g->lda == g->K) {
    r.from[0] = (const char *)(g->a + first * g->lda);
    r.bytes[0] = (end - first) * g->K * (int64_t)sizeof(float);
  }
  if (g->add) r.from[1] = (const char *)(g->add + first * g->ldc), r.bytes[1] = c;
  for (int i = 0; i < 3; i++) r.all += r.bytes[i];
  return r;
}

/* What tile `at` of so many asks for of them, each for as much. */
static const char *ask_for_rows(const rows_ahead *r, int64_t at, int64_t tiles) {
  int64_t offset = r->all * at / tiles;
  int i = 0;
  while (i < 2 && offset >= r->bytes[i]) offset -= r->bytes[i++];
  return r->from[i] + offset;
}

/* Panels of B that come after a group: none, where it is nobody's business to read ahead. */
typedef struct ahead_of_group {
  const char *b;
  int64_t panels;
} ahead_of_group;

/* Panels [first, end) that all tiles of a chunk, [tile0, tile1), go by, for k in [k, k + depth). */
typedef struct panel_group {
  int64_t first, end, tile0, tile1, k, depth;
  ahead_of_group next;
  bool all;                     /* of B */
  bool lines;                   /* of the next group are asked for where they lie, to be packed */
  bool then;                    /* it is the last group */
  const float *const *pointers; /* of the chunk's rows, or NULL */
} panel_group;

/* What the tiles of the same rows ask for, panel by panel: `count` panels, `apart` bytes from one
 * to the next, or rows below, or `pointed`, a row each. A tile asks at each k, `step` bytes on. */
typedef struct asking {
  const char *from;
  int64_t apart, count, step;
  rows_ahead below;
  const float *const *pointed;
} asking;

static asking asking_of(const loops *l, const panel_group *s, int64_t tile) {
  const tarn_gemm *g = l->g;
  const int64_t nr = l->isa->nr, line_bytes = nr * l->isa->b_bytes, width = s->end - s->first;
  const int64_t at = tile - s->tile0, sharers = s->tile1 - s->tile0;
  asking a = {.count = width};
  if (s->next.panels) {
    a.count = s->next.panels;
    a.apart = line_bytes * g->K;
    a.step = line_bytes / sharers;
    a.from = s->next.b + at * a.step * (g->point ? g->K : s->depth);
  } else if (s->lines) { /* a line of each row */
    a.apart = 64;
    a.count = ceil_div(width * nr * l->isa->raw_bytes, a.apart) - at * width;
    a.step = g->ldb * l->isa->raw_bytes;
    a.from = (const char *)g->raw + (s->k * g->ldb + s->end * nr) * l->isa->raw_bytes +
             at * width * a.apart;
  } else if (s->then) {
    a.step = ceil_div(g->then_bytes, sharers * width * s->depth);
    a.apart = g->then_bytes / (sharers * width);
    a.from = (const char *)g->then + g->then_bytes * at / sharers;
  } else if (s->all && tile + 1 < s->tile1) {
    const int64_t first = tile_row(l, tile + 1), end = tile_row(l, tile + 2);
    if (s->pointers) {
      a.pointed = s->pointers + (at + 1) * l->mr;
      a.count = end - first;
      a.step = sizeof(float);
    } else {
      a.below = rows_between(l, first, end);
      a.step = ceil_div(a.below.all, width * s->depth);
    }
  } else {
    a.count = 0;
  }
  return a;
}

static const char *ask(const asking *a, int64_t panel) {
  if (panel >= a->count) return NULL;
  if (a->pointed) return (const char *)a->pointed[panel];
  return a->below.all ? ask_for_rows(&a->below, panel, a->count) : a->from + panel * a->apart;
}

/* The first panel of a chunk. */
static int64_t panel_of(const loops *l, int64_t chunk) {
  return (l->by_rows ? chunk % l->panel_chunks : chunk / l->tile_chunks) * l->panel_step;
}

static tarn_status chunk_run(void *argument, int64_t chunk, int worker) {
  const loops *l = argument;
  const tarn_gemm *g = l->g;
  int64_t nr = l->isa->nr, line_bytes = nr * l->isa->b_bytes; /* of a row of a panel */
  bool backwards = g->backwards && l->tiles == 1;
  int64_t chunks = l->tile_chunks * l->panel_chunks;
  int64_t next = tarn__pool_next(l->pool, chunk, chunks, worker);
  if (backwards) chunk = chunks - 1 - chunk, next = next < 0 ? next : chunks - 1 - next;
  int64_t tile0 = (l->by_rows ? chunk / l->panel_chunks : chunk % l->tile_chunks) * l->tile_step;
  int64_t panel0 = panel_of(l, chunk);
  int64_t tile1 = tile0 + l->tile_step < l->tiles ? tile0 + l->tile_step : l->tiles;
  int64_t panel1 = panel0 + l->panel_step < l->panels ? panel0 + l->panel_step : l->panels;
  int64_t next_panel = next < 0 ? panel0 : panel_of(l, next);
  const char *b = g->b ? g->b : l->whole;
  int64_t row0 = tile_row(l, tile0), row1 = tile_row(l, tile1), per_tile = g->taps * l->mr;
  char *memory = l->scratch + (size_t)worker * (l->pointer_bytes + l->copy_bytes + l->panel_bytes);
  const float **pointers = (const float **)(void *)memory;
  float *copy = (float *)(void *)(memory + l->pointer_bytes);
  char *fresh = memory + l->pointer_bytes + l->copy_bytes;
  if (g->point)
    for (int64_t i = tile0; i < tile1; i++)
      g->point(g->source, tile_row(l, i), (int)(tile_row(l, i + 1) - tile_row(l, i)), l->mr,
               pointers + (i - tile0) * per_tile);
  for (int64_t k = 0; k < g->K; k += l->kc) {
    int64_t depth = g->K - k < l->kc ? g->K - k : l->kc, distance = 0;
    bool last = k + depth == g->K;
    const float *a = g->point ? NULL : rows_of(l, row0, row1, k, depth, copy, &distance);
    for (int64_t group = panel0; group < panel1; group += l->group) {
      int64_t first = group, end = group + l->group < panel1 ? group + l->group : panel1;
      if (backwards) first = panel0 + panel1 - end, end = panel0 + panel1 - group;
      if (!b) pack_group(l, first, end, k, depth, fresh, depth * nr);
      /* The tiles of this group share the reading ahead of the next, which may be the next chunk's.
       */
      const bool shared = tile1 - tile0 > 1;
      panel_group s = {
          .first = first, .end = end, .tile0 = tile0, .tile1 = tile1, .k = k, .depth = depth};
      s.all = first == 0 && end == l->panels &&
              (g->point ? g->taps == 1 : g->ldc == g->N && depth == g->K);
      s.lines = !b && end < panel1 && shared && !g->raw_transposed;
      s.then = g->then_bytes > 0 && next < 0 && last && end == panel1;
      if (g->point) s.pointers = pointers;
      if (end < panel1 && shared && b)
        s.next = (ahead_of_group){b + (end * g->K + k) * line_bytes, panel1 - end};
      else if (last && end == panel1 && shared && b && next_panel != panel0)
        s.next = (ahead_of_group){b + next_panel * g->K * line_bytes, l->panels - next_panel};
      for (int64_t i = tile0; i < tile1; i++) {
        const float *row[TARN_GEMM_MAX_MR];
        int64_t m = tile_row(l, i);
        tarn_tile t = {
            .rows = (int)(tile_row(l, i + 1) - m),
            .taps = g->point ? g->taps : 1,
            .depth = g->point ? g->depth : depth,
            .a = g->point ? pointers + (i - tile0) * per_tile : row,
            .a_stride = l->mr,
            .ldc = g->ldc,
            .accumulate = k > 0,
            .activation = last ? g->activation : TARN_ACT_NONE,
            .panel_elems = nr * (b ? g->K : depth),
        };
        if (!g->point)
          for (int r = 0; r < t.rows; r++) row[r] = a + (m - row0 + r) * distance;
        const asking wanted = asking_of(l, &s, i);
        t.ahead_step = wanted.step;
        const char *aheads[RUN];
        t.aheads = aheads;
        for (int64_t p = first; p < end; p += 1 + t.more) {
          int64_t j = p * nr, whole_panels = g->N / nr - p;
          if (whole_panels > end - p) whole_panels = end - p;
          t.more = whole_panels < 2 ? 0 : whole_panels < RUN ? (int)whole_panels - 1 : RUN - 1;
          t.cols = (int)(g->N - j < nr ? g->N - j : nr);
          t.b = b ? b + (p * g->K + k) * line_bytes : fresh + (p - first) * depth * line_bytes;
          t.c = g->c + m * g->ldc + j;
          t.bias = last && g->bias ? g->bias + j : NULL;
          t.add = last && g->add ? g->add + m * g->ldc + j : NULL;
          for (int q = 0; q <= t.more; q++) aheads[q] = ask(&wanted, p - first + q);
          l->isa->tile(&t);
        }
      }
    }
  }
  return TARN_OK;
}

/* Cuts C into chunks: first so that a chunk's rows of A fit L2, then, for several threads, into
 * some eight chunks each, halving the side whose operand is the larger to read. */
static void cut(loops *l, int threads) {
  const tarn_gemm *g = l->g;
  double row_bytes = 4.0 * (double)g->K * l->mr;
  double panel_bytes = (double)(l->isa->b_bytes * l->isa->nr) * (double)g->K;
  double tile_flops = 2.0 * (double)g->K * l->mr * l->isa->nr;
  int64_t tiles = l->tiles, panels = l->panels;
  double a_bytes = (double)(tarn__cpu()->l2_bytes / 2);
  if (a_bytes > A_BYTES_MOST) a_bytes = A_BYTES_MOST;
  double fit = a_bytes / (4.0 * (double)l->kc * l->mr);
  if ((double)tiles > fit) tiles = fit < 1 ? 1 : ceil_div(tiles, ceil_div(tiles, (int64_t)fit));
  if (g->point && tiles * g->taps * l->mr > pointer_count(g->taps))
    tiles = pointer_count(g->taps) / (g->taps * l->mr);
  int64_t wanted = threads > 1 ? threads * 8 : 1;
  while (ceil_div(l->tiles, tiles) * ceil_div(l->panels, panels) < wanted &&
         tile_flops * (double)tiles * (double)panels > 2 * CHUNK_FLOPS && tiles * panels > 1) {
    bool cut_panels =
        panels > 1 && (tiles == 1 || panel_bytes * (double)panels >= row_bytes * (double)tiles);
    if (cut_panels)
      panels = ceil_div(panels, 2);
    else
      tiles = ceil_div(tiles, 2);
  }
  l->tile_step = tiles;
  l->panel_step = panels;
  l->tile_chunks = ceil_div(l->tiles, tiles);
  l->panel_chunks = ceil_div(l->panels, panels);
  /* Two threads that share C out by rows find in their own caches what they wrote last
   * (core/thread/threads.c), but both read all of B. */
  l->by_rows = panel_bytes * (double)l->panels <= (double)tarn__cpu()->l2_bytes;
}

static bool held(size_t bytes) {
  const size_t half = tarn__cpu()->l2_bytes / 2;
  return bytes <= (half < HELD ? half : HELD);
}

/* How g is run by so many threads; M, N and K are not 0. */
static loops plan(const tarn_gemm_isa *isa, const tarn_gemm *g, int threads) {
  int mr = isa->mr;
  /* An 8-way L1 of 32 KiB holds eight lines 4 KiB apart; Intel's 12-way one kept up with 14 rows
   * when measured. */
  if (!g->point && g->lda % ALIASED == 0 && tarn__cpu()->l1d_bytes <= 32768) mr = isa->mr_aliased;
  loops l = {.isa = isa,
             .g = g,
             .mr = mr,
             .tiles = ceil_div(g->M, mr),
             .panels = ceil_div(g->N, isa->nr),
             .kc = g->K};
  if (!g->point && g->K > KC && (g->M > 256 || !g->b)) l.kc = ceil_div(g->K, ceil_div(g->K, KC));
  cut(&l, threads);
  l.copies =
      g->roomy && !g->point && l.panel_step >= COPY_PAYS && (l.kc < g->K || g->lda % ALIASED == 0);
  if (g->point) l.pointer_bytes = (size_t)pointer_count(g->taps) * sizeof(float *);
  if (l.copies)
    l.copy_bytes = aligned((size_t)(l.tile_step * mr * (l.kc + COPY_PAD)) * sizeof(float));
  /* What is read from memory is asked for a group ahead, but for the first: so small groups, unless
   * they serve many rows or are packed here. For many rows a B that L2 holds is one group, and the
   * rows are what is asked for. */
  int64_t group_bytes = l.copies || !g->b ? LARGE_GROUP : SMALL_GROUP;
  l.group = group_bytes / (l.kc * isa->nr * isa->b_bytes);
  if (l.group > GROUP_COLUMNS / isa->nr) l.group = GROUP_COLUMNS / isa->nr;
  if (g->b && (!g->point || g->taps == 1) && g->M >= TALL && l.kc == g->K &&
      held(tarn__gemm_packed_bytes(isa, g->K, g->N)))
    l.group = l.panels;
  if (l.group < 1) l.group = 1;
  if (!g->b && l.tile_chunks >= PACK_WHOLE)
    l.whole_bytes = aligned(tarn__gemm_packed_bytes(isa, g->K, g->N));
  else if (!g->b)
    l.panel_bytes = aligned((size_t)(l.group * l.kc * isa->nr * isa->b_bytes));
  return l;
}

size_t tarn__gemm_room_bytes(const tarn_gemm_isa *isa, const tarn_gemm *g, int threads) {
  if (g->M == 0 || g->N == 0 || g->K == 0) return 0;
  const loops l = plan(isa, g, threads);
  return l.whole_bytes + (l.pointer_bytes + l.copy_bytes + l.panel_bytes) * (size_t)threads;
}

tarn_status tarn__gemm_run(const tarn_gemm_isa *isa, const tarn_gemm *g, void *scratch,
                           tarn_pool *pool) {
  if (g->M == 0 || g->N == 0) return TARN_OK;
  if (g->K == 0) { /* an empty sum: the epilogue alone */
    const float *row = (const float[]){0.0f};
    for (int64_t m = 0; m < g->M; m++)
      for (int64_t j = 0; j < g->N; j += isa->nr) {
        static const float zeros[64] __attribute__((aligned(64))) = {0};
        tarn_tile t = {.rows = 1,
                       .cols = (int)(g->N - j < isa->nr ? g->N - j : isa->nr),
                       .taps = 1,
                       .depth = 1,
                       .a = &row,
                       .a_stride = 1,
                       .b = zeros,
                       .c = g->c + m * g->ldc + j,
                       .ldc = g->ldc,
                       .bias = g->bias ? g->bias + j : NULL,
                       .add = g->add ? g->add + m * g->ldc + j : NULL,
                       .activation = g->activation};
        isa->tile(&t);
      }
    return TARN_OK;
  }
  loops l = plan(isa, g, tarn__pool_threads(pool));
  l.pool = pool;
  if (scratch) l.scratch = (char *)scratch + l.whole_bytes;
  if (l.whole_bytes) {
    l.whole = scratch;
    TARN_TRY(
        tarn__pool_run(pool, ceil_div(l.panels, l.group) * ceil_div(g->K, KC), pack_chunk, &l));
  }
  return tarn__pool_run(pool, l.tile_chunks * l.panel_chunks, chunk_run, &l);
}
