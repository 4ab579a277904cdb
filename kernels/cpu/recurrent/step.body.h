/* One chunk of a step, for the bodies of phases in ../lstm and ../gru: some rows of the batch by
 * some blocks of packed weights, and where the results go. After layer.body.h. */

enum { CHUNK_BLOCKS = 4 };   /* in one chunk, for one row */

/* How many chunks the blocks of a phase make for each group of rows. With few rows a chunk has
 * several: gates are one long chain of dependent operations, and those of several blocks fill one
 * another's waits. But each thread wants some to begin with. */
static int64_t step_chunks(const course *c, const tarn_blocks *blocks) {
  const int threads = tarn__pool_threads(c->call->pool);
  const int64_t B = c->l->g.B;
  const int64_t count = tarn__blocks_count(blocks), some = CHUNK_BLOCKS / (B ? B : 1);
  const int64_t least = some > 1 ? (count + some - 1) / some : count;
  const int64_t wanted = threads > 1 ? 2 * (int64_t)threads : 1;
  return least >= wanted ? least : wanted < count ? wanted : count;
}

/* A chunk's blocks, [first, end). */
typedef struct block_range {
  int64_t first, end;
} block_range;
static inline block_range step_blocks(const course *c, const tarn_blocks *blocks, int64_t chunk) {
  const int64_t count = tarn__blocks_count(blocks), chunks = step_chunks(c, blocks);
  const int64_t i = chunk / c->groups;
  return (block_range){count * i / chunks, count * (i + 1) / chunks};
}

/* The rows of a chunk's group that still run; `active` has room for CHUNK_ROWS. */
static inline row_set rows_of(const course *c, int64_t s, int64_t chunk, int worker,
                              int64_t *active) {
  const int64_t group = chunk % c->groups, first = group * CHUNK_ROWS, B = c->l->g.B;
  const int64_t end = first + CHUNK_ROWS < B ? first + CHUNK_ROWS : B;
  const int n = tarn__walk_active(&c->walk, s, first, end, active);
  return (row_set){.s = s, .group = group, .n = n, .worker = worker, .b = active};
}

/* Row i's place in y, and what x gives to its gates. */
static inline float *rows_y(const course *c, const row_set *r, int i) {
  const int64_t b = r->b[i];
  return c->y + (tarn__walk_t(&c->walk, r->s, b) * c->l->g.B + b) * c->l->g.P;
}
static inline const float *rows_gates(const course *c, const row_set *r, int i) {
  if (is_loose(c->l)) return c->gates + r->b[i] * c->l->columns;
  if (c->l->joined) return c->gates;
  return c->gates + tarn__walk_row(&c->walk, r->s, r->b[i]) * c->l->columns;
}

/* A product of a step: [x if joined, state] w. */
typedef struct step_product {
  const tarn_blocks *blocks;
  const float *w, *state;
  int64_t ld, depth;        /* of state */
  bool with_x;
} step_product;

/* Tiles of a chunk's rows by its blocks, each of [r->n][its vectors][VF]. */
#define TILES(name) float name[CHUNK_ROWS * 4 * VF] __attribute__((aligned(64)))
static inline float *tile_of(float *tiles, const row_set *r, block_range in, int64_t block) {
  return tiles + (block - in.first) * r->n * 4 * VF;
}

static void step_multiply(const course *c, const row_set *r, const step_product *p, block_range in,
                          float *tiles) {
  const int64_t I = p->with_x ? c->l->g.I : 0;
  if (is_loose(c->l)) { /* the gates have it all */
    memset(tiles, 0, (size_t)(r->n * (in.end - in.first) * 4 * VF) * sizeof *tiles);
    return;
  }
  const operand x = {OF_X, c->walk.x, I, I}, h = {OF_STATE, p->state, p->ld, p->depth};
  for (int64_t block = in.first; block < in.end && r->n > 0; block++) {
    const int vectors = tarn__block_spans(p->blocks, block) * p->blocks->gates;
    const float *w = p->w + tarn__block_at(p->blocks, block, I, p->depth);
    float *tile = tile_of(tiles, r, in, block);
    if (I) rows_multiply(&c->factors, r, &x, vectors, w, c->streams, false, tile);
    w += tarn__block_rows(p->blocks, I) * vectors * VF;
    rows_multiply(&c->factors, r, &h, vectors, w, c->streams, I > 0, tile);
  }
}
